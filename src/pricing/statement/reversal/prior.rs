//! Postings of earlier statements, as far as reversals are about them.

use std::collections::{HashMap, HashSet};

use csv::ByteRecord;

use super::{
    super::{POSTINGS_HEADER, Statement, refusal::shown, text, totals::Coin},
    file::Reversals,
    share::{self, Share},
};

/// The postings that are kept.
#[derive(Debug, Default)]
pub struct Prior {
    wanted: HashSet<String>,
    /// The currencies that amounts can be in.
    coins: Vec<Coin>,
    /// File and line of each posting, for messages.
    places: HashMap<String, String>,
    pub(super) credits: HashMap<String, Credit>,
    /// By their own id, those of this statement too.
    pub(super) reversals: HashMap<String, Earlier>,
}

/// A credit, and how much of it was reversed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Credit {
    pub(super) partner: String,
    pub(super) order_id: String,
    pub(super) line_id: String,
    pub(super) coin: Coin,
    /// Id, version and hash of the tariff that it was made by.
    pub(super) tariff: [String; 3],
    pub(super) quantity: u32,
    pub(super) amount: i64,
    list: i64,
    /// What was reversed: parts of [`share::whole`], and amounts.
    given: u64,
    pub(super) given_amount: i64,
    given_list: i64,
}

/// A reversal that was written; its amounts are what it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Earlier {
    pub(super) id: String,
    pub(super) reverses: String,
    pub(super) partner: String,
    pub(super) coin: Coin,
    pub(super) share: Share,
    pub(super) amount: i64,
    pub(super) list: i64,
    /// Its row, if it is one of this statement's.
    pub(super) row: Option<u32>,
}

/// Where the columns of a file of postings stand.
#[derive(Debug, Clone)]
pub struct PriorColumns(Vec<usize>);

impl PriorColumns {
    /// Reads a header: that of `postings.csv`, in any order.
    ///
    /// # Errors
    /// The columns that are missing.
    pub fn read(header: &ByteRecord) -> Result<Self, String> {
        let (mut places, mut missing) = (Vec::new(), Vec::new());
        for name in POSTINGS_HEADER.trim_end().split(',') {
            match header.iter().position(|column| column == name.as_bytes()) {
                Some(place) => places.push(place),
                None => missing.push(format!("`{name}`")),
            }
        }
        if missing.is_empty() { Ok(Self(places)) } else { Err(format!("no postings: {} missing", missing.join(", "))) }
    }

    fn fields<'r>(&self, record: &'r ByteRecord) -> Option<[&'r str; 16]> {
        let mut fields = [""; 16];
        for (field, place) in fields.iter_mut().zip(&self.0) {
            *field = str::from_utf8(record.get(*place)?).ok()?;
        }
        Some(fields)
    }
}

impl Prior {
    /// Nothing yet of what these reversals are about.
    pub fn of(reversals: &Reversals, statement: &Statement) -> Self {
        let wanted = reversals.postings().map(str::to_owned).collect();
        Self { wanted, coins: statement.coins().to_vec(), ..Self::default() }
    }

    /// Looks at a posting, and keeps it if a reversal is about it; `place` tells its file and line.
    ///
    /// # Errors
    /// It is no posting, not one in the tariff's currencies, or another than the one of the same id before.
    pub fn take(
        &mut self,
        columns: &PriorColumns,
        record: &ByteRecord,
        place: impl FnOnce() -> String,
    ) -> Result<(), String> {
        let fields = columns.fields(record).ok_or("fields are missing, or are not UTF-8")?;
        let [id, event, .., reverses, _, _] = fields;
        let is_reversal = event == "reversal";
        let about = |posting| self.wanted.contains(posting);
        if !about(id) && (!is_reversal || !about(reverses)) {
            return Ok(());
        }
        let known = if is_reversal {
            let earlier = earlier(fields, &self.coins)?;
            self.reversals.insert(id.to_owned(), earlier.clone()).is_none_or(|known| known == earlier)
        } else {
            let credit = credit(fields, &self.coins)?;
            self.credits.insert(id.to_owned(), credit.clone()).is_none_or(|known| known == credit)
        };
        if !known {
            return Err(format!("the posting {} stands there twice, with other values", shown(id.as_bytes())));
        }
        self.places.entry(id.to_owned()).or_insert_with(place);
        Ok(())
    }

    /// All postings were looked at: takes off each credit what was reversed before.
    ///
    /// # Errors
    /// A reversal that cannot be one of its credit, or takes more than is left of it, with its file and line.
    pub fn close(&mut self) -> Result<(), String> {
        let mut reversals: Vec<&Earlier> = self.reversals.values().collect();
        reversals.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        for earlier in reversals {
            let Some(credit) = self.credits.get_mut(&earlier.reverses) else { continue };
            let place = |id: &str| self.places.get(id).map_or("", |place| place);
            credit.give(earlier).map_err(|fault| {
                let (place, credit) = (place(&earlier.id), place(&earlier.reverses));
                format!("{place}: {fault}; the credit stands in {credit}, and one of the two was altered")
            })?;
        }
        Ok(())
    }
}

impl Credit {
    /// Takes off what an earlier reversal took.
    fn give(&mut self, earlier: &Earlier) -> Result<(), String> {
        if (&earlier.coin, &earlier.partner) != (&self.coin, &self.partner) {
            let of = |coin: &Coin, partner: &str| {
                format!("{} of `{}`", shown(coin.code.as_bytes()), shown(partner.as_bytes()))
            };
            let (reversed, credited) = (of(&earlier.coin, &earlier.partner), of(&self.coin, &self.partner));
            return Err(format!("the reversal is in {reversed}, its credit in {credited}"));
        }
        let whole = share::whole(self.quantity);
        self.given = self.given.saturating_add(earlier.share.part(self.quantity));
        self.given_amount = self.given_amount.saturating_add(earlier.amount);
        self.given_list = self.given_list.saturating_add(earlier.list);
        let taken = [self.given_amount, self.amount, self.given_list, self.list];
        let [amount, of_amount, list, of_list] = taken.map(|units| text::sum(units.into(), self.coin.scale));
        if self.given_amount > self.amount || self.given_list > self.list {
            return Err(format!(
                "with it {amount} of {of_amount} are reversed, list {list} of {of_list}: more than all"
            ));
        }
        if self.given > whole {
            return Err(format!("with it more than all of the {} items is reversed", self.quantity));
        }
        Ok(())
    }

    /// Takes a part: its amount and list price, never more than is left; the part that completes it takes the rest.
    pub(super) fn take(&mut self, part: u64) -> Option<(i64, i64)> {
        let whole = share::whole(self.quantity);
        let left = (self.amount - self.given_amount, self.list - self.given_list);
        let given = self.given.checked_add(part).filter(|given| *given <= whole)?;
        let taken = match given == whole {
            true => left,
            false => {
                let of = |amount, left| share::rounded(amount, part, whole).min(left).max(0);
                let (amount, list) = (of(self.amount, left.0), of(self.list, left.1));
                // Rounded apart, a share of the amount may pass that of the list; the preferential price between them
                // is never below nothing, and never more than is left of it.
                let preferential = (list - amount).min(left.1 - left.0).max(0);
                (amount, left.1.min(amount + preferential))
            }
        };
        self.given = given;
        self.given_amount += taken.0;
        self.given_list += taken.1;
        Some(taken)
    }
}

type Posting<'r> = [&'r str; 16];

fn credit(fields: Posting, coins: &[Coin]) -> Result<Credit, String> {
    let [_, event, partner, order_id, line_id, _, currency, amount, list, _, tariff, version, sha256, _, quantity, _] =
        fields;
    if event != "order" && event != "renewal" {
        return Err(format!("event `{}` is not order, renewal or reversal", shown(event.as_bytes())));
    }
    let coin = coin(currency, coins)?;
    let (amount, list) = (units(amount, &coin)?, units(list, &coin)?);
    let Some(Share::Items(quantity)) = Share::items(quantity) else {
        return Err(format!("quantity `{}` is no whole number from 1 to 1000000", shown(quantity.as_bytes())));
    };
    if amount < 0 || list < 0 {
        return Err("amounts of a credit are not negative".to_owned());
    }
    Ok(Credit {
        partner: partner.to_owned(),
        order_id: order_id.to_owned(),
        line_id: line_id.to_owned(),
        coin,
        tariff: [tariff, version, sha256].map(str::to_owned),
        quantity,
        amount,
        list,
        given: 0,
        given_amount: 0,
        given_list: 0,
    })
}

fn earlier(fields: Posting, coins: &[Coin]) -> Result<Earlier, String> {
    let [id, _, partner, _, _, _, currency, amount, list, _, _, _, _, reverses, quantity, share] = fields;
    let taken = if share.is_empty() { Share::items(quantity) } else { Share::fraction(share) };
    let coin = coin(currency, coins)?;
    let (amount, list) = (units(amount, &coin)?, units(list, &coin)?);
    if amount > 0 || list > 0 {
        return Err("amounts of a reversal are not above zero".to_owned());
    }
    Ok(Earlier {
        id: id.to_owned(),
        reverses: reverses.to_owned(),
        partner: partner.to_owned(),
        coin,
        share: taken.ok_or("a reversal has a quantity or a share")?,
        amount: -amount,
        list: -list,
        row: None,
    })
}

/// The tariff's currency of that code.
fn coin(code: &str, coins: &[Coin]) -> Result<Coin, String> {
    coins.iter().find(|coin| &*coin.code == code).cloned().ok_or_else(|| {
        let known: Vec<&str> = coins.iter().map(|coin| &*coin.code).collect();
        format!("the tariff has no currency `{}`; expected one of {}", shown(code.as_bytes()), known.join(", "))
    })
}

/// An amount in smallest units; it has the digits of its currency behind the point.
fn units(text: &str, coin: &Coin) -> Result<i64, String> {
    let wrong = || format!("`{}` is no amount", shown(text.as_bytes()));
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if digits.is_empty() || !is_digits(digits) || !is_digits(decimals) || text.ends_with('.') {
        return Err(wrong());
    }
    if decimals.len() != coin.scale as usize {
        let (shown, digits, count) = (shown(text.as_bytes()), decimals.len(), coin.scale);
        return Err(format!(
            "`{shown}` has {digits} digits behind the point, {} has {count}; give the postings as they were written",
            coin.code
        ));
    }
    // No amount of a line has more digits: the sums of a credit's reversals stay far below the largest number.
    let units = format!("{whole}{decimals}").parse::<i64>().ok().filter(|units| units.unsigned_abs() < 1 << 60);
    units.ok_or_else(wrong)
}

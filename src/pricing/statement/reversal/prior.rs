//! Postings of earlier statements, as far as reversals are about them.

use std::collections::{HashMap, HashSet};

use csv::ByteRecord;

use super::{
    super::{POSTINGS_HEADER, refusal::shown, totals::Coin},
    file::Reversals,
    share::{self, Share},
};

/// The postings that are kept.
#[derive(Debug, Default)]
pub struct Prior {
    wanted: HashSet<String>,
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
    pub fn of(reversals: &Reversals) -> Self {
        Self { wanted: reversals.postings().map(str::to_owned).collect(), ..Self::default() }
    }

    /// Looks at a posting, and keeps it if a reversal is about it.
    ///
    /// # Errors
    /// It is no posting, or another than the one of the same id before.
    pub fn take(&mut self, columns: &PriorColumns, record: &ByteRecord) -> Result<(), String> {
        let fields = columns.fields(record).ok_or("fields are missing, or are not UTF-8")?;
        let [id, event, .., reverses, _, _] = fields;
        let is_reversal = event == "reversal";
        let about = |posting| self.wanted.contains(posting);
        if !about(id) && (!is_reversal || !about(reverses)) {
            return Ok(());
        }
        let known = if is_reversal {
            let earlier = earlier(fields)?;
            self.reversals.insert(id.to_owned(), earlier.clone()).is_none_or(|known| known == earlier)
        } else {
            let credit = credit(fields)?;
            self.credits.insert(id.to_owned(), credit.clone()).is_none_or(|known| known == credit)
        };
        if known {
            Ok(())
        } else {
            Err(format!("the posting {} stands there twice, with other values", shown(id.as_bytes())))
        }
    }

    /// All postings were looked at: takes off each credit what was reversed before.
    ///
    /// # Errors
    /// More was reversed than credited.
    pub fn close(&mut self) -> Result<(), String> {
        for earlier in self.reversals.values() {
            if let Some(credit) = self.credits.get_mut(&earlier.reverses) {
                credit.given = credit.given.saturating_add(earlier.share.part(credit.quantity));
                credit.given_amount = credit.given_amount.saturating_add(earlier.amount);
                credit.given_list = credit.given_list.saturating_add(earlier.list);
            }
        }
        let over = self.credits.iter().find(|(_, credit)| credit.given > share::whole(credit.quantity));
        over.map_or(Ok(()), |(id, _)| Err(format!("more than all of the posting {id} was reversed")))
    }
}

impl Credit {
    /// Takes a part: its amount and list price, never more than is left; the part that completes it takes the rest.
    pub(super) fn take(&mut self, part: u64) -> Option<(i64, i64)> {
        let whole = share::whole(self.quantity);
        let left = (self.amount - self.given_amount, self.list - self.given_list);
        let given = self.given.checked_add(part).filter(|given| *given <= whole)?;
        let taken = match given == whole {
            true => left,
            false => {
                let of = |amount, left| share::rounded(amount, part, whole).min(left).max(0);
                (of(self.amount, left.0), of(self.list, left.1))
            }
        };
        self.given = given;
        self.given_amount += taken.0;
        self.given_list += taken.1;
        Some(taken)
    }
}

type Posting<'r> = [&'r str; 16];

fn credit(fields: Posting) -> Result<Credit, String> {
    let [_, event, partner, order_id, line_id, _, currency, amount, list, _, tariff, version, sha256, _, quantity, _] =
        fields;
    if event != "order" && event != "renewal" {
        return Err(format!("event `{}` is not order, renewal or reversal", shown(event.as_bytes())));
    }
    let ((amount, scale), (list, list_scale)) = (units(amount)?, units(list)?);
    let Some(Share::Items(quantity)) = Share::items(quantity) else {
        return Err(format!("quantity `{}` is no whole number from 1 to 1000000", shown(quantity.as_bytes())));
    };
    if scale != list_scale || amount < 0 || list < 0 {
        return Err("amounts of a credit are not negative and have the same decimals".to_owned());
    }
    Ok(Credit {
        partner: partner.to_owned(),
        order_id: order_id.to_owned(),
        line_id: line_id.to_owned(),
        coin: Coin { code: currency.into(), scale },
        tariff: [tariff, version, sha256].map(str::to_owned),
        quantity,
        amount,
        list,
        given: 0,
        given_amount: 0,
        given_list: 0,
    })
}

fn earlier(fields: Posting) -> Result<Earlier, String> {
    let [id, .., amount, list, _, _, _, _, reverses, quantity, share] = fields;
    let taken = if share.is_empty() { Share::items(quantity) } else { Share::fraction(share) };
    let ((amount, _), (list, _)) = (units(amount)?, units(list)?);
    if amount > 0 || list > 0 {
        return Err("amounts of a reversal are not above zero".to_owned());
    }
    Ok(Earlier {
        id: id.to_owned(),
        reverses: reverses.to_owned(),
        share: taken.ok_or("a reversal has a quantity or a share")?,
        amount: -amount,
        list: -list,
        row: None,
    })
}

/// An amount in smallest units, and how many digits it has behind the point.
fn units(text: &str) -> Result<(i64, u32), String> {
    let wrong = || format!("`{}` is no amount", shown(text.as_bytes()));
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if digits.is_empty() || !is_digits(digits) || !is_digits(decimals) || decimals.len() > 4 || text.ends_with('.') {
        return Err(wrong());
    }
    // No amount of a line has more digits: the sums of a credit's reversals stay far below the largest number.
    let units = format!("{whole}{decimals}").parse::<i64>().ok().filter(|units| units.unsigned_abs() < 1 << 60);
    Ok((units.ok_or_else(wrong)?, decimals.len() as u32))
}

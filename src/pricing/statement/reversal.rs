//! Money that goes back: reversals of credits that earlier statements wrote.
//!
//! Of 13.89 credited for seven hostings one is given back: a seventh, 1.98. A reversal takes its share of what was
//! credited then, at the rates of then, whatever the tariff says today. Shares are added up as exact fractions; no credit
//! is ever reversed by more than all of it, and the reversal that completes it takes what rounding left: the
//! seventh of seven takes 2.01. A reversal is a posting of its own that names the one it reverses.
//!
//! The file of reversals is read first ([`file`]), so that of millions of earlier postings only those are kept that it
//! is about ([`prior`]); then [`settle`] takes the reversals in their order.

pub mod file;
pub mod prior;
pub mod share;

use self::{
    file::{Reversals, Wanted},
    prior::{Credit, Earlier, Prior},
};
use super::{
    Statement, posting_id,
    refusal::{Code, Refusal, shown},
    text,
    totals::{Sum, Totals},
};

/// What came of the reversals.
#[derive(Debug, Default)]
pub struct Reversed {
    /// Rows of `postings.csv`.
    pub postings: Vec<u8>,
    /// Rows of `refused.csv`.
    pub refused: Vec<u8>,
    /// Rows read.
    pub rows: u64,
    /// Reversals written.
    pub written: u64,
    /// Rows refused for bad data.
    pub bad: u64,
}

/// Settles reversals in their order, and takes them off the sums.
pub fn settle(statement: &Statement, reversals: &Reversals, prior: &mut Prior, totals: &mut Totals) -> Reversed {
    let mut reversed = Reversed::default();
    for (row, wanted) in &reversals.rows {
        reversed.rows += 1;
        let done = match wanted {
            Ok(wanted) => reverse(statement, prior, wanted, *row).map(|earlier| (wanted, earlier)),
            Err(refusal) => Err(refusal.clone()),
        };
        let credit = wanted.as_ref().ok().and_then(|wanted| prior.credits.get(&wanted.posting));
        match (done, credit) {
            (Ok((wanted, earlier)), Some(credit)) => {
                post(statement, credit, wanted, &earlier, &mut reversed.postings);
                let (list, cashback) = (-i128::from(earlier.list), -i128::from(earlier.amount));
                let sum = Sum { lines: 0, list, charged: list, cashback };
                totals.add(credit.partner.as_bytes(), &credit.coin, &sum);
                reversed.written += 1;
            }
            (Err(refusal), credit) => {
                let ids =
                    credit.map_or([&b""[..]; 2], |credit| [credit.order_id.as_bytes(), credit.line_id.as_bytes()]);
                let message = format!("{}: {}", reversals.name, refusal.message);
                text::refused(&mut reversed.refused, *row, ids, refusal.code.word(), &message);
                reversed.bad += u64::from(refusal.code.is_bad_data());
            }
            // What was reversed has a credit.
            (Ok(_), None) => {}
        }
    }
    reversed
}

/// Takes a reversal off its credit.
fn reverse(statement: &Statement, prior: &mut Prior, wanted: &Wanted, row: u32) -> Result<Earlier, Refusal> {
    in_month(statement, wanted)?;
    let Some(credit) = prior.credits.get_mut(&wanted.posting) else {
        return Err(no_credit(prior, wanted));
    };
    let part = wanted.share.part(credit.quantity);
    // The credit's own id is part of it: an order and its renewal may be given back at the same moment.
    let key = [&*credit.order_id, &*credit.line_id, &*wanted.reversed_at, "reversal", &*wanted.posting];
    let id = posting_id::text(&posting_id::digest(key.map(str::as_bytes)));
    if let Some(earlier) = prior.reversals.get(&id) {
        let same = earlier.reverses == wanted.posting && earlier.share.part(credit.quantity) == part;
        return Err(again(earlier, same, row));
    }
    let (amount, list) = credit.take(part).ok_or_else(|| beyond(credit))?;
    let earlier = Earlier {
        id: id.clone(),
        reverses: wanted.posting.clone(),
        partner: credit.partner.clone(),
        coin: credit.coin.clone(),
        share: wanted.share,
        amount,
        list,
        row: Some(row),
    };
    prior.reversals.insert(id, earlier.clone());
    Ok(earlier)
}

fn in_month(statement: &Statement, wanted: &Wanted) -> Result<(), Refusal> {
    let (calendar, text) = (statement.calendar(), &*wanted.reversed_at);
    let second = calendar.second(text.as_bytes()).map_err(|expected| {
        Refusal::new(Code::BadTime, format!("reversed_at `{}`: {expected}", shown(text.as_bytes())))
    })?;
    if calendar.holds(second) {
        return Ok(());
    }
    Err(Refusal::new(Code::OutsideMonth, format!("reversed_at `{text}` is not in {}", calendar.month())))
}

fn no_credit(prior: &Prior, wanted: &Wanted) -> Refusal {
    let posting = shown(wanted.posting.as_bytes());
    if prior.reversals.contains_key(&wanted.posting) {
        return Refusal::new(
            Code::NotACredit,
            format!("the posting {posting} is a reversal; only credits are reversed"),
        );
    }
    Refusal::new(Code::UnknownPosting, format!("no prior posting has the id `{posting}`"))
}

fn again(earlier: &Earlier, same: bool, row: u32) -> Refusal {
    let before = earlier.row.map_or_else(|| "a prior posting".to_owned(), |row| format!("row {row}"));
    if same {
        return Refusal::new(Code::Repeated, format!("row {row} is {before} once more; it counts once"));
    }
    let id = &earlier.id;
    let message = format!(
        "row {row} has another amount or credit than {before} for the same posting {id}; one of the two is wrong"
    );
    Refusal::new(Code::Conflict, message)
}

fn beyond(credit: &Credit) -> Refusal {
    let amounts =
        [credit.amount - credit.given_amount, credit.amount].map(|units| text::sum(units.into(), credit.coin.scale));
    let message = format!("more than is left of the credit: {} of {} {}", amounts[0], amounts[1], credit.coin.code);
    Refusal::new(Code::BeyondCredit, message)
}

fn post(statement: &Statement, credit: &Credit, wanted: &Wanted, earlier: &Earlier, out: &mut Vec<u8>) {
    let amount = |units: i64| text::sum(-i128::from(units), credit.coin.scale);
    let (quantity, share) = wanted.share.columns();
    let fields = [
        &*earlier.id,
        "reversal",
        &credit.partner,
        &credit.order_id,
        &credit.line_id,
        statement.calendar().month(),
        &credit.coin.code,
        &amount(earlier.amount),
        &amount(earlier.list),
        &amount(earlier.list - earlier.amount),
        &credit.tariff[0],
        &credit.tariff[1],
        &credit.tariff[2],
        &wanted.posting,
        &quantity,
        &share,
    ];
    for (place, field) in fields.into_iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        text::field(out, field.as_bytes());
    }
    out.push(b'\n');
}

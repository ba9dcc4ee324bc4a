//! Quotes as they go over the wire; every amount is a string, so that no reader makes a float of it.

use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{DecisionAnswer, Detail};
use crate::{
    engine::quote::{Decided, Priced, Quote},
    pricing::{
        money,
        order::{Line, Order},
        receipt::{Amounts, Receipt, Step},
        tax::Tax,
        words::Side,
    },
};

/// What an order costs, net of tax; of a denied order the decision alone.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct QuoteAnswer<'q> {
    /// Whether the order may be placed; left out where no decision was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionAnswer>,
    /// The version that priced it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tariff: Option<TariffAnswer<'q>>,
    /// ISO 4217 code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<&'q str>,
    /// Line by line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<LineAnswer<'q>>>,
    /// Their sums.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub totals: Option<TotalsAnswer>,
    /// What comes on top; left out where the bundle has no tax rates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax: Option<TaxAnswer<'q>>,
    /// Questions that the price leaves open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_questions: Option<Vec<&'q str>>,
}

/// A version of a tariff.
#[derive(Debug, Serialize, ToSchema)]
pub struct TariffAnswer<'q> {
    /// Its id.
    pub id: &'q str,
    /// Its version.
    pub version: u32,
    /// SHA-256 of its file, 64 hexadecimal digits.
    pub sha256: &'q str,
}

/// A priced line, or why it is refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineAnswer<'q> {
    /// As in the order.
    pub id: &'q str,
    /// `none`, `discount`, `cashback` or `refused`.
    pub outcome: &'static str,
    /// The row of the benefit table that decided.
    pub benefit: &'q str,
    /// Where that row stands, `file:line:column`.
    pub benefit_at: &'q str,
    /// The name of its source.
    pub benefit_source: &'q str,
    /// Whose payment method is charged: `client` or `partner`.
    pub payer: &'static str,
    /// The published price; a refused line has no amounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    /// The price with the partner's advantages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferential: Option<String>,
    /// What the payer is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charged: Option<String>,
    /// What the partner is credited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cashback: Option<String>,
    /// Why a line is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The readings that the outcome stands on.
    pub readings: Vec<&'q str>,
    /// The weakest source that the line rests on.
    pub weakest_source: &'static str,
    /// How the preferential price came about.
    pub steps: Vec<StepAnswer<'q>>,
}

/// One step of a price.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepAnswer<'q> {
    /// `list`, `partner_discount`, `preferential_price`, `quantity_tier` or `rounding`.
    pub op: &'static str,
    /// The entry of the tariff.
    pub rule: &'q str,
    /// What it was done to.
    pub base: String,
    /// The reduction as a fraction of 1, rounded to ten digits where it has more.
    pub rate: Option<String>,
    /// What it adds.
    pub amount: String,
    /// The amount afterwards.
    pub running: String,
    /// The name of its source.
    pub source: &'q str,
    /// How strong that source is: `seed`, `public`, `derived`, `assumed` or `sample`.
    pub strength: &'static str,
    /// `file:line:column`.
    pub at: &'q str,
}

/// Sums of the lines that have a price.
#[derive(Debug, Serialize, ToSchema)]
pub struct TotalsAnswer {
    /// Published prices.
    pub list: String,
    /// What the payer is asked for.
    pub charged: String,
    /// What the partner is credited.
    pub cashback: String,
}

/// What comes on top of the sum charged.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaxAnswer<'q> {
    /// `swiss_vat`, `eu_reverse_charge`, `eu_vat`, `outside` or `unknown`.
    pub treatment: &'static str,
    /// As a fraction of 1; null where it is unknown.
    pub rate: Option<String>,
    /// Rounded once, on the sum; null where the rate is unknown.
    pub amount: Option<String>,
    /// Where the treatment stands, `file:line:column`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<&'q str>,
    /// Where the rate stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_at: Option<&'q str>,
    /// The name of the rate's source, else of the treatment's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'q str>,
    /// What is to be known about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Most decimals of an amount or rate that is shown unrounded.
const SHOWN: u32 = 10;

impl<'q> QuoteAnswer<'q> {
    /// The wire form of a quote. A denial is always explained, an Allow where that was asked; as far as `detail` says.
    pub fn of(quote: &'q Quote, order: &'q Order, explain: bool, detail: Detail) -> Self {
        let explained = |decided: &Decided| {
            let needed = explain || !decided.answer.decision.allowed();
            DecisionAnswer::of(&decided.answer, if needed { detail } else { Detail::None })
        };
        let decision = quote.decision.as_ref().map(explained);
        match &quote.price {
            Some(price) => Self { decision, ..Self::priced(price, order) },
            None => Self { decision, ..Self::default() },
        }
    }

    fn priced(price: &'q Priced, order: &'q Order) -> Self {
        let scale = price.receipts.first().map_or(2, |receipt| receipt.scale);
        let amount = |amount: Decimal| money::text(amount, scale);
        let (tariff, totals) = (price.tariff, &price.totals);
        let lines = order.lines.iter().zip(&price.receipts);
        Self {
            decision: None,
            tariff: Some(TariffAnswer { id: &tariff.id, version: tariff.version, sha256: &tariff.sha256 }),
            currency: Some(&order.currency),
            lines: Some(lines.map(|(line, receipt)| LineAnswer::of(line, receipt, price.payer)).collect()),
            totals: Some(TotalsAnswer {
                list: amount(totals.list),
                charged: amount(totals.charged),
                cashback: amount(totals.cashback),
            }),
            tax: price.tax.as_ref().map(|tax| TaxAnswer::of(tax, totals.charged, scale)),
            open_questions: Some(open_questions(price)),
        }
    }
}

/// Every question once, in the order of the lines.
fn open_questions<'q>(price: &'q Priced) -> Vec<&'q str> {
    let of_lines = price.receipts.iter().flat_map(|receipt| receipt.questions.iter().map(|question| &***question));
    let of_tax = price.tax.iter().flat_map(|tax| tax.questions.iter().map(|question| &**question));
    let mut questions: Vec<&str> = Vec::new();
    for question in of_lines.chain(of_tax) {
        if !questions.contains(&question) {
            questions.push(question);
        }
    }
    questions
}

impl<'q> LineAnswer<'q> {
    /// The wire form of a receipt.
    pub fn of(line: &'q Line, receipt: &'q Receipt, payer: Side) -> Self {
        let amount = |of: fn(&Amounts) -> Decimal| {
            receipt.amounts.as_ref().map(|amounts| money::text(of(amounts), receipt.scale))
        };
        Self {
            id: &line.id,
            outcome: receipt.outcome.word(),
            benefit: &receipt.benefit.id,
            benefit_at: &receipt.benefit.basis.place,
            benefit_source: &receipt.benefit.basis.source,
            payer: payer.word(),
            list: amount(|amounts| amounts.list),
            preferential: amount(|amounts| amounts.preferential),
            charged: amount(|amounts| amounts.charged),
            cashback: amount(|amounts| amounts.cashback),
            reason: receipt.refusal(),
            readings: receipt.benefit.readings.iter().map(|reading| &**reading).collect(),
            weakest_source: receipt.weakest.word(),
            steps: receipt.steps.iter().map(|step| StepAnswer::of(step, receipt.scale)).collect(),
        }
    }
}

impl<'q> StepAnswer<'q> {
    fn of(step: &'q Step, scale: u32) -> Self {
        let text = |amount: Decimal| money::text(shown(amount), scale);
        Self {
            op: step.op.name(),
            rule: &step.basis.path,
            base: text(step.base),
            rate: step.rate.map(|rate| money::text(shown(rate), 2)),
            amount: text(step.amount),
            running: text(step.running),
            source: &step.basis.source,
            strength: step.basis.strength.word(),
            at: &step.basis.place,
        }
    }
}

/// A number without the digits that nobody reads.
fn shown(number: Decimal) -> Decimal {
    if number.scale() > SHOWN { number.round_dp(SHOWN) } else { number }
}

impl<'q> TaxAnswer<'q> {
    fn of(tax: &'q Tax, charged: Decimal, scale: u32) -> Self {
        Self {
            treatment: tax.treatment.word(),
            rate: tax.rate.map(|rate| money::text(rate, 2)),
            amount: tax.amount(charged, scale).map(|amount| money::text(amount, scale)),
            at: tax.basis.map(|basis| &*basis.place),
            rate_at: tax.rate_basis.map(|basis| &*basis.place),
            source: tax.rate_basis.or(tax.basis).map(|basis| &*basis.source),
            note: tax.note.clone(),
        }
    }
}

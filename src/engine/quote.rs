//! What an order costs, with the decision that allows it: terms, questions, prices, tax.
//!
//! Greta's panel asks for the price of 35 hostings for the clinic. [`Moment::quote`]
//! 1. finds the version of the tariff that is in force when the period starts;
//! 2. takes the terms from the facts, or from a caller that is the source of truth ([`crate::facts::terms`]);
//! 3. asks the policies whether the actor may order each line; one denial, and there is no price;
//! 4. prices every line ([`crate::pricing::receipt`]) and puts the tax beside the sum ([`crate::pricing::tax`]).

use serde_json::{Map, Value, json};

use super::{Answer, Moment};
use crate::{
    config::{OrderQuestion, QuoteSettings},
    decision::Refusal,
    facts::{Unavailable, terms},
    pricing::{
        order::{Line, Mistake, Order, Rejected, Terms},
        quote::{self, Totals},
        receipt::Receipt,
        tariff::Tariff,
        tax::Tax,
        words::{Kind, PlacedBy, Side},
    },
    request::{Circumstances, Invalid, Party, Request},
};

/// The answer to an order.
pub struct Quote<'m> {
    /// The decision on the first line that is denied, else on the last; none where no decision was asked for.
    pub decision: Option<Decided<'m>>,
    /// The price; none where a line is denied.
    pub price: Option<Priced<'m>>,
}

/// A decision with the question it answers.
pub struct Decided<'m> {
    /// What was asked.
    pub request: Request,
    /// What was answered.
    pub answer: Answer<'m>,
}

/// A priced order.
pub struct Priced<'m> {
    /// The version that priced it.
    pub tariff: &'m Tariff,
    /// Who is charged.
    pub payer: Side,
    /// Line by line.
    pub receipts: Vec<Receipt<'m>>,
    /// Their sums.
    pub totals: Totals,
    /// What comes on top.
    pub tax: Option<Tax<'m>>,
}

/// Why there is no quote.
#[derive(Debug)]
pub enum NoQuote {
    /// The order cannot be priced.
    Rejected(Rejected),
    /// The question whether it is allowed cannot be asked.
    Invalid(Invalid),
    /// The facts cannot be read.
    Unavailable(Unavailable),
}

impl Moment {
    /// What does the order cost, and may it be placed?
    ///
    /// # Errors
    /// The order cannot be priced or asked about, or the facts cannot be read; none of these is ever a price.
    pub fn quote(&self, order: &Order, circumstances: &Circumstances) -> Result<Quote<'_>, NoQuote> {
        let tariff = quote::tariff_of(&self.bundle.tariffs.book, order)?;
        let families = quote::families(tariff, order)?;
        let terms = self.terms(order, &families)?;
        let mut decision = None;
        for request in self.questions(order, &terms, &families)? {
            let answer = self.decide(&request, circumstances)?;
            let allowed = answer.decision.allowed();
            decision = Some(Decided { request, answer });
            if !allowed {
                return Ok(Quote { decision, price: None });
            }
        }
        self.check_side(order, &terms)?;
        let receipts = quote::price(tariff, order, &terms)?;
        let taxes = self.bundle.tariffs.taxes.as_ref();
        let tax = taxes.map(|taxes| taxes.treat(terms.country.as_deref(), terms.vat_number.as_deref(), order.at));
        let price = Priced { tariff, payer: terms.payer, totals: quote::totals(&receipts), receipts, tax };
        Ok(Quote { decision, price: Some(price) })
    }

    fn terms(&self, order: &Order, families: &[&str]) -> Result<Terms, NoQuote> {
        match (&order.stated, &self.bundle.settings.quotes) {
            (Some(stated), _) => Ok(stated.terms(order)?),
            (None, Some(names)) => Ok(terms::of(&*self.snapshot, names.get_ref(), order, families)?),
            (None, None) => Err(Rejected::new(
                Mistake::Terms,
                "terms",
                "missing; the bundle does not say where terms stand in the facts",
            )
            .into()),
        }
    }

    /// Whoever renews acts for the side that is said to place the renewal: both may renew, and who does decides
    /// between discount and cashback. A new order is asked about on the side that places it, so it needs no check.
    fn check_side(&self, order: &Order, terms: &Terms) -> Result<(), NoQuote> {
        let (Some((actor_type, actor)), None, Some(names)) =
            (&order.actor, &order.stated, &self.bundle.settings.quotes)
        else {
            return Ok(());
        };
        // An automatic renewal is placed by whoever is debited (CON-40).
        let side = match order.placed_by {
            PlacedBy::Client => Side::Client,
            PlacedBy::Partner => Side::Partner,
            PlacedBy::Renewal => terms.payer,
        };
        let renews = order.lines.iter().any(|line| line.kind == Kind::Renewal);
        let Some(organization) = terms.side(side).filter(|_| renews) else { return Ok(()) };
        if terms::acts_for(&*self.snapshot, names.get_ref(), (actor_type, actor), organization)? {
            return Ok(());
        }
        let reason = "the actor does not act for the side that is said to place the renewal";
        Err(Rejected::new(Mistake::Terms, "placed_by", reason).into())
    }

    /// One question for each line, equal ones once.
    fn questions(&self, order: &Order, terms: &Terms, families: &[&str]) -> Result<Vec<Request>, NoQuote> {
        if order.stated.is_some() {
            // A caller that is the source of truth has asked already; a decision on other facts would say nothing.
            return Ok(Vec::new());
        }
        let Some((actor_type, actor)) = &order.actor else {
            // Nobody acts when a product renews itself.
            let unasked = order.placed_by == PlacedBy::Renewal;
            return if unasked {
                Ok(Vec::new())
            } else {
                Err(Rejected::new(Mistake::Form, "actor", "missing; who places the order?").into())
            };
        };
        let Some(names) = &self.bundle.settings.quotes else {
            return Err(Rejected::new(
                Mistake::Terms,
                "actor",
                "the bundle does not say which decision an order needs; leave the actor out",
            )
            .into());
        };
        let principal = Party::new(actor_type, actor);
        let asking = Asking { names: names.get_ref(), order, terms, principal };
        let mut questions: Vec<Request> = Vec::new();
        for (position, (line, family)) in order.lines.iter().zip(families).enumerate() {
            let question = asking.question(position, line, family)?;
            if !questions.contains(&question) {
                questions.push(question);
            }
        }
        Ok(questions)
    }
}

/// What the questions of an order have in common.
struct Asking<'a> {
    names: &'a QuoteSettings,
    order: &'a Order,
    terms: &'a Terms,
    principal: Party,
}

impl Asking<'_> {
    fn question(&self, position: usize, line: &Line, family: &str) -> Result<Request, Rejected> {
        let (question, resource) = match line.kind {
            Kind::Order => (&self.names.order, self.whom()?),
            Kind::Renewal => (&self.names.renewal, self.what(position, line)?),
        };
        Ok(Request {
            principal: self.principal.clone(),
            action: question.action.clone(),
            action_properties: Map::new(),
            resource,
            context: self.context(question, family)?,
        })
    }

    /// Something new is ordered for the client itself, or through the agreement.
    fn whom(&self) -> Result<Party, Rejected> {
        match (self.order.placed_by, &self.order.agreement) {
            (PlacedBy::Partner, Some(agreement)) => Ok(Party::new(&self.names.agreement.r#type, agreement)),
            (PlacedBy::Partner, None) if self.terms.client != self.terms.partner => {
                Err(Rejected::new(Mistake::Form, "agreement", "missing; through which one does the partner order?"))
            }
            _ => self.organization(Side::Client),
        }
    }

    fn what(&self, position: usize, line: &Line) -> Result<Party, Rejected> {
        let missing = || {
            Rejected::new(
                Mistake::Form,
                format!("lines[{position}].existing"),
                "missing; a renewal names the product that goes on",
            )
        };
        Ok(Party::new(&self.names.product, line.existing.as_ref().ok_or_else(missing)?))
    }

    fn organization(&self, side: Side) -> Result<Party, Rejected> {
        let id = self.terms.side(side);
        let missing = || Rejected::new(Mistake::Form, side.word(), "missing; the decision needs it");
        Ok(Party::new(&self.names.organization, id.ok_or_else(missing)?))
    }

    fn context(&self, question: &OrderQuestion, family: &str) -> Result<Map<String, Value>, Rejected> {
        let payer = self.organization(self.terms.payer)?;
        let payer = json!({ "type": payer.entity_type, "id": payer.id });
        let family = question.family.iter().map(|name| (name.clone(), json!(family)));
        Ok(std::iter::once((question.payer.clone(), payer)).chain(family).collect())
    }
}

impl From<Rejected> for NoQuote {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

impl From<terms::NoTerms> for NoQuote {
    fn from(reason: terms::NoTerms) -> Self {
        match reason {
            terms::NoTerms::Rejected(rejected) => Self::Rejected(rejected),
            terms::NoTerms::Unavailable(unavailable) => Self::Unavailable(unavailable),
        }
    }
}

impl From<Refusal> for NoQuote {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(invalid) => Self::Invalid(invalid),
            Refusal::Unavailable(unavailable) => Self::Unavailable(unavailable),
        }
    }
}

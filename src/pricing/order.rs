//! An order as a caller words it, the terms under which it stands, and why one cannot be priced.
//!
//! Nothing here knows facts or the wire: the edge builds an [`Order`], the facts (or the caller, where it is
//! the source of truth) give its [`Terms`], and what cannot be priced is [`Rejected`], with the field at fault.

use jiff::Timestamp;

use super::words::{Access, Kind, Managed, PlacedBy, Side};

/// Lines of a client's order in one currency.
#[derive(Debug, Clone)]
pub struct Order {
    /// When the period starts that is paid for.
    pub at: Timestamp,
    /// ISO 4217 code.
    pub currency: String,
    /// Who places it, where a decision is asked for.
    pub actor: Option<(String, String)>,
    /// The client's id.
    pub client: Option<String>,
    /// The partner's id.
    pub partner: Option<String>,
    /// Who places it.
    pub placed_by: PlacedBy,
    /// `client`, `partner`, or the id of one of the two.
    pub payer: String,
    /// The id of the agreement between the two, whose terms stand in the facts.
    pub agreement: Option<String>,
    /// The terms, where the caller is the source of truth.
    pub stated: Option<Stated>,
    /// What is ordered.
    pub lines: Vec<Line>,
}

/// Terms as the caller states them.
#[derive(Debug, Clone)]
pub struct Stated {
    /// What the partner may do for the client.
    pub access: Access,
    /// Whose payment method the agreement names; only with full access.
    pub payment: Option<Side>,
    /// The payer's country, ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// The payer's VAT number.
    pub vat_number: Option<String>,
}

/// One line of an order.
#[derive(Debug, Clone)]
pub struct Line {
    /// The caller's name for it.
    pub id: String,
    /// The product's id in the tariff.
    pub product: String,
    /// Items.
    pub quantity: u32,
    /// What the product's quantity scale counts; left out, what the tariff counts on the order.
    pub tier_count: Option<u32>,
    /// The id of the product in the facts, where it exists already.
    pub existing: Option<String>,
    /// Whether the partner manages it, where the caller is the source of truth.
    pub managed: Option<Managed>,
    /// Whether it starts something or goes on with it.
    pub kind: Kind,
}

/// The terms under which an order stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// What the partner may do for the client.
    pub access: Access,
    /// Whose payment method the agreement names; only with full access.
    pub payment: Option<Side>,
    /// The client's id.
    pub client: Option<String>,
    /// The partner's id.
    pub partner: Option<String>,
    /// Whose payment method is charged.
    pub payer: Side,
    /// The payer's country.
    pub country: Option<String>,
    /// The payer's VAT number.
    pub vat_number: Option<String>,
    /// Whether the partner manages the product, line by line.
    pub managed: Vec<Managed>,
}

impl Terms {
    /// The id of a side.
    pub fn side(&self, side: Side) -> Option<&str> {
        match side {
            Side::Client => self.client.as_deref(),
            Side::Partner => self.partner.as_deref(),
        }
    }
}

/// An order that cannot be priced: which field is at fault, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Rejected {
    /// What kind of mistake it is.
    pub kind: Mistake,
    /// Path of the field, such as `lines[0].quantity`.
    pub field: String,
    /// What is wrong with it and what is expected, lowercase.
    pub reason: String,
}

/// Kinds of mistakes, each with a type of its own on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// A field that is missing, of the wrong type or unknown.
    Form,
    /// A quantity that is none.
    Quantity,
    /// A count that is missing, or does not hold the line's own items.
    Count,
    /// No such product.
    UnknownProduct,
    /// No price in that currency.
    UnknownCurrency,
    /// Lines in several currencies.
    MixedCurrencies,
    /// No version of the tariff is in force then.
    NoTariff,
    /// What the order refers to is not in the facts.
    UnknownReference,
    /// Terms that do not go together.
    Terms,
    /// More than can be kept to the cent.
    TooLarge,
}

impl Mistake {
    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Form => "invalid-form",
            Self::Quantity => "bad-quantity",
            Self::Count => "bad-count",
            Self::UnknownProduct => "unknown-product",
            Self::UnknownCurrency => "unknown-currency",
            Self::MixedCurrencies => "mixed-currencies",
            Self::NoTariff => "no-tariff",
            Self::UnknownReference => "unknown-reference",
            Self::Terms => "bad-terms",
            Self::TooLarge => "too-large",
        }
    }
}

impl Rejected {
    /// A rejected field.
    pub fn new(kind: Mistake, field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { kind, field: field.into(), reason: reason.into() }
    }
}

impl Order {
    fn ambiguous() -> Rejected {
        Rejected::new(Mistake::Terms, "payer", "a side's name and the other side's id; name the payer by its id")
    }

    /// Which side pays: `payer` is a word, or the id of one of the two.
    ///
    /// # Errors
    /// It is neither.
    pub fn payer_side(&self, client: Option<&str>, partner: Option<&str>) -> Result<Side, Rejected> {
        match Side::of(&self.payer) {
            // A word that is also the id of the other side would charge whom nobody meant.
            Some(Side::Client) if partner == Some(&*self.payer) && client != partner => Err(Self::ambiguous()),
            Some(Side::Partner) if client == Some(&*self.payer) && client != partner => Err(Self::ambiguous()),
            Some(side) => Ok(side),
            None if client == Some(&*self.payer) => Ok(Side::Client),
            None if partner == Some(&*self.payer) => Ok(Side::Partner),
            None => {
                let reason = "neither the client nor the partner; write \"client\", \"partner\" or the id of one";
                Err(Rejected::new(Mistake::Terms, "payer", reason))
            }
        }
    }
}

impl Stated {
    /// The terms of an order whose caller states them.
    ///
    /// # Errors
    /// They do not go together, or leave open whether a line's product is managed.
    pub fn terms(&self, order: &Order) -> Result<Terms, Rejected> {
        if (self.access == Access::Full) != self.payment.is_some() {
            let reason = "only full access has a payment mode, and it always has one: \"client\" or \"partner\"";
            return Err(Rejected::new(Mistake::Terms, "terms.payment_mode", reason));
        }
        let (client, partner) = (order.client.as_deref(), order.partner.as_deref());
        let same = client.zip(partner).map(|(client, partner)| client == partner);
        match (self.access, same) {
            (Access::Own, Some(false)) => {
                let reason = "with access \"own\" a partner orders for itself: client and partner are the same";
                return Err(Rejected::new(Mistake::Terms, "terms.access", reason));
            }
            (Access::Limited | Access::Full, Some(true)) => {
                let reason = "nobody is a partner of its own; with client and partner the same, access is \"own\"";
                return Err(Rejected::new(Mistake::Terms, "terms.access", reason));
            }
            _ => {}
        }
        let contradiction = order.lines.iter().position(|line| {
            line.managed == Some(Managed::New) && (line.existing.is_some() || line.kind == Kind::Renewal)
        });
        if let Some(position) = contradiction {
            let reason = "what is new neither exists nor renews; say \"yes\" or \"no\"";
            return Err(Rejected::new(Mistake::Terms, format!("lines[{position}].managed"), reason));
        }
        let managed = order.lines.iter().enumerate().map(|(position, line)| match (line.managed, &line.existing) {
            (Some(managed), _) => Ok(managed),
            (None, None) if line.kind == Kind::Order => Ok(Managed::New),
            (None, _) if self.access != Access::Limited => Ok(Managed::Yes),
            (None, _) => Err(Rejected::new(
                Mistake::Terms,
                format!("lines[{position}].managed"),
                "missing; with limited access say whether the partner manages the product: \"yes\", \"no\" or \"new\"",
            )),
        });
        Ok(Terms {
            access: self.access,
            payment: self.payment,
            client: order.client.clone(),
            partner: order.partner.clone(),
            payer: order.payer_side(order.client.as_deref(), order.partner.as_deref())?,
            country: self.country.clone(),
            vat_number: self.vat_number.clone(),
            managed: managed.collect::<Result<_, _>>()?,
        })
    }
}

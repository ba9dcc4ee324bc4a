//! The terms of an order as the facts have them: who may do what for whom, who pays, what is managed.
//!
//! Greta orders for the clinic and names the agreement between the two. Whether it is in force (and its partner
//! still is one), what access and payment mode it gives, whose country the tax depends on: all of that is
//! read here, under the names that `[quotes]` in `mandat.toml` gives, and nothing of it is believed from the
//! caller. What is inconsistent is rejected, never guessed: money depends on it.

use cedar_policy::{Entity, EntityId, EntityTypeName, EntityUid, EvalResult};

use super::{Snapshot, Unavailable};
use crate::{
    config::QuoteSettings,
    pricing::{
        order::{Line, Mistake, Order, Rejected, Terms},
        words::{Access, Kind, Managed, Side},
    },
};

/// Why the facts give no terms.
#[derive(Debug)]
pub enum NoTerms {
    /// The order does not fit the facts.
    Rejected(Rejected),
    /// The facts cannot be read.
    Unavailable(Unavailable),
}

impl From<Rejected> for NoTerms {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

impl From<Unavailable> for NoTerms {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unavailable(unavailable)
    }
}

/// Reads the terms of an order.
///
/// # Errors
/// The order names what the facts do not have or what does not go together, or the facts cannot be read.
pub fn of(facts: &dyn Snapshot, names: &QuoteSettings, order: &Order, families: &[&str]) -> Result<Terms, NoTerms> {
    let reader = Reader { facts, names, order, families };
    let standing = match &order.agreement {
        Some(agreement) => reader.agreed(agreement)?,
        None => reader.without_agreement()?,
    };
    let payer = order.payer_side(standing.client.as_deref(), standing.partner.as_deref())?;
    let charged = match payer {
        Side::Client => &standing.client,
        Side::Partner => &standing.partner,
    };
    let charged = match charged {
        Some(id) => reader.entity("payer", &names.organization, id)?,
        None => None,
    };
    let text = |name: &str| charged.as_ref().and_then(|payer| text(payer, name));
    let managed = reader.managed(&standing)?;
    Ok(Terms {
        country: text(&names.tax.country),
        vat_number: text(&names.tax.vat_number),
        access: standing.access,
        payment: standing.payment,
        client: standing.client,
        partner: standing.partner,
        payer,
        managed,
    })
}

/// Whether somebody is a member of an organisation.
///
/// # Errors
/// The facts cannot be read.
pub fn acts_for(
    facts: &dyn Snapshot,
    names: &QuoteSettings,
    (actor_type, actor): (&str, &str),
    organization: &str,
) -> Result<bool, NoTerms> {
    let uid = |entity_type: &str, id: &str| {
        let name: Option<EntityTypeName> = entity_type.parse().ok();
        name.map(|name| EntityUid::from_type_name_and_id(name, EntityId::new(id)))
    };
    let (Some(actor), Some(organization)) = (uid(actor_type, actor), uid(&names.organization, organization)) else {
        return Ok(false);
    };
    let Some(actor) = facts.get(&actor)? else { return Ok(false) };
    let actor: &cedar_policy_core::ast::Entity = actor.as_ref();
    Ok(actor.ancestors().any(|ancestor| *ancestor == *organization.as_ref()))
}

/// What binds the two sides of an order.
struct Standing {
    access: Access,
    payment: Option<Side>,
    client: Option<String>,
    partner: Option<String>,
}

struct Reader<'r> {
    facts: &'r dyn Snapshot,
    names: &'r QuoteSettings,
    order: &'r Order,
    /// The family of each line's product in the tariff.
    families: &'r [&'r str],
}

impl Reader<'_> {
    /// The terms of the agreement that the order names.
    fn agreed(&self, id: &str) -> Result<Standing, NoTerms> {
        let names = &self.names.agreement;
        let Some(agreement) = self.entity("agreement", &names.r#type, id)? else {
            return Err(unknown("agreement", &names.r#type).into());
        };
        let broken = |what: &str| Rejected::new(Mistake::Terms, "agreement", format!("it has {what} in the facts"));
        let client = reference(&agreement, &names.client).ok_or_else(|| broken("no client"))?;
        let partner = reference(&agreement, &names.partner).ok_or_else(|| broken("no partner"))?;
        agrees("client", self.order.client.as_ref(), &client)?;
        agrees("partner", self.order.partner.as_ref(), &partner)?;
        let stands = text(&agreement, &names.status).as_ref() == Some(&names.active);
        self.check_standing(id, &client, stands)?;
        let active = stands && self.is_partner(&partner)?;
        let access = match text(&agreement, &names.access).as_deref().and_then(Access::of) {
            _ if !active => Access::None,
            Some(access @ (Access::Limited | Access::Full)) => access,
            _ => return Err(broken("no access that is \"limited\" or \"full\"").into()),
        };
        let payment = text(&agreement, &names.payment);
        let payment = match (access, payment.as_deref().map(Side::of)) {
            (Access::Full, Some(Some(side))) => Some(side),
            (Access::Full, _) => {
                return Err(broken("full access, but no payment mode that is \"client\" or \"partner\"").into());
            }
            _ => None,
        };
        Ok(Standing { access, payment, client: Some(client), partner: Some(partner) })
    }

    /// The agreement named is one that the client's own facts name; and one that no longer stands does not hide one
    /// that does.
    fn check_standing(&self, id: &str, client: &str, stands: bool) -> Result<(), NoTerms> {
        let Some(entity) = self.entity("client", &self.names.organization, client)? else {
            return Err(unknown("client", &self.names.organization).into());
        };
        let named: Vec<String> =
            self.names.client_agreements.iter().flat_map(|name| references(&entity, name)).collect();
        let reason = match (stands, named.iter().any(|other| other == id)) {
            (true, false) => "not among the agreements in force that the client's facts name",
            (false, _) if !named.is_empty() => {
                "not in force, and the client has agreements that are: name the one under which it orders"
            }
            _ => return Ok(()),
        };
        Err(Rejected::new(Mistake::Terms, "agreement", reason).into())
    }

    /// The terms of an order without an agreement: somebody's own.
    fn without_agreement(&self) -> Result<Standing, NoTerms> {
        let Some(client) = &self.order.client else {
            return Err(Rejected::new(Mistake::Form, "client", "missing; name the client, or the agreement").into());
        };
        let Some(entity) = self.entity("client", &self.names.organization, client)? else {
            return Err(unknown("client", &self.names.organization).into());
        };
        let standing = |access, partner| Standing { access, payment: None, client: Some(client.clone()), partner };
        let agreed = self.names.client_agreements.iter().any(|name| !references(&entity, name).is_empty());
        if agreed {
            let reason = "missing; the client has agreements: name the one under which it orders";
            return Err(Rejected::new(Mistake::Terms, "agreement", reason).into());
        }
        if let Some(partner) = &self.order.partner {
            if partner != client {
                let reason = "missing; name the agreement between client and partner, or state the `terms`";
                return Err(Rejected::new(Mistake::Terms, "agreement", reason).into());
            }
            let access = if self.is_partner(partner)? { Access::Own } else { Access::None };
            return Ok(standing(access, Some(partner.clone())));
        }
        Ok(standing(Access::None, None))
    }

    fn is_partner(&self, id: &str) -> Result<bool, NoTerms> {
        let partner = self.entity("partner", &self.names.organization, id)?;
        let status = partner.and_then(|partner| text(&partner, &self.names.partner.status));
        Ok(status.as_ref() == Some(&self.names.partner.active))
    }

    /// Whether the agreement manages each line's product.
    fn managed(&self, standing: &Standing) -> Result<Vec<Managed>, NoTerms> {
        self.order
            .lines
            .iter()
            .enumerate()
            .map(|(position, line)| self.managed_line(standing, position, line))
            .collect()
    }

    fn managed_line(&self, standing: &Standing, position: usize, line: &Line) -> Result<Managed, NoTerms> {
        let field = |name: &str| format!("lines[{position}].{name}");
        if line.managed.is_some() {
            let reason = "the facts say whether a product is managed; name it as `existing`, and leave this out";
            return Err(Rejected::new(Mistake::Terms, field("managed"), reason).into());
        }
        let Some(id) = &line.existing else {
            return match line.kind {
                Kind::Order => Ok(Managed::New),
                Kind::Renewal => {
                    let reason = "missing; a renewal names the product that goes on";
                    Err(Rejected::new(Mistake::Form, field("existing"), reason).into())
                }
            };
        };
        let Some(product) = self.entity(&field("existing"), &self.names.product, id)? else {
            return Err(unknown(&field("existing"), &self.names.product).into());
        };
        if reference(&product, &self.names.product_of) != standing.client {
            let reason = "no product of the client";
            return Err(Rejected::new(Mistake::Terms, field("existing"), reason).into());
        }
        self.check_family(position, &product)?;
        match (standing.access, reference(&product, &self.names.managed_by)) {
            (Access::Full, _) => Ok(Managed::Yes),
            (Access::Limited, Some(managing)) if Some(&managing) == self.order.agreement.as_ref() => Ok(Managed::Yes),
            // Under another agreement its partner would lose what it earns.
            (Access::Limited, Some(_)) => {
                let reason = "managed under another agreement; order it under that one";
                Err(Rejected::new(Mistake::Terms, field("existing"), reason).into())
            }
            _ => Ok(Managed::No),
        }
    }

    /// What is renewed is what is priced.
    fn check_family(&self, position: usize, product: &Entity) -> Result<(), Rejected> {
        let known = text(product, &self.names.family_of);
        if known.as_deref() == self.families.get(position).copied() {
            return Ok(());
        }
        let reason = format!("of another family than the product that exists, `{}`", known.unwrap_or_default());
        Err(Rejected::new(Mistake::Terms, format!("lines[{position}].product"), reason))
    }

    fn entity(&self, field: &str, entity_type: &str, id: &str) -> Result<Option<Entity>, NoTerms> {
        let name: EntityTypeName = entity_type.parse().map_err(|_| {
            Rejected::new(
                Mistake::Terms,
                field,
                format!("`{entity_type}` of [quotes] in mandat.toml is no entity type"),
            )
        })?;
        Ok(self.facts.get(&EntityUid::from_type_name_and_id(name, EntityId::new(id)))?)
    }
}

fn unknown(field: &str, entity_type: &str) -> Rejected {
    Rejected::new(Mistake::UnknownReference, field, format!("the facts have no such {entity_type}"))
}

/// What the caller says beside the agreement must be what the agreement says.
fn agrees(field: &str, stated: Option<&String>, known: &str) -> Result<(), Rejected> {
    match stated {
        Some(stated) if stated != known => {
            let reason = format!("not the {field} of the agreement; leave it out, or name the agreement's own");
            Err(Rejected::new(Mistake::Terms, field, reason))
        }
        _ => Ok(()),
    }
}

fn text(entity: &Entity, name: &str) -> Option<String> {
    match entity.attr(name)?.ok()? {
        EvalResult::String(text) => Some(text),
        _ => None,
    }
}

fn reference(entity: &Entity, name: &str) -> Option<String> {
    match entity.attr(name)?.ok()? {
        EvalResult::EntityUid(uid) => Some(uid.id().unescaped().to_owned()),
        _ => None,
    }
}

/// The ids that an attribute refers to, one or a set.
fn references(entity: &Entity, name: &str) -> Vec<String> {
    let id = |value: &EvalResult| match value {
        EvalResult::EntityUid(uid) => Some(uid.id().unescaped().to_owned()),
        _ => None,
    };
    match entity.attr(name) {
        Some(Ok(EvalResult::Set(set))) => set.iter().filter_map(id).collect(),
        Some(Ok(value)) => id(&value).into_iter().collect(),
        _ => Vec::new(),
    }
}

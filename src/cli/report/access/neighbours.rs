//! What belongs to an entity, and who is bound to it.
//!
//! What belongs to it refers to it, as the schema shows, and can be acted on. Who is bound to it is found through the
//! type of agreement that `[quotes]` of the settings names, in either role.

use serde_json::Value;

use crate::{
    analysis::report::picture::graph::{Edge, Graph},
    bundle::{Shapes, shape::Shape},
    config::AgreementNames,
    engine::Moment,
    facts::Unavailable,
    request::Party,
};

/// Most agreements that are drawn.
const MAX_BOUND: usize = 40;

/// Something that refers to the entity.
pub(super) struct Neighbour {
    pub(super) party: Party,
    /// By which attributes.
    pub(super) by: String,
}

/// Everything that refers to the entity and can be acted on, by type and in the order of the facts.
pub(super) fn of(
    moment: &Moment,
    on: &Party,
    limit: usize,
    left_out: &mut Vec<String>,
) -> Result<Vec<Neighbour>, Unavailable> {
    let mut found: Vec<Neighbour> = Vec::new();
    for (entity_type, path) in paths(&moment.bundle.shapes, &on.entity_type) {
        let mut parties = moment.referring(&entity_type, &path, on, limit.saturating_add(1))?;
        if parties.len() > limit {
            parties.truncate(limit);
            left_out.push(format!(
                "More than {limit} of type {entity_type} belong to it by `{path}`: the first are told; --limit tells more."
            ));
        }
        for party in parties {
            match found.iter_mut().find(|neighbour| neighbour.party == party) {
                Some(known) => known.by += &format!(" and by its `{path}`"),
                None => found.push(Neighbour { party, by: format!("by its `{path}`") }),
            }
        }
    }
    Ok(found)
}

/// Types that can be acted on, with their attributes that refer to a type, sorted.
fn paths(shapes: &Shapes, to: &str) -> Vec<(String, String)> {
    let mut paths = Vec::new();
    for (name, shape) in &shapes.entity_types {
        let can_be_acted_on = shapes.actions.values().any(|action| action.resources.contains(&shape.name));
        let refers = shape.attributes.iter().filter(|(_, field)| refers(&field.shape, to));
        paths.extend(refers.filter(|_| can_be_acted_on && name != to).map(|(path, _)| (name.clone(), path.clone())));
    }
    paths.sort();
    paths
}

fn refers(shape: &Shape, to: &str) -> bool {
    matches!(shape, Shape::Entity(name) if name.to_string() == to)
}

/// Who is bound to the entity by agreements; none where the settings name none, or not between entities of its type.
pub(super) fn bound(moment: &Moment, on: &Party) -> Result<Option<Graph>, Unavailable> {
    let Some(quotes) = moment.bundle.settings.quotes.as_ref().map(|quotes| quotes.get_ref()) else { return Ok(None) };
    if quotes.organization != on.entity_type {
        return Ok(None);
    }
    let names = &quotes.agreement;
    Ok(Some(Graph {
        id: "agreements".to_owned(),
        title: format!("{} around {on}", names.r#type),
        description: format!(
            "Lines lead from each {} on the left and to each {} on the right; a broken line is not in force",
            names.client, names.partner
        ),
        middle: on.id.clone(),
        left: (names.client.clone(), edges(moment, on, names, (&names.partner, &names.client))?),
        right: (names.partner.clone(), edges(moment, on, names, (&names.client, &names.partner))?),
    }))
}

/// Agreements in which the entity has one role, with who has the other.
fn edges(
    moment: &Moment,
    on: &Party,
    names: &AgreementNames,
    (own, other): (&str, &str),
) -> Result<Vec<Edge>, Unavailable> {
    let mut edges = Vec::new();
    for agreement in moment.referring(&names.r#type, own, on, MAX_BOUND)? {
        let Some(fact) = moment.fact(&agreement.entity_type, &agreement.id)? else { continue };
        let text = |name: &str| fact["attrs"][name].as_str().unwrap_or_default().to_owned();
        let status = text(&names.status);
        let words: Vec<String> = [status.clone(), text(&names.access), text(&names.payment)]
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect();
        edges.push(Edge {
            node: entity_id(&fact["attrs"][other]),
            through: agreement.id,
            words: words.join(", "),
            in_force: status == names.active,
        });
    }
    edges.sort_by(|left, right| (!left.in_force, left).cmp(&(!right.in_force, right)));
    Ok(edges)
}

fn entity_id(value: &Value) -> String {
    let entity = value.get("__entity").unwrap_or(value);
    entity["id"].as_str().unwrap_or_default().to_owned()
}

//! Counterexamples as an author can hold them in hand: a request and facts as the command line reads them.
//!
//! What the solver found is turned into one or two questions, each with the facts that it is asked on and the answer
//! it gets; [`replayed`] asks them of the real authorizer first. What does not come out as claimed would be a mistake
//! of ours, and is never shown as one of the policies'.

use cedar_policy::{Entities, Entity};
use serde_json::{Value, json};

use super::{
    claim::{Ground, Posed, Reading},
    rewrite::OTHER,
};
use crate::{
    analysis::{
        asking,
        prover::{Counterexample, Prover},
    },
    bundle::Bundle,
    decision::{Decision, question},
    facts::{Facts as _, document::Document, memory::MemoryFacts, plain::plain, store::record},
    problem::Source,
    request::{Party, Properties, Request},
};

/// A request against a property, in one or two steps.
#[derive(Debug, Clone)]
pub struct Example {
    /// What is asked, in this order.
    pub steps: Vec<Step>,
}

/// One question of an example.
#[derive(Debug, Clone)]
pub struct Step {
    /// An AuthZEN evaluation request.
    pub request: Value,
    /// Entities, as in a file of facts.
    pub facts: Value,
    /// `allow` or `deny`, as it is really decided.
    pub decision: &'static str,
    /// The determining policies.
    pub policies: Vec<String>,
    /// Policies that cannot be evaluated, and why.
    pub faults: Vec<String>,
    /// The directory of the bundle that decides, relative to the one that is looked at; none where it is that one.
    pub bundle: Option<String>,
}

/// Finds a counterexample of a claim that fails.
pub(super) fn find(ground: &Ground, posed: &Posed, prover: &Prover) -> Result<Example, String> {
    let found = prover.counterexample(&posed.claim).map_err(|error| error.to_string())?;
    let found = found.ok_or("the solver found none when it was asked again")?;
    let asked = steps(&found, posed, ground.bundle)?;
    let mut steps: Vec<Step> = Vec::new();
    for (request, facts) in &asked {
        steps.push(replayed(ground.bundle, None, request.clone(), facts.clone())?);
    }
    if let (Some(place), [(request, facts)]) = (&posed.beside, &asked[..]) {
        let other = ground.others.get(place).ok_or_else(|| format!("there is no `{place}`"))?;
        steps.push(replayed(other, Some(place.clone()), request.clone(), facts.clone())?);
    }
    let example = Example { steps };
    match shows(&example, posed.reading) {
        true => Ok(example),
        false => Err("what the solver found is not what is decided: this is a mistake of mandat's".to_owned()),
    }
}

fn shows(example: &Example, reading: Reading) -> bool {
    let decisions: Vec<&str> = example.steps.iter().map(|step| step.decision).collect();
    match reading {
        Reading::Allowed => decisions == ["allow"],
        Reading::Two => decisions == ["allow", "allow"],
        Reading::Without => decisions == ["allow", "deny"],
        Reading::OtherValue | Reading::OtherBundle => decisions.len() == 2 && decisions[0] != decisions[1],
        Reading::Fails => example.steps.iter().all(|step| !step.faults.is_empty()),
    }
}

/// The questions that a solution stands for, each with its facts.
fn steps(found: &Counterexample, posed: &Posed, bundle: &Bundle) -> Result<Vec<(Value, Value)>, String> {
    let request = &found.request;
    let (Some(principal), Some(action), Some(resource), Some(context)) =
        (request.principal(), request.action(), request.resource(), request.context())
    else {
        return Err("the solver left the request open".to_owned());
    };
    let mut context = plain(context.to_json_value().map_err(|error| error.to_string())?);
    let other = context.as_object_mut().and_then(|entries| entries.remove(OTHER));
    let facts = facts(&found.entities)?;
    let ask = |principal: Value, context: Value| {
        let (context, properties) = apart(bundle, action.id().unescaped(), context);
        let mut asked = json!({ "name": action.id().unescaped() });
        if properties.as_object().is_some_and(|properties| !properties.is_empty()) {
            asked["properties"] = properties;
        }
        json!({ "subject": principal, "action": asked, "resource": record::reference(resource), "context": context })
    };
    let first = ask(record::reference(principal), context.clone());
    let mut steps = vec![(first, facts.clone())];
    match (posed.reading, other) {
        (Reading::Two, Some(other)) => {
            let part = |name: &str| other.get(name).cloned().unwrap_or_default();
            steps.push((ask(part("principal"), part("context")), facts));
        }
        (Reading::Without, _) => {
            let mut less = context;
            if let Some(entries) = less.as_object_mut() {
                entries.retain(|name, _| !posed.left_out.iter().any(|entry| entry == name));
            }
            steps.push((ask(record::reference(principal), less), facts));
        }
        (Reading::OtherValue, Some(other)) => {
            let changed = if posed.of_principal { principal } else { resource };
            let name = record::reference(changed);
            steps.push((steps[0].0.clone(), with_value(facts, &name, &other, &posed.left_out)));
        }
        _ => {}
    }
    Ok(steps)
}

/// A context without what callers state beside the action, as its own properties, and those.
pub(in crate::analysis) fn apart(bundle: &Bundle, action: &str, mut context: Value) -> (Value, Value) {
    let takes = bundle.shapes.actions.get(action).is_some_and(question::declares_action);
    let taken = context.as_object_mut().filter(|_| takes).and_then(|entries| entries.remove(question::ACTION));
    (context, taken.unwrap_or_else(|| json!({})))
}

/// The facts with an entity's attributes taken from `other`; absent there, absent here.
fn with_value(mut facts: Value, name: &Value, other: &Value, attributes: &[String]) -> Value {
    let entities = facts.as_array_mut().into_iter().flatten();
    for entity in entities.filter(|entity| entity.get("uid") == Some(name)) {
        let Some(values) = entity.get_mut("attrs").and_then(Value::as_object_mut) else { continue };
        for attribute in attributes {
            match other.get(attribute) {
                Some(value) => values.insert(attribute.clone(), value.clone()),
                None => values.remove(attribute),
            };
        }
    }
    facts
}

/// Entities as a file of facts has them; the schema's actions belong to every request anyway.
pub(in crate::analysis) fn facts(entities: &Entities) -> Result<Value, String> {
    let mut list: Vec<&Entity> = entities.iter().filter(|entity| !is_action(entity)).collect();
    list.sort_by_key(|entity| entity.uid());
    let json = list.into_iter().map(|entity| record::json(entity).map(plain).map_err(|error| error.to_string()));
    json.collect::<Result<Vec<_>, _>>().map(Value::Array)
}

fn is_action(entity: &Entity) -> bool {
    entity.uid().type_name().basename() == "Action"
}

/// Asks a question for real.
fn replayed(bundle: &Bundle, place: Option<String>, request: Value, facts: Value) -> Result<Step, String> {
    let decision = asked(bundle, &request, &facts)?;
    let faults = decision.faults.iter().map(|fault| format!("{} fails: {}", fault.policy, fault.message));
    Ok(Step {
        decision: if decision.allowed() { "allow" } else { "deny" },
        policies: decision.determining.iter().map(ToString::to_string).collect(),
        faults: faults.collect(),
        bundle: place,
        request,
        facts,
    })
}

/// The decision on a request and facts as they are written down.
///
/// # Errors
/// They do not fit the bundle's schema.
pub(in crate::analysis) fn asked(bundle: &Bundle, request: &Value, facts: &Value) -> Result<Decision, String> {
    let text = facts.to_string();
    let document = Document::parse(Source::new("facts.json", text)).map_err(|problems| problems.to_string())?;
    let built = MemoryFacts::build(&document, &bundle.schema).map_err(|problems| problems.to_string())?;
    let snapshot = built.snapshot().map_err(|error| error.to_string())?;
    let asked = Request {
        principal: party(&request["subject"])?,
        action: request["action"]["name"].as_str().unwrap_or_default().to_owned(),
        action_properties: request["action"]["properties"].as_object().cloned().unwrap_or_default(),
        resource: party(&request["resource"])?,
        context: request["context"].as_object().cloned().unwrap_or_default(),
    };
    // The moment asked about is the context's own.
    let reply = asking::answer(bundle, &*snapshot, &asked, jiff::Timestamp::UNIX_EPOCH)?;
    Ok(reply.decision)
}

fn party(value: &Value) -> Result<Party, String> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
    match (text("type"), text("id")) {
        (Some(entity_type), Some(id)) => Ok(Party { entity_type, id, properties: Properties::new() }),
        _ => Err(format!("`{value}` is no entity")),
    }
}

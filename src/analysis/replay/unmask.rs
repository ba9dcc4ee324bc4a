//! What masking took away, and whether a decision needs it.
//!
//! Records keep less than was asked: ids are pseudonyms, entries were left out. A pseudonym can be turned back by who
//! holds the keys. Of the rest it is asked whether the candidate's schema lets a policy look at it; if so, the record is
//! left out of the replay: an answer to another question than the one that was asked says nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    bundle::{
        Bundle,
        shape::{Field, Fields},
    },
    config::CallerProperties,
    decision::question::declares_action,
    request::{Party, Properties, Request},
};

/// Turns a pseudonym back into a type and an id, if its key is there.
pub type Identify<'i> = dyn Fn(&str) -> Option<(String, String)> + Sync + 'i;

/// What else a record tells, none of which a decision looks at.
const BESIDE: [&str; 10] =
    ["caller", "request", "order", "totals", "tariff", "sought", "results", "error", "changes", "key"];

/// Makes of a recorded request the one that was asked.
///
/// # Errors
/// Something is gone that the candidate may look at: what, and how.
pub fn unmask(
    bundle: &Bundle,
    request: &mut Request,
    masked: &[String],
    dropped: &[String],
    identify: &Identify,
) -> Result<(), String> {
    // A list of persons has its path once for each.
    for path in masked.iter().map(|path| plain(path)).collect::<BTreeSet<_>>() {
        if !restored(request, &path, identify) && matters(bundle, request, &path) {
            return Err(format!("`{}` is masked", shown(&path)));
        }
    }
    for path in dropped {
        let path = plain(path);
        if matters(bundle, request, &path) {
            return Err(format!("`{}` was dropped", shown(&path)));
        }
    }
    Ok(())
}

/// `context.products[2].id` as `context.products.2.id`, whether or not it says that it is of the question.
fn plain(path: &str) -> String {
    let path = path.replace('[', ".").replace(']', "");
    path.strip_prefix("question.").map_or(path.clone(), str::to_owned)
}

/// A path as it is counted: places in lists are all the same.
fn shown(path: &str) -> String {
    let part = |part: &str| if part.parse::<usize>().is_ok() { "*".to_owned() } else { part.to_owned() };
    path.split('.').map(part).collect::<Vec<_>>().join(".")
}

/// Whether every pseudonym at a path was turned back.
fn restored(request: &mut Request, path: &str, identify: &Identify) -> bool {
    let parts: Vec<&str> = path.split('.').collect();
    match parts.as_slice() {
        ["subject", "id"] => party(&mut request.principal, identify),
        ["resource", "id"] => party(&mut request.resource, identify),
        ["subject", "properties", name, rest @ ..] => entry(&mut request.principal.properties, name, rest, identify),
        ["resource", "properties", name, rest @ ..] => entry(&mut request.resource.properties, name, rest, identify),
        ["action", "properties", name, rest @ ..] => entry(&mut request.action_properties, name, rest, identify),
        ["context", name, rest @ ..] => entry(&mut request.context, name, rest, identify),
        _ => false,
    }
}

fn party(party: &mut Party, identify: &Identify) -> bool {
    match identify(&party.id) {
        Some((entity_type, id)) if entity_type == party.entity_type => {
            party.id = id;
            true
        }
        _ => false,
    }
}

/// Whether pseudonyms stand at a path below an entry, and all of them were turned back.
fn entry(entries: &mut Properties, name: &str, rest: &[&str], identify: &Identify) -> bool {
    let (Some(mut value), mut of_type) = (entries.get_mut(name), None) else { return false };
    for part in rest {
        of_type = value.get("type").and_then(Value::as_str).map(str::to_owned);
        let found = match value {
            Value::Object(fields) => fields.get_mut(*part),
            Value::Array(items) => part.parse::<usize>().ok().and_then(|place| items.get_mut(place)),
            _ => None,
        };
        let Some(found) = found else { return false };
        value = found;
    }
    let (mut found, mut all) = (false, true);
    each(value, of_type, &mut |of_type, text| {
        found = true;
        match identify(text) {
            Some((entity_type, id)) if of_type.is_none_or(|of_type| of_type == entity_type) => *text = id,
            _ => all = false,
        }
    });
    found && all
}

/// Every pseudonym within a value, with the type that stands beside it.
fn each(value: &mut Value, of_type: Option<String>, see: &mut dyn FnMut(Option<&str>, &mut String)) {
    match value {
        Value::String(text) if is_pseudonym(text) => see(of_type.as_deref(), text),
        Value::Array(items) => items.iter_mut().for_each(|item| each(item, None, see)),
        Value::Object(fields) => {
            let beside = fields.get("type").and_then(Value::as_str).map(str::to_owned);
            fields.values_mut().for_each(|field| each(field, beside.clone(), see));
        }
        _ => {}
    }
}

/// `~` and 32 hexadecimal digits.
fn is_pseudonym(text: &str) -> bool {
    let digits = text.strip_prefix('~').unwrap_or_default();
    digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a decision may depend on what stood there. What is not known to be of no matter is.
fn matters(bundle: &Bundle, request: &Request, path: &str) -> bool {
    let (root, rest) = path.split_once('.').unwrap_or((path, ""));
    let action = bundle.shapes.actions.get(&request.action);
    match root {
        "subject" => of_party(bundle, &request.principal, rest),
        "resource" => of_party(bundle, &request.resource, rest),
        "action" => !rest.starts_with("properties") || action.is_some_and(declares_action),
        // An action that the candidate does not know cannot be asked about, whatever is in its context.
        "context" => action.is_some_and(|action| declared(&action.context, rest)),
        _ => !BESIDE.contains(&root),
    }
}

fn of_party(bundle: &Bundle, party: &Party, rest: &str) -> bool {
    let Some(attribute) = rest.strip_prefix("properties") else { return true };
    if bundle.settings.facts.caller_properties == CallerProperties::Ignore {
        return false;
    }
    let shape = bundle.shapes.entity_types.get(&party.entity_type);
    shape.is_none_or(|shape| declared(&shape.attributes, attribute.trim_start_matches('.')))
}

/// Whether a path leads to a declared field; the empty one leads to all of them.
fn declared(fields: &Fields, path: &str) -> bool {
    let leads_to = |(name, _): (&String, &Field)| {
        path.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if path.is_empty() { !fields.is_empty() } else { fields.iter().any(leads_to) }
}

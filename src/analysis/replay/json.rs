//! A replay for programs.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    Wish,
    record::Said,
    tally::{Change, Counts, Sample, Tally},
};
use crate::{
    explanation::Explanation,
    request::{Party, Request},
};

/// All of it.
pub fn value(tally: &Tally, wish: &Wish) -> Value {
    let by_policy = tally.policies.iter().map(|(id, counts)| named("policy", id, counts));
    let by_action = tally.actions().into_iter().map(|(name, counts)| named("action", name, &counts));
    json!({
        "bundle": wish.bundle.digest,
        "facts": wish.ground.words(),
        "records": tally.records,
        "replayed": tally.all.replayed,
        "changes": counts(&tally.all),
        "errors": tally.errors,
        "left_out": reasons(&tally.left_out, "reason"),
        "not_replayed": reasons(&tally.other_kinds, "kind"),
        "actions": by_action.collect::<Vec<_>>(),
        "policies": by_policy.collect::<Vec<_>>(),
        "samples": Change::ALL.iter().flat_map(|change| tally.samples(*change).iter().map(|one| sample(*change, one)))
            .collect::<Vec<_>>(),
    })
}

fn key(change: Change) -> String {
    change.words().replace(' ', "_")
}

fn counts(counts: &Counts) -> Map<String, Value> {
    Change::ALL.iter().map(|change| (key(*change), counts.of(*change).into())).collect()
}

fn named(what: &str, name: &str, of: &Counts) -> Value {
    let mut fields = counts(of);
    fields.insert(what.to_owned(), name.into());
    if of.replayed > 0 {
        fields.insert("replayed".to_owned(), of.replayed.into());
    }
    fields.into()
}

fn reasons(numbers: &BTreeMap<String, u64>, what: &str) -> Vec<Value> {
    numbers.iter().map(|(name, number)| json!({ what: name, "count": number })).collect()
}

fn sample(change: Change, sample: &Sample) -> Value {
    json!({
        "change": key(change),
        "record": sample.id,
        "at": sample.at,
        "revision": sample.revision,
        "question": question(&sample.request),
        "before": said(&sample.before),
        "after": sample.after.as_ref().map_or_else(|reason| json!({ "error": reason }), said),
        "explanation": sample.explanation.as_ref().map(explanation),
    })
}

fn question(request: &Request) -> Value {
    let party =
        |party: &Party| with_properties(json!({ "type": party.entity_type, "id": party.id }), &party.properties);
    json!({
        "subject": party(&request.principal),
        "action": with_properties(json!({ "name": request.action }), &request.action_properties),
        "resource": party(&request.resource),
        "context": request.context,
    })
}

fn with_properties(mut value: Value, properties: &Map<String, Value>) -> Value {
    if !properties.is_empty() {
        value["properties"] = properties.clone().into();
    }
    value
}

fn said(said: &Said) -> Value {
    json!({
        "decision": said.allowed,
        "code": said.code,
        "policies": said.policies,
        "obligations": said.obligations,
        "advice": said.advice,
    })
}

fn explanation(explanation: &Explanation) -> Value {
    let near_misses = explanation.near_misses.iter().map(|near_miss| {
        let missing = near_miss.missing.iter().map(|missing| {
            json!({
                "clause": missing.clause,
                "at": missing.at.short(),
                "found": missing.finding.found,
                "change": missing.finding.change,
            })
        });
        json!({ "policy": &*near_miss.policy.id, "missing": missing.collect::<Vec<_>>() })
    });
    json!({ "reason": explanation.reason_admin, "near_misses": near_misses.collect::<Vec<_>>() })
}

//! Requests whose every field holds a text that stands nowhere else.

use serde_json::{Value, json};

/// A text that stands nowhere else.
pub(super) fn canary(number: usize) -> String {
    format!("kanarienvogel-{number:02}-{:08x}", number.wrapping_mul(0x9e37_79b9))
}

pub(super) const CANARIES: usize = 64;

/// Requests with a canary in every field that a caller fills, valid ones and such that cannot be asked.
pub(super) fn requests() -> (Vec<(&'static str, Value)>, usize) {
    let mut used = 0;
    let mut next = || {
        used += 1;
        canary(used - 1)
    };
    let mut requests = Vec::new();
    // As the schema wants it: ids, references, and texts that people make up.
    for action in ["addUser", "removeUser", "changeUserRole"] {
        let mut context = json!({"user": {"type": "User", "id": next()}});
        if action != "removeUser" {
            context["role"] = json!(next());
            context["billing"] = json!(false);
        }
        requests.push((
            "/access/v1/evaluation",
            json!({
                "subject": {"type": "User", "id": next()}, "action": {"name": action},
                "resource": {"type": "Organization", "id": next()}, "context": context,
            }),
        ));
    }
    for action in ["createApplicationPassword", "createApplicationPassword", "createApplicationPassword"] {
        requests.push((
            "/access/v1/evaluation",
            json!({
                "subject": {"type": "User", "id": next()}, "action": {"name": action, "properties": {next(): next()}},
                "resource": {"type": "User", "id": next()}, "context": {"name": next(), "scope": next()},
            }),
        ));
    }
    for action in ["acceptRequest", "invitePartner"] {
        requests.push(("/access/v1/evaluation", json!({
            "subject": {"type": "User", "id": next()}, "action": {"name": action},
            "resource": {"type": if action == "acceptRequest" { "Partnership" } else { "Organization" }, "id": next()},
            "context": {
                "access": next(), "paymentMode": next(), "products": [{"type": "Product", "id": next()}],
                "partner": {"type": "Organization", "id": next()},
            },
        })));
    }
    // Properties of entities that nobody knows.
    requests.push((
        "/access/v1/evaluation",
        json!({
            "subject": {"type": "User", "id": next()}, "action": {"name": "viewProduct"},
            "resource": {"type": "Product", "id": next(), "properties": {
                "organization": {"type": "Organization", "id": next()}, "family": next(), "tags": [next(), next()],
                "collaborators": [{"type": "User", "id": next()}], "workGroups": [], "partnerCollaborators": [],
            }},
        }),
    ));
    // What cannot be asked.
    requests.push(("/access/v1/evaluation", json!({
        "subject": {"type": next(), "id": next()}, "action": {"name": next()}, "resource": {"type": next(), "id": next()},
        "context": {next(): next()},
    })));
    requests.push(("/access/v1/evaluations", json!({"evaluations": [
        {"subject": {"type": "User", "id": next()}, "action": {"name": "viewTags"}, "resource": {"type": "Product", "id": next()}},
        {"subject": {"type": "User", "id": next(), "properties": {next(): next()}}, "action": {"name": "viewTags"},
         "resource": {"type": "Product", "id": next()}, "context": {next(): next()}},
    ]})));
    requests.push(("/access/v1/search/resource", json!({
        "subject": {"type": "User", "id": next()}, "action": {"name": "viewProduct"}, "resource": {"type": "Product"},
        "context": {"scope": next()},
    })));
    requests.push((
        "/v1/quotes",
        json!({
            "at": "2026-10-01T12:00:00Z", "currency": "CHF", "placed_by": "partner", "payer": "partner",
            "actor": {"type": "User", "id": next()}, "partnership": next(),
            "lines": [{"id": next(), "product": next(), "quantity": 1, "existing": next()}],
        }),
    ));
    requests.push((
        "/v1/transactions",
        json!({
            "evaluations": [{
                "subject": {"type": "User", "id": next()}, "action": {"name": "addUser"},
                "resource": {"type": "Organization", "id": next()},
                "context": {"user": {"type": "User", "id": next()}, "role": next(), "billing": true},
            }],
            "changes": [{"set": {
                "entity": {"type": "Organization", "id": next()}, "attribute": next(), "value": next(),
            }}],
        }),
    ));
    (requests, used)
}

/// The canaries that are in a text.
pub(super) fn found(text: &str) -> Vec<usize> {
    (0..CANARIES).filter(|number| text.contains(&canary(*number))).collect()
}

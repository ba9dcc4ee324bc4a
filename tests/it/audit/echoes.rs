//! No error repeats what was sent (threat T20): it names the field, says what is expected there, and which known name is
//! meant. What callers send may name persons, and errors end up in the logs of everybody in between.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{Logged, ada_adds};
use crate::{http::Reply, transactions::send};

/// A text that resembles no name of the schema or of the wire.
const CANARY: &str = "kanarienvogel_7f3a91bc";

/// Requests that are well, by their routes.
fn templates() -> Vec<(&'static str, Value)> {
    let viewing = json!({
        "subject": {"type": "User", "id": "u-ada", "properties": {"email": "a@example.com"}},
        "action": {"name": "viewProduct", "properties": {"reason": "audit"}},
        "resource": {"type": "Product", "id": "p-new", "properties": {
            "organization": {"type": "Organization", "id": "museum"}, "family": "web", "tags": ["a"],
            "collaborators": [{"type": "User", "id": "u-bob"}], "workGroups": [], "partnerCollaborators": [],
        }},
        "context": {"now": "2026-10-01T12:00:00Z"},
        "options": {"explain": true, "at_least_revision": 1},
    });
    let search = json!({
        "subject": {"type": "User", "id": "u-ada"}, "action": {"name": "listInDirectory"},
        "resource": {"type": "Organization", "id": "alpenhost"}, "context": {}, "page": {"token": "", "limit": 3},
    });
    let order = json!({
        "at": "2026-10-01T12:00:00Z", "currency": "CHF", "placed_by": "partner", "payer": "partner",
        "actor": {"type": "User", "id": "u-ada"}, "partnership": "clinic:alpenhost", "options": {"explain": true},
        "lines": [
            {"id": "1", "product": "web-hosting", "quantity": 35, "currency": "CHF"},
            {"id": "2", "product": "web-hosting", "quantity": 1, "kind": "renewal", "existing": "p-clinic-web"},
        ],
    });
    let stated = json!({
        "at": "2026-10-01T12:00:00Z", "currency": "CHF", "placed_by": "client", "client": "clinic", "partner": "alpenhost",
        "terms": {"access": "limited", "payment_mode": "client", "country": "CH", "vat_number": "CHE-1"},
        "lines": [{"id": "1", "product": "web-hosting", "quantity": 1, "tier_count": 35, "managed": "current"}],
    });
    let (museum, bob) = (json!({"type": "Organization", "id": "museum"}), json!({"type": "User", "id": "u-bob"}));
    let changes = json!([
        {"set": {"entity": museum, "attribute": "listedInDirectory", "value": false}},
        {"add": {"entity": museum, "attribute": "legalRepresentatives", "values": [bob]}},
        {"remove": {"entity": museum, "attribute": "legalRepresentatives", "values": [bob]}},
        {"unset": {"entity": museum, "attribute": "partnership"}},
        {"join": {"entity": bob, "parent": museum}},
        {"leave": {"entity": bob, "parent": museum}},
        {"put": {"uid": {"type": "User", "id": "u-new"}, "attrs": {}, "parents": [museum]}},
        {"put": {"uid": {"type": "Organization", "id": "zoo"}, "attrs": {
            "kind": "company", "country": "DE", "activeWebsite": true, "resellerTermsAccepted": false, "affiliate": false,
            "partnerStatus": "none", "listedInDirectory": false, "tenderTypes": ["web"], "premiumSupport": false,
            "legalRepresentatives": [bob], "administrators": [], "billingUsers": [], "limitedPartnerships": [],
        }, "parents": []}},
        {"delete": {"entity": {"type": "User", "id": "u-new"}}},
    ]);
    let transactions = changes.as_array().unwrap().iter().map(|change| {
        let evaluation = ada_adds("museum");
        ("/v1/transactions", json!({"evaluations": [evaluation], "changes": [change]}))
    });
    let batch = json!({"evaluations": [ada_adds("museum"), {"context": {}}], "subject": {"type": "User", "id": "u-ada"},
        "options": {"evaluations_semantic": "execute_all", "as_of": "2026-10-01T12:00:00Z"}});
    let stale = json!({"evaluations": [], "changes": [changes[0]], "if_revision": 1});
    let others = [
        ("/access/v1/evaluation", ada_adds("museum")),
        ("/access/v1/evaluation", viewing),
        ("/access/v1/evaluations", batch),
        ("/access/v1/search/subject", search.clone()),
        ("/access/v1/search/resource", search.clone()),
        ("/access/v1/search/action", search),
        ("/v1/quotes", order),
        ("/v1/quotes", stated),
        ("/v1/transactions", stale),
    ];
    others.into_iter().chain(transactions).collect()
}

/// Each way to have the canary in a body once: in the place of a value, of a key, and as one key more.
fn spoiled(body: &Value) -> Vec<Value> {
    let canary = json!(CANARY);
    let mut all = vec![canary.clone()];
    match body {
        Value::Object(fields) => {
            for (name, value) in fields {
                let with = |other: &str, value: Value| {
                    let rest = fields.iter().filter(|(known, _)| *known != name);
                    let rest = rest.map(|(name, value)| (name.clone(), value.clone()));
                    Value::Object(rest.chain([(other.to_owned(), value)]).collect::<Map<_, _>>())
                };
                all.push(with(CANARY, value.clone()));
                all.extend(spoiled(value).into_iter().map(|value| with(name, value)));
            }
            let mut more = fields.clone();
            more.insert(CANARY.to_owned(), canary);
            all.push(Value::Object(more));
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                all.extend(spoiled(item).into_iter().map(|item| {
                    let mut items = items.clone();
                    items[place] = item;
                    Value::Array(items)
                }));
            }
        }
        _ => {}
    }
    all
}

/// Whether a reply, or an item of it, is an error.
fn fails(reply: &Reply) -> bool {
    reply.status >= 400 || reply.text.contains("\"error\":{")
}

/// The facts as they would be, which the outcome of a transaction names to those who may read them.
fn is_outcome(reply: &Reply) -> bool {
    let problem = |name: &str| reply.text.contains(&format!(":{name}\""));
    problem("dangling-reference") || problem("broken-invariant")
}

#[test]
fn no_error_repeats_what_was_sent() {
    let logged = Logged::strict();
    let client = logged.client();
    let (mut repeated, mut errors, mut seen) = (String::new(), 0, 0);
    for (path, template) in templates() {
        for body in spoiled(&template) {
            // Each transaction is another one, under a key that is the caller's own words too.
            let key = format!("{CANARY}-{errors}-{seen}");
            let reply =
                if path.ends_with("transactions") { send(&client, &key, &body) } else { client.post(path, &body) };
            let names_it = reply.text.contains(CANARY);
            match fails(&reply) {
                true if names_it && !is_outcome(&reply) => {
                    writeln!(repeated, "{path}: {}\n  {body}", reply.text).unwrap()
                }
                true => errors += 1,
                false => seen += 1,
            }
        }
    }
    assert!(repeated.is_empty(), "{repeated}");
    assert!(errors > 300, "only {errors} requests were refused");
    assert!(seen > 30, "only {seen} were answered");
    // The control: an answer that is no error says what it was asked, and there it is found.
    let mut explained = ada_adds("museum");
    explained["options"] = json!({"explain": true});
    explained["subject"]["id"] = json!(CANARY);
    let reply = client.post("/access/v1/evaluation", &explained);
    assert!(!fails(&reply) && reply.text.contains(CANARY), "{reply:?}");
}

#[test]
fn neither_do_errors_of_what_is_no_json_or_no_path() {
    let logged = Logged::strict();
    let client = logged.client();
    let json = [("content-type", "application/json")];
    let evaluation = "/access/v1/evaluation";
    let mut replies = vec![
        client.send(evaluation, &json, format!("{{\"{CANARY}\": 1, \"{CANARY}\": 2}}").as_bytes()),
        client.send(evaluation, &json, format!("{{\"a\": {CANARY}}}").as_bytes()),
        client.send(evaluation, &json, CANARY.as_bytes()),
        client.send(evaluation, &[("content-type", CANARY)], b"{}"),
        client.send(evaluation, &[("content-type", "application/json"), ("content-encoding", CANARY)], b"{}"),
        client.send(evaluation, &[("content-type", "application/json"), ("authorization", CANARY)], b"{}"),
        client.send("/v1/bundle/reload", &json, format!("\"{CANARY}\"").as_bytes()),
    ];
    let filters = [
        "subject", "resource", "action", "decision", "code", "kind", "caller", "policy", "rule", "from", "until",
        "limit", "token", CANARY,
    ];
    replies.extend(filters.map(|filter| client.get(&format!("/v1/decisions?{filter}={CANARY}"))));
    let paths = ["/v1/decisions/", "/v1/facts/", "/v1/facts/User/", "/v1/", "/"];
    replies.extend(paths.map(|path| client.get(&format!("{path}{CANARY}"))));
    let (errors, found): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| fails(reply));
    assert!(errors.len() >= 18, "{found:?}");
    assert!(errors.iter().all(|reply| !reply.text.contains(CANARY)), "{errors:#?}");
}

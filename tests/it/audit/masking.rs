//! What must not be recorded is nowhere: neither in the log nor in anything else that the service writes (threat T20).

use std::collections::BTreeMap;

use mandat::{
    audit::people::Person,
    config::audit::{AuditSettings, Mode},
};
use serde_json::{Value, json};

use super::{Logged, ada_adds, lines};
use crate::{
    http::process::{Process, mandat},
    support::programme_dir,
    transactions::{bundle, sample_home, send},
    worlds::TempDir,
};

/// A text that stands nowhere else.
fn canary(number: usize) -> String {
    format!("kanarienvogel-{number:02}-{:08x}", number.wrapping_mul(0x9e37_79b9))
}

const CANARIES: usize = 64;

/// Requests with a canary in every field that a caller fills, valid ones and such that cannot be asked.
fn requests() -> (Vec<(&'static str, Value)>, usize) {
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

fn found(text: &str) -> Vec<usize> {
    (0..CANARIES).filter(|number| text.contains(&canary(*number))).collect()
}

/// Everything is a person and nothing is kept: what holds where the settings say nothing.
fn silent() -> AuditSettings {
    AuditSettings::default()
}

fn told_by(settings: AuditSettings) -> String {
    let mut bundle = bundle();
    bundle.settings.audit = settings;
    let logged = Logged::with(Mode::Strict, 1_000, bundle);
    for (path, body) in requests().0 {
        let client = logged.client();
        let reply = if path.ends_with("transactions") { send(&client, "k", &body) } else { client.post(path, &body) };
        assert!(reply.status < 500, "{path}: {reply:?}");
    }
    let records = logged.records();
    assert!(records.len() >= requests().0.len(), "each is recorded");
    logged.assert_sound();
    lines(logged.ledger()).join("\n") + &logged.client().get("/metrics").text
}

#[test]
fn nothing_that_callers_send_is_recorded_unless_the_settings_say_so() {
    let (_, used) = requests();
    assert!(used >= CANARIES, "only {used} canaries are sent");
    assert_eq!(found(&told_by(silent())), Vec::<usize>::new());
    // The control: the same requests where all is kept and nobody is a person.
    let keep = [
        "context.name",
        "context.user",
        "context.role",
        "context.scope",
        "context.access",
        "context.paymentMode",
        "context.products",
        "context.partner",
    ];
    let keep = BTreeMap::from([("*".to_owned(), keep.map(str::to_owned).to_vec())]);
    let open = AuditSettings { persons: Vec::new(), keep, ..silent() };
    let seen = found(&told_by(open));
    assert!(seen.len() > 20, "with the masks off only {seen:?} are seen");
}

#[test]
fn neither_does_anything_else_that_the_service_writes_name_them() {
    let (home, dir) = (sample_home(), TempDir::new());
    let log = dir.path().join("d.db");
    let mut command = mandat();
    command.args(["serve", "--log", "json", "--store", &home.place, "--audit"]).arg(&log);
    let process = Process::start_on(&programme_dir(), command);
    for (path, body) in requests().0 {
        let client = process.client();
        if path.ends_with("transactions") {
            send(&client, "k", &body)
        } else {
            client.post(path, &body)
        };
    }
    let metrics = process.client().get("/metrics").text;
    let (_, written) = process.stop("-TERM");
    assert!(written.contains("decisions are recorded"), "{written}");
    assert_eq!(found(&(metrics + &written)), Vec::<usize>::new());
}

#[test]
fn the_settings_of_the_programme_keep_everything_but_names_that_people_make_up() {
    let bundle = bundle();
    let keep = &bundle.settings.audit.keep;
    let mut dropped = Vec::new();
    for (action, shape) in bundle.shapes.actions.iter().filter(|(action, _)| !action.starts_with("keep")) {
        for entry in shape.context.keys() {
            let path = format!("context.{entry}");
            let kept = |key: &str| keep.get(key).is_some_and(|paths| paths.contains(&path));
            if entry != "now" && !kept("*") && !kept(action) {
                dropped.push(format!("{action} {entry}"));
            }
        }
    }
    assert_eq!(dropped, ["createApplicationPassword name"]);
}

#[test]
fn whoever_is_erased_cannot_be_found_again_and_the_chain_stays_whole() {
    let logged = Logged::strict();
    let ask = || assert!(logged.client().post("/access/v1/evaluation", &ada_adds("museum")).decision());
    ask();
    let ada = Person { entity_type: "User".to_owned(), id: "u-ada".to_owned() };
    let pseudonym = logged.ledger().pseudonym(&ada).unwrap().unwrap();
    assert_eq!(logged.ledger().person(pseudonym).unwrap(), Some(ada.clone()), "before");
    assert_eq!(logged.ledger().forget(&ada).unwrap(), Some(pseudonym));
    assert_eq!(logged.ledger().person(pseudonym).unwrap(), None);
    assert_eq!(logged.ledger().pseudonym(&ada).unwrap(), None);
    let [other] = logged.ledger().enroll(std::slice::from_ref(&ada)).unwrap()[..] else { unreachable!() };
    assert_ne!(other, pseudonym, "what is recorded later has another pseudonym");
    logged.assert_sound();
}

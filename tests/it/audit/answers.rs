//! Everything that is answered is one record, which says what the answer said.

use mandat::config::ServerSettings;
use serde_json::{Value, json};

use super::{Logged, ada_adds, adds};
use crate::{
    http::Server,
    replicas::until,
    transactions::{bundle, send},
};

/// What records have of their own.
fn without_chain(mut record: Value) -> Value {
    for name in ["writer", "sequence", "previous", "id", "at", "latency_us", "bundle", "masked"] {
        record.as_object_mut().unwrap().remove(name);
    }
    record
}

/// What Ada orders for the clinic.
fn order() -> Value {
    json!({
        "at": "2026-10-01T12:00:00Z", "currency": "CHF", "placed_by": "partner", "payer": "partner",
        "actor": {"type": "User", "id": "u-ada"}, "partnership": "clinic:alpenhost",
        "lines": [{"id": "1", "product": "web-hosting", "quantity": 35}],
    })
}

#[test]
fn a_decision_is_recorded_with_the_policies_and_rules_that_determined_it() {
    let logged = Logged::strict();
    let reply = logged.client().send(
        "/access/v1/evaluation",
        &[("content-type", "application/json"), ("x-request-id", "r-17")],
        ada_adds("museum").to_string().as_bytes(),
    );
    assert!(reply.decision());
    let records = logged.records();
    assert_eq!(records.len(), 1);
    let record = &records[0];
    assert_eq!(record["bundle"].as_str(), reply.header("x-mandat-bundle"));
    assert_eq!(record["revision"].to_string(), reply.header("x-mandat-revision").unwrap());
    assert!(record["latency_us"].as_u64().unwrap() > 0);
    let pseudonym = record["question"]["subject"]["id"].as_str().unwrap().to_owned();
    assert!(pseudonym.starts_with('~') && pseudonym.len() == 33, "{pseudonym}");
    assert_eq!(record["masked"], json!(["subject.id"]));
    assert_eq!(
        without_chain(record.clone()),
        json!({
            "caller": "anonymous", "request": "r-17", "kind": "decision",
            "question": {
                "subject": {"type": "User", "id": pseudonym},
                "action": {"name": "addClient"},
                "resource": {"type": "Organization", "id": "alpenhost"},
                "context": {"client": {"type": "Organization", "id": "museum"}, "access": "full"},
            },
            "decision": true, "code": "permitted", "policies": ["clients.add"],
            "rules": record["rules"], "obligations": ["notifyClientOfRequest"], "revision": 1,
        })
    );
    assert!(record["rules"].as_array().unwrap().contains(&json!("CLI-01")), "{record:#}");
    logged.assert_sound();
}

#[test]
fn each_item_of_a_batch_is_a_record_those_that_cannot_be_asked_too() {
    let logged = Logged::strict();
    let mut unknown = ada_adds("museum");
    unknown["action"]["name"] = json!("unheardOf");
    let body = json!({ "evaluations": [ada_adds("museum"), adds("u-bob", "museum"), unknown] });
    assert_eq!(logged.client().post("/access/v1/evaluations", &body).status, 200);
    let records = logged.records();
    let told: Vec<_> = records.iter().map(|record| (&record["item"], &record["decision"])).collect();
    assert_eq!(told, [(&json!(0), &json!(true)), (&json!(1), &json!(false)), (&json!(2), &Value::Null)]);
    assert_eq!(records[2]["error"], json!({"status": 400, "reason": "invalid", "field": "action"}));
    assert!(records[2].get("question").is_none(), "what cannot be asked is in nobody's words but the caller's");
}

#[test]
fn searches_quotes_and_transactions_are_recorded() {
    let logged = Logged::strict();
    let client = logged.client();
    let search = json!({
        "subject": {"type": "User"}, "action": {"name": "listInDirectory"},
        "resource": {"type": "Organization", "id": "alpenhost"},
    });
    let found = client.post("/access/v1/search/subject", &search).json()["results"].as_array().unwrap().len();
    let quote = client.post("/v1/quotes", &order()).json();
    let change = json!({"set": {
        "entity": {"type": "Organization", "id": "alpenhost"}, "attribute": "listedInDirectory", "value": false,
    }});
    let asked = json!({
        "subject": {"type": "User", "id": "u-ada"}, "action": {"name": "listInDirectory"},
        "resource": {"type": "Organization", "id": "alpenhost"},
    });
    let transaction = json!({"evaluations": [asked], "changes": [change]});
    assert_eq!(send(&client, "once", &transaction).json()["committed"], true);
    assert_eq!(send(&client, "once", &transaction).json()["committed"], true);
    let denied = json!({"evaluations": [adds("u-bob", "museum")], "changes": [change]});
    assert_eq!(send(&client, "other", &denied).json()["committed"], false);

    let records = logged.records();
    let kinds: Vec<_> = records.iter().map(|record| record["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["search", "quote", "transaction", "transaction", "transaction"]);
    let [search, priced, committed, repeated, denied] = &records[..] else { unreachable!() };
    assert_eq!((&search["sought"], search["results"].as_array().unwrap().len()), (&json!("subject"), found));
    assert_eq!(search["question"]["subject"], json!({"type": "User", "id": ""}), "nobody is named on that side");
    assert_eq!(priced["decision"], true);
    assert_eq!(priced["priced"]["charged"], quote["totals"]["charged"]);
    assert_eq!(priced["priced"]["sha256"], quote["tariff"]["sha256"]);
    assert_eq!((&committed["outcome"], &committed["committed"]), (&json!("committed"), &json!(2)));
    assert_eq!(
        committed["changes"],
        json!([{
            "change": "set", "entity": {"type": "Organization", "id": "alpenhost"}, "attribute": "listedInDirectory",
        }])
    );
    assert_eq!(committed["evaluations"][0]["decision"], true);
    assert_eq!((&repeated["outcome"], &repeated["repeated"]), (&json!("repeated"), &json!(true)));
    assert_eq!((&denied["outcome"], &denied["evaluations"][0]["decision"]), (&json!("denied"), &json!(false)));
    logged.assert_sound();
}

/// What is decided past the deadline is told nobody: the record does not say that it was.
#[test]
fn what_came_too_late_is_recorded_as_an_error() {
    let logged = Logged::strict();
    let hurried = Server::without_bundle(ServerSettings { deadline_ms: 0, ..ServerSettings::default() }, false);
    hurried.service.activate_with(logged.home.engine(bundle()), Some(logged.recorder.clone())).unwrap();
    let ask = |client: crate::http::Client| {
        let (decided, priced) =
            (client.post("/access/v1/evaluation", &ada_adds("museum")), client.post("/v1/quotes", &order()));
        [decided.status, priced.status]
    };
    assert_eq!(ask(hurried.client()), [503, 503]);
    until("both are recorded", || logged.records().len() == 2);
    for record in logged.records() {
        assert_eq!(record["error"], json!({"status": 503, "reason": "late"}), "{record:#}");
        assert!(record.get("question").is_some(), "{record:#}");
        assert!(["decision", "priced"].iter().all(|answer| record.get(answer).is_none()), "{record:#}");
    }
    // The control: only the deadline differs.
    assert_eq!(ask(logged.client()), [200, 200]);
    assert!(logged.records()[2..].iter().all(|record| record["decision"] == true), "{:#?}", logged.records());
    logged.assert_sound();
}

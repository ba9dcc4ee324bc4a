//! Quotes through a real socket and on the command line: a price always comes with the decision that allows it.

use std::sync::OnceLock;

use mandat::{config::ServerSettings, engine::Engine, facts::memory::MemoryFacts};
use serde_json::{Value, json};

use crate::{
    command_line::{code, mandat},
    http::{Reply, Server},
    support::programme_dir,
    worlds::TempDir,
};

/// The service on the programme's bundle and sample facts.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let server = Server::without_bundle(ServerSettings::default(), false);
        let bundle = mandat::bundle::Bundle::load(&programme_dir()).unwrap_or_else(|problems| panic!("{problems}"));
        let facts = MemoryFacts::read(&programme_dir().join("tests/facts/programme.json"), &bundle.schema).unwrap();
        server.service.activate(Engine::new(bundle, facts)).unwrap();
        server
    })
}

fn ask(order: &Value) -> Reply {
    server().client().post("/v1/quotes", order)
}

/// An order of web hostings on 1 October 2026 in CHF, with some fields replaced or (by null) taken out.
fn order(fields: Value) -> Value {
    let mut order = json!({
        "at": "2026-10-01T12:00:00Z", "currency": "CHF", "placed_by": "partner", "payer": "partner",
        "actor": {"type": "User", "id": "u-ada"}, "partnership": "clinic:alpenhost",
        "lines": [{"id": "1", "product": "web-hosting", "quantity": 35}],
    });
    for (name, value) in fields.as_object().unwrap() {
        order[name] = value.clone();
    }
    order
}

/// Terms that the caller states.
fn stated(terms: Value, fields: Value) -> Value {
    let mut order = order(json!({ "actor": null, "partnership": null, "terms": terms }));
    for (name, value) in fields.as_object().unwrap() {
        order[name] = value.clone();
    }
    order
}

fn priced(order: &Value) -> Value {
    let reply = ask(order);
    assert_eq!(reply.status, 200, "{reply:?}");
    let answer = reply.json();
    assert!(answer["lines"].is_array(), "no price: {answer:#}");
    answer
}

/// `outcome list charged cashback` of a line.
fn line(answer: &Value, position: usize) -> String {
    let line = &answer["lines"][position];
    let parts = ["outcome", "list", "charged", "cashback"].map(|name| line[name].as_str().unwrap_or("-"));
    parts.join(" ")
}

fn renewal(existing: &str) -> Value {
    json!({"product": "web-hosting", "quantity": 1, "existing": existing, "kind": "renewal"})
}

#[test]
fn a_partner_that_pays_is_charged_the_preferential_price() {
    let answer = priced(&order(json!({})));
    assert_eq!(answer["decision"], json!({"decision": true}));
    assert_eq!(line(&answer, 0), "discount 347.20 208.32 0.00");
    assert_eq!(answer["lines"][0]["benefit"], "F4");
    assert_eq!(answer["lines"][0]["payer"], "partner");
    assert_eq!(answer["lines"][0]["weakest_source"], "sample");
    assert_eq!(answer["totals"], json!({"list": "347.20", "charged": "208.32", "cashback": "0.00"}));
    let running: Vec<&str> =
        answer["lines"][0]["steps"].as_array().unwrap().iter().map(|step| step["running"].as_str().unwrap()).collect();
    assert_eq!(running, ["347.20", "277.76", "208.32"]);
}

#[test]
fn a_client_that_pays_is_charged_the_list_price_and_its_partner_earns_the_difference() {
    let rosa = json!({"actor": {"type": "User", "id": "u-rosa"}, "partnership": "bakery:alpenhost", "placed_by": "client", "payer": "bakery"});
    let answer = priced(&order(rosa.clone()));
    assert_eq!(line(&answer, 0), "cashback 347.20 347.20 138.88");
    let mut euro = order(rosa);
    euro["currency"] = json!("EUR");
    assert_eq!(line(&priced(&euro), 0), "cashback 201.25 201.25 80.50");
}

#[test]
fn the_facts_say_whether_a_limited_partner_manages_the_product() {
    for (partnership, product, expected) in [
        ("museum:alpenhost", "museum-site", "cashback"),
        ("museum:alpenhost", "museum-shop", "none"),
        ("museum:pixelwerk", "museum-shop", "none"),
    ] {
        let answer = priced(&order(json!({
            "actor": {"type": "User", "id": "u-mila"}, "partnership": partnership, "placed_by": "client", "payer": "client",
            "lines": [renewal(product)],
        })));
        assert_eq!(answer["lines"][0]["outcome"], expected, "{partnership} {product}");
    }
}

#[test]
fn a_new_product_earns_a_limited_partner_nothing() {
    let answer = priced(&order(json!({
        "actor": {"type": "User", "id": "u-mila"}, "partnership": "museum:alpenhost", "placed_by": "client", "payer": "client",
    })));
    assert_eq!(line(&answer, 0), "none 347.20 347.20 0.00");
    assert_eq!(answer["lines"][0]["readings"], json!(["CON-24"]));
}

#[test]
fn a_denied_order_has_its_explanation_and_no_price() {
    for (what, fields) in [
        ("a limited partner orders", json!({"partnership": "museum:alpenhost", "payer": "client"})),
        ("somebody without a role orders", json!({"actor": {"type": "User", "id": "u-nora"}})),
        ("the client pays although the partnership says the partner", json!({"payer": "client"})),
        (
            "the partner has left the programme",
            json!({"actor": {"type": "User", "id": "u-jan"}, "partnership": "sawmill:nordlicht"}),
        ),
        (
            "a partner renews with limited access",
            json!({"partnership": "museum:alpenhost", "payer": "client", "lines": [renewal("museum-site")]}),
        ),
        (
            "one line of two is denied",
            json!({"lines": [{"product": "web-hosting", "quantity": 1}, renewal("clinic-site")], "actor": {"type": "User", "id": "u-eve"}}),
        ),
    ] {
        let reply = ask(&order(fields));
        assert_eq!(reply.status, 200, "{what}: {reply:?}");
        let answer = reply.json();
        assert_eq!(answer["decision"]["decision"], false, "{what}");
        assert!(answer["decision"]["context"]["code"].is_string(), "{what}: explained");
        assert_eq!(answer.as_object().unwrap().len(), 1, "{what}: nothing but the decision: {answer:#}");
    }
}

#[test]
fn a_quote_decides_as_an_evaluation_does_for_everybody() {
    let facts: Value =
        serde_json::from_str(&std::fs::read_to_string(programme_dir().join("tests/facts/programme.json")).unwrap())
            .unwrap();
    let users = facts.as_array().unwrap().iter().filter(|entity| entity["uid"]["type"] == "User");
    let (mut allowed, mut denied) = (0, 0);
    for user in users.map(|user| user["uid"]["id"].as_str().unwrap()) {
        for (partnership, client, partner) in [
            ("clinic:alpenhost", "clinic", "alpenhost"),
            ("bakery:alpenhost", "bakery", "alpenhost"),
            ("museum:alpenhost", "museum", "alpenhost"),
        ] {
            for (placed_by, payer) in
                [("client", client), ("client", partner), ("partner", client), ("partner", partner)]
            {
                let resource =
                    if placed_by == "client" { ("Organization", client) } else { ("Partnership", partnership) };
                let may = server().evaluate(&json!({
                    "subject": {"type": "User", "id": user}, "action": {"name": "orderProduct"},
                    "resource": {"type": resource.0, "id": resource.1},
                    "context": {"payer": {"type": "Organization", "id": payer}, "family": "web-hosting"},
                }));
                let quote = ask(&order(json!({
                    "actor": {"type": "User", "id": user}, "partnership": partnership, "placed_by": placed_by, "payer": payer,
                })))
                .json();
                assert_eq!(quote["decision"]["decision"], may.decision(), "{user} {partnership} {placed_by} {payer}");
                assert_eq!(quote["lines"].is_array(), may.decision(), "{user} {partnership} {placed_by} {payer}");
                *if may.decision() { &mut allowed } else { &mut denied } += 1;
            }
        }
    }
    assert!(allowed > 10 && denied > 100, "the control: both kinds were asked: {allowed}, {denied}");
}

#[test]
fn an_automatic_renewal_is_priced_without_an_actor() {
    let lines = json!([renewal("clinic-site")]);
    let answer = priced(&order(json!({"actor": null, "placed_by": "renewal", "lines": lines})));
    assert_eq!(line(&answer, 0), "discount 9.92 7.94 0.00");
    assert_eq!(answer.get("decision"), None, "nobody acts");
    let answer = priced(&order(
        json!({"actor": null, "placed_by": "renewal", "payer": "client", "partnership": "bakery:alpenhost", "lines": [renewal("bakery-site")]}),
    ));
    assert_eq!(line(&answer, 0), "cashback 9.92 9.92 1.98");
    let answer = priced(&order(
        json!({"actor": null, "placed_by": "renewal", "payer": "client", "partnership": "sawmill:nordlicht", "lines": [renewal("sawmill-site")]}),
    ));
    assert_eq!(line(&answer, 0), "none 9.92 9.92 0.00", "the partner has left the programme");
}

#[test]
fn whoever_has_no_partner_or_orders_for_itself_pays_the_list_price() {
    let own = json!({"partnership": null, "client": "alpenhost", "partner": "alpenhost"});
    let answer = priced(&order(own));
    assert_eq!((line(&answer, 0).as_str(), &answer["lines"][0]["benefit"]), ("none 347.20 347.20 0.00", &json!("O1")));
    let gallery = json!({"partnership": null, "client": "gallery", "placed_by": "client", "payer": "client", "actor": {"type": "User", "id": "u-paula"}});
    let answer = priced(&order(gallery));
    assert_eq!(line(&answer, 0), "none 347.20 347.20 0.00");
}

#[test]
fn what_the_programme_does_not_speak_of_is_refused_with_the_reading() {
    for (terms, by, payer) in [
        (json!({"access": "full", "payment_mode": "client"}), "partner", "partner"),
        (json!({"access": "full", "payment_mode": "partner"}), "partner", "client"),
    ] {
        let answer = priced(&stated(terms, json!({"placed_by": by, "payer": payer})));
        let line = &answer["lines"][0];
        assert_eq!(line["outcome"], "refused");
        assert_eq!(line["readings"], json!(["CON-27"]));
        assert!(line["reason"].as_str().unwrap().contains("CON-27"), "{line}");
        for amount in ["list", "preferential", "charged", "cashback"] {
            assert_eq!(line.get(amount), None, "{amount}");
        }
        assert_eq!(answer["totals"]["charged"], "0.00");
    }
}

#[test]
fn lines_of_one_order_count_together() {
    let lines = json!([{"product": "web-hosting", "quantity": 20}, {"product": "mail-hosting", "quantity": 15}, {"product": "domain-ch", "quantity": 1}]);
    let answer = priced(&order(json!({"lines": lines})));
    assert_eq!(line(&answer, 0), "discount 198.40 119.04 0.00", "20 of 35: the tier's 25 %");
    let apart = priced(&order(json!({"lines": [{"product": "web-hosting", "quantity": 20}]})));
    assert_eq!(line(&apart, 0), "discount 198.40 158.72 0.00", "20 alone");
    let counted = priced(&order(json!({"lines": [{"product": "web-hosting", "quantity": 20, "tier_count": 35}]})));
    assert_eq!(line(&counted, 0), line(&answer, 0), "the caller's count goes before");
}

#[test]
fn tax_stands_beside_the_net_amounts() {
    let told = |terms: Value| priced(&stated(terms, json!({})))["tax"].clone();
    let taxed = |terms: Value| {
        let tax = told(terms);
        json!({"treatment": tax["treatment"], "rate": tax["rate"], "amount": tax["amount"]})
    };
    let full = |more: Value| {
        let mut terms = json!({"access": "full", "payment_mode": "partner"});
        more.as_object().unwrap().iter().for_each(|(name, value)| terms[name] = value.clone());
        terms
    };
    assert_eq!(
        taxed(full(json!({"country": "CH"}))),
        json!({"treatment": "swiss_vat", "rate": "0.081", "amount": "16.87"})
    );
    let reverse = taxed(full(json!({"country": "DE", "vat_number": "DE123456789"})));
    assert_eq!((&reverse["treatment"], &reverse["amount"]), (&json!("eu_reverse_charge"), &json!("0.00")));
    let bare = taxed(full(json!({"country": "DE"})));
    assert_eq!(bare, json!({"treatment": "eu_vat", "rate": "0.19", "amount": "39.58"}));
    let placed = told(full(json!({"country": "CH"})));
    for place in ["at", "rate_at"] {
        assert!(placed[place].as_str().unwrap().starts_with("tariffs/vat.toml:"), "{placed}");
    }
    let unknown = taxed(full(json!({"country": "ZZ"})));
    assert_eq!(
        (&unknown["treatment"], &unknown["rate"], &unknown["amount"]),
        (&json!("unknown"), &Value::Null, &Value::Null)
    );
    let with_facts = priced(&order(json!({})));
    assert_eq!(with_facts["tax"]["treatment"], "swiss_vat", "alpenhost pays, and stands in Switzerland");
}

#[test]
fn no_number_of_an_answer_is_an_amount() {
    fn numbers(value: &Value, path: &str, found: &mut Vec<String>) {
        match value {
            Value::Number(_) => found.push(path.to_owned()),
            Value::Array(items) => items.iter().for_each(|item| numbers(item, path, found)),
            Value::Object(fields) => {
                fields.iter().for_each(|(name, value)| numbers(value, &format!("{path}.{name}"), found))
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    numbers(&priced(&order(json!({}))), "", &mut found);
    assert_eq!(found, [".tariff.version"]);
}

/// The facts of the programme after a change, in a file.
fn changed_facts(change: impl FnOnce(&mut Vec<Value>)) -> TempDir {
    let text = std::fs::read_to_string(programme_dir().join("tests/facts/programme.json")).unwrap();
    let mut facts: Vec<Value> = serde_json::from_str(&text).unwrap();
    change(&mut facts);
    let dir = TempDir::new();
    dir.write("facts.json", &serde_json::to_string(&facts).unwrap());
    dir
}

/// What the command says of an order on changed facts.
fn told(dir: &TempDir, order: &Value) -> Value {
    let facts = dir.path().join("facts.json");
    let output = mandat(&["quote", "-", "--json", "--facts", facts.to_str().unwrap()], &order.to_string());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn entity<'f>(facts: &'f mut [Value], id: &str) -> &'f mut Value {
    facts.iter_mut().find(|entity| entity["uid"]["id"] == id).unwrap()
}

#[test]
fn an_agreement_that_ended_does_not_hide_the_one_in_force() {
    let dir = changed_facts(|facts| {
        let mut old = entity(facts, "bakery:alpenhost").clone();
        old["uid"]["id"] = json!("bakery:pixelwerk");
        old["attrs"]["partner"]["id"] = json!("pixelwerk");
        old["attrs"]["status"] = json!("ended");
        facts.push(old);
    });
    let rosa = |partnership: &str| {
        order(
            json!({"actor": {"type": "User", "id": "u-rosa"}, "placed_by": "client", "payer": "client", "partnership": partnership}),
        )
    };
    assert_eq!(told(&dir, &rosa("bakery:pixelwerk"))["field"], "partnership");
    assert_eq!(line(&told(&dir, &rosa("bakery:alpenhost")), 0), "cashback 347.20 347.20 138.88", "the control");
}

#[test]
fn an_agreement_that_the_client_does_not_name_counts_for_nothing() {
    let dir = changed_facts(|facts| {
        entity(facts, "clinic")["attrs"].as_object_mut().unwrap().remove("fullPartnership");
    });
    assert_eq!(told(&dir, &order(json!({})))["field"], "partnership");
    assert_eq!(line(&told(&changed_facts(|_| {}), &order(json!({}))), 0), "discount 347.20 208.32 0.00", "the control");
}

/// Both sides may renew, and who does decides between discount and cashback.
#[test]
fn whoever_renews_acts_for_the_side_that_is_said_to_place_it() {
    for (user, placed_by, expected) in [
        ("u-ada", "partner", Ok("discount")),
        ("u-ada", "client", Err("placed_by")),
        ("u-ada", "renewal", Ok("discount")),
        ("u-wanda", "client", Ok("cashback")),
        ("u-wanda", "partner", Err("placed_by")),
        ("u-wanda", "renewal", Err("placed_by")),
    ] {
        let actor = json!({"type": "User", "id": user});
        let asked = order(json!({"actor": actor, "placed_by": placed_by, "lines": [renewal("clinic-site")]}));
        let answer = ask(&asked).json();
        match expected {
            Ok(outcome) => assert_eq!(answer["lines"][0]["outcome"], outcome, "{user} {placed_by}: {answer:#}"),
            Err(field) => assert_eq!(answer["field"], field, "{user} {placed_by}: {answer:#}"),
        }
    }
}

#[test]
fn stated_terms_that_contradict_themselves_are_refused() {
    let same = json!({"client": "alpenhost", "partner": "alpenhost"});
    let two = json!({"client": "clinic", "partner": "alpenhost"});
    let full = json!({"access": "full", "payment_mode": "partner"});
    for (terms, fields, field) in [
        (json!({"access": "own"}), two, "terms.access"),
        (full.clone(), same, "terms.access"),
        (full.clone(), json!({"client": "partner", "partner": "alpenhost"}), "payer"),
        (
            full.clone(),
            json!({"lines": [{"product": "web-hosting", "quantity": 1, "existing": "x", "managed": "new"}]}),
            "lines[0].managed",
        ),
        (
            full.clone(),
            json!({"placed_by": "renewal", "lines": [{"product": "web-hosting", "quantity": 1, "kind": "order"}]}),
            "lines[0].kind",
        ),
    ] {
        let reply = ask(&stated(terms, fields.clone()));
        assert_eq!((reply.status, &reply.json()["field"]), (422, &json!(field)), "{fields}: {reply:?}");
    }
    let unasked = priced(&stated(full, json!({"actor": {"type": "User", "id": "u-nora"}})));
    assert_eq!(unasked.get("decision"), None, "a decision on other facts would say nothing");
}

/// Every mistake has its own type, its field, and a sentence.
#[test]
fn mistakes_are_problems_with_a_type_and_a_field() {
    let one = |line: Value, partnership: &str| json!({ "lines": [line], "partnership": partnership });
    let hosting = |more: Value| {
        let mut line = json!({"product": "web-hosting", "quantity": 1});
        more.as_object().unwrap().iter().for_each(|(name, value)| line[name] = value.clone());
        one(line, "clinic:alpenhost")
    };
    for (fields, status, kind, field) in [
        (hosting(json!({"quantity": 0})), 422, "bad-quantity", "lines[0].quantity"),
        (hosting(json!({"quantity": -1})), 422, "bad-quantity", "lines[0].quantity"),
        (hosting(json!({"quantity": 1.5})), 422, "bad-quantity", "lines[0].quantity"),
        (hosting(json!({"quantity": "35"})), 422, "bad-quantity", "lines[0].quantity"),
        (hosting(json!({"quantity": 1_000_001})), 422, "bad-quantity", "lines[0].quantity"),
        (hosting(json!({"quantity": null})), 400, "invalid-form", "lines[0].quantity"),
        (hosting(json!({"quantity": 5, "tier_count": 4})), 422, "bad-count", "lines[0].tier_count"),
        (
            one(json!({"product": "server-small", "quantity": 1}), "clinic:alpenhost"),
            422,
            "bad-count",
            "lines[0].tier_count",
        ),
        (hosting(json!({"product": "web-hostng"})), 422, "unknown-product", "lines[0].product"),
        (json!({"currency": "USD"}), 422, "unknown-currency", "currency"),
        (hosting(json!({"currency": "EUR"})), 422, "mixed-currencies", "lines[0].currency"),
        (json!({"at": "2025-12-11T22:59:59Z"}), 422, "no-tariff", "at"),
        (json!({"at": "yesterday"}), 400, "invalid-form", "at"),
        (json!({"actor": null}), 400, "invalid-form", "actor"),
        (json!({"actor": {"type": "Usr", "id": "u-ada"}}), 400, "invalid-form", "actor.type"),
        (json!({"placed_by": "nobody"}), 400, "invalid-form", "placed_by"),
        (json!({"payer": "gallery"}), 422, "bad-terms", "payer"),
        (json!({"payer": null}), 400, "invalid-form", "payer"),
        (json!({"partnership": "clinic:pixelwerk"}), 422, "unknown-reference", "partnership"),
        (json!({"partnership": null, "client": "bakery"}), 422, "bad-terms", "partnership"),
        (json!({"partnership": null, "client": "bakery", "partner": "bakery"}), 422, "bad-terms", "partnership"),
        (
            one(
                json!({"product": "domain-eu", "quantity": 1, "existing": "museum-domain", "kind": "renewal"}),
                "museum:alpenhost",
            ),
            422,
            "bad-terms",
            "lines[0].existing",
        ),
        (one(renewal("museum-site"), "museum:pixelwerk"), 422, "bad-terms", "lines[0].existing"),
        (one(renewal("clinic-domain"), "clinic:alpenhost"), 422, "bad-terms", "lines[0].product"),
        (json!({"at": "20261001T120000Z"}), 400, "invalid-form", "at"),
        (json!({"at": "2026-10-01 12:00:00Z"}), 400, "invalid-form", "at"),
        (json!({"payer": "p".repeat(257)}), 400, "invalid-form", "payer"),
        (json!({"client": "bakery"}), 422, "bad-terms", "client"),
        (json!({"partner": "pixelwerk"}), 422, "bad-terms", "partner"),
        (json!({"terms": {"access": "full", "payment_mode": "partner"}}), 422, "bad-terms", "terms"),
        (hosting(json!({"managed": "yes"})), 422, "bad-terms", "lines[0].managed"),
        (hosting(json!({"existing": "nothing"})), 422, "unknown-reference", "lines[0].existing"),
        (hosting(json!({"existing": "bakery-site"})), 422, "bad-terms", "lines[0].existing"),
        (hosting(json!({"kind": "renewal"})), 400, "invalid-form", "lines[0].existing"),
        (hosting(json!({"tier_cuont": 35})), 400, "invalid-form", "lines[0]"),
        (json!({"lines": []}), 400, "invalid-form", "lines"),
        (
            json!({"lines": [{"id": "a", "product": "web-hosting", "quantity": 1}, {"id": "a", "product": "web-hosting", "quantity": 1}]}),
            400,
            "invalid-form",
            "lines[1].id",
        ),
        (
            json!({"partnership": null, "actor": null, "terms": {"access": "limited", "payment_mode": "client"}}),
            422,
            "bad-terms",
            "terms.payment_mode",
        ),
        (
            json!({"partnership": null, "actor": null, "terms": {"access": "full"}}),
            422,
            "bad-terms",
            "terms.payment_mode",
        ),
    ] {
        let reply = ask(&order(fields.clone()));
        assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{fields}: {reply:?}");
        let problem = reply.json();
        let found = (reply.status, problem["type"].as_str().unwrap(), problem["field"].as_str().unwrap_or("-"));
        assert_eq!(found, (status, &*format!("urn:mandat:problem:{kind}"), field), "{fields}: {problem:#}");
        assert_eq!(problem["status"], status);
        assert!(problem["detail"].as_str().unwrap().starts_with(field), "{problem:#}");
    }
}

#[test]
fn a_quote_is_never_made_from_older_facts_than_the_caller_has_seen() {
    // These facts come from a file: revision 0 and no other.
    let known = ask(&order(json!({"options": {"at_least_revision": 0}})));
    assert_eq!(known.status, 200, "{known:?}");
    let newer = ask(&order(json!({"options": {"at_least_revision": 1}})));
    assert_eq!((newer.status, &newer.json()["type"]), (503, &json!("urn:mandat:problem:unavailable")));
    let mistaken = ask(&order(json!({"options": {"at_least_revision": "one"}})));
    assert_eq!((mistaken.status, &mistaken.json()["field"]), (400, &json!("options.at_least_revision")));
}

#[test]
fn a_misspelt_product_is_recognized() {
    let problem = ask(&order(json!({"lines": [{"product": "web-hostng", "quantity": 1}]}))).json();
    assert_eq!(problem["detail"], "lines[0].product: the tariff has no such product; did you mean `web-hosting`?");
}

#[test]
fn bodies_that_are_no_order_are_problems_too() {
    let client = server().client();
    for (body, status, kind) in
        [("[]", 400, "invalid-form"), ("{", 400, "invalid-form"), (r#"{"at":1,"at":2}"#, 400, "invalid-form")]
    {
        let reply = client.send("/v1/quotes", &[("content-type", "application/json")], body.as_bytes());
        assert_eq!(
            (reply.status, reply.json()["type"].as_str().unwrap()),
            (status, &*format!("urn:mandat:problem:{kind}")),
            "{body}"
        );
    }
}

#[test]
fn a_bundle_without_a_tariff_prices_nothing() {
    let server = Server::start();
    let reply = server.client().post("/v1/quotes", &order(json!({})));
    assert_eq!((reply.status, reply.json()["type"].as_str().unwrap()), (422, "urn:mandat:problem:no-tariff"));
}

/// A validator of one schema of the OpenAPI document.
fn documented(name: &str) -> jsonschema::Validator {
    let document = server().get("/openapi.json").json();
    let reference = format!("#/components/schemas/{name}");
    jsonschema::validator_for(&json!({ "$ref": reference, "components": document["components"] })).unwrap()
}

#[test]
fn answers_and_problems_are_as_the_openapi_document_says() {
    let answer = documented("QuoteAnswer");
    let refused = stated(json!({"access": "full", "payment_mode": "client", "country": "ZZ"}), json!({}));
    let denied = order(json!({"partnership": "museum:alpenhost", "payer": "client"}));
    let explained = order(json!({"options": {"explain": true}}));
    for asked in [order(json!({})), refused, denied, explained] {
        let given = ask(&asked).json();
        assert!(
            answer.is_valid(&given),
            "{:?} in {given:#}",
            answer.iter_errors(&given).next().map(|error| error.to_string())
        );
    }
    let problem = documented("ProblemDetails");
    let given = ask(&order(json!({"payer": null}))).json();
    assert!(problem.is_valid(&given), "{given:#}");
    assert!(!answer.is_valid(&json!({"lines": [{"id": 1}]})), "the control: what is not documented is noticed");
    let document = documented("OrderDocument");
    for asked in [order(json!({})), stated(json!({"access": "none"}), json!({}))] {
        assert!(document.is_valid(&asked), "{asked:#}");
    }
}

fn command(order: &Value, more: &[&str]) -> std::process::Output {
    let arguments = [&["quote", "-", "--facts", "tests/facts/programme.json"], more].concat();
    mandat(&arguments, &order.to_string())
}

#[test]
fn the_command_answers_as_the_service_does() {
    let allowed = command(&order(json!({})), &["--json"]);
    assert_eq!(code(&allowed), 0);
    assert_eq!(serde_json::from_slice::<Value>(&allowed.stdout).unwrap(), priced(&order(json!({}))));
    let denied = order(json!({"partnership": "museum:alpenhost", "payer": "client"}));
    let output = command(&denied, &["--json"]);
    assert_eq!(code(&output), 2);
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), ask(&denied).json());
    let refused = stated(json!({"access": "full", "payment_mode": "client"}), json!({}));
    assert_eq!(code(&command(&refused, &[])), 1, "a line without a price");
    assert_eq!(code(&command(&order(json!({"payer": null})), &[])), 3);
}

#[test]
fn a_person_sees_the_price_come_about() {
    let shown = String::from_utf8(command(&order(json!({})), &["--explain"]).stdout).unwrap();
    for row in [
        "Allow",
        "  list                 35 × 9.92                                 347.20   product.web-hosting (tariffs/partner.v1.toml:",
        "  partner discount     -20 % of 347.20              -69.44       277.76   family.web-hosting (tariffs/partner.v1.toml:",
        "  quantity tier        -25 % of 277.76              -69.44       208.32   tier.hosting (tariffs/partner.v1.toml:",
        "  charged              to the partner, discounted                    208.32",
        "tax swiss vat: 8.1 % 16.87",
        "open question Q3",
    ] {
        assert!(shown.contains(row), "{row} is not in\n{shown}");
    }
}

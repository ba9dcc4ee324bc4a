//! Near misses in words: which permits are named, in what order, what was found and what would change it.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::{
    support::programme,
    worlds::{World, asks, office},
};

const ADA: &str = "Person::\"ada\"";
const LEASE: &str = "Document::\"lease\"";

fn context() -> Value {
    json!({"badge": "red", "pin": 7, "urgent": false, "guest": {"type": "Person", "id": "bob"}})
}

/// A permit for editing documents under a condition.
fn permit(id: &str, condition: &str) -> String {
    format!(
        "@id(\"{id}\") permit (principal is Person, action == Action::\"edit\", resource is Document) {condition};\n"
    )
}

/// Each missing clause as `clause | found | change`, of each near miss under its id, when Ada edits the lease.
fn missing(policies: &str) -> Vec<(String, Vec<String>)> {
    let world = World::office(policies);
    let request = asks(ADA, "edit", LEASE, context());
    let explanation = world.explain(&request);
    let lines = explanation.near_misses.iter().map(|near_miss| {
        let said = near_miss.missing.iter();
        let lines =
            said.map(|missing| format!("{} | {} | {}", missing.clause, missing.finding.found, missing.finding.change));
        (near_miss.policy.id.to_string(), lines.collect())
    });
    lines.collect()
}

/// The near misses of one permit.
fn of_one(condition: &str) -> Vec<String> {
    let mut found = missing(&permit("only", condition));
    assert_eq!(found.len(), 1, "{condition}: {found:?}");
    found.remove(0).1
}

/// A clause that fails, what was found, and what would change it.
#[rustfmt::skip]
const WORDS: [(&str, &str, &str); 43] = [
    ("resource.state == \"closed\"", "\"open\"", "`resource.state` would have to be \"closed\""),
    ("\"closed\" == resource.state", "\"open\"", "`resource.state` would have to be \"closed\""),
    ("resource.owner == Person::\"bob\"", "Person::\"ada\"", "`resource.owner` would have to be Person::\"bob\""),
    ("resource.owner.home == Folder::\"contracts\"", "Folder::\"root\"", "`resource.owner.home` would have to be Folder::\"contracts\""),
    ("resource[\"state\"] == \"closed\"", "\"open\"", "`resource.state` would have to be \"closed\""),
    ("{a: resource.size} == {a: 2}", "{\"a\": 10}", "`{a: resource.size}` would have to be {\"a\": 2}"),
    ("resource.state != \"open\"", "\"open\"", "`resource.state` would have to be other than \"open\""),
    ("!(resource.state == \"open\")", "\"open\"", "`resource.state` would have to be other than \"open\""),
    ("resource.size < 5", "10", "`resource.size` would have to be less than 5"),
    ("resource.size <= 5", "10", "`resource.size` would have to be at most 5"),
    ("resource.size > 50", "10", "`resource.size` would have to be more than 50"),
    ("resource.size >= 50", "10", "`resource.size` would have to be at least 50"),
    ("50 < resource.size", "10", "`resource.size` would have to be more than 50"),
    ("50 <= resource.size", "10", "`resource.size` would have to be at least 50"),
    ("5 > resource.size", "10", "`resource.size` would have to be less than 5"),
    ("5 >= resource.size", "10", "`resource.size` would have to be at most 5"),
    ("!(resource.size > 5)", "10", "`resource.size` would have to be at most 5"),
    ("!(resource.size < 50)", "10", "`resource.size` would have to be at least 50"),
    ("resource.size > 9 + principal.level", "10", "`resource.size` would have to be more than 12"),
    ("resource.size + 1 == 3", "11", "`resource.size + 1` would have to be 3"),
    ("context.now >= datetime(\"2027-01-01\")", "datetime(\"2026-10-01T12:00:00.000Z\")", "`context.now` would have to be at least datetime(\"2027-01-01\")"),
    ("resource.readers.contains(principal)", "[Person::\"bob\"]", "`resource.readers` would have to contain Person::\"ada\""),
    ("!resource.readers.contains(Person::\"bob\")", "[Person::\"bob\"]", "`resource.readers` would have to be without Person::\"bob\""),
    ("[\"draft\", \"closed\"].contains(resource.state)", "\"open\"", "`resource.state` would have to be one of [\"closed\", \"draft\"]"),
    ("![\"open\", \"closed\"].contains(resource.state)", "\"open\"", "`resource.state` would have to be none of [\"closed\", \"open\"]"),
    ("resource.readers.containsAll([principal, Person::\"bob\"])", "[Person::\"bob\"]", "`resource.readers` would have to contain all of [Person::\"ada\", Person::\"bob\"]"),
    ("!resource.readers.containsAll([Person::\"bob\"])", "[Person::\"bob\"]", "`resource.readers` would have to lack one of [Person::\"bob\"]"),
    ("[Person::\"cleo\"].containsAll(resource.readers)", "[Person::\"bob\"]", "`resource.readers` would have to contain nothing but [Person::\"cleo\"]"),
    ("resource.readers.containsAny([principal])", "[Person::\"bob\"]", "`resource.readers` would have to contain one of [Person::\"ada\"]"),
    ("!resource.readers.containsAny([Person::\"bob\"])", "[Person::\"bob\"]", "`resource.readers` would have to contain none of [Person::\"bob\"]"),
    ("resource.readers.isEmpty()", "[Person::\"bob\"]", "`resource.readers` would have to be empty"),
    ("principal in Team::\"machines\"", "Person::\"ada\"", "`principal` would have to be a member of Team::\"machines\""),
    ("!(principal in Team::\"hq\")", "Person::\"ada\"", "`principal` would have to be no member of Team::\"hq\""),
    ("context has token", "absent", "`context.token` would have to be there"),
    ("context has token.live", "absent", "`context.token.live` would have to be there"),
    ("!(context has badge)", "\"red\"", "`context.badge` would have to be absent"),
    ("!(resource has reviewer.level)", "1", "`resource.reviewer.level` would have to be absent"),
    ("resource.state like \"clo*\"", "\"open\"", "`resource.state` would have to match \"clo*\""),
    ("!(resource.state like \"op*\")", "\"open\"", "`resource.state` would have to be anything that does not match \"op*\""),
    ("if context has token then true else false", "false", "`if context has token then true else false` would have to be true"),
    ("(resource.state == \"closed\") == true", "false", "`resource.state == \"closed\"` would have to be true"),
    ("context has urgent && context.urgent", "false", "`context.urgent` would have to be true"),
    ("resource has secret && !resource.secret", "true", "`resource.secret` would have to be false"),
];

#[test]
fn every_operator_has_its_words() {
    for (clause, found, change) in WORDS {
        let written = clause.rsplit(" && ").next().unwrap();
        assert_eq!(of_one(&format!("when {{ {clause} }}")), [format!("{written} | {found} | {change}")]);
    }
}

#[test]
fn the_type_of_an_entity_has_words_too() {
    let policies = "@id(\"robots\") permit (principal, action == Action::\"edit\", resource) when { principal is Robot };
                    @id(\"others\") permit (principal, action == Action::\"edit\", resource) unless { principal is Person };";
    let said = |found: &str, change: &str| format!("{found} | Person::\"ada\" | `principal` would have to be {change}");
    assert_eq!(
        missing(policies),
        [
            ("others".to_owned(), vec![said("unless { principal is Person }", "of another type than Person")]),
            ("robots".to_owned(), vec![said("principal is Robot", "of type Robot")]),
        ]
    );
}

#[test]
fn a_long_set_is_cut() {
    let mut facts = crate::worlds::office_facts();
    let readers = facts.get_mut("Document", "lease").unwrap().pointer_mut("/attrs/readers").unwrap();
    *readers = (0..25).map(|number| json!({"type": "Person", "id": format!("{number:02}")})).collect();
    let bundle = office(&permit("only", "when { resource.readers.contains(principal) }")).unwrap();
    let world = World::new(Arc::new(bundle), &facts);
    let request = asks(ADA, "edit", LEASE, json!({}));
    let found = world.explain(&request).near_misses[0].missing[0].finding.found.clone();
    assert!(found.starts_with("[Person::\"00\", ") && found.ends_with("Person::\"09\", … and 15 more]"), "{found}");
}

#[test]
fn every_missing_condition_is_named_at_once_in_the_order_of_the_file() {
    let clauses = of_one(
        "when { resource.state == \"closed\" && resource.size == 10 && context has token }\nwhen { principal.level > 5 }",
    );
    let texts: Vec<&str> = clauses.iter().map(|line| line.split(" | ").next().unwrap()).collect();
    assert_eq!(texts, ["resource.state == \"closed\"", "context has token", "principal.level > 5"]);
}

#[test]
fn the_consequence_of_a_missing_guard_is_not_named() {
    let guard = "context has token | absent | `context.token` would have to be there";
    assert_eq!(of_one("when { context has token && context.token.live && context.token.owner == principal }"), [guard]);
    let both = of_one("when { context has token && context.token.live && resource.size > 50 }");
    assert_eq!(both, [guard, "resource.size > 50 | 10 | `resource.size` would have to be more than 50"]);
}

#[test]
fn unless_is_told_as_what_must_not_be() {
    for (clause, found, change) in [
        ("resource.state == \"open\"", "\"open\"", "`resource.state` would have to be other than \"open\""),
        ("context has badge", "\"red\"", "`context.badge` would have to be absent"),
        ("resource.size >= 10", "10", "`resource.size` would have to be less than 10"),
        ("!(context has token)", "absent", "`context.token` would have to be there"),
        (
            "resource has secret && resource.secret",
            "true",
            "`resource has secret && resource.secret` would have to be false",
        ),
    ] {
        let unless = format!("unless {{ {clause} }}");
        assert_eq!(of_one(&unless), [format!("{unless} | {found} | {change}")]);
    }
    let after_when = of_one("when { principal.level == 3 } unless { context has badge }");
    assert_eq!(after_when, ["unless { context has badge } | \"red\" | `context.badge` would have to be absent"]);
}

#[test]
fn of_alternatives_the_one_that_lacks_least_is_named() {
    let state = "resource.state == \"closed\"";
    let lines = of_one(&format!("when {{ ({state} && resource.size > 50) || principal in Team::\"machines\" }}"));
    assert_eq!(
        lines,
        [
            "principal in Team::\"machines\" | Person::\"ada\" | `principal` would have to be a member of Team::\"machines\""
        ]
    );
    let first = of_one(&format!("when {{ {state} || resource.size > 50 }}"));
    assert_eq!(first, [format!("{state} | \"open\" | `resource.state` would have to be \"closed\"")]);
}

#[test]
fn the_nearest_come_first_ties_go_by_id_and_three_are_named() {
    let (one, two, three) = (
        "resource.size > 50",
        "resource.size > 50 && principal.level > 5",
        "resource.size > 50 && principal.level > 5 && context has token",
    );
    let when = |clauses: &str| format!("when {{ {clauses} }}");
    let policies =
        [("e", three), ("d", two), ("c", one), ("a", two), ("b", one)].map(|(id, clauses)| permit(id, &when(clauses)));
    let ids: Vec<String> = missing(&policies.concat()).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["b", "c", "a"]);
    let four = missing(&policies[..1].concat());
    assert_eq!((four.len(), four[0].1.len()), (1, 3));
}

#[test]
fn permits_whose_scope_does_not_fit_are_no_near_misses() {
    let elsewhere = "
        @id(\"other-action\") permit (principal is Person, action == Action::\"view\", resource is Document) when { resource.size > 50 };
        @id(\"other-person\") permit (principal == Person::\"bob\", action == Action::\"edit\", resource) when { resource.size > 50 };
        @id(\"other-team\") permit (principal in Team::\"machines\", action == Action::\"edit\", resource) when { resource.size > 50 };
        @id(\"other-group\") permit (principal, action in Action::\"reading\", resource is Document) when { resource.size > 50 };
        @id(\"other-folder\") permit (principal, action == Action::\"edit\", resource in Folder::\"nowhere\") when { resource.size > 50 };
        @id(\"a-forbid\") forbid (principal, action == Action::\"edit\", resource) when { resource.size > 50 };";
    assert_eq!(missing(elsewhere), []);
    let fitting = elsewhere
        .replace("\"bob\"", "\"ada\"")
        .replace("machines", "hq")
        .replace("reading", "writing")
        .replace("nowhere", "root");
    let ids: Vec<String> = missing(&fitting).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["other-folder", "other-group", "other-person"], "the control, and three of four");
}

#[test]
fn a_forbidden_request_is_told_its_near_misses_an_allowed_one_is_not() {
    let near = permit("near", "when { resource.size > 50 }");
    let explained = |policies: &str| {
        let world = World::office(policies);
        let request = asks(ADA, "edit", LEASE, json!({}));
        let explanation = world.explain(&request);
        (
            explanation.code.name(),
            explanation.policies.iter().map(|policy| policy.id.to_string()).collect::<Vec<_>>(),
            explanation.near_misses.len(),
        )
    };
    let forbid = "@id(\"never\") forbid (principal, action == Action::\"edit\", resource);\n";
    assert_eq!(explained(&format!("{near}{forbid}")), ("forbidden", vec!["never".to_owned()], 1));
    assert_eq!(explained(&format!("{near}{}", permit("all", ""))), ("permitted", vec!["all".to_owned()], 0));
    assert_eq!(explained(&near), ("not_permitted", vec![], 1));
}

#[test]
fn the_administrators_sentence_names_clause_value_and_change() {
    let world = World::office(&permit("own", "when { resource.owner == principal }"));
    let request = asks("Person::\"bob\"", "edit", LEASE, json!({}));
    assert_eq!(
        world.explain(&request).reason_admin,
        "no permit applies; the nearest, `own`, fails at `resource.owner == principal` (found Person::\"ada\"; `resource.owner` would have to be Person::\"bob\")"
    );
    let request = asks("Robot::\"r2\"", "edit", LEASE, json!({}));
    assert_eq!(world.explain(&request).reason_admin, "no permit has a scope that fits this request");
    let request = asks("Robot::\"r2\"", "remove", LEASE, json!({}));
    assert_eq!(
        world.explain(&request).reason_admin,
        "the schema does not let this principal, action and resource go together"
    );
}

/// What the person who asked is told: sentences of ours and titles of policies, never a fact.
#[test]
fn the_users_sentence_reveals_no_facts() {
    let bundle = programme();
    let titles: Vec<&str> = bundle.policies.iter().map(|policy| &*policy.title).collect();
    let world = World::new(bundle.clone(), &crate::worlds::programme_facts());
    let facts = ["u-", "alpenhost", "bakery", "museum", "CHE-", "::\"", "resource", "context", "principal"];
    let mut sentences = std::collections::BTreeSet::new();
    for (user, action, resource) in [
        ("u-ada", "enterClientAccount", "Partnership::\"bakery:alpenhost\""),
        ("u-sam", "enterClientAccount", "Partnership::\"bakery:alpenhost\""),
        ("u-bob", "viewInvoice", "Invoice::\"bakery-mode-client\""),
        ("u-iris", "manageProduct", "Product::\"museum-site\""),
        ("u-ada", "revealToken", "ApiToken::\"ada-live\""),
        ("u-ada", "callApi", "User::\"u-bob\""),
    ] {
        let request = asks(&format!("User::\"{user}\""), action, resource, json!({}));
        let explanation = world.explain(&request);
        let mut left = explanation.reason_user.clone();
        for title in &titles {
            left = left.replace(title, "");
        }
        let left = left.replace("; ", "");
        assert!(
            [
                "Allowed: .",
                "Not allowed: .",
                "Not allowed: no rule permits this.",
                "Not allowed: a rule could not be evaluated."
            ]
            .contains(&&*left),
            "{}",
            explanation.reason_user
        );
        for fact in facts {
            assert!(!explanation.reason_user.contains(fact), "{}", explanation.reason_user);
        }
        let reveals = facts.iter().any(|fact| explanation.reason_admin.contains(fact));
        sentences.insert((explanation.code.name(), reveals));
    }
    assert!(
        sentences.contains(&("not_permitted", true)),
        "the control: the administrator's sentence does name facts: {sentences:?}"
    );
    assert!(
        sentences.iter().any(|(code, _)| *code == "permitted")
            && sentences.iter().any(|(code, _)| *code == "forbidden"),
        "{sentences:?}"
    );
}

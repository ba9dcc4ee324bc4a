//! Cedar skips a policy that fails, a forbid too: then a failure would be an Allow (hazard 2, threat T04).

use cedar_policy::Decision as CedarDecision;
use serde_json::json;

use crate::worlds::{World, ada_edits, asks, office, party};
use mandat::{decision::Code, request::Request};

/// Everything is permitted, and this forbid fails.
fn with_failing_forbid(condition: &str) -> World {
    World::office(&format!(
        "@id(\"all\") @obligation(\"log\") permit (principal, action, resource);
         @id(\"fails\") forbid (principal, action, resource is Document) when {{ {condition} }};"
    ))
}

/// What fails although Cedar's strict validation accepts it: a condition, and a request that makes it fail.
fn failures() -> [(&'static str, &'static str, Request); 5] {
    let of = |document| asks("Person::\"ada\"", "edit", document, json!({}));
    let described = |attributes| {
        let mut request = of("Document::\"new\"");
        let serde_json::Value::Object(attributes) = attributes else { panic!("no object") };
        request.resource.properties = attributes;
        request
    };
    [
        ("a sum overflows", "resource.size + 1 > 5", of("Document::\"memo\"")),
        (
            "a date overflows",
            "context.now.offset(duration(\"9223372036854775807ms\")) < context.now",
            of("Document::\"lease\""),
        ),
        ("an entity is unknown", "resource.size > 5", of("Document::\"unknown\"")),
        ("an entity behind another is unknown", "resource.owner.level > 5", of("Document::\"orphan\"")),
        ("the caller leaves an attribute out", "resource.size > 5", described(json!({"state": "open"}))),
    ]
}

#[test]
fn a_forbid_that_fails_denies() {
    for (what, condition, request) in failures() {
        let world = with_failing_forbid(condition);
        let decision = world.decide(&request);
        assert_eq!(decision.code, Code::EvaluationError, "{what}");
        assert!(!decision.allowed(), "{what}");
        let determining: Vec<String> = decision.determining.iter().map(ToString::to_string).collect();
        assert_eq!(determining, ["fails"], "{what}");
        assert!(decision.obligations.is_empty(), "an obligation comes with an Allow only: {what}");
        assert!(decision.faults.iter().any(|fault| fault.forbid && !fault.message.is_empty()), "{what}");
        assert_eq!(world.raw(&request).decision(), CedarDecision::Allow, "the control: Cedar alone allows, {what}");
    }
}

#[test]
fn the_explanation_names_the_forbid_that_failed() {
    let [(_, condition, request), ..] = failures();
    let world = with_failing_forbid(condition);
    let explanation = world.explain(&request);
    assert!(
        explanation.reason_admin.contains("`fails`") && explanation.reason_admin.contains("overflow"),
        "{}",
        explanation.reason_admin
    );
    assert_eq!(explanation.reason_user, "Not allowed: a rule could not be evaluated.");
}

#[test]
fn a_forbid_that_applies_comes_before_one_that_fails() {
    let world = World::office(
        "@id(\"all\") permit (principal, action, resource);
         @id(\"fails\") forbid (principal, action, resource is Document) when { resource.size + 1 > 5 };
         @id(\"applies\") forbid (principal, action, resource is Document) when { resource.state == \"closed\" };",
    );
    let decision = world.decide(&asks("Person::\"ada\"", "edit", "Document::\"memo\"", json!({})));
    assert_eq!((decision.code, decision.faults.len()), (Code::Forbidden, 1));
}

#[test]
fn a_permit_that_fails_permits_nothing_and_stops_nothing() {
    let failing = "@id(\"fails\") permit (principal, action, resource is Document) when { resource.size + 1 > 5 };";
    let memo = asks("Person::\"ada\"", "edit", "Document::\"memo\"", json!({}));
    let decision = World::office(failing).decide(&memo);
    assert_eq!((decision.code, decision.faults.len(), decision.faults[0].forbid), (Code::NotPermitted, 1, false));
    let decision =
        World::office(&format!("{failing} @id(\"all\") permit (principal, action, resource);")).decide(&memo);
    assert_eq!((decision.code, decision.faults.len()), (Code::Permitted, 1), "it is reported with the Allow");
}

#[test]
fn validation_refuses_the_failures_that_it_can_see() {
    for condition in [
        "decimal(context.badge) > decimal(\"1.0\")",
        "resource.secret",
        "resource.reviewer.level > 1",
        "context.token.live",
    ] {
        let policy = format!("@id(\"fails\") forbid (principal, action, resource is Document) when {{ {condition} }};");
        assert!(office(&policy).is_err(), "{condition}");
    }
}

#[test]
fn a_date_beyond_all_ranges_is_a_denial_and_no_error() {
    // Hazard 4: asking for a possible date first keeps the sum within Cedar's range.
    let guarded =
        "context.now < datetime(\"9999-01-01\") && context.now.offset(duration(\"365d\")) > datetime(\"2027-01-01\")";
    let unguarded = "context.now.offset(duration(\"9223372036854775807ms\")) > datetime(\"2027-01-01\")";
    let code = |condition: &str| with_failing_forbid(condition).decide(&ada_edits()).code;
    assert_eq!(code(guarded), Code::Forbidden);
    assert_eq!(code(unguarded), Code::EvaluationError, "the control");
    assert_eq!(party("Person::\"ada\"").id, "ada");
}

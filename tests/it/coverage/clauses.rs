//! Which clauses a condition has, and which of them are looked at in what order.

use cedar_policy_core::{ast, evaluator::Evaluator, extensions::Extensions};
use mandat::analysis::condition::{Condition, Verdict};
use serde_json::json;

use crate::worlds::{World, asks};

pub(super) fn policy(conditions: &str) -> String {
    format!(
        "@id(\"p\") @title(\"t\")\npermit (principal is Person, action == Action::\"view\", resource is Document)\n{conditions};"
    )
}

fn clauses(conditions: &str) -> Vec<String> {
    let world = World::office(&policy(conditions));
    Condition::of(&world.bundle.policies[0]).clauses.into_iter().map(|clause| clause.text).collect()
}

/// What Ada's request for a document looks at: each clause with what came out, and the whole.
fn walk(conditions: &str, document: &str) -> (Vec<(String, Verdict)>, Verdict) {
    let world = World::office(&policy(conditions));
    let request = asks("Person::\"ada\"", "view", document, json!({ "urgent": true }));
    let (question, entities) = world.question(&request).unwrap();
    let asked: &ast::Request = question.as_ref();
    let evaluator = Evaluator::new(asked.clone(), (*entities).as_ref(), Extensions::all_available());
    let condition = Condition::of(&world.bundle.policies[0]);
    let mut seen = Vec::new();
    let whole = condition.walk(&evaluator, &mut |number, verdict| {
        seen.push((condition.clauses[number].text.clone(), verdict));
    });
    (seen, whole)
}

fn seen(conditions: &str, document: &str) -> Vec<(String, Verdict)> {
    walk(conditions, document).0
}

fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

fn verdicts<const N: usize>(verdicts: [(&str, Verdict); N]) -> Vec<(String, Verdict)> {
    verdicts.map(|(text, verdict)| (text.to_owned(), verdict)).to_vec()
}

const OPEN: &str = "resource.state == \"open\"";

#[test]
fn conjunctions_disjunctions_negations_and_ifs_are_cut_into_what_is_written() {
    assert_eq!(
        clauses("when { principal.level > 2 && (resource.owner != principal || !(resource has secret)) }"),
        texts(["principal.level > 2", "resource.owner != principal", "!(resource has secret)"])
    );
    assert_eq!(
        clauses("when { !(resource has secret && resource.secret) }"),
        texts(["resource has secret", "resource.secret"])
    );
    assert_eq!(
        clauses("when { if resource has secret then !resource.secret else true }"),
        texts(["resource has secret", "!resource.secret"])
    );
    assert_eq!(
        clauses("when { principal is Person in Team::\"hq\" }").len(),
        2,
        "`is … in …` is a type and a membership to Cedar"
    );
}

#[test]
fn every_when_and_unless_is_part_of_one_condition() {
    assert_eq!(
        clauses("when { context has pin } unless { resource has secret } unless { !(principal.level == 1) }"),
        texts(["context has pin", "resource has secret", "!(principal.level == 1)"])
    );
    assert!(clauses("").is_empty());
}

#[test]
fn a_comparison_of_conditions_is_one_clause() {
    assert_eq!(clauses("when { (principal.level > 2 && true) == false }").len(), 1);
}

#[test]
fn what_the_answer_does_not_need_is_not_looked_at() {
    use Verdict::{False, True};
    let chain = format!("when {{ {OPEN} && resource.size > 5 }}");
    assert_eq!(seen(&chain, "Document::\"lease\""), verdicts([(OPEN, True), ("resource.size > 5", True)]));
    assert_eq!(seen(&chain, "Document::\"memo\""), verdicts([(OPEN, False)]));
    let either = format!("when {{ {OPEN} || resource.size > 5 }}");
    assert_eq!(seen(&either, "Document::\"lease\""), verdicts([(OPEN, True)]));
    let branches = format!("when {{ if {OPEN} then resource.size > 5 else resource.size > 6 }}");
    assert_eq!(seen(&branches, "Document::\"lease\""), verdicts([(OPEN, True), ("resource.size > 5", True)]));
    assert_eq!(seen(&branches, "Document::\"memo\""), verdicts([(OPEN, False), ("resource.size > 6", True)]));
}

#[test]
fn an_error_ends_the_evaluation() {
    let doubled = "resource.size * 2 > 5";
    let (seen, whole) = walk(&format!("when {{ {doubled} && {OPEN} }}"), "Document::\"memo\"");
    assert_eq!((seen, whole), (verdicts([(doubled, Verdict::Error)]), Verdict::Error));
    let (_, whole) = walk(&format!("unless {{ {doubled} || {OPEN} }}"), "Document::\"memo\"");
    assert_eq!(whole, Verdict::Error, "a negated error is an error");
    let (seen, whole) = walk(&format!("when {{ {OPEN} && {doubled} }}"), "Document::\"memo\"");
    assert_eq!((seen, whole), (verdicts([(OPEN, Verdict::False)]), Verdict::False), "the control: not reached");
}

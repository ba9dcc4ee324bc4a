//! What Cedar does quietly: action groups that match nothing, ids that are remarks, policies that fit no
//! request, a directory that is copied (hazards 1, 3, 5 and 6).

use std::{str::FromStr as _, sync::Arc};

use cedar_policy::{Authorizer, Decision as CedarDecision, Entities, PolicySet, ValidationMode, Validator};
use serde_json::json;

use crate::worlds::{World, ada_edits, asks, office};

const GROUP: &str = "@id(\"all\") permit (principal, action, resource);
    @id(\"writing\") forbid (principal, action in Action::\"writing\", resource);";

#[test]
fn a_group_of_actions_matches_its_members() {
    let world = World::office(GROUP);
    assert_eq!(world.decide(&ada_edits()).code.name(), "forbidden");
    let (question, entities) = world.question(&ada_edits()).unwrap();
    let without_actions = entities.iter().filter(|entity| entity.uid().type_name().basename() != "Action").cloned();
    let without_actions = Entities::from_entities(without_actions, None).unwrap();
    let raw = Authorizer::new().is_authorized(&question, &world.bundle.all, &without_actions);
    assert_eq!(
        raw.decision(),
        CedarDecision::Allow,
        "the control: without the actions' entities the forbid never matches"
    );
}

#[test]
fn a_group_of_actions_matches_where_the_caller_supplies_an_entity() {
    let mut request = asks("Person::\"new\"", "edit", "Document::\"lease\"", json!({}));
    request.principal.properties.insert("level".to_owned(), json!(1));
    assert_eq!(World::office(GROUP).decide(&request).code.name(), "forbidden");
}

#[test]
fn an_annotated_id_is_the_policys_id() {
    let world = World::office(GROUP);
    let determining: Vec<String> = world.decide(&ada_edits()).determining.iter().map(ToString::to_string).collect();
    assert_eq!(determining, ["writing"]);
    let parsed = PolicySet::from_str(GROUP).unwrap();
    assert!(
        parsed.policies().all(|policy| policy.id().to_string().starts_with("policy")),
        "the control: to Cedar it is a remark"
    );
}

#[test]
fn a_policy_that_fits_no_request_is_refused() {
    let vacuous = "@id(\"never\") permit (principal is Robot, action == Action::\"remove\", resource is Folder);";
    let problems = office(vacuous).unwrap_err();
    let told = problems.to_string();
    assert!(told.starts_with("policies/test.cedar:1:1: E224: the policy `never` fits no request; "), "{told}");
    let schema = office("@id(\"all\") permit (principal, action, resource);").unwrap().schema;
    let result = Validator::new(schema).validate(&PolicySet::from_str(vacuous).unwrap(), ValidationMode::Strict);
    assert!(result.validation_passed(), "the control: Cedar's validator lets it pass with a warning");
}

#[test]
fn facts_are_shared_and_never_copied_whole() {
    let world = World::office(GROUP);
    let (_, first) = world.question(&ada_edits()).unwrap();
    let (_, second) = world.question(&ada_edits()).unwrap();
    assert!(Arc::ptr_eq(&first, &second), "decisions on stored facts look at one set of entities");
    let mut described = asks("Person::\"new\"", "view", "Document::\"memo\"", json!({}));
    described.principal.properties.insert("manager".to_owned(), json!({"type": "Person", "id": "bob"}));
    let (_, around) = world.question(&described).unwrap();
    assert!(around.len() < first.len(), "around a described entity only what policies can reach is gathered");
    let names: Vec<String> = around.iter().map(|entity| entity.uid().to_string()).collect();
    for reached in [
        "Person::\"new\"",
        "Document::\"memo\"",
        "Person::\"bob\"",
        "Person::\"ada\"",
        "Team::\"hq\"",
        "Folder::\"root\"",
        "Action::\"view\"",
    ] {
        assert!(names.iter().any(|name| name == reached), "{reached} of {names:?}");
    }
}

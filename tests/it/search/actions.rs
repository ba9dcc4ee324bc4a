//! Searches for actions: those that a decision allows with exactly the given context.

use mandat::{
    engine::search::{Actions, Page},
    request::Request,
};
use serde_json::json;

use super::{in_memory, moment};
use crate::{
    support::programme,
    worlds::{asks, noon, programme_facts},
};

fn search(request: &Request, after: u64, limit: usize) -> Actions {
    let moment = moment(&programme(), &programme_facts(), &in_memory);
    moment.search_actions(request, &noon(), Page { after, limit, may_go_on: &mut || true }).unwrap()
}

#[test]
fn actions_are_those_that_decisions_allow_by_name() {
    let request = asks("User::\"u-rosa\"", "", "Product::\"bakery-site\"", json!({}));
    let found = search(&request, 0, 100);
    let moment = moment(&programme(), &programme_facts(), &in_memory);
    let mut names: Vec<String> = programme().shapes.actions.keys().cloned().collect();
    names.sort();
    let allowed = |name: &String| {
        let request = Request { action: name.clone(), ..request.clone() };
        moment.decide(&request, &noon()).is_ok_and(|answer| answer.decision.allowed())
    };
    names.retain(allowed);
    assert_eq!(found.allowed.results, names);
    assert!(names.contains(&"manageProduct".to_owned()), "{names:?}");
    assert!(found.unasked.contains(&"renewProduct".to_owned()), "it needs a payer: {:?}", found.unasked);
}

#[test]
fn an_action_is_asked_about_with_its_own_context() {
    let payer = json!({"payer": {"type": "Organization", "id": "bakery"}});
    let found = search(&asks("User::\"u-rosa\"", "", "Product::\"bakery-site\"", payer), 0, 100);
    assert_eq!(found.allowed.results, ["renewProduct"]);
    assert!(found.unasked.contains(&"manageProduct".to_owned()), "it knows no payer");
}

#[test]
fn pages_of_actions_follow_each_other() {
    let request = asks("User::\"u-rosa\"", "", "Product::\"bakery-site\"", json!({}));
    let whole = search(&request, 0, 100).allowed;
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let page = search(&request, after, 1).allowed;
        assert!(page.results.len() <= 1);
        all.extend(page.results);
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(all, whole.results);
    assert_eq!(whole.next, None);
}

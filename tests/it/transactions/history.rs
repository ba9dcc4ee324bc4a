//! The change log says who changed facts when, and which questions guarded it.

use serde_json::{Value, json};

use super::{House, accepts_full, committed, delete, full_access, set};

#[test]
fn a_commit_names_its_caller_its_time_and_its_questions() {
    let house = House::sample();
    let request = "Partnership::florist:alpenhost";
    #[expect(clippy::disallowed_methods, reason = "the log is held against the clock of the one who reads it")]
    let before = jiff::Timestamp::now();
    assert!(committed(&house.guarded(&[accepts_full(request)], &full_access(request))));
    let commits = house.commits();
    let (revision, commit) = commits.last().unwrap();
    assert_eq!((commits.len(), *revision, commit.who.as_str()), (2, 2, "anonymous"));
    assert!(commit.at >= before);
    let why: Value = serde_json::from_str(&commit.why).unwrap();
    assert_eq!(why, json!({ "evaluations": [accepts_full(request)] }));
}

#[test]
fn what_is_denied_or_refused_is_in_no_log() {
    let house = House::sample();
    let request = "Partnership::florist:alpenhost";
    let sven = super::asks("u-sven", "refuseRequest", request, json!({}));
    assert!(!committed(&house.guarded(&[sven], &[set(request, "status", "refused")])));
    assert_eq!(house.change(&[delete("User::u-rita")]).status, 422);
    assert_eq!(house.commits().len(), 1, "the sample");
}

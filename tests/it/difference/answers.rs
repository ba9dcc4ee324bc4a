//! Which answers change: widened, narrowed, forbidden, only put in other words.

use serde_json::{Value, json};

use super::{Repository, can_prove, in_short};

const LISTS: &str = "policies/lists.cedar";

/// Both ways must find it, if they can be gone.
fn found_both_ways(repository: &Repository, expected: &[&str]) {
    assert_eq!(in_short(&repository.changes(&["--by", "questions"])), expected, "by questions");
    if can_prove() {
        let proved = repository.changes(&["--by", "proof"]);
        assert_eq!(in_short(&proved), expected, "by proof");
        assert_eq!((&proved["complete"], &proved["unsettled"]), (&json!(true), &json!([])));
        assert!(proved["changes"].as_array().unwrap().iter().all(|change| change["way"] == "proof"), "{proved:#}");
    }
}

#[test]
fn the_same_bundle_twice_is_no_difference() {
    let repository = Repository::todo();
    for way in [&[][..], &["--by", "questions"]] {
        let told = repository.diff(&[&["HEAD", ".", "--fail-on", "any"], way].concat());
        assert_eq!(told.code(), 0, "{}", told.errors());
        assert!(told.text().contains("no difference: every environment has the same policies"), "{}", told.text());
    }
}

#[test]
fn a_permit_that_admits_others_is_newly_allowed_and_newly_denied() {
    let repository = Repository::todo();
    let rename = "resource is List)\nwhen { resource.owner == principal };\n\n@id(\"lists.share\")";
    repository.edit(LISTS, rename, &rename.replace("==", "!="));
    found_both_ways(
        &repository,
        &[
            "newly allowed: Person renameList List by lists.rename changed",
            "newly denied: Person renameList List by lists.rename changed",
        ],
    );
    let change = &repository.changes(&["--by", "questions"])["changes"][0];
    assert_eq!(change["example"]["from"]["scenario"], "the owner renames a list, but somebody else asks");
    assert_eq!(change["example"]["request"]["subject"]["id"], "bob");
    assert_eq!(
        (&change["example"]["old"]["decision"], &change["example"]["new"]["decision"]),
        (&json!(false), &json!(true))
    );
    assert!(change["questions"].as_u64().unwrap() > 1, "a cell of the matrix shows it too: {change:#}");
}

#[test]
fn a_condition_more_is_newly_denied() {
    let repository = Repository::todo();
    let read = "action == Action::\"readList\", resource is List)\nwhen { resource.owner == principal };";
    repository.edit(LISTS, read, &read.replace("== principal }", "== principal && !resource.archived }"));
    found_both_ways(&repository, &["newly denied: Person readList List by lists.read.own changed"]);
}

#[test]
fn a_forbid_more_is_newly_denied_by_it() {
    let repository = Repository::todo();
    repository.edit(
        LISTS,
        "action in [Action::\"renameList\"",
        "action in [Action::\"readList\", Action::\"renameList\"",
    );
    found_both_ways(&repository, &["newly denied: Person readList List by lists.archived changed"]);
}

#[test]
fn a_forbid_taken_away_is_newly_allowed_by_its_absence() {
    let repository = Repository::todo();
    repository.edit(LISTS, "when { resource.archived };", "when { resource.archived && resource.owner != principal };");
    let expected = ["addTask", "renameList", "shareList"]
        .map(|action| format!("newly allowed: Person {action} List by lists.archived changed"));
    let by_questions = in_short(&repository.changes(&["--by", "questions"]));
    assert_eq!(by_questions, expected[1..], "no question is about adding tasks to an archived list");
    if can_prove() {
        assert_eq!(in_short(&repository.changes(&["--by", "proof"])), expected);
    }
}

#[test]
fn the_same_in_other_words_is_no_difference() {
    let repository = Repository::todo();
    repository.edit(
        LISTS,
        "resource.readers.contains(principal) || principal in resource.teams",
        "principal in resource.teams || (resource.readers.contains(principal) && true)",
    );
    let told = repository.diff(&["HEAD", "--by", "questions"]);
    assert!(told.text().contains("no difference was found by questions; nothing is proved"), "{}", told.text());
    if can_prove() {
        let told = repository.diff(&["HEAD", "--by", "proof", "--fail-on", "any"]);
        assert_eq!(told.code(), 0, "{}", told.errors());
        assert!(told.text().contains("1 of 6 environments have other policies"), "{}", told.text());
        assert!(told.text().contains("no difference: proved of all answers"), "{}", told.text());
    }
}

/// The control of comparing by questions: no scenario and no cell shares a list with its own owner.
#[test]
fn what_no_question_is_about_is_found_by_proof_alone() {
    let repository = Repository::todo();
    repository.edit(LISTS, " && context.reader != principal", "");
    let by_questions = repository.diff(&["HEAD", "--by", "questions", "--fail-on", "newly-allowed"]);
    assert_eq!(by_questions.code(), 0, "nothing is found");
    assert!(by_questions.text().contains("nothing is proved"), "and nothing else is claimed: {}", by_questions.text());
    if !can_prove() {
        return;
    }
    let proved = repository.changes(&["--by", "proof"]);
    assert_eq!(in_short(&proved), ["newly allowed: Person shareList List by lists.share changed"]);
    let request = &proved["changes"][0]["example"]["request"];
    assert_eq!(request["subject"], request["context"]["reader"], "the example shares with the owner: {request:#}");
}

/// Whoever does not believe it asks `mandat decide` with the old and with the new bundle.
#[test]
fn a_counterexample_is_decided_so_by_both_bundles() {
    if !can_prove() {
        return;
    }
    let repository = Repository::todo();
    repository.git(&["worktree", "add", "--quiet", "before", "HEAD"]);
    repository.edit(LISTS, " && context.reader != principal", "");
    assert_eq!(repository.diff(&["HEAD", "--examples", "examples"]).code(), 0);
    let decide = |bundle: &str| {
        let mut mandat = std::process::Command::new(env!("CARGO_BIN_EXE_mandat"));
        let files = ["decide", "examples/1-request.json", "--facts", "examples/1-facts.json", "--bundle", bundle];
        mandat.args(files).current_dir(repository.path()).output().unwrap().status.code()
    };
    assert_eq!((decide("before"), decide(".")), (Some(2), Some(0)));
}

/// A forbid that cannot be evaluated denies, which the terms of logic do not know: nothing must be claimed then.
#[test]
fn a_forbid_that_may_fail_settles_nothing() {
    if !can_prove() {
        return;
    }
    let repository = Repository::todo();
    // Minutes are any whole number: sixty times the largest is none.
    repository.edit("policies/tasks.cedar", "context.action.minutes * 60 > 86400", "context.action.minutes > 1440");
    let difference = repository.changes(&["--by", "proof"]);
    assert_eq!((&difference["complete"], &difference["none"]), (&json!(false), &json!(true)));
    assert_eq!(difference["unsettled"][0]["environment"], "Person addTask List");
    let reason = difference["unsettled"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("`tasks.at-most-a-day` might not be evaluated"), "{reason}");
    let told = repository.diff(&["HEAD", "--by", "proof", "--fail-on", "newly-allowed"]);
    assert_eq!(told.code(), 1, "what is not known does not open a gate");
    // The control: in minutes on both sides, the same change of bound is settled.
    repository.commit("in minutes");
    repository.edit("policies/tasks.cedar", "minutes > 1440", "minutes > 1439");
    assert_eq!(
        in_short(&repository.changes(&["--by", "proof"])),
        ["newly denied: Person addTask List by tasks.at-most-a-day changed"]
    );
}

#[test]
fn other_obligations_and_advice_are_other_terms() {
    let repository = Repository::todo();
    repository.edit(LISTS, "@advice(\"welcomeReader\")", "@advice(\"welcomeReader\")\n@obligation(\"tellTheKitchen\")");
    let difference = repository.changes(&["--by", "questions"]);
    assert_eq!(in_short(&difference), ["other terms: Person shareList List by lists.share changed"]);
    assert_eq!(difference["changes"][0]["example"]["new"]["obligations"], json!(["tellTheKitchen"]));
}

#[test]
fn an_action_that_only_one_side_has_is_newly_allowed_or_newly_denied() {
    let repository = Repository::todo();
    repository.edit(
        "schemas/todo.cedarschema",
        "action completeTask appliesTo",
        "action dropTask appliesTo { principal: Person, resource: Task };\n\naction completeTask appliesTo",
    );
    repository.edit(
        "policies/tasks.cedar",
        "@id(\"tasks.complete\")",
        "@id(\"tasks.drop\")\n@title(\"Its owner drops a task\")\n@rules(\"TASK-01\")\npermit (principal is Person, action == \
         Action::\"dropTask\", resource is Task)\nwhen { resource.list.owner == principal };\n\n@id(\"tasks.complete\")",
    );
    repository.edit(
        "policies/rules.toml",
        "\"policy:tasks.complete\"",
        "\"policy:tasks.complete\", \"policy:tasks.drop\"",
    );
    let scenario = "\n[[scenario]]\nname = \"the owner drops a task\"\nrules = [\"TASK-01\"]\nsubject = 'Person::\"ada\"'\n\
                    action = \"dropTask\"\nresource = 'Task::\"milk\"'\nexpect = \"allow\"\n";
    let lists = std::fs::read_to_string(repository.path().join("tests/scenarios/lists.toml")).unwrap();
    repository.write("tests/scenarios/lists.toml", &format!("{lists}{scenario}"));
    let expected = "newly allowed: Person dropTask Task by tasks.drop added";
    found_both_ways(&repository, &[expected]);
    let difference = repository.changes(&[]);
    assert_eq!(difference["changes"][0]["only"], "new");
    repository.commit("with an action more");
    let back: Value =
        serde_json::from_str(&repository.diff(&["HEAD", "HEAD~1", "--json", "--by", "questions"]).text()).unwrap();
    assert_eq!(in_short(&back), ["newly denied: Person dropTask Task by tasks.drop removed"]);
}

#[test]
fn the_programme_tells_what_a_dropped_condition_allows() {
    let repository = Repository::programme();
    let policies = std::fs::read_to_string(repository.path().join("policies/partnerships.cedar")).unwrap();
    let start = policies.find("@id(\"partnerships.end.as-partner\")").unwrap();
    let (head, rest) = policies.split_at(start);
    let condition = "  context has confirmed &&\n  context.confirmed &&\n";
    assert!(rest.contains(condition), "{rest}");
    repository.write("policies/partnerships.cedar", &format!("{head}{}", rest.replacen(condition, "", 1)));
    let expected = "newly allowed: User endPartnership Partnership by partnerships.end.as-partner changed";
    let by_questions = repository.changes(&["--by", "questions"]);
    assert_eq!(in_short(&by_questions), [expected]);
    let (asked, all) = (by_questions["asked"].as_u64().unwrap(), by_questions["questions"].as_u64().unwrap());
    assert!(asked > 50 && asked < all / 10, "only what is about ending partnerships is asked: {asked} of {all}");
    if can_prove() {
        assert_eq!(in_short(&repository.changes(&["--by", "proof"])), [expected]);
    }
    let comment = repository.diff(&["HEAD", "--markdown"]).text();
    assert!(comment.contains("### Newly allowed (1)\n\n- `User endPartnership Partnership`"), "{comment}");
    assert!(
        comment.contains("  - by `permit partnerships.end.as-partner, changed, at policies/partnerships.cedar:"),
        "{comment}"
    );
}

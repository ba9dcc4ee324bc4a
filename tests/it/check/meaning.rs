//! Lints by proof. With a solver they are proved; without one the programme's verdicts come from the lock, and the small
//! bundles are not looked at. Each test prints which of the two it did.

use mandat::{
    analysis::{
        lint::meaning::{self, Meaning, Memory},
        prover::{Lock, Prover, solver},
    },
    bundle::Bundle,
};

use super::{READ, bundle, run};
use crate::support::{programme, programme_dir};

/// Whether there is a solver; without one only what is known can be shown.
fn solved() -> bool {
    let found = solver::find().unwrap().is_some();
    println!("{}", if found { "proved by the solver" } else { "not proved: no solver is installed here" });
    assert!(found || std::env::var("MANDAT_SOLVER").as_deref() != Ok("required"), "a solver is required");
    found
}

/// The codes above W310 of one more policy.
fn told(policies: &str) -> Vec<String> {
    let dir = bundle("policies/more.cedar", policies);
    let bundle = Bundle::load(dir.path()).unwrap();
    let prover = Prover::afresh().unwrap();
    let meaning = meaning::look(&bundle, dir.path(), &prover, &Memory::default());
    assert!(meaning.unknown.is_empty(), "{:?}", meaning.reason);
    codes(dir.path())
}

fn codes(dir: &std::path::Path) -> Vec<String> {
    let answer: serde_json::Value = serde_json::from_slice(&run(&["check", "--json"], dir).stdout).unwrap();
    assert_eq!(answer["not_looked_at"], 0);
    let codes =
        answer["warnings"].as_array().unwrap().iter().map(|warning| warning["code"].as_str().unwrap().to_owned());
    codes.filter(|code| &**code >= "W310").collect()
}

const EDIT: &str = "@id(\"more.edit\")\npermit (principal is User, action == Action::\"edit\", resource is Page)\nwhen { resource.owner == principal };\n";

#[test]
fn a_policy_that_can_never_match_is_told() {
    if solved() {
        let never = "@id(\"more\") permit (principal is User, action, resource)\nwhen { resource.status == \"draft\" && resource.status == \"published\" };";
        assert_eq!(told(never), ["W310"]);
        assert!(
            !told(&never.replace("status == \"published\"", "owner == principal")).contains(&"W310".to_owned()),
            "the control"
        );
        let allowed = never.replace(" permit", " @allow(\"W310: a word is missing in the facts yet\") permit");
        assert_eq!(told(&allowed), [""; 0]);
    }
}

#[test]
fn a_policy_that_changes_nothing_is_told() {
    if solved() {
        let drafts = "@id(\"more\") permit (principal is User, action == Action::\"read\", resource)\nwhen { resource.owner == principal && resource.status == \"draft\" };";
        assert_eq!(told(drafts), ["W311"]);
        assert_eq!(told(&drafts.replace("resource.owner == principal && ", "")), [""; 0], "the control");
        assert_eq!(told(&drafts.replace("permit", "@advice(\"finish it\") permit")), [""; 0], "it speaks");
        let forbid = "@id(\"more\") forbid (principal is User, action == Action::\"edit\", resource)\nwhen { resource.archived };";
        assert_eq!(told(forbid), ["W311"], "nobody edits anyway");
        assert_eq!(told(&format!("{EDIT}{forbid}")), [""; 0], "the control: here somebody would");
    }
}

#[test]
fn a_backstop_is_wanted_and_must_be_one() {
    if solved() {
        let backstop = "@id(\"more\") @backstop(\"no permit lets anybody edit\")\nforbid (principal is User, action == Action::\"edit\", resource)\nwhen { resource.archived };";
        assert_eq!(told(backstop), [""; 0]);
        assert_eq!(told(&format!("{EDIT}{backstop}")), ["W312"]);
    }
}

#[test]
fn a_clause_that_always_comes_out_the_same_is_told() {
    if solved() {
        let scope = "@id(\"more\") permit (principal is User, action == Action::\"edit\", resource)";
        let of = |condition: &str| told(&format!("{scope}\nwhen {{ {condition} }};"));
        assert_eq!(of("resource.owner == principal && (resource.archived || !resource.archived)"), ["W313"]);
        assert_eq!(
            of("resource.owner == principal || (resource.archived && resource.status == \"a\" && !resource.archived)"),
            ["W314"]
        );
        assert_eq!(of("resource.owner == principal && resource has owner"), ["W313"]);
        assert_eq!(of("resource.owner == principal && resource.archived"), [""; 0], "the control");
        assert_eq!(of("resource is Page && resource.owner == principal"), [""; 0], "the type checker may need it");
    }
}

#[test]
fn without_a_solver_and_verdicts_it_is_said_that_nothing_was_looked_at() {
    let dir = bundle("policies/pages.cedar", READ);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_mandat"))
        .arg("check")
        .arg(dir.path())
        .env_remove("CVC5")
        .env("PATH", "")
        .env("HOME", dir.path())
        .env_remove("XDG_DATA_HOME")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.starts_with("not looked at: whether 1 policy can match and change anything (no solver"), "{text}");
    assert_eq!(text.lines().count(), 1);
}

#[test]
fn a_lock_that_cannot_be_read_is_a_problem() {
    let dir = bundle("policies/proofs.lock", "nonsense\n");
    let output = run(&["check"], dir.path());
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(3) && text.contains("E208") && text.contains("policies/proofs.lock:1:1"),
        "{text}"
    );
}

#[test]
fn the_lock_knows_every_question_about_the_programme() {
    let known = Lock::read(&programme_dir()).unwrap();
    println!("compared with policies/proofs.lock, no solver asked");
    let bundle = programme();
    let meaning = meaning::look(&bundle, &programme_dir(), &Prover::new(None, &known), &Memory::default());
    let open: Vec<&str> = meaning.unknown.iter().map(|policy| &*policy.id).collect();
    assert!(open.is_empty(), "policies whose verdicts the lock does not know; run `mandat prove --write`: {open:?}");
    let mut written = known.clone();
    meaning::lock(&mut written, &meaning);
    assert!(written == known, "the lock holds verdicts that nothing asks for; run `mandat prove --write`");
}

#[test]
fn what_was_proved_is_remembered_from_one_look_to_the_next() {
    let bundle = programme();
    let known = Prover::new(None, &Lock::read(&programme_dir()).unwrap());
    let memory = Memory::default();
    let first: Meaning = meaning::look(&bundle, &programme_dir(), &known, &memory);
    let nothing_known = Prover::new(None, &Lock::default());
    let again = meaning::look(&bundle, &programme_dir(), &nothing_known, &memory);
    assert_eq!((again.unknown.len(), again.settled.len()), (0, first.settled.len()));
    assert_eq!(nothing_known.tally().known + nothing_known.tally().solved, 0, "nothing was asked");
    let forgotten = meaning::look(&bundle, &programme_dir(), &nothing_known, &Memory::default());
    assert!(forgotten.unknown.len() > 150, "the control: {}", forgotten.unknown.len());
}

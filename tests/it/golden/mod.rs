//! The access matrix: role × action × situation in one text that a person can read.
//!
//! A compliance reviewer reads `tests/golden/access-matrix.txt`; an author who changes a policy reads its
//! diff, which is what the change does. `tests/matrix.toml` says what is asked. The text is
//! never edited by hand: `just golden` writes it anew, and the diff goes with the policy into review.

mod difference;

use std::{collections::BTreeSet, fs, sync::OnceLock};

use mandat::{
    analysis::matrix::{Block, Matrix, Plan, Wanted, text::render},
    bundle::{
        Bundle,
        files::{self, Files},
        tree::Directory,
    },
    problem::Source,
};

use self::difference::differences;
use crate::support::{programme, programme_dir};

const PLAN: &str = "tests/matrix.toml";
const TEXT: &str = "tests/golden/access-matrix.txt";
const REWRITE: &str = "MANDAT_GOLDEN=write cargo test --test it golden";

#[test]
fn the_access_matrix_is_as_reviewed() {
    let path = programme_dir().join(TEXT);
    let now = render(current());
    if std::env::var("MANDAT_GOLDEN").is_ok_and(|wish| wish == "write") {
        fs::write(&path, &now).expect("the access matrix can be written");
    }
    let reviewed = fs::read_to_string(&path).unwrap_or_default();
    if let Some(complaint) = complaint(&reviewed, &now) {
        panic!("{complaint}");
    }
}

#[test]
fn every_action_is_asked_about() {
    assert_eq!(unasked(&programme(), &plan()), Vec::<String>::new(), "actions that {PLAN} asks nothing about");
}

/// The control: without its questions, an action is missed.
#[test]
fn an_action_without_a_question_is_noticed() {
    let mut plan = plan();
    for sheet in &mut plan.sheet {
        sheet.questions.retain(|question| question.action != "rebillProduct");
    }
    assert_eq!(unasked(&programme(), &plan), ["rebillProduct"]);
}

#[test]
fn every_policy_shows_in_some_cell() {
    let seen = shown(current().blocks.iter());
    let bundle = programme();
    let unseen: Vec<&str> = bundle.policies.iter().map(|policy| &*policy.id).filter(|id| !seen.contains(*id)).collect();
    assert!(unseen.is_empty(), "the matrix would not tell if these {} were gone:\n{}", unseen.len(), unseen.join("\n"));
}

/// The control: a policy shows only in the cells that it determines.
#[test]
fn a_policy_without_a_cell_is_noticed() {
    let stored = |name: &str| name.starts_with("Stored facts");
    let blocks = current().blocks.iter().filter(|block| !stored(&block.name));
    assert!(!shown(blocks).contains("facts.partnerships.status-steps"));
}

/// The control: without a forbid that nothing else backs, cells open, and only in the acts it is about.
#[test]
fn a_forbid_taken_out_changes_the_matrix() {
    let told = change_by_taking_out("invariants.full-partner-alone");
    assert!(told.contains(REWRITE), "{told}");
    let rows: Vec<&str> =
        told.lines().filter_map(|line| line.strip_prefix("+   ")).filter(|row| row.contains(" | ")).collect();
    let acts = ["acceptRequest, ", "acceptInvitation, ", "changeAccess, "];
    for act in acts {
        assert!(rows.iter().any(|row| row.starts_with(act) && row.contains("yes")), "{act}: {told}");
    }
    assert!(rows.iter().all(|row| acts.iter().any(|act| row.starts_with(act))), "{told}");
}

/// The control: without a permit, cells close.
#[test]
fn a_permit_taken_out_changes_the_matrix() {
    let told = change_by_taking_out("partnerships.end.as-partner-administrator");
    assert!(told.contains("\n- ") && told.contains("\n+   endPartnership"), "{told}");
    assert!(!told.contains("addClient"), "{told}");
}

/// What to tell somebody whose change shows in the matrix.
fn complaint(reviewed: &str, now: &str) -> Option<String> {
    let told = differences(reviewed, now)?;
    let what = format!("who may do what has changed ({TEXT}; - as reviewed, + as it is now):");
    let next =
        format!("if that is what you meant, rewrite it and have the diff reviewed: `just golden`, or\n    {REWRITE}");
    Some(format!("{what}\n\n{told}\n{next}"))
}

fn plan() -> Plan {
    let plan = Plan::of(&Directory::new(programme_dir())).unwrap_or_else(|problems| panic!("{problems}"));
    plan.expect("the bundle has a plan")
}

fn asked(bundle: &Bundle) -> Matrix {
    Matrix::ask(bundle, &Directory::new(programme_dir()), &plan(), &Wanted::default())
        .unwrap_or_else(|reason| panic!("{PLAN}: {reason}"))
}

/// The matrix of the programme as it is.
fn current() -> &'static Matrix {
    static MATRIX: OnceLock<Matrix> = OnceLock::new();
    MATRIX.get_or_init(|| asked(&programme()))
}

/// Actions of the bundle in no sheet that any situation asks.
fn unasked(bundle: &Bundle, plan: &Plan) -> Vec<String> {
    let asked: BTreeSet<&str> = plan.actions().collect();
    let mut unasked: Vec<String> =
        bundle.shapes.actions.keys().filter(|action| !asked.contains(&***action)).cloned().collect();
    unasked.sort();
    unasked
}

/// Policies that determine some cell.
fn shown<'a>(blocks: impl Iterator<Item = &'a Block>) -> BTreeSet<String> {
    blocks.flat_map(Block::cells).flat_map(|cell| cell.decision.determining.iter().map(ToString::to_string)).collect()
}

/// What the matrix of a bundle without that policy tells.
fn change_by_taking_out(id: &str) -> String {
    let mut files = files::read(&programme_dir()).expect("the bundle can be read");
    take_out(&mut files, id);
    let bundle = Bundle::from_files(files)
        .unwrap_or_else(|problems| panic!("the bundle without `{id}` does not load:\n{problems}"));
    assert!(bundle.policies.iter().all(|policy| &*policy.id != id), "`{id}` is still there");
    complaint(&render(current()), &render(&asked(&bundle)))
        .unwrap_or_else(|| panic!("the matrix is the same without `{id}`"))
}

/// Takes a policy out of its file, and its name out of the register.
fn take_out(files: &mut Files, id: &str) {
    let begin = format!("@id(\"{id}\")");
    let source = files.policies.iter_mut().find(|source| source.text.contains(&begin)).expect("the policy exists");
    let from = source.text.find(&begin).unwrap();
    let to = source.text[from + 1..].find("\n@id(").map_or(source.text.len(), |length| from + 1 + length);
    *source = Source::new(source.name.clone(), format!("{}{}", &source.text[..from], &source.text[to..]));
    let rules = files.rules.as_mut().expect("the bundle has a register");
    let name = format!("\"policy:{id}\"");
    let text =
        rules.text.replace(&format!("{name}, "), "").replace(&format!(", {name}"), "").replace(&format!("{name},"), "");
    *rules = Source::new(rules.name.clone(), text);
}

//! What must hold is proved; what is broken on purpose yields a counterexample that can be asked again.
//!
//! Where a solver is installed everything is proved by it; elsewhere the questions are compared with the verdicts of
//! `policies/proofs.lock`. Each test prints which of the two it did. `MANDAT_SOLVER=required` makes a missing solver a
//! failure: CI sets it.

use std::path::{Path, PathBuf};

use mandat::{
    analysis::{
        proofs::{self, Outcome, Property, property},
        prover::{Lock, Prover, Query, Verdict, solver},
    },
    bundle::{Bundle, files},
    problem::Source,
};

use crate::{
    http::process::mandat,
    support::{assert_golden, copy_programme, programme, programme_dir},
};

/// The solver of this machine; `false` and a printed word where there is none and none is required.
fn solver_is_here(what: &str) -> bool {
    let found = solver::find().expect("CVC5 names a program, if it is set");
    assert!(
        found.is_some() || std::env::var("MANDAT_SOLVER").is_err(),
        "MANDAT_SOLVER=required and no solver: run tools/solver/install"
    );
    println!("{what}: {}", if found.is_some() { "proved by the solver" } else { "NOT proved: no solver is installed" });
    found.is_some()
}

fn properties(bundle: &Bundle) -> (Vec<Property>, Source) {
    let (properties, source) = property::read(&programme_dir(), &bundle.register).expect("the properties can be read");
    (properties, source.expect("the programme has properties"))
}

fn settle<'p>(properties: &'p [Property], source: &Source, prover: &Prover) -> Vec<Outcome<'p>> {
    proofs::prove(&programme(), &programme_dir(), properties, source, prover)
        .unwrap_or_else(|problems| panic!("{problems}"))
}

fn unproved(outcomes: &[Outcome]) -> Vec<String> {
    let open = outcomes.iter().filter(|outcome| outcome.verdict != Verdict::Holds);
    open.map(|outcome| format!("{}: {:?}", outcome.about(), outcome.verdict)).collect()
}

#[test]
fn every_question_has_its_verdict_in_the_lock() {
    let (properties, source) = properties(&programme());
    let known = Lock::read(&programme_dir()).expect("the lock can be read");
    println!("compared with policies/proofs.lock, no solver asked");
    let outcomes = settle(&properties, &source, &Prover::new(None, &known));
    let open = unproved(&outcomes);
    assert!(open.is_empty(), "questions that the lock does not know; run `mandat prove --write`:\n{}", open.join("\n"));
    let mut written = known.clone();
    proofs::lock(&mut written, &outcomes);
    assert!(written == known, "the lock holds verdicts that nothing asks for; run `mandat prove --write`");
}

#[test]
fn every_property_of_the_programme_is_proved() {
    if !solver_is_here("the programme's properties") {
        return;
    }
    let (properties, source) = properties(&programme());
    let outcomes = settle(&properties, &source, &Prover::afresh().expect("a solver"));
    let open = unproved(&outcomes);
    assert!(open.is_empty(), "{}", open.join("\n"));
    assert!(outcomes.len() > 100, "{} claims only", outcomes.len());
}

#[test]
fn a_changed_policy_is_a_question_the_lock_does_not_know() {
    let bundle = changed("invoices.cedar", "resource.organization.billingUsers.contains(principal)", "false");
    let (properties, source) = properties(&bundle);
    let prover = Prover::new(None, &Lock::read(&programme_dir()).expect("the lock can be read"));
    let outcomes = proofs::prove(&bundle, &programme_dir(), &properties, &source, &prover).expect("it can be asked");
    let open = unproved(&outcomes);
    assert!(
        open.iter().any(|open| open.contains("invoices.only-the-holder: User viewInvoice Invoice: Unsettled")),
        "{open:?}"
    );
    assert!(!open.iter().any(|open| open.contains("addClient")), "other questions stay the same: {open:?}");
}

#[test]
fn questions_are_the_same_in_every_process() {
    let (properties, source) = properties(&programme());
    let prover = Prover::new(None, &Lock::default());
    let digests = || -> Vec<Option<Query>> {
        settle(&properties, &source, &prover).into_iter().map(|outcome| outcome.query).collect()
    };
    assert_eq!(digests(), digests());
}

#[test]
fn the_page_of_properties_is_current() {
    let (properties, _) = properties(&programme());
    assert_golden("docs/properties.md", &proofs::report::markdown(&properties));
}

/// The programme with `old` written as `new` wherever it stands in one file of policies.
fn changed(file: &str, old: &str, new: &str) -> Bundle {
    let mut files = files::read(&programme_dir()).expect("the programme's files can be read");
    let place = format!("policies/{file}");
    let source = files.policies.iter_mut().find(|source| *source.name == *place).expect("the file is there");
    let text = source.text.replace(old, new);
    assert_ne!(*source.text, *text, "{file} does not say `{old}`");
    *source = Source::new(&*place, text);
    Bundle::from_files(files).unwrap_or_else(|problems| panic!("{problems}"))
}

/// Proves one property of a changed programme; every claim of it that fails has an example.
fn refuted(bundle: &Bundle, id: &str) -> Vec<Vec<&'static str>> {
    let (mut properties, source) = properties(bundle);
    properties.retain(|property| property.id == id);
    refuted_of(bundle, &properties, &source)
}

fn refuted_of(bundle: &Bundle, properties: &[Property], source: &Source) -> Vec<Vec<&'static str>> {
    let prover = Prover::afresh().expect("a solver");
    let outcomes = proofs::prove(bundle, &programme_dir(), properties, source, &prover)
        .unwrap_or_else(|problems| panic!("{problems}"));
    let examples = outcomes.iter().filter_map(|outcome| outcome.example.as_ref());
    let examples = examples.map(|example| example.as_ref().unwrap_or_else(|reason| panic!("{reason}")));
    examples.map(|example| example.steps.iter().map(|step| step.decision).collect()).collect()
}

#[test]
fn only_if_is_refuted_by_an_administrator_who_adds_a_client() {
    if !solver_is_here("only_if") {
        return;
    }
    let bundle = changed(
        "clients.cedar",
        "resource.legalRepresentatives.contains(principal)",
        "(resource.legalRepresentatives.contains(principal) || resource.administrators.contains(principal))",
    );
    assert_eq!(refuted(&bundle, "clients.only-legal-representatives-add"), [["allow"]]);
}

#[test]
fn never_is_refuted_by_an_order_through_limited_access() {
    if !solver_is_here("never") {
        return;
    }
    let bundle = changed("orders.cedar", r#"resource.access == "full""#, r#"resource.access != "none""#);
    assert_eq!(refuted(&bundle, "orders.never-through-limited-access"), [["allow"]]);
}

#[test]
fn never_both_is_refuted_by_two_who_see_one_invoice() {
    if !solver_is_here("never_both") {
        return;
    }
    let wider =
        "resource.organization.billingUsers.contains(principal) || resource.client.administrators.contains(principal)";
    let bundle = changed("invoices.cedar", "resource.organization.billingUsers.contains(principal)", wider);
    assert_eq!(refuted(&bundle, "invoices.never-both-sides"), [["allow", "allow"], ["allow", "allow"]]);
}

#[test]
fn never_errors_is_refuted_by_a_date_at_the_end_of_time() {
    if !solver_is_here("never_errors") {
        return;
    }
    let bundle = changed("channels.cedar", r#"context.token.lastUsedAt < datetime("9999-01-01") &&"#, "");
    let (mut properties, source) = properties(&bundle);
    properties.retain(|property| property.id == "policies.never-fail");
    properties.iter_mut().for_each(|property| property.scope.actions = Some(vec!["viewInvoice".to_owned()]));
    let prover = Prover::afresh().expect("a solver");
    let outcomes = proofs::prove(&bundle, &programme_dir(), &properties, &source, &prover).expect("it can be asked");
    let failing = unproved(&outcomes);
    assert_eq!(
        failing,
        ["property policies.never-fail: User viewInvoice Invoice, channels.token.unused-for-a-year: Fails"]
    );
}

#[test]
fn never_more_with_is_refuted_by_a_token_that_opens_something() {
    if !solver_is_here("never_more_with") {
        return;
    }
    let bundle = changed(
        "invoices.cedar",
        "resource.organization.billingUsers.contains(principal)\n};",
        "resource.organization.billingUsers.contains(principal) || context has token && principal in resource.organization\n};",
    );
    let examples = refuted(&bundle, "channels.give-nothing");
    assert!(!examples.is_empty() && examples.iter().all(|steps| steps == &["allow", "deny"]), "{examples:?}");
}

#[test]
fn unaffected_by_is_refuted_by_a_payer_with_a_right() {
    if !solver_is_here("unaffected_by") {
        return;
    }
    let bundle = changed(
        "transfers.cedar",
        r#"context.codeKind == "authorization""#,
        r#"context.codeKind == "authorization" && !(resource has payer && resource.payer != resource.organization)"#,
    );
    let examples = refuted(&bundle, "products.paying-gives-no-right");
    assert!(!examples.is_empty() && examples.iter().all(|steps| steps[0] != steps[1]), "{examples:?}");
}

#[test]
fn same_as_is_refuted_by_a_bundle_that_decides_otherwise() {
    if !solver_is_here("same_as") {
        return;
    }
    let text = format!(
        "[[same_as]]\nid = \"as-before\"\ntitle = \"as before\"\nactions = [\"viewInvoice\", \"addClient\"]\nbundle = {:?}\n",
        programme_dir()
    );
    let source = Source::new(property::PATH, text);
    let same = programme();
    let properties = property::parse(&source, &same.register).expect("a property");
    assert!(refuted_of(&same, &properties, &source).is_empty(), "it is the same bundle");
    let narrower = changed("invoices.cedar", "resource.organization.billingUsers.contains(principal)", "false");
    assert_eq!(refuted_of(&narrower, &properties, &source), [["deny", "allow"]], "denied by it, allowed as before");
}

#[test]
fn what_is_assumed_is_not_looked_at_on_either_side() {
    if !solver_is_here("assuming") {
        return;
    }
    let bundle = changed("invoices.cedar", "resource.organization.billingUsers.contains(principal)", "false");
    let open = "[[only_if]]\nid = \"a\"\ntitle = \"t\"\nactions = [\"viewInvoice\"]\nholds = \"resource.organization.administrators.contains(principal)\"\n";
    let other = format!(
        "[[same_as]]\nid = \"b\"\ntitle = \"t\"\nactions = [\"viewInvoice\"]\nbundle = {:?}\n",
        programme_dir()
    );
    let payer = "[[unaffected_by]]\nid = \"c\"\ntitle = \"t\"\nactions = [\"viewProduct\"]\nattribute = \"resource.organization\"\n";
    let cases = [
        (open, "!resource.organization.legalRepresentatives.contains(principal)"),
        (&other, "!resource.organization.billingUsers.contains(principal)"),
        (payer, r#"resource.organization == Organization::"bakery""#),
    ];
    for (text, assumed) in cases {
        let examples = |text: String| {
            let source = Source::new(property::PATH, text);
            let properties = property::parse(&source, &bundle.register).unwrap_or_else(|problems| panic!("{problems}"));
            refuted_of(&bundle, &properties, &source)
        };
        assert!(!examples(text.to_owned()).is_empty(), "the control: without it there is one\n{text}");
        assert!(examples(format!("{text}assuming = '{assumed}'\n")).is_empty(), "{text}");
    }
}

/// A copy of the programme in a directory of its own, and a change in it.
fn copied(name: &str, file: &str, old: &str, new: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&dir);
    copy_programme(&dir);
    let text = std::fs::read_to_string(dir.join(file)).unwrap();
    assert!(text.contains(old), "{file} does not say `{old}`");
    std::fs::write(dir.join(file), text.replace(old, new)).unwrap();
    dir
}

#[test]
fn a_counterexample_is_decided_by_the_command_it_comes_with() {
    if !solver_is_here("mandat prove") {
        return;
    }
    let dir = copied(
        "refuted",
        "policies/clients.cedar",
        "resource.legalRepresentatives.contains(principal)",
        "(resource.legalRepresentatives.contains(principal) || resource.administrators.contains(principal))",
    );
    let out = dir.join("counterexamples");
    let prove = mandat()
        .args(["prove", "--only", "CLI-02", "--out", out.to_str().unwrap(), dir.to_str().unwrap()])
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&prove.stdout).into_owned();
    assert_eq!(prove.status.code(), Some(1), "{printed}");
    assert!(printed.contains("REFUTED clients.only-legal-representatives-add"), "{printed}");
    let command = printed.lines().find_map(|line| line.trim().strip_prefix("mandat decide ")).expect("a command");
    let decide = mandat().arg("decide").args(command.split_whitespace()).output().unwrap();
    let decided = String::from_utf8_lossy(&decide.stdout).into_owned();
    assert_eq!((decide.status.code(), decided.lines().next()), (Some(0), Some("Allow")), "{printed}");
}

#[test]
fn without_a_solver_nothing_is_proved_that_the_lock_does_not_know() {
    let dir = copied(
        "unsolved",
        "policies/invoices.cedar",
        "resource.organization.billingUsers.contains(principal)",
        "false",
    );
    let nowhere = dir.join("nowhere");
    let prove = mandat()
        .args(["prove", "--only", "INV-01", dir.to_str().unwrap()])
        .env_remove("CVC5")
        .env("PATH", &nowhere)
        .env("HOME", &nowhere)
        .env("XDG_DATA_HOME", &nowhere)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&prove.stdout).into_owned();
    assert_eq!(prove.status.code(), Some(1), "{printed}");
    assert!(printed.contains("open    invoices.only-the-holder"), "{printed}");
    assert!(printed.contains("no solver is installed here"), "{printed}");
}

fn mistakes(text: &str) -> String {
    let bundle = programme();
    let source = Source::new(property::PATH, text);
    let problems = property::parse(&source, &bundle.register).and_then(|properties| {
        let prover = Prover::new(None, &Lock::default());
        proofs::prove(&bundle, &programme_dir(), &properties, &source, &prover).map(|_| ())
    });
    let problems = problems.expect_err("it has a mistake");
    let told = problems.iter().map(|problem| format!("{problem} {}", problem.help_text().unwrap_or_default()));
    format!("{problems}\n{}", told.collect::<Vec<_>>().join("\n"))
}

#[test]
fn mistakes_in_properties_are_told_with_their_place() {
    let cases = [
        ("[[only_if]]\nid = \"a\"\ntitle = \"t\"\n", "the property `a` has no `holds`"),
        (
            "[[never]]\nid = \"a\"\ntitle = \"t\"\nholds = \"true\"\n",
            "`holds` says nothing in a property of the kind `never`",
        ),
        ("[[never]]\nid = \"a\"\ntitle = \"t\"\nwhenn = \"true\"\n", "unknown field `whenn`"),
        ("[[never]]\nid = \"a\"\ntitle = \"t\"\nrules = [\"CLI-99\"]\n", "the rule `CLI-99` is not in the register"),
        ("[[never]]\nid = \"a\"\ntitle = \"t\"\nactions = [\"addClint\"]\n", "did you mean `addClient`?"),
        (
            "[[never]]\nid = \"a\"\ntitle = \"t\"\nactions = [\"addClient\"]\nresources = [\"Invoice\"]\n",
            "speaks of no environment",
        ),
        ("[[never]]\nid = \"a\"\ntitle = \"t\"\n\n[[never]]\nid = \"a\"\ntitle = \"t\"\n", "the id `a` is used twice"),
        (
            "[[never]]\nid = \"a\"\ntitle = \"t\"\nactions = [\"addClient\"]\nwhen = \"resource.colour == 1\"\n",
            "colour",
        ),
        (
            "[[unaffected_by]]\nid = \"a\"\ntitle = \"t\"\nactions = [\"addClient\"]\nattribute = \"resource.colour\"\n",
            "has no attribute `colour`",
        ),
        (
            "[[unaffected_by]]\nid = \"a\"\ntitle = \"t\"\nattribute = \"payer\"\n",
            "must be `principal.…` or `resource.…`",
        ),
    ];
    for (text, said) in cases {
        let told = mistakes(text);
        assert!(told.contains(said) && told.contains("policies/properties.toml:"), "{text}\n{told}");
    }
}

#[test]
fn an_attribute_that_is_read_of_another_entity_too_cannot_be_put_apart() {
    let other = "resource.fullPartnership.client.country == resource.country";
    let bundle = changed("orders.cedar", "resource.fullPartnership.client == resource", other);
    let text = "[[unaffected_by]]\nid = \"a\"\ntitle = \"t\"\nactions = [\"orderProduct\"]\nresources = [\"Organization\"]\nattribute = \"resource.country\"\n";
    let source = Source::new(property::PATH, text);
    let properties = property::parse(&source, &bundle.register).expect("a property");
    let prover = Prover::new(None, &Lock::default());
    let problems =
        proofs::prove(&bundle, &programme_dir(), &properties, &source, &prover).expect_err("it might be the same");
    assert!(problems.to_string().contains("might be the `resource` too"), "{problems}");
}

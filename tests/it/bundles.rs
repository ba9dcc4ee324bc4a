//! Mistakes in a bundle: each is found at its place with a help, all of them at once, and nothing is half
//! loaded.
//!
//! `tests/golden/problems.txt` shows every one as an author sees it; after a wanted change it is rewritten
//! with `MANDAT_GOLDEN=write cargo test --test it golden`.

mod tariffs;

use mandat::{
    bundle::{Bundle, files::Files},
    cli::output::problem_text,
    problem::{Problem, Problems, Source},
};

use crate::{support::assert_golden, worlds::TempDir};

const SCHEMA: &str = "\
entity User in [Team] = { manager?: User, level: Long };
entity Team;
entity Robot;
entity Page = { owner: User };
action read appliesTo { principal: [User, Robot], resource: Page, context: { note?: String, owner?: User } };
action edit appliesTo { principal: User, resource: Page };
";

const RULES: &str = "\
[documents.house]
language = \"en\"
title = \"the house rules\"

[rules.READ-01]
statement = \"Everybody reads their own pages.\"
kind = \"permit\"
source = { document = \"house\", heading = \"Reading\" }
encoded_by = [\"policy:pages.read\"]
";

const READ: &str = "\
@id(\"pages.read\")
@rules(\"READ-01\")
permit (principal is User, action == Action::\"read\", resource is Page)
when { resource.owner == principal };
";

/// A mistake: files that take the place of the right ones, and where it must be found.
struct Mistake {
    name: &'static str,
    files: Vec<(&'static str, String)>,
    /// `file:line:column`
    at: &'static str,
    /// The text that must be underlined.
    under: &'static str,
}

fn mistake(name: &'static str, file: &'static str, text: &str, at: &'static str, under: &'static str) -> Mistake {
    Mistake { name, files: vec![(file, text.to_owned())], at, under }
}

/// One more policy in a file of its own, after an `@id` on the first line.
fn policy(name: &'static str, rest: &str, at: &'static str, under: &'static str) -> Mistake {
    mistake(name, "policies/more.cedar", &format!("@id(\"more\")\n{rest}\n"), at, under)
}

/// A change to the register.
fn rules(name: &'static str, from: &str, to: &str, at: &'static str, under: &'static str) -> Mistake {
    assert!(RULES.contains(from), "{from}");
    mistake(name, "policies/rules.toml", &RULES.replace(from, to), at, under)
}

#[rustfmt::skip]
fn policies() -> Vec<Mistake> {
    let tower = format!("forbid (principal, action, resource) when {{ {}true{} }};", "(".repeat(70), ")".repeat(70));
    vec![
        policy("a syntax error", "permit (principal, action, resource) when { resource.owner = principal };", "policies/more.cedar:2:45", "resource.owner = principal"),
        policy("a missing semicolon", "permit (principal, action, resource)", "policies/more.cedar:2:37", ""),
        policy("an unknown attribute", "forbid (principal, action, resource) when { resource.author == principal };", "policies/more.cedar:2:45", "resource.author"),
        policy("a type error", "forbid (principal, action, resource) when { resource.owner.level > \"3\" };", "policies/more.cedar:2:68", "\"3\""),
        policy("an optional attribute that is not asked for first", "forbid (principal is User, action, resource)\nwhen { principal.manager.level > 3 };", "policies/more.cedar:3:8", "principal.manager.level"),
        policy("a look that goes too deep", "forbid (principal is User, action, resource)\nwhen { principal has manager && principal.manager has manager && principal.manager.manager.level > 3 };", "policies/more.cedar:3:66", "principal.manager.manager.level"),
        policy("an unknown entity type", "forbid (principal is Usr, action, resource);", "policies/more.cedar:2:22", "Usr"),
        policy("an unknown action", "forbid (principal, action == Action::\"reads\", resource);", "policies/more.cedar:2:30", "Action::\"reads\""),
        mistake("no id", "policies/more.cedar", "// a comment\n\nforbid (principal, action == Action::\"edit\", resource)\nwhen { true };\n", "policies/more.cedar:3:1", "forbid (principal, action == Action::\"edit\", resource)"),
        mistake("a type error in a policy without an id", "policies/more.cedar", "forbid (principal, action, resource) when { 1 };\n", "policies/more.cedar:1:45", "1"),
        policy("an id twice in a file", "forbid (principal, action, resource);\n@title(\"again\") @id(\"more\")\nforbid (principal, action, resource);", "policies/more.cedar:3:17", "@id(\"more\")"),
        mistake("an id twice in two files", "policies/most.cedar", "\n@id(\"pages.read\") forbid (principal, action, resource);", "policies/most.cedar:2:1", "@id(\"pages.read\")"),
        policy("an unknown annotation", "@titel(\"Nobody edits\")\nforbid (principal, action == Action::\"edit\", resource);", "policies/more.cedar:2:1", "@titel(\"Nobody edits\")"),
        policy("a template", "@title(\"who? me?\")\nforbid (principal == ?principal, action, resource);", "policies/more.cedar:3:22", "?principal"),
        policy("an obligation on a forbid", "@obligation(\"tell\")\nforbid (principal, action, resource);", "policies/more.cedar:1:1", "@id(\"more\")"),
        policy("a policy that fits no request", "forbid (principal is Robot, action == Action::\"edit\", resource);", "policies/more.cedar:1:1", "@id(\"more\")"),
        policy("a condition that is never true", "forbid (principal, action, resource) when { false };", "policies/more.cedar:1:1", "@id(\"more\")"),
        policy("letters that look like others", "forbid (principal == User::\"\u{430}da\", action, resource);", "policies/more.cedar:1:1", "@id(\"more\")"),
        policy("letters of two scripts in a string", "forbid (principal, action == Action::\"read\", resource)\nwhen { context has note && context.note == \"p\u{430}ypal\" };", "policies/more.cedar:3:44", "\"p\u{430}ypal\""),
        policy("a character that turns the text around", "forbid (principal, action == Action::\"read\", resource)\nwhen { context has note && context.note == \"\u{202e}olleh\" };", "policies/more.cedar:3:44", "\"\u{202e}olleh\""),
        policy("nested too deep", &tower, "policies/more.cedar:2:108", "("),
    ]
}

#[rustfmt::skip]
fn registers() -> Vec<Mistake> {
    vec![
        policy("an unknown rule", "@rules(\"READ-02\")\nforbid (principal, action == Action::\"edit\", resource);", "policies/more.cedar:2:1", "@rules(\"READ-02\")"),
        policy("a rule that another policy encodes", "@rules(\"READ-01\")\nforbid (principal, action == Action::\"edit\", resource);", "policies/more.cedar:2:1", "@rules(\"READ-01\")"),
        policy("a permit that names no rule", "permit (principal, action == Action::\"edit\", resource);", "policies/more.cedar:1:1", "@id(\"more\")"),
        rules("a rule that nothing encodes", "[\"policy:pages.read\"]", "\"nothing\"", "policies/rules.toml:5:1", "[rules.READ-01]"),
        rules("a rule encoded by an unknown policy", "policy:pages.read\"", "policy:pages.read\", \"policy:pages.raed\"", "policies/rules.toml:5:1", "[rules.READ-01]"),
        rules("a rule encoded by an unknown fact", "policy:pages.read\"", "policy:pages.read\", \"fact:Page.author\"", "policies/rules.toml:5:1", "[rules.READ-01]"),
        rules("a rule that waits for pricing", "[\"policy:pages.read\"]", "\"pricing\"", "policies/rules.toml:5:1", "[rules.READ-01]"),
        rules("a rule encoded by an empty list", "[\"policy:pages.read\"]", "[]", "policies/rules.toml:5:1", "[rules.READ-01]"),
        rules("a rule encoded by another word", "[\"policy:pages.read\"]", "\"magic\"", "policies/rules.toml:5:1", "[rules.READ-01]"),
        rules("a document that is not listed", "document = \"house\"", "document = \"home\"", "policies/rules.toml:5:1", "[rules.READ-01]"),
        rules("an unknown kind of rule", "kind = \"permit\"", "kind = \"allow\"", "policies/rules.toml:7:8", "\"allow\""),
        rules("a justification of an unknown rule", "[rules.READ-01]", "[unencoded]\nREAD-07 = \"it is a joke\"\n\n[rules.READ-01]", "policies/rules.toml:6:11", "\"it is a joke\""),
        rules("a rule without a source", "source = { document = \"house\", heading = \"Reading\" }\n", "", "policies/rules.toml:5:1", "[rules.READ-01]"),
        mistake("an empty register", "policies/rules.toml", "", "policies/pages.cedar:2:1", "@rules(\"READ-01\")"),
    ]
}

#[rustfmt::skip]
fn schemas_and_settings() -> Vec<Mistake> {
    let schema = "schemas/pages.cedarschema";
    vec![
        mistake("a syntax error in the schema", schema, &SCHEMA.replace("entity Team;", "entity Team"), "schemas/pages.cedarschema:3:1", "entity"),
        mistake("an unknown type in the schema", schema, &SCHEMA.replace("owner: User }", "owner: Usr }"), "schemas/pages.cedarschema:4:24", "Usr"),
        mistake("a schema that nests too deep", schema, &format!("type T = {}Long{};", "Set<".repeat(70), ">".repeat(70)), "schemas/pages.cedarschema:1:269", "<"),
        mistake("an unknown setting", "mandat.toml", "[policies]\nlevle = 4\n", "mandat.toml:2:1", "levle"),
        mistake("a setting of the wrong type", "mandat.toml", "[policies]\nlevel = \"four\"\n", "mandat.toml:2:9", "\"four\""),
        mistake("a setting out of range", "mandat.toml", "# the level\n[policies]\nlevel = 17\n", "mandat.toml:3:9", "17"),
        mistake("an unknown choice", "mandat.toml", "[facts]\ncaller_properties = \"trust\"\n", "mandat.toml:2:21", "\"trust\""),
        mistake("no TOML", "mandat.toml", "[policies\n", "mandat.toml:1:10", ""),
        mistake("TOML that nests too deep", "mandat.toml", &format!("a = {}", "[".repeat(50_000)), "mandat.toml:1:85", "["),
    ]
}

fn mistakes() -> Vec<Mistake> {
    policies().into_iter().chain(registers()).chain(schemas_and_settings()).chain(tariffs::mistakes()).collect()
}

/// The right files with some replaced or added.
fn files(replaced: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
    let right = [
        ("mandat.toml", "[policies]\nlevel = 2\n"),
        ("schemas/pages.cedarschema", SCHEMA),
        ("policies/pages.cedar", READ),
        ("policies/rules.toml", RULES),
    ];
    let kept = right.into_iter().filter(|(name, _)| !replaced.iter().any(|(other, _)| other == name));
    kept.map(|(name, text)| (name, text.to_owned())).chain(replaced.iter().cloned()).collect()
}

fn load(files: &[(&'static str, String)]) -> Result<Bundle, Problems> {
    let source =
        |name: &str| files.iter().find(|(other, _)| *other == name).map(|(name, text)| Source::new(*name, &**text));
    let ending = |ending: &str| {
        files
            .iter()
            .filter(|(name, _)| name.ends_with(ending))
            .map(|(name, text)| Source::new(*name, &**text))
            .collect()
    };
    Bundle::from_files(Files {
        policies: ending(".cedar"),
        schemas: ending(".cedarschema"),
        rules: source("policies/rules.toml"),
        settings: source("mandat.toml"),
        tariffs: files
            .iter()
            .filter(|(name, _)| name.starts_with("tariffs/"))
            .map(|(name, text)| Source::new(*name, &**text))
            .collect(),
        digest: String::new(),
    })
}

fn problems(mistake: &Mistake) -> Problems {
    match load(&files(&mistake.files)) {
        Ok(_) => panic!("{}: the bundle loads", mistake.name),
        Err(problems) => problems,
    }
}

fn place(problem: &Problem) -> String {
    problem.location().map(ToString::to_string).unwrap_or_default()
}

#[test]
fn without_a_mistake_the_bundle_loads() {
    let bundle = load(&files(&[])).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(bundle.policies.len(), 1);
}

#[test]
fn every_mistake_is_found_at_its_place() {
    for mistake in mistakes() {
        let problems = problems(&mistake);
        let found = problems
            .iter()
            .find(|problem| place(problem) == mistake.at && problem.underlined().unwrap_or_default() == mistake.under);
        let found = found.unwrap_or_else(|| {
            panic!("{}: nothing at {} under `{}`:\n{problems}", mistake.name, mistake.at, mistake.under)
        });
        assert!(!found.message().is_empty() && !found.message().ends_with('.'), "{}", found.message());
    }
}

#[test]
fn every_mistake_comes_with_a_help_or_says_what_was_expected() {
    for mistake in mistakes() {
        for problem in problems(&mistake).iter() {
            let shown = problem_text(problem);
            assert!(
                problem.help_text().is_some()
                    || shown.contains("expected")
                    || shown.contains("missing field")
                    || shown.contains("recurse"),
                "{}:\n{shown}",
                mistake.name
            );
        }
    }
}

#[test]
fn one_mistake_is_told_once() {
    for mistake in mistakes() {
        let problems = problems(&mistake);
        let mut places: Vec<String> = problems.iter().map(place).collect();
        places.dedup();
        assert_eq!(places.len(), problems.iter().count(), "{}:\n{problems}", mistake.name);
    }
}

#[test]
fn all_mistakes_in_all_files_are_found_at_once() {
    let every: [(&'static str, String); 5] = [
        ("mandat.toml", "[facts]\ncaller_properties = \"trust\"\n".to_owned()),
        ("policies/broken.cedar", "@id(\"a\") permit (principal, action resource);\n\n@id(\"b\") permit (principal action, resource);\n".to_owned()),
        ("policies/ids.cedar", "@id(\"pages.read\") forbid (principal, action, resource);\nforbid (principal, action, resource);\n".to_owned()),
        ("policies/types.cedar", "@id(\"c\") forbid (principal, action, resource)\nwhen { resource.owner.level > \"3\" }\nwhen { resource.author == principal };\n@id(\"d\") @rules(\"READ-09\") forbid (principal, action, resource) when { 1 };\n".to_owned()),
        ("policies/rules.toml", RULES.replace("house\", heading", "home\", heading")),
    ];
    let Err(problems) = load(&files(&every)) else { panic!("the bundle loads") };
    let places: Vec<String> = problems.iter().map(place).collect();
    assert_eq!(
        places,
        [
            "mandat.toml:2:21",
            "policies/broken.cedar:1:36",
            "policies/broken.cedar:3:28",
            "policies/ids.cedar:1:1",
            "policies/ids.cedar:2:1",
            "policies/rules.toml:5:1",
            "policies/types.cedar:2:31",
            "policies/types.cedar:3:8",
            "policies/types.cedar:4:10",
            "policies/types.cedar:4:72",
        ],
        "{problems}"
    );
}

#[test]
fn a_bundle_without_permits_is_refused() {
    for (what, text) in [
        ("nothing but comments", "// nothing\n"),
        ("nothing but forbids", "@id(\"no\") forbid (principal, action, resource);"),
    ] {
        let rules = ("policies/rules.toml", RULES[..RULES.find("[rules").unwrap()].to_owned());
        let Err(problems) = load(&files(&[("policies/pages.cedar", text.to_owned()), rules])) else {
            panic!("{what}: the bundle loads")
        };
        let told: Vec<&str> = problems.iter().map(Problem::message).collect();
        assert_eq!(told, ["the bundle has no permit"], "{what}");
    }
}

const GOLDEN: &str = "tests/golden/problems.txt";

#[test]
fn the_golden_problems_are_as_reviewed() {
    let mut now = String::from("What an author sees of each mistake; tests/it/bundles.rs writes it.\n");
    for mistake in mistakes() {
        let shown: String = problems(&mistake).iter().map(|problem| problem_text(problem) + "\n").collect();
        let shown = shown.replace('\u{202e}', "\\u{202e}");
        let short = shown.lines().map(|line| line.chars().take(160).collect::<String>().trim_end().to_owned() + "\n");
        now +=
            &format!("\n== {}\n\n{}", mistake.name, short.collect::<String>().trim_end_matches('\n').to_owned() + "\n");
    }
    assert_golden(GOLDEN, &now);
}

#[test]
fn the_command_finds_the_same_in_a_directory() {
    let dir = TempDir::new();
    files(&policies()[3].files).iter().for_each(|(name, text)| dir.write(name, text));
    let Err(problems) = Bundle::load(dir.path()) else { panic!("the bundle loads") };
    assert_eq!(problems.iter().map(place).collect::<Vec<_>>(), ["policies/more.cedar:2:68"]);
}

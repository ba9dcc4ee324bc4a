//! The policy book: every rule traced both ways, and what is traced nowhere told.

use std::fs;

use super::{Desk, having};
use crate::support::{copy_programme, programme};

#[test]
fn every_rule_of_the_programme_is_traced_and_every_policy_is_traced_back() {
    let desk = Desk::new();
    let done = desk.written(&["policy-book", "--strict"]);
    assert!(!done.out.contains("finding"), "{done:?}");
    let (rows, html) = (desk.rows("policy-book.csv"), desk.read("policy-book.html"));
    let bundle = programme();
    for (id, rule) in &bundle.register.rules {
        let own = having(&rows, &[("rule", id)]);
        let statement = &rule.get_ref().statement;
        assert!(own.iter().all(|row| row["statement"] == *statement) && !own.is_empty(), "{id}");
        assert!(html.contains(&format!("<h3 id=\"rule-{id}\">{id}</h3>")), "{id}");
    }
    for policy in &bundle.policies {
        for rule in &policy.rules {
            let name = format!("policy:{}", policy.id);
            let traced = having(&rows, &[("rule", rule), ("relation", "encoded by"), ("name", &name)]);
            assert_eq!(traced.len(), 1, "{rule} {name}");
        }
    }
    // A rule is tested through the policies that decided, where no scenario names it, and through the tariff.
    let tested = having(&rows, &[("rule", "CLI-02"), ("relation", "tested by")]);
    assert!(tested.iter().any(|row| row["says"].contains("clients.only-legal-representatives-add")), "{tested:?}");
    let priced = having(&rows, &[("rule", "CBK-07"), ("relation", "priced by")]);
    assert!(priced.iter().all(|row| row["says"].starts_with("decided by partner/benefits.")), "{priced:?}");
    assert!(!priced.is_empty());
    let proved = having(&rows, &[("rule", "CLI-02"), ("relation", "proved by")]);
    assert!(proved.iter().all(|row| row["state"].starts_with("proved for")) && !proved.is_empty(), "{proved:?}");
    assert!(!having(&rows, &[("rule", "PRC-05"), ("relation", "open question")]).is_empty());
}

/// The controls: each gap, made on purpose, is found; and only a strict run fails on it.
#[test]
fn what_is_traced_nowhere_is_a_finding_and_fails_a_strict_run() {
    let desk = Desk::new();
    let bundle = desk.path().join("bundle");
    copy_programme(&bundle);
    let add = |file: &str, text: &str| {
        let path = bundle.join(file);
        fs::write(&path, format!("{}{text}", fs::read_to_string(&path).unwrap())).unwrap();
    };
    add(
        "policies/properties.toml",
        "\n[[never]]\nid = \"nobody.knows\"\ntitle = \"A rule nobody knows\"\nrules = [\"CLI-98\"]\nactions = \
         [\"viewTender\"]\nwhen = \"false\"\n",
    );
    add(
        "policies/clients.cedar",
        "\n@id(\"clients.stray\")\n@title(\"A forbid without a rule\")\nforbid (principal, action == \
         Action::\"addClient\", resource) when { context.access == \"none\" };\n",
    );
    let scenario = "facts = \"programme.json\"\nnow = \"2026-10-01T12:00:00Z\"\n[[scenario]]\nname = \"a stray\"\nrules = \
                    [\"CLI-99\", \"CON-99\"]\nsubject = 'User::\"u-bob\"'\naction = \"listInDirectory\"\nresource = \
                    'Organization::\"alpenhost\"'\nexpect = \"deny\"\n";
    fs::write(bundle.join("tests/scenarios/stray.toml"), scenario).unwrap();
    // No matrix: the book must be there without it.
    fs::remove_file(bundle.join("tests/matrix.toml")).unwrap();
    let words = ["policy-book", "--bundle", bundle.to_str().unwrap()];
    let strict = desk.report(&[&words[..], &["--strict"]].concat());
    assert_eq!(strict.code, Some(1), "{strict:?}");
    let rows = desk.rows("policy-book.csv");
    let found: Vec<(String, String)> = having(&rows, &[("relation", "finding")])
        .into_iter()
        .map(|row| (row["state"].clone(), row["name"].clone()))
        .collect();
    for (sort, name) in [
        ("unknown rule", "CLI-99"),
        ("unknown rule", "CLI-98"),
        ("policy without rule", "clients.stray"),
        ("untested policy", "clients.stray"),
        // Another policy makes another question, which the lock does not know.
        ("not proved", "clients.only-legal-representatives-add"),
        ("failing case", "a stray"),
    ] {
        assert!(found.contains(&(sort.to_owned(), name.to_owned())), "{sort} {name}: {found:?}");
    }
    // A reading is in no register, and nobody is told to put it there.
    assert!(!found.iter().any(|(_, name)| name == "CON-99"), "{found:?}");
}

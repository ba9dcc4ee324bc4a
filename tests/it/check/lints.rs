//! Each lint: what it tells, and what it leaves alone.

use mandat::{analysis::layout::policies, problem::Source};
use serde_json::Value;

use super::{READ, bundle, run, warned};
use crate::{
    command_line::{code, mandat},
    support::programme_dir,
};

/// A policy in a file of its own, with a title.
fn more(rest: &str) -> Vec<String> {
    let titled = if rest.contains("@title") { "" } else { "@title(\"More\")\n" };
    policy(&format!("@id(\"more\")\n{titled}{rest}\n"))
}

/// What is told of one more policy, laid out.
fn policy(text: &str) -> Vec<String> {
    let text = policies::lay_out(&Source::new("policies/more.cedar", text)).unwrap();
    warned(bundle("policies/more.cedar", &text).path())
}

#[test]
fn nothing_in_the_programme_is_worth_a_look() {
    let output = mandat(&["check", "--json", "--deny-warnings"], "");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((code(&output), &answer["warnings"]), (0, &Value::Array(vec![])));
    assert_eq!(answer["not_looked_at"], 0, "the lock knows all that a solver would prove");
}

#[test]
fn nothing_in_another_domain_is_worth_a_look() {
    // Its policies are laid out in few lines, by hand; nothing else is worth a word.
    assert_eq!(warned(&programme_dir().join("tests/bundles/todo")), ["W305", "W305"]);
}

#[test]
fn a_title_and_rules_are_missed() {
    assert_eq!(warned(bundle("policies/pages.cedar", READ).path()), [""; 0], "the control");
    let untitled = READ.replace("@title(\"Owners read their pages\")\n", "");
    assert_eq!(warned(bundle("policies/pages.cedar", &untitled).path()), ["W301"]);
    let forbid =
        "@id(\"never\")\n@title(\"No\")\nforbid (principal is User, action, resource)\nwhen { resource.archived };\n";
    assert_eq!(policy(forbid), ["W302"]);
    let unsourced = forbid.replace("never", "more.never");
    assert_eq!(policy(&unsourced), [""; 0], "the register gives a reason");
}

#[test]
fn a_permit_must_say_who() {
    let scope = "permit (principal, action == Action::\"read\", resource)";
    assert_eq!(more(&format!("{scope}\nwhen {{ resource.status == \"published\" }};")), ["W303"]);
    assert_eq!(more(&format!("{scope}\nwhen {{ resource.owner == principal && resource.archived }};")), [""; 0]);
    let named = scope.replace("principal,", "principal is Robot,");
    assert_eq!(
        more(&format!("{named}\nwhen {{ resource.status == \"published\" }};")),
        [""; 0],
        "every robot: that says who"
    );
    let forbid = "forbid (principal, action == Action::\"read\", resource)\nwhen { resource.archived };";
    assert_eq!(more(forbid), [""; 0], "a forbid for all is no oversight");
}

#[test]
fn characters_that_deceive_are_told_wherever_they_stand() {
    let policy = "forbid (principal is User, action, resource)\nwhen { resource.archived };";
    for (what, text) in [
        ("a comment that turns the text around", format!("// \u{202e}no\n{policy}")),
        ("a comment with a letter of another alphabet", format!("// only \u{430}dministrators\n{policy}")),
        ("a title with an invisible character", format!("@title(\"No\u{200b}body\")\n{policy}")),
        ("a rule with a word of two alphabets", format!("@reading(\"C\u{41e}N-1\")\n{policy}")),
    ] {
        assert_eq!(more(&text), ["W304"], "{what}");
    }
    for (what, text) in [
        (
            "words of one alphabet",
            format!("// Für Menschen, \u{434}\u{43b}\u{44f} людей, \u{4eba}\u{3005}, cœur\n{policy}"),
        ),
        ("signs between words", format!("// a → b, 5 µs, Δx ≤ 3, › this\n{policy}")),
    ] {
        assert_eq!(more(&text), [""; 0], "{what}");
    }
    let rules = super::RULES.replace("the house rules", "the h\u{43e}use rules");
    assert_eq!(warned(bundle("policies/rules.toml", &rules).path()), ["W304"], "in the register");
    let schema = super::SCHEMA.replace("entity Robot;", "entity Robot;\n// R\u{43e}bot");
    assert_eq!(warned(bundle("schemas/pages.cedarschema", &schema).path()), ["W304"], "in the schema");
}

#[test]
fn a_name_of_nothing_but_look_alikes_is_told() {
    // All letters are Cyrillic and read `copy`.
    let schema = super::SCHEMA.replace("entity Robot;", "entity Robot;\naction \"\u{441}\u{43e}\u{440}\u{443}\";\n");
    assert_eq!(
        warned(bundle("schemas/pages.cedarschema", &schema).path()),
        [""; 0],
        "a string in a schema is no name to us"
    );
    let id = "@id(\"more.\u{441}\u{43e}\u{440}\u{443}\")\n@title(\"No\")\nforbid (principal is User, action, resource)\nwhen { resource.archived };\n";
    assert_eq!(policy(id), ["W304"]);
}

#[test]
fn another_layout_is_told_at_its_first_line() {
    let dir = bundle(
        "policies/more.cedar",
        "@id(\"more\")\n@title(\"No\")\nforbid(principal is User, action, resource)\nwhen { resource.archived };\n",
    );
    let output = run(&["check"], dir.path());
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("W305") && text.contains("policies/more.cedar:3:1"), "{text}");
}

#[test]
fn a_backstop_gives_its_reason() {
    let forbid = "forbid (principal is User, action == Action::\"edit\", resource)\nwhen { resource.archived };";
    assert_eq!(more(&format!("@backstop(\"\")\n{forbid}")), ["W307"]);
    assert_eq!(more(&format!("@backstop(\"no permit lets anybody edit\")\n{forbid}")), [""; 0]);
}

#[test]
fn a_warning_is_allowed_with_a_reason_only_and_only_while_it_is_needed() {
    let open = "permit (principal, action == Action::\"read\", resource)\nwhen { resource.status == \"published\" };";
    assert_eq!(more(&format!("@allow(\"W303: published pages are for the world\")\n{open}")), [""; 0]);
    let closed = open.replace("principal,", "principal is Robot,");
    assert_eq!(more(&format!("@allow(\"W303: published pages are for the world\")\n{closed}")), ["W306"]);
    for (wrong, why) in [("W303", "has no reason"), ("E210: so", "is no code of a warning"), ("why not", "is no code")]
    {
        let dir = bundle("policies/more.cedar", &format!("@id(\"more\")\n@allow(\"{wrong}\")\n{open}\n"));
        let output = run(&["check"], dir.path());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(code(&output) == 3 && text.contains("E215") && text.contains(why), "{text}");
    }
}

#[test]
fn warnings_fail_only_where_that_is_asked_for() {
    let dir = bundle("policies/pages.cedar", &READ.replace("@title(\"Owners read their pages\")\n", ""));
    assert_eq!(code(&run(&["check"], dir.path())), 0);
    assert_eq!(code(&run(&["check", "--deny-warnings"], dir.path())), 1);
    let broken = bundle("policies/pages.cedar", "nonsense");
    assert_eq!(code(&run(&["check", "--deny-warnings"], broken.path())), 3);
    let sound = bundle("policies/pages.cedar", READ);
    assert_eq!(code(&run(&["check", "--deny-warnings"], sound.path())), 0, "the control");
}

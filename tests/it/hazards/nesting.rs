//! Deeply nested policy text overflows the stack of Cedar's parser and ends the process (threat T11).
//!
//! So our own lexer measures a text first. Every shape of nesting is accepted up to its limit and refused
//! beyond; what is accepted can be loaded, decided, explained and dropped on an ordinary stack. The
//! control hands the same text to Cedar's parser in a child process and watches it die.

use std::{os::unix::process::ExitStatusExt as _, process::Command, str::FromStr as _, sync::Arc, time::Instant};

use cedar_policy::{PolicySet, ValidationMode, Validator};
use mandat::{bundle::nesting, problem::Source};

use super::on_stack;
use crate::worlds::{World, ada_edits, office, office_facts};

/// A kind of nesting.
pub struct Shape {
    name: &'static str,
    /// A policy that nests to a depth.
    pub text: fn(usize) -> String,
    /// The deepest that is accepted.
    pub most: usize,
    /// What Cedar's parser makes of it at a depth of 50,000 on a stack of 2 MiB.
    unprotected: Unprotected,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unprotected {
    /// It overflows the stack.
    Dies,
    /// It refuses by itself.
    Refuses,
    /// It takes it; whether the tree can be dropped again is up to the compiler.
    Takes,
}
use Unprotected::{Dies, Refuses, Takes};

fn when(expression: &str) -> String {
    format!("@id(\"deep\")\npermit (principal, action, resource) when {{ {expression} }};\n")
}

fn around(open: &str, inner: &str, close: &str, depth: usize) -> String {
    format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
}

fn chain(first: &str, more: &str, length: usize) -> String {
    format!("{first}{}", more.repeat(length))
}

/// `depth` pairs of parentheses, each with a sum of eight: tall, though neither long nor deep.
fn tower(depth: usize) -> String {
    (0..depth).fold("1".to_owned(), |inner, _| format!("({inner} + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1)"))
}

const IF: &str = "if principal == resource then ";

pub const SHAPES: [Shape; 25] = [
    Shape { name: "parentheses", text: |n| when(&around("(", "true", ")", n)), most: 63, unprotected: Dies },
    Shape {
        name: "sets",
        text: |n| when(&format!("{0} == {0}", around("[", "1", "]", n))),
        most: 63,
        unprotected: Dies,
    },
    Shape {
        name: "records",
        text: |n| when(&format!("{0} == {0}", around("{a: ", "1", "}", n))),
        most: 63,
        unprotected: Dies,
    },
    Shape { name: "negations", text: |n| when(&around("!(", "true", ")", n)), most: 31, unprotected: Dies },
    Shape {
        name: "minus signs",
        text: |n| when(&format!("{} < 9", around("-(", "1", ")", n))),
        most: 31,
        unprotected: Dies,
    },
    Shape {
        name: "negations without brackets",
        text: |n| when(&around("!", "true", "", n)),
        most: 63,
        unprotected: Refuses,
    },
    Shape {
        name: "minus signs without brackets",
        text: |n| when(&around("-", "1", " < 9", n)),
        most: 63,
        unprotected: Refuses,
    },
    Shape { name: "if in then", text: |n| when(&around(IF, "true", " else true", n)), most: 8, unprotected: Dies },
    Shape {
        name: "if in else",
        text: |n| when(&around(&format!("{IF} true else "), "true", "", n)),
        most: 8,
        unprotected: Dies,
    },
    Shape {
        name: "if in if",
        text: |n| when(&around("if ", "true", " then true else true", n)),
        most: 8,
        unprotected: Dies,
    },
    Shape {
        name: "if in brackets",
        text: |n| when(&around(&format!("({IF}"), "true", " else true)", n)),
        most: 8,
        unprotected: Dies,
    },
    Shape {
        name: "and",
        text: |n| when(&chain("principal == principal", " && principal == principal", n)),
        most: 255,
        unprotected: Takes,
    },
    Shape {
        name: "or",
        text: |n| when(&chain("principal == principal", " || principal == principal", n)),
        most: 255,
        unprotected: Takes,
    },
    Shape { name: "plus", text: |n| when(&chain("9 > 1", " + 1", n)), most: 255, unprotected: Takes },
    Shape { name: "minus", text: |n| when(&chain("9 > 1", " - 1", n)), most: 255, unprotected: Takes },
    Shape { name: "times", text: |n| when(&chain("9 > 1", " * 1", n)), most: 255, unprotected: Takes },
    Shape { name: "comparisons", text: |n| when(&chain("1", " == 1", n)), most: usize::MAX, unprotected: Refuses },
    Shape { name: "members", text: |n| when(&chain("principal", ".manager", n)), most: 255, unprotected: Takes },
    Shape { name: "indexes", text: |n| when(&chain("principal", "[\"manager\"]", n)), most: 255, unprotected: Takes },
    Shape {
        name: "methods",
        text: |n| when(&format!("{} < context.now", chain("context.now", ".toDate()", n))),
        most: 126,
        unprotected: Takes,
    },
    Shape { name: "calls", text: |n| when(&chain("f", "(1)", n)), most: 255, unprotected: Refuses },
    Shape {
        name: "has",
        text: |n| when(&chain("principal has manager", ".manager", n)),
        most: 255,
        unprotected: Takes,
    },
    Shape { name: "names", text: |n| when(&chain("principal is A", "::A", n)), most: usize::MAX, unprotected: Takes },
    Shape {
        name: "conditions",
        text: |n| when("true").replace(';', &" when { principal == principal }".repeat(n)) + ";",
        most: 253,
        unprotected: Takes,
    },
    Shape { name: "towers", text: |n| when(&format!("{} > 1", tower(n))), most: 28, unprotected: Dies },
];

fn accepted(text: &str) -> bool {
    nesting::check(&Source::new("policies/deep.cedar", text)).is_ok()
}

#[test]
fn every_shape_is_accepted_up_to_its_limit_and_refused_beyond() {
    for shape in SHAPES {
        for depth in [1, 50, 63, 64, 253, 254, 255, 256, 500, 5_000, 50_000].into_iter().chain([shape.most.min(60_000)])
        {
            assert_eq!(accepted(&(shape.text)(depth)), depth <= shape.most, "{} at {depth}", shape.name);
        }
        assert!(
            shape.most > 60_000 || !accepted(&(shape.text)(shape.most + 1)),
            "{} at {}",
            shape.name,
            shape.most + 1
        );
    }
}

#[test]
fn cedars_validator_doubles_its_time_with_every_constant_if() {
    let bundle = office(&when("true")).unwrap();
    let fastest = |depth| {
        let text = when(&around("if true then ", "true", " else true", depth));
        let policies = PolicySet::from_str(&text).unwrap();
        let validate = || {
            let start = Instant::now();
            let validator = Validator::new(bundle.schema.clone());
            assert!(validator.validate_with_level(&policies, ValidationMode::Strict, 4).validation_passed());
            start.elapsed()
        };
        (0..3).map(|_| validate()).min().unwrap()
    };
    let (most, twice) = (fastest(nesting::MAX_CONDITIONALS), fastest(2 * nesting::MAX_CONDITIONALS));
    assert!(
        twice > 8 * most,
        "the control: {most:?} at the limit, {twice:?} at twice the limit; if it grows like anything else, the limit can go"
    );
}

#[test]
fn the_place_of_the_first_token_too_deep_is_reported() {
    let text = (SHAPES[0].text)(64);
    let problem = nesting::check(&Source::new("policies/deep.cedar", &*text)).unwrap_err();
    assert_eq!(
        problem.location().unwrap().to_string(),
        format!("policies/deep.cedar:2:{}", "permit (principal, action, resource) when { ".len() + 64)
    );
    assert_eq!((problem.message(), problem.underlined()), ("nested deeper than 64", Some("(")));
    assert!(problem.help_text().is_some());
}

#[test]
fn brackets_in_strings_and_comments_do_not_count() {
    let many = "(".repeat(50_000);
    for text in [
        when(&format!("context.badge like \"{many}\"")),
        when(&format!("context.badge like \"\\\"{many}\"")),
        format!("// {many}\n{}", when("true")),
        when(&format!("true // {many}\n")),
        when("true").replace("deep", &many),
    ] {
        assert!(accepted(&text), "{}", &text[..80]);
    }
}

#[test]
fn what_only_looks_like_a_string_or_comment_counts() {
    let deep = around("(", "true", ")", 64);
    for (what, text) in [
        ("after a string with an escaped backslash", format!("\"\\\\\" == {deep}")),
        ("after a comment that a carriage return ends", format!("// comment\r{deep}")),
        ("after a slash in a string", format!("\"//\" == {deep}")),
        ("after an unknown character", format!("\u{a0}'{deep}")),
    ] {
        assert!(!accepted(&when(&text)), "{what}");
    }
}

#[test]
fn a_schema_is_measured_too() {
    let schema = |depth| format!("entity E {{ a: {} }};", around("Set<", "Long", ">", depth));
    assert!(accepted(&schema(63)));
    assert!(!accepted(&schema(64)));
    assert!(!accepted(&format!("type T = {};", around("{a: ", "Long", "}", 65))));
    let attribute = "context.Set < 1 || ".repeat(100) + "true";
    assert!(accepted(&when(&attribute)), "an attribute of that name opens nothing");
}

/// Loads, decides, explains and drops on an ordinary stack; the answer's code.
fn whole_life(policies: String) -> &'static str {
    let bundle = office(&policies).unwrap_or_else(|problems| panic!("{problems}"));
    on_stack(2 << 20, move || {
        let world = World::new(Arc::new(bundle), &office_facts());
        let code = world.decide(&ada_edits()).code;
        assert!(!world.explain(&ada_edits()).reason_admin.is_empty());
        code.name()
    })
}

#[test]
fn what_is_accepted_lives_on_an_ordinary_stack() {
    let never_false = [
        "parentheses",
        "sets",
        "records",
        "minus",
        "times",
        "and",
        "or",
        "conditions",
        "if in brackets",
        "if in else",
        "methods",
        "towers",
    ];
    for shape in SHAPES.iter().filter(|shape| never_false.contains(&shape.name)) {
        assert_eq!(whole_life((shape.text)(shape.most)), "permitted", "{}", shape.name);
    }
    assert_eq!(whole_life((SHAPES[13].text)(SHAPES[13].most)), "not_permitted", "9 is less than the sum");
}

/// Names the shape that the child process parses without the check.
const SHAPE: &str = "MANDAT_TEST_SHAPE";

#[test]
#[ignore = "dies; run in a process of its own by the test below"]
fn cedar_parses_unprotected() {
    let Ok(name) = std::env::var(SHAPE) else { return };
    let shape = SHAPES.iter().find(|shape| shape.name == name).unwrap();
    let text = (shape.text)(50_000);
    let parsed = on_stack(2 << 20, move || PolicySet::from_str(&text).is_ok());
    println!("\nCedar's parser says {parsed}");
}

fn unprotected(name: &str) -> Unprotected {
    // The running program itself, even if a build has replaced its file meanwhile.
    let mut child = Command::new("/proc/self/exe");
    child.args(["hazards::nesting::cedar_parses_unprotected", "--exact", "--ignored", "--nocapture"]);
    let output = child.env(SHAPE, name).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    match output.status.signal() {
        Some(_) => Dies,
        None if printed.contains("Cedar's parser says true") => Takes,
        None => {
            assert!(printed.contains("Cedar's parser says false"), "{printed}");
            Refuses
        }
    }
}

#[test]
fn without_the_check_cedars_parser_dies() {
    for shape in &SHAPES {
        let found = unprotected(shape.name);
        assert!(found == shape.unprotected || (found, shape.unprotected) == (Dies, Takes), "{}: {found:?}", shape.name);
    }
    assert!(SHAPES.iter().filter(|shape| shape.unprotected == Dies).count() >= 5);
}

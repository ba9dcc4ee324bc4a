//! How much stack is left decides whether Cedar can evaluate a tall expression (threat T12).
//!
//! So the same request may be answered on one thread and fail on another. It must never be allowed on the
//! one and denied on the other because a forbid was skipped: either the answer is the same, or it is a denial.

use std::sync::Arc;

use cedar_policy::Decision as CedarDecision;

use super::on_stack;
use crate::worlds::{World, ada_edits};

const STACKS: [usize; 6] = [160 << 10, 256 << 10, 512 << 10, 1 << 20, 2 << 20, 8 << 20];

/// A sum of that many operators, the tallest expression that is accepted.
fn tall(operators: usize) -> String {
    format!("resource.size{} > 0", " + 0".repeat(operators))
}

fn codes(world: &Arc<World>) -> Vec<&'static str> {
    let decide = |bytes| {
        let world = world.clone();
        on_stack(bytes, move || world.decide(&ada_edits()).code.name())
    };
    STACKS.into_iter().map(decide).collect()
}

#[test]
fn a_tall_permit_is_answered_or_denied() {
    let permit = format!("@id(\"tall\") permit (principal, action, resource is Document) when {{ {} }};", tall(240));
    let codes = codes(&Arc::new(World::office(&permit)));
    assert_eq!((codes.first(), codes.last()), (Some(&"not_permitted"), Some(&"permitted")), "{codes:?}");
    assert!(codes.is_sorted(), "with more stack the answer only turns from a denial into the answer: {codes:?}");
}

#[test]
fn a_tall_forbid_is_never_skipped() {
    let policies = format!(
        "@id(\"all\") permit (principal, action, resource);
         @id(\"tall\") forbid (principal, action, resource is Document) when {{ {} }};",
        tall(240)
    );
    let world = Arc::new(World::office(&policies));
    let codes = codes(&world);
    assert_eq!((codes.first(), codes.last()), (Some(&"evaluation_error"), Some(&"forbidden")), "{codes:?}");
    assert!(!codes.contains(&"permitted"), "{codes:?}");
    let raw = |bytes| {
        let world = world.clone();
        on_stack(bytes, move || world.raw(&ada_edits()).decision())
    };
    assert_eq!(raw(STACKS[0]), CedarDecision::Allow, "the control: Cedar alone allows on a small stack");
    assert_eq!(raw(STACKS[5]), CedarDecision::Deny, "what it denies on a large one");
}

#[test]
fn the_stack_does_not_matter_to_policies_of_ordinary_height() {
    let policies = "@id(\"own\") permit (principal, action, resource is Document)
                    when { resource.owner == principal && resource.state == \"open\" && resource.size + 1 > 0 };";
    let codes = codes(&Arc::new(World::office(policies)));
    assert!(codes[1..].iter().all(|code| *code == "permitted"), "{codes:?}");
}

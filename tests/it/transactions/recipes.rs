//! `docs/recipes.md` does what it says, from its first block to its last.

use serde_json::Value;

use super::{Home, House, PLACES, broken, committed, send};
use crate::support::programme_dir;

/// A block of the page: what its marker says, and the JSON.
struct Block {
    what: String,
    of: String,
    body: Value,
}

fn page() -> String {
    std::fs::read_to_string(programme_dir().join("docs/recipes.md")).unwrap()
}

/// Every block that has a marker, in its order.
fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    for part in text.split("<!-- ").skip(1) {
        let (marker, rest) =
            part.split_once(" -->\n```json\n").unwrap_or_else(|| panic!("a marker without a block: {part}"));
        let (what, of) = marker.split_once(": ").unwrap();
        let (body, _) = rest.split_once("\n```").unwrap();
        let body = serde_json::from_str(body).unwrap_or_else(|error| panic!("{marker}: {error}"));
        blocks.push(Block { what: what.to_owned(), of: of.to_owned(), body });
    }
    blocks
}

/// Runs the page on a new store; the revision it ends with.
fn run(home: Home, blocks: &[Block]) -> u64 {
    let house = House::empty(home);
    let client = house.client();
    let mut last = "nothing";
    let mut revision = 0;
    for Block { what, of, body } in blocks {
        match what.as_str() {
            "ask" => {
                let reply = client.post("/access/v1/evaluation", body);
                assert_eq!(reply.decision(), of == "allow", "after `{last}`: {body}");
                continue;
            }
            "transaction" => {
                let reply = send(&client, of, body);
                assert!(committed(&reply), "`{of}`: {reply:?}");
                revision += 1;
                assert_eq!(reply.json()["revision"], revision, "`{of}` is one commit");
            }
            "denied" => assert!(!committed(&send(&client, of, body)), "`{of}` is committed"),
            "broken" => {
                let broken = broken(&send(&client, of, body));
                assert!(broken.iter().any(|(policy, _)| policy == of), "`{of}` is not among {broken:?}");
            }
            _ => panic!("`{what}` is no kind of block"),
        }
        last = of;
        assert_eq!(house.revision(), revision, "after `{of}`");
    }
    house.revision()
}

#[test]
fn the_page_does_what_it_says_on_every_kind_of_store() {
    let blocks = blocks(&page());
    let transactions = blocks.iter().filter(|block| block.what == "transaction").count();
    for place in PLACES {
        assert_eq!(run(place(), &blocks), u64::try_from(transactions).unwrap());
    }
}

/// The steps that a programme has, each by the recipe that shows it.
const STEPS: [&str; 17] = [
    "request",
    "withdraw a request",
    "refuse a request",
    "invite with full access",
    "invite with limited access",
    "refuse an invitation",
    "delete an invitation",
    "accept a request with full access",
    "accept a request with limited access",
    "accept an invitation to full access",
    "accept an invitation to limited access",
    "delegate a product",
    "withdraw a product",
    "change limited access to full",
    "change full access to limited",
    "change the payment mode",
    "replace a legal representative",
];

#[test]
fn every_step_has_a_recipe_and_no_block_goes_unread() {
    let text = page();
    let blocks = blocks(&text);
    assert_eq!(blocks.len(), text.matches("```json").count(), "every block has a marker");
    let recipe = |name: &str| blocks.iter().any(|block| block.what == "transaction" && block.of == name);
    let missing: Vec<_> =
        STEPS.into_iter().chain(["end", "take a former external user out"]).filter(|name| !recipe(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let asked = |answer: &str| blocks.iter().filter(|block| block.what == "ask" && block.of == answer).count();
    assert!(asked("allow") >= 10 && asked("deny") >= 10);
}

#[test]
fn every_transaction_but_the_registrars_asks_something() {
    for block in blocks(&page()).iter().filter(|block| block.what != "ask" && block.of != "begin") {
        assert!(!block.body["evaluations"].as_array().unwrap().is_empty(), "`{}` is unguarded", block.of);
    }
}

#[test]
#[should_panic(expected = "after `begin`")]
fn the_control_notices_an_answer_that_is_not_as_the_page_says() {
    let text = page();
    let (begin, rest) = text.split_once("<!-- ask: allow -->").unwrap();
    run(Home::in_a_file(), &blocks(&format!("{begin}<!-- ask: deny -->{rest}")));
}

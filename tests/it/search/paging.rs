//! Pages: stable while facts change, and tokens that are of no use with anything but their own search.

use mandat::engine::search::token::{Sought, Token};
use serde_json::json;

use crate::worlds::asks;

fn question() -> mandat::request::Request {
    asks("Person::\"ada\"", "view", "Document::\"lease\"", json!({"guest": {"type": "Person", "id": "bob"}, "pin": 3}))
}

fn token() -> Token {
    Token::of(Sought::Resource, &question(), "sha256:aa", 7, 41, 50)
}

#[test]
fn a_token_comes_back_as_it_went() {
    let token = token();
    assert_eq!(Token::read(&token.text()), Ok(token));
    assert_eq!((token.revision, token.after, token.limit), (7, 41, 50));
    assert_eq!(token.belongs_to(Sought::Resource, &question(), "sha256:aa"), Ok(()));
}

#[test]
fn the_order_of_fields_and_the_id_of_what_is_looked_for_make_no_other_query() {
    let mut same = question();
    same.resource.id = "memo".to_owned();
    same.context = json!({"pin": 3, "guest": {"id": "bob", "type": "Person"}}).as_object().unwrap().clone();
    assert_eq!(token().belongs_to(Sought::Resource, &same, "sha256:aa"), Ok(()));
}

#[test]
fn a_token_with_another_query_is_refused() {
    let change = |change: fn(&mut mandat::request::Request)| {
        let mut other = question();
        change(&mut other);
        other
    };
    let others = [
        change(|other| other.principal.id = "bob".to_owned()),
        change(|other| other.principal.entity_type = "Robot".to_owned()),
        change(|other| drop(other.principal.properties.insert("level".to_owned(), json!(1)))),
        change(|other| other.action = "edit".to_owned()),
        change(|other| drop(other.action_properties.insert("soft".to_owned(), json!(true)))),
        change(|other| other.resource.entity_type = "Folder".to_owned()),
        change(|other| drop(other.context.insert("pin".to_owned(), json!(4)))),
        change(|other| drop(other.context.remove("guest"))),
    ];
    for other in others {
        let refused = token().belongs_to(Sought::Resource, &other, "sha256:aa").unwrap_err();
        assert!(refused.to_string().contains("another query"), "{refused}");
    }
    assert!(token().belongs_to(Sought::Action, &question(), "sha256:aa").is_err(), "another kind of search");
}

#[test]
fn a_token_of_another_bundle_says_so() {
    let refused = token().belongs_to(Sought::Resource, &question(), "sha256:bb").unwrap_err();
    assert!(refused.to_string().contains("the bundle has changed"), "{refused}");
}

#[test]
fn a_token_that_was_altered_is_refused() {
    let text = token().text();
    for at in 0..text.len() {
        let digit = if &text[at..=at] == "0" { "1" } else { "0" };
        let altered = format!("{}{digit}{}", &text[..at], &text[at + 1..]);
        let accepted =
            Token::read(&altered).and_then(|token| token.belongs_to(Sought::Resource, &question(), "sha256:aa"));
        assert!(accepted.is_err(), "digit {at}");
    }
    for text in ["x", "", &text[2..], &text.to_uppercase(), &format!("{text}00"), &"é".repeat(44)] {
        assert!(Token::read(text).is_err(), "{text}");
    }
}

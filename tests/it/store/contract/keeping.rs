//! What is kept besides entities: answers, tokens, the history, and the tables themselves.

use jiff::Timestamp;
use mandat::facts::{
    Unavailable,
    store::{Past, Remembered, Store, token::Token},
};

use crate::store::{
    places::{Place, on_both},
    records::{SCHEMA, change, commit, doc, put, refers, text},
};

pub fn token(id: &str, number: u8) -> Token {
    Token {
        id: id.to_owned(),
        digest: [number; 32],
        service: "portal".to_owned(),
        roles: vec!["enforcer".to_owned(), "registrar".to_owned()],
        created_at: at(i64::from(number)),
        expires_at: Some(at(1_000_000)),
        last_used_at: None,
        revoked_at: None,
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + seconds).unwrap()
}

fn answer(revision: u64) -> Remembered {
    Remembered { digest: [7; 32], status: 409, answer: "{\"é\":\"\\u0000\"}".to_owned(), revision }
}

fn remember(store: &dyn Store, caller: &str, key: &str, answer: &Remembered) -> Result<(), Unavailable> {
    let mut writing = store.begin()?;
    writing.remember(caller, key, answer)?;
    writing.commit()
}

#[test]
fn an_answer_is_remembered_for_its_caller_and_key_alone() {
    on_both(|place| {
        let store = place.open();
        remember(&*store, "portal", "k", &answer(0)).unwrap();
        assert_eq!(store.remembered("portal", "k").unwrap(), Some(answer(0)));
        for (caller, key) in [("Portal", "k"), ("portal", "K"), ("portal", "k "), ("portalk", "")] {
            assert_eq!(store.remembered(caller, key).unwrap(), None, "{caller:?} {key:?}");
        }
        assert_eq!(store.head().unwrap(), 0, "an answer alone is no revision");
        let mut writing = store.begin().unwrap();
        assert_eq!(writing.remembered("portal", "k").unwrap(), Some(answer(0)));
        writing.remember("portal", "dropped", &answer(0)).unwrap();
        assert_eq!(writing.remembered("portal", "dropped").unwrap(), Some(answer(0)));
        drop(writing);
        assert_eq!(store.remembered("portal", "dropped").unwrap(), None);
    });
}

#[test]
fn an_answer_is_never_replaced() {
    on_both(|place| {
        let store = place.open();
        remember(&*store, "portal", "k", &answer(0)).unwrap();
        assert!(remember(&*store, "portal", "k", &Remembered { status: 200, ..answer(0) }).is_err());
        assert_eq!(store.remembered("portal", "k").unwrap(), Some(answer(0)));
    });
}

#[test]
fn a_token_is_kept_and_replaced_by_its_id() {
    on_both(|place| {
        let store = place.open();
        let keep = |token: &Token| {
            let mut writing = store.begin().unwrap();
            writing.keep_token(token).unwrap();
            writing.commit().unwrap();
        };
        let revoked = Token { revoked_at: Some(at(5)), expires_at: None, ..token("a", 1) };
        [&token("b", 2), &token("a", 1), &revoked].into_iter().for_each(keep);
        assert_eq!(store.tokens().unwrap(), [revoked, token("b", 2)], "in the order they were made");
    });
}

#[test]
fn the_last_use_of_a_token_only_moves_forward() {
    on_both(|place| {
        let store = place.open();
        let mut writing = store.begin().unwrap();
        for (id, number) in [("a", 1), ("b", 2)] {
            writing.keep_token(&token(id, number)).unwrap();
        }
        writing.commit().unwrap();
        let touch = |uses: &[(&str, i64)]| {
            let uses: Vec<_> = uses.iter().map(|(id, seconds)| ((*id).to_owned(), at(*seconds))).collect();
            store.touch_tokens(&uses).unwrap();
            store.tokens().unwrap().iter().map(|token| token.last_used_at).collect::<Vec<_>>()
        };
        assert_eq!(touch(&[("a", 50), ("none", 60)]), [Some(at(50)), None]);
        assert_eq!(touch(&[("a", 40), ("b", 10)]), [Some(at(50)), Some(at(10))]);
        assert_eq!(touch(&[("a", 70), ("a", 60)]), [Some(at(70)), Some(at(10))]);
        assert_eq!(touch(&[]), [Some(at(70)), Some(at(10))]);
    });
}

fn history(store: &dyn Store, through: u64) -> Vec<Past> {
    let mut told = Vec::new();
    store
        .history(through, &mut |past| {
            told.push(past);
            Ok(())
        })
        .unwrap();
    told
}

#[test]
fn the_history_tells_everything_oldest_first() {
    on_both(|place| {
        let store = place.open();
        let (a, a2, b) = (text("a", "1"), text("a", "2"), refers("b", &["a"]));
        put(&*store, &[a.clone(), b.clone()]);
        change(&*store, std::slice::from_ref(&a2), &[doc("b")]);
        put(&*store, &[]);
        put(&*store, std::slice::from_ref(&b));
        remember(&*store, "portal", "k", &answer(3)).unwrap();
        let mut writing = store.begin().unwrap();
        writing.keep_token(&token("t", 1)).unwrap();
        writing.commit().unwrap();
        let begins = |revision| Past::Commit { revision, commit: commit() };
        let puts = |record: &mandat::facts::store::record::Record| Past::Put {
            uid: record.uid.clone(),
            text: record.text.clone(),
            schema: SCHEMA.to_owned(),
        };
        let told = history(&*store, 4);
        assert_eq!(
            told,
            [
                begins(1),
                puts(&a),
                puts(&b),
                begins(2),
                puts(&a2),
                Past::Deleted { uid: doc("b") },
                begins(3),
                begins(4),
                puts(&b),
                Past::Remembered { caller: "portal".to_owned(), key: "k".to_owned(), answer: answer(3) },
                Past::Token(token("t", 1)),
            ]
        );
        let earlier = history(&*store, 1);
        assert_eq!(earlier[..3], told[..3], "through a revision");
        assert!(!earlier.contains(&begins(2)));
    });
}

#[test]
fn a_long_history_is_told_whole_and_a_listener_can_end_it() {
    on_both(|place| {
        let store = place.open();
        let many: Vec<_> = (0..2_500).map(|n| text(&format!("d{n}"), "x")).collect();
        put(&*store, &many);
        for n in 0..20 {
            put(&*store, &[text("d1", &n.to_string())]);
        }
        assert_eq!(history(&*store, 21).len(), 2_500 + 20 + 21);
        let mut left = 3;
        let ended = store.history(21, &mut |_| {
            left -= 1;
            if left == 0 { Err(Unavailable("the disk is full".to_owned())) } else { Ok(()) }
        });
        assert!(ended.unwrap_err().to_string().contains("the disk is full") && left == 0);
    });
}

#[test]
fn the_change_log_can_be_neither_changed_nor_shortened() {
    on_both(|place| {
        put(&*place.open(), &[text("a", "1")]);
        for statement in [
            "update revisions set who = 'nobody'",
            "delete from revisions",
            "update changes set revision = 2",
            "delete from changes",
        ] {
            assert!(place.sql(statement).unwrap_err().contains("append-only"), "{statement}");
        }
        place.sql("update versions set text = '{}'").expect("the control: another table can be changed");
        assert_eq!(history(&*place.open(), 1).len(), 2);
    });
}

#[test]
fn a_store_of_a_newer_version_is_refused() {
    on_both(|place| {
        put(&*place.open(), &[text("a", "1")]);
        assert!(place.try_open().is_ok(), "the control");
        place
            .sql(match place {
                Place::Sqlite(_) => "pragma user_version = 99",
                Place::Postgres { .. } => "insert into schema_version values (99)",
            })
            .unwrap();
        let refused = place.try_open().map(|_| ()).unwrap_err().to_string();
        assert!(refused.contains("newer") && refused.contains("99"), "{refused}");
    });
}

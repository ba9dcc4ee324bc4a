//! A token's life: when it begins and ends to be good, and when it was last used.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::SignedDuration;
use mandat::{
    facts::store::{Store, sqlite::SqliteStore, token::Token},
    http::callers::{refusal::Reason, secret::Presented, table::Table},
};

use super::{Ground, at, bearer, keep, token};
use crate::{
    http::{allowed, denied},
    worlds::TempDir,
};

/// A table of one token, whose use is asked for at chosen times.
fn table(known: &Token) -> (Table, Arc<dyn Store>, TempDir) {
    let dir = TempDir::new();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&dir.path().join("tokens.db")).unwrap());
    keep(&*store, known);
    (Table::read(store.clone()).unwrap(), store, dir)
}

#[test]
fn a_token_is_no_longer_good_at_the_very_moment_it_ends() {
    let (known, secret) = token(&["enforcer"]);
    let end = at("2028-02-29T00:00:00Z");
    let (table, ..) = table(&Token { expires_at: Some(end), ..known });
    let presented = Presented::parse(&secret).unwrap();
    let millisecond = SignedDuration::from_millis(1);
    assert!(table.find(&presented, end - millisecond).is_ok());
    for moment in [end, end + millisecond, end + SignedDuration::from_hours(24 * 400)] {
        assert_eq!(table.find(&presented, moment).err(), Some(Reason::Expired), "{moment}");
    }
}

#[test]
fn the_last_use_is_written_once_an_hour() {
    let (known, secret) = token(&["enforcer"]);
    let (table, store, _dir) = table(&known);
    let presented = Presented::parse(&secret).unwrap();
    let used = |moment: &str| {
        assert!(table.find(&presented, at(moment)).is_ok());
        table.write_uses();
        table.refresh();
        store.tokens().unwrap()[0].last_used_at.unwrap().to_string()
    };
    assert_eq!(used("2026-11-25T12:00:00Z"), "2026-11-25T12:00:00Z");
    assert_eq!(used("2026-11-25T12:59:59.999Z"), "2026-11-25T12:00:00Z");
    assert_eq!(used("2026-11-25T13:00:00Z"), "2026-11-25T13:00:00Z");
    assert_eq!(used("2026-11-25T11:00:00Z"), "2026-11-25T13:00:00Z", "a clock that went back takes nothing back");
}

#[test]
fn a_token_that_was_not_good_was_not_used() {
    let (known, secret) = token(&["enforcer"]);
    let (table, store, _dir) = table(&Token { revoked_at: Some(at("2026-01-02T00:00:00Z")), ..known });
    let presented = Presented::parse(&secret).unwrap();
    assert_eq!(table.find(&presented, at("2026-01-01T12:00:00Z")).err(), Some(Reason::Revoked));
    table.write_uses();
    assert_eq!(store.tokens().unwrap()[0].last_used_at, None);
}

/// Asks until the status is that one; a token's change takes a moment to be known.
fn becomes(ground: &Ground, secret: Option<&str>, status: u16) -> bool {
    let authorization = secret.map(bearer);
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(authorization.as_deref().map(|value| ("authorization", value)));
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(20) {
        let body = allowed().to_string();
        if ground.server.client().send("/access/v1/evaluation", &headers, body.as_bytes()).status == status {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

#[test]
fn a_revoked_token_stops_and_others_go_on() {
    let ((panel, leaked), (other, kept)) = (token(&["enforcer"]), token(&["enforcer"]));
    let ground = Ground::with(&[&panel, &other]);
    assert!(becomes(&ground, Some(&leaked), 200));
    ground.keep(&Token { revoked_at: Some(at("2026-11-25T12:00:00Z")), ..panel });
    assert!(becomes(&ground, Some(&leaked), 401));
    assert!(becomes(&ground, Some(&kept), 200), "the control");
}

#[test]
fn without_tokens_this_machine_may_ask_anything_until_the_first_is_made() {
    let ground = Ground::with(&[]);
    assert!(ground.server.evaluate(&allowed()).decision());
    assert!(!ground.server.evaluate(&denied()).decision());
    let (known, secret) = token(&["enforcer"]);
    ground.keep(&known);
    assert!(becomes(&ground, None, 401), "loopback is no exception any more");
    assert!(becomes(&ground, Some(&secret), 200));
    ground.keep(&Token { revoked_at: Some(at("2026-11-25T12:00:00Z")), ..known });
    assert!(becomes(&ground, Some(&secret), 401));
    assert!(becomes(&ground, None, 401), "a revoked token is a token too");
}

#[test]
fn without_tokens_nobody_else_is_served() {
    let ground = Ground::with(&[]);
    for header in ["x-forwarded-for", "forwarded"] {
        let headers = [("content-type", "application/json"), (header, "for=203.0.113.7")];
        let reply = ground.server.client().send("/access/v1/evaluation", &headers, allowed().to_string().as_bytes());
        assert_eq!(reply.status, 401, "{header}: a proxy asks for somebody else");
    }
    let front = mandat::http::front::Front::new(ground.server.service.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for (peer, status) in [
        ("203.0.113.7:4000", 401),
        ("[2001:db8::7]:4000", 401),
        ("[::ffff:203.0.113.7]:4000", 401),
        ("127.0.0.1:4000", 200),
        ("[::1]:4000", 200),
        ("[::ffff:127.0.0.1]:4000", 200),
    ] {
        let request = axum::http::Request::post("/access/v1/evaluation")
            .header("content-type", "application/json")
            .body(axum::body::Body::from(allowed().to_string()))
            .unwrap();
        let response = runtime.block_on(front.answer(request, peer.parse().unwrap()));
        assert_eq!(response.status(), status, "{peer}");
    }
}

//! A token or an application password never gives more than its user has.

use std::{cell::Cell, sync::Arc};

use mandat::{
    bundle::{Bundle, shape::Shape},
    problem::Source,
    request::Request,
};
use proptest::{prop_assert, test_runner::TestCaseError};
use serde_json::Value;

use super::{
    CASES, Print, Seen,
    ground::Ground,
    of_worlds, programme_files,
    tape::{self, Tape},
};
use crate::{support::programme, worlds::World};

const CHANNELS: [&str; 2] = ["token", "applicationPassword"];

/// The request without a channel, and the same through one or both; `None` where the action knows none.
///
/// Mostly the request becomes one of the channel's own user, for a scope that the token has: otherwise hardly
/// any would come through.
fn through(ground: &Ground, request: &Request, tape: &mut Tape) -> Option<(Request, Request)> {
    let declared = &ground.bundle.shapes.actions[&request.action].context;
    let mut directly = request.clone();
    CHANNELS.iter().for_each(|channel| drop(directly.context.remove(*channel)));
    let mut given = Vec::new();
    let first = usize::from(tape.chance(30));
    for channel in [Some(CHANNELS[first]), tape.chance(10).then_some(CHANNELS[1 - first])].into_iter().flatten() {
        let Shape::Entity(entity_type) = &declared.get(channel)?.shape else { return None };
        let stored: Vec<&Value> =
            ground.entities.iter().filter(|entity| entity["uid"]["type"] == entity_type.to_string()).collect();
        let chosen = *tape.pick(&stored);
        if request.principal.entity_type == "User" && tape.chance(80) {
            directly.principal.id = chosen["attrs"]["user"]["id"].as_str()?.to_owned();
        }
        if let Some(scope) = chosen["attrs"]["scopes"].get(0).filter(|_| tape.chance(80)) {
            directly.context.insert("scope".to_owned(), scope.clone());
        }
        given.push((channel.to_owned(), chosen["uid"].clone()));
    }
    let mut through = directly.clone();
    through.context.extend(given);
    Some((directly, through))
}

/// Asks both; whatever is allowed through a channel must be allowed without it.
fn gives_no_more(
    ground: &Ground,
    world: &World,
    request: &Request,
    tape: &mut Tape,
    seen: &Seen,
    cut: &Cell<usize>,
) -> Result<(), TestCaseError> {
    let Some((directly, through)) = through(ground, request, tape) else { return Ok(()) };
    let (directly, with_channel) = (world.decide(&directly), world.decide(&through));
    seen.note(&Print::of(&with_channel));
    cut.set(cut.get() + usize::from(directly.allowed() && !with_channel.allowed()));
    prop_assert!(directly.allowed() || !with_channel.allowed(), "the channel opened {:?}", through);
    Ok(())
}

#[test]
fn no_channel_gives_more_than_its_user_has() {
    let (seen, cut) = (Seen::default(), Cell::new(0));
    let bundle = programme();
    tape::holds(
        2 * CASES,
        of_worlds(&bundle, |ground, world, request, tape| gives_no_more(ground, world, request, tape, &seen, &cut)),
    );
    seen.expect(&[("permitted", 3), ("forbidden", 100)]);
    assert!(cut.get() > 50, "a channel cut down its user's right only {} times", cut.get());
}

/// The control: one careless permit for tokens is found.
#[test]
fn a_permit_for_tokens_is_found() {
    let mut files = programme_files();
    let careless = "@id(\"careless\") permit (principal is User, action, resource)
                    when { context has token && context.token.user == principal && !context.token.revoked };";
    files.policies.push(Source::new("policies/careless.cedar", careless));
    let bundle = Arc::new(Bundle::from_files(files).unwrap_or_else(|problems| panic!("{problems}")));
    let (seen, cut) = (Seen::default(), Cell::new(0));
    let found = tape::fails(
        CASES,
        of_worlds(&bundle, |ground, world, request, tape| gives_no_more(ground, world, request, tape, &seen, &cut)),
    );
    assert!(found.contains("the channel opened"), "{found}");
}

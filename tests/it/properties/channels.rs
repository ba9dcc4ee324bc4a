//! A token or an application password never gives more than its user has.

use std::{cell::Cell, sync::Arc};

use mandat::{
    bundle::{Bundle, shape::Shape},
    problem::Source,
    request::Request,
};
use proptest::{prop_assert, test_runner::TestCaseError};

use super::{CASES, Seen, ground::Ground, programme_files, tape::Tape, worlds, Print};
use crate::{support::programme, worlds::World};

const CHANNELS: [&str; 2] = ["token", "applicationPassword"];

/// The request without a channel, and the same through one or both; `None` where the action knows none.
fn through(ground: &Ground, request: &Request, tape: &mut Tape) -> Option<(Request, Request)> {
    let declared = &ground.bundle.shapes.actions[&request.action].context;
    let mut directly = request.clone();
    CHANNELS.iter().for_each(|channel| drop(directly.context.remove(*channel)));
    let mut through = directly.clone();
    let first = tape.below(2);
    for channel in [Some(CHANNELS[first]), tape.chance(20).then_some(CHANNELS[1 - first])].into_iter().flatten() {
        let Shape::Entity(_) = declared.get(channel)?.shape else { return None };
        through.context.insert(channel.to_owned(), ground.channel(channel, request, tape));
    }
    Some((directly, through))
}

/// Asks both; whatever is allowed through a channel must be allowed without it.
fn gives_no_more(ground: &Ground, world: &World, request: &Request, tape: &mut Tape, seen: &Seen, cut: &Cell<usize>) -> Result<(), TestCaseError> {
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
    let held = worlds(&programme(), CASES, |ground, world, request, tape| gives_no_more(ground, world, request, tape, &seen, &cut));
    held.unwrap_or_else(|counterexample| panic!("{counterexample}"));
    seen.expect(&[("permitted", 10), ("forbidden", 100)]);
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
    let held = worlds(&bundle, CASES, |ground, world, request, tape| gives_no_more(ground, world, request, tape, &seen, &cut));
    assert!(held.unwrap_err().contains("the channel opened"));
}

//! Search lists exactly what decisions allow: held against asking about everybody, over HTTP, on the command line.

mod actions;
mod command_line;
mod http;
pub(crate) mod paging;
mod plans;
mod programme;
pub(crate) mod random;
mod states;
mod stores;

use std::{cell::Cell, sync::Arc};

use mandat::{
    bundle::Bundle,
    decision::search::{Side, candidates},
    engine::{
        Moment,
        search::{Found, Page},
    },
    facts::{Facts, document::Document, memory::MemoryFacts},
    request::{Party, Request},
};
use proptest::test_runner::TestCaseError;

use crate::{properties::tape::Tape, worlds::noon};

/// How facts are kept: a property of searches holds whatever keeps them.
pub(crate) type Keep<'k> = &'k dyn Fn(&Bundle, &Document) -> Arc<dyn Facts>;

/// Facts in memory.
pub(crate) fn in_memory(bundle: &Bundle, document: &Document) -> Arc<dyn Facts> {
    Arc::new(MemoryFacts::build(document, &bundle.schema).unwrap_or_else(|problems| panic!("{problems}")))
}

pub(crate) fn moment(bundle: &Arc<Bundle>, document: &Document, keep: Keep) -> Moment {
    Moment::new(bundle.clone(), keep(bundle, document).snapshot().unwrap())
}

/// What a run has come across: a property that never found anything has shown nothing.
#[derive(Default)]
pub(crate) struct Tally {
    pub searches: Cell<usize>,
    pub results: Cell<usize>,
    /// Searches that found something without looking at all entities of the type.
    pub narrow: Cell<usize>,
    pub pages: Cell<usize>,
}

fn add(cell: &Cell<usize>, more: usize) {
    cell.set(cell.get() + more);
}

/// All that a search lists, page by page, of random sizes and ending early at random.
pub(crate) fn listed(moment: &Moment, side: Side, request: &Request, tape: &mut Tape, tally: &Tally) -> Vec<Party> {
    let (mut all, mut after) = (Vec::new(), 0);
    for _ in 0..10_000 {
        let limit = 1 + tape.below(12);
        let patience = tape.below(200);
        let mut asked = 0;
        let mut may_go_on = || {
            asked += 1;
            asked <= patience
        };
        let page = Page { after, limit, may_go_on: &mut may_go_on };
        let Found { results, next } = moment.search(side, request, &noon(), page).unwrap();
        assert!(results.len() <= limit, "a page of {} results, more than {limit}", results.len());
        add(&tally.pages, 1);
        all.extend(results);
        let Some(next) = next else { return all };
        assert!(next > after, "a page gets on");
        after = next;
    }
    panic!("a search that never ends");
}

/// Every party of the type that is looked for, in the order of the facts.
pub(crate) fn everybody(bundle: &Bundle, document: &Document, keep: Keep, entity_type: &str) -> Vec<Party> {
    let snapshot = keep(bundle, document).snapshot().unwrap();
    let Some(shape) = bundle.shapes.entity_types.get(entity_type) else { return Vec::new() };
    let placed = snapshot.walk(mandat::facts::store::Walk::All(&shape.name), 0, usize::MAX >> 1).unwrap();
    placed.into_iter().map(|placed| Party::new(entity_type, placed.uid.id().unescaped())).collect()
}

/// Those of several parties with whom a request is allowed, by asking about each.
pub(crate) fn allowed(moment: &Moment, side: Side, request: &Request, everybody: &[Party]) -> Vec<Party> {
    let mut asked = request.clone();
    let allowed = everybody.iter().filter(|party| {
        *side.sought(&mut asked) = (*party).clone();
        moment.decide(&asked, &noon()).unwrap().decision.allowed()
    });
    allowed.cloned().collect()
}

/// How many candidates a search looks at.
pub(crate) fn looked_at(moment: &Moment, keep: &dyn Facts, side: Side, request: &Request) -> Vec<Party> {
    let snapshot = keep.snapshot().unwrap();
    let found = candidates(&moment.bundle, &*snapshot, request, side, &noon(), 0).unwrap();
    let Some(mut found) = found else { return Vec::new() };
    let placed = found.next(usize::MAX >> 8).unwrap();
    let party = |uid: &cedar_policy::EntityUid| Party::new(uid.type_name().to_string(), uid.id().unescaped());
    placed.iter().map(|placed| party(&placed.uid)).collect()
}

/// A search lists what asking about everybody allows: no more, no less, each once, in order.
pub(crate) fn lists_what_is_allowed(
    found: &[Party],
    allowed: &[Party],
    request: &Request,
) -> Result<(), TestCaseError> {
    proptest::prop_assert_eq!(found, allowed, "{:?}", request);
    Ok(())
}

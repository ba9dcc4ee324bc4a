//! The same property on facts that a store keeps: candidates come from its indexes.

use std::{
    cell::{Cell, RefCell},
    sync::Arc,
    time::Duration,
};

use cedar_policy::{Entities, Entity};
use jiff::Timestamp;
use mandat::{
    bundle::Bundle,
    engine::Answer,
    facts::{
        Facts,
        document::Document,
        store::{Commit, Record, Store},
        stored::{Keeping, Stored},
    },
};
use proptest::prop_assert_eq;

use super::{in_memory, moment, programme as partners, random};
use crate::{
    properties::{programme_ground, tape},
    store::places::Place,
    support::programme,
    worlds::noon,
};

/// Worlds for each store; the long form takes as many as are asked for.
fn worlds() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).map_or(16, |cases: u32| cases / 10)
}

const KEEPING: Keeping =
    Keeping { memory: 1 << 20, poll: Duration::from_secs(5), max_staleness: Duration::from_secs(60) };

/// The world that was kept last: the property asks for each several times.
#[derive(Default)]
struct Kept(RefCell<Option<World>>);

struct World {
    name: String,
    facts: Arc<dyn Facts>,
    /// Goes away with the world.
    _place: Place,
}

impl Kept {
    fn keep(&self, place: fn() -> Place, bundle: &Bundle, document: &Document) -> Arc<dyn Facts> {
        let entities = document.build(&bundle.schema, &Entities::empty()).unwrap_or_else(|wrong| panic!("{wrong}"));
        let records: Vec<Record> = sorted(&entities).iter().map(|entity| Record::of(entity).unwrap()).collect();
        let name = format!("{} {records:?}", bundle.digest);
        let mut last = self.0.borrow_mut();
        if let Some(world) = last.as_ref().filter(|world| world.name == name) {
            return world.facts.clone();
        }
        let place = place();
        let store = place.open();
        write(&*store, &records);
        let facts: Arc<dyn Facts> = Arc::new(Stored::open(store, &bundle.schema, KEEPING).unwrap());
        *last = Some(World { name, facts: facts.clone(), _place: place });
        facts
    }
}

fn sorted(entities: &Entities) -> Vec<Entity> {
    let mut all: Vec<Entity> =
        entities.iter().filter(|entity| entity.uid().type_name().basename() != "Action").cloned().collect();
    all.sort_by_key(|entity| entity.uid().to_string());
    all
}

fn write(store: &dyn Store, records: &[Record]) {
    let mut writing = store.begin().unwrap();
    writing.revise(&Commit { at: Timestamp::UNIX_EPOCH, who: "test".to_owned(), why: "{}".to_owned() }).unwrap();
    writing.put(records, "sha256:test").unwrap();
    writing.commit().unwrap();
}

/// Questions in each world.
const QUESTIONS: usize = 40;

/// What a store gives a decision to look at is enough: the answer and its explanation are those of all facts at once.
fn decides_as_in_memory(place: fn() -> Place) {
    let (bundle, kept, allowed) = (programme(), Kept::default(), Cell::new(0));
    tape::holds(worlds(), |mut tape| {
        let mut ground = programme_ground(&bundle);
        ground.change(&mut tape);
        let document = ground.document();
        let whole = moment(&bundle, &document, &in_memory);
        let sliced = moment(&bundle, &document, &|bundle, document| kept.keep(place, bundle, document));
        for _ in 0..QUESTIONS {
            let request = ground.request(&mut tape);
            let (Ok(whole), Ok(sliced)) = (whole.decide(&request, &noon()), sliced.decide(&request, &noon())) else {
                continue;
            };
            allowed.set(allowed.get() + usize::from(whole.decision.allowed()));
            let told = |answer: &Answer| format!("{:?} {:?}", answer.decision.code, answer.explain());
            prop_assert_eq!(told(&whole), told(&sliced), "{:?}", request);
        }
        Ok(())
    });
    assert!(allowed.get() > worlds() as usize, "only {} were allowed", allowed.get());
}

#[test]
fn the_embedded_store_answers_and_explains_as_facts_in_memory_do() {
    decides_as_in_memory(Place::sqlite);
}

#[test]
fn postgres_answers_and_explains_as_facts_in_memory_do() {
    decides_as_in_memory(Place::postgres);
}

fn holds_on(place: fn() -> Place) {
    let (office, programme) = (Kept::default(), Kept::default());
    random::search_agrees_with_asking_about_everybody(worlds(), &|bundle, document| {
        office.keep(place, bundle, document)
    });
    partners::search_agrees_with_asking_about_everybody(worlds(), &|bundle, document| {
        programme.keep(place, bundle, document)
    });
}

#[test]
fn a_search_in_the_embedded_store_lists_what_asking_about_everybody_allows() {
    holds_on(Place::sqlite);
}

#[test]
fn a_search_in_postgres_lists_what_asking_about_everybody_allows() {
    holds_on(Place::postgres);
}

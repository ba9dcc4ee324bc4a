//! One thread's part: the records of a piece, decided and counted.

use std::borrow::Cow;

use super::{
    Wish,
    ground::Stand,
    record::{Item, Record, Said},
    source::Origin,
    tally::{Change, Sample, Tally},
    unmask::unmask,
};
use crate::{
    analysis::asking::{self, Reply},
    decision::Refusal,
    explanation::{self, Explanation},
    facts::store::Revision,
    problem::Problem,
    request::Request,
};

/// What a thread has in hand.
pub(super) struct Worker<'w> {
    wish: &'w Wish<'w>,
    stand: Stand,
    pub(super) tally: Tally<'w>,
}

/// A recorded decision that is made again.
struct Again<'l> {
    /// The piece, the line in it, the decision of the line.
    position: (usize, usize, usize),
    id: Cow<'l, str>,
    at: jiff::Timestamp,
    revision: Revision,
    item: Item,
}

impl<'w> Worker<'w> {
    pub(super) fn new(wish: &'w Wish<'w>, head: Revision) -> Self {
        Self { wish, stand: wish.ground.stand(wish.bundle, head), tally: Tally::default() }
    }

    /// All records of a piece. Those of one revision come together, so that each state of the facts is gone to once.
    pub(super) fn piece(&mut self, number: usize, origin: &Origin, piece: &[u8]) -> Result<(), Problem> {
        let mut again = Vec::new();
        for (line, text) in lines(piece).enumerate() {
            if text.trim_ascii().is_empty() {
                continue;
            }
            let record = serde_json::from_slice(text).map_err(|error| origin.problem(line, &error))?;
            self.record((number, line), record, &mut again);
        }
        again.sort_by_key(|again| again.revision);
        again.into_iter().try_for_each(|again| self.decide(again))
    }

    fn record<'l>(&mut self, (piece, line): (usize, usize), mut record: Record<'l>, again: &mut Vec<Again<'l>>) {
        self.tally.records += 1;
        let Some(items) = record.items() else { return self.tally.not_of_kind(record.kind()) };
        let (revision, Record { id, at, .. }) = (record.decided_on(), record);
        again.extend(items.into_iter().map(|item| {
            let position = (piece, line, item.place.unwrap_or(0));
            Again { position, id: id.clone(), at, revision, item }
        }));
    }

    fn decide(&mut self, mut again: Again) -> Result<(), Problem> {
        let Some(before) = again.item.before.take() else {
            self.tally.errors += 1;
            return Ok(());
        };
        let Some(mut request) = again.item.request.take() else {
            self.tally.leave_out("the question is gone".to_owned());
            return Ok(());
        };
        let (bundle, unreadable) = (self.wish.bundle, |error: &dyn std::fmt::Display| Problem::new(error.to_string()));
        let item = &again.item;
        if let Err(reason) = unmask(bundle, &mut request, &item.masked, &item.dropped, self.wish.identify) {
            self.tally.leave_out(reason);
            return Ok(());
        }
        let Some(facts) = self.stand.at(again.revision).map_err(|error| unreadable(&error))? else {
            self.tally.leave_out("its revision of the facts is not there".to_owned());
            return Ok(());
        };
        match asking::try_answer(bundle, facts, &request, again.at) {
            Ok(reply) => self.compare(&again, request, &before, &reply),
            Err(Refusal::Invalid(invalid)) => {
                let change = self.tally.unasked(&request.action, &before);
                self.sample(change, &again, request, &before, || (Err(invalid.to_string()), None));
            }
            Err(Refusal::Unavailable(unavailable)) => return Err(unreadable(&unavailable)),
        }
        Ok(())
    }

    fn compare(&mut self, again: &Again, request: Request, before: &Said, reply: &Reply) {
        let Reply { decision, evidence } = reply;
        let Some(change) = self.tally.decided(&request.action, before, decision) else { return };
        let bundle = self.wish.bundle;
        self.sample(change, again, request, before, || {
            let seen = evidence.as_ref().map(|(question, slice)| (&question.request, &*slice.entities));
            (Ok(Said::of(decision)), Some(explanation::explain(bundle, decision, seen)))
        });
    }

    /// Keeps a case, explained, if it is among the first of its kind.
    fn sample(
        &mut self,
        change: Change,
        again: &Again,
        request: Request,
        before: &Said,
        after: impl FnOnce() -> (Result<Said, String>, Option<Explanation<'w>>),
    ) {
        if !self.tally.wants(change, again.position, self.wish.samples) {
            return;
        }
        let (after, explanation) = after();
        self.tally.keep(
            change,
            self.wish.samples,
            Sample {
                position: again.position,
                id: again.id.to_string(),
                at: again.at,
                revision: again.revision,
                request,
                before: before.clone(),
                after,
                explanation,
            },
        );
    }
}

fn lines(piece: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut from = 0;
    memchr::memchr_iter(b'\n', piece)
        .chain([piece.len()])
        .map(move |end| &piece[std::mem::replace(&mut from, end + 1)..end])
}

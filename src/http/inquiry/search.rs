//! A page of a search: decided candidate by candidate until it is full or half of the deadline is used up.
//!
//! Half, because the answer has still to be written and sent: a page that ends early brings its token, a request
//! that passes its deadline brings nothing.

use axum::body::Bytes;

use super::{Inquiry, recording, text::bytes};
use crate::{
    audit::record::{Event, Failure, Named, SearchOutcome},
    decision::search::Side,
    engine::search::{
        Found, Page,
        token::{Sought, Token},
    },
    http::{
        error::Error,
        wire::search::{ActionsAnswer, EntitiesAnswer, FoundAction, FoundEntity, PageAnswer, Search},
    },
    request::Party,
};

/// What a page lists, whether there may be more, and the answer.
type Filled = (Vec<Named>, bool, Bytes);

impl Inquiry<'_> {
    /// Answers a page of a search.
    ///
    /// # Errors
    /// It cannot be asked, its token belongs to another search, the facts cannot be read, or the deadline has passed.
    pub fn search(&self, search: &Search) -> Result<Bytes, Error> {
        if let Some(token) = &search.token {
            token.belongs_to(search.sought, &search.request, &self.moment.bundle.digest)?;
        }
        let limit = self.limit(search)?;
        let half = self.service.settings.deadline() / 2;
        let mut may_go_on = || self.begun.elapsed() < half;
        let after = search.token.map_or(0, |token| token.after);
        let page = Page { after, limit: limit as usize, may_go_on: &mut may_go_on };
        let answer = match search.sought {
            Sought::Subject => self.entities(Side::Principal, search, page, limit),
            Sought::Resource => self.entities(Side::Resource, search, page, limit),
            Sought::Action => self.actions(search, page, limit),
        };
        let (noted, answer) = match answer {
            Ok((named, more, answer)) if !self.is_late() => (SearchOutcome::Found { results: named, more }, Ok(answer)),
            Ok((.., answer)) => (SearchOutcome::Failed { error: recording::late() }, Ok(answer)),
            Err(error) => (SearchOutcome::Failed { error: failure(&error) }, Err(error)),
        };
        self.note_search(search, noted);
        let answer = answer?;
        self.in_time()?;
        Ok(answer)
    }

    fn note_search(&self, search: &Search, outcome: SearchOutcome) {
        // What cannot be asked is in nobody's words but the caller's.
        let asked = !matches!(&outcome, SearchOutcome::Failed { error } if error.status == 400);
        self.pen.note(self.begun.elapsed(), || Event::Search {
            sought: search.sought.name(),
            question: asked.then(|| Box::new(search.request.clone())),
            outcome,
        });
    }

    /// As the caller says, or as on the page before; at most what the settings allow.
    fn limit(&self, search: &Search) -> Result<u32, Error> {
        let most = self.service.settings.search_limit;
        match search.limit {
            Some(limit) if limit > most => Err(Error::bad_request(format!("page.limit: {limit}, more than {most}"))),
            Some(limit) => Ok(limit),
            None => Ok(search.token.map_or(most, |token| token.limit).clamp(1, most.max(1))),
        }
    }

    fn entities(&self, side: Side, search: &Search, page: Page, limit: u32) -> Result<Filled, Error> {
        let found = self.moment.search(side, &search.request, &self.circumstances, page)?;
        let page = self.page(search, &found, limit);
        let named = found.results.iter().filter(|_| self.pen.writes()).map(recording::named).collect();
        let more = found.next.is_some();
        let entity = |party: Party| FoundEntity { r#type: party.entity_type, id: party.id };
        let answer = bytes(&EntitiesAnswer { results: found.results.into_iter().map(entity).collect(), page })?;
        Ok((named, more, answer))
    }

    fn actions(&self, search: &Search, page: Page, limit: u32) -> Result<Filled, Error> {
        let found = self.moment.search_actions(&search.request, &self.circumstances, page)?.allowed;
        let page = self.page(search, &found, limit);
        let action = |name: &String| Named { entity_type: String::new(), id: name.clone() };
        let named = found.results.iter().filter(|_| self.pen.writes()).map(action).collect();
        let more = found.next.is_some();
        let answer = bytes(&ActionsAnswer {
            results: found.results.into_iter().map(|name| FoundAction { name }).collect(),
            page,
        })?;
        Ok((named, more, answer))
    }

    fn page<T>(&self, search: &Search, found: &Found<T>, limit: u32) -> PageAnswer {
        let (bundle, revision) = (&self.moment.bundle.digest, self.moment.revision());
        let token = |after| Token::of(search.sought, &search.request, bundle, revision, after, limit).text();
        PageAnswer { next_token: found.next.map(token).unwrap_or_default(), count: found.results.len() }
    }
}

/// Why nothing was found, without the caller's words.
fn failure(error: &Error) -> Failure {
    let status = error.status.as_u16();
    Failure { status, reason: if status == 400 { "invalid" } else { "unavailable" }, field: None }
}

//! A page of a search: decided candidate by candidate until it is full or half of the deadline is used up.
//!
//! Half, because the answer has still to be written and sent: a page that ends early brings its token, a request
//! that passes its deadline brings nothing.

use axum::body::Bytes;

use super::{Inquiry, bytes};
use crate::{
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
        }?;
        self.in_time()?;
        Ok(answer)
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

    fn entities(&self, side: Side, search: &Search, page: Page, limit: u32) -> Result<Bytes, Error> {
        let found = self.moment.search(side, &search.request, &self.circumstances, page)?;
        let page = self.page(search, &found, limit);
        let entity = |party: Party| FoundEntity { r#type: party.entity_type, id: party.id };
        bytes(&EntitiesAnswer { results: found.results.into_iter().map(entity).collect(), page })
    }

    fn actions(&self, search: &Search, page: Page, limit: u32) -> Result<Bytes, Error> {
        let found = self.moment.search_actions(&search.request, &self.circumstances, page)?.allowed;
        let page = self.page(search, &found, limit);
        bytes(&ActionsAnswer { results: found.results.into_iter().map(|name| FoundAction { name }).collect(), page })
    }

    fn page<T>(&self, search: &Search, found: &Found<T>, limit: u32) -> PageAnswer {
        let (bundle, revision) = (&self.moment.bundle.digest, self.moment.revision());
        let token = |after| Token::of(search.sought, &search.request, bundle, revision, after, limit).text();
        PageAnswer { next_token: found.next.map(token).unwrap_or_default(), count: found.results.len() }
    }
}

//! Page tokens: where a search goes on, and what it is a page of.
//!
//! Hexadecimal digits that mean nothing to callers. Inside: which bundle and which revision of the facts the search
//! began on, behind which position it goes on, the limit, and a digest over these and the whole query, so that a
//! token with another query, or one that was altered, is noticed. It is no proof of anything: whoever makes one up
//! sees no more than by asking.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    facts::store::{Position, Revision},
    request::{Invalid, Party, Request},
};

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sought {
    /// Who may.
    Subject,
    /// What it may be done to.
    Resource,
    /// What may be done.
    Action,
}

impl Sought {
    /// Its name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Resource => "resource",
            Self::Action => "action",
        }
    }
}

/// Where a search goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    bundle: [u8; 8],
    /// The revision of the facts that the search began on.
    pub revision: Revision,
    /// Behind which position it goes on.
    pub after: Position,
    /// Most results of the page before.
    pub limit: u32,
    check: [u8; 16],
}

/// Bytes of a token: bundle, revision, position, limit, check.
const LENGTH: usize = 8 + 8 + 8 + 4 + 16;

const FIELD: &str = "page.token";

impl Token {
    /// The token of the next page of a query.
    pub fn of(
        sought: Sought,
        request: &Request,
        bundle: &str,
        revision: Revision,
        after: Position,
        limit: u32,
    ) -> Self {
        let mut token = Self { bundle: shortened(bundle.as_bytes()), revision, after, limit, check: [0; 16] };
        token.check = token.check(sought, request);
        token
    }

    /// Reads a token.
    ///
    /// # Errors
    /// The text is none.
    pub fn read(text: &str) -> Result<Self, Invalid> {
        let none = || Invalid::new(FIELD, "expected the `next_token` of a page before");
        let bytes = bytes(text).ok_or_else(none)?;
        let (bundle, rest) = split(&bytes);
        let (revision, rest) = split(rest);
        let (after, rest) = split(rest);
        let (limit, rest) = split(rest);
        let (check, _) = split(rest);
        let number = |bytes| i64::from_be_bytes(bytes).try_into().map_err(|_| none());
        let limit = u32::from_be_bytes(limit);
        Ok(Self { bundle, revision: number(revision)?, after: number(after)?, limit, check })
    }

    /// Holds a token against a query and the bundle that is to answer it.
    ///
    /// # Errors
    /// It is of another bundle or another query.
    pub fn belongs_to(&self, sought: Sought, request: &Request, bundle: &str) -> Result<(), Invalid> {
        if self.check != self.check(sought, request) {
            return Err(Invalid::new(FIELD, "belongs to another query; send the one it came with, or begin anew"));
        }
        if self.bundle != shortened(bundle.as_bytes()) {
            return Err(Invalid::new(FIELD, "the bundle has changed since the page before; begin the search anew"));
        }
        Ok(())
    }

    /// Its text.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(2 * LENGTH);
        for byte in self.head().iter().chain(&self.check) {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    fn head(&self) -> Vec<u8> {
        let mut head = self.bundle.to_vec();
        head.extend(self.revision.to_be_bytes());
        head.extend(self.after.to_be_bytes());
        head.extend(self.limit.to_be_bytes());
        head
    }

    fn check(&self, sought: Sought, request: &Request) -> [u8; 16] {
        let mut all = self.head();
        canonical(&query(sought, request), &mut all);
        shortened(&all)
    }
}

/// All that a query depends on: of what is looked for the type alone.
fn query(sought: Sought, request: &Request) -> Value {
    let party = |party: &Party, wanted: Sought| match wanted == sought {
        true => json!([party.entity_type]),
        false => json!([party.entity_type, party.id, party.properties]),
    };
    let action = (sought != Sought::Action).then(|| json!([request.action, request.action_properties]));
    json!([
        format!("{sought:?}"),
        party(&request.principal, Sought::Subject),
        action,
        party(&request.resource, Sought::Resource),
        request.context
    ])
}

/// JSON with the fields of objects in order: two bodies that mean the same are the same query.
fn canonical(value: &Value, text: &mut Vec<u8>) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            text.push(b'{');
            for (name, field) in fields {
                text.extend(Value::from(name.as_str()).to_string().bytes());
                canonical(field, text);
            }
            text.push(b'}');
        }
        Value::Array(items) => {
            text.push(b'[');
            for item in items {
                canonical(item, text);
                text.push(b',');
            }
            text.push(b']');
        }
        plain => text.extend(plain.to_string().bytes()),
    }
}

fn shortened<const N: usize>(bytes: &[u8]) -> [u8; N] {
    split(&Sha256::digest(bytes)).0
}

/// The first bytes, and the rest; zeros where there are too few, which [`bytes`] rules out.
fn split<const N: usize>(bytes: &[u8]) -> ([u8; N], &[u8]) {
    bytes.split_first_chunk().map_or(([0; N], &[]), |(first, rest)| (*first, rest))
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    if text.len() != 2 * LENGTH || !text.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    (0..LENGTH).map(|at| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()).collect()
}

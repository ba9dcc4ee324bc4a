//! Answers as bytes.

use axum::body::Bytes;

use super::Inquiry;
use crate::{
    engine::Answer,
    http::{
        answer::{DecisionAnswer, Detail},
        error::Error,
    },
};

impl Inquiry<'_> {
    /// An answer on the wire; most are one of two texts.
    pub(super) fn text(&self, answer: &Answer, detail: Detail) -> Result<Bytes, Error> {
        let decision = &answer.decision;
        let bare = detail == Detail::None && decision.obligations.is_empty() && decision.advice.is_empty();
        if bare && self.past.is_none() {
            let text: &[u8] = if decision.allowed() { br#"{"decision":true}"# } else { br#"{"decision":false}"# };
            return Ok(Bytes::from_static(text));
        }
        json(&DecisionAnswer::of(answer, detail).historical(self.historical()))
    }
}

pub(super) fn json(answer: &DecisionAnswer) -> Result<Bytes, Error> {
    bytes(answer)
}

pub(super) fn bytes(answer: &impl serde::Serialize) -> Result<Bytes, Error> {
    let text = serde_json::to_vec(answer).map_err(|error| {
        tracing::error!(answer.error = %error, "an answer cannot be written");
        Error::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be written")
    })?;
    Ok(text.into())
}

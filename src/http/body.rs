//! A request's body: its form is checked by the head, its size and time while it comes in.
//!
//! Compressed bodies are not taken: 42 KB of gzip can unpack to a gigabyte (threat T23), and requests are
//! small. A body that is refused for its head or its size is still read to the end where that is cheap,
//! because a client that is cut off in the middle of sending never sees why.

use std::{future::poll_fn, pin::Pin, time::Duration};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::{HeaderMap, StatusCode, header},
};
use serde_json::Value;

use super::{error::Error, json};
use crate::config::ServerSettings;

/// Most bytes that are read and thrown away so that a refused client hears why.
const MAX_DRAIN: u64 = 1 << 20;

/// Reads a request's JSON.
///
/// # Errors
/// 400 for another media type or text that is no JSON, 408 for a body that comes too slowly, 413 for one
/// that is too large, 415 for an encoded one.
pub async fn read(request: Request, settings: &ServerSettings) -> Result<Value, Error> {
    let (head, mut body) = request.into_parts();
    let limit = settings.body_limit as u64;
    let reading = async {
        if let Err(error) = check_head(&head.headers) {
            drain(&mut body, limit).await;
            return Err(error);
        }
        collect(&mut body, limit).await
    };
    let timeout = Duration::from_millis(settings.body_timeout_ms);
    let text = match tokio::time::timeout(timeout, reading).await {
        Ok(text) => text?,
        Err(_) => {
            return Err(Error::new(
                StatusCode::REQUEST_TIMEOUT,
                format!("the body took longer than {} ms", timeout.as_millis()),
            ));
        }
    };
    json::read(&text).map_err(|error| Error::bad_request(format!("the body is no JSON we take: {error}")))
}

/// Reads the body of a request that takes none: nothing, or an object without fields.
///
/// # Errors
/// There is something in it, or as for [`read`].
pub async fn read_nothing(request: Request, settings: &ServerSettings) -> Result<(), Error> {
    if request.body().is_end_stream() {
        return Ok(());
    }
    match read(request, settings).await? {
        Value::Object(fields) if fields.is_empty() => Ok(()),
        _ => Err(Error::bad_request("the body: expected nothing, or `{}`")),
    }
}

fn check_head(headers: &HeaderMap) -> Result<(), Error> {
    let plain = |name: &[u8]| name.trim_ascii().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(header::CONTENT_ENCODING).iter().all(|encoding| plain(encoding.as_bytes())) {
        return Err(Error::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "content-encoding: only `identity` is taken; send the body uncompressed",
        ));
    }
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .map(|value| value.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default());
    match media_type {
        Some(media_type) if media_type.trim_ascii().eq_ignore_ascii_case(b"application/json") => Ok(()),
        Some(_) => Err(Error::bad_request("content-type: expected `application/json`")),
        None => Err(Error::bad_request("content-type: missing; expected `application/json`")),
    }
}

/// The whole body. One that comes in one piece, as nearly all do, is not copied.
async fn collect(body: &mut Body, limit: u64) -> Result<Bytes, Error> {
    let too_large = || Error::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body is larger than {limit} bytes"));
    let expected = body.size_hint().lower();
    if expected > limit {
        drain(body, limit).await;
        return Err(too_large());
    }
    let (mut first, mut all) = (Bytes::new(), Vec::new());
    while let Some(piece) = next(body).await? {
        if (first.len() + all.len() + piece.len()) as u64 > limit {
            drain(body, limit).await;
            return Err(too_large());
        }
        if all.is_empty() && first.is_empty() {
            first = piece;
            continue;
        }
        if all.is_empty() {
            all.reserve(usize::try_from(expected).unwrap_or(0));
            all.extend_from_slice(&std::mem::take(&mut first));
        }
        all.extend_from_slice(&piece);
    }
    Ok(if all.is_empty() { first } else { Bytes::from(all) })
}

/// Reads the rest of a request that is answered already and throws it away, where that is cheap.
///
/// A client that waits to be told before it sends is not told to.
pub fn let_run_out(request: Request, settings: &ServerSettings) {
    let waits = request.headers().contains_key(header::EXPECT);
    let mut body = request.into_body();
    if waits || body.is_end_stream() {
        return;
    }
    let (limit, patience) = (settings.body_limit as u64, Duration::from_millis(settings.body_timeout_ms));
    tokio::spawn(async move { tokio::time::timeout(patience, drain(&mut body, limit)).await });
}

async fn drain(body: &mut Body, limit: u64) {
    let mut left = limit + MAX_DRAIN;
    if body.size_hint().lower() > left {
        return;
    }
    while let Ok(Some(piece)) = next(body).await {
        left = left.saturating_sub(piece.len() as u64);
        if left == 0 {
            return;
        }
    }
}

/// The next piece of data; trailers are passed over.
async fn next(body: &mut Body) -> Result<Option<Bytes>, Error> {
    loop {
        let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await;
        match frame.map(|frame| frame.map(|frame| frame.into_data())) {
            None => return Ok(None),
            Some(Ok(Ok(data))) => return Ok(Some(data)),
            Some(Ok(Err(_))) => {}
            Some(Err(_)) => return Err(Error::bad_request("the body broke off")),
        }
    }
}

//! Values as callers write them, from Cedar's own form.
//!
//! Cedar marks what JSON cannot say by itself: `{"__entity": {"type": "User", "id": "u-1"}}` is a reference,
//! `{"__extn": {"fn": "datetime", "arg": "2026-10-01"}}` a date. Callers write neither mark: the schema says what is meant.

use serde_json::{Map, Value, json};

/// Cedar's escapes as callers write such values: entities as `{"type", "id"}`, moments and the like as text.
pub fn plain(value: Value) -> Value {
    match value {
        Value::Object(mut fields) if fields.len() == 1 && fields.contains_key("__entity") => {
            fields.remove("__entity").unwrap_or_default()
        }
        Value::Object(fields) if fields.len() == 1 && fields.contains_key("__extn") => extension(&fields["__extn"]),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(key, value)| (key, plain(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
        other => other,
    }
}

/// `{"fn": "datetime", "arg": "…"}`, or a date and an offset from it.
fn extension(call: &Value) -> Value {
    if let Some(text) = call.get("arg").and_then(Value::as_str) {
        return json!(text);
    }
    let arguments = call.get("args").and_then(Value::as_array);
    let text = |position: usize| {
        let argument = arguments?.get(position)?;
        plain(argument.clone()).as_str().map(ToOwned::to_owned)
    };
    moment(text(0), text(1)).map_or_else(|| json!({ "__extn": call }), |text| json!(text))
}

/// A moment so many milliseconds (`12ms`) after a date, as text.
fn moment(date: Option<String>, offset: Option<String>) -> Option<String> {
    let date: jiff::civil::Date = date?.parse().ok()?;
    let start = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    let milliseconds: i64 = offset?.strip_suffix("ms")?.parse().ok()?;
    let moment = start.checked_add(jiff::SignedDuration::from_millis(milliseconds)).ok()?;
    Some(moment.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string())
}

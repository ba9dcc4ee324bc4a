//! JSON from strangers, bounded while it is read.
//!
//! A body within the size limit can still nest thousands of levels deep, and two parsers can read an
//! object with a key that stands twice in two ways: the gateway in front sees the one, the engine the
//! other. So depth and keys are counted before anything is built from them, and a repeated key is
//! refused (threat T10).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Deepest nesting; the outermost object counts as one.
pub const MAX_DEPTH: usize = 32;
/// Most keys of one object.
pub const MAX_KEYS: usize = 1_000;

/// Reads one JSON value.
///
/// # Errors
/// Text that is no JSON or beyond the bounds, with line and column.
pub fn read(text: &[u8]) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Bounded { depth: 0 }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// A value inside `depth` others.
#[derive(Clone, Copy)]
struct Bounded {
    depth: usize,
}

impl Bounded {
    fn inside<E: Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format_args!("nested deeper than {MAX_DEPTH}")));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Bounded {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Number::from_f64(number).map(Value::Number).ok_or_else(|| E::custom("a number that is none"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inside)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if object.len() == MAX_KEYS {
                return Err(A::Error::custom(format_args!("an object of more than {MAX_KEYS} keys")));
            }
            if object.contains_key(&name) {
                return Err(A::Error::custom("a key that stands twice in one object"));
            }
            object.insert(name, fields.next_value_seed(inside)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{MAX_DEPTH, MAX_KEYS, read};

    fn nested(depth: usize) -> String {
        format!("{}{}", "[".repeat(depth), "]".repeat(depth))
    }

    fn wide(keys: usize) -> String {
        let fields: Vec<String> = (0..keys).map(|key| format!("\"k{key}\":0")).collect();
        format!("{{{}}}", fields.join(","))
    }

    fn refusal(text: &str) -> String {
        read(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn plain_json_is_read_as_it_stands() {
        let text = r#"{"a":[1,-2,2.5,null,true,"é\n"],"b":{"c":{}},"d":18446744073709551615}"#;
        let expected = json!({"a": [1, -2, 2.5, null, true, "é\n"], "b": {"c": {}}, "d": u64::MAX});
        assert_eq!(read(text.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn depth_is_bounded_and_the_deepest_allowed_passes() {
        assert!(read(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(refusal(&nested(MAX_DEPTH + 1)).starts_with("nested deeper than 32"));
        assert!(refusal(&nested(100_000)).starts_with("nested deeper than 32"));
    }

    #[test]
    fn keys_are_bounded_and_the_widest_allowed_passes() {
        assert!(read(wide(MAX_KEYS).as_bytes()).is_ok());
        assert!(refusal(&wide(MAX_KEYS + 1)).starts_with("an object of more than 1000 keys"));
    }

    #[test]
    fn a_key_that_stands_twice_is_refused() {
        assert!(refusal(r#"{"id":"u-ada","id":"u-bob"}"#).starts_with("a key that stands twice in one object"));
        assert!(read(br#"[{"id":"u-ada"},{"id":"u-bob"}]"#).is_ok());
    }

    #[test]
    fn what_follows_the_value_is_refused() {
        assert!(refusal("{} {}").starts_with("trailing characters"));
    }
}

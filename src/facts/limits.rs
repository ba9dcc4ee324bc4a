//! How large and how deep facts may be, checked before Cedar sees them.
//!
//! A chain of 4,000 parents, less than half a megabyte of JSON, keeps Cedar's hierarchy closure busy for
//! 19 s; long sets and deep nesting are as easy to send. The limits are far above what the partner
//! programme needs and far below what hurts (threat T10).

use std::collections::{HashMap, HashSet};

use serde_json::Value;

/// Largest facts file, in bytes.
pub const MAX_FILE: u64 = 1 << 30;
/// Deepest nesting of one entity's JSON.
pub const MAX_DEPTH: usize = 32;
/// Most keys of one record.
pub const MAX_KEYS: usize = 1_000;
/// Most elements of one set.
pub const MAX_ELEMENTS: usize = 1_000;
/// Longest string, in bytes; bounds what `like` can cost.
pub const MAX_STRING: usize = 4_096;
/// Most parents of one entity.
pub const MAX_PARENTS: usize = 64;
/// Longest chain of ancestors.
pub const MAX_ANCESTOR_DEPTH: usize = 32;

/// Whether one value keeps within the limits.
///
/// # Errors
/// Which limit is passed, and by what.
pub fn check_value(value: &Value) -> Result<(), String> {
    check_at(value, 1)
}

fn check_at(value: &Value, depth: usize) -> Result<(), String> {
    if depth > MAX_DEPTH {
        return Err(format!("the value nests deeper than {MAX_DEPTH}"));
    }
    match value {
        Value::String(text) if text.len() > MAX_STRING => {
            Err(format!("a string of {} bytes is longer than {MAX_STRING}", text.len()))
        }
        Value::Array(items) if items.len() > MAX_ELEMENTS => {
            Err(format!("a set of {} elements is larger than {MAX_ELEMENTS}", items.len()))
        }
        Value::Object(fields) if fields.len() > MAX_KEYS => {
            Err(format!("a record of {} keys is larger than {MAX_KEYS}", fields.len()))
        }
        Value::Array(items) => items.iter().try_for_each(|item| check_at(item, depth + 1)),
        Value::Object(fields) => fields.values().try_for_each(|field| check_at(field, depth + 1)),
        _ => Ok(()),
    }
}

/// Who is a parent of whom, by position in the facts.
pub type Parents = HashMap<usize, Vec<usize>>;

/// The first entity, by position, whose chain of ancestors is longer than [`MAX_ANCESTOR_DEPTH`] or
/// leads back to itself.
pub fn first_too_deep(count: usize, parents: &Parents) -> Option<usize> {
    (0..count).find(|&start| !is_shallow(start, parents))
}

/// Walks upwards level by level: after [`MAX_ANCESTOR_DEPTH`] levels nothing may be left, and a cycle
/// never runs out.
fn is_shallow(start: usize, parents: &Parents) -> bool {
    let mut level: HashSet<usize> = HashSet::from([start]);
    for _ in 0..=MAX_ANCESTOR_DEPTH {
        level = level.iter().filter_map(|at| parents.get(at)).flatten().copied().collect();
        if level.is_empty() {
            return true;
        }
    }
    false
}

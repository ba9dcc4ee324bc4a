//! How large and how deep facts may be, checked before Cedar sees them.
//!
//! A chain of 4,000 parents, less than half a megabyte of JSON, keeps Cedar's hierarchy closure busy for
//! 19 s; long sets and deep nesting are as easy to send. The limits are far above what the partner
//! programme needs and far below what hurts (threat T10).

use std::collections::HashSet;

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
/// Most ancestors of one entity, near and far: Cedar keeps them all with each entity.
pub const MAX_ANCESTORS: usize = 256;

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

/// What is wrong with an entity's ancestors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// Their longest chain passes [`MAX_ANCESTOR_DEPTH`], or leads back to where it started.
    Depth,
    /// They are more than [`MAX_ANCESTORS`].
    Count,
}

/// The first entity, by position, that has too many ancestors or too far away; `parents` are positions too.
///
/// It takes one step for each entity and parent, and [`MAX_ANCESTORS`] times [`MAX_PARENTS`] at most for
/// counting: hostile facts must not be slow to refuse.
pub fn first_excess(parents: &[Vec<usize>]) -> Option<(usize, Excess)> {
    let depths = depths(parents);
    let deep = depths.iter().position(|depth| depth.is_none_or(|depth| depth > MAX_ANCESTOR_DEPTH));
    deep.map(|position| (position, Excess::Depth)).or_else(|| {
        (0..parents.len()).find(|&position| has_too_many(position, parents)).map(|position| (position, Excess::Count))
    })
}

/// How long each entity's longest chain of ancestors is; `None` where it never ends.
fn depths(parents: &[Vec<usize>]) -> Vec<Option<usize>> {
    let mut children = vec![Vec::new(); parents.len()];
    let mut waiting_for: Vec<usize> = parents.iter().map(Vec::len).collect();
    for (child, parents) in parents.iter().enumerate() {
        parents.iter().for_each(|&parent| children[parent].push(child));
    }
    let mut reached = vec![0; parents.len()];
    let mut depths = vec![None; parents.len()];
    let mut ready: Vec<usize> = (0..parents.len()).filter(|&position| waiting_for[position] == 0).collect();
    while let Some(position) = ready.pop() {
        depths[position] = Some(reached[position]);
        for &child in &children[position] {
            reached[child] = reached[child].max(reached[position] + 1);
            waiting_for[child] -= 1;
            if waiting_for[child] == 0 {
                ready.push(child);
            }
        }
    }
    depths
}

fn has_too_many(position: usize, parents: &[Vec<usize>]) -> bool {
    let mut found = HashSet::new();
    let mut open = vec![position];
    while let Some(next) = open.pop() {
        open.extend(parents[next].iter().copied().filter(|&parent| found.insert(parent)));
        if found.len() > MAX_ANCESTORS {
            return true;
        }
    }
    false
}

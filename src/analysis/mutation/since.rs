//! What changed since a revision, from git's own difference: lines of policies and tariffs.
//!
//! More scenarios never let a mutant live, fewer may: where one was changed or taken away, or the schema, the facts or
//! the settings are others, everything has to be tried again.

use std::collections::BTreeMap;

/// Lines that are new or stand where something was taken out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// Whether what changed can matter to every mutant.
    pub everything: bool,
    /// Ranges of lines by file, both ends included.
    lines: BTreeMap<String, Vec<(usize, usize)>>,
}

impl Changed {
    /// Reads what `git diff --unified=0` prints, and the names of files that git does not know yet.
    pub fn of(difference: &str, unknown: &str) -> Self {
        let mut changed = Self::default();
        let mut file = String::new();
        for line in difference.lines() {
            if let Some(name) = line.strip_prefix("+++ ") {
                // A file that is gone has no new name; what was in it is gone too.
                file = name.strip_prefix("b/").unwrap_or_default().to_owned();
            } else if let Some(name) = line.strip_prefix("--- a/") {
                changed.everything |= !is_rule(name) && !is_case(name) && !is_remark(name);
            } else if let Some((removed, added)) = line.strip_prefix("@@ ").and_then(hunk) {
                changed.everything |= (is_case(&file) && removed.1 > 0) || file.is_empty();
                // Where lines were only taken out, their neighbours are what is left of the place.
                let end = if added.1 == 0 { added.0 + 1 } else { added.0 + added.1 - 1 };
                changed.lines.entry(file.clone()).or_default().push((added.0, end));
            }
        }
        for name in unknown.lines().filter(|name| is_rule(name)) {
            changed.lines.entry(name.to_owned()).or_default().push((1, usize::MAX));
        }
        changed
    }

    /// Whether one of these lines changed.
    pub fn touches(&self, file: &str, first: usize, last: usize) -> bool {
        let ranges = self.lines.get(file).into_iter().flatten();
        self.everything || ranges.into_iter().any(|(start, end)| *start <= last && first <= *end)
    }
}

/// What is changed to make mutants.
fn is_rule(name: &str) -> bool {
    (name.starts_with("policies/") && name.ends_with(".cedar"))
        || (name.starts_with("tariffs/") && name.ends_with(".toml"))
}

/// What stands beside the policies and decides nothing.
fn is_remark(name: &str) -> bool {
    name.ends_with(".md") || (name.starts_with("policies/") && !name.ends_with(".cedar"))
}

/// What kills them.
fn is_case(name: &str) -> bool {
    name.starts_with("tests/scenarios/") || name.starts_with("tests/prices/")
}

/// `-1,2 +3,4 @@ …`: start and count before, start and count after.
fn hunk(text: &str) -> Option<((usize, usize), (usize, usize))> {
    let mut parts = text.split(' ');
    let range = |part: &str, sign: char| {
        let numbers = part.strip_prefix(sign)?;
        match numbers.split_once(',') {
            Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
            None => Some((numbers.parse().ok()?, 1)),
        }
    };
    Some((range(parts.next()?, '-')?, range(parts.next()?, '+')?))
}

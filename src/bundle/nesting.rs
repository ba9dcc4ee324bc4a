//! How deep a policy text nests, measured before Cedar's parser sees it.
//!
//! Cedar's parser recurses: about 165 nested parentheses overflow a stack of 2 MiB, which kills the
//! process and cannot be caught (threat T11). So a small lexer of our own looks at the text first. It
//! knows just enough: strings, comments, brackets, `if`, the prefix operators and the operators and
//! member accesses that make long chains. It never recurses itself.

use crate::problem::{Problem, Source};

/// Deepest nesting of brackets, `if` and prefix operators together.
pub const MAX_NESTING: usize = 64;
/// Longest chain of operators and member accesses within one pair of brackets.
pub const MAX_CHAIN: usize = 256;

/// Whether a policy or schema text is safe to parse.
///
/// # Errors
/// The place where the nesting or a chain first passes its limit.
pub fn check(source: &Source) -> Result<(), Problem> {
    let mut measure = Measure::default();
    let text = source.text.as_bytes();
    let mut at = 0;
    while at < text.len() {
        let length = token_length(&source.text, at);
        if let Err(message) = measure.token(&source.text[at..at + length]) {
            return Err(Problem::at(source, (at, length), message)
                .help("split the rule into several policies, or take a common part out"));
        }
        at += length;
    }
    Ok(())
}

/// Length in bytes of the token, comment, string or white space at `at`; always at least one character.
fn token_length(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let mut chars = rest.chars();
    let Some(first) = chars.next() else { return 1 };
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if first == '"' {
        return string_length(rest);
    }
    if first.is_alphanumeric() || first == '_' {
        return rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    }
    if ["&&", "||", "==", "!=", "<=", ">=", "::"].iter().any(|operator| rest.starts_with(operator)) {
        return 2;
    }
    first.len_utf8()
}

fn string_length(rest: &str) -> usize {
    let mut escaped = false;
    for (index, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return index + 1,
            _ => {}
        }
    }
    rest.len()
}

/// One level of brackets: what has piled up in it so far.
#[derive(Default, Clone, Copy)]
struct Level {
    conditionals: usize,
    prefixes: usize,
    chain: usize,
}

#[derive(Default)]
struct Measure {
    outer: Vec<Level>,
    level: Level,
    nested: usize,
}

impl Measure {
    fn token(&mut self, token: &str) -> Result<(), String> {
        match token {
            "(" | "[" | "{" => {
                self.nested += self.level.conditionals + self.level.prefixes + 1;
                self.outer.push(std::mem::take(&mut self.level));
            }
            ")" | "]" | "}" => {
                self.level = self.outer.pop().unwrap_or_default();
                self.nested = self.nested.saturating_sub(self.level.conditionals + self.level.prefixes + 1);
                self.level.prefixes = 0;
            }
            "if" => self.level.conditionals += 1,
            "!" => self.level.prefixes += 1,
            "-" => {
                self.level.prefixes += 1;
                self.level.chain += 1;
            }
            "," | ";" => self.level = Level::default(),
            "&&" | "||" | "+" | "*" | "." => {
                self.level.chain += 1;
                self.level.prefixes = 0;
            }
            _ if token.trim().is_empty() || token.starts_with("//") => {}
            _ => self.level.prefixes = 0,
        }
        let depth = self.nested + self.level.conditionals + self.level.prefixes;
        if depth > MAX_NESTING {
            return Err(format!("nested deeper than {MAX_NESTING}"));
        }
        if self.level.chain > MAX_CHAIN {
            return Err(format!("a chain of more than {MAX_CHAIN} operators"));
        }
        Ok(())
    }
}

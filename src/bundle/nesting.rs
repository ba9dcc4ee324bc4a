//! How deep a policy or schema text nests, measured before Cedar's parser sees it.
//!
//! Cedar's parser recurses: a few hundred nested parentheses overflow a stack of 2 MiB, which kills the
//! process and cannot be caught (threat T11). So a small lexer of our own looks at the text first. It
//! knows just enough: strings, comments, brackets, `if`, the prefix operators, and the operators, member
//! accesses and calls that make long chains. It never recurses itself.
//!
//! Three things are measured. *Nesting* costs the parser most. *Height* is how tall the tree of
//! expressions grows, chains included: whatever walks or drops the tree later recurses that deep, on a
//! thread with an ordinary stack. And Cedar's validator looks at a branch of an `if` twice where its
//! condition is constant, so the time doubles with every `if` inside another.

use crate::problem::{Problem, Source};

/// Deepest nesting of brackets, `if` and prefix operators together.
pub const MAX_NESTING: usize = 64;
/// Tallest tree of operators, member accesses and calls.
pub const MAX_HEIGHT: usize = 256;
/// Most `if` inside one another, those of an `else if` included.
pub const MAX_CONDITIONALS: usize = 8;

/// Whether a policy or schema text is safe to parse.
///
/// # Errors
/// The place where one of the limits is first passed.
pub fn check(source: &Source) -> Result<(), Problem> {
    let mut measure = Measure::default();
    let mut at = 0;
    while at < source.text.len() {
        let length = token_length(&source.text[at..]);
        if let Err(message) = measure.token(&source.text[at..at + length]) {
            return Err(Problem::at(source, (at, length), message)
                .code("E203")
                .help("split the rule into several policies, or take a common part out"));
        }
        at += length;
    }
    Ok(())
}

/// Length in bytes of the token, comment, string or character at the start; at least one.
pub fn token_length(rest: &str) -> usize {
    let Some(first) = rest.chars().next() else { return 1 };
    if rest.starts_with("//") {
        // For Cedar a lone carriage return ends a comment too.
        return rest.find(['\n', '\r']).unwrap_or(rest.len());
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

/// What has piled up between one pair of brackets.
#[derive(Default, Clone, Copy)]
struct Level {
    conditionals: usize,
    prefixes: usize,
    operators: usize,
    /// Height of the operand being read: member accesses, calls and what its brackets hold.
    operand: usize,
    /// The tallest operand so far.
    tallest: usize,
    /// The tallest of the expressions that commas have ended.
    before: usize,
    /// Opened by the `<` of `Set<`.
    angle: bool,
}

impl Level {
    fn height(&self) -> usize {
        self.before.max(self.conditionals + self.prefixes + self.operators + self.tallest.max(self.operand))
    }

    fn next_operand(&mut self) {
        self.tallest = self.tallest.max(self.operand);
        self.operand = 0;
        self.operators += 1;
    }
}

#[derive(Default)]
struct Measure {
    outer: Vec<Level>,
    level: Level,
    /// Nesting and open `if` of the outer levels together.
    nested: usize,
    conditionals: usize,
    /// The last token: only a schema's `Set`, not an attribute of that name, opens a bracket with `<`.
    after_set: bool,
    after_dot: bool,
}

impl Measure {
    fn token(&mut self, token: &str) -> Result<(), String> {
        if token.trim().is_empty() || token.starts_with("//") {
            return Ok(());
        }
        match token {
            "(" | "[" | "{" => self.open(false),
            "<" if self.after_set => self.open(true),
            ")" | "]" | "}" => self.close(),
            ">" if self.level.angle => self.close(),
            "if" => self.level.conditionals += 1,
            "!" => self.level.prefixes += 1,
            // It may be a prefix or stand between two numbers; counted as both.
            "-" => {
                self.level.next_operand();
                self.level.prefixes += 1;
            }
            "&&" | "||" | "+" | "*" => {
                self.level.next_operand();
                self.level.prefixes = 0;
            }
            "," | ";" => {
                self.level = Level { before: self.level.height(), angle: self.level.angle, ..Level::default() }
            }
            "." => self.level.operand += 1,
            _ => self.level.prefixes = 0,
        }
        self.after_set = token == "Set" && !self.after_dot;
        self.after_dot = token == ".";
        self.within_limits()
    }

    fn open(&mut self, angle: bool) {
        self.nested += self.level.conditionals + self.level.prefixes + 1;
        self.conditionals += self.level.conditionals;
        self.outer.push(std::mem::replace(&mut self.level, Level { angle, ..Level::default() }));
    }

    fn close(&mut self) {
        let inner = self.level.height();
        self.level = self.outer.pop().unwrap_or_default();
        self.nested = self.nested.saturating_sub(self.level.conditionals + self.level.prefixes + 1);
        self.conditionals = self.conditionals.saturating_sub(self.level.conditionals);
        self.level.operand = self.level.operand.max(inner + self.level.prefixes) + 1;
        self.level.prefixes = 0;
    }

    fn within_limits(&self) -> Result<(), String> {
        if self.nested + self.level.conditionals + self.level.prefixes > MAX_NESTING {
            return Err(format!("nested deeper than {MAX_NESTING}"));
        }
        if self.level.height() > MAX_HEIGHT {
            return Err(format!("more than {MAX_HEIGHT} operators, member accesses and calls upon one another"));
        }
        if self.conditionals + self.level.conditionals > MAX_CONDITIONALS {
            return Err(format!("more than {MAX_CONDITIONALS} `if` inside one another"));
        }
        Ok(())
    }
}

//! One layout for all: how policies and tariffs are written down.
//!
//! Ada adds a condition and Ben reviews it. If Ada's editor also moved forty lines, Ben does not see the one that
//! matters. So there is one layout, and `mandat fmt` writes it:
//! 1. policies ([`policies`]) by Cedar's own formatter, one after the other, so that the comments between them stay
//!    where an author put them;
//! 2. tariffs ([`tables`]) token by token, with the line breaks an author chose and columns that stand below each other.
//!
//! A layout is nothing but a layout: what would not read back as the same, with the same comments in the same order, is
//! refused. Schemas are left alone, since Cedar's formatter knows policies only; so is the register of rules.

pub mod policies;
pub mod tables;

use crate::{bundle::files::Files, problem::Source};

/// A file that has another layout than it should.
#[derive(Debug)]
pub struct Change {
    /// The file as it is.
    pub source: Source,
    /// The text it should have.
    pub text: String,
    /// The first line that differs, from 1.
    pub line: usize,
}

impl Change {
    /// Where the first line that differs begins, and how long it is; the end of the file where a line is missing.
    pub fn span(&self) -> (usize, usize) {
        let mut start = 0;
        for (number, line) in self.source.text.split_inclusive('\n').enumerate() {
            if number + 1 == self.line {
                return (start, line.trim_end().len());
            }
            start += line.len();
        }
        (start, 0)
    }
}

/// The files of a bundle that would change, and those whose text cannot be laid out, each with the reason.
pub fn changes(files: &Files) -> (Vec<Change>, Vec<(Source, String)>) {
    let policies = files.policies.iter().map(|source| (source, policies::lay_out(source)));
    let tariffs = files.tariffs.iter().map(|source| (source, tables::lay_out(&source.text)));
    let (mut changes, mut refused) = (Vec::new(), Vec::new());
    for (source, text) in policies.chain(tariffs) {
        match text {
            Ok(text) if text == *source.text => {}
            Ok(text) => {
                changes.push(Change { line: first_difference(&source.text, &text), source: source.clone(), text })
            }
            Err(reason) => refused.push((source.clone(), reason)),
        }
    }
    (changes, refused)
}

/// Lines are compared with their ends: a carriage return, or no end of the last line, is a difference too.
fn first_difference(is: &str, shall: &str) -> usize {
    let same = is.split_inclusive('\n').zip(shall.split_inclusive('\n')).take_while(|(is, shall)| is == shall);
    same.count() + 1
}

//! W304: characters that deceive the eye, in every file of the bundle.
//!
//! Cedar's validator looks at names and strings in conditions, and what it finds is refused (E225). But a reviewer also
//! reads comments, annotations, the schema, the register and tariffs. In all of them no character may be invisible or
//! turn the text around, and no word may mix alphabets so that it reads like a plain one. In names, where equal looks and
//! unequal letters are two different things, a whole word of look-alikes is told too.

use unicode_security::{MixedScript as _, skeleton};

use super::Finding;
use crate::{
    bundle::{files::Files, nesting},
    problem::{Problem, Source},
};

const HELP: &str = "type it anew; nobody sees the difference when reading";

/// Every deceiving character or word, in the order of the files.
pub(super) fn look(files: &Files, findings: &mut Vec<Finding>) {
    let cedar = files.policies.iter().chain(&files.schemas).map(|source| (source, names(&source.text)));
    let toml = files.tariffs.iter().chain(&files.rules).chain(&files.settings).map(|source| (source, Vec::new()));
    for (source, names) in cedar.chain(toml) {
        if source.text.is_ascii() {
            continue;
        }
        findings.extend(
            invisible(source).chain(look_alikes(source, &names)).map(|problem| Finding { policy: None, problem }),
        );
    }
}

fn invisible(source: &Source) -> impl Iterator<Item = Problem> {
    source.text.char_indices().filter_map(|(at, character)| {
        let what = match character {
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                "turns the text around"
            }
            '\u{00ad}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2060}'..='\u{2064}'
            | '\u{206a}'..='\u{206f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}' => "is invisible",
            _ => return None,
        };
        Some(told(source, (at, character.len_utf8()), format!("the character {} {what}", number(character))))
    })
}

fn look_alikes(source: &Source, names: &[(usize, usize)]) -> impl Iterator<Item = Problem> {
    words(&source.text).into_iter().filter(|(_, word)| !word.is_ascii()).filter_map(|(at, word)| {
        let in_name = names.iter().any(|(start, end)| (*start..*end).contains(&at));
        let foreign = !word.chars().any(|letter| letter.is_ascii_alphabetic());
        let deceives = !word.is_single_script() || (in_name && foreign);
        let plain: String = skeleton(word).collect();
        let letter = word.chars().find(|letter| !letter.is_ascii())?;
        (deceives && plain.is_ascii()).then(|| {
            let message = format!("`{word}` reads like a plain word but holds {}", number(letter));
            told(source, (at, word.len()), message)
        })
    })
}

fn told(source: &Source, span: (usize, usize), message: String) -> Problem {
    Problem::at(source, span, message).code("W304").help(HELP)
}

fn number(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

/// Runs of letters and digits, each with its place.
fn words(text: &str) -> Vec<(usize, &str)> {
    let mut at = 0;
    let parts = text.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')).map(|word| {
        let start = at;
        let separator = text[start + word.len()..].chars().next().map_or(0, char::len_utf8);
        at += word.len() + separator;
        (start, word)
    });
    parts.filter(|(_, word)| !word.is_empty()).collect()
}

/// Where names stand in a text of Cedar: words outside of comments and strings, ids of entities and of policies.
fn names(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let (mut before, mut last) = ("", "");
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let token = &rest[..nesting::token_length(rest)];
        if !(token.starts_with("//") || token.trim().is_empty()) {
            let id = last == "::" || (before == "id" && last == "(");
            if !token.starts_with('"') || id {
                found.push((at, at + token.len()));
            }
            (before, last) = (last, token);
        }
        at += token.len();
    }
    found
}

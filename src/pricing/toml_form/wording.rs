//! Words of messages: what an author wrote is repeated, but so that a message stays one readable line.

/// Most names of a list: a tariff of thousands of families would fill a screen with every mistake.
const MOST_NAMES: usize = 20;

/// Longest message, in characters.
const LONGEST_MESSAGE: usize = 400;

/// `a, b or c`; of very many the first, and how many more there are.
pub fn list(names: impl IntoIterator<Item = impl std::fmt::Display>, last: &str) -> String {
    let mut rest = names.into_iter();
    let mut names: Vec<String> = rest.by_ref().take(MOST_NAMES).map(|name| name.to_string()).collect();
    let more = rest.count();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    match names.as_slice() {
        [] => String::new(),
        [only] => fitting(only),
        [before @ .., end] => fitting(&format!("{} {last} {end}", before.join(", "))),
    }
}

/// A message without the middle of what is too long, and without characters that would act on a terminal or turn the
/// text around.
pub fn fitting(message: &str) -> String {
    let mut text: String = message.chars().take(LONGEST_MESSAGE).map(shown).collect();
    if let Some((end, _)) = message.char_indices().rev().nth(LONGEST_MESSAGE / 4 - 1)
        && message.chars().count() > LONGEST_MESSAGE
    {
        text = message.chars().take(LONGEST_MESSAGE / 2).map(shown).collect();
        text.push('…');
        text.extend(message[end..].chars().map(shown));
    }
    text
}

fn shown(character: char) -> String {
    let turns = matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if character.is_control() || turns { character.escape_unicode().to_string() } else { character.to_string() }
}

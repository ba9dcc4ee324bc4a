//! Identifiers as they may be written: composed (NFC), with no control and no invisible ordering characters.
//!
//! Identity is byte by byte, on every store: `Foo` is not `foo`, and an é of two code points is not the é of
//! one. So that nobody writes a second entity that looks like the first, what looks alike by composition is
//! refused, not quietly normalized: the writer would not find it again under the name it wrote (threat T15).

use unicode_normalization::is_nfc;

use crate::facts::limits;

/// Whether an identifier may be written.
///
/// # Errors
/// What is wrong with it, and what to write instead.
pub fn check(id: &str) -> Result<(), String> {
    if id.is_empty() {
        return Err("an id is empty; every entity needs a name".to_owned());
    }
    if id.len() > limits::MAX_STRING {
        return Err(format!("an id of {} bytes is longer than {}", id.len(), limits::MAX_STRING));
    }
    if let Some(found) = id.chars().find(|c| is_refused(*c)) {
        return Err(format!("an id has the invisible character U+{:04X}; leave it out", found as u32));
    }
    if !is_nfc(id) {
        return Err("an id is not composed (NFC), so that it looks like another one; write it composed".to_owned());
    }
    Ok(())
}

/// Control characters, line separators, characters that change the order of writing, and those of no width.
fn is_refused(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

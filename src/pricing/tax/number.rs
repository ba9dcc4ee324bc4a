//! VAT numbers: how they are compared with the forms that a country's numbers have.
//!
//! People write `ATU 1234.5678` or `atu12345678`; both are meant as `ATU12345678`. A form is written likewise, with
//! marks for what varies.

use std::{fmt, sync::Arc};

/// What the marks of a form stand for.
pub const LEGEND: &str = "# is a digit, @ a letter, * either";

/// A form that a VAT number may have, such as `ATU########`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Arc<str>);

impl Pattern {
    /// A form as it is written in a table; a text that no number can fit, or numbers of any country, is none.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let possible = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_lowercase() && !matches!(byte, b'.' | b'-');
        let prefixed = bytes.len() > 2 && bytes[..2].iter().all(u8::is_ascii_uppercase);
        (prefixed && bytes.iter().all(|byte| possible(*byte))).then(|| Self(text.into()))
    }

    /// The letters by which a number says whose it is.
    pub fn prefix(&self) -> &str {
        self.0.get(..2).unwrap_or_default()
    }

    /// Whether a [`plain`] number has this form.
    pub fn fits(&self, number: &str) -> bool {
        number.len() == self.0.len() && self.0.bytes().zip(number.bytes()).all(|(mark, byte)| fits(mark, byte))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn fits(mark: u8, byte: u8) -> bool {
    match mark {
        b'#' => byte.is_ascii_digit(),
        b'@' => byte.is_ascii_uppercase(),
        b'*' => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
        other => byte == other,
    }
}

/// A number without the spaces, dots and dashes between its parts, in capital letters.
///
/// Only ASCII letters are raised: the capital of a dotless `ı` would be an `I` that nobody wrote.
pub fn plain(number: &str) -> String {
    let between = |c: char| c.is_whitespace() || matches!(c, '.' | '-' | '\u{2010}'..='\u{2015}');
    number.chars().filter(|c| !between(*c)).map(|c| c.to_ascii_uppercase()).collect()
}

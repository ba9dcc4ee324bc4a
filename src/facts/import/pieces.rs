//! Cutting a file into pieces that cores can work on, each entity with its place in the file.

use std::{
    fmt,
    io::{BufRead, Read},
    sync::atomic::AtomicU64,
};

use serde::{
    Deserializer as _,
    de::{Error as _, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::count;

/// Entities of one piece.
const ENTITIES: usize = 500;

/// Longest text of one entity, in bytes: a thousand names in a thousand keys are far less.
const MAX_ENTITY: usize = 64 << 20;

/// How a file of facts is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One JSON list.
    List,
    /// One entity a line.
    Lines,
}

/// Entities as text, with their places.
#[derive(Debug, Default)]
pub(super) struct Piece {
    pub(super) entities: Vec<(Place, Box<str>)>,
    /// What cannot be cut any further.
    pub(super) wrong: Option<String>,
}

/// Where an entity stands: its line, or its number in the list.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Line(usize),
    Number(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Number(number) => write!(f, "entity {number}"),
        }
    }
}

impl Form {
    /// The form of a file: a list begins with a bracket.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn of(file: &mut impl BufRead) -> std::io::Result<Self> {
        let start = file.fill_buf()?;
        let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
        Ok(if first == Some(&b'[') { Self::List } else { Self::Lines })
    }
}

/// Cuts a file; `send` takes each piece with its number and says whether more are wanted.
pub(super) fn cut(file: impl BufRead, form: Form, progress: &AtomicU64, send: &mut dyn FnMut(usize, Piece) -> bool) {
    let mut cutter = Cutter { piece: Piece::default(), number: 0, send };
    let whole = match form {
        Form::Lines => lines(file, progress, &mut cutter),
        Form::List => list(file, progress, &mut cutter),
    };
    if let Err(reason) = whole {
        cutter.piece.wrong = Some(reason);
    }
    cutter.flush();
}

struct Cutter<'c> {
    piece: Piece,
    number: usize,
    send: &'c mut dyn FnMut(usize, Piece) -> bool,
}

impl Cutter<'_> {
    /// Takes one more; whether more are wanted.
    fn push(&mut self, place: Place, text: Box<str>) -> bool {
        self.piece.entities.push((place, text));
        self.piece.entities.len() < ENTITIES || self.flush()
    }

    fn flush(&mut self) -> bool {
        let piece = std::mem::take(&mut self.piece);
        self.number += 1;
        (self.send)(self.number - 1, piece)
    }
}

fn lines(mut file: impl BufRead, progress: &AtomicU64, cutter: &mut Cutter) -> Result<(), String> {
    for number in 1.. {
        let mut line = Vec::new();
        let at = |reason: String| format!("line {number}: {reason}");
        let limit = MAX_ENTITY as u64 + 1;
        let read = file.by_ref().take(limit).read_until(b'\n', &mut line).map_err(|error| at(error.to_string()))?;
        count(progress, read);
        if read == 0 {
            return Ok(());
        }
        if read > MAX_ENTITY {
            return Err(at(format!("longer than {MAX_ENTITY} bytes")));
        }
        let text = String::from_utf8(line).map_err(|_| at("no UTF-8".to_owned()))?;
        let text = text.trim();
        if !text.is_empty() && !cutter.push(Place::Line(number), text.into()) {
            return Ok(());
        }
    }
    Ok(())
}

fn list(file: impl BufRead, progress: &AtomicU64, cutter: &mut Cutter) -> Result<(), String> {
    let mut reader = serde_json::Deserializer::from_reader(file);
    let mut listing = Listing { cutter, progress };
    reader.deserialize_seq(&mut listing).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())
}

/// A list that is not kept, only passed on.
struct Listing<'l, 'c> {
    cutter: &'l mut Cutter<'c>,
    progress: &'l AtomicU64,
}

impl<'de> Visitor<'de> for &mut Listing<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entities")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        for number in 1.. {
            let Some(item) = items.next_element::<Box<RawValue>>()? else { return Ok(()) };
            let text = item.get();
            if text.len() > MAX_ENTITY {
                return Err(A::Error::custom(format_args!("entity {number} is longer than {MAX_ENTITY} bytes")));
            }
            count(self.progress, text.len() + 1);
            if !self.cutter.push(Place::Number(number), text.into()) {
                return Err(A::Error::custom("the import was given up"));
            }
        }
        Ok(())
    }
}

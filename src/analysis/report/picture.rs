//! Pictures: boxes, lines and words at whole places, named for those who cannot see them.
//!
//! What a picture shows stands in a table beside it too, so nothing is told by colour or place alone. Shapes carry
//! classes; the page's style gives them colours, other ones in the dark and on paper.

use super::page::Tone;

pub mod graph;
pub mod heat;
pub mod waterfall;

/// A picture.
#[derive(Debug)]
pub struct Picture {
    /// Unique on the page: names the title and the description.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// How to read it.
    pub description: String,
    /// Width in units.
    pub width: usize,
    /// Height in units.
    pub height: usize,
    /// From the back to the front.
    pub shapes: Vec<Shape>,
}

/// A shape at a place, in units from the upper left.
#[derive(Debug)]
pub enum Shape {
    /// A box.
    Box {
        /// Its left edge.
        x: usize,
        /// Its upper edge.
        y: usize,
        /// Its width.
        width: usize,
        /// Its height.
        height: usize,
        /// How it stands out.
        tone: Tone,
    },
    /// A word.
    Word {
        /// Where it starts, ends, or has its middle.
        x: usize,
        /// Its base line.
        y: usize,
        /// Which of these.
        anchor: Anchor,
        /// Itself.
        text: String,
    },
    /// A word that rises to the right from its place.
    Slanted {
        /// Where it starts.
        x: usize,
        /// Its base line.
        y: usize,
        /// Itself.
        text: String,
    },
    /// A line.
    Line {
        /// From here.
        from: (usize, usize),
        /// To here.
        to: (usize, usize),
        /// How it stands out.
        tone: Tone,
    },
}

/// Which end of a word stands at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Its start.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

impl Anchor {
    /// As SVG calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// A text that fits into so many characters; the table beside the picture has it whole.
pub(super) fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// About how wide a text is.
pub(super) fn width_of(text: &str) -> usize {
    text.chars().count() * 7
}

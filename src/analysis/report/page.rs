//! A report as a page: headings, text, tables and pictures, before any of it is HTML.
//!
//! Every report is made of the same few blocks, so what makes a page readable for everybody is right once, in one
//! template (`templates/report.html`): landmarks, headings in order, captions, row and column heads, names of
//! pictures, regions that scroll under the keyboard. The page stands alone: one file, its style inside, no script and
//! nothing from elsewhere, and a content security policy that says so. Texts come from files and facts that somebody
//! else may have written: askama escapes each of them.

use askama::Template;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use super::picture::{Picture, Shape};

/// A whole report.
#[derive(Debug, Default)]
pub struct Page {
    /// Its name, the first heading.
    pub title: String,
    /// What it answers, in a sentence or two.
    pub about: String,
    /// What it was made from, by name.
    pub made_from: Vec<(String, String)>,
    /// Its sections, each in the table of contents.
    pub sections: Vec<Section>,
}

/// A section under a second heading.
#[derive(Debug, Default)]
pub struct Section {
    /// Where links lead, unique on the page.
    pub id: String,
    /// Its heading.
    pub title: String,
    /// What stands under it.
    pub blocks: Vec<Block>,
    /// Its parts, each under a third heading.
    pub parts: Vec<Part>,
}

/// A part of a section.
#[derive(Debug, Default)]
pub struct Part {
    /// Where links lead, unique on the page.
    pub id: String,
    /// Its heading.
    pub title: String,
    /// What stands under it.
    pub blocks: Vec<Block>,
}

/// What stands under a heading.
#[derive(Debug)]
pub enum Block {
    /// A paragraph.
    Text(Line),
    /// Terms, each with what is said of it, one line each.
    Terms(Vec<(String, Vec<Line>)>),
    /// A table.
    Table(Table),
    /// A picture with the same in a table beside it.
    Figure(Picture, Table),
    /// Lines behind a line that opens them; print shows them.
    Folded(String, Vec<Line>),
}

/// A line of text.
pub type Line = Vec<Run>;

/// A stretch of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Run {
    /// As it is.
    Plain(String),
    /// A name out of a file, or from the facts.
    Code(String),
    /// Leads to a place on this page.
    Link(String, String),
    /// A name to which links on this page lead.
    Target(String, String),
    /// A word that stands out: its tone and itself.
    Tag(Tone, String),
}

/// How a word or a cell stands out. Never by colour alone: each has its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be, or allowed.
    Good,
    /// It depends.
    Mixed,
    /// Worth a look, or forbidden.
    Bad,
    /// Nothing to see.
    Quiet,
}

impl Tone {
    /// Its class in the style.
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Mixed => "mixed",
            Self::Bad => "bad",
            Self::Quiet => "quiet",
        }
    }
}

/// A table: the first column heads its rows.
#[derive(Debug, Default)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// The heads of its columns.
    pub heads: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<Line>>,
    /// Columns of numbers, by their places: set to the right.
    pub numbers: Vec<usize>,
}

impl Table {
    /// A table without rows yet.
    pub fn new<'h>(caption: impl Into<String>, heads: impl IntoIterator<Item = &'h str>) -> Self {
        Self { caption: caption.into(), heads: heads.into_iter().map(str::to_owned).collect(), ..Self::default() }
    }

    /// Whether a column holds numbers.
    pub fn is_number(&self, column: &usize) -> bool {
        self.numbers.contains(column)
    }

    /// Further classes of its frame: on paper, many columns have a page of their own across, and very many upright heads.
    pub fn room(&self) -> &'static str {
        match self.heads.len() {
            0..=8 => "",
            9..=15 => " wide",
            _ => " wide crowded",
        }
    }
}

/// A line of one plain text.
pub fn plain(text: impl Into<String>) -> Line {
    vec![Run::Plain(text.into())]
}

/// A line of one name.
pub fn code(text: impl Into<String>) -> Line {
    vec![Run::Code(text.into())]
}

/// A line of one word that stands out.
pub fn tag(tone: Tone, text: impl Into<String>) -> Line {
    vec![Run::Tag(tone, text.into())]
}

/// Lines as one, with commas between them.
pub fn joined(lines: impl IntoIterator<Item = Line>) -> Line {
    let mut whole = Line::new();
    for line in lines {
        if !whole.is_empty() {
            whole.push(Run::Plain(", ".to_owned()));
        }
        whole.extend(line);
    }
    whole
}

/// A name as the end of a link: letters, digits, dashes; other characters by their number, so that no two names meet.
pub fn anchor(kind: &str, name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let escaped: String =
        name.chars().map(|c| if plain(c) { c.to_string() } else { format!("_{:x}_", u32::from(c)) }).collect();
    format!("{kind}-{escaped}")
}

#[derive(Template)]
#[template(path = "report.html")]
struct Html<'p> {
    page: &'p Page,
    style: &'static str,
    /// The style's digest: what the policy lets stand, and nothing else.
    digest: String,
}

const STYLE: &str = include_str!("../../../templates/report.css");

/// The page as HTML.
///
/// # Errors
/// It cannot be written to memory.
pub fn html(page: &Page) -> Result<String, String> {
    let digest = STANDARD.encode(Sha256::digest(STYLE));
    Html { page, style: STYLE, digest }.render().map_err(|error| format!("the report cannot be written: {error}"))
}

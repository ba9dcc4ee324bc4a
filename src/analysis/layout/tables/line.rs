//! A line of a tariff: its words with one form of blanks between them, in the cells that can be aligned.

use taplo::syntax::SyntaxKind::{
    self, BRACE_END, BRACE_START, BRACKET_END, BRACKET_START, COMMA, COMMENT, EQ, NEWLINE, PERIOD, WHITESPACE,
};

use super::{Stretch, Word};

/// A line, without its end.
#[derive(Debug)]
pub(super) struct Line {
    /// Whether a blank line stands before it.
    pub after_blank: bool,
    /// Whether it begins a section.
    pub heading: bool,
    indent: usize,
    shape: Shape,
    remark: Option<Spaced>,
}

#[derive(Debug)]
enum Shape {
    /// `name = …`, where no bracket is open.
    Entry { name: String, blanks: usize, rest: String },
    /// `{ … },` as one of a list.
    Row(Vec<Cell>),
    /// Anything else: a heading, a bracket, nothing but a comment.
    Other(String),
}

#[derive(Debug)]
struct Cell {
    name: String,
    text: String,
    /// Behind it.
    blanks: usize,
}

/// A word that is no blank, with the blanks before it.
#[derive(Debug, Clone)]
struct Spaced {
    word: Word,
    blanks: usize,
}

/// The lines of a file; blank ones are kept as a mark on the next.
pub(super) fn cut(words: &[Word]) -> Vec<Line> {
    let mut cutter = Cutter::default();
    let mut blanks = 0;
    for word in words {
        match word.kind {
            WHITESPACE => blanks = word.text.chars().count(),
            NEWLINE => {
                cutter.finish();
                cutter.after_blank |= word.text.matches('\n').count() > 1;
                blanks = 0;
            }
            _ => cutter.line.push(Spaced { word: word.clone(), blanks: std::mem::take(&mut blanks) }),
        }
    }
    if !cutter.line.is_empty() {
        cutter.finish();
    }
    cutter.lines
}

#[derive(Default)]
struct Cutter {
    lines: Vec<Line>,
    line: Vec<Spaced>,
    /// Of each open bracket, the line it stands on.
    open: Vec<usize>,
    after_blank: bool,
}

impl Cutter {
    fn finish(&mut self) {
        let mut words = std::mem::take(&mut self.line);
        if words.is_empty() {
            self.after_blank = true;
            return;
        }
        let remark = words.pop_if(|last| last.word.kind == COMMENT);
        let outer = self.open.len();
        let closing = words.iter().take_while(|word| matches!(word.word.kind, BRACKET_END | BRACE_END)).count();
        let indent = self.indent(outer.saturating_sub(closing));
        for Spaced { word, .. } in &words {
            match word.kind {
                BRACKET_START | BRACE_START => self.open.push(self.lines.len()),
                BRACKET_END | BRACE_END => drop(self.open.pop()),
                _ => {}
            }
        }
        self.lines.push(Line {
            after_blank: std::mem::take(&mut self.after_blank),
            heading: words.first().is_some_and(|first| first.word.heading),
            indent,
            shape: shape(&words, outer > 0),
            remark,
        });
    }

    /// How far in what stands within the first of the open brackets is: one step for each line that opened some.
    fn indent(&self, brackets: usize) -> usize {
        let mut lines: Vec<usize> = self.open.iter().take(brackets).copied().collect();
        lines.dedup();
        lines.len()
    }
}

fn shape(words: &[Spaced], within: bool) -> Shape {
    match words.iter().position(|word| word.word.kind == EQ) {
        _ if within && is_row(words) => Shape::Row(cells(words)),
        Some(equals) if !within => Shape::Entry {
            name: join(&words[..equals]),
            blanks: words[equals].blanks,
            rest: join(&words[equals + 1..]),
        },
        _ => Shape::Other(join(words)),
    }
}

impl Line {
    /// The name, where the line is an entry.
    pub(super) fn name(&self) -> Option<Stretch> {
        match &self.shape {
            Shape::Entry { name, blanks, .. } => Some(Stretch { width: width(name), blanks: *blanks }),
            _ => None,
        }
    }

    /// Lets the `=` of an entry begin there.
    pub(super) fn end_name_at(&mut self, column: usize) {
        if let Shape::Entry { name, blanks, .. } = &mut self.shape {
            *blanks = column.saturating_sub(width(name));
        }
    }

    /// Whether it is a row of a list.
    pub(super) fn is_row(&self) -> bool {
        matches!(self.shape, Shape::Row(_))
    }

    fn cells(&self) -> &[Cell] {
        match &self.shape {
            Shape::Row(cells) => cells,
            _ => &[],
        }
    }

    /// The name of a row's cell.
    pub(super) fn cell_name(&self, number: usize) -> Option<&str> {
        self.cells().get(number).map(|cell| &*cell.name)
    }

    /// A row's cell.
    pub(super) fn cell(&self, number: usize) -> Option<Stretch> {
        self.cells().get(number).map(|cell| Stretch { width: width(&cell.text), blanks: cell.blanks })
    }

    /// Lets what follows a row's cell begin there.
    pub(super) fn end_cell_at(&mut self, number: usize, column: usize) {
        if let Shape::Row(cells) = &mut self.shape
            && let Some(cell) = cells.get_mut(number)
        {
            cell.blanks = column.saturating_sub(width(&cell.text));
        }
    }

    /// Lets one blank stand behind a row's cells from that one on.
    pub(super) fn close_up(&mut self, from: usize) {
        if let Shape::Row(cells) = &mut self.shape {
            cells.iter_mut().skip(from).for_each(|cell| cell.blanks = 1);
        }
    }

    /// Whether a comment stands behind it.
    pub(super) fn has_remark(&self) -> bool {
        self.remark.is_some() && !matches!(&self.shape, Shape::Other(text) if text.is_empty())
    }

    /// What stands before the comment behind it.
    pub(super) fn before_remark(&self) -> Stretch {
        let blanks = self.remark.as_ref().map_or(0, |remark| remark.blanks);
        Stretch { width: width(&self.text()), blanks }
    }

    fn text(&self) -> String {
        let mut text = "  ".repeat(self.indent);
        match &self.shape {
            Shape::Entry { name, blanks, rest } => text.push_str(&format!("{name}{}= {rest}", " ".repeat(*blanks))),
            Shape::Row(cells) => {
                for cell in cells {
                    text.push_str(&cell.text);
                    text.push_str(&" ".repeat(cell.blanks));
                }
            }
            Shape::Other(other) => text.push_str(other),
        }
        text.trim_end().to_owned()
    }

    /// The whole line, its comment beginning in that column.
    pub(super) fn with_remark(&self, column: usize) -> String {
        match &self.remark {
            Some(remark) if self.has_remark() => format!("{:column$}{}", self.text(), remark.word.text.trim_end()),
            Some(remark) => format!("{}{}", "  ".repeat(self.indent), remark.word.text.trim_end()),
            None => self.text(),
        }
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// `{ … }` or `{ … },` and nothing else.
fn is_row(words: &[Spaced]) -> bool {
    let kinds: Vec<SyntaxKind> = words.iter().map(|word| word.word.kind).collect();
    let kinds = kinds.strip_suffix(&[COMMA]).unwrap_or(&kinds);
    let mut depth = 0_usize;
    let closes_early = kinds.iter().enumerate().any(|(position, kind)| {
        match kind {
            BRACE_START | BRACKET_START => depth += 1,
            BRACE_END | BRACKET_END => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && position + 1 < kinds.len()
    });
    matches!(kinds, [BRACE_START, .., BRACE_END]) && !closes_early && kinds.len() > 2
}

/// The entries of a row, each with its comma. The author's own blanks stay where nothing is aligned.
fn cells(words: &[Spaced]) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (position, Spaced { word, .. }) in words.iter().enumerate() {
        match word.kind {
            BRACE_START | BRACKET_START => depth += 1,
            BRACE_END | BRACKET_END => depth = depth.saturating_sub(1),
            _ => {}
        }
        if (word.kind == COMMA && depth == 1) || position + 1 == words.len() {
            let part = &words[start..=position];
            let name = part.iter().take_while(|word| word.word.kind != EQ).filter(|word| word.word.kind != BRACE_START);
            // Where the author wrote none, one is written.
            let blanks = words.get(position + 1).map_or(0, |next| next.blanks.max(1));
            cells.push(Cell { name: name.map(|word| &*word.word.text).collect(), text: join(part), blanks });
            start = position + 1;
        }
    }
    cells
}

/// Words with one form of blanks between them.
fn join(words: &[Spaced]) -> String {
    let mut text = String::new();
    let mut before: Option<SyntaxKind> = None;
    for Spaced { word, .. } in words {
        if before.is_some_and(|before| apart(before, word.kind)) {
            text.push(' ');
        }
        text.push_str(&word.text);
        before = Some(word.kind);
    }
    text
}

/// Whether a blank stands between two words.
fn apart(before: SyntaxKind, after: SyntaxKind) -> bool {
    match (before, after) {
        (BRACE_START, BRACE_END) | (_, COMMA | PERIOD) | (PERIOD | BRACKET_START, _) => false,
        (BRACE_START | COMMA | EQ, BRACKET_END) => false,
        (BRACE_START | COMMA | EQ, _) | (_, BRACE_END | EQ) => true,
        _ => false,
    }
}

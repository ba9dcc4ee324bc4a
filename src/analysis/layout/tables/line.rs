//! A line of a tariff: its words with one form of blanks between them, in the cells that can be aligned.

use taplo::syntax::SyntaxKind::{
    self, BRACE_END, BRACE_START, BRACKET_END, BRACKET_START, COMMA, COMMENT, EQ, NEWLINE, PERIOD, WHITESPACE,
};

use super::Word;

/// A line, without its end.
#[derive(Debug)]
pub(super) struct Line {
    /// Whether a blank line stands before it.
    pub after_blank: bool,
    /// Whether it begins a section.
    pub heading: bool,
    depth: usize,
    shape: Shape,
    remark: Option<String>,
}

#[derive(Debug)]
enum Shape {
    /// `name = …`, where no bracket is open.
    Entry { name: String, padding: usize, rest: String },
    /// `{ … },` as one of a list.
    Row(Vec<Cell>),
    /// Anything else: a heading, a bracket, nothing but a comment.
    Other(String),
}

#[derive(Debug)]
struct Cell {
    name: String,
    text: String,
    padding: usize,
}

/// A word that is no blank, with the blanks before it.
#[derive(Debug, Clone)]
struct Spaced {
    word: Word,
    blanks: usize,
}

/// The lines of a file; blank ones are kept as a mark on the next.
pub(super) fn cut(words: &[Word]) -> Vec<Line> {
    let (mut lines, mut current, mut depth, mut blanks, mut after_blank) = (Vec::new(), Vec::new(), 0, 0, false);
    for word in words {
        match word.kind {
            WHITESPACE => blanks = word.text.chars().count(),
            NEWLINE => {
                let more = word.text.matches('\n').count();
                after_blank = finish(&mut lines, &mut current, &mut depth, after_blank) || more > 1;
                blanks = 0;
            }
            _ => current.push(Spaced { word: word.clone(), blanks: std::mem::take(&mut blanks) }),
        }
    }
    finish(&mut lines, &mut current, &mut depth, after_blank);
    lines
}

/// Ends a line; whether it was a blank one.
fn finish(lines: &mut Vec<Line>, words: &mut Vec<Spaced>, depth: &mut usize, after_blank: bool) -> bool {
    if words.is_empty() {
        return true;
    }
    lines.push(Line::of(std::mem::take(words), depth, after_blank));
    false
}

impl Line {
    fn of(mut words: Vec<Spaced>, depth: &mut usize, after_blank: bool) -> Self {
        let remark = words.pop_if(|last| last.word.kind == COMMENT).map(|last| last.word.text.trim_end().to_owned());
        let heading = words.first().is_some_and(|first| first.word.heading);
        let outer = *depth;
        let opened = |kind| matches!(kind, BRACKET_START | BRACE_START);
        let closed = |kind| matches!(kind, BRACKET_END | BRACE_END);
        let mut lowest = outer;
        for word in &words {
            *depth = if opened(word.word.kind) {
                *depth + 1
            } else {
                depth.saturating_sub(usize::from(closed(word.word.kind)))
            };
            if words.first().is_some_and(|first| closed(first.word.kind)) {
                lowest = lowest.min(*depth);
            }
        }
        let shape = match words.iter().position(|word| word.word.kind == EQ) {
            _ if outer > 0 && is_row(&words) => Shape::Row(cells(&words)),
            Some(equals) if outer == 0 => {
                Shape::Entry { name: join(&words[..equals]), padding: 0, rest: join(&words[equals + 1..]) }
            }
            _ => Shape::Other(join(&words)),
        };
        Self { after_blank, heading, depth: lowest, shape, remark }
    }

    /// Characters of the name, where the line is an entry.
    pub(super) fn name_width(&self) -> Option<usize> {
        match &self.shape {
            Shape::Entry { name, .. } => Some(name.chars().count()),
            _ => None,
        }
    }

    /// Makes the name that wide.
    pub(super) fn pad_name(&mut self, width: usize) {
        if let Shape::Entry { name, padding, .. } = &mut self.shape {
            *padding = width.saturating_sub(name.chars().count());
        }
    }

    /// Whether it is a row of a list.
    pub(super) fn is_row(&self) -> bool {
        matches!(self.shape, Shape::Row(_))
    }

    /// Name and width of a column of a row.
    pub(super) fn cell(&self, column: usize) -> Option<(&str, usize)> {
        match &self.shape {
            Shape::Row(cells) => cells.get(column).map(|cell| (&*cell.name, cell.text.chars().count())),
            _ => None,
        }
    }

    /// Makes a column that wide; where several rows are aligned, the author's own blanks do not count.
    pub(super) fn pad_cell(&mut self, column: usize, width: usize) {
        if let Shape::Row(cells) = &mut self.shape {
            for (position, cell) in cells.iter_mut().enumerate().skip(column) {
                cell.padding = if position == column { width.saturating_sub(cell.text.chars().count()) } else { 0 };
            }
        }
    }

    /// Whether a comment stands behind it.
    pub(super) fn has_remark(&self) -> bool {
        self.remark.is_some() && !matches!(&self.shape, Shape::Other(text) if text.is_empty())
    }

    /// The line without the comment behind it.
    pub(super) fn text(&self) -> String {
        let mut text = "  ".repeat(self.depth);
        match &self.shape {
            Shape::Entry { name, padding, rest } => text.push_str(&format!("{name}{} = {rest}", " ".repeat(*padding))),
            Shape::Row(cells) => {
                for cell in cells {
                    text.push_str(&cell.text);
                    text.push_str(&" ".repeat(cell.padding + 1));
                }
            }
            Shape::Other(other) => text.push_str(other),
        }
        text.trim_end().to_owned()
    }

    /// The whole line, its comment behind that many characters.
    pub(super) fn with_remark(&self, width: usize) -> String {
        match &self.remark {
            Some(remark) if self.has_remark() => format!("{:width$} {remark}", self.text()),
            Some(remark) => format!("{}{remark}", "  ".repeat(self.depth)),
            None => self.text(),
        }
    }
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
            let padding = words.get(position + 1).map_or(0, |next| next.blanks.saturating_sub(1));
            cells.push(Cell { name: name.map(|word| &*word.word.text).collect(), text: join(part), padding });
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

//! The matrix as text: a block for each situation, a row for each question, a column for each role.
//!
//! Widths are a block's own, so that a longer word in one block moves no line of another. One question is
//! one line: a diff of this text reads as a list of answers that changed.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{Answer, Block, Cell, Matrix, Row};
use crate::decision::Decision;

/// Begins the line that names a situation.
pub const SITUATION: &str = "== ";

/// Ends the heading of a block.
pub const RULE: char = '-';

const LEGEND: [(&str, &str); 7] = [
    ("yes", "permitted"),
    ("yes*", "permitted, with the obligation or advice that ends the row"),
    ("if", "depends on what the question leaves open in its context; `mandat matrix --cells` says on what"),
    ("–", "not permitted: nothing allows it"),
    ("no", "forbidden: a policy rules it out, whatever else allows it"),
    ("·", "does not apply: nobody of that kind can ask this"),
    ("ERR", "denied because a policy could not be evaluated"),
];

/// The whole text.
pub fn render(matrix: &Matrix) -> String {
    let mut text = format!("{}\n\n", matrix.preface.trim());
    for (cell, meaning) in LEGEND {
        let _ = writeln!(text, "  {}{meaning}", pad(cell, 6));
    }
    for block in &matrix.blocks {
        render_block(block, &mut text);
    }
    text.push_str(&totals(matrix));
    text
}

fn render_block(block: &Block, text: &mut String) {
    let _ = write!(text, "\n{SITUATION}{}\n{}\n\n", block.name, block.about.trim());
    let label_width = block.rows().map(|row| width(&row.words())).max().unwrap_or(0) + 2;
    let columns = column_widths(block);
    for line in heading(block, &columns) {
        push_line(text, &format!("{}{line}", pad("", label_width)));
    }
    let across: usize = columns.iter().map(|group| group.iter().sum::<usize>() + 3).sum();
    let _ = writeln!(text, "{}", RULE.to_string().repeat(label_width + across));
    for (heading, rows) in &block.parts {
        if !heading.is_empty() {
            push_line(text, heading);
        }
        for row in rows {
            push_line(text, &render_row(row, label_width, &columns));
        }
    }
}

fn render_row(row: &Row, label_width: usize, columns: &[Vec<usize>]) -> String {
    let notes = Notes::of(row);
    let mut line = pad(&format!("  {}", row.words()), label_width);
    for (cells, widths) in row.cells.iter().zip(columns) {
        line.push_str(" | ");
        for (cell, width) in cells.iter().zip(widths) {
            line.push_str(&pad(&notes.cell(cell), *width));
        }
    }
    line + &notes.legend()
}

/// Widths of the columns by group, wide enough for headings and cells.
fn column_widths(block: &Block) -> Vec<Vec<usize>> {
    let group_widths = |(name, roles): &(String, Vec<String>)| {
        let word = |role: &String| role.split(' ').map(width).max().unwrap_or(0).max(4) + 1;
        let mut widths: Vec<usize> = roles.iter().map(word).collect();
        let lacking = width(name).saturating_sub(widths.iter().sum());
        if let Some(last) = widths.last_mut() {
            *last += lacking;
        }
        widths
    };
    block.groups.iter().map(group_widths).collect()
}

/// The groups' names, and under each column its words, one a line.
fn heading(block: &Block, columns: &[Vec<usize>]) -> Vec<String> {
    let words = |role: &String| role.split(' ').count();
    let height = block.groups.iter().flat_map(|(_, roles)| roles).map(words).max().unwrap_or(0);
    let mut lines = vec![String::new(); height + 1];
    for ((name, roles), widths) in block.groups.iter().zip(columns) {
        lines.iter_mut().for_each(|line| line.push_str(" | "));
        lines[0].push_str(&pad(name, widths.iter().sum()));
        for (role, width) in roles.iter().zip(widths) {
            let mut words = role.split(' ');
            for line in &mut lines[1..] {
                line.push_str(&pad(words.next().unwrap_or(""), *width));
            }
        }
    }
    lines
}

/// What comes with the permissions of one row; each different set of terms has its own number of stars.
struct Notes(Vec<String>);

impl Notes {
    fn of(row: &Row) -> Self {
        let mut notes: Vec<String> = Vec::new();
        for terms in row.cells.iter().flatten().map(|cell| terms(&cell.decision)).filter(|terms| !terms.is_empty()) {
            if !notes.contains(&terms) {
                notes.push(terms);
            }
        }
        Self(notes)
    }

    fn cell(&self, cell: &Cell) -> String {
        let terms = terms(&cell.decision);
        let stars = self.0.iter().position(|note| *note == terms).map_or(0, |position| position + 1);
        format!("{}{}", sign(cell.answer), "*".repeat(stars))
    }

    fn legend(&self) -> String {
        self.0.iter().enumerate().map(|(position, note)| format!("  {} {note}", "*".repeat(position + 1))).collect()
    }
}

fn terms(decision: &Decision) -> String {
    let list =
        |verb: &str, names: &[std::sync::Arc<str>]| (!names.is_empty()).then(|| format!("{verb} {}", names.join(", ")));
    let both = [list("obliges", &decision.obligations), list("advises", &decision.advice)];
    both.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn sign(answer: Answer) -> &'static str {
    match answer {
        Answer::Allow => "yes",
        Answer::Conditional => "if",
        Answer::None => "–",
        Answer::Forbid => "no",
        Answer::NotApplicable => "·",
        Answer::Error => "ERR",
    }
}

/// How many cells there are of each kind.
fn totals(matrix: &Matrix) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for cell in matrix.cells() {
        *counts.entry(if terms(&cell.decision).is_empty() { sign(cell.answer) } else { "yes*" }).or_default() += 1;
    }
    let mut text = format!("\n{SITUATION}Cells of each kind\n\n");
    for (cell, _) in LEGEND {
        let _ = writeln!(text, "  {}{:>5}", pad(cell, 6), counts.get(cell).copied().unwrap_or(0));
    }
    text
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

fn width(text: &str) -> usize {
    text.chars().count()
}

fn pad(text: &str, to: usize) -> String {
    format!("{text}{}", " ".repeat(to.saturating_sub(width(text))))
}

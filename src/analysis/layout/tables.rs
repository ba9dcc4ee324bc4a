//! Tariffs as tables that people read: columns below each other, line breaks where the author put them.
//!
//! A tariff is read in columns: what does F3 say about the payer, and what does F4? A formatter that puts one blank
//! between all words takes that away. So this one works on the words of the file (taplo cuts it into them) and
//! 1. keeps lines and comments, and lets at most one blank line stand;
//! 2. indents by open brackets and writes one form of blanks between words;
//! 3. lets the `=` of a section stand below each other, the columns of rows that follow one another, and the comments
//!    behind lines that follow one another.
//!
//! The words before and after are compared: it can change nothing but blanks.

mod line;

use taplo::syntax::SyntaxKind;

use self::line::Line;

/// The text of a tariff as it should be written.
///
/// # Errors
/// The text is no TOML.
pub fn lay_out(text: &str) -> Result<String, String> {
    let before = words(text)?;
    let mut lines = line::cut(&before);
    align_names(&mut lines);
    align_rows(&mut lines);
    let mut out = write(&lines);
    if out.trim().is_empty() {
        out.clear();
    }
    let meant = |words: &[Word]| -> Vec<(SyntaxKind, String)> {
        words
            .iter()
            .filter(|word| !matches!(word.kind, SyntaxKind::WHITESPACE | SyntaxKind::NEWLINE))
            .map(|word| (word.kind, word.text.trim_end().to_owned()))
            .collect()
    };
    if meant(&words(&out)?) == meant(&before) { Ok(out) } else { Err("its words would not stay the same".to_owned()) }
}

/// A word of the file, blanks and comments too.
#[derive(Debug, Clone)]
struct Word {
    kind: SyntaxKind,
    text: String,
    /// Whether it belongs to the heading of a section.
    heading: bool,
}

fn words(text: &str) -> Result<Vec<Word>, String> {
    let parsed = taplo::parser::parse(text);
    if let Some(error) = parsed.errors.first() {
        return Err(error.to_string());
    }
    let tokens = parsed.into_syntax().descendants_with_tokens().filter_map(|element| element.into_token());
    let word = |token: taplo::syntax::SyntaxToken| Word {
        kind: token.kind(),
        heading: token
            .parent_ancestors()
            .any(|node| matches!(node.kind(), SyntaxKind::TABLE_HEADER | SyntaxKind::TABLE_ARRAY_HEADER)),
        text: token.text().to_owned(),
    };
    Ok(tokens.map(word).collect())
}

/// The `=` of each section, and of what stands above the first, below each other.
fn align_names(lines: &mut [Line]) {
    for section in lines.chunk_by_mut(|_, next| !next.heading) {
        let widest = section.iter().filter_map(Line::name_width).max().unwrap_or(0);
        section.iter_mut().for_each(|line| line.pad_name(widest));
    }
}

/// The columns of rows that follow one another, as far as all have the same.
fn align_rows(lines: &mut [Line]) {
    for block in lines.chunk_by_mut(|line, next| line.is_row() && next.is_row() && !next.after_blank) {
        if block.len() < 2 {
            continue;
        }
        let mut column = 0;
        while let Some(width) = common(block, column) {
            block.iter_mut().for_each(|line| line.pad_cell(column, width));
            column += 1;
        }
    }
}

/// How wide a column is if every row has it and the same one after it.
fn common(rows: &[Line], column: usize) -> Option<usize> {
    let names: Vec<[&str; 2]> =
        rows.iter().filter_map(|row| Some([row.cell(column)?.0, row.cell(column + 1)?.0])).collect();
    let same = names.len() == rows.len() && names.windows(2).all(|pair| pair[0] == pair[1]);
    same.then(|| rows.iter().filter_map(|row| row.cell(column)).map(|(_, width)| width).max()).flatten()
}

fn write(lines: &[Line]) -> String {
    let mut out = String::new();
    for run in lines.chunk_by(|line, next| line.has_remark() && next.has_remark() && !next.after_blank) {
        let widest = run.iter().map(|line| line.text().chars().count()).max().unwrap_or(0);
        for line in run {
            if line.after_blank && !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&line.with_remark(widest));
            out.push('\n');
        }
    }
    out
}

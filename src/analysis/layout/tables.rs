//! Tariffs as tables that people read: columns below each other, line breaks where the author put them.
//!
//! A tariff is read in columns: what does F3 say about the payer, and what does F4? A formatter that puts one blank
//! between all words takes that away. So this one works on the words of the file (taplo cuts it into them) and
//! 1. keeps lines and comments, and lets at most one blank line stand;
//! 2. indents by open brackets and writes one form of blanks between words;
//! 3. lets the `=` of a section stand below each other, and the comments behind lines that follow one another; the columns
//!    of rows that follow one another where the author began to.
//!
//! What stands below each other already stays, however wide: a published tariff is known by the digest of its text. The
//! words before and after are compared: nothing but blanks can change.

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
        let names: Vec<Stretch> = section.iter().filter_map(Line::name).collect();
        let column = column(&names);
        section.iter_mut().for_each(|line| line.end_name_at(column));
    }
}

/// The columns of rows that follow one another, as far as all have the same and one of them is aligned.
fn align_rows(lines: &mut [Line]) {
    for block in lines.chunk_by_mut(|line, next| line.is_row() && next.is_row() && !next.after_blank) {
        if block.len() < 2 {
            continue;
        }
        let mut number = 0;
        while let Some(cells) =
            common(block, number).filter(|cells| aligned(cells) || cells.iter().any(|cell| cell.blanks > 1))
        {
            let column = column(&cells);
            block.iter_mut().for_each(|line| line.end_cell_at(number, column));
            number += 1;
        }
        block.iter_mut().for_each(|line| line.close_up(number));
    }
}

/// A column's cells, if every row has it and the same one after it.
fn common(rows: &[Line], number: usize) -> Option<Vec<Stretch>> {
    let names = |row: &Line| Some([row.cell_name(number)?.to_owned(), row.cell_name(number + 1)?.to_owned()]);
    let first = rows.first().and_then(names)?;
    let same = rows.iter().all(|row| names(row).is_some_and(|names| names == first));
    same.then(|| rows.iter().filter_map(|row| row.cell(number)).collect())
}

/// A text and the blanks that the author wrote behind it.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    width: usize,
    blanks: usize,
}

impl Stretch {
    fn end(self) -> usize {
        self.width + self.blanks
    }
}

/// Whether what follows these texts begins in one column.
fn aligned(stretches: &[Stretch]) -> bool {
    let apart = stretches.iter().all(|stretch| stretch.blanks > 0);
    apart && stretches.windows(2).all(|pair| pair[0].end() == pair[1].end())
}

/// Where what follows these texts begins: where the author lets it begin if that is one column, else behind the widest.
fn column(stretches: &[Stretch]) -> usize {
    match stretches.first() {
        Some(first) if aligned(stretches) => first.end(),
        _ => stretches.iter().map(|stretch| stretch.width + 1).max().unwrap_or(0),
    }
}

fn write(lines: &[Line]) -> String {
    let mut out = String::new();
    for run in lines.chunk_by(|line, next| line.has_remark() && next.has_remark() && !next.after_blank) {
        let texts: Vec<Stretch> = run.iter().map(Line::before_remark).collect();
        let column = column(&texts);
        for line in run {
            if line.after_blank && !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&line.with_remark(column));
            out.push('\n');
        }
    }
    out
}

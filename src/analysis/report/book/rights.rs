//! The access matrix at a glance: action × situation, each cell with what all roles together come to.

use std::collections::BTreeMap;

use crate::analysis::{
    matrix::{Answer, Matrix},
    report::{
        page::{Block, Section, Tone, plain},
        picture::heat::{Heat, Mark},
    },
};

/// Most rows of one picture: more do not fit on a printed page.
const ROWS: usize = 40;

/// Answers of all roles to all questions about one action in one situation.
type Answers = BTreeMap<Answer, usize>;

/// The section with its pictures.
pub(super) fn section(matrix: &Matrix) -> Section {
    let columns: Vec<String> = matrix.blocks.iter().map(|block| block.name.clone()).collect();
    let mut counts: BTreeMap<&str, Vec<Answers>> = BTreeMap::new();
    for (place, block) in matrix.blocks.iter().enumerate() {
        for row in block.rows() {
            let answers = counts.entry(&row.action).or_insert_with(|| vec![Answers::new(); columns.len()]);
            for cell in row.cells.iter().flatten() {
                *answers[place].entry(cell.answer).or_default() += 1;
            }
        }
    }
    let rows: Vec<(String, Vec<Option<Mark>>)> =
        counts.iter().map(|(action, answers)| ((*action).to_owned(), answers.iter().map(mark).collect())).collect();
    let mut blocks = vec![Block::Text(plain(
        "Rows are actions, columns situations. A number is how many of the questions asked for all roles are allowed; \
         “if” is allowed only by what the request adds, “no” is ruled out, “–” is allowed by nothing. `mandat matrix` \
         shows every role.",
    ))];
    for (number, rows) in rows.chunks(ROWS).enumerate() {
        let ends = [rows.first(), rows.last()].map(|row| row.map_or("", |(name, _)| name));
        let heat = Heat {
            id: format!("matrix-{}", number + 1),
            title: format!("Who may do what, {} to {}", ends[0], ends[1]),
            description: "Actions by situation; each cell says how many of the questions are allowed".to_owned(),
            corner: "Action".to_owned(),
            columns: columns.clone(),
            rows: rows.to_vec(),
        };
        let (picture, table) = heat.draw();
        blocks.push(Block::Figure(picture, table));
    }
    Section { id: "matrix".to_owned(), title: "Who may do what".to_owned(), blocks, parts: Vec::new() }
}

fn mark(answers: &Answers) -> Option<Mark> {
    let of = |answer: Answer| answers.get(&answer).copied().unwrap_or_default();
    let all: usize = answers.values().sum();
    let asked = all - of(Answer::NotApplicable);
    if asked == 0 {
        return None;
    }
    let mark = |tone, sign: String, words: String| Some(Mark { tone, sign, words });
    match (of(Answer::Allow), of(Answer::Conditional), of(Answer::Forbid), of(Answer::Error)) {
        (_, _, _, errors) if errors > 0 => mark(Tone::Bad, "ERR".to_owned(), format!("{errors} of {asked} fail")),
        (0, 0, 0, _) => mark(Tone::Quiet, "–".to_owned(), format!("none of {asked}")),
        (0, 0, forbidden, _) => mark(Tone::Bad, "no".to_owned(), format!("{forbidden} of {asked} forbidden")),
        (0, open, ..) => mark(Tone::Mixed, "if".to_owned(), format!("{open} of {asked} if")),
        (allowed, ..) => mark(Tone::Good, allowed.to_string(), format!("{allowed} of {asked} allowed")),
    }
}

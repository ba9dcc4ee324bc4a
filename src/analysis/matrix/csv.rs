//! The matrix as CSV that opens well in a spreadsheet.
//!
//! Two sheets: [`wide`] has a row for each question and a column for each role, as people read it; [`cells`] a row for
//! each cell, with the policies and the remaining conditions behind it, to be filtered. Fields are quoted as RFC 4180
//! says; a byte order mark tells Excel that the text is UTF-8. A text that a spreadsheet would take for a formula gets
//! an apostrophe in front of it (CWE-1236): names come from files that somebody else may have written.

use std::sync::Arc;

use super::{Cell, Matrix, Remaining};
use crate::bundle::Bundle;

/// Says that the text is UTF-8.
const MARK: &str = "\u{feff}";

/// A row for each question, a column for each role.
///
/// # Errors
/// It cannot be written to memory.
pub fn wide(matrix: &Matrix) -> Result<String, String> {
    let columns = columns(matrix);
    let heads = ["situation", "part", "action", "question"].map(str::to_owned).into_iter().chain(columns.clone());
    let mut rows = vec![heads.collect::<Vec<_>>()];
    for block in &matrix.blocks {
        let own: Vec<String> = block
            .groups
            .iter()
            .flat_map(|(group, roles)| roles.iter().map(move |role| format!("{group}: {role}")))
            .collect();
        for (part, row) in block.parts.iter().flat_map(|(part, rows)| rows.iter().map(move |row| (part, row))) {
            let cells: Vec<&Cell> = row.cells.iter().flatten().collect();
            let mut fields = vec![block.name.clone(), part.clone(), row.action.clone(), row.label.clone()];
            fields.extend(columns.iter().map(|column| {
                let place = own.iter().position(|name| name == column);
                place.and_then(|place| cells.get(place)).map_or_else(String::new, |cell| cell.answer.word().to_owned())
            }));
            rows.push(fields);
        }
    }
    written(rows)
}

/// The roles of all situations, each once, in the order in which they first come.
fn columns(matrix: &Matrix) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for (group, roles) in matrix.blocks.iter().flat_map(|block| &block.groups) {
        for role in roles {
            let name = format!("{group}: {role}");
            if !columns.contains(&name) {
                columns.push(name);
            }
        }
    }
    columns
}

const CELL_HEADS: [&str; 14] = [
    "situation",
    "part",
    "action",
    "question",
    "group",
    "role",
    "principal",
    "resource",
    "answer",
    "policies",
    "places",
    "remaining conditions",
    "obligations",
    "advice",
];

/// A row for each cell.
///
/// # Errors
/// It cannot be written to memory.
pub fn cells(bundle: &Bundle, matrix: &Matrix) -> Result<String, String> {
    let mut rows = vec![CELL_HEADS.map(str::to_owned).to_vec()];
    for placed in matrix.placed() {
        let (cell, row) = (placed.cell, placed.row);
        let request = &cell.query.request;
        let policies: Vec<_> = cell.policies(bundle).collect();
        rows.push(vec![
            placed.situation.to_owned(),
            placed.part.to_owned(),
            row.action.clone(),
            row.label.clone(),
            placed.group.to_owned(),
            placed.role.to_owned(),
            request.principal.to_string(),
            request.resource.to_string(),
            cell.answer.word().to_owned(),
            policies.iter().map(|policy| &*policy.id).collect::<Vec<_>>().join("; "),
            policies.iter().map(|policy| policy.at.short()).collect::<Vec<_>>().join("; "),
            cell.remaining.iter().map(Remaining::words).collect::<Vec<_>>().join("\n"),
            names(&cell.decision.obligations),
            names(&cell.decision.advice),
        ]);
    }
    written(rows)
}

fn names(names: &[Arc<str>]) -> String {
    names.join(", ")
}

/// Rows as a spreadsheet takes them.
///
/// # Errors
/// It cannot be written to memory.
pub(in crate::analysis) fn written(rows: Vec<Vec<String>>) -> Result<String, String> {
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.iter().map(|field| plain(field))).map_err(|error| error.to_string())?;
    }
    let bytes = writer.into_inner().map_err(|error| error.to_string())?;
    Ok(format!("{MARK}{}", String::from_utf8(bytes).map_err(|error| error.to_string())?))
}

/// A text that no spreadsheet takes for a formula.
fn plain(field: &str) -> String {
    let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if formula { format!("'{field}") } else { field.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_compute_stays_text() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(plain(formula), format!("'{formula}"));
        }
        assert_eq!(plain("– none"), "– none");
        let row = vec!["a,\"b\"".to_owned(), "=c".to_owned()];
        assert_eq!(written(vec![row]).as_deref(), Ok("\u{feff}\"a,\"\"b\"\"\",'=c\r\n"));
    }
}

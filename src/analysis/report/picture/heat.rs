//! A heat map: rows and columns, each cell a shade and a sign.

use super::{Anchor, Picture, Shape, short, width_of};
use crate::analysis::report::page::{Line, Table, Tone, plain, tag};

const CELL: usize = 26;
const ROW: usize = 20;
/// Most characters of a row's or column's name that are drawn.
const NAME: usize = 44;

/// What a heat map shows.
#[derive(Debug)]
pub struct Heat {
    /// Unique on the page.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// How to read it.
    pub description: String,
    /// What the first column of the table is called.
    pub corner: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Names of the rows with their cells, one for each column.
    pub rows: Vec<(String, Vec<Option<Mark>>)>,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Its shade.
    pub tone: Tone,
    /// Drawn in it, up to three characters.
    pub sign: String,
    /// In the table.
    pub words: String,
}

impl Heat {
    /// The picture, and the same as a table.
    pub fn draw(&self) -> (Picture, Table) {
        (self.picture(), self.table())
    }

    fn picture(&self) -> Picture {
        let longest = |names: &mut dyn Iterator<Item = &String>| {
            names.map(|name| width_of(&short(name, NAME))).max().unwrap_or_default()
        };
        let left = longest(&mut self.rows.iter().map(|(name, _)| name)) + 8;
        // Heads rise at 50°: about eight tenths of their width upwards, two thirds to the right.
        let head = longest(&mut self.columns.iter());
        let top = head * 8 / 10 + 16;
        let mut shapes = Vec::new();
        for (column, name) in self.columns.iter().enumerate() {
            shapes.push(Shape::Slanted { x: left + column * CELL + 16, y: top - 6, text: short(name, NAME) });
        }
        for (row, (name, cells)) in self.rows.iter().enumerate() {
            let y = top + row * ROW;
            shapes.push(Shape::Word { x: left - 6, y: y + 14, anchor: Anchor::End, text: short(name, NAME) });
            for (column, mark) in cells.iter().enumerate() {
                let Some(mark) = mark else { continue };
                let x = left + column * CELL;
                shapes.push(Shape::Box { x, y, width: CELL - 2, height: ROW - 2, tone: mark.tone });
                let text = mark.sign.clone();
                shapes.push(Shape::Word { x: x + CELL / 2 - 1, y: y + 13, anchor: Anchor::Middle, text });
            }
        }
        Picture {
            id: self.id.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            width: left + self.columns.len() * CELL + head * 7 / 10 + 8,
            height: top + self.rows.len() * ROW + 4,
            shapes,
        }
    }

    fn table(&self) -> Table {
        let mut table = Table { caption: self.title.clone(), heads: vec![self.corner.clone()], ..Table::default() };
        table.heads.extend(self.columns.iter().cloned());
        let cell = |mark: &Option<Mark>| match mark {
            Some(mark) => tag(mark.tone, &mark.words),
            None => Line::new(),
        };
        table.rows = self
            .rows
            .iter()
            .map(|(name, cells)| std::iter::once(plain(name)).chain(cells.iter().map(cell)).collect())
            .collect();
        table
    }
}

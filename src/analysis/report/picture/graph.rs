//! A graph around one thing: who is bound to it from either side, and through what.

use super::{Anchor, Picture, Shape, short, width_of};
use crate::analysis::report::page::{Table, Tone, code, plain, tag};

const ROW: usize = 34;
const BOX: usize = 24;
/// Length of a line, and of the level part of it, above which its words stand.
const SPAN: usize = 290;
const WORDS: usize = 190;
/// Most characters of a name that are drawn.
const NAME: usize = 28;

/// What a graph shows.
#[derive(Debug)]
pub struct Graph {
    /// Unique on the page.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// How to read it.
    pub description: String,
    /// What stands in the middle.
    pub middle: String,
    /// What those to the left are, and they.
    pub left: (String, Vec<Edge>),
    /// What those to the right are, and they.
    pub right: (String, Vec<Edge>),
}

/// A line to the middle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Who is at its end.
    pub node: String,
    /// What binds the two.
    pub through: String,
    /// What is said of that, drawn on the line.
    pub words: String,
    /// Whether it is in force.
    pub in_force: bool,
}

impl Edge {
    fn tone(&self) -> Tone {
        if self.in_force { Tone::Good } else { Tone::Quiet }
    }
}

impl Graph {
    /// Whether nothing is bound.
    pub fn is_empty(&self) -> bool {
        self.left.1.is_empty() && self.right.1.is_empty()
    }

    /// The picture, and the same as a table.
    pub fn draw(&self) -> (Picture, Table) {
        (self.picture(), self.table())
    }

    fn picture(&self) -> Picture {
        let wide =
            |edges: &[Edge]| edges.iter().map(|edge| width_of(&short(&edge.node, NAME)) + 20).max().unwrap_or_default();
        let room = |edges: &[Edge]| if edges.is_empty() { 8 } else { wide(edges) + SPAN };
        let rows = self.left.1.len().max(self.right.1.len()).max(1);
        let (height, own) = (rows * ROW + 30, width_of(&short(&self.middle, NAME)) + 24);
        let (start, centre) = (room(&self.left.1), 20 + rows * ROW / 2);
        let mut shapes = Vec::new();
        let offset = |edges: &[Edge], row: usize| 20 + (rows - edges.len()) * ROW / 2 + row * ROW + ROW / 2;
        for (row, edge) in self.left.1.iter().enumerate() {
            let (y, width) = (offset(&self.left.1, row), wide(&self.left.1));
            let end = 8 + width + WORDS;
            line(&mut shapes, edge, [(8 + width, y), (end, y), (start, centre)], 8 + width + 10);
            node(&mut shapes, &edge.node, (8, y), width, edge.tone());
        }
        for (row, edge) in self.right.1.iter().enumerate() {
            let y = offset(&self.right.1, row);
            let x = start + own + SPAN - 8;
            line(&mut shapes, edge, [(x, y), (x - WORDS, y), (start + own, centre)], x - WORDS + 4);
            node(&mut shapes, &edge.node, (x, y), wide(&self.right.1), edge.tone());
        }
        node(&mut shapes, &self.middle, (start, centre), own, Tone::Mixed);
        if !self.left.1.is_empty() {
            shapes.push(Shape::Word { x: 8, y: 14, anchor: Anchor::Start, text: self.left.0.clone() });
        }
        if !self.right.1.is_empty() {
            let x = start + own + SPAN - 8;
            shapes.push(Shape::Word { x, y: 14, anchor: Anchor::Start, text: self.right.0.clone() });
        }
        let width = start + own + room(&self.right.1);
        Picture {
            id: self.id.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            width,
            height,
            shapes,
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new(&*self.title, ["Who", "Is here", "Through", "How it stands"]);
        for (role, edges) in [&self.left, &self.right] {
            table.rows.extend(edges.iter().map(|edge| {
                vec![code(&*edge.node), plain(&**role), code(&*edge.through), tag(edge.tone(), &*edge.words)]
            }));
        }
        table
    }
}

fn node(shapes: &mut Vec<Shape>, name: &str, (x, y): (usize, usize), width: usize, tone: Tone) {
    shapes.push(Shape::Box { x, y: y - BOX / 2, width, height: BOX, tone });
    shapes.push(Shape::Word { x: x + width / 2, y: y + 4, anchor: Anchor::Middle, text: short(name, NAME) });
}

/// Level where its words stand, then on to the middle.
fn line(shapes: &mut Vec<Shape>, edge: &Edge, [outer, bend, middle]: [(usize, usize); 3], words_at: usize) {
    shapes.push(Shape::Line { from: outer, to: bend, tone: edge.tone() });
    shapes.push(Shape::Line { from: bend, to: middle, tone: edge.tone() });
    let text = short(&edge.words, 26);
    shapes.push(Shape::Word { x: words_at, y: outer.1 - 5, anchor: Anchor::Start, text });
}

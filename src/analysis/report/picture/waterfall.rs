//! A waterfall: how one amount becomes another, step by step.

use rust_decimal::{Decimal, prelude::ToPrimitive as _};

use super::{Anchor, Picture, Shape, short, width_of};
use crate::{
    analysis::report::page::{Table, Tone, code, plain},
    pricing::money,
};

const ROW: usize = 28;
const BAR: usize = 20;
/// Width of the largest amount.
const WIDTH: u32 = 420;
/// Room for an amount in figures.
const FIGURES: usize = 100;

/// What a waterfall shows.
#[derive(Debug)]
pub struct Waterfall {
    /// Unique on the page.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// How to read it.
    pub description: String,
    /// Digits behind the point.
    pub scale: u32,
    /// From the top.
    pub steps: Vec<Bar>,
}

/// A step.
#[derive(Debug)]
pub struct Bar {
    /// What was done.
    pub name: String,
    /// How.
    pub how: String,
    /// What it rests on.
    pub because: String,
    /// The amount before; none of a sum.
    pub before: Option<Decimal>,
    /// The amount afterwards.
    pub after: Decimal,
    /// How it stands out.
    pub tone: Tone,
}

impl Waterfall {
    /// The picture, and the same as a table.
    pub fn draw(&self) -> (Picture, Table) {
        (self.picture(), self.table())
    }

    fn picture(&self) -> Picture {
        let label = |bar: &Bar| short(&format!("{}: {}", bar.name, bar.how), 46);
        let left = self.steps.iter().map(|bar| width_of(&label(bar))).max().unwrap_or_default() + 12;
        let most = self.steps.iter().flat_map(|bar| [Some(bar.after), bar.before]).flatten().max().unwrap_or_default();
        let place = |amount: Decimal| {
            let share = if most.is_zero() { Decimal::ZERO } else { amount / most };
            (share * Decimal::from(WIDTH)).round().to_usize().unwrap_or_default()
        };
        let mut shapes = Vec::new();
        for (row, bar) in self.steps.iter().enumerate() {
            let y = 8 + row * ROW;
            let ends = [place(bar.before.unwrap_or_default()), place(bar.after)];
            let (low, high) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
            shapes.push(Shape::Word { x: left - 8, y: y + 14, anchor: Anchor::End, text: label(bar) });
            shapes.push(Shape::Box { x: left + low, y, width: (high - low).max(2), height: BAR, tone: bar.tone });
            // A line leads on where the next step starts from this amount.
            if self.steps.get(row + 1).is_some_and(|next| next.before.unwrap_or(next.after) == bar.after) {
                let x = left + ends[1];
                shapes.push(Shape::Line { from: (x, y + BAR), to: (x, y + ROW), tone: Tone::Quiet });
            }
            let text = self.figures(bar);
            shapes.push(Shape::Word { x: left + high + 8, y: y + 14, anchor: Anchor::Start, text });
        }
        Picture {
            id: self.id.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            width: left + WIDTH as usize + FIGURES,
            height: 12 + self.steps.len() * ROW,
            shapes,
        }
    }

    fn figures(&self, bar: &Bar) -> String {
        match bar.before {
            None => money::text(bar.after, self.scale),
            Some(before) if before > bar.after => format!("−{}", money::text(before - bar.after, self.scale)),
            Some(before) => format!("+{}", money::text(bar.after - before, self.scale)),
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new(&*self.title, ["Step", "How", "Changes", "Amount", "Because of"]);
        table.numbers = vec![2, 3];
        table.rows = self
            .steps
            .iter()
            .map(|bar| {
                let change = if bar.before.is_some() { self.figures(bar) } else { String::new() };
                let after = money::text(bar.after, self.scale);
                vec![plain(&*bar.name), plain(&*bar.how), plain(change), plain(after), code(&*bar.because)]
            })
            .collect();
        table
    }
}

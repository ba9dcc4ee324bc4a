//! Two versions of the matrix compared: the rows that differ, each block's under its own heading.

use mandat::analysis::matrix::text::{RULE, SITUATION};

/// A line that both versions have, or one alone.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Both,
    Before,
    After,
}

/// What differs, readable line by line; nothing where nothing does.
///
/// `-` begins lines of `before`, `+` lines of `after`. Above them stand the situation with its columns and
/// the heading of the part, each once.
pub(super) fn differences(before: &str, after: &str) -> Option<String> {
    if before == after {
        return None;
    }
    let mut told = String::new();
    let mut above = Above::default();
    for (side, line) in sides(&before.lines().collect::<Vec<_>>(), &after.lines().collect::<Vec<_>>()) {
        if side == Side::Both {
            above.pass(line);
        } else {
            above.tell(&mut told);
            push(&mut told, if side == Side::Before { "- " } else { "+ " }, line);
        }
    }
    if told.is_empty() {
        told.push_str("only line ends differ\n");
    }
    Some(told)
}

/// The headings above a line, as far as they have not been told.
#[derive(Default)]
struct Above<'a> {
    block: Vec<&'a str>,
    part: Option<&'a str>,
    in_heading: bool,
}

impl<'a> Above<'a> {
    fn pass(&mut self, line: &'a str) {
        if line.starts_with(SITUATION) {
            *self = Self { block: Vec::new(), part: None, in_heading: true };
        }
        if self.in_heading {
            self.block.push(line);
            self.in_heading = !line.starts_with(RULE);
        } else if !line.starts_with(' ') {
            self.part = Some(line);
        }
    }

    fn tell(&mut self, told: &mut String) {
        for line in self.block.drain(..).chain(self.part.take()) {
            push(told, "  ", line);
        }
    }
}

fn push(text: &mut String, mark: &str, line: &str) {
    text.push_str(format!("{mark}{line}").trim_end());
    text.push('\n');
}

/// The lines of both, in order, by a longest common subsequence.
fn sides<'a>(before: &[&'a str], after: &[&'a str]) -> Vec<(Side, &'a str)> {
    let common = common_lengths(before, after);
    let (mut left, mut right) = (0, 0);
    let mut lines = Vec::new();
    while left < before.len() || right < after.len() {
        if left < before.len() && right < after.len() && before[left] == after[right] {
            lines.push((Side::Both, before[left]));
            (left, right) = (left + 1, right + 1);
        } else if right == after.len() || (left < before.len() && common[left + 1][right] >= common[left][right + 1]) {
            lines.push((Side::Before, before[left]));
            left += 1;
        } else {
            lines.push((Side::After, after[right]));
            right += 1;
        }
    }
    lines
}

/// For each pair of places, how many lines the rests of both have in common, in order.
fn common_lengths(before: &[&str], after: &[&str]) -> Vec<Vec<u32>> {
    let mut lengths = vec![vec![0; after.len() + 1]; before.len() + 1];
    for left in (0..before.len()).rev() {
        for right in (0..after.len()).rev() {
            lengths[left][right] = if before[left] == after[right] {
                lengths[left + 1][right + 1] + 1
            } else {
                lengths[left + 1][right].max(lengths[left][right + 1])
            };
        }
    }
    lengths
}

#[test]
fn rows_that_differ_are_told_with_their_situation_and_columns() {
    let block = |name: &str, cell: &str| {
        format!("== {name}\nabout\n\n      | admin\n-------\nPart\n  do  | yes\n  end | {cell}\n")
    };
    let before = block("first", "–") + &block("second", "–");
    let after = block("first", "–") + &block("second", "yes");
    let told = differences(&before, &after).unwrap();
    assert_eq!(told, "  == second\n  about\n\n        | admin\n  -------\n  Part\n-   end | –\n+   end | yes\n");
    assert_eq!(differences(&before, &before), None);
}

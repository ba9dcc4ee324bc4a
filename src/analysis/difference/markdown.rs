//! A difference as Markdown: a comment under a change that is up for review.
//!
//! Names come from files that somebody wants to have merged: they stand in code spans that they cannot leave, and in
//! cells that they cannot end.

use std::fmt::Write as _;

use super::{
    Change, Difference, Direction,
    example::{ExampleFacts, Told},
    prices::Prices,
    text::{doer_text, fates, look, movements, only, origin, signed, subject, summary},
};
use crate::pricing::money;

/// The whole comment.
pub fn render(difference: &Difference) -> String {
    let [(old, _), (new, _)] = &difference.sides;
    let mut text = format!("## What changes from {} to {}\n\n", code(old), code(new));
    if difference.is_none() && difference.unsettled().is_empty() {
        text.push_str(if difference.is_complete() {
            "**No difference**, whatever is asked.\n\n"
        } else {
            "**No difference was found** by questions. Nothing is proved.\n\n"
        });
    }
    for direction in [Direction::NewlyAllowed, Direction::NewlyDenied, Direction::OtherTerms] {
        let changes: Vec<&Change> = difference.changes.iter().filter(|change| change.direction == direction).collect();
        if !changes.is_empty() {
            let _ = writeln!(text, "### {} ({})\n", heading(direction), changes.len());
            changes.into_iter().for_each(|change| text.push_str(&item(change)));
            text.push('\n');
        }
    }
    if !difference.unsettled().is_empty() {
        text.push_str("### Not settled\n\n");
        for (environment, reason) in difference.unsettled() {
            let _ = writeln!(text, "- {}: {}", code(environment), plain(reason));
        }
        text.push('\n');
    }
    if let Some(prices) = &difference.prices {
        text.push_str(&prices_section(prices));
    }
    if difference.taxes {
        text.push_str("The tables of tax rates differ; amounts are compared net of tax.\n\n");
    }
    if difference.settings {
        text.push_str("`mandat.toml` differs; what it says is not compared.\n\n");
    }
    if !difference.policies.is_empty() {
        let _ = writeln!(text, "<details><summary>Policies: {}</summary>\n", fates(difference));
        for policy in &difference.policies {
            let _ = writeln!(text, "- {} {} at {}", policy.fate.word(), code(&policy.id), code(&policy.at.short()));
        }
        text.push_str("\n</details>\n\n");
    }
    let _ = writeln!(text, "<sub>{}.</sub>", plain(&look(difference)));
    text
}

fn heading(direction: Direction) -> &'static str {
    match direction {
        Direction::NewlyAllowed => "Newly allowed",
        Direction::NewlyDenied => "Newly denied",
        Direction::OtherTerms => "Allowed on other terms",
    }
}

fn item(change: &Change) -> String {
    let example = &change.example;
    let mut text = format!("- {}{}\n", code(&change.environment), only(change));
    for doer in &change.doers {
        let _ = writeln!(text, "  - by {}", code(&doer_text(doer)));
    }
    let _ = writeln!(text, "  - for example {}: {}", code(&example.words()), plain(&origin(change)));
    let _ = writeln!(text, "  - before {}, after {}", code(&example.old.words()), code(&example.new.words()));
    if let (Told::Counterexample, ExampleFacts::Entities(facts)) = (&example.told, &example.facts) {
        text.push_str("  - question and facts:\n\n");
        for json in [&example.question(), facts] {
            let block = fence(&format!("{json:#}"));
            block.lines().for_each(|line| {
                let _ = writeln!(text, "    {line}");
            });
        }
        text.push('\n');
    }
    text
}

fn prices_section(prices: &Prices) -> String {
    let mut text = format!("### Prices\n\n{}.\n\n", plain(&summary(prices)));
    if !prices.products.is_empty() {
        text.push_str(
            "| product | | up | down | before | after | change | largest |\n|---|---|--:|--:|--:|--:|--:|--:|\n",
        );
    }
    for product in &prices.products {
        for (what, movement) in movements(product) {
            let amount = |amount| money::text(amount, product.scale);
            let _ = writeln!(
                text,
                "| {} | {what} {} | {} | {} | {} | {} | {} | {} |",
                cell(&product.product),
                cell(&product.currency),
                movement.up,
                movement.down,
                amount(movement.before),
                amount(movement.after),
                signed(movement.after - movement.before, product.scale),
                signed(movement.largest, product.scale)
            );
        }
    }
    text.push('\n');
    if !prices.top.is_empty() {
        text.push_str("| the lines that change most | charged before | after | cashback before | after |\n|---|--:|--:|--:|--:|\n");
    }
    for line in &prices.top {
        let amounts = [line.old, line.new];
        let [charged_before, charged_after] = amounts
            .map(|side| side.map_or_else(|| "no price".to_owned(), |side| money::text(side.charged, line.scale)));
        let [cashback_before, cashback_after] =
            amounts.map(|side| side.map_or_else(String::new, |side| money::text(side.cashback, line.scale)));
        let _ = writeln!(
            text,
            "| {} | {charged_before} | {charged_after} | {cashback_before} | {cashback_after} |",
            cell(&subject(line))
        );
    }
    text.push('\n');
    text
}

/// A text in a code span, whatever backticks it has.
fn code(text: &str) -> String {
    let text = one_line(text);
    let longest = text.split(|sign| sign != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest + 1);
    if longest > 0 { format!("{ticks} {text} {ticks}") } else { format!("{ticks}{text}{ticks}") }
}

/// A code span in a cell of a table.
fn cell(text: &str) -> String {
    code(&text.replace('|', "\\|"))
}

/// A text that cannot be taken for markup.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for sign in one_line(text).chars() {
        match sign {
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '&' => plain.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '!' | '#' | '@' | '~' => {
                plain.push('\\');
                plain.push(sign);
            }
            _ => plain.push(sign),
        }
    }
    plain
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A block of code, whatever fences are in it.
fn fence(text: &str) -> String {
    let longest = text.split(|sign| sign != '`').map(str::len).max().unwrap_or(0).max(2);
    let ticks = "`".repeat(longest + 1);
    format!("{ticks}json\n{text}\n{ticks}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_code_span_or_become_a_link() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a`b``c"), "``` a`b``c ```");
        assert_eq!(plain("<img src=x> [a](b) @all"), "&lt;img src=x&gt; \\[a\\](b) \\@all");
        assert!(!cell("a | b\n| c").replace("\\|", "").contains('|'));
        assert!(fence("````").starts_with("`````json\n"));
    }
}

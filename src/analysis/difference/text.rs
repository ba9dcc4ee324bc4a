//! A difference as text for people at a terminal.

use std::fmt::Write as _;

use super::{
    Change, Difference, Way, Which,
    example::{Doer, Example, ExampleFacts, Told},
    policies::Fate,
    prices::{LineChange, Movement, PriceSource, Prices, ProductChange},
};
use crate::pricing::{money, receipt::Amounts};

/// The whole text.
pub fn render(difference: &Difference) -> String {
    let [(old, _), (new, _)] = &difference.sides;
    let mut text = format!("difference from {old} to {new}\n{}\n", look(difference));
    for (environment, reason) in difference.unsettled() {
        let _ = writeln!(text, "not settled: {environment}: {reason}");
    }
    for change in &difference.changes {
        text.push('\n');
        text.push_str(&change_text(change));
    }
    if !difference.policies.is_empty() {
        let _ = writeln!(text, "\npolicies: {}", fates(difference));
        for policy in &difference.policies {
            let _ = writeln!(text, "  {:<8} {} at {}", policy.fate.word(), policy.id, policy.at.short());
        }
    }
    if let Some(prices) = &difference.prices {
        text.push('\n');
        text.push_str(&prices_text(prices));
    }
    if difference.taxes {
        text.push_str("\nthe tables of tax rates differ; amounts are compared net of tax\n");
    }
    if difference.settings {
        text.push_str("\nmandat.toml differs; what it says is not compared\n");
    }
    if difference.is_none() {
        let verdict = match &difference.look.proof {
            _ if difference.look.differing == 0 => "no difference: every environment has the same policies",
            Ok(_) if difference.is_complete() => "no difference: proved of all answers",
            Ok(_) => "no difference was found; of some environments nothing is known",
            Err(_) => "no difference was found by questions; nothing is proved",
        };
        let _ = writeln!(text, "\n{verdict}");
    }
    text
}

/// How it was looked, in a line or two.
pub(super) fn look(difference: &Difference) -> String {
    let look = &difference.look;
    let unasked = match look.unasked.as_slice() {
        [] => String::new(),
        [(first, reason), ..] => format!(", {} could not be, such as {first}: {reason}", look.unasked.len()),
    };
    let way = match &look.proof {
        Ok(proved) if proved.unsettled.is_empty() => "by proof, all of them settled".to_owned(),
        Ok(proved) => format!("by proof, {} not settled", proved.unsettled.len()),
        Err(reason) => format!("by questions only, nothing is proved ({reason})"),
    };
    format!(
        "{} of {} environments have other policies; {way}; {} of {} questions of scenarios and matrix were asked of \
         both{unasked}",
        look.differing, look.environments, look.asked, look.questions
    )
}

fn change_text(change: &Change) -> String {
    let mut text = format!("{}: {}{}\n", change.direction.words(), change.environment, only(change));
    for doer in &change.doers {
        let _ = writeln!(text, "  by {}", doer_text(doer));
    }
    let _ = writeln!(text, "  for example {}", change.example.words());
    let request = &change.example.request;
    for (what, entries) in [("context", &request.context), ("properties of the action", &request.action_properties)] {
        if !entries.is_empty() {
            let _ = writeln!(text, "    {what} {}", serde_json::Value::from(entries.clone()));
        }
    }
    let _ = writeln!(text, "    {}", origin(change));
    let _ = writeln!(text, "    before: {}", change.example.old.words());
    let _ = writeln!(text, "    after:  {}", change.example.new.words());
    if let (Told::Counterexample, ExampleFacts::Entities(facts)) = (&change.example.told, &change.example.facts) {
        for entity in facts.as_array().into_iter().flatten() {
            let _ = writeln!(text, "    fact {entity}");
        }
    }
    text
}

/// Says which side alone has an environment.
pub(super) fn only(change: &Change) -> &'static str {
    match change.only {
        None => "",
        Some(Which::Old) => " (only the old schema has it)",
        Some(Which::New) => " (only the new schema has it)",
    }
}

/// A policy with its fate and place.
pub(super) fn doer_text(doer: &Doer) -> String {
    let effect = if doer.effect == cedar_policy::Effect::Permit { "permit" } else { "forbid" };
    let side = if doer.fate == Fate::Same { format!(", {} side", doer.side.word()) } else { String::new() };
    format!("{effect} {}, {}{side}, at {}", doer.id, doer.fate.word(), doer.at.short())
}

/// Where an example is from, and how many more there are.
pub(super) fn origin(change: &Change) -> String {
    let Example { told, facts, .. } = &change.example;
    let facts = match facts {
        ExampleFacts::File(which, name, 0) => format!("facts {name} of the {} side", which.word()),
        ExampleFacts::File(which, name, changes) => {
            format!("facts {name} of the {} side with {changes} changes", which.word())
        }
        ExampleFacts::Entities(_) => "with facts of its own".to_owned(),
    };
    let more = match change.questions {
        0 | 1 => String::new(),
        more => format!("; {} more questions change so", more - 1),
    };
    let proof = if change.way == Way::Proof { "proved to differ; " } else { "" };
    match told {
        Told::Scenario(name, at) => format!("{proof}scenario \"{name}\" at {}, {facts}{more}", at.short()),
        Told::Matrix(name) => format!("{proof}matrix \"{name}\", {facts}{more}"),
        Told::Counterexample => format!("a counterexample, {facts}; no scenario and no cell of the matrix shows it"),
    }
}

/// How many policies are not as before.
pub(super) fn fates(difference: &Difference) -> String {
    let count = |fate| difference.policies.iter().filter(|policy| policy.fate == fate).count();
    let counts = [Fate::Added, Fate::Removed, Fate::Changed].map(|fate| (count(fate), fate));
    let told = counts.iter().filter(|(count, _)| *count > 0).map(|(count, fate)| format!("{count} {}", fate.word()));
    told.collect::<Vec<_>>().join(", ")
}

fn prices_text(prices: &Prices) -> String {
    let mut text = format!("{}\n", summary(prices));
    for reason in &prices.unread.1 {
        let _ = writeln!(text, "  not read: {reason}");
    }
    for product in &prices.products {
        let _ = writeln!(text, "  {} {}", product.product, product.currency);
        for (what, movement) in movements(product) {
            let _ = writeln!(text, "    {what:<9} {}", movement_text(movement, product.scale));
        }
    }
    if !prices.top.is_empty() {
        let _ = writeln!(text, "  the lines that change most");
    }
    for line in &prices.top {
        let _ = writeln!(text, "    {}", line_text(line));
    }
    text
}

/// What was priced, and how much of it changes.
pub(super) fn summary(prices: &Prices) -> String {
    let source = match &prices.source {
        PriceSource::Sample => "a sample made from both tariffs".to_owned(),
        PriceSource::File(name) if prices.unread.0 > 0 => format!("{name} ({} rows cannot be read)", prices.unread.0),
        PriceSource::File(name) => name.clone(),
    };
    let none = |count: usize, what: &str| if count > 0 { format!(", {count} {what}") } else { String::new() };
    format!(
        "prices: {} of {} lines change, on {source}{}{}",
        prices.changed,
        prices.lines,
        none(prices.gone, "have no price any more"),
        none(prices.fresh, "have a price now")
    )
}

/// What moves of a product.
pub(super) fn movements(product: &ProductChange) -> impl Iterator<Item = (&'static str, &Movement)> {
    let both = [("charged", &product.charged), ("cashback", &product.cashback)];
    both.into_iter().filter(|(_, movement)| !movement.is_none())
}

fn movement_text(movement: &Movement, scale: u32) -> String {
    let amount = |amount| money::text(amount, scale);
    format!(
        "{} up, {} down, in all {} → {} ({}), at most {}",
        movement.up,
        movement.down,
        amount(movement.before),
        amount(movement.after),
        signed(movement.after - movement.before, scale),
        signed(movement.largest, scale)
    )
}

/// An amount with its sign, also where it is a plus.
pub(super) fn signed(amount: rust_decimal::Decimal, scale: u32) -> String {
    let plus = if amount > rust_decimal::Decimal::ZERO { "+" } else { "" };
    format!("{plus}{}", money::text(amount, scale))
}

fn line_text(line: &LineChange) -> String {
    let amounts = |amounts: &Option<Amounts>| match amounts {
        Some(amounts) => format!(
            "charged {} cashback {}",
            money::text(amounts.charged, line.scale),
            money::text(amounts.cashback, line.scale)
        ),
        None => "no price".to_owned(),
    };
    let reason = line.reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
    format!("{}: {} → {}{reason}", subject(line), amounts(&line.old), amounts(&line.new))
}

/// What a line is about.
pub(super) fn subject(line: &LineChange) -> String {
    let counted = match line.tier_count {
        Some(count) if count != line.quantity => format!(" of {count}"),
        _ => String::new(),
    };
    format!("{}{counted} × {} {} from {}, {}", line.quantity, line.product, line.currency, line.day, line.whose)
}

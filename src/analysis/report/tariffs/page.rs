//! The tariffs as a page: what is in force, how far it can be relied on, then every figure.

use super::{Figure, PARTS, Told, Version};
use crate::{
    analysis::report::{
        Occasion,
        page::{Block, Line, Page, Part, Run, Section, Table, Tone, anchor, code, plain, tag},
        picture::waterfall::{Bar, Waterfall},
    },
    pricing::{
        money,
        order::Line as OrderLine,
        receipt::{Amounts, Op, Receipt, Step},
        words::{Outcome, Strength},
    },
};

/// A priced line of an order, to be drawn step by step.
#[derive(Debug)]
pub struct Priced {
    /// What the order is called.
    pub order: String,
    /// Its steps.
    pub waterfall: Waterfall,
    /// The questions that its price touches.
    pub questions: Vec<String>,
}

impl Priced {
    /// The price of one line; none where it is refused.
    pub fn of(number: usize, order: &str, line: &OrderLine, currency: &str, receipt: &Receipt) -> Option<Self> {
        let amounts = receipt.amounts.as_ref()?;
        let mut before = None;
        let mut steps: Vec<Bar> = Vec::new();
        for step in &receipt.steps {
            steps.push(bar(step, line, receipt.scale, before));
            before = Some(step.running);
        }
        steps.extend(sums(receipt, amounts));
        let title = format!("{} × {} in {currency}, line {} of {order}", line.quantity, line.product, line.id);
        let description = format!(
            "From the list price of {} down to what is charged, {}; amounts are net of tax",
            money::text(amounts.list, receipt.scale),
            money::text(amounts.charged, receipt.scale)
        );
        let id = format!("price-{number}");
        let questions = receipt.questions.iter().map(ToString::to_string).collect();
        let waterfall = Waterfall { id, title, description, scale: receipt.scale, steps };
        Some(Self { order: order.to_owned(), waterfall, questions })
    }
}

fn bar(step: &Step, line: &OrderLine, scale: u32, before: Option<rust_decimal::Decimal>) -> Bar {
    let how = match (step.op, step.rate) {
        (Op::List, _) => format!("{} × {}", line.quantity, money::text(step.base, scale)),
        (Op::PreferentialPrice, _) => format!("at {} each", money::text(step.base, scale)),
        (_, Some(rate)) => format!("−{}", super::percent(rate)),
        (_, None) => String::new(),
    };
    Bar {
        name: step.op.name().replace('_', " "),
        how,
        because: format!("{} ({}, {})", step.basis.path, step.basis.place, step.basis.strength.word()),
        before,
        after: step.running,
        tone: if before.is_some() { Tone::Mixed } else { Tone::Quiet },
    }
}

fn sums(receipt: &Receipt, amounts: &Amounts) -> Vec<Bar> {
    let benefit = format!("benefits.{} ({})", receipt.benefit.id, receipt.benefit.basis.place);
    let bar = |name: &str, how: &str, amount, tone| Bar {
        name: name.to_owned(),
        how: how.to_owned(),
        because: benefit.clone(),
        before: None,
        after: amount,
        tone,
    };
    let how = if receipt.outcome == Outcome::Discount { "discounted" } else { "list price" };
    let mut sums = vec![bar("charged", how, amounts.charged, Tone::Good)];
    if receipt.outcome == Outcome::Cashback {
        sums.push(bar("cashback", "credited afterwards", amounts.cashback, Tone::Good));
    }
    sums
}

/// The whole page.
pub(super) fn of(told: &Told, occasion: &Occasion, priced: &[Priced]) -> Page {
    let mut sections = vec![versions(told), strengths(told), questions(told)];
    if !priced.is_empty() {
        sections.push(prices(priced));
    }
    sections.extend(told.versions.iter().map(version));
    if !told.taxes.is_empty() {
        let table = table("tax", "Tax by country, beside the net amounts", &mut told.taxes.iter());
        sections.push(section("taxes", "Taxes", vec![Block::Table(table)]));
    }
    Page {
        title: "Tariff report".to_owned(),
        about: "What applies when, what it costs, who earns, and how far each figure can be relied on.".to_owned(),
        made_from: occasion.told(),
        sections,
    }
}

fn section(id: &str, title: &str, blocks: Vec<Block>) -> Section {
    Section { id: id.to_owned(), title: title.to_owned(), blocks, parts: Vec::new() }
}

fn versions(told: &Told) -> Section {
    let mut table = Table::new(
        "Versions by date",
        ["Version", "From", "Until before", "At the time of the report", "File", "SHA-256"],
    );
    table.rows = told
        .versions
        .iter()
        .map(|version| {
            let now = if version.in_force { tag(Tone::Good, "in force") } else { tag(Tone::Quiet, "not in force") };
            let (from, until) = &version.period;
            let corrects = version.corrects.map(|number| format!(", corrects v{number}")).unwrap_or_default();
            vec![
                vec![Run::Link(version.name.clone(), anchor("version", &version.name)), Run::Plain(corrects)],
                plain(format!("{from} ({})", version.timezone)),
                plain(until.as_deref().unwrap_or("open")),
                now,
                code(&*version.file[0]),
                code(&*version.file[1]),
            ]
        })
        .collect();
    let none = || Block::Text(plain("The bundle has no tariff."));
    section("versions", "What applies when", vec![if told.versions.is_empty() { none() } else { Block::Table(table) }])
}

fn strengths(told: &Told) -> Section {
    let heads = std::iter::once("Version").chain(Strength::WORDS.iter().copied()).chain(["all"]);
    let mut table = Table::new("Figures by the strength of their source", heads);
    table.numbers = (1..=Strength::WORDS.len() + 1).collect();
    table.rows = told
        .versions
        .iter()
        .map(|version| {
            let counts = Strength::ALL.iter().map(|strength| plain(version.of_strength(*strength).to_string()));
            let all = plain(version.figures.len().to_string());
            std::iter::once(plain(&*version.name)).chain(counts).chain([all]).collect()
        })
        .collect();
    let legend = "seed: the programme's own documents; public: published elsewhere; derived: computed from what is \
                  stated; assumed: a reading; sample: invented, to be replaced before anybody relies on it.";
    section("strengths", "Sourced and sample", vec![Block::Text(plain(legend)), Block::Table(table)])
}

fn questions(told: &Told) -> Section {
    let mut table =
        Table::new("Open questions, each with the entry that it is about", ["Entry", "Version", "Question"]);
    for version in &told.versions {
        let rows = version
            .questions
            .iter()
            .map(|(entry, question)| vec![code(&**entry), plain(&*version.name), plain(&**question)]);
        table.rows.extend(rows);
    }
    let none = table.rows.is_empty();
    let block = if none { Block::Text(plain("None.")) } else { Block::Table(table) };
    section("questions", "Open questions", vec![block])
}

fn prices(priced: &[Priced]) -> Section {
    let mut blocks = Vec::new();
    for price in priced {
        let (picture, table) = price.waterfall.draw();
        blocks.push(Block::Figure(picture, table));
        let asked = price.questions.iter().map(|question| Block::Text(plain(format!("Open question {question}"))));
        blocks.extend(asked);
    }
    section("prices", "Prices, step by step", blocks)
}

fn version(version: &Version) -> Section {
    let (from, until) = &version.period;
    let id = anchor("version", &version.name);
    let until = until.as_ref().map_or_else(|| "on".to_owned(), |until| format!("until before {until}"));
    let parts = PARTS.iter().filter(|(part, _)| version.figures.iter().any(|figure| figure.part == *part));
    let parts = parts
        .map(|(part, _)| {
            let caption = format!("{}: {}", version.name, plural(part));
            let mut own = version.figures.iter().filter(|figure| figure.part == *part);
            Part {
                id: format!("{id}-{}", part.split(' ').next().unwrap_or(part).replace('\'', "")),
                title: format!("{} of {}", capital(&plural(part)), version.name),
                blocks: vec![Block::Table(table(part, &caption, &mut own))],
            }
        })
        .collect();
    Section { title: format!("{}, from {from} {until}", version.name), id, blocks: Vec::new(), parts }
}

fn plural(part: &str) -> String {
    match part {
        "currency" => "currencies".to_owned(),
        "family" => "families".to_owned(),
        "pricing" => "how a price comes about".to_owned(),
        part => format!("{part}s"),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn table(part: &str, caption: &str, figures: &mut dyn Iterator<Item = &Figure>) -> Table {
    let columns = PARTS.iter().find(|(known, _)| *known == part).map_or(&[][..], |(_, columns)| columns);
    let heads = std::iter::once("name").chain(columns.iter().copied()).chain(["rests on", "rules", "place"]);
    let mut table = Table::new(caption, heads.map(capital).collect::<Vec<_>>().iter().map(String::as_str));
    table.rows = figures
        .map(|figure| {
            let says = figure.says.iter().map(|said| plain(&**said));
            std::iter::once(code(&*figure.name)).chain(says).chain(rests(figure)).collect()
        })
        .collect();
    table
}

fn rests(figure: &Figure) -> [Line; 3] {
    let rests = &figure.rests;
    let tone = match rests.strength {
        Strength::Seed | Strength::Public | Strength::Derived => Tone::Good,
        Strength::Assumed => Tone::Mixed,
        Strength::Sample => Tone::Bad,
    };
    let source = vec![Run::Tag(tone, rests.strength.word().to_owned()), Run::Plain(format!(" {}", rests.source))];
    [source, plain(rests.rules.join(", ")), code(&*rests.at)]
}

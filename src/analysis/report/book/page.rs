//! The book as a page: findings first, then the rules, the policies they lead to, and the documents they come from.

use super::{Book, Encoder, Entry, Test, rights, tests_in_words};
use crate::analysis::{
    matrix::Matrix,
    report::{
        Occasion, counted,
        page::{Block, Line, Page, Part, Run, Section, Table, Tone, anchor, code, joined, plain, tag},
    },
};

/// The whole page.
pub(super) fn of(book: &Book, occasion: &Occasion, matrix: Option<&Matrix>) -> Page {
    let mut sections = vec![findings(book), summary(book)];
    sections.extend(matrix.map(rights::section));
    sections.extend(areas(book));
    sections.push(policies(book));
    sections.push(documents(book));
    if !book.justified.is_empty() {
        sections.push(justified(book));
    }
    Page {
        title: "Policy book".to_owned(),
        about: "Every rule in plain words, where it is stated, what encodes, tests, prices and proves it, and what is \
                traced nowhere."
            .to_owned(),
        made_from: occasion.told(),
        sections,
    }
}

fn section(id: &str, title: &str, blocks: Vec<Block>) -> Section {
    Section { id: id.to_owned(), title: title.to_owned(), blocks, parts: Vec::new() }
}

fn findings(book: &Book) -> Section {
    let block = if book.findings.is_empty() {
        Block::Text(vec![
            Run::Tag(Tone::Good, "none".to_owned()),
            Run::Plain(
                " Every rule that decides something is encoded and tested, every policy has a rule or a reason, no \
                 case and no property names an unknown rule, all cases pass and all properties are proved."
                    .to_owned(),
            ),
        ])
    } else {
        let mut table = Table::new("Findings", ["What", "Sort", "Where", "What is wrong"]);
        table.rows = book
            .findings
            .iter()
            .map(|found| vec![code(&*found.name), tag(Tone::Bad, found.sort), code(&*found.at), plain(&*found.says)])
            .collect();
        Block::Table(table)
    };
    section("findings", "Findings", vec![block])
}

fn summary(book: &Book) -> Section {
    let rules = |holds: &dyn Fn(&&Entry) -> bool| book.rules.iter().filter(holds).count();
    let encoded = |kinds: &[&str]| rules(&|rule| rule.encoded.iter().any(|encoder| kinds.contains(&&*encoder.kind)));
    let mut table = Table::new("What the book holds", ["What", "How many"]);
    table.numbers = vec![1];
    let lines = [
        ("Rules", book.rules.len()),
        ("of them encoded by policies", encoded(&["policy"])),
        ("of them encoded by tariffs or taxes", encoded(&["tariff", "tax"])),
        ("of them encoded by the shape of the facts", encoded(&["fact"])),
        ("of them decide nothing", rules(&|rule| rule.kind == "informational")),
        ("of them justified as encoding nothing", rules(&|rule| rule.unencoded.is_some())),
        ("of them with an open question", rules(&|rule| !rule.questions.is_empty())),
        ("Policies", book.policies.len()),
        ("Scenarios, all asked for this book", book.asked.0),
        ("Price cases, all asked for this book", book.asked.1),
        ("Properties", book.proofs),
    ];
    table.rows = lines.into_iter().map(|(name, count)| vec![plain(name), plain(count.to_string())]).collect();
    section("summary", "What the book holds", vec![Block::Table(table)])
}

/// The rules, by what their ids begin with.
fn areas(book: &Book) -> Vec<Section> {
    let area = |rule: &Entry| rule.id.rsplit_once('-').map_or_else(|| rule.id.clone(), |(area, _)| area.to_owned());
    book.rules
        .chunk_by(|left, right| area(left) == area(right))
        .map(|rules| {
            let name = rules.first().map(area).unwrap_or_default();
            let title = format!("Rules {name}: {}", counted(rules.len(), "rule", "rules"));
            Section { id: anchor("area", &name), title, blocks: Vec::new(), parts: rules.iter().map(part).collect() }
        })
        .collect()
}

fn part(rule: &Entry) -> Part {
    let mut blocks = vec![Block::Text(plain(&*rule.statement)), Block::Terms(terms(rule))];
    for (tests, one, many) in [(&rule.scenarios, "scenario", "scenarios"), (&rule.prices, "price case", "price cases")]
    {
        if !tests.is_empty() {
            blocks.push(Block::Folded(summary_of(tests, one, many), tests.iter().map(test).collect()));
        }
    }
    Part { id: anchor("rule", &rule.id), title: rule.id.clone(), blocks }
}

fn terms(rule: &Entry) -> Vec<(String, Vec<Line>)> {
    let [document, date, heading] = &rule.source;
    let mut stated = vec![Run::Plain("document ".to_owned()), link("document", document)];
    let dated = if date.is_empty() { String::new() } else { format!(" of {date}") };
    stated.push(Run::Plain(format!("{dated}, “{heading}”")));
    let mut terms = vec![("Kind".to_owned(), vec![plain(rule.kind)]), ("Stated in".to_owned(), vec![stated])];
    let mut add = |name: &str, lines: Vec<Line>| {
        if !lines.is_empty() {
            terms.push((name.to_owned(), lines));
        }
    };
    if !rule.also_in.is_empty() {
        let documents = rule.also_in.iter().map(|document| vec![link("document", document)]);
        add("Also in", vec![joined(documents)]);
    }
    add("Encoded by", rule.encoded.iter().map(encoder).collect());
    add("Encodes nothing", rule.unencoded.iter().map(|reason| plain(&**reason)).collect());
    if rule.encoded.is_empty() && rule.unencoded.is_none() {
        add("Encodes nothing", vec![plain("it decides nothing")]);
    }
    add("Proved by", rule.proofs.iter().map(proof).collect());
    if !rule.readings.is_empty() {
        add("Stands on the readings", vec![plain(rule.readings.join(", "))]);
    }
    add("Open questions", rule.questions.iter().map(|question| plain(&**question)).collect());
    if !rule.encoded.is_empty() {
        add("Tested by", vec![plain(tests_in_words(rule))]);
    }
    terms
}

fn link(kind: &str, name: &str) -> Run {
    Run::Link(name.to_owned(), anchor(kind, name))
}

fn encoder(encoder: &Encoder) -> Line {
    let mut line = match encoder.kind.as_str() {
        "policy" => vec![link("policy", &encoder.name)],
        kind => vec![Run::Plain(format!("{kind} ")), Run::Code(encoder.name.clone())],
    };
    if !encoder.says.is_empty() {
        line.push(Run::Plain(format!(", {}", encoder.says)));
    }
    if !encoder.at.is_empty() {
        line.extend([Run::Plain(", ".to_owned()), Run::Code(encoder.at.clone())]);
    }
    line
}

fn proof(proof: &super::Proof) -> Line {
    let tone = if proof.holds() { Tone::Good } else { Tone::Bad };
    vec![
        Run::Tag(tone, proof.state()),
        Run::Plain(format!(" {}: {}, ", proof.title, proof.claim)),
        Run::Code(proof.at.clone()),
    ]
}

fn summary_of(tests: &[Test], one: &str, many: &str) -> String {
    let answers = |answer: &str| tests.iter().filter(|test| test.answer == answer).count();
    let (allowed, denied) = (answers("allow"), answers("deny"));
    let told = if allowed + denied > 0 { format!(": {allowed} allowed, {denied} denied") } else { String::new() };
    format!("{}{told}", counted(tests.len(), one, many))
}

fn test(test: &Test) -> Line {
    let tone = match (test.passed, test.answer.as_str()) {
        (false, _) => Tone::Bad,
        (_, "deny") => Tone::Quiet,
        _ => Tone::Good,
    };
    let failed = if test.passed { "" } else { ", not as expected" };
    vec![
        Run::Tag(tone, format!("{}{failed}", test.answer)),
        Run::Plain(format!(" {} ", test.name)),
        Run::Code(test.at.clone()),
        Run::Plain(format!(" ({})", test.because)),
    ]
}

fn policies(book: &Book) -> Section {
    let heads = ["Policy", "Says", "Where", "Rules", "Readings", "Scenarios decided"];
    let mut table = Table::new("Every policy with the rules it encodes", heads);
    table.numbers = vec![5];
    table.rows = book
        .policies
        .iter()
        .map(|policy| {
            let rules = joined(policy.rules.iter().map(|rule| vec![link("rule", rule)]));
            vec![
                vec![Run::Target(policy.name.clone(), anchor("policy", &policy.name))],
                plain(&*policy.says),
                code(&*policy.at),
                if rules.is_empty() { plain("none, see the reasons") } else { rules },
                plain(policy.readings.join(", ")),
                plain(policy.decided.to_string()),
            ]
        })
        .collect();
    section("policies", "Policies", vec![Block::Table(table)])
}

fn documents(book: &Book) -> Section {
    let mut table = Table::new("The documents that state the rules", ["Document", "What it is", "Date"]);
    table.rows = book
        .documents
        .iter()
        .map(|[name, title, dated]| {
            vec![vec![Run::Target(name.clone(), anchor("document", name))], plain(&**title), plain(&**dated)]
        })
        .collect();
    section("documents", "Documents", vec![Block::Table(table)])
}

fn justified(book: &Book) -> Section {
    let mut table = Table::new("What is left out on purpose", ["Rule or policies", "Reason"]);
    table.rows = book.justified.iter().map(|(name, reason)| vec![code(&**name), plain(&**reason)]).collect();
    section("reasons", "Left out on purpose", vec![Block::Table(table)])
}

//! What each code means: the long text behind `mandat check --explain CODE` and `docs/lints.md`.
//!
//! A problem on the screen is one sentence, with a place and a help. Whoever meets it for the first time asks why it
//! matters; the answer stands beside this file, one section a code: what is wrong and why that matters, an example, how
//! to mend it. `E…` keeps a bundle from being used, `W…` does not.

/// What one code means.
#[derive(Debug, Clone, Copy)]
pub struct Meaning {
    /// `E204`, `W301`.
    pub code: &'static str,
    /// A few words.
    pub title: &'static str,
    /// What, why, an example and how to mend it, in Markdown.
    pub text: &'static str,
}

/// A part of the list, under its heading.
struct Part {
    heading: &'static str,
    text: &'static str,
}

const PARTS: [Part; 3] = [
    Part { heading: "Lints", text: include_str!("lints.md") },
    Part { heading: "Policies, schema, settings and the register of rules", text: include_str!("bundle.md") },
    Part { heading: "Tariffs and taxes", text: include_str!("tariffs.md") },
];

/// All codes, in the order of their parts.
pub fn all() -> impl Iterator<Item = Meaning> {
    PARTS.iter().flat_map(|part| part.text.split("\n## ")).filter_map(section)
}

/// The meaning of a code, however its letter is written.
pub fn find(code: &str) -> Option<Meaning> {
    all().find(|meaning| meaning.code.eq_ignore_ascii_case(code.trim()))
}

fn section(text: &'static str) -> Option<Meaning> {
    let (heading, text) = text.split_once('\n')?;
    let (code, title) = heading.trim_start_matches("## ").split_once(' ')?;
    Some(Meaning { code, title: title.trim(), text: text.trim() })
}

/// Every code with its title, one line each.
pub fn list() -> String {
    all().map(|meaning| format!("{}  {}\n", meaning.code, meaning.title)).collect()
}

/// One code's whole text.
pub fn text(meaning: Meaning) -> String {
    format!("{} {}\n\n{}\n", meaning.code, meaning.title, meaning.text)
}

/// The page that lists them all.
pub fn page() -> String {
    let mut page = "# What `mandat check` tells\n\n\
        This page is made from what `mandat check --explain CODE` prints. A code that begins with E keeps the bundle from\n\
        being used; one that begins with W is a warning, which `--deny-warnings` makes a failure. A policy allows a warning\n\
        for itself with `@allow(\"W303: the reason\")`.\n"
        .to_owned();
    for part in &PARTS {
        page.push_str(&format!("\n# {}\n\n{}", part.heading, part.text));
    }
    page
}

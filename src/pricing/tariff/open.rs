//! Open questions: what the documents leave open, told on every receipt that it touches.

use std::sync::Arc;

use super::{form::TARIFF, read::Reading};
use crate::pricing::{
    toml_form::{Form, read::Entry},
    words::nearest,
};

/// Questions by the path of the entry they are about, as `Q1: …`.
pub(super) fn questions(file: Entry) -> Vec<(String, Arc<str>)> {
    let question = |entry: Entry| {
        let text = format!("{}: {}", entry.name, entry.text("ask")?.value);
        Some((entry.text("rule")?.value.to_owned(), Arc::from(text)))
    };
    file.named("open").into_iter().filter_map(question).collect()
}

/// Every question is about an entry that is there. Where a whole section is missing, that is told already.
pub(super) fn check(reading: &mut Reading, file: Entry) {
    for entry in file.named("open") {
        let Some(rule) = entry.text("rule") else { continue };
        if reading.paths.contains(rule.value) || lost(file, rule.value) {
            continue;
        }
        let help = match nearest(rule.value, reading.paths.iter().map(String::as_str)) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "name an entry by its path, such as \"tier.hosting\" or \"benefits.F3\"".to_owned(),
        };
        let message = format!("question {} is about \"{}\", which is no entry of this tariff", entry.name, rule.value);
        reading.problems.push(entry.problem(rule.span, message).code("E080").help(help));
    }
}

/// Whether a path leads into a section that is missing, misspelt or no table, so that its entries cannot be known.
fn lost<'t>(file: Entry<'t>, path: &'t str) -> bool {
    let section = path.split('.').next().unwrap_or_default();
    let key = TARIFF.key(section).filter(|key| matches!(key.form, Form::Table(_) | Form::Named(_)));
    let told = |required: bool| required || file.has(section) || file.misspells(section);
    file.table(section).is_none() && key.is_some_and(|key| told(key.required))
}

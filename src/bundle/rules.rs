//! The register of rules: what the business says, and what encodes it.
//!
//! `policies/rules.toml` lists every rule with its source. A compliance reviewer reads it from either
//! end: from a rule to the policies, tariffs or facts that encode it, or from a policy's `@rules` back to
//! the source. So both directions are checked, and a rule that decides something but is encoded nowhere
//! is a problem unless the file itself says why.

use std::collections::BTreeMap;

use cedar_policy::Effect;
use serde::Deserialize;
use toml::Spanned;

use super::{policy::Policy, shape::Shapes, tariffs::Tariffs};
use crate::{
    config::toml_problem,
    problem::{Problem, Problems, Source},
};

/// The register as the file has it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// The source documents by their short name.
    #[serde(default)]
    pub documents: BTreeMap<String, Document>,
    /// Rules that decide nothing here although they are not informational, each with its justification.
    #[serde(default)]
    pub unencoded: BTreeMap<String, Spanned<String>>,
    /// Permits that stand for no rule, by policy id or group such as `engine.*`, each with its justification.
    #[serde(default)]
    pub unsourced: BTreeMap<String, String>,
    /// Every rule by id.
    #[serde(default)]
    pub rules: BTreeMap<String, Spanned<Rule>>,
}

/// A source document.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// ISO 639-1 language.
    pub language: String,
    /// What it is, in our words.
    pub title: String,
    /// Date of its newest part, where known.
    pub date: Option<String>,
    /// What is known of its date where it has none.
    pub dated: Option<String>,
}

/// One rule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What it says, in our words.
    pub statement: String,
    /// What kind of rule it is.
    pub kind: Kind,
    /// The newest document that states it.
    pub source: Citation,
    /// Other documents that state it.
    #[serde(default)]
    pub also_in: Vec<String>,
    /// What encodes it: `policy:<id>`, `fact:<Type.attribute>`, `tariff:<id>/<entry>`, `tax:<entry>`, or the one word `nothing`.
    pub encoded_by: Encoding,
}

/// Where a rule is stated.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Citation {
    /// The document's short name.
    pub document: String,
    /// Date of the guide inside the document, where known.
    pub date: Option<String>,
    /// The heading under which it stands.
    pub heading: String,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Allows something.
    Permit,
    /// Forbids something.
    Forbid,
    /// States what must always hold.
    Invariant,
    /// Says how something is computed.
    Computation,
    /// Says who is told what.
    Notification,
    /// Decides nothing.
    Informational,
}

/// What encodes a rule.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Encoding {
    /// `nothing`.
    Word(String),
    /// Policies, facts, entries of tariffs and taxes.
    By(Vec<String>),
}

impl Register {
    /// Reads `rules.toml`.
    ///
    /// # Errors
    /// Text that is no register, with its place.
    pub fn parse(source: &Source) -> Result<Self, Problem> {
        toml::from_str(&source.text).map_err(|error| toml_problem(source, &error))
    }

    /// Whether `[unsourced]` justifies that the policy stands for no rule.
    pub fn is_unsourced(&self, policy: &str) -> bool {
        self.unsourced.keys().any(|pattern| covers(pattern, policy))
    }

    /// Holds every rule against what it says encodes it.
    pub fn check(&self, source: &Source, encoders: &Encoders, problems: &mut Problems) {
        for (id, rule) in &self.rules {
            let place = (rule.span().start, id.len() + "[rules.]".len());
            for (fault, help) in self.faults(id, rule.get_ref(), encoders) {
                problems.push(Problem::at(source, place, format!("rule `{id}`: {fault}")).code("E231").help(help));
            }
        }
        for (id, reason) in self.unencoded.iter().filter(|(id, _)| !self.rules.contains_key(*id)) {
            let place = (reason.span().start, reason.span().len());
            problems.push(
                Problem::at(source, place, format!("`unencoded` justifies the unknown rule `{id}`"))
                    .code("E234")
                    .help("take the line out, or mend the id"),
            );
        }
    }

    /// What is wrong with a rule, each with a help.
    fn faults(&self, id: &str, rule: &Rule, encoders: &Encoders) -> Vec<(String, &'static str)> {
        let documents = std::iter::once(&rule.source.document).chain(&rule.also_in);
        let unlisted = documents.filter(|document| !self.documents.contains_key(*document));
        let mut faults: Vec<(String, &str)> = unlisted
            .map(|document| {
                (format!("the document `{document}` is not listed"), "list it as `[documents.…]`, or mend the name")
            })
            .collect();
        match &rule.encoded_by {
            Encoding::Word(word) if word == "nothing" => {
                if rule.kind != Kind::Informational && !self.unencoded.contains_key(id) {
                    faults.push(("it decides something, but nothing encodes it".to_owned(), "encode it, or justify it under `[unencoded]`"));
                }
            }
            Encoding::Word(word) => faults.push((format!("`encoded_by` cannot be `{word}`"), "write `nothing` or a list of what encodes it")),
            Encoding::By(list) if list.is_empty() => faults.push(("`encoded_by` is empty".to_owned(), "name what encodes it")),
            Encoding::By(list) => faults.extend(list.iter().filter(|entry| !encoders.encode(entry, id)).map(|entry| {
                (format!("`{entry}` does not encode it"), "write `policy:<id>` of a policy whose `@rules` names it, `fact:<Type.attribute>` of the schema, `tariff:<id>/<entry>` or `tax:<entry>` of one whose `rules` name it")
            })),
        }
        faults
    }
}

/// Everything of a bundle that can encode a rule.
pub struct Encoders<'b> {
    /// Its policies.
    pub policies: &'b [Policy],
    /// Its schema.
    pub shapes: &'b Shapes,
    /// Its tariff and taxes.
    pub tariffs: &'b Tariffs,
}

impl Encoders<'_> {
    /// Whether an entry of the register is there, and speaks of that rule.
    fn encode(&self, entry: &str, id: &str) -> bool {
        match entry.split_once(':') {
            Some(("policy", policy)) => {
                self.policies.iter().any(|known| &*known.id == policy && known.rules.iter().any(|rule| &**rule == id))
            }
            Some(("fact", path)) => has_attribute(self.shapes, path),
            Some(("tariff" | "tax", _)) => self.tariffs.encodes(entry, id),
            _ => false,
        }
    }
}

/// Every entry of a tariff that names a rule is named by the register as what encodes it.
pub fn check_tariffs(source: &Source, register: &Register, tariffs: &Tariffs, problems: &mut Problems) {
    for (name, basis) in tariffs.entries().filter(|(name, basis)| name.ends_with(&*basis.path)) {
        for rule in &basis.rules {
            let named =
                |entry: &String| *entry == name || entry.strip_prefix(&name).is_some_and(|rest| rest.starts_with('.'));
            let problem = match register.rules.get(&**rule) {
                None => tariffs.problem(basis, format!("`{name}` names the unknown rule `{rule}`")),
                Some(known) => match &known.get_ref().encoded_by {
                    Encoding::By(list) if list.iter().any(named) => continue,
                    _ => {
                        let place = (known.span().start, rule.len() + "[rules.]".len());
                        let fault = format!("rule `{rule}`: `{name}` ({}) says that it encodes it", basis.at);
                        Problem::at(source, place, fault)
                    }
                },
            };
            problems.push(problem.code("E235").help(format!(
                "list `{name}` under `encoded_by` of the rule in policies/rules.toml, or mend `rules` of the entry"
            )));
        }
    }
}

/// Every policy names only rules that the register lists, and the register lists the policy.
pub fn check_policies(register: &Register, policies: &[Policy], problems: &mut Problems) {
    for policy in policies {
        for rule in &policy.rules {
            let listed = register.rules.get(&**rule).map(|rule| matches!(&rule.get_ref().encoded_by, Encoding::By(list) if list.iter().any(|entry| entry.strip_prefix("policy:") == Some(&policy.id))));
            let fault = match listed {
                None => format!("policy `{}` names the unknown rule `{rule}`", policy.id),
                Some(false) => {
                    format!("policy `{}` names the rule `{rule}`, but the register does not say so", policy.id)
                }
                Some(true) => continue,
            };
            problems.push(Problem::at(&policy.source, policy.rules_span, fault).code("E232").help(format!(
                "list `policy:{}` under `encoded_by` of the rule in policies/rules.toml, or mend the annotation",
                policy.id
            )));
        }
        let sourced = !policy.rules.is_empty() || register.is_unsourced(&policy.id);
        if policy.effect == Effect::Permit && !sourced && !register.rules.is_empty() {
            problems.push(Problem::at(&policy.source, policy.rules_span, format!("the permit `{}` names no rule", policy.id)).code("E233").help("write `@rules(\"…\")`, or justify it under `[unsourced]` of the register: a reviewer must be able to trace every permit"));
        }
    }
}

fn covers(pattern: &str, id: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == id, |group| id.starts_with(group))
}

fn has_attribute(shapes: &Shapes, path: &str) -> bool {
    match path.rsplit_once('.') {
        Some((entity_type, attribute)) => {
            shapes.entity_types.get(entity_type).is_some_and(|shape| shape.attributes.contains_key(attribute))
        }
        None => shapes.entity_types.contains_key(path),
    }
}

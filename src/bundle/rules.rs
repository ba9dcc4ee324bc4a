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

use super::{policy::Policy, shape::Shapes};
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
    /// Which rules may wait for tariffs: ids, or groups such as `PRC-*`.
    #[serde(default)]
    pub pricing: Pricing,
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

/// Which rules the tariffs will encode.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pricing {
    /// Ids, or groups such as `PRC-*`.
    pub rules: Vec<String>,
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
    /// What encodes it: `policy:<id>`, `fact:<Type.attribute>`, or the one word `pricing` or `nothing`.
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
    /// `pricing` or `nothing`.
    Word(String),
    /// Policies and facts.
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

    /// Holds the register against the policies and the schema, in both directions.
    pub fn check(&self, source: &Source, policies: &[Policy], shapes: &Shapes, problems: &mut Problems) {
        for (id, rule) in &self.rules {
            let place = (rule.span().start, id.len() + "[rules.]".len());
            for (fault, help) in self.faults(id, rule.get_ref(), policies, shapes) {
                problems.push(Problem::at(source, place, format!("rule `{id}`: {fault}")).help(help));
            }
        }
        for (id, reason) in self.unencoded.iter().filter(|(id, _)| !self.rules.contains_key(*id)) {
            let place = (reason.span().start, reason.span().len());
            problems.push(
                Problem::at(source, place, format!("`unencoded` justifies the unknown rule `{id}`"))
                    .help("take the line out, or mend the id"),
            );
        }
    }

    /// What is wrong with a rule, each with a help.
    fn faults(&self, id: &str, rule: &Rule, policies: &[Policy], shapes: &Shapes) -> Vec<(String, &'static str)> {
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
            Encoding::Word(word) if word == "pricing" => {
                if !self.pricing.rules.iter().any(|pattern| covers(pattern, id)) {
                    faults.push(("it may not wait for the tariffs".to_owned(), "encode it, or list it under `[pricing]`"));
                }
            }
            Encoding::Word(word) => faults.push((format!("`encoded_by` cannot be `{word}`"), "write `pricing`, `nothing` or a list")),
            Encoding::By(list) if list.is_empty() => faults.push(("`encoded_by` is empty".to_owned(), "name what encodes it")),
            Encoding::By(list) => faults.extend(list.iter().filter(|entry| !encodes(entry, id, policies, shapes)).map(|entry| {
                (format!("`{entry}` does not encode it"), "write `policy:<id>` of a policy whose `@rules` names it, or `fact:<Type.attribute>` of the schema")
            })),
        }
        faults
    }
}

fn encodes(entry: &str, id: &str, policies: &[Policy], shapes: &Shapes) -> bool {
    match entry.split_once(':') {
        Some(("policy", policy)) => {
            policies.iter().any(|known| &*known.id == policy && known.rules.iter().any(|rule| &**rule == id))
        }
        Some(("fact", path)) => has_attribute(shapes, path),
        _ => false,
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
            problems.push(Problem::at(&policy.source, policy.rules_span, fault).help(format!(
                "list `policy:{}` under `encoded_by` of the rule in policies/rules.toml, or mend the annotation",
                policy.id
            )));
        }
        let sourced = !policy.rules.is_empty() || register.unsourced.keys().any(|pattern| covers(pattern, &policy.id));
        if policy.effect == Effect::Permit && !sourced && !register.rules.is_empty() {
            problems.push(Problem::at(&policy.source, policy.rules_span, format!("the permit `{}` names no rule", policy.id)).help("write `@rules(\"…\")`, or justify it under `[unsourced]` of the register: a reviewer must be able to trace every permit"));
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

//! What is traced nowhere, in either direction, and what does not hold.
//!
//! A bundle that names an unknown rule in a policy or a tariff does not load, nor one with a permit that stands for
//! nothing. What loads may still have gaps: rules and policies that nothing tries, cases and properties that name
//! rules nobody knows, forbids without a rule, cases that fail and properties that are not proved.

use std::collections::BTreeSet;

use super::{Book, Finding, Gathered, is_unsourced};
use crate::bundle::Bundle;

/// All findings, by sort and name.
pub(super) fn of(bundle: &Bundle, book: &Book, gathered: &Gathered) -> Vec<Finding> {
    let mut findings: Vec<Finding> = rules(book).chain(policies(bundle, book)).collect();
    let Gathered { scenarios, prices, proofs } = gathered;
    let known = Known::of(book);
    for case in scenarios.iter().chain(prices) {
        findings.extend(known.unknown(&case.rules).map(|rule| Finding {
            sort: "unknown rule",
            name: rule.clone(),
            at: case.at.short(),
            says: format!("the case `{}` names a rule that the register does not list", case.name),
        }));
        if !case.passed {
            findings.push(Finding {
                sort: "failing case",
                name: case.name.clone(),
                at: case.at.short(),
                says: "it does not come out as it says; `mandat test` tells how".to_owned(),
            });
        }
    }
    for proof in proofs {
        findings.extend(proof.rules.iter().filter(|rule| !known.rules.contains(rule.as_str())).map(|rule| Finding {
            sort: "unknown rule",
            name: rule.clone(),
            at: proof.at.clone(),
            says: format!("the property `{}` names a rule that the register does not list", proof.id),
        }));
        if !proof.holds() {
            let says = format!("{}; `mandat prove` tells more", proof.state());
            findings.push(Finding { sort: "not proved", name: proof.id.clone(), at: proof.at.clone(), says });
        }
    }
    findings.sort();
    findings.dedup();
    findings
}

fn rules(book: &Book) -> impl Iterator<Item = Finding> {
    book.rules.iter().filter_map(|rule| {
        let decides = rule.kind != "informational";
        let untested = rule.scenarios.is_empty() && rule.prices.is_empty() && rule.proofs.is_empty();
        let (sort, says) = match (rule.encoded.is_empty(), &rule.unencoded) {
            // Whoever loads a bundle hears of it first; the book must not depend on that.
            (true, None) if decides => ("rule without encoding", "nothing encodes it; encode or justify it"),
            (false, _) if untested && rule.encoded.iter().any(|encoder| encoder.kind != "fact") => {
                ("untested rule", "no scenario, no price case and no property speaks of it; add one")
            }
            _ => return None,
        };
        Some(Finding { sort, name: rule.id.clone(), at: "policies/rules.toml".to_owned(), says: says.to_owned() })
    })
}

fn policies<'b>(bundle: &'b Bundle, book: &'b Book) -> impl Iterator<Item = Finding> + 'b {
    let unsourced = bundle.policies.iter().filter(|policy| is_unsourced(bundle, policy)).map(|policy| Finding {
        sort: "policy without rule",
        name: policy.id.to_string(),
        at: policy.at.short(),
        says: "it forbids and names no rule; name one, or justify it under `[unsourced]`".to_owned(),
    });
    let untested = book.policies.iter().filter(|policy| policy.decided == 0).map(|policy| Finding {
        sort: "untested policy",
        name: policy.name.clone(),
        at: policy.at.clone(),
        says: "it determines the answer of no scenario; add one".to_owned(),
    });
    unsourced.chain(untested)
}

/// The register's rules, and what their ids begin with.
struct Known<'b> {
    rules: BTreeSet<&'b str>,
    areas: BTreeSet<&'b str>,
}

impl<'b> Known<'b> {
    fn of(book: &'b Book) -> Self {
        let rules: BTreeSet<&str> = book.rules.iter().map(|rule| rule.id.as_str()).collect();
        let areas = rules.iter().filter_map(|rule| Some(rule.rsplit_once('-')?.0)).collect();
        Self { rules, areas }
    }

    /// Names that look like rules and are none. A case may also name readings and cells of tables, which no register
    /// lists: only what begins as rules do is held against it.
    fn unknown<'c>(&'c self, names: &'c [String]) -> impl Iterator<Item = &'c String> {
        names.iter().filter(|name| {
            let looks = name.rsplit_once('-').is_some_and(|(area, number)| {
                self.areas.contains(area) && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
            });
            looks && !self.rules.contains(name.as_str())
        })
    }
}

//! Explanations: why it was decided so, and what would change the answer.
//!
//! An Allow names its determining policies with their titles and rules. A Deny names the forbid that
//! applied, and in every case the permits that came closest ([`near_miss`]), with the values found and
//! what would have to be different ([`words`]). Which facts a decision rests on is told apart ([`grounds`]). There are two texts: one for the person who asked, which
//! reveals no facts, and one for who administers the rules.

pub mod grounds;
pub mod near_miss;
pub mod words;

use cedar_policy::{Entities, Request};

use self::near_miss::{NearMiss, near_misses};
use crate::{
    bundle::{Bundle, Policy},
    decision::{Code, Decision},
};

/// Why a decision is what it is.
#[derive(Debug, Clone)]
pub struct Explanation<'b> {
    /// The kind of answer.
    pub code: Code,
    /// One sentence for the person who asked; reveals no facts.
    pub reason_user: String,
    /// One sentence for who administers the rules.
    pub reason_admin: String,
    /// The determining policies.
    pub policies: Vec<&'b Policy>,
    /// The permits that came closest; of a Deny only.
    pub near_misses: Vec<NearMiss<'b>>,
}

/// Explains a decision; `asked` is the question and its facts, absent where it could not be asked of any policy.
pub fn explain<'b>(bundle: &'b Bundle, decision: &Decision, asked: Option<(&Request, &Entities)>) -> Explanation<'b> {
    let policies: Vec<&Policy> = decision.determining.iter().filter_map(|id| bundle.policy(id)).collect();
    let near_misses = match asked {
        Some((request, entities)) if !decision.allowed() => near_misses(bundle, request, entities),
        _ => Vec::new(),
    };
    Explanation {
        code: decision.code,
        reason_user: for_user(decision.code, &policies),
        reason_admin: for_admin(decision, &policies, &near_misses),
        policies,
        near_misses,
    }
}

fn for_user(code: Code, policies: &[&Policy]) -> String {
    let titles = titles(policies);
    match code {
        Code::Permitted if titles.is_empty() => "Allowed.".to_owned(),
        Code::Permitted => format!("Allowed: {titles}."),
        Code::Forbidden if titles.is_empty() => "Not allowed: a rule forbids this.".to_owned(),
        Code::Forbidden => format!("Not allowed: {titles}."),
        Code::NotPermitted => "Not allowed: no rule permits this.".to_owned(),
        Code::NotApplicable => "Not allowed: this cannot be done to that.".to_owned(),
        Code::EvaluationError => "Not allowed: a rule could not be evaluated.".to_owned(),
    }
}

fn titles(policies: &[&Policy]) -> String {
    let titles: Vec<&str> = policies.iter().map(|policy| &*policy.title).filter(|title| !title.is_empty()).collect();
    titles.join("; ")
}

fn for_admin(decision: &Decision, policies: &[&Policy], near_misses: &[NearMiss]) -> String {
    let ids: Vec<String> = policies.iter().map(|policy| format!("`{}`", policy.id)).collect();
    match decision.code {
        Code::Permitted => format!("permitted by {}", ids.join(", ")),
        Code::Forbidden => format!("forbidden by {}", ids.join(", ")),
        Code::NotPermitted => match near_misses.first() {
            Some(nearest) => {
                format!("no permit applies; the nearest, `{}`, fails at {}", nearest.policy.id, failing(nearest))
            }
            None => "no permit has a scope that fits this request".to_owned(),
        },
        Code::NotApplicable => "the schema does not let this principal, action and resource go together".to_owned(),
        Code::EvaluationError => {
            let faults: Vec<String> = decision
                .faults
                .iter()
                .filter(|fault| fault.forbid)
                .map(|fault| format!("`{}`: {}", fault.policy, fault.message))
                .collect();
            format!("denied because a forbid could not be evaluated: {}", faults.join("; "))
        }
    }
}

fn failing(near_miss: &NearMiss) -> String {
    let clauses: Vec<String> = near_miss
        .missing
        .iter()
        .map(|missing| format!("`{}` (found {}; {})", missing.clause, missing.finding.found, missing.finding.change))
        .collect();
    clauses.join(" and ")
}

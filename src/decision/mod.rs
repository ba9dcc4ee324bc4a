//! Decisions: the one place that has Cedar evaluate policies, and the rules for when it fails.
//!
//! A request becomes a [`question::Question`]; the facts give it a slice; [`decide`] has Cedar evaluate the
//! policies that can matter and combines what they say as Cedar does: a forbid that applies forbids, else
//! a permit that applies permits. Cedar's authorizer skips a policy that errors, a forbid too, which would
//! turn a failure into an Allow (hazard 2, threat T04). So a forbid that errors denies here, and a permit
//! that errors is reported for logging and counting. [`decide_by_full_scan`] asks Cedar's own authorizer
//! about all policies; a property test holds the two against each other.
//!
//! No clock and no I/O: the time comes with the question, the facts come as a slice.

pub mod access;
pub mod invariant;
pub mod keeping;
pub mod question;
pub mod search;
pub mod values;

use std::{collections::BTreeSet, sync::Arc};

use cedar_policy::{AuthorizationError, Authorizer, Decision as CedarDecision, Effect, Entities, PolicyId, Request};
use cedar_policy_core::{
    ast::{self, Literal, SlotEnv, ValueKind},
    evaluator::Evaluator,
    extensions::Extensions,
};

use crate::{
    bundle::{Bundle, Policy, index::Candidate},
    facts::Unavailable,
    request::Invalid,
};

/// Why a question got no decision: an error, never an Allow.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// The request cannot be asked.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The facts cannot be read.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why it was decided so; a contract, see `code` of explanations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// Some permit applies and no forbid.
    Permitted,
    /// A forbid applies.
    Forbidden,
    /// No permit applies.
    NotPermitted,
    /// Principal, action and resource never go together.
    NotApplicable,
    /// A forbid could not be evaluated.
    EvaluationError,
}

impl Code {
    /// Its name in explanations, metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Permitted => "permitted",
            Self::Forbidden => "forbidden",
            Self::NotPermitted => "not_permitted",
            Self::NotApplicable => "not_applicable",
            Self::EvaluationError => "evaluation_error",
        }
    }
}

/// Allow or Deny, and what determined it.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Why; only [`Code::Permitted`] is an Allow.
    pub code: Code,
    /// The determining policies, by id.
    pub determining: Vec<PolicyId>,
    /// What the caller must do; of an Allow only.
    pub obligations: Vec<Arc<str>>,
    /// What the caller may want to do; of an Allow only.
    pub advice: Vec<Arc<str>>,
    /// Policies that could not be evaluated.
    pub faults: Vec<Fault>,
}

/// A policy that could not be evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The policy.
    pub policy: PolicyId,
    /// Whether it is a forbid: then the decision is a Deny.
    pub forbid: bool,
    /// What Cedar says.
    pub message: String,
}

impl Decision {
    /// Whether the answer is Allow.
    pub fn allowed(&self) -> bool {
        self.code == Code::Permitted
    }

    /// The answer where principal, action and resource never go together.
    pub fn not_applicable() -> Self {
        Self {
            code: Code::NotApplicable,
            determining: Vec::new(),
            obligations: Vec::new(),
            advice: Vec::new(),
            faults: Vec::new(),
        }
    }
}

/// Answers a question from the policies that the index finds for it.
pub fn decide(bundle: &Bundle, request: &Request, entities: &Entities) -> Decision {
    conclude(bundle, find(bundle, request, entities))
}

/// Asks the policies that the index finds for a question, each by itself.
pub fn find(bundle: &Bundle, request: &Request, entities: &Entities) -> Findings {
    let asked: &ast::Request = request.as_ref();
    let evaluator = Evaluator::new(asked.clone(), entities.as_ref(), Extensions::all_available());
    let mut findings = Findings::default();
    for candidate in bundle.index.candidates(request, entities).into_iter().flatten() {
        findings.add(&bundle.policies[candidate.policy], candidate, &evaluator);
    }
    findings
}

/// Whether a policy of the given text applies to a question: its scope and its clauses hold.
///
/// # Errors
/// It cannot be evaluated; the message is Cedar's.
pub fn holds(condition: &ast::Expr, request: &Request, entities: &Entities) -> Result<bool, String> {
    let asked: &ast::Request = request.as_ref();
    evaluate(condition, &Evaluator::new(asked.clone(), entities.as_ref(), Extensions::all_available()))
}

/// Answers a question by Cedar's full scan over every policy: slow, and what the index is tested against.
pub fn decide_by_full_scan(bundle: &Bundle, request: &Request, entities: &Entities) -> Decision {
    let response = Authorizer::new().is_authorized(request, &bundle.all, entities);
    let mut findings = Findings::default();
    let found = match response.decision() {
        CedarDecision::Allow => &mut findings.permits,
        CedarDecision::Deny => &mut findings.forbids,
    };
    found.extend(response.diagnostics().reason().cloned());
    for error in response.diagnostics().errors() {
        let AuthorizationError::PolicyEvaluationError(error) = error;
        let policy = error.policy_id().clone();
        // A policy that the bundle does not know cannot have been asked; if it were, it must not allow.
        let forbid = bundle.policy(&policy).is_none_or(|policy| policy.effect == Effect::Forbid);
        findings.faults.push(Fault { policy, forbid, message: error.inner().to_string() });
    }
    conclude(bundle, findings)
}

/// The policies that apply, and those that could not be evaluated.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// Permits that apply.
    pub permits: Vec<PolicyId>,
    /// Forbids that apply.
    pub forbids: Vec<PolicyId>,
    /// Policies that could not be evaluated.
    pub faults: Vec<Fault>,
}

impl Findings {
    fn add(&mut self, policy: &Policy, candidate: &Candidate, evaluator: &Evaluator) {
        match applies(candidate, evaluator) {
            Ok(false) => {}
            Ok(true) if candidate.effect == Effect::Permit => self.permits.push(policy.cedar.id().clone()),
            Ok(true) => self.forbids.push(policy.cedar.id().clone()),
            Err(message) => {
                let forbid = candidate.effect == Effect::Forbid;
                self.faults.push(Fault { policy: policy.cedar.id().clone(), forbid, message });
            }
        }
    }

    fn code(&self) -> Code {
        if !self.forbids.is_empty() {
            Code::Forbidden
        } else if self.faults.iter().any(|fault| fault.forbid) {
            Code::EvaluationError
        } else if self.permits.is_empty() {
            Code::NotPermitted
        } else {
            Code::Permitted
        }
    }
}

/// Whether a policy applies.
fn applies(candidate: &Candidate, evaluator: &Evaluator) -> Result<bool, String> {
    candidate.condition.as_ref().map_or(Ok(true), |condition| evaluate(condition, evaluator))
}

fn evaluate(condition: &ast::Expr, evaluator: &Evaluator) -> Result<bool, String> {
    match evaluator.interpret(condition, &SlotEnv::new()).map_err(|error| error.to_string())?.value {
        ValueKind::Lit(Literal::Bool(holds)) => Ok(holds),
        // Validation rules it out; if it happened, it would be a fault and not a silent `false`.
        _ => Err("the condition is neither true nor false".to_owned()),
    }
}

/// What findings come to: a forbid that applies or fails forbids, else a permit permits.
pub fn conclude(bundle: &Bundle, findings: Findings) -> Decision {
    let code = findings.code();
    let mut determining = match code {
        Code::Permitted => findings.permits,
        Code::EvaluationError => {
            findings.faults.iter().filter(|fault| fault.forbid).map(|fault| fault.policy.clone()).collect()
        }
        _ => findings.forbids,
    };
    determining.sort_unstable();
    let permits: Vec<&Policy> = match code {
        Code::Permitted => determining.iter().filter_map(|id| bundle.policy(id)).collect(),
        _ => Vec::new(),
    };
    Decision {
        code,
        obligations: distinct(permits.iter().flat_map(|policy| &policy.obligations)),
        advice: distinct(permits.iter().flat_map(|policy| &policy.advice)),
        faults: findings.faults,
        determining,
    }
}

fn distinct<'a>(names: impl Iterator<Item = &'a Arc<str>>) -> Vec<Arc<str>> {
    names.cloned().collect::<BTreeSet<_>>().into_iter().collect()
}

//! Decisions: the one place that calls Cedar's authorizer, and the rules for when it fails.
//!
//! A request becomes a [`question::Question`]; the facts give it a slice; [`decide`] asks Cedar about the
//! policies that can matter and reads its answer. Cedar skips a policy that errors, a forbid too, which
//! would turn a failure into an Allow (hazard 2, threat T04). So a forbid that errors denies here, and a
//! permit that errors is reported for logging and counting.
//!
//! No clock and no I/O: the time comes with the question, the facts come as a slice.

pub mod question;
pub mod values;

use std::{collections::BTreeSet, sync::Arc};

use cedar_policy::{Authorizer, AuthorizationError, Context, Decision as CedarDecision, Effect, Entities, PolicyId, PolicySet, Request};

use crate::{
    bundle::{Bundle, Policy},
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
        Self { code: Code::NotApplicable, determining: Vec::new(), obligations: Vec::new(), advice: Vec::new(), faults: Vec::new() }
    }
}

/// Answers a question from the policies that the index finds for it.
pub fn decide(bundle: &Bundle, request: &Request, entities: &Entities) -> Decision {
    let empty = Context::empty();
    let context = request.context().unwrap_or(&empty);
    conclude(bundle, request, entities, &bundle.index.candidates(request, context, entities))
}

/// Answers a question by Cedar's full scan over every policy: slow, and what the index is tested against.
pub fn decide_by_full_scan(bundle: &Bundle, request: &Request, entities: &Entities) -> Decision {
    conclude(bundle, request, entities, &[&bundle.all])
}

/// What Cedar says of all sets together. Each policy is in one set, so a forbid that applies in any of
/// them forbids, and permits count where none does.
#[derive(Default)]
struct Findings {
    permits: Vec<PolicyId>,
    forbids: Vec<PolicyId>,
    faults: Vec<Fault>,
}

impl Findings {
    fn add(&mut self, bundle: &Bundle, request: &Request, entities: &Entities, set: &PolicySet) {
        let response = Authorizer::new().is_authorized(request, set, entities);
        let found = match response.decision() {
            CedarDecision::Allow => &mut self.permits,
            CedarDecision::Deny => &mut self.forbids,
        };
        found.extend(response.diagnostics().reason().cloned());
        for error in response.diagnostics().errors() {
            let AuthorizationError::PolicyEvaluationError(error) = error;
            let policy = error.policy_id().clone();
            // A policy that the bundle does not know cannot be in a set; if it were, it must not allow.
            let forbid = bundle.policy(&policy).is_none_or(|policy| policy.effect == Effect::Forbid);
            self.faults.push(Fault { policy, forbid, message: error.inner().to_string() });
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

fn conclude(bundle: &Bundle, request: &Request, entities: &Entities, sets: &[&PolicySet]) -> Decision {
    let mut findings = Findings::default();
    for set in sets {
        findings.add(bundle, request, entities, set);
    }
    let code = findings.code();
    let mut determining = match code {
        Code::Permitted => findings.permits,
        Code::EvaluationError => findings.faults.iter().filter(|fault| fault.forbid).map(|fault| fault.policy.clone()).collect(),
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

//! What the unchanged bundle answers in the scenarios, kept so that a changed policy alone is asked again.
//!
//! A decision is made of what each policy says by itself. So for a mutant of one policy the facts, the questions
//! and what all other policies say stay as they are: its condition is evaluated on the cases it can matter to, and
//! where it says something else than before the findings are put together anew. Tests hold that against loading
//! the changed bundle and running every scenario.

use std::{path::Path, sync::Arc};

use cedar_policy::{Effect, Entities, PolicyId, Request, RequestEnv};
use cedar_policy_core::ast::Expr;

use crate::{
    analysis::{
        prover::parallel,
        scenario::{Case, run::Runner},
    },
    bundle::Bundle,
    decision::{self, Decision, Fault, Findings},
    problem::{Problem, Problems},
};

/// The answers of the unchanged bundle.
#[derive(Debug)]
pub struct Baseline {
    groups: Vec<Group>,
}

/// The cases of one environment.
#[derive(Debug)]
struct Group {
    environment: RequestEnv,
    cases: Vec<Asked>,
}

#[derive(Debug)]
struct Asked {
    name: String,
    request: Request,
    entities: Arc<Entities>,
    findings: Findings,
    decision: Decision,
}

/// A policy as a mutant has it.
#[derive(Debug, Clone, Copy)]
pub struct Changed<'m> {
    /// Permit or forbid.
    pub effect: Effect,
    /// Its scope and its clauses.
    pub condition: &'m Expr,
}

impl Baseline {
    /// Asks every case; `each` is called after each, for a progress bar.
    ///
    /// # Errors
    /// Cases that fail or cannot be asked: what is wrong already says nothing about changes.
    pub fn of(bundle: &Bundle, cases: &[Case], dir: &Path, each: &(dyn Fn() + Sync)) -> Result<Self, Problems> {
        let share = cases.len().div_ceil(std::thread::available_parallelism().map_or(1, usize::from)).max(1);
        let shares: Vec<&[Case]> = cases.chunks(share).collect();
        let answered = parallel::each(&shares, |cases| {
            let mut runner = Runner::new(bundle, dir);
            let ask = |case| {
                let asked = ask(&mut runner, bundle, case);
                each();
                asked.map_err(|reason| (case, reason))
            };
            cases.iter().map(ask).collect::<Vec<_>>()
        });
        let (mut baseline, mut problems) = (Self { groups: Vec::new() }, Problems::default());
        for answer in answered.into_iter().flatten() {
            match answer {
                Ok(Some((environment, asked))) => baseline.add(environment, asked),
                // Of an environment that the schema does not have no policy says anything, however it is changed.
                Ok(None) => {}
                Err((case, reason)) => problems.push(
                    Problem::new(format!("{}: the scenario \"{}\" fails: {reason}", case.at, case.name))
                        .help("let all scenarios pass first; `mandat test` shows why this one does not"),
                ),
            }
        }
        problems.into_result(baseline)
    }

    fn add(&mut self, environment: RequestEnv, asked: Asked) {
        match self.groups.iter_mut().find(|group| group.environment == environment) {
            Some(group) => group.cases.push(asked),
            None => self.groups.push(Group { environment, cases: vec![asked] }),
        }
    }

    /// The first case that notices that a policy is changed, or gone; `matters` says in which environments the
    /// policy can matter, before or after.
    pub fn notices(
        &self,
        bundle: &Bundle,
        id: &PolicyId,
        changed: Option<Changed>,
        matters: &dyn Fn(&RequestEnv) -> bool,
    ) -> Option<&str> {
        let groups = self.groups.iter().filter(|group| matters(&group.environment));
        groups.flat_map(|group| &group.cases).find(|case| case.notices(bundle, id, changed)).map(|case| &*case.name)
    }
}

impl Asked {
    fn notices(&self, bundle: &Bundle, id: &PolicyId, changed: Option<Changed>) -> bool {
        let mut findings = self.findings.clone();
        findings.permits.retain(|found| found != id);
        findings.forbids.retain(|found| found != id);
        findings.faults.retain(|fault| fault.policy != *id);
        if let Some(changed) = changed {
            match (decision::holds(changed.condition, &self.request, &self.entities), changed.effect) {
                (Ok(false), _) => {}
                (Ok(true), Effect::Permit) => findings.permits.push(id.clone()),
                (Ok(true), Effect::Forbid) => findings.forbids.push(id.clone()),
                (Err(message), effect) => {
                    findings.faults.push(Fault { policy: id.clone(), forbid: effect == Effect::Forbid, message });
                }
            }
        }
        let decision = decision::conclude(bundle, findings);
        let parts = |decision: &Decision| {
            (decision.code, decision.determining.clone(), decision.obligations.clone(), decision.advice.clone())
        };
        parts(&decision) != parts(&self.decision)
    }
}

fn ask(runner: &mut Runner, bundle: &Bundle, case: &Case) -> Result<Option<(RequestEnv, Asked)>, String> {
    let outcome = runner.run(case)?;
    if !outcome.differences.is_empty() {
        return Err(outcome.differences.join("; "));
    }
    let Some((question, slice)) = outcome.evidence else { return Ok(None) };
    let findings = decision::find(bundle, &question.request, &slice.entities);
    let environment = environment(&question.request);
    let asked = Asked {
        name: format!("{} ({})", case.name, case.at.short()),
        request: question.request,
        entities: slice.entities,
        findings,
        decision: outcome.decision,
    };
    Ok(environment.map(|environment| (environment, asked)))
}

fn environment(request: &Request) -> Option<RequestEnv> {
    let (principal, action, resource) = (request.principal()?, request.action()?, request.resource()?);
    Some(RequestEnv::new(principal.type_name().clone(), action.clone(), resource.type_name().clone()))
}

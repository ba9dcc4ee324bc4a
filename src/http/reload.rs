//! Reloads: another bundle from the directory that the service was started from.
//!
//! An author has changed a policy and posts to `/v1/bundle/reload`; or the service watches the directory ([`keep`]), or
//! is sent SIGHUP. What comes of it is the same: [`crate::engine::reload`] takes the new bundle or refuses it, the
//! outcome is counted, told in one sentence of the log and kept for `/readyz`, and whoever asked gets all that is wrong
//! ([`answer`]). Nobody sends a bundle: what comes into force lies where the operator has put it (threats T07, T31).

pub mod answer;
pub mod keep;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};
use jiff::Timestamp;
use tokio::{sync::Semaphore, task::spawn_blocking};

use self::answer::{ReloadAnswer, ReloadProblem};
use super::{
    active::Active,
    body,
    callers::{Caller, access::Operation},
    inquiry,
    meters::Reload,
    problem_details::ProblemDetails,
    recording::Pen,
    service::Service,
    trace::Trace,
};
use crate::{
    audit::record::Event,
    bundle::{
        Bundle,
        look::{Look, look},
    },
    engine::reload::{Refused, Reloaded},
    problem::Problem,
};

/// Where a service's bundles come from.
pub struct Reloads {
    dir: PathBuf,
    /// Whether the directory is watched.
    watch: bool,
    /// How it looked before the first bundle was read.
    begun: Look,
    /// One after the other; who waits holds no thread.
    turn: Arc<Semaphore>,
    last: ArcSwapOption<Report>,
}

/// Who wanted a reload.
#[derive(Clone)]
pub enum Trigger {
    /// A caller, by the route.
    Request(Caller),
    /// Files that were saved.
    Watch,
    /// SIGHUP.
    Signal,
}

/// What came of a reload.
pub struct Report {
    /// When it was over.
    pub at: Timestamp,
    /// Digest of the bundle in force since.
    pub in_force: String,
    /// What it brought, or why nothing.
    pub outcome: Result<Done, Refused>,
}

/// What a reload brought.
pub struct Done {
    /// Digest of the bundle that it replaced, if it did.
    pub before: Option<String>,
    /// How many policies are in force.
    pub policies: usize,
    /// How many scenarios were passed; none where nothing was replaced.
    pub scenarios: usize,
    /// Settings that the files have otherwise than the process.
    pub needs_restart: Vec<String>,
}

impl Reloads {
    /// From a directory, watched or not; before its first bundle is read.
    pub fn of(dir: &Path, watch: bool) -> Self {
        // What is named relative to the working directory is meant where that is now.
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        Self { watch, begun: look(&dir), turn: Arc::new(Semaphore::new(1)), last: ArcSwapOption::empty(), dir }
    }

    /// What came of the last reload, if there was one.
    pub fn last(&self) -> Option<Arc<Report>> {
        self.last.load_full()
    }
}

impl Trigger {
    /// Its name in the log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::Watch => "watch",
            Self::Signal => "signal",
        }
    }

    /// Who may not go on under a bundle does not bring it in: nobody could take it back (threat T31).
    fn stays_in(&self, bundle: &Arc<Bundle>) -> Result<(), Problem> {
        let Self::Request(caller) = self else { return Ok(()) };
        if caller.may(Operation::ReloadBundle, bundle, inquiry::now()).unwrap_or(false) {
            return Ok(());
        }
        Err(Problem::new(format!("with this bundle `{}` may not bring in another one", caller.name()))
            .help("nobody could take it back; permit `reloadBundle` to the caller, or restart the service"))
    }
}

impl Report {
    fn new(active: &Active, outcome: Result<Reloaded, Refused>) -> Self {
        let bundle = active.bundle();
        let needs_restart = active.waiting_settings(&bundle);
        let done = |reloaded| match reloaded {
            Reloaded::Replaced { before, now, scenarios } => {
                Done { before: Some(before.digest.clone()), policies: now.policies.len(), scenarios, needs_restart }
            }
            Reloaded::Unchanged(now) => {
                Done { before: None, policies: now.policies.len(), scenarios: 0, needs_restart }
            }
        };
        Self { at: inquiry::now(), in_force: bundle.digest.clone(), outcome: outcome.map(done) }
    }

    /// How it came out.
    pub fn result(&self) -> Reload {
        match &self.outcome {
            Ok(Done { before: Some(_), .. }) => Reload::Replaced,
            Ok(_) => Reload::Unchanged,
            Err(_) => Reload::Refused,
        }
    }

    fn tell(&self, trigger: &Trigger, begun: Instant) {
        let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (by, digest) = (trigger.name(), &*self.in_force);
        match &self.outcome {
            Ok(Done { before: Some(_), policies, scenarios, .. }) => tracing::info!(
                bundle.digest = digest,
                bundle.policies = policies,
                scenarios.passed = scenarios,
                reload.by = by,
                reload.ms = took,
                "another bundle is in force"
            ),
            Ok(_) => tracing::info!(bundle.digest = digest, reload.by = by, "the bundle is in force already"),
            Err(refused) => tracing::warn!(
                bundle.digest = digest,
                reload.problems = answer::count(refused),
                reload.first = answer::first(refused),
                reload.by = by,
                reload.ms = took,
                "the bundle in the directory is refused; the one in force stays there"
            ),
        }
    }
}

/// Reloads where decisions do not wait for it; goes on when whoever wanted it has gone.
///
/// # Errors
/// The service was not started from a directory, or has no bundle yet.
pub async fn run(service: &Arc<Service>, trigger: Trigger, trace: &Trace) -> Result<Arc<Report>, ProblemDetails> {
    service.active()?;
    let reloads = service.reloads.as_ref().ok_or_else(|| {
        let detail = "this service was not started from a bundle's directory";
        ProblemDetails::new("no-directory", StatusCode::CONFLICT, detail)
    })?;
    let turn = reloads.turn.clone().acquire_owned().await;
    let reloading = spawn_blocking({
        let (service, trigger) = (service.clone(), trigger.clone());
        move || {
            let begun = Instant::now();
            let (Ok(active), Some(reloads)) = (service.active(), &service.reloads) else { return None };
            let outcome = active.reload(&reloads.dir, &|bundle| trigger.stays_in(bundle), &service.meters);
            let report = reloads.keep(&service, Report::new(active, outcome), &trigger, begun);
            drop(turn);
            Some(report)
        }
    });
    let report = match reloading.await {
        Ok(Some(report)) => report,
        _ => {
            // A panic, which the hook has told: a bundle that makes the loader fail is none to bring in.
            let failed = Problem::new("the bundle could not be loaded: the loader failed");
            let outcome = Err(Refused::Problems { digest: None, problems: failed.into() });
            reloads.keep(service, Report::new(service.active()?, outcome), &trigger, Instant::now())
        }
    };
    record(service, &trigger, trace, &report).await?;
    Ok(report)
}

/// The bundle stays as the reload left it, whether that could be recorded or not; who asked is told which.
async fn record(service: &Service, trigger: &Trigger, trace: &Trace, report: &Report) -> Result<(), ProblemDetails> {
    let active = service.active()?;
    let caller = match trigger {
        Trigger::Request(caller) => caller,
        Trigger::Watch | Trigger::Signal => &Caller::Anonymous,
    };
    let pen = Pen::new(active.recorder.clone(), &active.dress_of(active.bundle()), None, caller, trace, report.at);
    pen.note(Duration::ZERO, || Event::Reload {
        by: trigger.name(),
        outcome: report.result().name(),
        before: report.outcome.as_ref().ok().and_then(|done| done.before.clone()),
    });
    Ok(pen.settled((Instant::now() + service.settings.deadline()).into()).await?)
}

impl Reloads {
    fn keep(&self, service: &Service, report: Report, trigger: &Trigger, begun: Instant) -> Arc<Report> {
        service.meters.reload(report.result());
        report.tell(trigger, begun);
        let report = Arc::new(report);
        self.last.store(Some(report.clone()));
        report
    }
}

/// Take the bundle from the directory that the service was started from.
///
/// It is parsed, validated, and asked its scenarios, and comes into force between two questions; or it is refused with
/// all that is wrong, and the one in force stays there.
#[utoipa::path(
    post, path = "/v1/bundle/reload", tag = "Operation",
    responses(
        (status = 200, description = "The directory's bundle is in force", body = ReloadAnswer),
        (status = 400, description = "The body is not empty", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 401, description = "No token, or one that is not good", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 403, description = "The roles of the token do not permit this", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 408, description = "The body came too slowly", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 409, description = "The service was not started from a directory", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 413, description = "The body is too large", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 415, description = "The body is encoded; only plain JSON is taken", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 422, description = "The bundle is refused; another one stays in force", body = ReloadProblem, content_type = "application/problem+json"),
        (status = 500, description = "A failure of the service", body = ProblemDetails, content_type = "application/problem+json"),
        (status = 503, description = "No bundle is active, or the facts cannot be read", body = ProblemDetails, content_type = "application/problem+json")
    )
)]
pub async fn reload(
    State(service): State<Arc<Service>>,
    caller: Caller,
    request: Request,
) -> Result<Response, ProblemDetails> {
    let trace = Trace::of(request.headers());
    body::read_nothing(request, &service.settings).await?;
    let report = run(&service, Trigger::Request(caller.clone()), &trace).await?;
    answer::respond(service.active()?, &caller, &report)
}

//! What the service counts, in Prometheus' form.
//!
//! Each service has a recorder of its own, so that several can run in one process. Handles are looked up
//! once and kept: counting a decision is one atomic addition. A series appears with its first event.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use arc_swap::ArcSwap;
use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder as _, Unit};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::{callers::refusal::Reason, router::Route};
use crate::{bundle::Bundle, decision::Code};

const DECISIONS: &str = "mandat_decisions_total";
const FAULTS: &str = "mandat_evaluation_errors_total";
const DECISION_TIME: &str = "mandat_decision_duration_seconds";
const REQUESTS: &str = "mandat_http_requests_total";
const REQUEST_TIME: &str = "mandat_http_request_duration_seconds";
const REFUSED: &str = "mandat_callers_refused_total";
const BUNDLE: &str = "mandat_bundle_info";
const RELOADS: &str = "mandat_bundle_reloads_total";
const RELOAD_REFUSED: &str = "mandat_bundle_reload_refused";

/// Upper bounds in seconds: 1 µs to 1 s, three a decade.
const BUCKETS: [f64; 19] = [
    1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5,
    1.0,
];

/// Statuses that have a counter of their own; any other is counted as `other`.
const STATUSES: [u16; 13] = [200, 400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 500, 503];

/// How many results a decision can have; see [`position`].
const CODES: usize = 5;

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

/// The counters and histograms of one service.
pub struct Meters {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    requests: Vec<[OnceLock<Counter>; STATUSES.len() + 1]>,
    request_time: Vec<Histogram>,
    decision_time: Histogram,
    forbid_faults: Counter,
    permit_faults: Counter,
    refused: [Counter; Reason::ALL.len()],
    reloads: [Counter; Reload::ALL.len()],
    reload_refused: Gauge,
    /// The digest of the bundle in force: one series, not one for each bundle there ever was.
    bundle: ArcSwap<Option<String>>,
}

/// How a reload came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// Another bundle is in force.
    Replaced,
    /// The bundle was in force already.
    Unchanged,
    /// The bundle in force stays there.
    Refused,
}

impl Reload {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Replaced, Self::Unchanged, Self::Refused];

    /// Its name in metrics and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
        }
    }
}

/// The decision counters of one bundle, by action.
pub struct DecisionMeters(HashMap<String, [OnceLock<Counter>; CODES]>);

impl DecisionMeters {
    /// Those of a bundle; two of one bundle count together.
    pub fn of(bundle: &Bundle) -> Self {
        Self(bundle.shapes.actions.keys().map(|action| (action.clone(), Default::default())).collect())
    }
}

impl Meters {
    /// Counters at zero.
    ///
    /// # Errors
    /// The buckets are refused, which would be a bug.
    pub fn new() -> Result<Self, BuildError> {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)?
            .build_recorder();
        describe(&recorder);
        let histogram =
            |route: &Route| recorder.register_histogram(&key(REQUEST_TIME, &[("route", route.path())]), &METADATA);
        let faults = |effect| recorder.register_counter(&key(FAULTS, &[("effect", effect)]), &METADATA);
        let refused =
            |reason: Reason| recorder.register_counter(&key(REFUSED, &[("reason", reason.name())]), &METADATA);
        let reloads =
            |result: Reload| recorder.register_counter(&key(RELOADS, &[("result", result.name())]), &METADATA);
        Ok(Self {
            requests: Route::ALL.iter().map(|_| Default::default()).collect(),
            request_time: Route::ALL.iter().map(histogram).collect(),
            decision_time: recorder.register_histogram(&key(DECISION_TIME, &[]), &METADATA),
            forbid_faults: faults("forbid"),
            permit_faults: faults("permit"),
            refused: Reason::ALL.map(refused),
            reloads: Reload::ALL.map(reloads),
            reload_refused: recorder.register_gauge(&key(RELOAD_REFUSED, &[]), &METADATA),
            bundle: ArcSwap::default(),
            handle: recorder.handle(),
            recorder,
        })
    }

    /// Counts an answered request.
    pub fn request(&self, route: Route, status: u16, took: Duration) {
        let position = STATUSES.iter().position(|known| *known == status).unwrap_or(STATUSES.len());
        let counter = self.requests[route as usize][position].get_or_init(|| {
            let status = if position < STATUSES.len() { status.to_string() } else { "other".to_owned() };
            self.recorder.register_counter(&key(REQUESTS, &[("route", route.path()), ("status", &status)]), &METADATA)
        });
        counter.increment(1);
        self.request_time[route as usize].record(took.as_secs_f64());
    }

    /// Counts a decision.
    pub fn decision(&self, meters: &DecisionMeters, action: &str, code: Code, took: Duration) {
        // A decision is only ever about an action that the bundle knows.
        let Some(counters) = meters.0.get(action) else { return };
        let counter = counters[position(code)].get_or_init(|| {
            self.recorder.register_counter(&key(DECISIONS, &[("action", action), ("result", code.name())]), &METADATA)
        });
        counter.increment(1);
        self.decision_time.record(took.as_secs_f64());
    }

    /// Counts a policy that could not be evaluated.
    pub fn fault(&self, forbid: bool) {
        if forbid { &self.forbid_faults } else { &self.permit_faults }.increment(1);
    }

    /// Counts a caller who was not served.
    pub fn refused(&self, reason: Reason) {
        self.refused[reason as usize].increment(1);
    }

    /// A bundle came into force, in place of another or as the first.
    pub fn in_force(&self, bundle: &Bundle) {
        self.bundle.store(Arc::new(Some(bundle.digest.clone())));
    }

    /// Counts a reload.
    pub fn reload(&self, result: Reload) {
        self.reloads[result as usize].increment(1);
        self.reload_refused.set(if result == Reload::Refused { 1.0 } else { 0.0 });
    }

    /// Everything counted so far, as text.
    pub fn render(&self) -> String {
        let mut text = self.handle.render();
        if let Some(digest) = &**self.bundle.load() {
            text.push_str(&format!(
                "# HELP {BUNDLE} 1 for the bundle in force.\n# TYPE {BUNDLE} gauge\n{BUNDLE}{{digest=\"{digest}\"}} 1\n\n"
            ));
        }
        text
    }

    /// Moves samples into their buckets; without it they would pile up until somebody reads the metrics.
    pub fn tidy(&self) {
        self.handle.run_upkeep();
    }
}

fn position(code: Code) -> usize {
    match code {
        Code::Permitted => 0,
        Code::Forbidden => 1,
        Code::NotPermitted => 2,
        Code::NotApplicable => 3,
        Code::EvaluationError => 4,
    }
}

fn key(name: &'static str, labels: &[(&'static str, &str)]) -> Key {
    let labels: Vec<Label> = labels.iter().map(|(name, value)| Label::new(*name, (*value).to_owned())).collect();
    Key::from_parts(name, labels)
}

fn describe(recorder: &PrometheusRecorder) {
    recorder.describe_counter(
        DECISIONS.into(),
        None,
        "Decisions by action and result; only `permitted` is an Allow.".into(),
    );
    recorder.describe_counter(
        FAULTS.into(),
        None,
        "Policies that could not be evaluated, by effect; a forbid denies then.".into(),
    );
    recorder.describe_histogram(
        DECISION_TIME.into(),
        Some(Unit::Seconds),
        "From a request's parts to its decision.".into(),
    );
    recorder.describe_counter(REFUSED.into(), None, "Callers who were not served, by reason.".into());
    recorder.describe_counter(REQUESTS.into(), None, "HTTP requests by route and status.".into());
    recorder.describe_histogram(
        REQUEST_TIME.into(),
        Some(Unit::Seconds),
        "From a request's head to its answer, by route.".into(),
    );
    recorder.describe_counter(RELOADS.into(), None, "Reloads of the bundle, by result.".into());
    recorder.describe_gauge(
        RELOAD_REFUSED.into(),
        None,
        "1 while what lies in the bundle's directory is refused and another bundle is in force.".into(),
    );
}

//! `mandat report decisions`: what was decided in a period, from the log's records.

use jiff::Timestamp;

use super::{Failed, Shared};
use crate::{
    analysis::{
        replay::unmask::{Identify, unmask},
        report::{
            Report,
            decisions::{Again, Asked, Miss, Period, Tally},
        },
    },
    bundle::Bundle,
    cli::{
        input::FactsPlace,
        log::{self, Log},
    },
    decision::Refusal,
    engine::Moment,
    http::wire,
    problem::Problem,
    request::{Circumstances, Invalid},
};

/// Arguments of `mandat report decisions`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    pub(super) shared: Shared,
    /// The log: its place as `mandat audit --log` takes it, a file of records, one a line, or a directory of `*.jsonl` files;
    /// that of the store's service if left out.
    #[arg(long, value_name = "PLACE", env = "MANDAT_AUDIT", hide_env_values = true)]
    log: Option<String>,
    /// The first moment of the period.
    #[arg(long, value_name = "TIME")]
    from: Option<Timestamp>,
    /// The first moment after the period.
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    #[command(flatten)]
    facts: FactsPlace,
}

/// Counts the records, and asks denials again where facts are given.
pub(super) fn report(arguments: &Arguments) -> Result<Report, Failed> {
    let bundle = arguments.shared.load()?;
    let mut occasion = arguments.shared.occasion(&bundle, None);
    let mut tally = Tally::new(Period { from: arguments.from, until: arguments.until });
    let Log { mut source, identities } = Log::open(&arguments.place(&bundle)?)?;
    let mut piece = Vec::new();
    while source.next(&mut piece)?.is_some() {
        for line in piece.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
            tally.add(serde_json::from_slice(line).map_err(|_| "it is no JSON".to_owned()));
        }
    }
    if arguments.facts.is_given() {
        let engine = arguments.facts.engine(bundle)?;
        let moment = engine.moment().map_err(|error| Failed::Failure(Problem::new(error.to_string())))?;
        occasion.facts = Some(arguments.facts.told(moment.revision()));
        let bundle = engine.bundle();
        let identify = |pseudonym: &str| identities.as_ref()?.identify(pseudonym);
        tally.again(|asked| again(&bundle, &moment, &identify, asked));
    }
    Ok(tally.report(&occasion))
}

impl Arguments {
    fn place(&self, bundle: &Bundle) -> Result<String, Problem> {
        match self.log.clone().filter(|log| log != "store") {
            Some(log) => Ok(log),
            None => Ok(log::place_of(&bundle.settings, self.facts.named_store())?.log),
        }
    }
}

/// Asks a denied question again, with its persons turned back. Of a question that cannot be asked only the field is told: what
/// is wrong with it may name a person.
fn again(bundle: &Bundle, moment: &Moment, identify: &Identify, asked: &Asked) -> Again {
    let mut request = match wire::evaluation(asked.question.clone()).and_then(wire::request) {
        Ok(request) => request,
        Err(invalid) => return Again::Unasked(wrong(&invalid)),
    };
    if let Err(gone) = unmask(bundle, &mut request, &asked.masked, &asked.dropped, identify) {
        return Again::LeftOut(gone);
    }
    // The record's own time is the one that policies saw.
    let circumstances = Circumstances { now: asked.at, trust_caller_clock: true };
    match moment.decide(&request, &circumstances) {
        Err(Refusal::Invalid(invalid)) => Again::Unasked(wrong(&invalid)),
        Err(refusal) => Again::Unasked(refusal.to_string()),
        Ok(answer) if answer.decision.allowed() => Again::Allowed,
        Ok(answer) => Again::Denied(answer.explain().near_misses.first().map(|near| Miss {
            action: request.action.clone(),
            policy: near.policy.id.to_string(),
            at: near.policy.at.short(),
            clauses: near.missing.iter().map(|missing| &*missing.clause).collect::<Vec<_>>().join(" and "),
        })),
    }
}

fn wrong(invalid: &Invalid) -> String {
    format!("`{}` does not fit any more", invalid.field)
}

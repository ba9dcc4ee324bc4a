//! `mandat report tariffs`: what the tariffs say, when it applies, and what of it is sourced.

use std::path::{Path, PathBuf};

use super::{Failed, Shared};
use crate::{
    analysis::report::{
        Report,
        tariffs::{Priced, Told},
    },
    bundle::Bundle,
    cli::input::{self, FactsPlace},
    engine::quote::Quote,
    http::{inquiry::no_quote, wire::order},
    problem::Problem,
    request::Circumstances,
};

/// Arguments of `mandat report tariffs`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    pub(super) shared: Shared,
    /// An order, as `mandat quote` takes it, whose price is shown step by step; may be given several times.
    #[arg(long, value_name = "ORDER.json")]
    order: Vec<PathBuf>,
    #[command(flatten)]
    facts: FactsPlace,
}

/// Reads the tariffs out of the bundle, and prices the orders.
pub(super) fn report(arguments: &Arguments) -> Result<Report, Failed> {
    let bundle = arguments.shared.load()?;
    let told = Told::of(&bundle.tariffs, arguments.shared.at());
    let occasion = arguments.shared.occasion(&bundle, None);
    let priced = if arguments.order.is_empty() { Vec::new() } else { prices(arguments, bundle)? };
    Ok(told.report(&occasion, &priced))
}

fn prices(arguments: &Arguments, bundle: Bundle) -> Result<Vec<Priced>, Failed> {
    let engine = arguments.facts.engine(bundle)?;
    let moment = engine.moment().map_err(|error| Failed::Failure(Problem::new(error.to_string())))?;
    let at = arguments.shared.at();
    let mut priced = Vec::new();
    for path in &arguments.order {
        let named = |reason: String| Problem::new(format!("the order `{}`: {reason}", path.display()));
        let asked = order::order(input::body(path, "order")?, at).map_err(|rejected| named(rejected.to_string()))?;
        let circumstances = Circumstances { now: at, trust_caller_clock: false };
        let Quote { price, .. } =
            moment.quote(&asked.order, &circumstances).map_err(|reason| named(no_quote(reason).detail))?;
        let price = price.ok_or_else(|| named("it is denied, so it has no price".to_owned()))?;
        for (line, receipt) in asked.order.lines.iter().zip(&price.receipts) {
            let number = priced.len() + 1;
            priced.extend(Priced::of(number, &name(path), line, &asked.order.currency, receipt));
        }
    }
    Ok(priced)
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

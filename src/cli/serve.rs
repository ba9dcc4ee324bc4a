//! `mandat serve`: answer over HTTP.
//!
//! The service listens first and loads then, so that an orchestrator can watch it become ready; until a
//! bundle is active it answers 503. A bundle or facts with a mistake end the command.

use std::{
    net::{SocketAddr, ToSocketAddrs as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use axum::http::Uri;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use super::{
    Exit,
    facts::import,
    input::{self, FactsPlace},
    output,
};
use crate::{
    bundle::{
        Bundle,
        files::{self, Files},
    },
    config::{ServerSettings, Settings},
    engine::Engine,
    http::{self, Service},
    problem::{Problem, Problems},
    telemetry,
};

/// Arguments of `mandat serve`.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// The bundle's directory.
    #[arg(long, value_name = "DIR", env = "MANDAT_BUNDLE", default_value = ".")]
    bundle: PathBuf,
    #[command(flatten)]
    facts: FactsPlace,
    /// Facts to begin with, in Cedar's entity JSON: imported where the store is empty.
    #[arg(long, value_name = "FILE", env = "MANDAT_SEED", conflicts_with = "facts")]
    seed: Option<PathBuf>,
    /// Address and port to listen on; overrides `[server] listen` of `mandat.toml`. Port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", env = "MANDAT_LISTEN")]
    listen: Option<String>,
    /// Base URL under which callers reach the service; overrides `[server] public_url` of `mandat.toml`.
    #[arg(long, value_name = "URL", env = "MANDAT_PUBLIC_URL")]
    public_url: Option<String>,
    /// Take `context.now` from requests instead of refusing it.
    #[arg(long, env = "MANDAT_TRUST_CALLER_CLOCK")]
    trust_caller_clock: bool,
    /// Listen on other addresses than loopback although callers are not authenticated.
    #[arg(long, env = "MANDAT_INSECURE")]
    insecure: bool,
    /// The form of the log.
    #[arg(long, value_name = "FORM", env = "MANDAT_LOG", default_value = "text")]
    log: telemetry::Format,
    /// How much is logged, such as `warn` or `mandat=debug`.
    #[arg(long, value_name = "FILTER", env = "MANDAT_LOG_FILTER", default_value = "info")]
    log_filter: String,
}

/// Serves until the process is told to stop.
pub fn run(arguments: ServeArgs) -> Exit {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(Problem::new(format!("cannot start: {error}"))),
    };
    let exit = match prepare(&arguments) {
        Ok((files, settings, address)) => runtime.block_on(serve(arguments, files, settings, address)),
        Err(problems) => invalid(&problems),
    };
    // A bundle that is still loading when the process is told to stop is nobody's concern any more.
    runtime.shutdown_background();
    exit
}

/// Everything that can be wrong before the service listens.
fn prepare(arguments: &ServeArgs) -> Result<(Files, ServerSettings, SocketAddr), Problems> {
    telemetry::init(arguments.log, &arguments.log_filter)
        .map_err(|error| Problem::new(format!("the log cannot be set up: {error}")))?;
    let files = files::read(&arguments.bundle)?;
    let mut settings = files.settings.as_ref().map(Settings::parse).transpose()?.unwrap_or_default().server;
    if let Some(listen) = &arguments.listen {
        settings.listen.clone_from(listen);
    }
    settings.public_url = arguments.public_url.clone().or(settings.public_url);
    check_public_url(settings.public_url.as_deref())?;
    let address = address(&settings.listen, arguments.insecure)?;
    Ok((files, settings, address))
}

async fn serve(arguments: ServeArgs, files: Files, settings: ServerSettings, address: SocketAddr) -> Exit {
    let (listener, service) = match listen(settings, address, arguments.trust_caller_clock).await {
        Ok(listening) => listening,
        Err(problem) => return failed(problem),
    };
    if !address.ip().is_loopback() {
        tracing::warn!("callers are not authenticated: whoever reaches this address may ask anything");
    }
    let address = listener.local_addr().unwrap_or(address);
    let loading = tokio::task::spawn_blocking(move || load(files, &arguments.facts, arguments.seed.as_deref()));
    let mut serving = std::pin::pin!(http::serve(listener, service.clone(), told_to_stop()));
    let loaded = tokio::select! {
        loaded = loading => loaded,
        () = &mut serving => return Exit::Success,
    };
    let engine = match loaded {
        Ok(Ok(engine)) => engine,
        Ok(Err(problems)) => return invalid(&problems),
        Err(error) => return failed(Problem::new(format!("loading failed: {error}"))),
    };
    if let Err(error) = service.activate(engine) {
        return failed(Problem::new(error.to_string()));
    }
    // The one sentence with a value in it: people and scripts look for the address.
    tracing::info!("mandat listens on http://{address}");
    serving.await;
    Exit::Success
}

async fn listen(
    settings: ServerSettings,
    address: SocketAddr,
    trust_caller_clock: bool,
) -> Result<(TcpListener, Arc<Service>), Problem> {
    let cannot = |error: std::io::Error| Problem::new(format!("cannot listen on `{address}`: {error}"));
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    let base = match &settings.public_url {
        Some(url) => url.clone(),
        None => format!("http://{}", listener.local_addr().map_err(cannot)?),
    };
    let service = Service::new(settings, &base, trust_caller_clock)
        .map_err(|error| Problem::new(format!("metrics cannot be set up: {error}")))?;
    Ok((listener, Arc::new(service)))
}

fn load(files: Files, facts: &FactsPlace, seed: Option<&Path>) -> Result<Engine, Problems> {
    let bundle = Bundle::from_files(files)?;
    let Some(place) = facts.store_or(&bundle.settings.store).map(str::to_owned) else { return facts.engine(bundle) };
    let engine = input::stored_engine(bundle, &place)?;
    if let Some(file) = seed {
        import::seed(&engine, file)?;
    }
    Ok(engine)
}

/// The address to listen on; anything but loopback only where that is asked for.
fn address(listen: &str, insecure: bool) -> Result<SocketAddr, Problem> {
    let addresses = listen.to_socket_addrs().map_err(|error| {
        Problem::new(format!("`{listen}` is no address to listen on: {error}"))
            .help("write an address and a port, such as `127.0.0.1:8180`")
    })?;
    let addresses: Vec<SocketAddr> = addresses.collect();
    let open = addresses.iter().find(|address| !address.ip().is_loopback());
    match (open, addresses.first()) {
        (Some(_), _) if !insecure => Err(Problem::new(format!(
            "`{listen}` can be reached from other machines, and callers are not authenticated"
        ))
        .help("listen on `127.0.0.1`, or say `--insecure` if only trusted callers reach the port")),
        (_, Some(address)) => Ok(*address),
        (_, None) => Err(Problem::new(format!("`{listen}` names no address to listen on"))),
    }
}

fn check_public_url(url: Option<&str>) -> Result<(), Problem> {
    let Some(url) = url else { return Ok(()) };
    let fits = |uri: &Uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some() && uri.query().is_none()
    };
    match url.parse::<Uri>() {
        Ok(uri) if fits(&uri) && !url.contains('#') => Ok(()),
        _ => Err(Problem::new(format!("`public_url` cannot be `{url}`"))
            .help("write `https://` and a host, with no query and no fragment")),
    }
}

/// Resolves when the process is asked to end, by a service manager or at the keyboard.
async fn told_to_stop() {
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(mut terminate), Ok(mut interrupt)) => tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        },
        _ => {
            tracing::warn!("signals cannot be heard; the service ends with its process only");
            std::future::pending().await
        }
    }
}

fn invalid(problems: &Problems) -> Exit {
    output::problems(problems, false);
    Exit::Invalid
}

fn failed(problem: Problem) -> Exit {
    output::problems(&problem.into(), false);
    Exit::Failure
}

//! `mandat serve`: answer over HTTP.
//!
//! The service listens first and loads then, so that an orchestrator can watch it become ready; until a
//! bundle is active it answers 503. A bundle or facts with a mistake end the command, and so does an address that
//! others reach without what protects it ([`exposure`]). With `--watch` the bundle is taken up again when its files are
//! saved.

pub mod exposure;
mod recording;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use axum::http::Uri;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use self::{exposure::Exposure, recording::Recording};
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
    http::{self, Service, reload::Reloads, tls::Tls},
    problem::{Problem, Problems},
    telemetry,
};

/// Arguments of `mandat serve`.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// The bundle's directory.
    #[arg(long, value_name = "DIR", env = "MANDAT_BUNDLE", default_value = ".")]
    bundle: PathBuf,
    /// Take up the bundle again when its files are saved; a broken one is refused, and the old one goes on.
    #[arg(long, env = "MANDAT_WATCH")]
    watch: bool,
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
    /// PEM file with the service's certificate and its issuers; overrides `[server] tls_cert` of `mandat.toml`.
    #[arg(long, value_name = "FILE", env = "MANDAT_TLS_CERT")]
    tls_cert: Option<PathBuf>,
    /// PEM file with the certificate's private key; overrides `[server] tls_key` of `mandat.toml`.
    #[arg(long, value_name = "FILE", env = "MANDAT_TLS_KEY")]
    tls_key: Option<PathBuf>,
    /// Listen on other addresses than loopback without TLS, behind a proxy that has it; on facts from a file, without
    /// knowing callers either.
    #[arg(long, env = "MANDAT_INSECURE")]
    insecure: bool,
    #[command(flatten)]
    recording: recording::Arguments,
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
        Ok(prepared) => runtime.block_on(serve(arguments, prepared)),
        Err(problems) => invalid(&problems),
    };
    // A bundle that is still loading when the process is told to stop is nobody's concern any more.
    runtime.shutdown_background();
    exit
}

/// What a service is started from.
struct Prepared {
    reloads: Reloads,
    files: Files,
    settings: ServerSettings,
    exposure: Exposure,
    tls: Option<Tls>,
}

/// Everything that can be wrong before the service listens.
fn prepare(arguments: &ServeArgs) -> Result<Prepared, Problems> {
    telemetry::init(arguments.log, &arguments.log_filter)
        .map_err(|error| Problem::new(format!("the log cannot be set up: {error}")))?;
    let reloads = Reloads::of(&arguments.bundle, arguments.watch);
    let files = files::read(&arguments.bundle)?;
    let mut settings = files.settings.as_ref().map(Settings::parse).transpose()?.unwrap_or_default().server;
    if let Some(listen) = &arguments.listen {
        settings.listen.clone_from(listen);
    }
    settings.public_url = arguments.public_url.clone().or(settings.public_url);
    check_public_url(settings.public_url.as_deref())?;
    let tls = exposure::certificates(
        arguments.tls_cert.clone().or_else(|| settings.tls_cert.as_ref().map(|path| arguments.bundle.join(path))),
        arguments.tls_key.clone().or_else(|| settings.tls_key.as_ref().map(|path| arguments.bundle.join(path))),
    )?;
    let exposure = Exposure::new(&settings.listen, tls.is_some(), arguments.insecure)?;
    Ok(Prepared { reloads, files, settings, exposure, tls })
}

async fn serve(arguments: ServeArgs, prepared: Prepared) -> Exit {
    let Prepared { reloads, files, settings, exposure, tls } = prepared;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let (listener, service) = match listen(settings, exposure.address, tls, arguments.trust_caller_clock).await {
        Ok((listener, service)) => (listener, Arc::new(service.reloading(reloads))),
        Err(problem) => return failed(problem),
    };
    let address = listener.local_addr().unwrap_or(exposure.address);
    let loading = tokio::task::spawn_blocking(move || load(files, &arguments));
    let mut serving = std::pin::pin!(http::serve(listener, service.clone(), told_to_stop()));
    let loaded = tokio::select! {
        loaded = loading => loaded,
        () = &mut serving => return Exit::Success,
    };
    let (engine, recording) = match loaded {
        Ok(Ok(engine)) => engine,
        Ok(Err(problems)) => return invalid(&problems),
        Err(error) => return failed(Problem::new(format!("loading failed: {error}"))),
    };
    if let Err(problem) = exposure.check(&engine) {
        return invalid(&problem.into());
    }
    if let Err(error) = service.activate_with(engine, recording.recorder.clone()) {
        return failed(Problem::new(error.to_string()));
    }
    // The one sentence with a value in it: people and scripts look for the address.
    tracing::info!("mandat listens on {scheme}://{address}");
    recording.tell();
    serving.await;
    if let Some(recorder) = recording.recorder {
        // What was answered is recorded; in the mode `available` it may still wait.
        let _ = tokio::task::spawn_blocking(move || recorder.close()).await;
    }
    Exit::Success
}

async fn listen(
    settings: ServerSettings,
    address: SocketAddr,
    tls: Option<Tls>,
    trust_caller_clock: bool,
) -> Result<(TcpListener, Service), Problem> {
    let cannot = |error: std::io::Error| Problem::new(format!("cannot listen on `{address}`: {error}"));
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    let base = match &settings.public_url {
        Some(url) => url.clone(),
        None => {
            let scheme = if tls.is_some() { "https" } else { "http" };
            format!("{scheme}://{}", listener.local_addr().map_err(cannot)?)
        }
    };
    let service = Service::new(settings, &base, trust_caller_clock)
        .map_err(|error| Problem::new(format!("metrics cannot be set up: {error}")))?;
    let service = match tls {
        Some(tls) => service.over_tls(tls),
        None => service,
    };
    Ok((listener, service))
}

fn load(files: Files, arguments: &ServeArgs) -> Result<(Engine, Recording), Problems> {
    let bundle = Bundle::from_files(files)?;
    let settings = bundle.settings.audit.clone();
    let place = arguments.facts.store_or(&bundle.settings.store).map(str::to_owned);
    let engine = match &place {
        Some(place) => input::stored_engine(bundle, place)?,
        None => arguments.facts.engine(bundle)?,
    };
    if let Some(file) = &arguments.seed {
        import::seed(&engine, file)?;
    }
    Ok((engine, arguments.recording.start(settings, place.as_deref())?))
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

//! Where PostgreSQL is, and how it is spoken to: the URL, TLS, and what every connection is set to.
//!
//! `sslmode=require` means here what libpq calls `verify-full`: the server's certificate is checked against the
//! roots in `sslrootcert=FILE`, and so is its name. Without roots nothing could be checked, so `require` is
//! refused and `prefer` stays without TLS: a connection that is encrypted for nobody in particular only looks safe.

use std::time::Duration;

use tokio_postgres::{
    Config,
    config::{Host, SslMode, TargetSessionAttrs},
};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use super::Failed;

/// Longest wait for a connection, to each host of the URL.
const CONNECT: Duration = Duration::from_secs(5);
/// A connection whose peer has vanished without a word is given up after this long.
const SILENCE: Duration = Duration::from_secs(10);

/// Every statement finds what it names by an index, and walks in that index's order. The planner goes by statistics,
/// which an import outruns by a million rows; so it is told, or it would read and sort whole tables until they are
/// analyzed.
const SETTINGS: &str = "-c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off \
                        -c enable_mergejoin=off -c jit=off \
                        -c default_transaction_isolation=read\\ committed";

/// A PostgreSQL database.
pub(crate) struct Address {
    /// How to connect, credentials included.
    pub(crate) config: Config,
    /// The TLS side of it.
    pub(crate) tls: MakeRustlsConnect,
    /// What it is called in messages; no credentials.
    pub(crate) name: String,
}

impl Address {
    /// Reads a URL. Messages never repeat any of it: a misplaced character may make a password look like a parameter.
    pub(crate) fn parse(url: &str, answer: Duration) -> Result<Self, Failed> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(unreadable());
        }
        let (url, roots) = without_roots(url)?;
        let mut config: Config = url.parse().map_err(|_| unreadable())?;
        let tls = secure(&mut config, roots.as_deref())?;
        let own = config.get_options().map(|options| format!("{options} ")).unwrap_or_default();
        config.options(format!("{own}{SETTINGS} -c statement_timeout={}", answer.as_millis()));
        config.connect_timeout(CONNECT).tcp_user_timeout(SILENCE).keepalives_idle(SILENCE);
        if config.get_application_name().is_none() {
            config.application_name("mandat");
        }
        if config.get_hosts().len() > 1 {
            // Of several hosts the one that can be written to: the others are standbys, and their reads are stale.
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        let name = name(&config);
        Ok(Self { config, tls, name })
    }

    /// The same with more settings for every connection, such as `-c jit=on`.
    pub(crate) fn with_settings(mut self, settings: &str) -> Self {
        let own = self.config.get_options().unwrap_or_default();
        let all = format!("{own} {settings}");
        self.config.options(all);
        self
    }
}

fn unreadable() -> Failed {
    Failed(
        "the address of PostgreSQL is none; write `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`, what is special in \
         a password as `%XX`, and after a `?` only libpq's parameters (`sslmode`: disable, prefer or require)"
            .to_owned(),
    )
}

/// Takes `sslrootcert` out of a URL, and writes `verify-full` as the `require` that means the same here.
fn without_roots(url: &str) -> Result<(String, Option<String>), Failed> {
    let Some((base, query)) = url.split_once('?') else { return Ok((url.to_owned(), None)) };
    let mut roots = None;
    let mut kept = Vec::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        match parameter.split_once('=') {
            Some(("sslrootcert", file)) => roots = Some(decoded(file).ok_or_else(unreadable)?),
            Some(("sslmode", "verify-full")) => kept.push("sslmode=require"),
            _ => kept.push(parameter),
        }
    }
    let url = if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) };
    Ok((url, roots))
}

/// `%2F` is `/`.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'%' {
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &rest[2..];
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn secure(config: &mut Config, roots: Option<&str>) -> Result<MakeRustlsConnect, Failed> {
    let mut store = RootCertStore::empty();
    match roots {
        Some(file) => read_roots(file, &mut store)?,
        None if config.get_ssl_mode() == SslMode::Require => {
            return Err(Failed(
                "`sslmode=require` needs root certificates to check PostgreSQL's against; name a PEM file by \
                 `sslrootcert=FILE` in the URL"
                    .to_owned(),
            ));
        }
        None => {
            config.ssl_mode(SslMode::Disable);
        }
    }
    let tls = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .map_err(|error| Failed(format!("TLS to PostgreSQL cannot be set up: {error}")))?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(tls))
}

fn read_roots(file: &str, store: &mut RootCertStore) -> Result<(), Failed> {
    let unusable = |reason: String| Failed(format!("the root certificates in `{file}` cannot be used: {reason}"));
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| unusable(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        store.add(certificate).map_err(|error| unusable(error.to_string()))?;
    }
    if store.is_empty() {
        return Err(unusable("there are none in it".to_owned()));
    }
    Ok(())
}

fn name(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let database = config.get_dbname().or(config.get_user()).unwrap_or("");
    format!("PostgreSQL at {host}:{port}/{database}")
}

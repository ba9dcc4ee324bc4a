//! Who reaches the service, and what must protect it then (threat T01).
//!
//! On a loopback address only programs of this machine reach it. On any other, callers must be known by their tokens,
//! and tokens must not travel in the clear: without either the service does not start. `--insecure` is for a proxy
//! that has TLS in front, and for a trial on facts from a file, which have no tokens.

use std::{
    net::{SocketAddr, ToSocketAddrs as _},
    path::PathBuf,
};

use crate::{
    engine::Engine,
    http::tls::Tls,
    problem::{Problem, Problems},
};

/// The address that a service listens on, and what protects it.
pub struct Exposure {
    /// The address.
    pub address: SocketAddr,
    listen: String,
    open: bool,
    encrypted: bool,
    insecure: bool,
}

impl Exposure {
    /// The address that a setting names.
    ///
    /// # Errors
    /// It names none.
    pub fn new(listen: &str, encrypted: bool, insecure: bool) -> Result<Self, Problem> {
        let addresses = listen.to_socket_addrs().map_err(|error| {
            Problem::new(format!("`{listen}` is no address to listen on: {error}"))
                .help("write an address and a port, such as `127.0.0.1:8180`")
        })?;
        let addresses: Vec<SocketAddr> = addresses.collect();
        let open = addresses.iter().any(|address| !address.ip().is_loopback());
        let address =
            *addresses.first().ok_or_else(|| Problem::new(format!("`{listen}` names no address to listen on")))?;
        if open && !encrypted && !insecure {
            return Err(Problem::new(format!("`{listen}` can be reached from other machines, and without TLS all can be read on the way"))
                .help(
                    "listen on `127.0.0.1`, or give `--tls-cert` and `--tls-key` and make tokens for callers with `mandat token new`; \
                     `--insecure` if a proxy in front has TLS",
                ));
        }
        Ok(Self { address, listen: listen.to_owned(), open, encrypted, insecure })
    }

    /// Whether callers from other machines will be known.
    ///
    /// # Errors
    /// They would not.
    pub fn check(&self, engine: &Engine) -> Result<(), Problem> {
        if !self.open {
            return Ok(());
        }
        let Some(store) = engine.facts().store() else {
            if self.insecure {
                tracing::warn!("callers are not authenticated: whoever reaches this address may ask anything");
                return Ok(());
            }
            return Err(Problem::new(format!(
                "`{}` can be reached from other machines, and facts from a file have no tokens by which callers are known",
                self.listen
            ))
            .help("keep the facts in a store, or listen on `127.0.0.1`"));
        };
        let tokens = store.tokens().map_err(|error| Problem::new(error.to_string()))?;
        if tokens.is_empty() {
            return Err(Problem::new(format!(
                "`{}` can be reached from other machines, and no caller has a token",
                self.listen
            ))
            .help("make one with `mandat token new --role enforcer`, or listen on `127.0.0.1`"));
        }
        if !self.encrypted {
            tracing::warn!("connections are not encrypted: only a proxy that has TLS should reach this address");
        }
        Ok(())
    }
}

/// Certificates and key, where they are named.
///
/// # Errors
/// One is named without the other, or they cannot be used.
pub fn certificates(certificates: Option<PathBuf>, key: Option<PathBuf>) -> Result<Option<Tls>, Problems> {
    match (certificates, key) {
        (Some(certificates), Some(key)) => Ok(Some(Tls::read(&certificates, &key)?)),
        (None, None) => Ok(None),
        _ => Err(Problem::new("TLS needs a certificate and its key, and only one of them is named")
            .help("give both `tls_cert` and `tls_key`, or neither")
            .into()),
    }
}

//! TLS from certificate files, which can be renewed under a running service.
//!
//! Whoever renews certificates writes files; nobody should have to restart anything for it. So the files are looked
//! at now and then, and on SIGHUP. A new pair that cannot be used, perhaps because its second half is not written
//! yet, leaves the old one in force until the files change again.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwap;
use tokio::{
    net::TcpStream,
    signal::unix::{Signal, SignalKind, signal},
    time,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
    server::TlsStream,
};

use crate::problem::{Problem, describe};

/// How often the files are looked at.
const TURN: Duration = Duration::from_secs(1);
/// What others than its owner may do with a key's file: its group may read it.
const FORBIDDEN_MODE: u32 = 0o037;

/// Certificates in force, and where they come from.
pub struct Tls {
    certificates: PathBuf,
    key: PathBuf,
    in_force: ArcSwap<ServerConfig>,
    seen: Mutex<Seen>,
}

/// By what one sees that files have changed: when each was written, and its size.
type Seen = [Option<(SystemTime, u64)>; 2];

impl Tls {
    /// Reads a chain of certificates, the service's own first, and its key, both as PEM.
    ///
    /// # Errors
    /// A file cannot be read, holds nothing of the kind, does not go with the other, or others can read the key.
    pub fn read(certificates: &Path, key: &Path) -> Result<Self, Problem> {
        let seen = Mutex::new(seen(certificates, key));
        let in_force = ArcSwap::from_pointee(configuration(certificates, key)?);
        Ok(Self { certificates: certificates.to_owned(), key: key.to_owned(), in_force, seen })
    }

    /// Shakes hands.
    ///
    /// # Errors
    /// The other side speaks no TLS of ours, or goes away.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        TlsAcceptor::from(self.in_force.load_full()).accept(stream).await
    }

    /// Takes new certificates where the files have changed. Blocks.
    pub fn renew_if_changed(&self) {
        let now = seen(&self.certificates, &self.key);
        if std::mem::replace(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner), now) != now {
            self.renew();
        }
    }

    /// Takes the certificates that the files hold now, if they can be used. Blocks.
    pub fn renew(&self) {
        match configuration(&self.certificates, &self.key) {
            Ok(configuration) => {
                self.in_force.store(Arc::new(configuration));
                tracing::info!("new certificates are in force");
            }
            Err(problem) => tracing::warn!(
                tls.problem = problem.message(),
                "the new certificates cannot be used; the old ones stay in force"
            ),
        }
    }
}

/// Keeps the certificates up to date for as long as the service runs.
pub async fn keep(tls: Option<Arc<Tls>>) {
    let Some(tls) = tls else { return };
    let mut hangup = signal(SignalKind::hangup()).ok();
    let mut turns = time::interval(TURN);
    turns.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    loop {
        let told = tokio::select! {
            _ = turns.tick() => false,
            () = hung_up(&mut hangup) => true,
        };
        let tls = tls.clone();
        let renewing = move || if told { tls.renew() } else { tls.renew_if_changed() };
        // A panic in there is told by the hook; the old certificates stay.
        let _ = tokio::task::spawn_blocking(renewing).await;
    }
}

/// Resolves when the process is told to look at its files again.
async fn hung_up(hangup: &mut Option<Signal>) {
    match hangup {
        Some(hangup) => {
            hangup.recv().await;
        }
        None => std::future::pending().await,
    }
}

fn seen(certificates: &Path, key: &Path) -> Seen {
    let seen = |path| fs::metadata(path).ok().and_then(|file| Some((file.modified().ok()?, file.len())));
    [seen(certificates), seen(key)]
}

fn configuration(certificates: &Path, key: &Path) -> Result<ServerConfig, Problem> {
    let chain = read_certificates(certificates)?;
    let key_file = key;
    let key = read_key(key_file)?;
    let unusable = |error: &dyn std::error::Error| {
        Problem::new(format!(
            "the certificate `{}` and the key `{}` cannot be used: {}",
            certificates.display(),
            key_file.display(),
            describe(error)
        ))
    };
    let mut configuration = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| unusable(&error).help("name the key that the first certificate was made for"))?;
    configuration.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(configuration)
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let cannot = |reason: &dyn std::fmt::Display| {
        Problem::new(format!("cannot read the certificates `{}`: {reason}", path.display()))
            .help("name a PEM file with the service's certificate first and its issuers after it")
    };
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|error| cannot(&error));
    let chain = chain?;
    if chain.is_empty() { Err(cannot(&"there is no certificate in it")) } else { Ok(chain) }
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, Problem> {
    let cannot = |reason: &dyn std::fmt::Display| {
        Problem::new(format!("cannot read the key `{}`: {reason}", path.display()))
            .help("name a PEM file with the private key of the certificate")
    };
    let mode = fs::metadata(path).map_err(|error| cannot(&error))?.permissions().mode();
    if mode & FORBIDDEN_MODE != 0 {
        return Err(Problem::new(format!("others can read or change the key `{}`", path.display()))
            .help("take their rights away: `chmod 640` or less"));
    }
    PrivateKeyDer::from_pem_file(path).map_err(|error| cannot(&error))
}

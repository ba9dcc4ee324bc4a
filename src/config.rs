//! Settings: what `mandat.toml` in the bundle's directory says, and what holds when it says nothing.
//!
//! Each setting has a default that is safe on a developer's machine. A flag or a `MANDAT_…` variable
//! overrides the server's settings on the command line; what decides (`policies`, `facts`) can only be
//! changed in the file, so that it is part of the bundle's digest.

pub mod audit;

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;
use toml::Spanned;

use self::audit::AuditSettings;
use crate::problem::{Problem, Problems, Source};

/// Everything `mandat.toml` may say.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How policies are validated.
    pub policies: PolicySettings,
    /// How facts and what callers say of them meet.
    pub facts: FactSettings,
    /// Where the terms of an order stand in the facts; without it, callers state them.
    pub quotes: Option<Spanned<QuoteSettings>>,
    /// Where facts last, and how they are kept near.
    pub store: StoreSettings,
    /// Where decisions are recorded, and what of them.
    pub audit: AuditSettings,
    /// How the service listens and what it accepts.
    pub server: ServerSettings,
}

/// `[policies]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicySettings {
    /// How many references deep a policy may look, 0 to 16; facts are loaded in as many rounds.
    #[serde(deserialize_with = "level")]
    pub level: u32,
}

impl Default for PolicySettings {
    fn default() -> Self {
        Self { level: 4 }
    }
}

/// `[facts]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FactSettings {
    /// What becomes of the properties that a caller sends.
    pub caller_properties: CallerProperties,
}

/// `[store]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSettings {
    /// The path of a file. A database's URL holds a password and comes from `--store` or `MANDAT_STORE`.
    pub place: String,
    /// Memory for entities that were asked for before, in megabytes, roughly.
    pub cache_mb: u64,
    /// How often the store is looked at for commits of other processes, in milliseconds.
    pub poll_ms: u64,
    /// Answers are given for so long, in milliseconds, while the store cannot be looked at.
    pub max_staleness_ms: u64,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self { place: "mandat.db".to_owned(), cache_mb: 256, poll_ms: 100, max_staleness_ms: 5_000 }
    }
}

impl StoreSettings {
    /// Names of the settings that others have otherwise.
    pub fn differing(&self, other: &Self) -> Vec<&'static str> {
        // Taken apart, so that no setting can be forgotten here.
        let Self { place, cache_mb, poll_ms, max_staleness_ms } = other;
        differing([
            ("place", self.place == *place),
            ("cache_mb", self.cache_mb == *cache_mb),
            ("poll_ms", self.poll_ms == *poll_ms),
            ("max_staleness_ms", self.max_staleness_ms == *max_staleness_ms),
        ])
    }
}

fn differing<const N: usize>(settings: [(&'static str, bool); N]) -> Vec<&'static str> {
    settings.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
}

/// What becomes of the properties that a caller sends with a subject or resource (threat T03).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallerProperties {
    /// They describe only entities that the facts do not know; a known entity is taken from the facts alone.
    #[default]
    Fill,
    /// They win over the facts: for a caller that is itself the source of truth.
    Override,
    /// They are not looked at.
    Ignore,
}

/// `[quotes]`: names of the schema, so that no domain's words are in the engine.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuoteSettings {
    /// Entity type of clients and partners.
    pub organization: String,
    /// Entity type of what a client can have.
    pub product: String,
    /// Entity type of what binds a client and a partner, and its attributes.
    pub agreement: AgreementNames,
    /// By what an organisation shows that it is a partner.
    pub partner: StatusNames,
    /// Attributes of a client that refer to its agreements in force.
    pub client_agreements: Vec<String>,
    /// Attribute of a product that refers to the agreement that manages it.
    pub managed_by: String,
    /// Attribute of a product that refers to whose it is.
    pub product_of: String,
    /// Attribute of a product that holds its family, as the tariff names it.
    pub family_of: String,
    /// Attributes of the payer that its tax depends on.
    pub tax: TaxNames,
    /// Asked for lines that start something.
    pub order: OrderQuestion,
    /// Asked for lines that go on with something.
    pub renewal: OrderQuestion,
}

/// `[quotes]` agreement.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgreementNames {
    /// Entity type.
    pub r#type: String,
    /// Refers to the client.
    pub client: String,
    /// Refers to the partner.
    pub partner: String,
    /// Holds the status.
    pub status: String,
    /// The status that is in force.
    pub active: String,
    /// Holds `limited` or `full`.
    pub access: String,
    /// Holds `client` or `partner`, with full access.
    pub payment: String,
}

/// An attribute and the value that counts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusNames {
    /// Holds the status.
    pub status: String,
    /// The status that is in force.
    pub active: String,
}

/// Attributes that taxes depend on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxNames {
    /// ISO 3166-1 alpha-2 country.
    pub country: String,
    /// VAT number.
    pub vat_number: String,
}

/// The question whether a line may be ordered.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderQuestion {
    /// The action.
    pub action: String,
    /// Attribute of its context that names who pays.
    pub payer: String,
    /// Attribute of its context that names the product's family, where it has one.
    pub family: Option<String>,
}

/// `[server]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSettings {
    /// Address to listen on.
    pub listen: String,
    /// Base URL under which callers reach the service, for discovery; default the address it listens on.
    pub public_url: Option<String>,
    /// PEM file with the service's certificate and its issuers; with a key, connections are encrypted.
    pub tls_cert: Option<PathBuf>,
    /// PEM file with the certificate's private key.
    pub tls_key: Option<PathBuf>,
    /// Largest request body, in bytes.
    pub body_limit: usize,
    /// Most items of one batch.
    pub batch_limit: usize,
    /// Most changes of one transaction.
    pub change_limit: usize,
    /// A request that asks for a revision which is not known yet waits so long for it, in milliseconds.
    pub revision_wait_ms: u64,
    /// Most results of a search's page.
    pub search_limit: u32,
    /// A request that takes longer than this, in milliseconds, is answered 503.
    pub deadline_ms: u64,
    /// Time to send the request's head, in milliseconds, from the moment the connection is idle.
    pub header_timeout_ms: u64,
    /// Time to send the request's body, in milliseconds.
    pub body_timeout_ms: u64,
    /// Most connections at once; further ones wait to be accepted.
    pub connection_limit: usize,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8180".to_owned(),
            public_url: None,
            tls_cert: None,
            tls_key: None,
            body_limit: 256 * 1024,
            batch_limit: 100,
            change_limit: 1_000,
            revision_wait_ms: 250,
            search_limit: 100,
            deadline_ms: 1_000,
            header_timeout_ms: 10_000,
            body_timeout_ms: 30_000,
            connection_limit: 4_096,
        }
    }
}

impl ServerSettings {
    /// Longest wait for a revision that is not known yet.
    pub fn revision_wait(&self) -> Duration {
        Duration::from_millis(self.revision_wait_ms)
    }

    /// Names of the settings that others have otherwise.
    pub fn differing(&self, other: &Self) -> Vec<&'static str> {
        let Self {
            listen,
            public_url,
            tls_cert,
            tls_key,
            body_limit,
            batch_limit,
            change_limit,
            revision_wait_ms,
            search_limit,
            deadline_ms,
            header_timeout_ms,
            body_timeout_ms,
            connection_limit,
        } = other;
        differing([
            ("listen", self.listen == *listen),
            ("public_url", self.public_url == *public_url),
            ("tls_cert", self.tls_cert == *tls_cert),
            ("tls_key", self.tls_key == *tls_key),
            ("body_limit", self.body_limit == *body_limit),
            ("batch_limit", self.batch_limit == *batch_limit),
            ("change_limit", self.change_limit == *change_limit),
            ("revision_wait_ms", self.revision_wait_ms == *revision_wait_ms),
            ("search_limit", self.search_limit == *search_limit),
            ("deadline_ms", self.deadline_ms == *deadline_ms),
            ("header_timeout_ms", self.header_timeout_ms == *header_timeout_ms),
            ("body_timeout_ms", self.body_timeout_ms == *body_timeout_ms),
            ("connection_limit", self.connection_limit == *connection_limit),
        ])
    }

    /// The request deadline.
    pub fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms)
    }
}

/// Deepest level a bundle may ask for: each level is one more round of loading facts.
const MAX_LEVEL: u32 = 16;

impl Settings {
    /// Reads `mandat.toml`.
    ///
    /// # Errors
    /// Every setting that is unknown, of the wrong type or out of range, with its place.
    pub fn parse(source: &Source) -> Result<Self, Problems> {
        toml::from_str(&source.text).map_err(|error| toml_problem(source, &error).code("E206").into())
    }
}

fn level<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let level = u32::deserialize(deserializer).ok().filter(|level| *level <= MAX_LEVEL);
    level.ok_or_else(|| {
        serde::de::Error::custom(format!(
            "expected a level from 0 to {MAX_LEVEL}; each is one more round of loading facts"
        ))
    })
}

/// A TOML parser's error as a problem in its file.
pub fn toml_problem(source: &Source, error: &toml::de::Error) -> Problem {
    let span = error.span().unwrap_or(0..0);
    Problem::at(source, (span.start, span.len()), error.message().trim().to_owned())
}

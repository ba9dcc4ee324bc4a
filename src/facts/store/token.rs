//! Tokens of calling services: what a store keeps of them, never the token itself.

use jiff::Timestamp;

/// A service's token, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// By what people name it; public.
    pub id: String,
    /// SHA-256 of the secret.
    pub digest: [u8; 32],
    /// The service it stands for.
    pub service: String,
    /// What the service may be: `enforcer`, `registrar`, `author`, `auditor`.
    pub roles: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends to be good; it is no longer good at that very moment.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the hour.
    pub last_used_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

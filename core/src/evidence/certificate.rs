//! Certificates: what binds a key to the server and a purpose, or to an install, a phone and a person.

use serde::{Deserialize, Serialize};

use super::PublicKey;
use crate::protocol::Instant;
use crate::record::{Actor, InstallId, PersonId};

/// What a key of the server may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Acts at a desk, holds, releases, gaps.
    Event,
    /// Receipts and manifests.
    Receipt,
    /// Certificates of installs.
    Cert,
    #[serde(other)]
    Unknown,
}

/// One key of the server, signed by the programme's root; valid for every epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerCertificate {
    pub v: u32,
    /// The server's name within the programme.
    pub server: String,
    pub purpose: Purpose,
    pub key: PublicKey,
    pub algorithm: String,
}

/// An install's key, signed by the server's certificate key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstallCertificate {
    pub v: u32,
    pub install: InstallId,
    /// What the agency calls the phone.
    pub device: String,
    pub actor: Actor,
    /// The person's name as the agency writes it, so that evidence can be read without a directory.
    pub name: String,
    pub key: PublicKey,
    pub algorithm: String,
    /// The public half of the key to which records are sealed for this install.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealing_key: Option<String>,
    /// Milliseconds since 1970 UTC.
    pub from: Instant,
    pub approved_by: PersonId,
}

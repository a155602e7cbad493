//! Revocations: that what an install wrote beyond a point does not count, said once and for everybody.

use serde::{Deserialize, Serialize};

use crate::protocol::Instant;
use crate::record::{EventId, Header, InstallId};

/// An install's key is trusted no further than this, signed by the server's certificate key under `fh1-revocation`. It
/// travels with the certificate, so that a stranger knows without asking a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    pub v: u32,
    /// The server's name within the programme.
    pub server: String,
    pub install: InstallId,
    /// The last event that had come by then: its number, 0 if none had, and its id.
    pub last_seq: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_id: Option<EventId>,
    /// When, milliseconds since 1970 UTC.
    pub at: Instant,
    pub why: Revoked,
}

/// Why an install is not trusted any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revoked {
    /// An administrator revoked the phone.
    Phone,
    /// Its person left or was shut out.
    Person,
    #[serde(other)]
    Unknown,
}

impl Revocation {
    /// Whether the install wrote this beyond what is trusted: after the last event that had come, or in its place.
    pub fn covers(&self, header: &Header, id: EventId) -> bool {
        header.seq.is_none_or(|seq| seq > self.last_seq || (seq == self.last_seq && Some(id) != self.last_id))
    }
}

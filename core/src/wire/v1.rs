//! The messages of version 1. Source: DESIGN section 8.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize};

use crate::evidence::{Document, PublicKey, SignedEvent, Trust};
use crate::protocol::Instant;
use crate::record::{EncounterId, Epoch, EventId, Hash, InstallId, sha256};

/// The version spoken here.
pub const VERSION: u32 = 1;

/// HTTP header with the install's id, on hello.
pub const HEADER_INSTALL: &str = "fh-install";
/// HTTP header with the nonce that the last reply gave, on hello.
pub const HEADER_NONCE: &str = "fh-nonce";
/// HTTP header with the signature, on hello.
pub const HEADER_SIGNATURE: &str = "fh-signature";

/// The letters of an enrolment code: no I, L, O, U.
pub const CODE_LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many letters a code has.
pub const CODE_LENGTH: usize = 16;

/// A typed or scanned code as it is meant: without hyphens and spaces, and with the letters that people confuse put right.
/// `None` if it is no code. Nothing else that a sheet says is ever sent or signed in its place.
pub fn read_code(typed: &str) -> Option<String> {
    let code: String = typed
        .chars()
        .filter(|c| !matches!(c, '-' | ' '))
        .map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .take(CODE_LENGTH + 1)
        .collect();
    (code.len() == CODE_LENGTH && code.bytes().all(|byte| CODE_LETTERS.contains(&byte))).then_some(code)
}

/// Whether a version of the app is before another, by its numbers. A version that has none is older than any.
pub fn is_older(version: &str, than: &str) -> bool {
    let numbers = |text: &str| -> Vec<u64> {
        text.split('.').map_while(|part| part.split('-').next()?.parse().ok()).collect()
    };
    numbers(version) < numbers(than)
}

/// What an enrolment signs under `fh1-enrol`: the code as [`read_code`] gives it (empty where an earlier enrolment vouches),
/// the install, its key, and the fingerprint of the root that the sheet names, each followed by a line feed. So a signature
/// that one programme was given is worth nothing to another.
pub fn enrol_message(code: &str, install: InstallId, key: &PublicKey, root: &str) -> Vec<u8> {
    format!("{code}\n{install}\n{key}\n{root}\n").into_bytes()
}

/// What a hello signs under `fh1-hello`: the nonce, a line feed, and the SHA-256 of the body in hex.
pub fn hello_message(nonce: &str, body: &[u8]) -> Vec<u8> {
    format!("{nonce}\n{}", hex::encode(sha256(body))).into_bytes()
}

/// `POST /v1/enrol`. Sent again with the same key and code it asks how the enrolment stands.
///
/// A phone that was enrolled before needs no code: its old key vouches for it. An administrator approves it all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// Empty where an earlier enrolment vouches for this one.
    pub code: String,
    pub install: InstallId,
    pub key: PublicKey,
    /// What the phone calls itself, for the administrator who approves.
    pub device: String,
    /// A signature of this install's key under `fh1-enrol` over [`enrol_message`]: whoever asks holds the key.
    pub proof: crate::evidence::Signature,
    /// A [`Succession`], signed under `fh1-succession` by the install that this one goes on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<Document>,
    /// The certificate of that install; without one, of this install itself, which a server that was put back has lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Document>,
}

/// That an install goes on from another, whose chain has ended because its store was put back or copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Succession {
    pub follows: InstallId,
    /// The last event of the ended chain, as this copy of it has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<(u64, EventId)>,
    pub install: InstallId,
    pub key: PublicKey,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolReply {
    pub state: EnrolState,
    /// The key's fingerprint: shown on the phone and to the administrator, who compares.
    pub fingerprint: String,
    pub trust: Trust,
    /// Once approved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Document>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnrolState {
    Waiting,
    Approved,
    Refused,
    #[serde(other)]
    Unknown,
}

/// `POST /v1/sync/hello`, signed: see [`hello_message`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelloRequest {
    /// Least and greatest version of this protocol that the phone speaks.
    pub versions: (u32, u32),
    pub app_version: String,
    /// The last event of this install, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<(u64, EventId)>,
    pub device: DeviceReport,
    pub clock: ClockReport,
    /// Definitions that the phone holds.
    pub protocols: Vec<Hash>,
    pub encounters: Vec<EncounterCursor>,
    /// The directory's `ETag` that the phone holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// The policy's `ETag` that the phone holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// A receipt of this server in this epoch that says more than its last reply: proof that its store was put back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Document>,
    /// Checkpoints of the server's log that the phone was told, at most [`crate::evidence::CHECKPOINTS`]: a log that differs
    /// from one of them was changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checkpoints: Vec<Document>,
}

/// What a supervisor's page says of phones with work that is not here yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// Events not yet received, as the phone counts them.
    pub unsent: u64,
    pub drafts: u64,
    /// When the oldest unsent event was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_unsent: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_disk: Option<u64>,
}

/// The phone's clocks when it said hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockReport {
    pub wall: Instant,
    pub offset: i32,
    pub mono: i64,
    pub boot: u32,
}

/// How far a phone has read one encounter. In another epoch it is void.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncounterCursor {
    pub id: EncounterId,
    pub epoch: Epoch,
    pub pos: u64,
    pub rolling: Hash,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelloReply {
    pub version: u32,
    /// Good for ten minutes, in `Authorization: Bearer`.
    pub token: String,
    /// To sign the next hello with; good for a day.
    pub next_nonce: String,
    pub server: String,
    pub epoch: Epoch,
    /// The server's time, milliseconds since 1970 UTC.
    pub time: Instant,
    /// Signed under `fh1-receipt`: [`crate::evidence::Receipt`].
    pub receipt: Document,
    /// The encounters in which this install's person has a part, with their heads.
    pub grants: Vec<Grant>,
    pub limits: Limits,
    /// Do not call again before so many milliseconds, when greater than 0.
    #[serde(default)]
    pub backoff_ms: i64,
    pub protocols: Vec<ProtocolNotice>,
    /// `ETag` of the directory.
    pub directory: String,
    /// `ETag` of the policy; empty where there is none.
    #[serde(default)]
    pub policy: String,
    pub min_app_version: String,
    /// The install was revoked or is outdated: it may send, and reads nothing.
    #[serde(default)]
    pub send_only: bool,
    /// Another install goes on from this one, which is a copy then and has ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub followed: bool,
    /// How far the server's log was lately, to be kept and given back: [`crate::evidence::Checkpoint`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Document>,
    pub trust: Trust,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub encounter: EncounterId,
    pub pos: u64,
    pub rolling: Hash,
}

/// What the server takes in one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub batch_events: u32,
    /// Compressed.
    pub batch_bytes: u32,
    /// One header or body, not compressed.
    pub event_bytes: u32,
    pub page_events: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { batch_events: 500, batch_bytes: 256 * 1024, event_bytes: 64 * 1024, page_events: 500 }
    }
}

/// A published definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtocolNotice {
    pub sha256: Hash,
    pub id: String,
    pub version: u32,
    /// First day on which it is in force.
    pub effective: String,
    /// Do not begin with it, and say so on open records.
    #[serde(default)]
    pub recalled: bool,
}

/// `POST /v1/sync/events`: a contiguous run of this install's own events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsRequest {
    pub events: Vec<SignedEvent>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventsReply {
    pub receipt: Document,
    #[serde(default)]
    pub backoff_ms: i64,
}

/// `POST /v1/sync/offers`: any author's events of one encounter, judged on their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OffersRequest {
    pub encounter: EncounterId,
    pub certificates: Vec<Document>,
    /// Of authors who are trusted no further: [`crate::evidence::Revocation`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revocations: Vec<Document>,
    pub events: Vec<SignedEvent>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OffersReply {
    /// Taken up now.
    pub taken: u32,
    /// Already there.
    pub known: u32,
    /// Not authentic, or without a certificate: not taken.
    pub refused: Vec<EventId>,
    pub receipt: Document,
}

/// `GET /v1/sync/encounters/{id}/{epoch}/events?after=`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    pub encounter: EncounterId,
    pub epoch: Epoch,
    /// Dense positions from `after + 1`.
    pub events: Vec<Positioned>,
    /// Certificates of the installs whose events stand here.
    pub certificates: Vec<Document>,
    /// Of those of them that are trusted no further: [`crate::evidence::Revocation`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revocations: Vec<Document>,
    /// The positions whose events come without their bodies, which were destroyed. Said apart: a member of an event whose
    /// name was damaged on its way must not read as a body that there is no more.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub bodiless: BTreeSet<u64>,
    /// Rolling hash at the last position of the page.
    pub rolling: Hash,
    /// The encounter's head when the page was made.
    pub head: u64,
}

/// One position: the whole event, or `null` in its place if the caller wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Positioned {
    pub pos: u64,
    pub id: EventId,
    /// Said even where it is `null`: a name that was damaged on its way must not read as "you wrote this", or a phone
    /// would take itself for a copy.
    #[serde(deserialize_with = "said")]
    pub event: Option<SignedEvent>,
}

impl Positioned {
    /// Whether it is an event that comes without its body.
    pub fn is_bodiless(&self) -> bool {
        self.event.as_ref().is_some_and(|event| event.body.is_none())
    }
}

/// A value that may be `null` and must be there.
fn said<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(from)
}

/// An error, as RFC 9457 problem+json. `type` is `urn:first-hours:problem:` and the kind's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    #[serde(rename = "type")]
    pub urn: String,
    pub title: String,
    pub status: u16,
    #[serde(flatten)]
    pub kind: ProblemKind,
}

/// What a phone can act on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum ProblemKind {
    /// 401: sign a hello with this nonce.
    FreshNonce { next_nonce: String },
    /// 401: the token has run out; say hello again.
    TokenExpired,
    /// 403: the install is not approved yet, was refused, or the code is not valid.
    NotEnrolled { state: EnrolState },
    /// 403: it may send, and reads nothing.
    SendOnly,
    /// 404: nothing there, or no part in it: the same answer.
    NotFound,
    /// 409: continue from this number.
    Gap { expected: u64 },
    /// 409: this number is here with another id: the chain was copied.
    Fork { seq: u64, id: EventId },
    /// 413: send fewer or smaller.
    TooLarge,
    /// 422: not authentic from this number on; nothing was acknowledged.
    NotAuthentic { seq: u64, detail: String },
    /// 400: the message is not what it should be.
    Malformed { detail: String },
    /// 429 or 503.
    TryLater { after_ms: i64 },
    /// 426: this app is too old to read; what it holds can still be sent.
    UpdateNeeded { min_app_version: String },
    #[serde(other)]
    Unknown,
}

/// Reads a message of this protocol leniently: unknown fields are ignored.
pub trait ReadMessage: Sized {
    /// Reads strict JSON into the message; the error says where it went wrong, without content.
    fn read(bytes: &[u8]) -> Result<Self, String>;
}

impl<T: serde::de::DeserializeOwned> ReadMessage for T {
    fn read(bytes: &[u8]) -> Result<Self, String> {
        let json = crate::protocol::json::parse(bytes).map_err(|fault| fault.to_string())?;
        serde_json::from_value(json).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(is_older("0.9.1", "0.10.0"));
        assert!(!is_older("0.10.0", "0.9.1"));
        assert!(!is_older("1.2.3", "1.2.3"));
        assert!(is_older("", "0.1.0"));
        assert!(!is_older("1.2.3-rc1", "1.2.3"));
    }

    #[test]
    fn a_code_is_read_as_it_is_meant_or_not_at_all() {
        let meant = Some("0123456789ABCDEF".to_owned());
        for typed in ["0123456789ABCDEF", "0123-4567-89ab-cdef", "Ol23-4567-89AB-CDEF"] {
            assert_eq!(read_code(typed), meant, "{typed}");
        }
        for no_code in
            ["", "0123-4567-89AB-CDE", "0123-4567-89AB-CDEFG", "0123-4567-89AB-CDEU", "n1.00.5\n0123456789"]
        {
            assert_eq!(read_code(no_code), None, "{no_code}");
        }
    }
}

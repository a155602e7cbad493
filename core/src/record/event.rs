//! An event: a header and a body, both JSON text kept byte for byte as first written.
//!
//! Nothing is ever re-encoded to verify. Reading is strict about JSON (no duplicate keys, integers below 2^53)
//! and lenient about content: unknown fields and unknown kinds survive, because the bytes do.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{AgencyId, EncounterId, EventId, Hash, Install, Kind, PersonId};
use crate::protocol::{Instant, JsonFault, json};

/// Greatest size of a header or a body, in bytes.
pub const TEXT_BYTES: usize = 64 * 1024;

/// The part that travels even when the body is shredded; it says nothing about the child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Format version: 1.
    pub v: u32,
    pub install: Install,
    /// Contiguous per install from 1; absent for the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// The install's event before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<EventId>,
    /// Absent for facts of the whole install.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EncounterId>,
    /// `seq` and `prev` again, within this encounter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enc_seq: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enc_prev: Option<EventId>,
    /// 1 + the greatest stamp held for this encounter. It only picks which head is shown first.
    pub stamp: u64,
    pub body_hash: Hash,
}

/// Who did it, in which role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    pub person: PersonId,
    pub role: Role,
    pub agency: AgencyId,
}

/// The role in which a person acts. `Server` is the machine itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Deputy,
    Supervisor,
    Detective,
    County,
    RecordsOfficer,
    Administrator,
    Analyst,
    Auditor,
    Server,
    /// A role of a newer version: may do nothing here.
    #[serde(other)]
    Unknown,
}

/// The time of entry, from every source there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct At {
    /// The wall clock.
    pub wall: Instant,
    /// Minutes east of UTC that the clock showed.
    pub offset: i32,
    /// Milliseconds by a clock that only goes forward.
    pub mono: i64,
    /// Changes when `mono` starts again from 0.
    pub boot: u32,
    /// The last server time heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<TimeAnchor>,
}

/// A server time and when, by the phone's two clocks, it was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeAnchor {
    pub server: Instant,
    pub wall: Instant,
    pub mono: i64,
    pub boot: u32,
}

/// What was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    pub kind: Kind,
    pub actor: Actor,
    pub at: At,
    /// The heads on the screen acted from, and this install's own later writes.
    pub base: Vec<EventId>,
    /// Why a submitted phase was changed.
    pub reason: Option<String>,
    /// For an act at a desk: the entry of the server's log that says who did it, in which session and from where.
    pub audit: Option<AuditEntry>,
}

/// An entry of the server's audit log, by its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// The server of several over one store; each has a chain of its own.
    pub replica: String,
    /// Its number in that chain, from 1.
    pub seq: u64,
}

/// One immutable fact. Two events with the same id are the same event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: EventId,
    pub header: Header,
    /// `None`: shredded, or withheld from this reader.
    pub body: Option<Body>,
}

/// A header and a body as written, not yet signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub id: EventId,
    pub header: String,
    pub body: String,
}

/// Why bytes are no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the {part} is larger than {TEXT_BYTES} bytes")]
    TooLarge { part: &'static str },
    #[error("the {part} is not strict JSON: {fault}")]
    Json { part: &'static str, fault: JsonFault },
    #[error("the {part} lacks what every event has: {detail}")]
    Shape { part: &'static str, detail: String },
    #[error("the body is not the one the header names")]
    OtherBody,
    #[error("format version {found} is newer than {known}")]
    NewerFormat { found: u32, known: u32 },
}

/// What a chain needs to know to write the next event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub install: Install,
    pub seq: Option<u64>,
    pub prev: Option<EventId>,
    pub encounter: Option<EncounterId>,
    pub enc_seq: Option<u64>,
    pub enc_prev: Option<EventId>,
    pub stamp: u64,
}

#[derive(Serialize)]
struct BodyOut<'a> {
    #[serde(flatten)]
    kind: &'a Kind,
    actor: &'a Actor,
    at: At,
    base: &'a [EventId],
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audit: Option<&'a AuditEntry>,
    salt: String,
}

#[derive(Deserialize)]
struct BodyIn {
    actor: Actor,
    at: At,
    #[serde(default)]
    base: Vec<EventId>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    audit: Option<AuditEntry>,
}

/// The format version that this code writes.
pub const FORMAT: u32 = 1;

impl Body {
    /// Writes the body and its header. `salt` = 128 random bits, so that a header does not betray a short body.
    pub fn write(&self, place: &Place, salt: [u8; 16]) -> Written {
        let body = to_json(&BodyOut {
            kind: &self.kind,
            actor: &self.actor,
            at: self.at,
            base: &self.base,
            reason: self.reason.as_deref(),
            audit: self.audit.as_ref(),
            salt: hex::encode(salt),
        });
        let header = to_json(&Header {
            v: FORMAT,
            install: place.install,
            seq: place.seq,
            prev: place.prev,
            encounter: place.encounter,
            enc_seq: place.enc_seq,
            enc_prev: place.enc_prev,
            stamp: place.stamp,
            body_hash: Hash::of(body.as_bytes()),
        });
        Written { id: EventId(super::id::sha256(header.as_bytes())), header, body }
    }

    /// Reads a body. A kind that this version does not know, or cannot read, becomes [`Kind::Unknown`].
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        let json = read_part("body", text)?;
        let kind = Kind::read(&json).ok_or_else(|| shape("body", "no kind"))?;
        let rest: BodyIn = serde_json::from_value(json).map_err(|error| shape("body", &error.to_string()))?;
        let BodyIn { actor, at, base, reason, audit } = rest;
        Ok(Self { kind, actor, at, base, reason, audit })
    }
}

impl Header {
    /// Reads a header.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        let header: Self = serde_json::from_value(read_part("header", text)?)
            .map_err(|error| shape("header", &error.to_string()))?;
        if header.v > FORMAT {
            return Err(Unreadable::NewerFormat { found: header.v, known: FORMAT });
        }
        Ok(header)
    }
}

impl Event {
    /// Reads an event and checks that the body, where there is one, is the one that the header names.
    pub fn read(header: &str, body: Option<&str>) -> Result<Self, Unreadable> {
        let id = EventId(super::id::sha256(header.as_bytes()));
        let header = Header::read(header)?;
        if body.is_some_and(|body| Hash::of(body.as_bytes()) != header.body_hash) {
            return Err(Unreadable::OtherBody);
        }
        let body = body.map(Body::read).transpose()?;
        Ok(Self { id, header, body })
    }

    /// What was recorded, where this reader has it.
    pub fn kind(&self) -> Option<&Kind> {
        self.body.as_ref().map(|body| &body.kind)
    }

    /// Orders heads: the greatest stamp first, ties by id.
    pub fn rank(&self) -> (std::cmp::Reverse<u64>, EventId) {
        (std::cmp::Reverse(self.header.stamp), self.id)
    }
}

impl At {
    /// The wall time corrected by the anchor, when the phone has not been switched off since it was heard.
    pub fn corrected(&self) -> Instant {
        match self.anchor {
            Some(anchor) if anchor.boot == self.boot => anchor.server + self.mono.saturating_sub(anchor.mono),
            Some(anchor) => self.wall + (anchor.server - anchor.wall),
            None => self.wall,
        }
    }
}

fn read_part(part: &'static str, text: &str) -> Result<Json, Unreadable> {
    if text.len() > TEXT_BYTES {
        return Err(Unreadable::TooLarge { part });
    }
    json::parse(text.as_bytes()).map_err(|fault| Unreadable::Json { part, fault })
}

fn shape(part: &'static str, detail: &str) -> Unreadable {
    Unreadable::Shape { part, detail: detail.to_owned() }
}

/// Serialises a value whose type cannot fail to: maps have string keys, nothing is a float.
pub(crate) fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("types of this crate always serialise")
}

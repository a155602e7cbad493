//! What the server says it holds, signed; and what a phone says it can no longer send.

use serde::{Deserialize, Serialize};

use crate::protocol::Instant;
use crate::record::{EncounterId, Epoch, EventId, Hash, HoldReason, InstallId};

/// "The station has it": a signed statement, never an inference from an HTTP code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub server: String,
    pub epoch: Epoch,
    pub install: InstallId,
    /// Every event of this install up to this `seq` is committed and synced to disk.
    pub received_through: u64,
    /// The id of that event; absent at 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_id: Option<EventId>,
    /// The same, in a backup that was verified. It alone governs what a phone may let go.
    pub durable_through: u64,
    /// Events of this install that are authentic but not accepted.
    pub held: Vec<HeldEvent>,
    /// What is still missing of the runs that this install declared lost.
    pub holes: Vec<Hole>,
    pub encounters: Vec<EncounterReceipt>,
    /// The server's time, milliseconds since 1970 UTC.
    pub time: Instant,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldEvent {
    pub id: EventId,
    pub why: HoldReason,
}

/// How far one encounter is on the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncounterReceipt {
    pub id: EncounterId,
    /// Positions are dense from 1; everything up to this one is held.
    pub pos: u64,
    pub durable_pos: u64,
    /// `rolling(pos)`: see [`super::Rolling`].
    pub rolling: Hash,
}

/// A run of its own events that an install can no longer send, or holds damaged. Signed under `fh1-hole`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    pub install: InstallId,
    pub from: u64,
    pub to: u64,
    /// The id of the last lost event, so that the chain goes on.
    pub id_of_to: EventId,
    /// What could still be read of it, in hex; at most [`Hole::RAW_CHARS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
}

impl Hole {
    /// The most of a lost event that a hole may quote: many times a header.
    pub const RAW_CHARS: usize = 16 * 1024;
}

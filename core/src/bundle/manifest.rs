//! The manifest: what makes a bundle complete, signed by the server.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::evidence::Rolling;
use crate::protocol::Instant;
use crate::record::{EncounterId, Epoch, Event, EventId, Hash, Install, InstallId, State};

/// What the server holds of one encounter: signed under `fh1-manifest` by its receipt key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub server: String,
    pub encounter: EncounterId,
    /// SHA-256 of the definition's text: the opening names it too, until its body is destroyed.
    pub definition: Hash,
    pub epoch: Epoch,
    /// Positions are dense from 1; this is the last one.
    pub pos: u64,
    /// `rolling(pos)`: see [`Rolling`].
    pub rolling: Hash,
    /// The last events of every author; more than one where an author's chain forks or has a declared gap.
    pub last: BTreeMap<Install, Vec<EventId>>,
    /// Events that are authentic but not accepted.
    pub held: Vec<EventId>,
    /// Events whose bodies were destroyed.
    pub shredded: Vec<EventId>,
    /// When it was made, milliseconds since 1970 UTC.
    pub time: Instant,
    /// Authors who were revoked by then, in order: the statement of each belongs to the record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revoked: Vec<InstallId>,
}

impl Manifest {
    /// The manifest of these events, given in the order of their positions, from 1.
    pub fn of(
        server: &str,
        encounter: EncounterId,
        definition: Hash,
        epoch: Epoch,
        events: &[Arc<Event>],
        time: Instant,
    ) -> Self {
        let state = State::fold(events.iter().cloned());
        let rolling = events.iter().fold(Rolling::start(encounter), |rolling, event| rolling.then(event.id));
        let ids = |wanted: &dyn Fn(&Event) -> bool| -> Vec<EventId> {
            state.events().filter(|event| wanted(event)).map(|event| event.id).collect()
        };
        Self {
            server: server.to_owned(),
            encounter,
            definition,
            epoch,
            pos: u64::try_from(events.len()).unwrap_or(u64::MAX),
            rolling: rolling.0,
            last: state.tips(|_| true),
            held: ids(&|event| state.held(&event.id).is_some()),
            shredded: ids(&|event| event.body.is_none()),
            time,
            revoked: Vec::new(),
        }
    }

    /// Whether two manifests cannot both be true: of one record at one position of one epoch, they differ in more than when
    /// they were made. One of them is a lie of whoever holds the server's key.
    pub fn contradicts(&self, other: &Self) -> bool {
        let one_place = (self.encounter, self.epoch, self.pos) == (other.encounter, other.epoch, other.pos);
        let told = |manifest: &Self| {
            (manifest.definition, manifest.rolling, manifest.last.clone(), manifest.held.clone())
        };
        one_place && told(self) != told(other)
    }
}

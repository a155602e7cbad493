//! How much of the store one install fills in a day. What is beyond it is stored and acknowledged like everything, and held.

use std::collections::BTreeMap;

use firsthours_core::protocol::Instant;
use firsthours_core::record::{EventId, Install, InstallId};
use firsthours_core::wire::Quota;

use super::Authentic;
use crate::store::{StoreError, Tx, holes};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// What installs stored today, within one transaction; read once and written once.
pub(super) struct Used {
    most: Quota,
    day: i64,
    installs: BTreeMap<InstallId, Stored>,
    /// Events that were counted when they came to wait, and whether they were beyond it.
    waited: BTreeMap<EventId, bool>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Stored {
    events: u64,
    bytes: u64,
}

impl Used {
    pub(super) fn on(now: Instant, most: Quota) -> Self {
        Self { most, day: now.ms().div_euclid(DAY_MS), installs: BTreeMap::new(), waited: BTreeMap::new() }
    }

    /// Counts one more event of its author's, and says whether it is beyond what they may store today.
    pub(super) fn count(&mut self, tx: &mut dyn Tx, item: &Authentic) -> Result<bool, StoreError> {
        let Install::Phone(install) = item.event.header.install else { return Ok(false) };
        if let Some(beyond) = self.waited.get(&item.event.id) {
            return Ok(*beyond);
        }
        let day = self.day;
        let stored = match self.installs.entry(install) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => place.insert(read(tx, install, day)?),
        };
        let bytes = item.signed.header.len() + item.signed.body.as_ref().map_or(0, String::len);
        stored.events += 1;
        stored.bytes += u64::try_from(bytes).unwrap_or(u64::MAX);
        Ok(stored.events > u64::from(self.most.events) || stored.bytes > self.most.bytes)
    }

    /// The event was counted on the day on which it came to wait.
    pub(super) fn counted_before(&mut self, id: EventId, beyond: bool) {
        self.waited.insert(id, beyond);
    }

    /// Writes down what was counted.
    pub(super) fn store(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        for (install, used) in &self.installs {
            holes::set_used(tx, *install, self.day, (used.events, used.bytes))?;
        }
        Ok(())
    }
}

fn read(tx: &mut dyn Tx, install: InstallId, day: i64) -> Result<Stored, StoreError> {
    let used = holes::used(tx, install, day)?;
    Ok(used.map_or_else(Stored::default, |(events, bytes)| Stored { events, bytes }))
}

//! Whether a page of events follows what is here: decided before anything in it is verified or stored.

use std::collections::BTreeMap;

use crate::evidence::{Rolling, SignedEvent};
use crate::record::{EncounterId, Epoch, EventId, Hash};
use crate::wire::{EncounterCursor, Page};

/// Why a page is not taken up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageFault {
    #[error("the page is of another encounter or epoch")]
    OtherPage,
    #[error("position {expected} is missing")]
    Missing { expected: u64 },
    #[error("position {pos} holds another event than its id says")]
    OtherEvent { pos: u64 },
    #[error("the body at position {pos} is missing, and the page does not say that it was destroyed")]
    BodyMissing { pos: u64 },
    #[error("the rolling hash does not fit")]
    OtherHistory,
    #[error("the page is empty, though more was announced")]
    Empty,
}

/// Checks that a page follows the cursor: dense positions and a rolling hash that we compute ourselves.
///
/// Gives the cursor after the page, and the rolling hash at each of its positions.
pub fn check_page(
    page: &Page,
    encounter: EncounterId,
    epoch: Epoch,
    from: Option<EncounterCursor>,
    id_of: impl Fn(&SignedEvent) -> EventId,
) -> Result<(EncounterCursor, BTreeMap<u64, Hash>), PageFault> {
    if page.encounter != encounter || page.epoch != epoch {
        return Err(PageFault::OtherPage);
    }
    if page.events.is_empty() {
        return Err(PageFault::Empty);
    }
    let from = from.filter(|cursor| cursor.epoch == epoch);
    let mut pos = from.map_or(0, |cursor| cursor.pos);
    let mut rolling = from.map_or_else(|| Rolling::start(encounter), |cursor| Rolling(cursor.rolling));
    let mut at = BTreeMap::new();
    for event in &page.events {
        pos += 1;
        if event.pos != pos {
            return Err(PageFault::Missing { expected: pos });
        }
        if event.event.as_ref().is_some_and(|whole| id_of(whole) != event.id) {
            return Err(PageFault::OtherEvent { pos });
        }
        if event.is_bodiless() && !page.bodiless.contains(&pos) {
            return Err(PageFault::BodyMissing { pos });
        }
        rolling = rolling.then(event.id);
        at.insert(pos, rolling.0);
    }
    if rolling.0 != page.rolling {
        return Err(PageFault::OtherHistory);
    }
    Ok((EncounterCursor { id: encounter, epoch, pos, rolling: rolling.0 }, at))
}

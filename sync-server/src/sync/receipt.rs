//! Receipts: what is held here, signed, and read back after the commit that it speaks of.

use firsthours_core::evidence::{Document, HeldEvent, Receipt, Tag};
use firsthours_core::record::{EncounterId, InstallId};

use super::service::Service;
use crate::records::ingest::{self, IngestError};
use crate::store::{Tx, encounters as rows, events, installs, meta};

/// Held events that a receipt lists at most. Each hold is an event of its record as well, so nothing is hidden by it.
const HELD_LISTED: i64 = 1_000;

/// The receipt of an install, with how far these records are.
pub(super) fn make(
    service: &Service,
    install: InstallId,
    encounters: &[EncounterId],
) -> Result<Document, IngestError> {
    let receipt = read(service, install, encounters)?;
    Ok(Document::sign(&receipt, Tag::Receipt, &service.trust.receipt))
}

/// What a receipt would say now.
pub(super) fn read(
    service: &Service,
    install: InstallId,
    encounters: &[EncounterId],
) -> Result<Receipt, IngestError> {
    service.store.read(|tx| read_in(service, tx, install, encounters))
}

fn read_in(
    service: &Service,
    tx: &mut dyn Tx,
    install: InstallId,
    encounters: &[EncounterId],
) -> Result<Receipt, IngestError> {
    let line = installs::line(tx, install)?;
    let held = events::held_of(tx, install, HELD_LISTED)?;
    let durable_through = installs::durable_through(tx, install)?;
    // Of a record whose opening has not come there are no positions yet, and nothing is said of it.
    let receipts = encounters.iter().filter_map(|id| rows::receipt(tx, *id).transpose());
    let receipts = receipts.collect::<Result<_, _>>()?;
    Ok(Receipt {
        server: service.trust.server.clone(),
        epoch: meta::epoch(tx)?,
        install,
        received_through: line.seq,
        received_id: line.id,
        durable_through,
        held: held.into_iter().map(|(id, why)| HeldEvent { id, why }).collect(),
        holes: ingest::declared(tx, &service.keys, install)?,
        encounters: receipts,
        time: service.now(),
    })
}

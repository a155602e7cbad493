//! Receipts: what is held here, signed, and read back after the commit that it speaks of.

use firsthours_core::evidence::{Document, EncounterReceipt, HeldEvent, Receipt, Tag};
use firsthours_core::record::{EncounterId, InstallId};

use super::service::Service;
use crate::ingest::{self, IngestError};
use crate::store::{StoreError, Tx, hash, number};

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
    let id = install.to_string();
    let line = ingest::read_line(tx, install)?;
    let sql = "select id, why from held where install = $1 order by id limit $2";
    let held = tx.rows(sql, &[(&id).into(), HELD_LISTED.into()])?;
    let held = held
        .iter()
        .map(|row| {
            let why = serde_json::from_value(row.text(1)?.into())
                .map_err(|_| StoreError::Corrupt("a reason cannot be read".to_owned()))?;
            Ok(HeldEvent { id: hash(row.text(0)?)?, why })
        })
        .collect::<Result<_, StoreError>>()?;
    let durable = tx.row("select durable_through from install where install = $1", &[(&id).into()])?;
    let mut receipts = Vec::with_capacity(encounters.len());
    for encounter in encounters {
        let row = tx.row(
            "select pos, durable_pos, rolling from encounter where id = $1",
            &[encounter.to_string().into()],
        )?;
        // A record whose opening has not come has no positions yet, and nothing is said of it.
        if let Some(row) = row {
            receipts.push(EncounterReceipt {
                id: *encounter,
                pos: number(row.int(0)?),
                durable_pos: number(row.int(1)?),
                rolling: hash(row.text(2)?)?,
            });
        }
    }
    Ok(Receipt {
        server: service.trust.server.clone(),
        epoch: service.trust.epoch(),
        install,
        received_through: line.seq,
        received_id: line.id,
        durable_through: durable.map(|row| row.int(0)).transpose()?.map_or(0, number),
        held,
        holes: ingest::declared(tx, &service.keys, install)?,
        encounters: receipts,
        time: service.now_ms(),
    })
}

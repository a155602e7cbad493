//! What is known of each encounter beside its events.

use rusqlite::{Row, Transaction, named_params};

use super::Store;
use super::error::{Failure, StoreError};
use super::rows::{check_whole, maybe_bytes, maybe_unsigned, signed, unsigned};
use crate::record::{EncounterId, Epoch, Hash};
use crate::wire::EncounterCursor;

/// One encounter of which events are held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncounterRow {
    /// Which.
    pub id: EncounterId,
    /// How many events are held. Arrivals are dense from 1, so that the next one is this and 1.
    pub events: u64,
    /// The summary last written with an event; empty if there was none.
    pub summary: Vec<u8>,
    /// How far the server's positions were read.
    pub cursor: Option<EncounterCursor>,
    /// What a receipt confirmed.
    pub confirmed: Option<Confirmed>,
    /// How many of the events have no position in the cursor's epoch.
    pub unpositioned: u64,
}

/// How much of an encounter is held here, and how much of that the station has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// How many events are held.
    pub events: u64,
    /// How many of them have no position in the cursor's epoch.
    pub unpositioned: u64,
    /// How far the server's positions were read.
    pub cursor: Option<EncounterCursor>,
    /// What a receipt confirmed.
    pub confirmed: Option<Confirmed>,
}

impl Standing {
    /// Events that no receipt covers yet: 0 = the station has it.
    pub fn unsent(&self) -> usize {
        let read = self.cursor.map_or(0, |cursor| cursor.pos);
        let confirmed = match (self.confirmed, self.cursor) {
            (Some(confirmed), Some(cursor)) if confirmed.epoch == cursor.epoch => confirmed.pos,
            _ => 0,
        };
        let unconfirmed = self.unpositioned + read.saturating_sub(confirmed);
        usize::try_from(unconfirmed.min(self.events)).unwrap_or(usize::MAX)
    }
}

impl EncounterRow {
    /// Without what identifies and summarises it.
    pub fn standing(&self) -> Standing {
        let Self { events, unpositioned, cursor, confirmed, .. } = *self;
        Standing { events, unpositioned, cursor, confirmed }
    }
}

/// A receipt's word on one encounter, whose rolling hash we computed ourselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmed {
    /// The server's epoch.
    pub epoch: Epoch,
    /// Everything up to this position is held there.
    pub pos: u64,
    /// The same, in a backup that was verified.
    pub durable_pos: u64,
}

const COLUMNS: &str = "select id, events, unpositioned, cursor_epoch, cursor_pos, cursor_rolling, \
                       confirmed_epoch, confirmed_pos, confirmed_durable_pos, summary, tail from encounter";

/// The columns of a [`Standing`].
pub(super) const STANDING: &str = "events, unpositioned, cursor_epoch, cursor_pos, cursor_rolling, \
                                   confirmed_epoch, confirmed_pos, confirmed_durable_pos";

impl Store {
    /// Every encounter, in the order in which they came to this phone.
    pub fn encounters(&self) -> Result<Vec<EncounterRow>, StoreError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(&format!("{COLUMNS} order by number"))?;
            let mut rows = statement.query([])?;
            let mut encounters = Vec::new();
            while let Some(row) = rows.next()? {
                encounters.push(encounter_row(row)?);
            }
            Ok(encounters)
        })
    }

    /// One encounter.
    pub fn encounter(&self, id: &EncounterId) -> Result<Option<EncounterRow>, StoreError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(&format!("{COLUMNS} where id = :id"))?;
            let mut rows = statement.query(named_params! { ":id": id.0 })?;
            rows.next()?.map(encounter_row).transpose()
        })
    }

    /// Writes a summary that was computed again from the same events.
    pub fn set_summary(&self, id: &EncounterId, summary: &[u8]) -> Result<(), StoreError> {
        self.write(|transaction| {
            let changed = transaction
                .prepare_cached("update encounter set summary = :summary where id = :id")?
                .execute(named_params! { ":summary": summary, ":id": id.0 })?;
            if changed == 1 { Ok(()) } else { Err(StoreError::Conflict { what: "no such encounter" }.into()) }
        })
    }
}

/// Keeps what a receipt confirmed, if the encounter is held.
pub(super) fn confirm(
    transaction: &Transaction<'_>,
    id: &EncounterId,
    confirmed: &Confirmed,
) -> Result<(), Failure> {
    transaction
        .prepare_cached(
            "update encounter
             set confirmed_epoch = :epoch, confirmed_pos = :pos, confirmed_durable_pos = :durable_pos
             where id = :id",
        )?
        .execute(named_params! {
            ":epoch": confirmed.epoch.0,
            ":pos": signed(confirmed.pos)?,
            ":durable_pos": signed(confirmed.durable_pos)?,
            ":id": id.0,
        })?;
    Ok(())
}

fn encounter_row(row: &Row<'_>) -> Result<EncounterRow, Failure> {
    check_whole(row)?;
    let id = EncounterId(row.get("id")?);
    let Standing { events, unpositioned, cursor, confirmed } = standing_of(id, row)?;
    Ok(EncounterRow { id, events, summary: row.get("summary")?, cursor, confirmed, unpositioned })
}

/// Reads the columns [`STANDING`].
pub(super) fn standing_of(id: EncounterId, row: &Row<'_>) -> Result<Standing, Failure> {
    let cursor_parts = (
        maybe_bytes(row, "cursor_epoch")?,
        maybe_unsigned(row, "cursor_pos")?,
        maybe_bytes(row, "cursor_rolling")?,
    );
    let cursor = match cursor_parts {
        (Some(epoch), Some(pos), Some(rolling)) => {
            Some(EncounterCursor { id, epoch: Epoch(epoch), pos, rolling: Hash(rolling) })
        }
        (None, None, None) => None,
        _ => return Err(Failure::damaged()),
    };
    let confirmed_parts = (
        maybe_bytes(row, "confirmed_epoch")?,
        maybe_unsigned(row, "confirmed_pos")?,
        maybe_unsigned(row, "confirmed_durable_pos")?,
    );
    let confirmed = match confirmed_parts {
        (Some(epoch), Some(pos), Some(durable_pos)) => {
            Some(Confirmed { epoch: Epoch(epoch), pos, durable_pos })
        }
        (None, None, None) => None,
        _ => return Err(Failure::damaged()),
    };
    Ok(Standing {
        events: unsigned(row, "events")?,
        unpositioned: unsigned(row, "unpositioned")?,
        cursor,
        confirmed,
    })
}

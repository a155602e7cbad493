//! Drafts: text being typed. Each becomes one event later; until then it must only not be lost.

use rusqlite::{Row, Transaction, named_params};

use super::Store;
use super::error::{Failure, StoreError};
use super::rows::{Slot, check_whole, first, held, signed, unsigned};
use crate::protocol::Instant;
use crate::record::{EncounterId, EntryId, EventId};

/// Which field is being typed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DraftKey {
    /// The record.
    pub encounter: EncounterId,
    /// The step.
    pub step: String,
    /// The occurrence, where the step repeats.
    pub entry: Option<EntryId>,
    /// The field.
    pub field: String,
}

/// What was typed so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Where it belongs.
    pub key: DraftKey,
    /// The text.
    pub text: String,
    /// The heads on the screen when the first key was pressed.
    pub base: Vec<EventId>,
    /// How many events that screen had folded.
    pub seen: u64,
    /// When it was last typed at.
    pub at: Instant,
}

impl Store {
    /// Keeps a draft. One that is there gets the new text and time and keeps the `base` and `seen` of its first key:
    /// what came in while it was typed was not on the screen when its author began.
    pub fn put_draft(&self, draft: &Draft) -> Result<(), StoreError> {
        self.write(|transaction| {
            let Some(Slot { number, .. }) = held(transaction, &draft.key.encounter)? else {
                return Err(StoreError::Conflict { what: "a draft for an encounter that is not held" }.into());
            };
            transaction
                .prepare_cached(
                    "insert into draft (encounter, step, entry, field, text, base, seen, at)
                     values (:encounter, :step, :entry, :field, :text, :base, :seen, :at)
                     on conflict do update set text = excluded.text, at = excluded.at",
                )?
                .execute(named_params! {
                    ":encounter": number,
                    ":step": draft.key.step,
                    ":entry": entry_bytes(&draft.key),
                    ":field": draft.key.field,
                    ":text": draft.text,
                    ":base": draft.base.iter().flat_map(|id| id.0).collect::<Vec<u8>>(),
                    ":seen": signed(draft.seen)?,
                    ":at": draft.at,
                })?;
            Ok(())
        })
    }

    /// The drafts of one encounter, by step, entry and field.
    pub fn drafts(&self, encounter: &EncounterId) -> Result<Vec<Draft>, StoreError> {
        self.read(|transaction| {
            let Some(Slot { number, .. }) = held(transaction, encounter)? else { return Ok(Vec::new()) };
            let mut statement = transaction.prepare_cached(
                "select step, entry, field, text, base, seen, at, tail from draft
                 where encounter = :encounter order by step, entry, field",
            )?;
            let mut rows = statement.query(named_params! { ":encounter": number })?;
            let mut drafts = Vec::new();
            while let Some(row) = rows.next()? {
                drafts.push(draft_row(*encounter, row)?);
            }
            Ok(drafts)
        })
    }

    /// Drops a draft; no matter if there is none.
    pub fn delete_draft(&self, key: &DraftKey) -> Result<(), StoreError> {
        self.write(|transaction| match held(transaction, &key.encounter)? {
            Some(Slot { number, .. }) => delete(transaction, number, key),
            None => Ok(()),
        })
    }

    /// How many drafts there are in all.
    pub fn count_drafts(&self) -> Result<u64, StoreError> {
        self.read(|transaction| {
            let count: Option<i64> = first(transaction, "select count(*) from draft")?;
            u64::try_from(count.unwrap_or(0)).map_err(|_| Failure::damaged())
        })
    }
}

/// Drops a draft of the encounter with this number.
pub(super) fn delete(transaction: &Transaction<'_>, number: i64, key: &DraftKey) -> Result<(), Failure> {
    transaction
        .prepare_cached(
            "delete from draft
             where encounter = :encounter and step = :step and entry = :entry and field = :field",
        )?
        .execute(named_params! {
            ":encounter": number,
            ":step": key.step,
            ":entry": entry_bytes(key),
            ":field": key.field,
        })?;
    Ok(())
}

fn entry_bytes(key: &DraftKey) -> &[u8] {
    key.entry.as_ref().map_or(&[], |entry| &entry.0)
}

fn draft_row(encounter: EncounterId, row: &Row<'_>) -> Result<Draft, Failure> {
    check_whole(row)?;
    let entry: Vec<u8> = row.get("entry")?;
    let entry = match <[u8; 8]>::try_from(entry.as_slice()) {
        Ok(bytes) => Some(EntryId(bytes)),
        Err(_) if entry.is_empty() => None,
        Err(_) => return Err(Failure::damaged()),
    };
    let base: Vec<u8> = row.get("base")?;
    let (ids, []) = base.as_chunks::<32>() else { return Err(Failure::damaged()) };
    Ok(Draft {
        key: DraftKey { encounter, step: row.get("step")?, entry, field: row.get("field")? },
        text: row.get("text")?,
        base: ids.iter().copied().map(EventId).collect(),
        seen: unsigned(row, "seen")?,
        at: row.get("at")?,
    })
}

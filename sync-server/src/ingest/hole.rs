//! Holes: what an install declared, signed, that it can no longer send.

use firsthours_core::evidence::{Document, Hole, Tag};
use firsthours_core::record::{Event, EventId, Install, InstallId, Kind, State};

use super::{Author, IngestError, line};
use crate::audit::{self, Entry, What, Who};
use crate::load::{number, stored};
use crate::store::{StoreError, Tx};
use crate::sync::Service;

/// Keeps a declaration, and moves the install's line over the hole if that is where it stands. Safe to repeat.
pub fn declare(service: &Service, author: &Author, document: &Document) -> Result<(), IngestError> {
    let install = author.certificate.install;
    let refused = |seq, detail| IngestError::NotAuthentic { seq, detail };
    let hole: Hole = document
        .open(Tag::Hole, &author.certificate.key)
        .map_err(|fault| refused(0, super::verify::why(&fault)))?;
    if hole.install != install {
        return Err(refused(hole.from, "the hole is of another install"));
    }
    if hole.from == 0 || hole.to < hole.from {
        return Err(refused(hole.from, "the hole has no beginning or ends before it"));
    }
    let text = service.keys.seal_agency(&bound(install, hole.from), document.text.as_bytes());
    let now_ms = service.now_ms();
    let id = install.to_string();
    service.store.write(|tx| {
        let line = line::lock(tx, install)?;
        let new = tx.run(
            "insert into hole (install, seq_from, seq_to, id_of_to, text, signature, received_ms) \
             values ($1, $2, $3, $4, $5, $6, $7) on conflict (install, seq_from) do nothing",
            &[
                (&id).into(),
                stored(hole.from).into(),
                stored(hole.to).into(),
                hole.id_of_to.to_string().into(),
                text.clone().into(),
                document.signature.to_bytes().to_vec().into(),
                now_ms.into(),
            ],
        )?;
        let moved = line::over_holes(tx, install, line)?;
        line::store(tx, install, moved, now_ms)?;
        if new == 1 {
            let entry = Entry::new(now_ms, Who::Install(&id), What::HoleDeclared)
                .with("from", stored(hole.from))
                .with("to", stored(hole.to));
            audit::append(tx, &entry)?;
        }
        Ok(())
    })
}

/// The `gap` that explains why the author's event before this one is not here: a declared hole lies between the last
/// one that is, and this.
pub(super) fn excuse(tx: &mut dyn Tx, state: &State, event: &Event) -> Result<Option<Kind>, StoreError> {
    let header = &event.header;
    let (Install::Phone(install), Some(enc_seq), Some(seq), Some(id_of_to)) =
        (header.install, header.enc_seq, header.seq, header.enc_prev)
    else {
        return Ok(None);
    };
    let last = state
        .events()
        .map(|event| &event.header)
        .filter(|other| other.install == header.install && other.enc_seq < header.enc_seq)
        .max_by_key(|other| other.enc_seq);
    let enc_from = last.and_then(|last| last.enc_seq).unwrap_or(0) + 1;
    let after = last.and_then(|last| last.seq).unwrap_or(0);
    if enc_from >= enc_seq || !between(tx, install, after, seq)? {
        return Ok(None);
    }
    Ok(Some(Kind::Gap { author: header.install, enc_from, enc_to: enc_seq - 1, id_of_to }))
}

/// The runs that an install declared lost, without what was left of them.
pub(crate) fn declared(tx: &mut dyn Tx, install: InstallId) -> Result<Vec<Hole>, StoreError> {
    tx.rows(
        "select seq_from, seq_to, id_of_to from hole where install = $1 order by seq_from",
        &[install.to_string().into()],
    )?
    .iter()
    .map(|row| {
        let id_of_to: EventId = crate::load::hash(row.text(2)?)?;
        Ok(Hole { install, from: number(row.int(0)?), to: number(row.int(1)?), id_of_to, raw: None })
    })
    .collect()
}

fn between(tx: &mut dyn Tx, install: InstallId, after: u64, before: u64) -> Result<bool, StoreError> {
    let row = tx.row(
        "select seq_from from hole where install = $1 and seq_from > $2 and seq_to < $3 limit 1",
        &[install.to_string().into(), stored(after).into(), stored(before).into()],
    )?;
    Ok(row.is_some())
}

fn bound(install: InstallId, from: u64) -> String {
    format!("hole/{install}/{from}")
}

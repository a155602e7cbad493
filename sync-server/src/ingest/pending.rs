//! Events that cannot have a position yet: the opening of their record has not come, or they belong to no record.

use std::sync::Arc;

use firsthours_core::evidence::{Signature, SignedEvent};
use firsthours_core::record::{EncounterId, Header};

use super::{Authentic, IngestError};
use crate::keys::Keys;
use crate::load::{LoadError, stored};
use crate::store::{StoreError, Tx};

/// Keeps an event, sealed under the agency key. Gives whether it was new.
pub(super) fn keep(tx: &mut dyn Tx, keys: &Keys, item: &Authentic, now_ms: i64) -> Result<bool, StoreError> {
    let header = &item.event.header;
    let id = item.event.id.to_string();
    let body = keys.seal_agency(&bound(&id), item.signed.body.as_deref().unwrap_or_default().as_bytes());
    let added = tx.run(
        "insert into pending (id, install, seq, encounter, enc_seq, stamp, header, body, signature, received_ms) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (id) do nothing",
        &[
            id.into(),
            header.install.to_string().into(),
            header.seq.map(stored).into(),
            header.encounter.map(|id| id.to_string()).into(),
            header.enc_seq.map(stored).into(),
            stored(header.stamp).into(),
            (&item.signed.header).into(),
            body.into(),
            item.signed.signature.to_bytes().to_vec().into(),
            now_ms.into(),
        ],
    )?;
    Ok(added == 1)
}

/// What waits for a record, each author's events in their order.
pub(super) fn waiting(
    tx: &mut dyn Tx,
    keys: &Keys,
    encounter: EncounterId,
) -> Result<Vec<Authentic>, IngestError> {
    let rows = tx.rows(
        "select id, header, body, signature from pending where encounter = $1 order by stamp, enc_seq, id",
        &[encounter.to_string().into()],
    )?;
    rows.iter()
        .map(|row| {
            let corrupt = || StoreError::Corrupt("a waiting event cannot be read".to_owned());
            let body = keys.open_agency(&bound(row.text(0)?), row.blob(2)?)?;
            let signed = SignedEvent {
                header: row.string(1)?,
                body: Some(String::from_utf8(body.to_vec()).map_err(|_| corrupt())?),
                signature: Signature::from_bytes(row.blob(3)?.try_into().map_err(|_| corrupt())?),
            };
            let event = signed.read().map_err(|_| LoadError::Damaged { pos: 0 })?;
            Ok(Authentic { event: Arc::new(event), signed })
        })
        .collect()
}

/// Forgets an event that has its position now.
pub(super) fn forget(tx: &mut dyn Tx, item: &Authentic) -> Result<(), StoreError> {
    tx.run("delete from pending where id = $1", &[item.event.id.to_string().into()])?;
    Ok(())
}

/// Whether the author's event before this one waits too, or nothing comes before it.
pub(super) fn follows(tx: &mut dyn Tx, header: &Header) -> Result<bool, StoreError> {
    let Some(prev) = header.enc_prev else { return Ok(true) };
    let row = tx.row("select install, enc_seq from pending where id = $1", &[prev.to_string().into()])?;
    let Some(row) = row else { return Ok(false) };
    let before = header.enc_seq.map(|seq| stored(seq - 1));
    Ok(row.text(0)? == header.install.to_string() && row.opt_int(1)? == before)
}

fn bound(id: &str) -> String {
    format!("pending/{id}")
}

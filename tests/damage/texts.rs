//! The events of a record as they lie somewhere, byte for byte.

use std::collections::BTreeMap;
use std::path::Path;

use firsthours_core::evidence::{Signature, SignedEvent};
use firsthours_core::record::{EncounterId, EventId};
use firsthours_core::store::{Store, StoreKey};
use firsthours_server::App;
use firsthours_tests::programme::Fault;

/// By position on a server.
pub(crate) fn on_server(app: &App, id: &str) -> Result<Vec<SignedEvent>, Fault> {
    let key = app.keys.get(id)?;
    let sql = "select id, header, body, signature, kind from event where encounter = $1 order by pos";
    let rows = app.store.read(|tx| tx.rows(sql, &[id.into()]))?;
    let read = |row: &firsthours_server::store::Row| -> Result<SignedEvent, Fault> {
        let sealed = row.opt_blob(2)?.ok_or("an event without a body")?;
        // What the server says of itself lies there readable.
        let body = match row.text(4)? {
            "held" | "released" | "gap" => String::from_utf8(sealed.to_vec())?,
            _ => String::from_utf8(key.open(row.text(0)?, sealed)?.to_vec())?,
        };
        let signature: &[u8; 64] = row.blob(3)?.try_into()?;
        Ok(SignedEvent {
            header: row.string(1)?,
            body: Some(body),
            signature: Signature::from_bytes(signature),
        })
    };
    rows.iter().map(read).collect()
}

/// By id in the store of a phone that is switched off.
pub(crate) fn on_phone(
    folder: &Path,
    key: &StoreKey,
    id: &str,
) -> Result<BTreeMap<EventId, SignedEvent>, Fault> {
    let id: EncounterId = id.parse()?;
    let store = Store::open(folder, key)?;
    Ok(store.events(&id)?.into_iter().map(|stored| (stored.id, stored.event)).collect())
}

/// The same events by id.
pub(crate) fn by_id(events: &[SignedEvent]) -> Result<BTreeMap<EventId, SignedEvent>, Fault> {
    events.iter().map(|event| Ok((event.read()?.id, event.clone()))).collect()
}

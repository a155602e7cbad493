//! Loading a record: sealed events from the store, opened and folded, and the definitions they are pinned to.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use firsthours_core::evidence::Rolling;
use firsthours_core::protocol::{self, Definition};
use firsthours_core::record::{EncounterId, Event, EventId, Hash, State, Under, under, versions};

use crate::programme::keys::{DataKey, KeyError, Keys};
use crate::records::protocols;
use crate::store::{StoreError, Tx, encounters, events};

/// Why a record cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record's key does not open its events.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// An event is not what it was when it was taken in.
    #[error("the event at position {pos} cannot be read")]
    Damaged {
        /// Its position.
        pos: u64,
    },
}

/// A record as it stands.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Which one.
    pub encounter: EncounterId,
    /// Its last position.
    pub pos: u64,
    /// The rolling hash there.
    pub rolling: Rolling,
    /// Its events, folded.
    pub state: State,
    /// Where each event stands.
    pub positions: BTreeMap<EventId, u64>,
    /// The versions it is read under.
    pub under: Published,
}

/// The versions of its protocol that a record is read under, as far as they are published here.
#[derive(Debug, Clone)]
pub struct Published {
    /// The one that it was moved to last, or was opened with.
    pub protocol: Hash,
    /// That version, if it is published here.
    pub definition: Option<Arc<Definition>>,
    /// The versions before, as far as they are published here, the latest first.
    pub earlier: Vec<Arc<Definition>>,
}

impl Published {
    /// No version of the protocol that a record was opened with is published here.
    pub(crate) fn none(protocol: Hash) -> Self {
        Self { protocol, definition: None, earlier: Vec::new() }
    }
}

/// Published definitions, read once. They never change, so one that was read stays right.
#[derive(Default)]
pub struct Definitions(Mutex<BTreeMap<Hash, Arc<Definition>>>);

impl Definitions {
    /// The definition of this fingerprint, if it is published here.
    pub fn get(&self, tx: &mut dyn Tx, sha256: Hash) -> Result<Option<Arc<Definition>>, StoreError> {
        if let Some(found) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&sha256) {
            return Ok(Some(Arc::clone(found)));
        }
        let Some(text) = protocols::text(tx, &sha256.to_string())? else { return Ok(None) };
        let Ok(definition) = protocol::load(text.as_bytes()) else {
            tracing::error!(protocol = %sha256, "a published definition no longer loads");
            return Ok(None);
        };
        let definition = Arc::new(definition);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(sha256, Arc::clone(&definition));
        Ok(Some(definition))
    }

    /// What a record is read under; `opened` while its events do not say.
    pub fn under(&self, tx: &mut dyn Tx, state: &State, opened: Hash) -> Result<Published, StoreError> {
        let mut published = |version| self.get(tx, version);
        let found = match under(&versions(state), &mut published)? {
            None => under(&[opened], &mut published)?,
            found => found,
        };
        Ok(match found {
            Some(Under { protocol, definition, earlier, .. }) => {
                Published { protocol, definition: Some(definition), earlier }
            }
            None => Published::none(opened),
        })
    }
}

/// Loads a record with all its events; `None` if there is no such record. A shredded one has no bodies.
pub fn record(
    tx: &mut dyn Tx,
    keys: &Keys,
    definitions: &Definitions,
    encounter: EncounterId,
) -> Result<Option<Loaded>, LoadError> {
    let id = encounter.to_string();
    let Some((pos, rolling, protocol)) = encounters::head_and_protocol(tx, encounter)? else {
        return Ok(None);
    };
    let key = data_key(keys, &id)?;
    let mut loaded = Loaded {
        encounter,
        pos,
        rolling,
        state: State::default(),
        positions: BTreeMap::new(),
        under: Published::none(protocol),
    };
    for (pos, event) in events_behind(tx, encounter, 0, key.as_ref())? {
        loaded.positions.insert(event.id, pos);
        loaded.state.add(event);
    }
    loaded.under = definitions.under(tx, &loaded.state, protocol)?;
    Ok(Some(loaded))
}

/// The key of an encounter; `None` if it was destroyed.
pub fn data_key(keys: &Keys, encounter: &str) -> Result<Option<DataKey>, KeyError> {
    match keys.get(encounter) {
        Ok(key) => Ok(Some(key)),
        Err(KeyError::Shredded) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The events of a record behind a position, in order.
pub(crate) fn events_behind(
    tx: &mut dyn Tx,
    encounter: EncounterId,
    pos: u64,
    key: Option<&DataKey>,
) -> Result<Vec<(u64, Arc<Event>)>, LoadError> {
    events::behind(tx, encounter, pos)?
        .into_iter()
        .map(|row| {
            let pos = row.pos;
            let body = match row.body {
                Some(sealed) => open_body(key, &row.id, &sealed)?,
                None => None,
            };
            let event = Event::read(&row.header, body.as_deref()).map_err(|_| LoadError::Damaged { pos })?;
            Ok((pos, Arc::new(event)))
        })
        .collect()
}

/// Opens a stored body; `None` if its key was destroyed. The server's own holds, releases and gaps carry nothing of
/// the child and stand as they are; sealed bytes begin with the number of their scheme, which is no brace.
pub(crate) fn open_body(
    key: Option<&DataKey>,
    event: &str,
    stored: &[u8],
) -> Result<Option<String>, KeyError> {
    let plain = if stored.first() == Some(&b'{') {
        stored.to_vec()
    } else if let Some(key) = key {
        key.open(event, stored)?.to_vec()
    } else {
        return Ok(None);
    };
    String::from_utf8(plain).map(Some).map_err(|_| KeyError::Sealed)
}

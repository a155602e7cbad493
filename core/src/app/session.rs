//! What stands behind the door while the phone is open: the store, and all of it that is in memory.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::sync::Arc;

use super::AppError;
use super::faults::{self, FaultCode};
use super::install::{DIRECTORY, OwnInstall};
use super::outside::Outside;
use super::records::OpenRecord;
use crate::evidence::Chain;
use crate::outside::random_bytes;
use crate::protocol::{Definition, Instant};
use crate::record::{Directory, EncounterId, Hash, IncidentId, Install};
use crate::store::{Store, StoreKey};
use crate::words::Language;

/// One deputy's store, open. It knows nothing of the door, of locks or of the network.
///
/// All that is in memory can be read again from the store, and is, after a write of which nobody knows whether it was kept.
pub(super) struct Session {
    pub(super) store: Store,
    pub(super) outside: Outside,
    pub(super) language: Language,
    pub(super) me: OwnInstall,
    /// Definitions that were read and checked, by hash.
    pub(super) definitions: BTreeMap<Hash, Arc<Definition>>,
    pub(super) records: BTreeMap<EncounterId, OpenRecord>,
    pub(super) directory: Directory,
    /// Which records are of which scene, once it was asked for.
    pub(super) incidents: Option<BTreeMap<EncounterId, IncidentId>>,
    /// Which definitions are here, once it was asked for.
    pub(super) held: Option<BTreeSet<Hash>>,
    /// The end of an install's chain, once it was read.
    pub(super) own: Option<(Install, Chain)>,
    /// What went wrong lately.
    pub(super) faults: VecDeque<FaultCode>,
}

impl Session {
    /// Opens the store in a folder, or makes it; one that was put back from a copy goes on as another install.
    pub(super) fn open(
        folder: &Path,
        key: &StoreKey,
        language: Language,
        outside: Outside,
    ) -> Result<Self, AppError> {
        let store = Store::open(folder, key)?;
        let random = outside.random.as_ref();
        let me = OwnInstall::load_or_make(&store, random)?;
        let is_copy = match &outside.session_file {
            Some(file) => store.is_copy(file, random_bytes(random))?,
            None => false,
        };
        let directory = store.setting(DIRECTORY)?.unwrap_or_default();
        let faults = faults::load(&store);
        let mut session = Self {
            store,
            outside,
            language,
            me,
            definitions: BTreeMap::new(),
            records: BTreeMap::new(),
            directory,
            incidents: None,
            held: None,
            own: None,
            faults,
        };
        if is_copy {
            session.start_anew()?;
        }
        Ok(session)
    }

    /// Forgets all that can be read again from the store.
    pub(super) fn forget_all(&mut self) {
        self.records.clear();
        self.incidents = None;
        self.held = None;
        self.own = None;
    }

    pub(super) fn now(&self) -> Instant {
        self.outside.clock.read().wall
    }

    /// Random bytes, for ids and salts.
    pub(super) fn random<const N: usize>(&self) -> [u8; N] {
        random_bytes(self.outside.random.as_ref())
    }
}

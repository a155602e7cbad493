//! The one door: everything that a shell, a binding or a test does with the core goes through [`FirstHours`].
//!
//! One file an area. A call that returns has done what it says: an act is on disk, encrypted, before its view comes back.
//! Calls may come from any thread; acts are taken in order, and sync runs beside them.

mod acts;
mod enrol;
mod error;
mod me;
mod outside;
mod reads;
mod records;
mod scene;
mod sync;
mod versions;

pub use crate::record::{Act, Sharing};
pub use acts::DraftPlace;
pub use enrol::{EnrolmentView, Station};
pub use error::AppError;
pub use outside::{Clock, Connect, Outside, Random, SystemClock, SystemRandom};
pub use reads::{Holding, PAGE_ROWS, SyncState, TimelinePage, WordEntry};
pub use sync::{Progress, SyncReport};
pub use versions::MoveCard;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::evidence::Chain;
use crate::record::{Directory, EncounterId, Hash, IncidentId, Install};
use crate::store::{Store, StoreKey};
use crate::words::Language;

use me::Me;
use records::{Definitions, OpenRecord};

/// The app of one deputy on one phone.
pub struct FirstHours {
    store: Store,
    outside: Outside,
    language: Language,
    /// One lock for what acts and reads share. It is never held over the network; a sync takes it for each page it takes up.
    inner: Mutex<Inner>,
    /// One sync at a time.
    syncing: Mutex<()>,
    cancel: AtomicBool,
    acknowledged: AtomicU64,
    to_send: AtomicU64,
}

/// What is kept in memory between calls; all of it can be read again from the store.
pub(crate) struct Inner {
    me: Me,
    definitions: Definitions,
    records: BTreeMap<EncounterId, OpenRecord>,
    directory: Directory,
    /// Which records are of which scene, once it was asked for.
    scenes: Option<BTreeMap<EncounterId, IncidentId>>,
    /// Which definitions are here, once it was asked for.
    held: Option<BTreeSet<Hash>>,
    /// The end of an install's chain, once it was read.
    own: Option<(Install, Chain)>,
}

impl std::fmt::Debug for FirstHours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FirstHours").finish_non_exhaustive()
    }
}

impl FirstHours {
    /// Opens the store in a folder with its raw key, or makes both store and install.
    ///
    /// A wrong key, a newer store and a damaged one are told apart: see [`AppError`].
    pub fn open(
        folder: &Path,
        key: &StoreKey,
        language: Language,
        outside: Outside,
    ) -> Result<Self, AppError> {
        let store = Store::open(folder, key)?;
        let random = outside.random.as_ref();
        let mut me = Me::load_or_make(&store, random)?;
        if let Some(file) = &outside.session_file
            && store.is_copy(file, outside::random_bytes(random))?
        {
            me.start_anew(&store, random)?;
        }
        let directory = store.setting(me::DIRECTORY)?.unwrap_or_default();
        let inner = Inner {
            me,
            definitions: Definitions::default(),
            records: BTreeMap::new(),
            directory,
            scenes: None,
            held: None,
            own: None,
        };
        Ok(Self {
            store,
            outside,
            language,
            inner: Mutex::new(inner),
            syncing: Mutex::new(()),
            cancel: AtomicBool::new(false),
            acknowledged: AtomicU64::new(0),
            to_send: AtomicU64::new(0),
        })
    }

    /// Ends it: stops a running sync between two batches, closes the store, wipes the key. Later calls are
    /// [`AppError::Closed`].
    pub fn shutdown(&self) {
        self.cancel_sync();
        drop(lock(&self.syncing));
        let mut inner = lock(&self.inner);
        inner.records.clear();
        inner.scenes = None;
        inner.own = None;
        inner.me.forget_key();
        self.store.shutdown();
    }

    /// Asks a running sync to stop after the batch or page it is at.
    pub fn cancel_sync(&self) {
        self.cancel.store(true, Ordering::SeqCst);
    }

    /// The language of the words it gives.
    pub fn language(&self) -> Language {
        self.language
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    fn now(&self) -> i64 {
        self.outside.clock.read().wall
    }
}

impl Inner {
    /// The definition with this hash, read and checked once.
    fn definition(&mut self, store: &Store, sha: Hash) -> Result<Arc<crate::protocol::Definition>, AppError> {
        self.definitions.get(store, sha)
    }

    /// Whether the definition with this hash is here and without faults.
    fn has(&mut self, store: &Store, sha: Hash) -> bool {
        self.definition(store, sha).is_ok()
    }
}

/// A panic of another call does not take the records away: everything behind these locks can be read again.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

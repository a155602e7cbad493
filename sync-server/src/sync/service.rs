//! What every answer of the sync interface works with.

use std::ops::Deref;
use std::sync::{Arc, Mutex};

use firsthours_core::wire::Policy;

use super::directory::Cached;
use super::problem::Fault;
use crate::clock::Clock;
use crate::ingest::{Records, Together};
use crate::keys::Keys;
use crate::load::Definitions;
use crate::random::Random;
use crate::store::Store;
use crate::trust::ServerKeys;

/// What an administrator may set of the sync interface.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The programme's name, as phones show it.
    pub programme: String,
    /// What phones are told, and what is taken of them in a request and in a day.
    pub policy: Policy,
    /// How much is done while all other writers wait. No setting of an administrator's; tests cut it small.
    pub together: Together,
}

impl Default for Settings {
    fn default() -> Self {
        Self { programme: "First Hours".to_owned(), policy: Policy::default(), together: Together::default() }
    }
}

/// The sync interface; cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Parts>);

/// The parts of a [`Service`].
pub struct Parts {
    /// The records, people, phones and the log.
    pub store: Store,
    /// The data keys.
    pub keys: Keys,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// What the server signs with.
    pub trust: Arc<ServerKeys>,
    /// What an administrator may set.
    pub settings: Settings,
    /// Records that were folded already.
    pub records: Records,
    /// Definitions that were read already.
    pub definitions: Definitions,
    /// The directory as it was last put together; a mutex because any request may find it stale.
    pub(super) directory: Mutex<Option<Cached>>,
}

impl Deref for Service {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Service {
    /// The interface on an open store.
    pub fn new(
        store: Store,
        keys: Keys,
        trust: Arc<ServerKeys>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        settings: Settings,
    ) -> Self {
        Self(Arc::new(Parts {
            store,
            keys,
            clock,
            random,
            trust,
            settings,
            records: Records::default(),
            definitions: Definitions::default(),
            directory: Mutex::new(None),
        }))
    }

    /// The time now.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Runs blocking work beside the threads that answer requests.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let service = self.clone();
        match tokio::task::spawn_blocking(move || work(&service)).await {
            Ok(done) => done,
            Err(_) => Err(Fault::Internal("a task panicked".to_owned())),
        }
    }
}

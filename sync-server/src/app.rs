//! What every request works with.

use std::ops::Deref;
use std::sync::Arc;

use firsthours_core::outside::{Clock, Random};
use firsthours_core::protocol::Instant;
use firsthours_core::record::Epoch;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::config::Config;
use crate::programme::audit::Refusals;
use crate::programme::checkpoint::Checkpoints;
use crate::programme::keys::{KeyError, Keys};
use crate::programme::people::{Passwords, PeopleError};
use crate::programme::readiness::Readiness;
use crate::programme::sessions::{Ended, Limits};
use crate::programme::trust::{self, Root, ServerKeys, TrustError};
use crate::records::Records;
use crate::store::{self, Store, StoreError, meta, migrate};

/// Password checks at one time: each takes its memory, and the machine has other work.
const SIGN_INS: usize = 4;

/// Why the server cannot start on this folder.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder was never set up.
    #[error("there is no store in {0}; run `init` first")]
    NotInitialised(String),
    /// The key, or the key store.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server's own keys.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The settings of the password check.
    #[error(transparent)]
    People(#[from] PeopleError),
}

/// Why work was not done to its end, whatever it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopping,
    /// A fault of this program.
    #[error("a task panicked")]
    Panicked,
}

/// The state behind every route; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<AppParts>);

/// The parts of an [`App`].
pub struct AppParts {
    /// The records, people, phones and the log.
    pub store: Store,
    /// The data keys.
    pub keys: Keys,
    /// What phones trust, and the server's own signing keys.
    pub trust: Arc<ServerKeys>,
    /// The records.
    pub records: Records,
    /// The settings.
    pub config: Config,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// The password check.
    pub passwords: Passwords,
    /// One permit for each password check at a time.
    pub sign_ins: Semaphore,
    /// Sessions that were ended while the store took no writes.
    pub ended: Ended,
    /// Which refusals get an entry in the log.
    pub refusals: Refusals,
    /// Whether the store takes writes, as it was last asked.
    pub readiness: Readiness,
}

impl Deref for App {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.0
    }
}

impl App {
    /// Opens a folder that `init` has set up.
    pub fn open(config: Config, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Result<Self, OpenError> {
        let made = config.store_file().exists() && config.keys_file().exists();
        if !made || config.unfinished_file().exists() {
            return Err(OpenError::NotInitialised(config.data.display().to_string()));
        }
        let (store, keys) = files(&config, &*clock, &random)?;
        Self::on(store, keys, config, clock, random)
    }

    /// Sets up a new folder: both store files, the root and the server's keys. Gives the root's private key,
    /// which belongs offline and is kept nowhere here.
    pub fn make(
        config: Config,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<(Self, Root), OpenError> {
        let (store, keys) = files(&config, &*clock, &random)?;
        let root = trust::init(&store, &keys, &*random, &config.server, &config.data)?;
        Ok((Self::on(store, keys, config, clock, random)?, root))
    }

    fn on(
        store: Store,
        keys: Keys,
        config: Config,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, OpenError> {
        let trust = match ServerKeys::open(&store, &keys, &config.data) {
            Err(TrustError::RolledBack) => {
                // Nobody has to know what to do about it at night: phones offer what this life of the store lacks.
                tracing::warn!("this store was put back to an earlier state; a new epoch begins");
                let proof = "the list of epochs beside the store";
                trust::put_back(&store, &*random, &config.data, proof, clock.now())?;
                ServerKeys::open(&store, &keys, &config.data)?
            }
            opened => opened?,
        };
        let trust = Arc::new(trust);
        let outside = (Arc::clone(&clock), Arc::clone(&random));
        let (policy, together) = (config.policy(), config.together);
        let records =
            Records::new(store.clone(), keys.clone(), Arc::clone(&trust), outside, policy, together);
        let passwords =
            Passwords::new(config.argon2_memory_kib, config.argon2_rounds, config.argon2_lanes, &*random)?;
        let sign_ins = Semaphore::new(SIGN_INS);
        Ok(Self(Arc::new(AppParts {
            store,
            keys,
            trust,
            records,
            config,
            clock,
            random,
            passwords,
            sign_ins,
            ended: Ended::default(),
            refusals: Refusals::default(),
            readiness: Readiness::default(),
        })))
    }

    /// The time now.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The life of the store, which changes when it was put back.
    pub fn epoch(&self) -> store::Result<Epoch> {
        self.store.read(meta::epoch)
    }

    /// The checkpoints of the log.
    pub fn checkpoints(&self) -> Checkpoints<'_> {
        Checkpoints { store: &self.store, trust: &self.trust, file: self.config.checkpoint_file() }
    }

    /// How long a session lives here.
    pub fn limits(&self) -> Limits {
        Limits {
            idle_ms: self.config.session_idle_minutes * 60_000,
            absolute_ms: self.config.session_hours * 3_600_000,
        }
    }

    /// Waits until one more password may be checked; the permit is held for as long as that takes.
    pub async fn may_check_password(&self) -> Result<SemaphorePermit<'_>, Broken> {
        self.sign_ins.acquire().await.map_err(|_| Broken::Stopping)
    }

    /// Runs blocking work (the store, a password check) beside the threads that answer requests.
    pub async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, Broken> {
        let app = self.clone();
        tokio::task::spawn_blocking(move || work(&app)).await.map_err(|_| Broken::Panicked)
    }
}

/// The two store files of a folder, made when they are not there.
fn files(config: &Config, clock: &dyn Clock, random: &Arc<dyn Random>) -> Result<(Store, Keys), OpenError> {
    let agency = config.agency_key()?;
    let now = clock.now();
    let store = store::open(&config.store_file(), &agency.store_key(), migrate::SERVER, now)?;
    let store = if config.rehearses { store.rehearsing() } else { store };
    let keys = Keys::open(&config.keys_file(), &agency, Arc::clone(random), now)?;
    Ok((store, keys))
}

//! The records of a programme: taken in, loaded, acted on at a desk, and the protocols that they are read under.
//!
//! [`Records`] is what all of that works with. Neither the phones' interface nor the pages are known here.

pub mod desk;
pub mod ingest;
pub mod load;
pub mod protocols;

use std::ops::Deref;
use std::sync::Arc;

use firsthours_core::outside::{Clock, Random};
use firsthours_core::protocol::Instant;
use firsthours_core::wire::Policy;

use crate::programme::keys::Keys;
use crate::programme::trust::ServerKeys;
use crate::store::Store;
use ingest::{FoldedRecords, Together};
use load::Definitions;

/// The records, and what they are read and written with; cheap to clone.
#[derive(Clone)]
pub struct Records(Arc<RecordsParts>);

/// The parts of [`Records`].
pub struct RecordsParts {
    /// The records, people, phones and the log.
    pub store: Store,
    /// The data keys.
    pub keys: Keys,
    /// What the server signs with.
    pub trust: Arc<ServerKeys>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// What phones are told, and what is taken of them in a request and in a day.
    pub policy: Policy,
    /// How much is done while all other writers wait. No setting of an administrator's; tests cut it small.
    pub together: Together,
    /// Definitions that were read already.
    pub definitions: Definitions,
    /// Records that were folded already.
    pub folded: FoldedRecords,
}

impl Deref for Records {
    type Target = RecordsParts;

    fn deref(&self) -> &RecordsParts {
        &self.0
    }
}

impl Records {
    /// The records of an open store.
    pub fn new(
        store: Store,
        keys: Keys,
        trust: Arc<ServerKeys>,
        (clock, random): (Arc<dyn Clock>, Arc<dyn Random>),
        policy: Policy,
        together: Together,
    ) -> Self {
        let (definitions, folded) = (Definitions::default(), FoldedRecords::default());
        Self(Arc::new(RecordsParts {
            store,
            keys,
            trust,
            clock,
            random,
            policy,
            together,
            definitions,
            folded,
        }))
    }

    /// The time now.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }
}

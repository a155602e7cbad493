//! What every answer of the sync interface works with.

use std::ops::Deref;
use std::sync::{Arc, Mutex};

use super::directory::Cached;
use super::problem::Fault;
use crate::records::Records;

/// The sync interface; cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<ServiceParts>);

/// The parts of a [`Service`].
pub struct ServiceParts {
    /// What phones write to and read from.
    pub records: Records,
    /// The programme's name, as phones show it.
    pub title: String,
    /// The directory as it was last put together; a mutex because any request may find it stale.
    pub(super) directory: Mutex<Option<Cached>>,
}

impl Deref for Service {
    type Target = ServiceParts;

    fn deref(&self) -> &ServiceParts {
        &self.0
    }
}

impl Deref for ServiceParts {
    type Target = Records;

    fn deref(&self) -> &Records {
        &self.records
    }
}

impl Service {
    /// The interface to these records.
    pub fn new(records: Records, title: String) -> Self {
        Self(Arc::new(ServiceParts { records, title, directory: Mutex::new(None) }))
    }

    /// Runs blocking work beside the threads that answer requests.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let service = self.clone();
        match tokio::task::spawn_blocking(move || work(&service)).await {
            Ok(done) => done,
            Err(panicked) => Err(Fault::Internal(panicked.into())),
        }
    }
}

//! A phone: the real core in a folder of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use firsthours_core::app::{AppError, FirstHours, Outside, SystemRandom};
use firsthours_core::store::StoreKey;
use firsthours_core::words::Language;
use tempfile::TempDir;

use crate::clock::{PhoneClock, SharedClock};
use crate::network::Network;

/// A phone of one deputy.
pub struct Phone {
    folder: TempDir,
    /// The battery was pulled so often; each time goes on in a copy of what was on disk.
    lives: u32,
    key: [u8; 32],
    language: Language,
    pub clock: Arc<PhoneClock>,
    pub network: Arc<Network>,
    app: Option<FirstHours>,
}

impl Phone {
    /// A new phone, switched on.
    pub fn new(shared: &SharedClock, language: Language) -> Result<Self, AppError> {
        let folder =
            tempfile::tempdir().map_err(|error| AppError::StoreFault { detail: error.to_string() })?;
        let mut key = [0; 32];
        firsthours_core::app::Random::fill(&SystemRandom, &mut key);
        let mut phone = Self {
            folder,
            lives: 0,
            key,
            language,
            clock: Arc::new(PhoneClock::new(shared.clone())),
            network: Network::new(),
            app: None,
        };
        phone.switch_on()?;
        Ok(phone)
    }

    /// The app.
    ///
    /// # Panics
    ///
    /// When the phone is switched off.
    pub fn app(&self) -> &FirstHours {
        self.app.as_ref().expect("a phone of the harness is on between two calls")
    }

    /// The folder of its store.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join(format!("life-{}", self.lives))
    }

    fn session_file(&self) -> PathBuf {
        self.folder.path().join("session")
    }

    /// The store's raw key.
    pub fn key(&self) -> StoreKey {
        StoreKey::new(self.key)
    }

    /// The raw key in hex, for a tool that opens the file itself.
    pub fn key_hex(&self) -> String {
        hex::encode(self.key)
    }

    /// Another phone, put back from a copy of this one as it is on disk now. The file that no backup takes along does
    /// not come along.
    pub fn copy(&self, shared: &SharedClock) -> Result<Self, AppError> {
        self.copied(shared, false)
    }

    /// The same with that file: the whole phone twice, so that only the station can tell the two apart.
    pub fn twin(&self, shared: &SharedClock) -> Result<Self, AppError> {
        self.copied(shared, true)
    }

    fn copied(&self, shared: &SharedClock, whole: bool) -> Result<Self, AppError> {
        let folder =
            tempfile::tempdir().map_err(|error| AppError::StoreFault { detail: error.to_string() })?;
        let mut phone = Self {
            folder,
            lives: 0,
            key: self.key,
            language: self.language,
            clock: Arc::new(PhoneClock::new(shared.clone())),
            network: Network::new(),
            app: None,
        };
        let fault = |error: std::io::Error| AppError::StoreFault { detail: error.to_string() };
        copy_folder(&self.folder(), &phone.folder()).map_err(fault)?;
        if whole {
            std::fs::copy(self.session_file(), phone.session_file()).map_err(fault)?;
        }
        phone.switch_on()?;
        Ok(phone)
    }

    /// Everything from outside, as this phone gives it to the core.
    pub fn outside(&self) -> Outside {
        Outside {
            clock: self.clock.clone(),
            random: Arc::new(SystemRandom),
            connect: self.network.connect(),
            session_file: Some(self.session_file()),
        }
    }

    /// Opens the store.
    pub fn switch_on(&mut self) -> Result<(), AppError> {
        let folder = self.folder();
        let fault = |error: std::io::Error| AppError::StoreFault { detail: error.to_string() };
        std::fs::create_dir_all(&folder).map_err(fault)?;
        self.app = Some(FirstHours::open(&folder, &self.key(), self.language, self.outside())?);
        Ok(())
    }

    /// Ends the app as a shell does.
    pub fn switch_off(&mut self) {
        if let Some(app) = self.app.take() {
            app.shutdown();
        }
    }

    /// The app in another language: ends it and opens the same store again.
    pub fn speak(&mut self, language: Language) -> Result<(), AppError> {
        self.switch_off();
        self.language = language;
        self.switch_on()
    }

    /// Pulls the battery: what was on disk at this moment is all there is. The running app is thrown away with whatever it
    /// would still have written, and the phone starts again from the copy.
    pub fn pull_battery(&mut self) -> Result<(), AppError> {
        let from = self.folder();
        self.lives += 1;
        let to = self.folder();
        copy_folder(&from, &to).map_err(|error| AppError::StoreFault { detail: error.to_string() })?;
        self.app = None;
        self.clock.reboot();
        self.switch_on()
    }
}

/// Copies a folder of SQLite files as a power cut would leave it.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        // The shared-memory index is not on disk in the sense of a power cut; SQLite makes it again from the log.
        if entry.file_name().to_string_lossy().ends_with("-shm") {
            continue;
        }
        std::fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

//! What went wrong lately, as codes for support: a bounded ring, never a word of a record.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{AppError, Session};
use crate::protocol::Instant;
use crate::words::Trouble;

/// Codes that are kept; the oldest makes room.
pub const FAULTS_KEPT: usize = 64;

/// A fault that comes again sooner goes on, and is one: it neither pushes the others out nor makes the disk write each time.
const GOES_ON_MS: i64 = 60_000;

const FAULTS: &str = "faults";

/// One thing that went wrong, for support.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultCode {
    /// When, by the phone's wall clock: milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// What, as a name of ours or of SQLite's, never content: `disk_full`, `store_fault: disk I/O error (1034)`.
    pub code: String,
}

impl AppError {
    /// The code of a fault; `None` for what is no fault but an answer: a refusal, a record that is not here.
    pub(super) fn code(&self) -> Option<String> {
        match self {
            Self::WrongKey => Some("wrong_key".to_owned()),
            Self::NewerStore => Some("newer_store".to_owned()),
            Self::CorruptStore { .. } => Some("corrupt_store".to_owned()),
            Self::DiskFull => Some("disk_full".to_owned()),
            Self::StoreFault { detail } => Some(format!("store_fault: {detail}")),
            Self::BadInput { what } => Some(format!("bad_input: {what}")),
            Self::Sync { trouble } => Some(format!("sync: {}", trouble.code())),
            Self::Closed | Self::Refused { .. } | Self::NoSuchRecord | Self::NotReady { .. } => None,
        }
    }
}

impl Trouble {
    /// Its name, without what it is about.
    fn code(&self) -> String {
        let name = format!("{self:?}");
        name.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
    }
}

impl Session {
    /// What went wrong lately, the oldest first.
    pub(super) fn faults(&self) -> Vec<FaultCode> {
        self.faults.iter().cloned().collect()
    }

    /// Keeps the code of a fault, in memory and, where that can be written, on disk.
    pub(super) fn note_fault(&mut self, error: &AppError) {
        let Some(code) = error.code() else { return };
        let now = self.now();
        let last = self.faults.iter().rfind(|fault| fault.code == code);
        if last.is_some_and(|last| (0..GOES_ON_MS).contains(&(now - Instant::from_ms(last.at_ms)))) {
            return;
        }
        if self.faults.len() == FAULTS_KEPT {
            self.faults.pop_front();
        }
        self.faults.push_back(FaultCode { at_ms: now.ms(), code });
        // What cannot be written now is written with the next one.
        let _ = self.store.set_setting(FAULTS, &self.faults);
    }
}

/// The ring as the store has it; one that cannot be read begins anew.
pub(super) fn load(store: &crate::store::Store) -> VecDeque<FaultCode> {
    store.setting(FAULTS).ok().flatten().unwrap_or_default()
}

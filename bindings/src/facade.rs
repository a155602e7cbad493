//! The one object: a line for each call of the core's door.

#![allow(clippy::needless_pass_by_value, reason = "what crosses the boundary is owned by this side")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use firsthours_core::app::{
    self, AppError, DraftKept, DraftPlace, EnrolmentView, FaultCode, Holding, MoveCard, Outside, Progress,
    ServerEndpoint, SyncReport, SyncState, TimelinePage, WordEntry,
};
use firsthours_core::store::StoreKey;
use firsthours_core::view::{Alarm, CallView, EncounterView, Home, HomeRow, SheetView};
use firsthours_core::words::Language;
use zeroize::Zeroizing;

use crate::act::read_entry;
use crate::{Act, CoreError};

/// First Hours for one deputy on one phone. An app opens one, keeps it for as long as it is unlocked, and ends it with
/// `shutdown`; what the language offers to close or destroy it only frees memory.
///
/// Every call blocks: call from a background thread, acts in their order, and a sync beside them. Every text in what it
/// returns is ready to be read by a person, in the language that it was opened with. A call that returns has done what
/// it says: an act is on disk, encrypted, before its view comes back.
#[derive(Debug, uniffi::Object)]
pub struct FirstHours {
    app: app::FirstHours,
}

#[uniffi::export]
impl FirstHours {
    /// Opens the store in a folder, or makes a new one there.
    ///
    /// `key` is the store's key, 32 random bytes that the phone's own keystore guards; it is read where it lies, and the
    /// caller wipes it afterwards. `language` is a code such as `es` or `es-MX`; English stands in for others.
    /// `session_file` is a file that no backup takes along: by it a store knows that it was put back from a copy, and
    /// begins anew before it writes. Leave it out only where the system has no such place; then the station tells.
    // Borrowed: owned bytes would cross in a buffer that is freed without being wiped.
    #[uniffi::constructor(default(session_file = None))]
    pub fn open(
        folder: String,
        key: &[u8],
        language: String,
        session_file: Option<String>,
    ) -> Result<Arc<Self>, CoreError> {
        let (folder, language) = (Path::new(&folder), Language::from_code(&language));
        let outside = Outside { session_file: session_file.map(PathBuf::from), ..crate::outside(folder) };
        let opened = read_key(key).and_then(|key| app::FirstHours::open(folder, &key, language, outside));
        opened.map(|app| Arc::new(Self { app })).map_err(|error| CoreError::of(error, language))
    }

    /// Begins a record under the protocol in force. `beside` is another record of the same scene, if there is one.
    pub fn start_encounter(&self, beside: Option<String>) -> Result<EncounterView, CoreError> {
        self.told(self.app.start_encounter(beside.as_deref()))
    }

    /// Does one thing to a record. `seen` is the token of the view that it was done on: nothing is replaced that this
    /// view did not show. The view that comes back is the new screen.
    pub fn act(&self, encounter: String, seen: i64, act: Act) -> Result<EncounterView, CoreError> {
        self.told(act.into_core().and_then(|act| self.app.act(&encounter, seen, act)))
    }

    /// Keeps a half-written text safe while it is typed; call it at most half a second after the last key. It becomes
    /// an answer by the act, on leaving the field. An empty text drops the draft. What comes back says whether
    /// it would do as the answer; one that would not is kept all the same.
    pub fn draft(
        &self,
        encounter: String,
        seen: i64,
        step: String,
        entry: Option<String>,
        field: String,
        text: String,
    ) -> Result<DraftKept, CoreError> {
        let place = read_entry(entry.as_deref()).map(|entry| DraftPlace { step, entry, field });
        self.told(place.and_then(|place| self.app.draft(&encounter, seen, place, &text)))
    }

    /// Copies what this record says of the scene into the other records of the scene on this phone. Nothing that is
    /// written there is replaced.
    pub fn copy_to_incident(&self, encounter: String) -> Result<EncounterView, CoreError> {
        self.told(self.app.copy_to_incident(&encounter))
    }

    /// Says that a record belongs to the scene of another record on this phone, `beside`.
    pub fn link_incident(
        &self,
        encounter: String,
        seen: i64,
        beside: String,
    ) -> Result<EncounterView, CoreError> {
        self.told(self.app.link_incident(&encounter, seen, &beside))
    }

    /// What moving a record to the newest version of its protocol would change; none when it is under that already.
    pub fn move_card(&self, encounter: String) -> Result<Option<MoveCard>, CoreError> {
        self.told(self.app.move_card(&encounter))
    }

    /// Moves a record to the version of a card. Every answer is carried over, or stays in sight.
    pub fn move_record(
        &self,
        encounter: String,
        seen: i64,
        protocol: String,
        reason: Option<String>,
    ) -> Result<EncounterView, CoreError> {
        self.told(self.app.move_record(&encounter, seen, &protocol, reason))
    }

    /// A sheet of a record, by the id that its view gives. Nothing is sent anywhere.
    pub fn sheet(&self, encounter: String, sheet: String) -> Result<SheetView, CoreError> {
        self.told(self.app.sheet(&encounter, &sheet))
    }

    /// What should ring from now on, the next first, at most 50: for the system's own alarms. Ask again after each act
    /// and each sync.
    pub fn alarms(&self) -> Result<Vec<Alarm>, CoreError> {
        self.told(self.app.alarms())
    }

    /// The first screen.
    pub fn home(&self) -> Result<Home, CoreError> {
        self.told(self.app.home())
    }

    /// One record, whole.
    pub fn encounter(&self, encounter: String) -> Result<EncounterView, CoreError> {
        self.told(self.app.encounter(&encounter))
    }

    /// One page of a record's history, newest first, at most 50 rows. The first page is 0.
    pub fn timeline(&self, encounter: String, page: i32) -> Result<TimelinePage, CoreError> {
        self.told(self.app.timeline(&encounter, page))
    }

    /// Who is to be called for a record, and how that stands.
    pub fn calls(&self, encounter: String) -> Result<Vec<CallView>, CoreError> {
        self.told(self.app.calls(&encounter))
    }

    /// The records on this phone whose handle or code has this text in it, at most 50.
    pub fn search(&self, text: String) -> Result<Vec<HomeRow>, CoreError> {
        self.told(self.app.search(&text))
    }

    /// How this phone stands with the station.
    pub fn sync_state(&self) -> Result<SyncState, CoreError> {
        self.told(self.app.sync_state())
    }

    /// What this phone still holds, and whether the station has it.
    pub fn holdings(&self) -> Result<Vec<Holding>, CoreError> {
        self.told(self.app.holdings())
    }

    /// Every fixed word of the app in a language: titles, buttons, states, by a key that never changes.
    pub fn words(&self, language: String) -> Result<Vec<WordEntry>, CoreError> {
        Ok(self.app.words(Language::from_code(&language)))
    }

    /// Asks the station to take this phone, with the one-time code; asked again with the same code, how that stands.
    pub fn enrol(&self, server: ServerEndpoint, code: String) -> Result<EnrolmentView, CoreError> {
        self.told(self.app.enrol(server, &code))
    }

    /// Sends and fetches once. May take minutes: never on the thread of the acts. Trouble with the station is told in
    /// the report; whatever was sent and read before it counts.
    pub fn sync_now(&self) -> Result<SyncReport, CoreError> {
        self.told(self.app.sync_now())
    }

    /// How far the running sync is; of the last one when none runs. Cheap: ask as often as the screen needs.
    pub fn sync_progress(&self) -> Result<Progress, CoreError> {
        Ok(self.app.sync_progress())
    }

    /// Asks a running sync to stop soon; its call then returns with what was done.
    pub fn cancel_sync(&self) -> Result<(), CoreError> {
        self.app.cancel_sync();
        Ok(())
    }

    /// Derives every record again from its history and gives how many were not as they should be.
    pub fn rebuild(&self) -> Result<i32, CoreError> {
        self.told(self.app.rebuild()).map(|changed| i32::try_from(changed).unwrap_or(i32::MAX))
    }

    /// What went wrong lately on this phone, as codes for support, the oldest first, at most 64; no content of a record.
    pub fn faults(&self) -> Result<Vec<FaultCode>, CoreError> {
        self.told(self.app.faults())
    }

    /// Ends it: stops a running sync, closes the store, drops its key. Calls for records are `Closed` from then on.
    pub fn shutdown(&self) -> Result<(), CoreError> {
        self.app.shutdown();
        Ok(())
    }
}

impl FirstHours {
    fn told<T>(&self, outcome: Result<T, AppError>) -> Result<T, CoreError> {
        outcome.map_err(|error| CoreError::of(error, self.app.language()))
    }
}

fn read_key(key: &[u8]) -> Result<StoreKey, AppError> {
    let key = <[u8; 32]>::try_from(key).map(Zeroizing::new);
    key.map(|key| StoreKey::new(*key)).map_err(|_| AppError::BadInput { what: "key" })
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicBool, Ordering};

    use firsthours_core::app::{Clock, Outside, SystemClock};
    use firsthours_core::wire::ClockReport;

    use super::*;

    /// A clock that breaks once, in the midst of a call that holds the core's lock.
    struct BreaksOnce(AtomicBool);

    impl Clock for BreaksOnce {
        fn read(&self) -> ClockReport {
            assert!(!self.0.swap(false, Ordering::SeqCst), "the clock broke");
            SystemClock.read()
        }
    }

    #[test]
    fn a_panic_in_one_call_takes_nothing_from_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(BreaksOnce(AtomicBool::new(false)));
        let outside = Outside { clock: clock.clone(), ..Outside::real() };
        let key = StoreKey::new([7; 32]);
        let phone =
            FirstHours { app: app::FirstHours::open(folder.path(), &key, Language::En, outside).unwrap() };

        clock.0.store(true, Ordering::SeqCst);
        // The generated scaffolding catches it in the same way.
        assert!(catch_unwind(AssertUnwindSafe(|| phone.home())).is_err());

        phone.home().unwrap();
        phone.holdings().unwrap();
        phone.shutdown().unwrap();
        assert!(matches!(phone.home(), Err(CoreError::Closed { .. })));
    }
}

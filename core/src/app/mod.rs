//! The one door: everything that a shell, a binding or a test does with the core goes through [`FirstHours`].
//!
//! The door lives as long as the app. Behind it is one room, a `Session`: the store and all that is in memory, there only
//! while the phone is open. Each call of the door takes the lock, hands the call to the session, and gives back what it
//! said; only enrolling and syncing go on outside, because no lock is held over the network.
//!
//! A call that returns has done what it says: an act is on disk, encrypted, before its view comes back. Calls may come
//! from any thread; acts are taken in order, and sync runs beside them.

mod acts;
mod drafts;
mod draw;
mod enrol;
mod error;
mod faults;
mod incident;
mod install;
mod outside;
mod reads;
mod records;
mod session;
mod sync;
mod versions;

pub use crate::outside::{Clock, Random, SystemClock, SystemRandom};
pub use crate::record::{Act, Sharing};
pub use drafts::{DraftKept, DraftPlace};
pub use enrol::{EnrolmentView, ServerEndpoint};
pub use error::AppError;
pub use faults::{FAULTS_KEPT, FaultCode};
pub use outside::{Connect, Outside};
pub use reads::{Holding, PAGE_ROWS, SyncState, TimelinePage, WordEntry};
pub use sync::{Progress, SyncReport};
pub use versions::MoveCard;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::store::StoreKey;
use crate::view::{Alarm, CallView, EncounterView, Home, HomeRow, SheetView};
use crate::wire::Policy;
use crate::words::Language;

use session::Session;
use sync::Syncing;

/// The app of one deputy on one phone.
pub struct FirstHours {
    outside: Outside,
    language: Language,
    /// `None` once it was shut down. The lock is never held over the network; a sync takes it for each page it takes up.
    session: Mutex<Option<Session>>,
    syncing: Syncing,
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
        let session = Session::open(folder, key, language, outside.clone())?;
        Ok(Self { outside, language, session: Mutex::new(Some(session)), syncing: Syncing::default() })
    }

    /// Ends it: stops a running sync between two batches, closes the store, wipes the key. Later calls are
    /// [`AppError::Closed`].
    pub fn shutdown(&self) {
        self.syncing.stop();
        drop(self.session.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// The language of the words it gives.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Begins a record under the newest protocol in force; `beside` joins it to the scene of another record here, and
    /// copies what that one says of the scene.
    pub fn start_encounter(&self, beside: Option<&str>) -> Result<EncounterView, AppError> {
        self.with(|session| session.start_encounter(beside))
    }

    /// Does one thing to a record, as seen on the view with this token.
    ///
    /// When it returns, the event is on disk; the view that it returns is the screen. It supersedes only what the view
    /// with the token `seen` showed, and this install's own later writes.
    pub fn act(&self, encounter: &str, seen: i64, act: Act) -> Result<EncounterView, AppError> {
        self.with(|session| session.act(encounter, seen, act))
    }

    /// Keeps a half-written text: durable, neither signed nor sent. It becomes an answer on leaving the field
    /// ([`Act::Answer`]) or when its phase is submitted; empty, it drops the draft. Gives what became of the text: one
    /// that is too long for its field is kept all the same, and will not do as an answer.
    pub fn draft(
        &self,
        encounter: &str,
        seen: i64,
        place: DraftPlace,
        text: &str,
    ) -> Result<DraftKept, AppError> {
        self.with(|session| session.draft(encounter, seen, place, text))
    }

    /// Copies what this record says of the scene into the other records of the scene on this phone, as events of theirs.
    /// Nothing that anybody wrote there is replaced. Gives this record again.
    pub fn copy_to_incident(&self, encounter: &str) -> Result<EncounterView, AppError> {
        self.with(|session| session.copy_to_incident(encounter))
    }

    /// Says that a record belongs to the scene of another record on this phone.
    pub fn link_incident(&self, encounter: &str, seen: i64, beside: &str) -> Result<EncounterView, AppError> {
        self.with(|session| session.link_incident(encounter, seen, beside))
    }

    /// The change card of a record: what moving it to the newest version in force would change. `None` when it is under
    /// that version already.
    pub fn move_card(&self, encounter: &str) -> Result<Option<MoveCard>, AppError> {
        self.with(|session| session.move_card(encounter))
    }

    /// Moves a record to another version of its protocol that is on this phone. Every answer is carried over, or stays in
    /// sight as answered under the version before.
    pub fn move_record(
        &self,
        encounter: &str,
        seen: i64,
        protocol: &str,
        reason: Option<String>,
    ) -> Result<EncounterView, AppError> {
        self.with(|session| session.move_record(encounter, seen, protocol, reason))
    }

    /// The first screen.
    pub fn home(&self) -> Result<Home, AppError> {
        self.with(Session::home)
    }

    /// One record, whole.
    pub fn encounter(&self, encounter: &str) -> Result<EncounterView, AppError> {
        self.with(|session| session.encounter(encounter))
    }

    /// One page of a record's timeline, newest first; pages are numbered from 0.
    pub fn timeline(&self, encounter: &str, page: i32) -> Result<TimelinePage, AppError> {
        self.with(|session| session.timeline(encounter, page))
    }

    /// A sheet of a record, for the reader that it is made for. Nothing is sent anywhere.
    pub fn sheet(&self, encounter: &str, sheet: &str) -> Result<SheetView, AppError> {
        self.with(|session| session.sheet(encounter, sheet))
    }

    /// What should ring from now on, over every record on this phone, the next first: for the phone's own alarms, so that
    /// they ring while the app is locked.
    pub fn alarms(&self) -> Result<Vec<Alarm>, AppError> {
        self.with(Session::alarms)
    }

    /// The calls board of a record.
    pub fn calls(&self, encounter: &str) -> Result<Vec<CallView>, AppError> {
        self.with(|session| Ok(session.encounter(encounter)?.calls))
    }

    /// Records here whose handle or code has this in it, in any case.
    pub fn search(&self, text: &str) -> Result<Vec<HomeRow>, AppError> {
        self.with(|session| session.search(text))
    }

    /// What the station decided about its phones; the defaults until it was asked. Its times are within their bounds.
    pub fn policy(&self) -> Result<Policy, AppError> {
        self.with(|session| session.policy())
    }

    /// How the phone stands with the station.
    pub fn sync_state(&self) -> Result<SyncState, AppError> {
        self.with(|session| session.sync_state(self.syncing.is_running()))
    }

    /// What this phone holds.
    pub fn holdings(&self) -> Result<Vec<Holding>, AppError> {
        self.with(Session::holdings)
    }

    /// Every fixed word in a language: titles, buttons, states.
    pub fn words(&self, language: Language) -> Vec<WordEntry> {
        reads::words(language)
    }

    /// Folds every record again from its events and writes the summaries that differ; gives how many did.
    pub fn rebuild(&self) -> Result<u32, AppError> {
        self.with(Session::rebuild)
    }

    /// What went wrong lately on this phone, as codes for support, the oldest first: [`FAULTS_KEPT`] at most, and no content.
    pub fn faults(&self) -> Result<Vec<FaultCode>, AppError> {
        self.with(|session| Ok(session.faults()))
    }

    /// Asks to be enrolled, or, asked again with the same code, how that stands.
    ///
    /// A store belongs to one programme for its life: a sheet of another is refused before anything is sent. One that is
    /// enrolled stays at its server's address too, because whoever answers elsewhere could show the same certificates.
    pub fn enrol(&self, server: ServerEndpoint, code: &str) -> Result<EnrolmentView, AppError> {
        self.syncing.alone(|| enrol::enrol(self, server, code))
    }

    /// Syncs once: blocking, for a background thread. Stops early when [`Self::cancel_sync`] is called.
    ///
    /// Trouble with the station is told in the report, not as an error: whatever was sent and read before it counts.
    pub fn sync_now(&self) -> Result<SyncReport, AppError> {
        self.syncing.alone(|| sync::sync_now(self))
    }

    /// How far the running sync is; the last one's numbers when none runs.
    pub fn sync_progress(&self) -> Progress {
        self.syncing.progress()
    }

    /// Asks a running sync to stop after the batch or page it is at.
    pub fn cancel_sync(&self) {
        self.syncing.cancel();
    }

    /// Does one thing with the session: under its lock, and only while there is one.
    fn with<T>(&self, act: impl FnOnce(&mut Session) -> Result<T, AppError>) -> Result<T, AppError> {
        let mut session = self.session.lock().unwrap_or_else(|broken| {
            // A call broke off in the midst: what it left in memory is read again from the store.
            self.session.clear_poison();
            let mut session = broken.into_inner();
            session.iter_mut().for_each(Session::forget_all);
            session
        });
        let session = session.as_mut().ok_or(AppError::Closed)?;
        act(session).inspect_err(|error| session.note_fault(error))
    }
}

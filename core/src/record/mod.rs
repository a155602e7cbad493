//! The record: events, the registers they write, and all that follows from them.
//!
//! State is only ever a fold over the *set* of events; nothing is overwritten and nothing is stored that cannot
//! be computed again. Phone and server run this same code.

mod act;
pub mod bounds;
mod derive;
mod directory;
mod dispute;
mod event;
mod handle;
mod id;
mod incident;
mod kind;
mod next;
mod settle;
mod state;
mod status;
mod submissions;
mod summary;
mod version;

pub use act::{Act, Decision, Record, Refusal, base_of, check_values, decide};
pub use derive::{Conflict, Derived, EntryRecord, StepRecord, StepState, derive};
pub use directory::{Directory, DirectoryPerson, DirectoryStation, PartnerNumber};
pub use dispute::{Dispute, disputes, same_as};
pub use event::{
    Actor, At, AuditEntry, Body, Event, FORMAT, Header, Place, Role, TEXT_BYTES, TimeAnchor, Unreadable,
    Written,
};
pub use handle::{code, free_letter, read_code};
pub use id::{
    AgencyId, BadId, EncounterId, EntryId, Epoch, EventId, Hash, IncidentId, Install, InstallId, PersonId,
    StationId, sha256,
};
pub use incident::copies;
pub use kind::{Content, HoldReason, Kind, PhaseMark, Register, Sharing, ThreadMark};
pub use next::{Next, NextReason, next_step};
pub use state::{Head, State};
pub use status::{
    PhaseStatus, Thread, ThreadState, is_settled, is_void, phase_head, phase_status, takes_submission_of,
    threads,
};
pub use submissions::Submissions;
pub use summary::{
    ClockSummary, Opened, PhaseSummary, SUMMARY_VERSION, Summary, holders, read_opened, summarise,
};
pub use version::{Carried, Under, under, versions};

pub(crate) use derive::disagree;
pub(crate) use event::to_json;
pub(crate) use id::text_serde;

//! The core's small enums, declared again for the generator. The compiler compares every variant with the core's.

use firsthours_core::protocol::{ClockResult, FieldClass, FieldKind, Phase};
use firsthours_core::record::{PhaseStatus, Sharing, StepState, ThreadState};
use firsthours_core::view::RowTold;

/// What is submitted and reviewed together.
#[uniffi::remote(Enum)]
pub enum Phase {
    /// Until the child has been handed over.
    Scene,
    /// The first 72 hours and what the law asks of them.
    FollowUp,
    /// What came of it.
    Outcome,
}

/// How far a phase is in review.
#[uniffi::remote(Enum)]
pub enum PhaseStatus {
    /// Being recorded.
    Open,
    /// Waiting for review.
    Submitted,
    /// Sent back with comments.
    Returned,
    /// Submitted again after it was sent back.
    Answered,
    /// Reviewed and good.
    Approved,
    /// Approved, but something was written that the approval did not cover.
    Stale,
}

/// How far a step is. Its word for the screen is beside it in the view.
#[uniffi::remote(Enum)]
pub enum StepState {
    /// Nothing is recorded yet.
    Todo,
    /// Another answer decides whether it applies; the view names the question.
    MayApply,
    /// Something is recorded, something required is missing.
    Started,
    /// A partner was reached and is on the way.
    Waiting,
    /// Everything required is recorded.
    Done,
    /// It cannot be done, and the record says why.
    Cannot,
    /// It does not apply to this record.
    NotApplicable,
}

/// How a row of a sheet is told.
#[uniffi::remote(Enum)]
pub enum RowTold {
    /// From the record.
    Recorded,
    /// The record should say it and does not.
    Gap,
    /// The record has no place for it: to be filled in by hand.
    ByHand,
    /// It does not apply to this record.
    NotApplicable,
    /// For a page at a desk; never on a phone.
    Hidden,
}

/// How a deadline stands.
#[uniffi::remote(Enum)]
pub enum ClockResult {
    /// It has not begun, or it is not known whether it applies.
    Waiting,
    /// Begun, and still in time.
    Running,
    /// Met in time.
    Met,
    /// Met after the deadline.
    MetLate,
    /// The deadline has passed and it is not met.
    Missed,
    /// Not met, or late, for a reason that the protocol accepts.
    Excused,
}

/// What kind of value a field holds, and so which control to draw.
#[uniffi::remote(Enum)]
pub enum FieldKind {
    /// One of the options.
    Choice,
    /// Several of the options.
    Choices,
    /// Yes or no.
    Flag,
    /// An instant.
    Moment,
    /// A whole number from 0.
    Count,
    /// A reference number or code: one line, kept as typed.
    Code,
    /// One line.
    Text,
    /// Several lines.
    Note,
}

/// How closely a value is kept. Everything but `step` is covered from screenshots and from keyboard learning.
#[uniffi::remote(Enum)]
pub enum FieldClass {
    /// What was done, and when.
    Step,
    /// Who somebody is.
    Identity,
    /// Where somebody is or lives.
    Location,
    /// What happened, in somebody's words.
    Narrative,
    /// Health and care.
    Health,
}

/// How far a comment is.
#[uniffi::remote(Enum)]
pub enum ThreadState {
    /// Nobody has replied.
    Open,
    /// There is a reply.
    Replied,
    /// Closed by a supervisor.
    Resolved,
}

/// How a record goes to another person.
#[uniffi::remote(Enum)]
pub enum Sharing {
    /// The other becomes its holder.
    Pass,
    /// Both write.
    Join,
}

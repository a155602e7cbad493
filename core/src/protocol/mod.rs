//! The protocol as data: what a definition may say, and what its conditions and clocks mean.
//!
//! A definition is a JSON document, immutable once published and known by the SHA-256 of its bytes. It is a
//! closed set of structures: no arithmetic, no text that is parsed as code.
//!
//! [`load()`] reads and checks one, or lists every fault in it. [`judge`] tells whether a condition holds in a
//! record, and [`read_clocks`] how the record stands against its deadlines; both see the record through
//! [`Facts`] only. [`json::parse`] is the one way in for JSON of every format.

mod calendar;
mod change;
mod check;
mod clock;
mod condition;
mod definition;
mod diff;
mod fault;
mod instant;
pub mod json;
mod load;
mod local;
mod path;
mod value;

pub use calendar::end_of_nth_day;
pub use change::{
    BasisChange, CalendarChange, Change, ClockChange, FieldChange, InLanguages, OptionChange, PartnerChange,
    ProtocolChange, SheetChange, StepChange, Weight,
};
pub use clock::{ClockReading, ClockResult, FirstEntered, Outcome, read_clocks};
pub use condition::{Facts, FirstEntries, Question, Reading, Truth, Verdict, judge, judge_optional};
pub use definition::{
    Anchor, AnchorOf, AnswerIs, Author, Basis, BasisState, Calendar, Channel, Clock, Comes, Condition,
    Deadline, Definition, Field, FieldClass, FieldKind, FieldLimits, FieldRef, Occurrence, Opt, Partner,
    PartnerStep, Phase, RowSource, Settled, Sheet, SheetRow, SheetSection, Step, StepIs, Text,
};
pub use diff::diff;
pub use fault::{Fault, FaultKind, Faults, Shape};
pub use instant::Instant;
pub use json::JsonFault;
pub use load::{MAX_BYTES, fingerprint, load};
pub use local::{
    Day, LocalTime, Resolved, Zone, local, minutes_east, minutes_east_here, resolve, time_of_day,
    time_on_day_of, zone,
};
pub use value::{Misfit, Value};

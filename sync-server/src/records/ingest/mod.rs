//! Taking events in: authentic or not at all, then stored for ever, whether or not they are accepted.
//!
//! 1. *Outside the transaction*: strict JSON, chain, signature, and that the author is whom the certificate names
//!    (`verify`). What fails is not acknowledged.
//! 2. *In one transaction*: the install's own line moves on (`line`), then each record in ascending order is locked
//!    by its counter row, and its events get dense positions (`writing`). What cannot be accepted is stored all the
//!    same, behind a *held* event that says why (`judge`); a hold whose reason has gone is released at once.
//! 3. Events of a record whose opening has not come wait (`pending`).
//! 4. What would keep the writer from others too long is done in several transactions (`room`): a run of many records or
//!    many holds in parts, in order, each of them whole; what waits and what is to be released once the events are in.
//! 5. What was folded is kept (`folded`) once it is committed, so that the next event need not read the record again.
//!
//! Nothing is acknowledged before the commit, and the same events may be sent for ever.
//!
//! **The law**: whatever is acknowledged, by a receipt or as *taken* or *known* of an offer, is in its record, with a hold or
//! without, or waits here; and it can be read back byte for byte. So no outcome of taking an event may be dropped
//! (`Took` is `must_use` and matched whole), and what has no place is refused before anything is acknowledged.
//! `tests/sync/model.rs` plays random batches against a plain model of this law.

mod folded;
mod hole;
mod judge;
mod line;
mod pending;
mod place;
mod queue;
mod quota;
mod room;
mod take;
mod verify;
mod writing;

use firsthours_core::record::{EncounterId, EventId};

use crate::programme::keys::KeyError;
use crate::records::load::LoadError;
use crate::store::StoreError;

pub use folded::FoldedRecords;
pub use hole::declare;
pub(crate) use hole::declared;
pub(crate) use line::id_at as id_in_line;
pub(crate) use room::Room;
pub use room::Together;
pub use take::{Offered, offers, own, reconsider};
pub(crate) use take::{certificates, committed, keyset, revocations, warm};
pub(crate) use verify::why;
pub use verify::{Authentic, Author, author};
pub(crate) use writing::Writing;

/// Why nothing was taken in.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A data key failed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A record cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Not authentic from this number on.
    #[error("not authentic at {seq}: {detail}")]
    NotAuthentic {
        /// The first number that is not.
        seq: u64,
        /// Why, without anything of the record.
        detail: &'static str,
    },
    /// The line goes on at another number.
    #[error("expected number {expected}")]
    Gap {
        /// The number.
        expected: u64,
    },
    /// The number is here with another id.
    #[error("number {seq} is here in another form")]
    Fork {
        /// The number.
        seq: u64,
        /// The id that is here.
        id: EventId,
    },
    /// An event that must have its place has none: a fault of this program, and nothing is acknowledged.
    #[error("the event {0} was not placed")]
    Misplaced(EventId),
    /// More of it is held than one transaction takes in: it is to be taken in parts.
    #[error("too many events are held for one transaction")]
    Crowded,
    /// More than this server keeps of one install.
    #[error("too much: {0}")]
    TooMuch(&'static str),
    /// A record came to be between two looks at it; try again.
    #[error("the record {0} has no key yet")]
    NoKeyYet(EncounterId),
}

//! The one error of the boundary.

use firsthours_core::app::AppError;
use firsthours_core::record::Refusal;
use firsthours_core::words::{Language, Trouble};

/// Why a call did not do what it was asked.
///
/// Each case is something that an app does differently. `sentence` is for the person and already in the app's language;
/// nothing else in here is to be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum CoreError {
    /// The key does not open the store; nothing was touched. Ask to unlock again.
    #[error("the store does not open with this key")]
    WrongKey { sentence: String },
    /// A newer app wrote the store; nothing was touched. This app must be updated.
    #[error("the store was written by a newer app")]
    NewerStore { sentence: String },
    /// The store is damaged. If `setAside` names a folder or file, it lies there now, and opening again makes a new one.
    #[error("the store is damaged")]
    CorruptStore { set_aside: Option<String>, sentence: String },
    /// Nothing of the call was kept: the phone is full.
    #[error("the disk is full")]
    DiskFull { sentence: String },
    /// The phone could not read or write. Read the view again before going on; never just repeat the call.
    #[error("the store could not be read or written: {detail}")]
    StoreFault { detail: String, sentence: String },
    /// It was shut down. Open it again.
    #[error("it was shut down")]
    Closed { sentence: String },
    /// It is not possible, and nothing was changed.
    #[error("refused: {because:?}")]
    Refused {
        because: RefusedBecause,
        /// The steps that it is about, if any.
        steps: Vec<String>,
        /// The field that it is about or, of an input that is none, what that input should have been.
        field: Option<String>,
        sentence: String,
    },
    /// There is no such record on this phone, or not any more. Leave its screen.
    #[error("there is no such record here")]
    NoSuchRecord { sentence: String },
    /// Without `enrolled` the station must first approve this phone; with it, one sync brings what is missing.
    #[error("not ready")]
    NotReady { enrolled: bool, sentence: String },
    /// The station could not be reached or did not agree. With `tryAgain` the same call may work later.
    #[error("no agreement with the station")]
    Station { try_again: bool, sentence: String },
}

/// What to do about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum RefusedBecause {
    /// It was submitted already: ask for a reason and do the same act with it.
    ReasonNeeded,
    /// Steps are still open: `steps` names them.
    StillOpen,
    /// What was entered must be changed: `field` names it where it is one of several.
    DoesNotFit,
    /// Not possible as the record stands, or not for this person.
    NotPossible,
    /// The app gave something that is no id, token or page of the core: a fault of the app.
    BadInput,
}

impl CoreError {
    /// The core's error with its sentence.
    pub(crate) fn of(error: AppError, language: Language) -> Self {
        let sentence = error.sentence(language);
        match error {
            AppError::WrongKey => Self::WrongKey { sentence },
            AppError::NewerStore => Self::NewerStore { sentence },
            AppError::CorruptStore { set_aside } => {
                let set_aside = set_aside.map(|path| path.to_string_lossy().into_owned());
                Self::CorruptStore { set_aside, sentence }
            }
            AppError::DiskFull => Self::DiskFull { sentence },
            AppError::StoreFault { detail } => Self::StoreFault { detail, sentence },
            AppError::Closed => Self::Closed { sentence },
            AppError::Refused { reason, .. } => refused(reason, sentence),
            AppError::NoSuchRecord => Self::NoSuchRecord { sentence },
            AppError::NotReady { trouble } => {
                let enrolled = !matches!(trouble, Trouble::NotEnrolledYet | Trouble::EnrolmentRefused);
                Self::NotReady { enrolled, sentence }
            }
            AppError::Sync { trouble } => {
                let try_again =
                    matches!(trouble, Trouble::NoConnection | Trouble::StationUnwell | Trouble::Cancelled);
                Self::Station { try_again, sentence }
            }
            AppError::BadInput { what } => Self::Refused {
                because: RefusedBecause::BadInput,
                steps: Vec::new(),
                field: Some(what.to_owned()),
                sentence,
            },
        }
    }
}

// No arm for the rest: a refusal that is new in the core must be given its place here.
fn refused(reason: Refusal, sentence: String) -> CoreError {
    use RefusedBecause::{DoesNotFit, NotPossible, ReasonNeeded, StillOpen};
    let (because, steps, field) = match reason {
        Refusal::ReasonNeeded { .. } => (ReasonNeeded, Vec::new(), None),
        Refusal::StillOpen { steps } => (StillOpen, steps, None),
        Refusal::DoesNotFit { field, .. } => (DoesNotFit, Vec::new(), Some(field)),
        Refusal::NothingGiven | Refusal::EmptyText | Refusal::TooLong { .. } => {
            (DoesNotFit, Vec::new(), None)
        }
        Refusal::NoSuchReason { step, .. } => (DoesNotFit, vec![step], None),
        Refusal::NoSuchField { step, field } => (NotPossible, vec![step], Some(field)),
        Refusal::NoSuchStep { step }
        | Refusal::NotYours { step, .. }
        | Refusal::NoSuchEntry { step }
        | Refusal::NotShared { step }
        | Refusal::Fixed { step } => (NotPossible, vec![step], None),
        Refusal::OwnWork { steps } => (NotPossible, steps, None),
        Refusal::NotNow { .. }
        | Refusal::MayNot { .. }
        | Refusal::NoSuchThread
        | Refusal::SameVersion
        | Refusal::ItsOwn
        | Refusal::Void
        | Refusal::RecordFull
        | Refusal::ChangedTooOften => (NotPossible, Vec::new(), None),
    };
    CoreError::Refused { because, steps, field, sentence }
}

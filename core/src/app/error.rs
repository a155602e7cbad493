//! What can go wrong, as a shell acts on it; each has a sentence that a deputy understands.

use crate::protocol::Definition;
use crate::record::Refusal;
use crate::store::StoreError;
use crate::sync::Unreachable;
use crate::words::{Language, Trouble, refusal};

/// Why a call did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppError {
    /// The key does not open the store; nothing was touched.
    #[error("the store does not open with this key")]
    WrongKey,
    /// A newer app wrote the store; nothing was touched.
    #[error("the store was written by a newer app")]
    NewerStore,
    /// The store is damaged; it was set aside, and opening again makes a new one.
    #[error("the store is damaged and was set aside")]
    CorruptStore { set_aside: Option<std::path::PathBuf> },
    /// Nothing of the call was kept.
    #[error("the disk is full")]
    DiskFull,
    /// The write failed; the record was read again from disk.
    #[error("the store could not be written")]
    StoreFault { detail: String },
    /// After `shutdown`.
    #[error("the app is closed")]
    Closed,
    /// The act is not possible. The reason is for the person; `sentence` has it.
    #[error("refused: {reason}")]
    Refused { reason: Refusal, sentence: String },
    /// No such record here, or its protocol has not come yet.
    #[error("there is no such record here")]
    NoSuchRecord,
    /// The install has no approval yet, or no protocol to begin with.
    #[error("not ready: {trouble:?}")]
    NotReady { trouble: Trouble },
    /// The server could not be reached, or did not let us.
    #[error("sync: {trouble:?}")]
    Sync { trouble: Trouble },
    /// An id or a token that the caller gave is none.
    #[error("not an id of this app: {what}")]
    BadInput { what: &'static str },
}

impl AppError {
    /// What a deputy reads.
    pub fn sentence(&self, language: Language) -> String {
        let trouble = match self {
            Self::Refused { sentence, .. } => return sentence.clone(),
            Self::WrongKey => Trouble::WrongKey,
            Self::NewerStore => Trouble::NewerStore,
            Self::CorruptStore { .. } => Trouble::CorruptStore,
            Self::DiskFull => Trouble::DiskFull,
            Self::StoreFault { .. } => Trouble::StoreFault,
            Self::Closed => Trouble::Closed,
            Self::NoSuchRecord => Trouble::NoSuchRecord,
            Self::BadInput { .. } => Trouble::BadText,
            Self::NotReady { trouble } | Self::Sync { trouble } => trouble.clone(),
        };
        trouble.text(language)
    }

    /// A refusal with its sentence in the words of the record's protocol.
    pub(super) fn refused(reason: Refusal, definition: &Definition, language: Language) -> Self {
        let title = |step: &str| {
            definition
                .step(step)
                .map_or_else(|| step.to_owned(), |step| step.title.get(language.code()).to_owned())
        };
        let sentence = refusal(&reason, language, &title);
        Self::Refused { reason, sentence }
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::WrongKey => Self::WrongKey,
            StoreError::Newer { .. } => Self::NewerStore,
            StoreError::Corrupt { set_aside } => Self::CorruptStore { set_aside },
            StoreError::Full => Self::DiskFull,
            StoreError::Closed => Self::Closed,
            StoreError::Conflict { what } => Self::StoreFault { detail: what.to_owned() },
            StoreError::Io { detail } => Self::StoreFault { detail },
        }
    }
}

impl From<Unreachable> for AppError {
    fn from(error: Unreachable) -> Self {
        let trouble = match error {
            Unreachable::NoConnection | Unreachable::TimedOut => Trouble::NoConnection,
            Unreachable::Tls | Unreachable::ClearTextRefused => Trouble::NotTheStation,
            Unreachable::BadAnswer(_) => Trouble::StationUnwell,
            Unreachable::Cancelled => Trouble::Cancelled,
        };
        Self::Sync { trouble }
    }
}

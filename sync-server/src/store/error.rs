//! What can go wrong with the store, by what one can do about it.

/// What went wrong with the store, by what one can do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another writer held the store too long; the whole transaction may be tried again.
    #[error("the store is busy")]
    Busy,
    /// The file is damaged; restore it from a backup and keep the damaged one.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
    /// A newer program has written this store.
    #[error("the store has schema {found}, and this program knows up to {known}; install the newer program")]
    NewerSchema {
        /// The version in the store.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// A migration that was already applied now has another text.
    #[error("migration {version} of the store is not the one that this program carries")]
    AlteredMigration {
        /// The migration that differs.
        version: i64,
    },
    /// The key does not fit the file.
    #[error("the store does not open with this key, or its first page is damaged")]
    WrongKey,
    /// The disk is full; what was written before is safe.
    #[error("the disk is full")]
    Full,
    /// A rule of the schema (unique, foreign key, not null) refused the write.
    #[error("the store refused the write: {0}")]
    Constraint(String),
    /// The store cannot be reached, or a write to disk failed.
    #[error("the store is not available: {0}")]
    NotAvailable(String),
    /// A statement is wrong: a fault of this program.
    #[error("a statement of the store failed: {0}")]
    Statement(String),
    /// A column holds something else than the program expected.
    #[error("column {column} of a row is not {wanted}")]
    Shape {
        /// The column, from 0.
        column: usize,
        /// What was expected.
        wanted: &'static str,
    },
}

impl StoreError {
    /// Whether it passes: the same call may go well in a while, as once there is room on the disk.
    pub fn passes(&self) -> bool {
        match self {
            Self::Busy | Self::Full | Self::NotAvailable(_) => true,
            Self::Corrupt(_)
            | Self::NewerSchema { .. }
            | Self::AlteredMigration { .. }
            | Self::WrongKey
            | Self::Constraint(_)
            | Self::Statement(_)
            | Self::Shape { .. } => false,
        }
    }
}

/// The result of a call to the store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

//! Opening a file of SQLCipher: one way in for the phone's store and for the server's. What each then sets is its own.

use std::path::Path;
use std::sync::Once;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The raw key of a store: 32 random bytes, wiped when dropped.
#[derive(Clone)]
pub struct StoreKey(Zeroizing<[u8; 32]>);

impl StoreKey {
    /// Takes a key.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// SHA-256 of the key and a purpose.
    pub fn hash(&self, purpose: &[u8]) -> [u8; 32] {
        Sha256::new().chain_update(self.0.as_slice()).chain_update(purpose).finalize().into()
    }

    /// The key as SQLCipher reads a raw key with its salt: `x'…'`.
    ///
    /// SQLCipher would else keep a random salt in the first 16 bytes of the file and nowhere else, and a power cut in
    /// the middle of writing that sector would take every page with it, also those that are whole in the log. A key
    /// of 256 random bits, used for one file, needs no salt.
    fn to_sql(&self, salt: &[u8]) -> Zeroizing<String> {
        let mut digits = Zeroizing::new([0; 96]);
        let (key, after) = digits.split_at_mut(64);
        hex::encode_to_slice(self.0.as_slice(), key).expect("32 bytes are 64 digits");
        hex::encode_to_slice(&self.hash(salt)[..16], after).expect("16 bytes are 32 digits");
        // Room for all of it: a string that grows leaves copies behind.
        let mut text = Zeroizing::new(String::with_capacity(128));
        text.push_str("pragma key = \"x'");
        text.extend(digits.iter().map(|digit| char::from(*digit)));
        text.push_str("'\"");
        text
    }
}

impl std::fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoreKey(..)")
    }
}

/// How a file is opened.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// What the salt is made of, beside the key: a word of the file's kind.
    pub salt: &'a [u8],
    /// Make the file if it is not there.
    pub create: bool,
    /// Closing the last connection leaves the log where it is: it may not be ours to move.
    pub keeps_log: bool,
    /// Statements that stay prepared.
    pub statements: usize,
}

/// Why a file does not open.
#[derive(Debug, thiserror::Error)]
pub enum CipherFault {
    /// SQLite refused. A wrong key does not show before the first read.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// This build has no cipher, and nothing is ever written without one.
    #[error("the cipher is not at work")]
    NoCipher,
}

/// Opens a connection under its key. Nothing of the file was read yet.
pub fn open(path: &Path, key: &StoreKey, opening: Opening<'_>) -> Result<Connection, CipherFault> {
    start_library();
    // A mutex around each connection makes SQLite's own unnecessary.
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, opening.create);
    let connection = Connection::open_with_flags(path, flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, opening.keeps_log)?;
    connection.set_prepared_statement_cache_capacity(opening.statements);
    // One plan for a statement whatever is bound to it, or SQLite compiles most of them anew each time they are run.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // SQLCipher would write to the system's log, which others can read; every error comes back typed anyway.
    connection.execute_batch("pragma cipher_log_level = none")?;
    connection.execute_batch(&key.to_sql(opening.salt))?;
    let status: Option<String> =
        connection.query_row("pragma cipher_status", [], |row| row.get(0)).optional()?;
    if status.as_deref() == Some("1") { Ok(connection) } else { Err(CipherFault::NoCipher) }
}

/// SQLite calls itself ready before SQLCipher is: of two threads that open the first connections of a process at the
/// same time, one would find no cipher. So one connection is opened, by one thread, before any other.
fn start_library() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        // If it fails, so does the real one, which can say so.
        let _ = Connection::open_in_memory();
    });
}

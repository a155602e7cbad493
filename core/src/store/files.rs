//! The files of a store: the database, the mark that tells a wrong key from a damaged file, and what was set aside.
//!
//! SQLCipher answers the same to a wrong key and to a damaged first page. `store.mark` keeps a check value of the
//! key, so that a right key with a damaged file is *damaged* and a wrong key is *wrong*. It also says whether the
//! store was ever finished: a store that a power cut stopped in the making holds nothing and is made again.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::StoreError;
use crate::cipher::StoreKey;

/// The files in one store's folder.
#[derive(Debug, Clone)]
pub(super) struct Files {
    folder: PathBuf,
}

/// What `store.mark` says, and whether it was made with the key at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// None, or unreadable.
    Missing,
    /// A store was begun and perhaps never finished.
    Making { fits: bool },
    /// A store was finished.
    Made { fits: bool },
}

/// What SQLite puts beside its database.
const SIBLINGS: [&str; 3] = ["-wal", "-journal", "-shm"];

impl Files {
    pub(super) fn new(folder: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(folder).map_err(|error| trouble(&error))?;
        Ok(Self { folder: folder.to_path_buf() })
    }

    pub(super) fn database(&self) -> PathBuf {
        self.folder.join("store.db")
    }

    /// Whether there is a database with anything in it. SQLite makes the file empty at first.
    pub(super) fn has_database(&self) -> Result<bool, StoreError> {
        match fs::metadata(self.database()) {
            Ok(data) => Ok(data.len() > 0),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(trouble(&error)),
        }
    }

    /// Whether a log lies there without its database.
    pub(super) fn has_siblings(&self) -> bool {
        SIBLINGS.iter().any(|suffix| suffixed(&self.database(), suffix).exists())
    }

    pub(super) fn mark(&self, key: &StoreKey) -> Result<Mark, StoreError> {
        let text = match fs::read(self.mark_file()) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Mark::Missing),
            Err(error) => return Err(trouble(&error)),
        };
        let mut words = text.split_whitespace();
        let fits = words.next() == Some(check_value(key).as_str());
        Ok(match (words.next(), words.next()) {
            (Some("making"), None) => Mark::Making { fits },
            (Some("made"), None) => Mark::Made { fits },
            _ => Mark::Missing,
        })
    }

    /// Writes the mark and returns once it, and the folder's entries, are on disk.
    pub(super) fn write_mark(&self, key: &StoreKey, made: bool) -> Result<(), StoreError> {
        let text = format!("{} {}\n", check_value(key), if made { "made" } else { "making" });
        let draft = self.folder.join("store.mark.new");
        let write = || -> io::Result<()> {
            let mut file = File::create(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, self.mark_file())?;
            sync_folder(&self.folder)
        };
        write().map_err(|error| trouble(&error))
    }

    /// Notes that damage was met during use: the next opening checks every page.
    pub(super) fn suspect(&self) {
        // Best effort: the damage is met again without it.
        let _ = File::create(self.suspect_file()).and_then(|file| file.sync_all());
    }

    pub(super) fn is_suspect(&self) -> bool {
        self.suspect_file().exists()
    }

    pub(super) fn clear_suspicion(&self) {
        let _ = fs::remove_file(self.suspect_file());
    }

    /// Moves the database, its log and its mark to names that say they are damaged. Nothing is ever deleted.
    ///
    /// The database goes first and the mark last: stopped anywhere between, the next opening finds a mark without a
    /// database and comes here again.
    pub(super) fn set_aside(&self) -> Result<Option<PathBuf>, StoreError> {
        let number = (1..=u32::MAX)
            .find(|number| {
                let aside = self.aside(*number);
                let names = ["", "-wal", "-journal", "-shm", ".mark"];
                !names.iter().any(|suffix| suffixed(&aside, suffix).exists())
            })
            .ok_or_else(|| StoreError::io("no name is free"))?;
        let aside = self.aside(number);
        let had_database = self.database().exists();
        let moving = || -> io::Result<()> {
            move_if_there(&self.database(), &aside)?;
            for suffix in SIBLINGS {
                move_if_there(&suffixed(&self.database(), suffix), &suffixed(&aside, suffix))?;
            }
            move_if_there(&self.mark_file(), &suffixed(&aside, ".mark"))?;
            sync_folder(&self.folder)
        };
        moving().map_err(|error| trouble(&error))?;
        self.clear_suspicion();
        Ok(had_database.then_some(aside))
    }

    fn aside(&self, number: u32) -> PathBuf {
        self.folder.join(format!("store.corrupt-{number}.db"))
    }

    fn mark_file(&self) -> PathBuf {
        self.folder.join("store.mark")
    }

    fn suspect_file(&self) -> PathBuf {
        self.folder.join("store.suspect")
    }
}

fn suffixed(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn move_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// A new name is durable only once its folder is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn trouble(error: &io::Error) -> StoreError {
    if error.kind() == io::ErrorKind::StorageFull {
        StoreError::Full
    } else {
        StoreError::io(error.kind().to_string())
    }
}

/// Betrays nothing of a key of 256 random bits.
fn check_value(key: &StoreKey) -> String {
    hex::encode(key.hash(b"fh-store-mark"))
}

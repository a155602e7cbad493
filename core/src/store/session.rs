//! Whether this store is the one that was opened here last, or a copy of it.
//!
//! Each opening notes a fresh mark in a file that no backup takes along, beside the one before it, and then in the
//! store. A store whose mark the file does not have was put back from a copy, or moved: its chain must not go on.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::Store;
use super::error::StoreError;

const SESSION: &str = "session";

impl Store {
    /// Notes this opening with a fresh mark, and says whether the store is a copy of the one opened here before.
    ///
    /// A mark that cannot be written leaves everything as it was: the next opening compares the same again.
    pub fn is_copy(&self, file: &Path, fresh: [u8; 16]) -> Result<bool, StoreError> {
        let last: Option<String> = self.setting(SESSION)?;
        let copy = match &last {
            // A file that is there and cannot be read proves nothing.
            Some(last) => noted(file).is_some_and(|marks| !marks.lines().any(|mark| mark == last)),
            None => false,
        };
        let fresh = hex::encode(fresh);
        // Both, because a kill may come before the store has the new one.
        let marks = format!("{}\n{fresh}\n", last.unwrap_or_default());
        if note(file, &marks).is_ok() {
            self.set_setting(SESSION, &fresh)?;
        }
        Ok(copy)
    }
}

fn noted(file: &Path) -> Option<String> {
    match fs::read_to_string(file) {
        Ok(marks) => Some(marks),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(String::new()),
        Err(_) => None,
    }
}

fn note(file: &Path, marks: &str) -> io::Result<()> {
    let draft = file.with_extension("new");
    let mut written = File::create(&draft)?;
    written.write_all(marks.as_bytes())?;
    written.sync_all()?;
    fs::rename(&draft, file)?;
    if let Some(folder) = file.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

//! The rival: `PouchDB` to `express-pouchdb`, on the same machine, in the same run.

use std::path::PathBuf;
use std::process::Command;

use firsthours_tests::programme::Fault;

/// The script, with its packages installed.
pub(crate) struct Pouch {
    folder: PathBuf,
}

/// Documents a second.
#[derive(serde::Deserialize)]
pub(crate) struct Rates {
    pub(crate) push: f64,
    pub(crate) pull: f64,
}

impl Pouch {
    /// `None` if its packages are not installed: `tests/bench` installs them.
    pub(crate) fn installed() -> Option<Self> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/pouch");
        folder.join("node_modules/pouchdb/package.json").exists().then_some(Self { folder })
    }

    /// Pushes and pulls so many documents of this size.
    pub(crate) fn run(&self, documents: usize, bytes: usize, batch: usize) -> Result<Rates, Fault> {
        let arguments = [documents, bytes, batch].map(|number| number.to_string());
        let output =
            Command::new("node").arg("bench.mjs").args(arguments).current_dir(&self.folder).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

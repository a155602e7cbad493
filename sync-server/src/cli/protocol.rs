//! Protocol versions from the console.

use std::path::PathBuf;

use clap::Subcommand;

use super::CliError;
use crate::app::App;
use crate::audit::Who;
use crate::{ingest, out, protocols};

/// Protocol versions.
#[derive(Subcommand)]
pub(super) enum Protocol {
    /// Check a definition and publish it.
    Publish {
        /// The definition (JSON).
        file: PathBuf,
    },
    /// Let no new record start under a version.
    Recall {
        /// Its fingerprint.
        sha256: String,
    },
    /// Every version.
    List,
}

pub(super) fn run(app: &App, protocol: Protocol) -> Result<(), CliError> {
    let now_ms = app.now_ms();
    match protocol {
        Protocol::Publish { file } => {
            let text = std::fs::read_to_string(&file)?;
            out::line(app.store.write(|tx| protocols::publish(tx, &text, Who::Console, now_ms))?);
            // Entries may have been held only because nobody here knew this version.
            ingest::reconsider(&app.sync)?;
        }
        Protocol::Recall { sha256 } => {
            app.store.write(|tx| protocols::recall(tx, &sha256, Who::Console, now_ms))?;
        }
        Protocol::List => {
            for version in app.store.read(protocols::all)? {
                let state = if version.recalled_ms.is_some() { "recalled" } else { "published" };
                out::line(format_args!("{}  {} {}  {state}", version.sha256, version.id, version.version));
            }
        }
    }
    Ok(())
}

//! The numbers of the partners from the console.

use std::path::PathBuf;

use clap::Subcommand;
use firsthours_core::record::PartnerNumber;
use firsthours_core::wire::ReadMessage;

use super::CliError;
use super::out;
use crate::app::App;
use crate::programme::audit::Who;
use crate::programme::directory;

/// What phones look up.
#[derive(Subcommand)]
pub(super) enum Directory {
    /// Replace every partner's numbers by those of a file.
    Numbers {
        /// A JSON list of `{"partner", "station"?, "channel", "number", "hours"?}`; `hours` are minutes after local
        /// midnight, `[from, to]`.
        file: PathBuf,
    },
}

pub(super) fn run(app: &App, directory: Directory) -> Result<(), CliError> {
    let Directory::Numbers { file } = directory;
    let numbers: Vec<PartnerNumber> = ReadMessage::read(&std::fs::read(&file)?)
        .map_err(|fault| CliError::Said(format!("{}: {fault}", file.display())))?;
    app.store.write(|tx| directory::set_numbers(tx, &numbers, Who::Console, app.now()))?;
    out::line(format_args!("{} numbers; phones get them with their next sync", numbers.len()));
    Ok(())
}

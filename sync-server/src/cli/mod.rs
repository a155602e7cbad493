//! The commands of the binary.

mod device;
mod directory;
mod doctor;
mod init;
mod out;
mod people;
mod protocol;
mod serve;
mod verify;
mod wording;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use firsthours_core::outside::{SystemClock, SystemRandom};
use toml::{Table, Value};

use crate::app::{App, OpenError};
use crate::config::{Config, ConfigError};
use crate::programme::devices::DeviceError;
use crate::programme::keys::KeyError;
use crate::programme::people::PeopleError;
use crate::records::ingest::IngestError;
use crate::records::protocols::ProtocolError;
use crate::store::StoreError;

/// Why a command ended without its result; the text is for the administrator.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The folder cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A person, an agency or a station.
    #[error(transparent)]
    People(#[from] PeopleError),
    /// A phone.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A protocol.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// Holds that could not be looked at again.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// A file, or the network.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Anything else, said in full.
    #[error("{0}")]
    Said(String),
}

/// The sync server and review pages of First Hours: one binary, one folder.
#[derive(Parser)]
#[command(name = "firsthours-server", version)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Common {
    /// The settings file (TOML).
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// The folder that holds everything.
    #[arg(long, global = true)]
    data: Option<String>,
    /// The address to listen on.
    #[arg(long, global = true)]
    listen: Option<String>,
    /// The address that people type.
    #[arg(long, global = true)]
    origin: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Set up a new folder: key, stores, agency.
    Init(init::Init),
    /// Run the server.
    Serve,
    /// People who sign in with a password.
    #[command(subcommand)]
    User(people::User),
    /// Agencies of the programme.
    #[command(subcommand)]
    Agency(people::Agency),
    /// Stations of the agencies.
    #[command(subcommand)]
    Station(people::Station),
    /// Phones.
    #[command(subcommand)]
    Device(device::DeviceCommand),
    /// Protocol versions.
    #[command(subcommand)]
    Protocol(protocol::Protocol),
    /// What phones look up.
    #[command(subcommand)]
    Directory(directory::Directory),
    /// Check the folder: keys, stores, log, and what an administrator may have forgotten.
    Doctor,
    /// Verify files that were exported, each and beside one another; needs no server.
    Verify(verify::Verify),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            out::wrong(error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), CliError> {
    let command = match cli.command {
        Command::Protocol(protocol) => match protocol.run_alone()? {
            Some(protocol) => Command::Protocol(protocol),
            None => return Ok(()),
        },
        Command::Verify(verify) => return verify::run(&verify),
        other => other,
    };
    let config = settings(&cli.common)?;
    match command {
        Command::Init(init) => init::run(config, &init),
        Command::Serve => serve::run(open(config)?),
        Command::User(user) => people::user(&open(config)?, user),
        Command::Verify(verify) => verify::run(&verify),
        Command::Agency(agency) => people::agency(&open(config)?, agency),
        Command::Station(station) => people::station(&open(config)?, station),
        Command::Device(device) => device::run(&open(config)?, device),
        Command::Protocol(protocol) => protocol::run(&open(config)?, protocol),
        Command::Directory(directory) => directory::run(&open(config)?, directory),
        Command::Doctor => doctor::run(&open(config)?),
    }
}

fn settings(common: &Common) -> Result<Config, ConfigError> {
    let said = [("data", &common.data), ("listen", &common.listen), ("origin", &common.origin)];
    let flags: Table = said
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), Value::String(value.clone()?))))
        .collect();
    Config::load(common.config.as_deref(), std::env::vars(), flags)
}

fn open(config: Config) -> Result<App, CliError> {
    Ok(App::open(config, Arc::new(SystemClock), Arc::new(SystemRandom))?)
}

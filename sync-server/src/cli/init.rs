//! Setting up a folder.

use std::sync::Arc;

use clap::Args;

use super::CliError;
use crate::app::App;
use crate::audit::{self, Entry, What, Who};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::keys::{self, AgencyKey};
use crate::random::SystemRandom;
use crate::{out, people};

/// Set up a new folder.
#[derive(Args)]
pub(super) struct Init {
    /// The id of the first agency, a short word.
    #[arg(long)]
    agency: String,
    /// Its name.
    #[arg(long)]
    title: String,
}

pub(super) fn run(config: Config, init: &Init) -> Result<(), CliError> {
    if config.store_file().exists() {
        return Err(CliError::Said(format!("{} is already set up", config.data.display())));
    }
    folder(&config)?;
    if config.key_is_a_file() {
        let file = config.agency_key_file();
        if file.exists() {
            out::line(format_args!("using the agency key in {}", file.display()));
        } else {
            AgencyKey::generate(&SystemRandom).write_new(&file)?;
            out::line(format_args!("agency key: {}  (keep a copy apart from every backup)", file.display()));
        }
    }
    let data = config.data.display().to_string();
    let (app, root) = App::make(config, Arc::new(SystemClock), Arc::new(SystemRandom))?;
    keys::write_new(&app.config.root_file(), &root.seed)?;
    let now_ms = app.now_ms();
    app.store.write(|tx| {
        audit::append(tx, &Entry::new(now_ms, Who::Console, What::Initialised))?;
        people::add_agency(tx, &init.agency, &init.title, Who::Console, now_ms)
    })?;
    out::line(format_args!("root fingerprint: {}  (publish it)", root.fingerprint));
    out::line(format_args!(
        "root key: {}  (take it offline, delete it here)",
        app.config.root_file().display()
    ));
    out::line(format_args!("{data} is ready; add a station and a person next, then `serve`"));
    Ok(())
}

/// Makes the folder for its owner only.
fn folder(config: &Config) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&config.data)
}

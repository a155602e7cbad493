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
use crate::trust::EPOCHS_FILE;
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
    let unfinished = config.unfinished_file();
    if config.store_file().exists() && !unfinished.exists() {
        return Err(CliError::Said(format!("{} is already set up", config.data.display())));
    }
    folder(&config)?;
    if unfinished.exists() {
        out::line(format_args!("an earlier init was cut off; it begins anew"));
        begin_anew(&config)?;
    }
    std::fs::File::create(&unfinished)?.sync_all()?;
    keys::sync_folder(&config.data)?;
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
    // Only what is named from here on was ever told to anyone.
    std::fs::remove_file(&unfinished)?;
    keys::sync_folder(&app.config.data)?;
    out::line(format_args!("root fingerprint: {}  (publish it)", root.fingerprint));
    out::line(format_args!(
        "root key: {}  (take it offline, delete it here)",
        app.config.root_file().display()
    ));
    out::line(format_args!("{data} is ready; add a station and a person next, then `serve`"));
    Ok(())
}

/// Removes what an init made that was cut off: nobody was told of it. The agency key stays, whoever made it.
fn begin_anew(config: &Config) -> std::io::Result<()> {
    let mut made = vec![config.root_file(), config.data.join(EPOCHS_FILE)];
    for store in [config.store_file(), config.keys_file()] {
        for end in ["", "-wal", "-shm", "-journal"] {
            let mut file = store.clone().into_os_string();
            file.push(end);
            made.push(file.into());
        }
    }
    for file in made.into_iter().filter(|file| file.exists()) {
        std::fs::remove_file(file)?;
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn config(folder: &std::path::Path) -> Config {
        let settings = [
            ("FIRSTHOURS_DATA", folder.display().to_string()),
            ("FIRSTHOURS_AGENCY_KEY", "07".repeat(32)),
            ("FIRSTHOURS_ARGON2_MEMORY_KIB", "64".to_owned()),
            ("FIRSTHOURS_ARGON2_ROUNDS", "1".to_owned()),
        ];
        let env = settings.into_iter().map(|(name, value)| (name.to_owned(), value));
        Config::load(None, env, toml::Table::new()).expect("settings")
    }

    #[test]
    fn an_init_that_was_cut_off_begins_anew_and_a_finished_one_is_never_touched() {
        let folder = tempfile::tempdir().expect("a folder");
        let init = Init { agency: "sheriff".to_owned(), title: "Sheriff (synthetic)".to_owned() };
        let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
        // The power goes after the keys were made and before anybody was told of the root.
        drop(App::make(config(folder.path()), clock.clone(), random.clone()).expect("made"));
        std::fs::write(config(folder.path()).root_file(), "half").expect("written");
        std::fs::write(config(folder.path()).unfinished_file(), "").expect("written");
        let open = || App::open(config(folder.path()), clock.clone(), random.clone());
        assert!(matches!(open(), Err(crate::app::OpenError::NotInitialised(_))));
        run(config(folder.path()), &init).expect("begun anew");
        let root = std::fs::read_to_string(config(folder.path()).root_file()).expect("the root");
        assert_eq!(root.trim().len(), 64);
        open().expect("opens");
        assert!(run(config(folder.path()), &init).is_err(), "it is set up");
        assert_eq!(std::fs::read_to_string(config(folder.path()).root_file()).expect("the root"), root);
    }
}

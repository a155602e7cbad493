//! Setting up a folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use firsthours_core::outside::{Clock, SystemClock, SystemRandom};
use firsthours_core::record::AgencyId;

use super::CliError;
use super::out;
use crate::app::App;
use crate::config::Config;
use crate::programme::audit::{self, Entry, What, Who};
use crate::programme::keys::{self, AgencyKey};
use crate::programme::people;
use crate::programme::trust::EPOCHS_FILE;
use crate::store::{self, migrate};

/// Set up a new folder.
#[derive(Args)]
pub(super) struct Init {
    /// The id of the first agency, a short word.
    #[arg(long)]
    agency: AgencyId,
    /// Its name.
    #[arg(long)]
    title: String,
}

pub(super) fn run(config: Config, init: &Init) -> Result<(), CliError> {
    let unfinished = config.unfinished_file();
    let place = config.data.display().to_string();
    if config.store_file().exists() && !unfinished.exists() {
        return Err(CliError::Said(format!("{place} is already set up")));
    }
    no_links(&config)?;
    folder(&config)?;
    let begun_before = unfinished.exists();
    // Held to the end: whoever finds the marker free knows that nobody is at it.
    let marker = std::fs::OpenOptions::new().create(true).append(true).open(&unfinished)?;
    if marker.try_lock().is_err() {
        return Err(CliError::Said(format!("another init is at work in {place}; wait for its end")));
    }
    marker.sync_all()?;
    keys::sync_folder(&config.data)?;
    if begun_before {
        match earlier(&config)? {
            Earlier::Nothing => {}
            Earlier::CutOff => set_aside(&config)?,
            // It was a marker that somebody left beside a server, or the power went as the last line was printed.
            Earlier::Finished => {
                return Err(CliError::Said(format!(
                    "{place} holds a server that was set up, and nothing there was changed. If it was never used, move the \
                     folder away and run init again; if it is in use, remove {} and go on",
                    unfinished.display()
                )));
            }
            Earlier::Unreadable => {
                return Err(CliError::Said(format!(
                    "{place} holds files that this agency key does not open; nothing there was changed. Give the right key, or \
                     move the folder away and run init again"
                )));
            }
        }
    }
    if config.key_is_a_file() {
        let file = config.agency_key_file();
        if file.exists() {
            out::line(format_args!("using the agency key in {}", file.display()));
        } else {
            AgencyKey::generate(&SystemRandom).write_new(&file)?;
            out::line(format_args!("agency key: {}  (keep a copy apart from every backup)", file.display()));
        }
    }
    let (app, root) = App::make(config, Arc::new(SystemClock), Arc::new(SystemRandom))?;
    keys::write_new(&app.config.root_file(), &root.seed)?;
    let now = app.now();
    app.store.write(|tx| {
        audit::append(tx, &Entry::new(now, Who::Console, What::Initialised))?;
        people::add_agency(tx, &init.agency, &init.title, Who::Console, now)
    })?;
    // Only what is named from here on was ever told to anyone.
    std::fs::remove_file(&unfinished)?;
    keys::sync_folder(&app.config.data)?;
    out::line(format_args!("root fingerprint: {}  (publish it)", root.fingerprint));
    out::line(format_args!(
        "root key: {}  (take it offline, delete it here)",
        app.config.root_file().display()
    ));
    out::line(format_args!("{place} is ready; add a station and a person next, then `serve`"));
    Ok(())
}

/// What an init finds where one began before.
enum Earlier {
    Nothing,
    /// It was cut off before anybody was told of what it made.
    CutOff,
    /// It came to its end, or a server works here.
    Finished,
    /// Files that this key does not open: whose they are, nobody can say.
    Unreadable,
}

fn earlier(config: &Config) -> Result<Earlier, CliError> {
    if !made(config).iter().any(|file| file.exists()) {
        return Ok(Earlier::Nothing);
    }
    if !config.store_file().exists() {
        return Ok(Earlier::CutOff);
    }
    let Ok(key) = config.agency_key() else { return Ok(Earlier::Unreadable) };
    let opened = store::open(&config.store_file(), &key.store_key(), migrate::SERVER, SystemClock.now());
    let Ok(opened) = opened else { return Ok(Earlier::Unreadable) };
    let initialised = audit::code(What::Initialised);
    let finished = opened.read(|tx| store::audit::has(tx, &initialised))?;
    Ok(if finished { Earlier::Finished } else { Earlier::CutOff })
}

/// Everything that an init makes, but for the agency key: that stays, whoever made it.
fn made(config: &Config) -> Vec<PathBuf> {
    let mut made = vec![config.root_file(), config.data.join(EPOCHS_FILE)];
    for store in [config.store_file(), config.keys_file()] {
        for end in ["", "-wal", "-shm", "-journal"] {
            let mut file = store.clone().into_os_string();
            file.push(end);
            made.push(file.into());
        }
    }
    made
}

/// Moves what a cut-off init made into a folder beside it. Nothing is ever deleted: what looks unused may be all there is.
fn set_aside(config: &Config) -> Result<(), CliError> {
    // The time names it: two in one millisecond are not two inits.
    let aside = config.data.join(format!("unfinished-{}", SystemClock.now()));
    private_folder(&aside)?;
    for file in made(config).into_iter().filter(|file| file.exists()) {
        let name = file.file_name().map(std::ffi::OsStr::to_owned).unwrap_or_default();
        std::fs::rename(&file, aside.join(name))?;
    }
    keys::sync_folder(&config.data)?;
    let place = aside.display();
    out::line(format_args!("an earlier init was cut off; what it made is in {place}, and it begins anew"));
    Ok(())
}

/// Refuses what leads elsewhere: whoever may write the link could have the keys made where they read.
fn no_links(config: &Config) -> Result<(), CliError> {
    let places = made(config).into_iter().chain([config.data.clone(), config.unfinished_file()]);
    for place in places {
        let is_link = std::fs::symlink_metadata(&place).is_ok_and(|found| found.file_type().is_symlink());
        if is_link {
            let place = place.display();
            return Err(CliError::Said(format!("{place} is a link; name the folder that it leads to")));
        }
    }
    Ok(())
}

/// Makes the folder for its owner only; one that is there becomes so.
fn folder(config: &Config) -> Result<(), CliError> {
    use std::os::unix::fs::PermissionsExt;
    private_folder(&config.data)?;
    let rights = std::fs::metadata(&config.data)?.permissions().mode() & 0o777;
    if rights & 0o077 != 0 {
        std::fs::set_permissions(&config.data, std::fs::Permissions::from_mode(0o700))?;
        let place = config.data.display();
        out::line(format_args!("{place} was open to others ({rights:o}); now it is its owner's alone"));
    }
    Ok(())
}

fn private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
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
        let init = Init { agency: "sheriff".into(), title: "Sheriff (synthetic)".to_owned() };
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

    /// Every file below a folder, with what is in it.
    fn everything(folder: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
        let mut found = std::collections::BTreeMap::new();
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                found.extend(everything(&path));
            } else {
                found.insert(path.clone(), std::fs::read(&path).expect("a file"));
            }
        }
        found
    }

    /// Whatever lies in a folder, no init loses a byte of it: it stays where it is, or is moved and said so.
    #[test]
    fn nothing_that_lay_in_the_folder_is_lost_whatever_it_was() {
        let init = Init { agency: "sheriff".into(), title: "Sheriff (synthetic)".to_owned() };
        let kinds = ["nothing", "a live server", "half of one", "somebody's files", "another's server"];
        for kind in kinds {
            for marked in [false, true] {
                let folder = tempfile::tempdir().expect("a folder");
                let config = || config(folder.path());
                match kind {
                    "a live server" => run(config(), &init).expect("set up"),
                    "half of one" => {
                        let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
                        drop(App::make(config(), clock, random).expect("made"));
                    }
                    "somebody's files" => {
                        std::fs::write(folder.path().join("notes.txt"), "mine").expect("written");
                    }
                    "another's server" => {
                        std::fs::write(config().store_file(), [7; 8_192]).expect("written");
                        std::fs::write(config().keys_file(), [8; 8_192]).expect("written");
                    }
                    _ => {}
                }
                if marked {
                    std::fs::write(config().unfinished_file(), "").expect("written");
                }
                let before = everything(folder.path());
                let done = run(config(), &init);
                let after = everything(folder.path());
                let told = format!("{kind}, marked: {marked}");
                let fresh =
                    matches!(kind, "nothing" | "somebody's files") || (kind == "half of one" && marked);
                assert_eq!(done.is_ok(), fresh, "{told}: {:?}", done.err().map(|error| error.to_string()));
                for (path, bytes) in before.iter().filter(|(path, _)| !path.ends_with("init.unfinished")) {
                    // Opening a store may tidy its own log; what it holds is in the file.
                    if path.to_string_lossy().ends_with("-shm") || path.to_string_lossy().ends_with("-wal") {
                        continue;
                    }
                    let kept = after.get(path) == Some(bytes) || after.values().any(|other| other == bytes);
                    assert!(kept, "{told}: {} is gone", path.display());
                }
            }
        }
    }

    #[test]
    fn a_folder_that_leads_elsewhere_or_is_open_to_others_is_not_taken_as_it_is() {
        use std::os::unix::fs::PermissionsExt;
        let init = Init { agency: "sheriff".into(), title: "Sheriff (synthetic)".to_owned() };
        let folder = tempfile::tempdir().expect("a folder");
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        std::fs::create_dir(&real).expect("made");
        std::os::unix::fs::symlink(&real, &link).expect("linked");
        assert!(run(config(&link), &init).is_err());
        assert_eq!(std::fs::read_dir(&real).expect("a folder").count(), 0);
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o755)).expect("opened");
        let elsewhere = folder.path().join("elsewhere.db");
        std::os::unix::fs::symlink(&elsewhere, config(&real).keys_file()).expect("linked");
        assert!(run(config(&real), &init).is_err());
        assert!(!elsewhere.exists());
        std::fs::remove_file(config(&real).keys_file()).expect("removed");
        run(config(&real), &init).expect("set up");
        assert_eq!(std::fs::metadata(&real).expect("there").permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn two_inits_at_once_do_not_meet() {
        let init = Init { agency: "sheriff".into(), title: "Sheriff (synthetic)".to_owned() };
        let folder = tempfile::tempdir().expect("a folder");
        let marker = std::fs::File::create(config(folder.path()).unfinished_file()).expect("a marker");
        marker.lock().expect("locked");
        assert!(run(config(folder.path()), &init).expect_err("at work").to_string().contains("another init"));
        drop(marker);
        run(config(folder.path()), &init).expect("set up");
    }
}

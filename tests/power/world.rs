//! What every scenario begins with: a programme, a phone that has recorded and synced, and work on both sides that the
//! other has not seen. Made once, and copied for each run as files.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use firsthours_core::app::{Act, AppError, FirstHours, Outside, Random, ServerEndpoint};
use firsthours_core::evidence::Keyring;
use firsthours_core::outside::SystemRandom;
use firsthours_core::protocol::Instant;
use firsthours_core::store::StoreKey;
use firsthours_core::words::Language;
use firsthours_server::app::{App, OpenError};
use firsthours_server::config::Config;
use firsthours_tests::clock::PhoneClock;
use firsthours_tests::night::{SCENE, play};
use firsthours_tests::programme::Fault;
use firsthours_tests::{Programme, SharedClock};
use firsthours_vfs::{Content, Disk, Image, Rng, Survivors};
use tempfile::TempDir;

use crate::line::Line;

/// A synthetic night.
const BEGIN: Instant = Instant::from_ms(1_790_000_000_000);

/// The raw key of the phone's store.
const KEY: [u8; 32] = [7; 32];

/// Notes on the phone that the server has not seen.
const UNSENT: usize = 3;

/// The files that scenarios begin with.
pub(crate) struct World {
    pub(crate) clock: SharedClock,
    pub(crate) phone: Content,
    pub(crate) server: Content,
    config: Config,
    /// Verifies what the programme's people and the server sign.
    pub(crate) ring: Keyring,
    pub(crate) encounter: String,
}

/// The world, made by the first test that asks for it.
pub(crate) fn world() -> &'static World {
    static WORLD: LazyLock<World> =
        LazyLock::new(|| World::make().expect("the world is made without faults"));
    &WORLD
}

/// So many times more than in a common run.
pub(crate) fn long() -> u64 {
    firsthours_scripted::times("FIRSTHOURS_LONG")
}

/// The same numbers on every run: what a phone makes of them is then the same too, but for its cipher's.
struct Seeded(Mutex<Rng>);

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let mut rng = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        bytes.fill_with(|| rng.draw().to_le_bytes()[0]);
    }
}

impl World {
    fn make() -> Result<Self, Fault> {
        firsthours_vfs::install();
        let clock = SharedClock::frozen(BEGIN);
        let programme = Programme::set_up(&clock)?;
        let line = Line::default();
        line.plug_in(&programme.app);
        let folder = tempfile::tempdir()?;
        let app = open_phone(folder.path(), &clock, &line, 1)?;
        let fingerprint = programme.fingerprint.clone();
        let station = ServerEndpoint { address: "http://127.0.0.1:9".to_owned(), fingerprint, ca_pem: None };
        let code = programme.code("alvarez")?;
        app.enrol(station.clone(), &code)?;
        programme.approve_all()?;
        app.enrol(station, &code)?;
        synced(&app)?;
        let encounter = app.start_encounter(None)?.id;
        for tap in &SCENE[..4] {
            clock.advance(tap.after * 60_000);
            play(&app, &encounter, tap, BEGIN)?;
        }
        synced(&app)?;
        let comment = Act::Comment { step: None, text: "SYN-comment".to_owned() };
        programme.at_desk("rivera", &encounter, &comment)?;
        for n in 0..UNSENT {
            note(&app, &encounter, &format!("SYN-before-{n}"))?;
        }
        app.shutdown();
        drop(app);
        line.unplug();
        let config = programme.app.config.clone();
        let ring = programme.app.trust.keyring();
        let mut world = Self {
            clock,
            phone: read(folder.path())?,
            // With its log, for the programme has it open; nothing is being written.
            server: read(programme.folder())?,
            config,
            ring,
            encounter,
        };
        // Opened and closed, it is as a server leaves it.
        let (folder, disk) = disk_of(&world.server)?;
        drop(world.open_server(folder.path())?);
        world.server = disk.platter().image(Survivors::Everything).files;
        Ok(world)
    }

    /// Opens a phone's app in a folder. Another `life` is another sequence of random numbers.
    pub(crate) fn open_phone(&self, folder: &Path, line: &Line, seed: u64) -> Result<FirstHours, AppError> {
        open_phone(folder, &self.clock, line, seed)
    }

    /// Opens a server in a folder.
    pub(crate) fn open_server(&self, folder: &Path) -> Result<App, OpenError> {
        App::open(self.config_in(folder), Arc::new(self.clock.clone()), Arc::new(SystemRandom))
    }

    /// The settings of a server in a folder.
    pub(crate) fn config_in(&self, folder: &Path) -> Config {
        let mut config = self.config.clone();
        config.data = folder.to_path_buf();
        config
    }
}

/// The key of every phone here.
pub(crate) fn key() -> StoreKey {
    StoreKey::new(KEY)
}

/// Does an act that can be told from every other by its text, and gives the text.
pub(crate) fn note(app: &FirstHours, encounter: &str, text: &str) -> Result<String, AppError> {
    let seen = app.encounter(encounter)?.seen;
    app.act(encounter, seen, Act::Note { step: None, text: text.to_owned() })?;
    Ok(text.to_owned())
}

/// Syncs, and is satisfied with nothing less than everything.
pub(crate) fn synced(app: &FirstHours) -> Result<(), Fault> {
    let report = app.sync_now()?;
    if report.complete { Ok(()) } else { Err(format!("the sync did not end: {}", report.trouble).into()) }
}

/// A folder of its own, watched, that holds these files.
pub(crate) fn disk_of(files: &Content) -> Result<(TempDir, Disk), Fault> {
    let folder = tempfile::tempdir()?;
    let disk = Disk::watch(folder.path())?;
    disk.reboot(&Image { files: files.clone(), damage: firsthours_vfs::Damage::default() })?;
    Ok((folder, disk))
}

fn open_phone(folder: &Path, clock: &SharedClock, line: &Line, seed: u64) -> Result<FirstHours, AppError> {
    let outside = Outside {
        clock: Arc::new(PhoneClock::new(clock.clone())),
        random: Arc::new(Seeded(Mutex::new(Rng::new(seed)))),
        connect: line.connect(),
        session_file: None,
    };
    FirstHours::open(folder, &key(), Language::En, outside)
}

fn read(folder: &Path) -> Result<Content, Fault> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|_| "a name that is no text")?;
        if !name.ends_with("-shm") {
            files.insert(name, std::fs::read(entry.path())?);
        }
    }
    Ok(files)
}

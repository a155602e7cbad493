//! What tests of this crate share: a store in a folder that goes away, and synthetic people.

use std::sync::Arc;

use crate::app::App;
use crate::config::Config;
use crate::programme::audit::Who;
use crate::programme::people::{self, NewPerson, Passwords};
use crate::store::{self, Store, StoreKey, migrate};
use firsthours_core::outside::{ManualClock, SeededRandom, SystemRandom};
use firsthours_core::protocol::Instant;
use firsthours_core::record::PersonId;

pub(crate) type Folder = Arc<tempfile::TempDir>;

/// When stores of tests are set up.
const SET_UP: Instant = Instant::from_ms(1);
/// The password of every synthetic person.
pub(crate) const PASSWORD: &str = "correct lantern orbit";

pub(crate) fn folder() -> Folder {
    Arc::new(tempfile::tempdir().expect("a temporary folder"))
}

/// A store with one agency, `north`, and its station, `mill`.
pub(crate) fn store() -> (Folder, Store) {
    let folder = folder();
    let store =
        store::open(&folder.path().join("records.db"), &StoreKey::new([7; 32]), migrate::SERVER, SET_UP)
            .expect("open")
            .rehearsing();
    places(&store);
    (folder, store)
}

pub(crate) fn places(store: &Store) {
    add_places(store, ("north", "North County"), ("mill", "Mill Road"));
}

/// An agency and its station, each by id and title.
pub(crate) fn add_places(store: &Store, agency: (&str, &str), station: (&str, &str)) {
    store
        .write(|tx| {
            people::add_agency(tx, &agency.0.into(), agency.1, Who::Console, SET_UP)?;
            people::add_station(tx, &station.0.into(), &agency.0.into(), station.1, Who::Console, SET_UP)
        })
        .expect("places");
}

/// The cheapest password check there is; the cost is not what these tests are about.
pub(crate) fn passwords() -> Passwords {
    Passwords::new(8, 1, 1, &SeededRandom::new(1)).expect("parameters")
}

pub(crate) fn person(store: &Store, role: &str, username: &str) -> PersonId {
    let new = NewPerson { name: "Sgt. Vale", role, agency: "north", station: Some("mill"), username };
    people::add(store, &passwords(), &SystemRandom, &new, PASSWORD, Who::Console, SET_UP).expect("add")
}

/// A server on a folder with one agency and one station.
pub(crate) fn app(folder: &Folder, https: bool, clock: Arc<ManualClock>) -> App {
    let settings = [
        ("FIRSTHOURS_DATA", folder.path().display().to_string()),
        ("FIRSTHOURS_AGENCY_KEY", "5a".repeat(32)),
        (
            "FIRSTHOURS_ORIGIN",
            if https { "https://desk.invalid" } else { "http://127.0.0.1:8440" }.to_owned(),
        ),
        ("FIRSTHOURS_ARGON2_MEMORY_KIB", "8".to_owned()),
        ("FIRSTHOURS_ARGON2_ROUNDS", "1".to_owned()),
    ];
    let env = settings.into_iter().map(|(name, value)| (name.to_owned(), value));
    let mut config = Config::load(None, env, toml::Table::new()).expect("settings");
    config.rehearses = true;
    let (app, _root) = App::make(config, clock, Arc::new(SystemRandom)).expect("make");
    places(&app.store);
    app
}

//! A synthetic programme: three agencies, their stations and people, a protocol, and a real server on loopback.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use firsthours_core::app::{Act, EnrolmentView, ServerEndpoint};
use firsthours_core::evidence::Revoked;
use firsthours_core::outside::SystemRandom;
use firsthours_core::protocol::Channel;
use firsthours_core::record::{Actor, EncounterId, EventId, PartnerNumber, PersonId, StationId};
use firsthours_server::app::App;
use firsthours_server::config::Config;
use firsthours_server::programme::audit::{Source, Who};
use firsthours_server::programme::devices::InstallState;
use firsthours_server::programme::directory::set_numbers;
use firsthours_server::programme::people::{self, NewPerson};
use firsthours_server::programme::trust::EPOCHS_FILE;
use firsthours_server::{programme::devices, programme::sessions, records::desk, records::protocols};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::clock::SharedClock;
use crate::phone::{Phone, copy_folder};

/// Everything that can go wrong in the harness; a test shows it and fails.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

/// The protocol that the programme publishes.
pub const PROTOCOL: &str = include_str!("../../core/protocols/us-ca-los-angeles.json");

/// The password of every synthetic account.
pub const PASSWORD: &str = "correct-horse-battery";

/// Somebody of the programme, by user name.
const PEOPLE: [(&str, &str, &str, &str, Option<&str>); 9] = [
    ("alvarez", "Dep. Alvarez", "deputy", "sheriff", Some("century")),
    ("brooks", "Dep. Brooks", "deputy", "sheriff", Some("century")),
    ("chen", "Dep. Chen", "deputy", "sheriff", Some("compton")),
    ("dorsey", "Det. Dorsey", "detective", "sheriff", Some("century")),
    ("rivera", "Sgt. Rivera", "supervisor", "sheriff", Some("century")),
    ("okafor", "Sgt. Okafor", "supervisor", "sheriff", Some("compton")),
    ("patel", "R. Patel", "county", "children", None),
    ("nguyen", "M. Nguyen", "county", "probation", None),
    ("admin", "IT desk", "administrator", "sheriff", None),
];

const AGENCIES: [(&str, &str); 3] = [
    ("sheriff", "Sheriff’s Department (synthetic)"),
    ("children", "Children and Family Services (synthetic)"),
    ("probation", "Probation Department (synthetic)"),
];

const STATIONS: [(&str, &str, &str); 2] =
    [("century", "sheriff", "Century"), ("compton", "sheriff", "Compton")];

/// Numbers of the partners: telephone numbers that nobody has.
const NUMBERS: [(&str, Option<&str>, &str); 5] = [
    ("unit", None, "555-0100"),
    ("hotline", None, "555-0110"),
    ("advocate", None, "555-0120"),
    ("probation", Some("century"), "555-0130"),
    ("probation", Some("compton"), "555-0131"),
];

/// A running programme.
pub struct Programme {
    folder: TempDir,
    pub app: App,
    pub clock: SharedClock,
    pub address: String,
    pub fingerprint: String,
    /// Ids by user name.
    people: BTreeMap<String, PersonId>,
    running: Option<Running>,
}

struct Running {
    stop: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Programme {
    /// Sets up a programme and serves it on a free port of loopback.
    pub fn start(clock: &SharedClock) -> Result<Self, Fault> {
        let mut programme = Self::set_up(clock)?;
        programme.serve(0, Router::new())?;
        Ok(programme)
    }

    /// Sets up a programme that is not served yet.
    pub fn set_up(clock: &SharedClock) -> Result<Self, Fault> {
        let folder = tempfile::tempdir()?;
        let (app, root) = App::make(config(folder.path())?, Arc::new(clock.clone()), Arc::new(SystemRandom))?;
        let mut programme = Self {
            folder,
            app,
            clock: clock.clone(),
            address: String::new(),
            fingerprint: root.fingerprint.clone(),
            people: BTreeMap::new(),
            running: None,
        };
        programme.populate()?;
        Ok(programme)
    }

    fn populate(&mut self) -> Result<(), Fault> {
        let (app, now) = (self.app.clone(), self.app.now());
        let by = Who::Console;
        let numbers = NUMBERS.map(|(partner, station, number)| PartnerNumber {
            partner: partner.to_owned(),
            station: station.map(StationId::from),
            channel: Channel::Telephone,
            number: number.to_owned(),
            hours: None,
        });
        app.store.write(|tx| {
            for (id, title) in AGENCIES {
                people::add_agency(tx, &id.into(), title, by, now)?;
            }
            for (id, agency, title) in STATIONS {
                people::add_station(tx, &id.into(), &agency.into(), title, by, now).map_err(fault)?;
            }
            set_numbers(tx, &numbers, by, now)?;
            protocols::publish(tx, PROTOCOL, by, now).map_err(fault)?;
            Ok::<_, Failed>(())
        })?;
        for (username, name, role, agency, station) in PEOPLE {
            let new = NewPerson { name, role, agency, station, username };
            let id = people::add(&app.store, &app.passwords, &*app.random, &new, PASSWORD, by, now)?;
            self.people.insert(username.to_owned(), id);
        }
        Ok(())
    }

    /// Serves it on a port of loopback (0 = any free one), with more routes on the same origin: the demo's own pages.
    pub fn serve(&mut self, port: u16, more: Router) -> Result<(), Fault> {
        let listener = std::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
        listener.set_nonblocking(true)?;
        self.address = format!("http://{}", listener.local_addr()?);
        let router = firsthours_server::router(self.app.clone()).merge(more);
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let thread = std::thread::spawn(move || {
            runtime.block_on(async move {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
                let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
                    let _ = stopped.await;
                });
                let _ = serving.await;
            });
        });
        self.running = Some(Running { stop, thread });
        Ok(())
    }

    /// The server goes away; what it holds stays on its disk.
    pub fn stop(&mut self) {
        if let Some(Running { stop, thread }) = self.running.take() {
            let _ = stop.send(());
            let _ = thread.join();
        }
    }

    /// The server comes back on the same port.
    pub fn come_back(&mut self) -> Result<(), Fault> {
        let port = self.address.rsplit(':').next().and_then(|port| port.parse().ok()).ok_or("no port")?;
        self.serve(port, Router::new())
    }

    /// A copy of everything in the server's folder, as a backup of the disk would take it.
    pub fn snapshot(&self) -> Result<TempDir, Fault> {
        let copy = tempfile::tempdir()?;
        copy_folder(self.folder.path(), copy.path())?;
        Ok(copy)
    }

    /// The server goes away and comes back, on the same port, with what a snapshot holds. The list of epochs lies outside
    /// of it and stays as it was.
    pub fn put_back(&mut self, snapshot: &TempDir) -> Result<(), Fault> {
        self.stop();
        let folder = tempfile::tempdir()?;
        copy_folder(snapshot.path(), folder.path())?;
        std::fs::copy(self.folder.path().join(EPOCHS_FILE), folder.path().join(EPOCHS_FILE))?;
        let mut config = self.app.config.clone();
        config.data = folder.path().to_path_buf();
        self.app = App::open(config, Arc::new(self.clock.clone()), Arc::new(SystemRandom))?;
        self.folder = folder;
        self.come_back()
    }

    /// The id of a person by user name.
    pub fn person(&self, username: &str) -> PersonId {
        self.people.get(username).cloned().unwrap_or_default()
    }

    /// The server's folder.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Where phones of this programme belong.
    pub fn station(&self) -> ServerEndpoint {
        ServerEndpoint { address: self.address.clone(), fingerprint: self.fingerprint.clone(), ca_pem: None }
    }

    /// A one-time code for a person.
    pub fn code(&self, username: &str) -> Result<String, Fault> {
        let (app, now) = (&self.app, self.app.now());
        let person = self.person(username);
        Ok(app.store.write(|tx| {
            devices::make_code(tx, &app.trust, &*app.random, &person, Who::Console, now).map_err(fault)
        })?)
    }

    /// Enrols a phone for a person: code, request, approval, certificate.
    pub fn enrol(&self, phone: &Phone, username: &str) -> Result<EnrolmentView, Fault> {
        let code = self.code(username)?;
        phone.app().enrol(self.station(), &code)?;
        self.approve_all()?;
        Ok(phone.app().enrol(self.station(), &code)?)
    }

    /// The administrator approves every phone that waits.
    pub fn approve_all(&self) -> Result<(), Fault> {
        let admin = self.person("admin");
        let (app, now, by) = (&self.app, self.app.now(), Who::Person(&admin, &Source::HERE));
        Ok(app.store.write(|tx| {
            for device in devices::all(tx).map_err(fault)? {
                if device.state == InstallState::Waiting {
                    devices::approve(tx, &app.trust, &device.install, by, now).map_err(fault)?;
                }
            }
            Ok::<_, Failed>(())
        })?)
    }

    /// The administrator refuses every phone that waits.
    pub fn refuse_all(&self) -> Result<(), Fault> {
        let admin = self.person("admin");
        let (app, now, by) = (&self.app, self.app.now(), Who::Person(&admin, &Source::HERE));
        Ok(app.store.write(|tx| {
            for device in devices::all(tx).map_err(fault)? {
                if device.state == InstallState::Waiting {
                    devices::refuse(tx, &device.install, by, now).map_err(fault)?;
                }
            }
            Ok::<_, Failed>(())
        })?)
    }

    /// Revokes every phone of a person.
    pub fn revoke(&self, username: &str) -> Result<(), Fault> {
        let admin = self.person("admin");
        let (app, now, by) = (&self.app, self.app.now(), Who::Person(&admin, &Source::HERE));
        let person = self.person(username);
        Ok(app.store.write(|tx| {
            for device in devices::all(tx).map_err(fault)? {
                if device.person == person && device.state == InstallState::Approved {
                    devices::revoke(tx, &app.trust, &device.install, Revoked::Phone, by, now)
                        .map_err(fault)?;
                }
            }
            Ok::<_, Failed>(())
        })?)
    }

    /// A new phone, enrolled and synced once, ready to record.
    pub fn phone(&self, username: &str, language: firsthours_core::words::Language) -> Result<Phone, Fault> {
        let phone = Phone::new(&self.clock, language)?;
        self.enrol(&phone, username)?;
        let report = phone.app().sync_now()?;
        if report.complete { Ok(phone) } else { Err(report.trouble.into()) }
    }

    /// Signs a person in without the form; gives the session's token.
    pub fn sign_in(&self, username: &str) -> Result<String, Fault> {
        let (app, now) = (&self.app, self.app.now());
        let person = self.person(username);
        Ok(app
            .store
            .write(|tx| sessions::start(tx, &*app.random, &person, app.limits(), None, now).map_err(fault))?)
    }
}

impl Programme {
    /// A person as an actor at a desk.
    pub fn actor(&self, username: &str) -> Result<Actor, Fault> {
        let person = self.app.store.read(|tx| people::get(tx, &self.person(username)).map_err(fault))?;
        Ok(Actor { person: person.id, role: person.role, agency: person.agency })
    }

    /// Acts at a desk, on a page that shows everything there is.
    pub fn at_desk(&self, username: &str, encounter: &str, act: &Act) -> Result<(), Fault> {
        let encounter: EncounterId = encounter.parse()?;
        let seen = self.head(encounter)?;
        desk::act(&self.app.records, &self.actor(username)?, encounter, seen, act, &Source::HERE)?;
        Ok(())
    }

    /// The last position of a record.
    pub fn head(&self, encounter: EncounterId) -> Result<u64, Fault> {
        let id = encounter.to_string();
        let sql = "select pos from encounter where id = $1";
        let row = self.app.store.read(|tx| tx.row(sql, &[(&id).into()]))?.ok_or("no such record")?;
        Ok(u64::try_from(row.int(0)?)?)
    }

    /// The id of every event that has a position, as often as it has one.
    pub fn event_ids(&self) -> Result<Vec<EventId>, Fault> {
        let rows = self.app.store.read(|tx| tx.rows("select id from event order by encounter, pos", &[]))?;
        rows.iter().map(|row| Ok(row.text(0)?.parse()?)).collect()
    }
}

impl Drop for Programme {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The settings of a synthetic server: the cheapest password check, because its cost is not what is shown here.
fn config(folder: &std::path::Path) -> Result<Config, Fault> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| error.to_string())?;
    let settings = [
        ("FIRSTHOURS_DATA", folder.display().to_string()),
        ("FIRSTHOURS_AGENCY_KEY", hex::encode(key)),
        ("FIRSTHOURS_TITLE", "First Hours (synthetic)".to_owned()),
        ("FIRSTHOURS_ARGON2_MEMORY_KIB", "64".to_owned()),
        ("FIRSTHOURS_ARGON2_ROUNDS", "1".to_owned()),
        ("FIRSTHOURS_FRAME_ANCESTORS_SELF", "true".to_owned()),
    ];
    let env = settings.into_iter().map(|(name, value)| (name.to_owned(), value));
    Ok(Config::load(None, env, toml::Table::new())?)
}

/// An error on its way out of a transaction of the server.
#[derive(Debug)]
struct Failed(String);

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}

impl From<firsthours_server::store::StoreError> for Failed {
    fn from(error: firsthours_server::store::StoreError) -> Self {
        Self(error.to_string())
    }
}

fn fault(error: impl std::fmt::Display) -> Failed {
    Failed(error.to_string())
}

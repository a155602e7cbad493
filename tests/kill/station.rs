//! A station in a folder: served by victims, and opened here while none lives, to be set up and to be checked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use firsthours_core::app;
use firsthours_core::evidence::{Chain, Document, Rolling, Signature, SignedEvent, check_encounter};
use firsthours_core::outside::{SystemClock, SystemRandom};
use firsthours_core::record::{
    EncounterId, Event, EventId, Hash, Install, InstallId, Kind, PersonId, derive, summarise,
};
use firsthours_server::app::App;
use firsthours_server::config::Config;
use firsthours_server::programme::audit::{self, Who};
use firsthours_server::programme::people::{self, NewPerson};
use firsthours_server::records::load::{self, LoadError};
use firsthours_server::store::Row;
use firsthours_server::{programme::devices, programme::sessions, records::protocols};
use firsthours_tests::programme::{Fault, PASSWORD, PROTOCOL};
use tempfile::TempDir;

use crate::child::{PATIENCE, Victim};
use crate::heard::Told;

const PEOPLE: [(&str, &str, &str); 4] = [
    ("alvarez", "Dep. Alvarez", "deputy"),
    ("brooks", "Dep. Brooks", "deputy"),
    ("chen", "Dep. Chen", "deputy"),
    ("rivera", "Sgt. Rivera", "supervisor"),
];

/// The folder and what its server is told.
pub(crate) struct Station {
    folder: TempDir,
    agency_key: String,
    pub(crate) port: u16,
    fingerprint: String,
    people: BTreeMap<&'static str, PersonId>,
}

/// What the station holds.
pub(crate) struct Stock {
    pub(crate) ids: BTreeSet<EventId>,
    pub(crate) summaries: BTreeMap<EncounterId, Vec<u8>>,
    /// The texts of all comments.
    pub(crate) comments: Vec<String>,
}

impl Station {
    /// Sets one up.
    pub(crate) fn make() -> Result<Self, Fault> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| error.to_string())?;
        // Free now; nobody else is given it while this process holds on to its own.
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut station = Self {
            folder: tempfile::tempdir()?,
            agency_key: hex::encode(key),
            port,
            fingerprint: String::new(),
            people: BTreeMap::new(),
        };
        let (app, root) = App::make(station.config()?, Arc::new(SystemClock), Arc::new(SystemRandom))?;
        station.fingerprint = root.fingerprint;
        let now = app.now();
        app.store.write(|tx| {
            people::add_agency(tx, &"sheriff".into(), "Sheriff’s Department (synthetic)", Who::Console, now)?;
            people::add_station(tx, &"century".into(), &"sheriff".into(), "Century", Who::Console, now)
        })?;
        app.store.write(|tx| protocols::publish(tx, PROTOCOL, Who::Console, now).map(drop))?;
        for (username, name, role) in PEOPLE {
            let new = NewPerson { name, role, agency: "sheriff", station: Some("century"), username };
            let id =
                people::add(&app.store, &app.passwords, &*app.random, &new, PASSWORD, Who::Console, now)?;
            station.people.insert(username, id);
        }
        Ok(station)
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("FIRSTHOURS_DATA", self.folder.path().display().to_string()),
            ("FIRSTHOURS_AGENCY_KEY", self.agency_key.clone()),
            ("FIRSTHOURS_LISTEN", format!("127.0.0.1:{}", self.port)),
            ("FIRSTHOURS_LOG", "error".to_owned()),
            // Opening it hashes a password, to be equally slow for unknown names: that is not what is shown here.
            ("FIRSTHOURS_ARGON2_MEMORY_KIB", "64".to_owned()),
            ("FIRSTHOURS_ARGON2_ROUNDS", "1".to_owned()),
        ]
    }

    fn config(&self) -> Result<Config, Fault> {
        let variables = self.variables().into_iter().map(|(name, value)| (name.to_owned(), value));
        Ok(Config::load(None, variables, toml::Table::new())?)
    }

    /// Starts a server on it: what `firsthours-server serve` runs.
    pub(crate) fn start(&self) -> Result<Victim, Fault> {
        Victim::start(&["serve"], &self.variables())
    }

    /// Starts a server and waits until it listens.
    pub(crate) fn serve(&self) -> Result<Victim, Fault> {
        let victim = self.start()?;
        match victim.line(Instant::now() + PATIENCE)? {
            Some(_listening) => Ok(victim),
            None => Err("the server does not listen within a minute".into()),
        }
    }

    /// Opens it here; no server may run.
    pub(crate) fn open(&self) -> Result<App, Fault> {
        Ok(App::open(self.config()?, Arc::new(SystemClock), Arc::new(SystemRandom))?)
    }

    /// Where its phones belong.
    pub(crate) fn address(&self) -> app::ServerEndpoint {
        app::ServerEndpoint {
            address: format!("http://127.0.0.1:{}", self.port),
            fingerprint: self.fingerprint.clone(),
            ca_pem: None,
        }
    }

    /// A one-time code for a person.
    pub(crate) fn code(&self, username: &str) -> Result<String, Fault> {
        let app = self.open()?;
        let (person, now) = (self.people.get(username).ok_or("no such person")?, app.now());
        Ok(app
            .store
            .write(|tx| devices::make_code(tx, &app.trust, &*app.random, person, Who::Console, now))?)
    }

    /// Approves every phone that waits.
    pub(crate) fn approve_all(&self) -> Result<(), Fault> {
        let app = self.open()?;
        let now = app.now();
        for device in app.store.read(devices::all)? {
            if device.state == devices::InstallState::Waiting {
                app.store.write(|tx| devices::approve(tx, &app.trust, &device.install, Who::Console, now))?;
            }
        }
        Ok(())
    }

    /// Signs a person in without the form; gives the session's token.
    pub(crate) fn sign_in(&self, username: &str) -> Result<String, Fault> {
        let app = self.open()?;
        let (person, now) = (self.people.get(username).ok_or("no such person")?, app.now());
        let token =
            app.store.write(|tx| sessions::start(tx, &*app.random, person, app.limits(), None, now))?;
        Ok(token)
    }

    /// After a kill: the file and the log are sound, and everything that a phone was told is there.
    pub(crate) fn keeps_its_word(&self, told: &Told) -> Result<App, Fault> {
        let app = self.open()?;
        let mut found = app.store.check()?;
        found.extend(app.keys.check()?);
        if !found.is_empty() {
            return Err(format!("TORN: {found:?}").into());
        }
        let verdict = audit::verify(&app.store, &[], app.epoch()?)?;
        if let Some(fault) = verdict.faults.first() {
            return Err(format!("TORN: the log: {fault}").into());
        }
        for (install, acknowledged) in &told.acknowledged {
            let through = app.store.read(|tx| {
                let sql = "select received_through from install where install = $1";
                tx.row(sql, &[install.to_string().into()])
            })?;
            let through = u64::try_from(through.ok_or("an install is gone")?.int(0)?)?;
            let promised = acknowledged.last_key_value().map_or(0, |(through, _)| *through);
            if through < promised {
                return Err(format!(
                    "LOST: the phone {install} has a receipt through {promised}, the station has {through}"
                )
                .into());
            }
            for (number, id) in acknowledged {
                let sql = "select id from event where id = $1";
                if app.store.read(|tx| tx.rows(sql, &[id.to_string().into()]))?.len() != 1 {
                    return Err(format!(
                        "LOST: event {number} of {install} has a receipt and is not there once"
                    )
                    .into());
                }
            }
        }
        Ok(app)
    }

    /// In the end: every event whole and once, every position, chain, rolling hash, signature and summary.
    pub(crate) fn whole(&self, told: &Told) -> Result<Stock, Fault> {
        let app = self.keeps_its_word(told)?;
        let mut ring = app.trust.keyring();
        for row in app.store.read(|tx| tx.rows("select text, signature from certificate", &[]))? {
            ring.admit(&Document { text: row.string(0)?, signature: row.text(1)?.parse()? })?;
        }
        let mut stock = Stock { ids: BTreeSet::new(), summaries: BTreeMap::new(), comments: Vec::new() };
        let mut headers: Vec<Event> = Vec::new();
        for row in app.store.read(|tx| tx.rows("select id, summary from encounter order by id", &[]))? {
            let encounter: EncounterId = row.text(0)?.parse()?;
            let torn = |what: &str| -> Fault { format!("TORN: record {encounter}: {what}").into() };
            let events = app.store.read(|tx| {
                let sql =
                    "select pos, id, header, signature, rolling from event where encounter = $1 order by pos";
                tx.rows(sql, &[encounter.to_string().into()])
            })?;
            let begins = headers.len();
            let mut rolling = Rolling::start(encounter);
            for (pos, row) in (1_i64..).zip(&events) {
                let event = ring.open_event(&signed(row)?)?;
                rolling = rolling.then(event.id);
                let rolled: Hash = row.text(4)?.parse()?;
                let fits = row.int(0)? == pos
                    && row.text(1)?.parse::<EventId>()? == event.id
                    && event.header.encounter == Some(encounter)
                    && rolled == rolling.0;
                if !fits {
                    return Err(torn(&format!("position {pos} is not what it should be")));
                }
                if !stock.ids.insert(event.id) {
                    return Err(format!("DOUBLED: {} is at two positions", event.id).into());
                }
                headers.push(event);
            }
            check_encounter(headers[begins..].iter().map(|event| (event.id, &event.header)), |_, _| None)
                .map_err(|(author, fault)| torn(&format!("the chain of {author}: {fault}")))?;
            let loaded = app
                .store
                .read(|tx| load::record(tx, &app.keys, &app.records.definitions, encounter))
                .map_err(|fault: LoadError| torn(&fault.to_string()))?
                .ok_or_else(|| torn("it cannot be loaded"))?;
            if loaded.rolling != rolling || loaded.positions.len() != events.len() {
                return Err(torn("its counter is not that of its events"));
            }
            for (pos, hash) in told.positions.get(&encounter).into_iter().flatten() {
                let row = usize::try_from(*pos)?.checked_sub(1).and_then(|index| events.get(index));
                if row.map(|row| row.text(4)).transpose()? != Some(hash.to_string().as_str()) {
                    return Err(format!("LOST: a receipt named position {pos} of record {encounter}").into());
                }
            }
            let definition =
                loaded.under.definition.as_ref().ok_or_else(|| torn("its definition is gone"))?;
            let state = &loaded.state;
            let fold =
                summarise(encounter, loaded.under.protocol, definition, state, &derive(definition, state))
                    .to_bytes();
            if row.text(1)?.as_bytes() != fold {
                return Err(torn("its summary is not the fold of its events"));
            }
            stock.summaries.insert(encounter, fold);
            stock.comments.extend(state.events().filter_map(|event| match event.kind() {
                Some(Kind::Commented { text, .. }) => Some(text.clone()),
                _ => None,
            }));
        }
        lines(&app, &headers)?;
        for table in ["held", "pending"] {
            let left = app.store.read(|tx| tx.rows(&format!("select id from {table}"), &[]))?;
            if !left.is_empty() {
                return Err(format!("{} events are left in \"{table}\"", left.len()).into());
            }
        }
        // A comment and its entry in the log are one transaction.
        let logged = app.store.read(|tx| tx.rows("select seq from audit where what = 'commented'", &[]))?;
        if logged.len() != stock.comments.len() {
            return Err(
                format!("TORN: {} comments, {} in the log", stock.comments.len(), logged.len()).into()
            );
        }
        Ok(stock)
    }
}

/// Each phone's chain over all records, from its first event to the end of its line.
fn lines(app: &App, events: &[Event]) -> Result<(), Fault> {
    let mut authors: BTreeMap<InstallId, BTreeMap<u64, &Event>> = BTreeMap::new();
    for event in events {
        let (Install::Phone(install), Some(seq)) = (event.header.install, event.header.seq) else { continue };
        if authors.entry(install).or_default().insert(seq, event).is_some() {
            return Err(format!("DOUBLED: number {seq} of {install}").into());
        }
    }
    for (install, line) in authors {
        let chain = line
            .values()
            .try_fold(Chain::default(), |chain, event| chain.follow(&event.header, event.id))
            .map_err(|fault| format!("TORN: the chain of {install}: {fault}"))?;
        let sql = "select received_through from install where install = $1";
        let row = app.store.read(|tx| tx.row(sql, &[install.to_string().into()]))?;
        if row.ok_or("an install is gone")?.int(0)? != i64::try_from(chain.seq)? {
            return Err(format!("TORN: the line of {install} does not end at {}", chain.seq).into());
        }
    }
    Ok(())
}

fn signed(row: &Row) -> Result<SignedEvent, Fault> {
    let signature: &[u8; 64] = row.blob(3)?.try_into()?;
    Ok(SignedEvent { header: row.string(2)?, body: None, signature: Signature::from_bytes(signature) })
}

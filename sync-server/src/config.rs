//! Settings: defaults, then the file, then `FIRSTHOURS_*`, then flags. An unknown key is an error, because a
//! setting that is silently ignored is a setting that someone believes in.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use firsthours_core::wire::{Policy, Quota};
use serde::Deserialize;
use toml::{Table, Value};

use crate::programme::keys::{AgencyKey, KeyError};
use crate::records::ingest::Together;

/// What a setting holds, so that text from the environment can be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Flag,
}

/// Every setting there is.
const KEYS: &[(&str, Kind)] = &[
    ("agency_key", Kind::Text),
    ("agency_key_file", Kind::Text),
    ("argon2_lanes", Kind::Number),
    ("argon2_memory_kib", Kind::Number),
    ("argon2_rounds", Kind::Number),
    ("behind_proxy", Kind::Flag),
    ("checkpoint_file", Kind::Text),
    ("data", Kind::Text),
    ("frame_ancestors_self", Kind::Flag),
    ("lease_hours", Kind::Number),
    ("listen", Kind::Text),
    ("lock_minutes", Kind::Number),
    ("lock_minutes_with_clock", Kind::Number),
    ("log", Kind::Text),
    ("login_hours", Kind::Number),
    ("min_app_version", Kind::Text),
    ("origin", Kind::Text),
    ("quota_events", Kind::Number),
    ("quota_megabytes", Kind::Number),
    ("server", Kind::Text),
    ("session_hours", Kind::Number),
    ("session_idle_minutes", Kind::Number),
    ("title", Kind::Text),
];

/// What is wrong with the settings, as a sentence for the administrator.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {error}")]
    File {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// The file is not TOML, or a value has the wrong kind.
    #[error("{place}: {why}")]
    Value {
        /// The file or variable.
        place: String,
        /// What is wrong.
        why: String,
    },
    /// There is no such setting.
    #[error("{place}: there is no setting `{key}`; the settings are {known}")]
    Unknown {
        /// The file or variable.
        place: String,
        /// The key.
        key: String,
        /// All keys.
        known: String,
    },
    /// Records would cross a network in clear text.
    #[error(
        "{listen} can be reached from other machines, and this server does not encrypt connections itself: listen \
         on 127.0.0.1, or put a TLS proxy in front and set `behind_proxy = true` and an https `origin`"
    )]
    ClearText {
        /// The address.
        listen: SocketAddr,
    },
}

/// The settings of one server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The folder that holds everything.
    pub data: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// The address that people type; decides whether cookies are `Secure`.
    pub origin: String,
    /// The name of this server in its certificates; read by `init` only.
    pub server: String,
    /// The name of the programme on every page.
    pub title: String,
    /// A TLS proxy stands in front and keeps `Host` as it was.
    pub behind_proxy: bool,
    /// Minutes without a request after which a session ends.
    pub session_idle_minutes: i64,
    /// Hours after which a session ends in any case.
    pub session_hours: i64,
    /// Memory of one password check.
    pub argon2_memory_kib: u32,
    /// Rounds of one password check.
    pub argon2_rounds: u32,
    /// Lanes of one password check.
    pub argon2_lanes: u32,
    /// Lets a page of the same origin show these pages in a frame; for demonstrations.
    pub frame_ancestors_self: bool,
    /// Minutes without a touch after which phones lock.
    pub lock_minutes: i64,
    /// The same while a clock runs.
    pub lock_minutes_with_clock: i64,
    /// Hours after which a deputy signs in to the phone again.
    pub login_hours: i64,
    /// Hours without word from this server after which a phone shows no old entries.
    pub lease_hours: i64,
    /// Events of one phone in a day; those beyond are held.
    pub quota_events: u32,
    /// Megabytes of one phone in a day; what is beyond is held.
    pub quota_megabytes: u32,
    /// An older app may send, and reads nothing.
    pub min_app_version: String,
    /// The least grave level that is logged: error, warn, info, debug.
    pub log: String,
    agency_key: Option<Secret>,
    agency_key_file: Option<PathBuf>,
    checkpoint_file: Option<PathBuf>,
    /// How much one transaction does. No setting: tests cut it small.
    #[serde(skip)]
    pub together: Together,
    /// Each write is run twice. No setting: tests do it.
    #[serde(skip)]
    pub rehearses: bool,
}

/// A value that never shows itself.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(hidden)")
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("firsthours-data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8440)),
            origin: String::new(),
            server: "desk".to_owned(),
            title: "First Hours".to_owned(),
            behind_proxy: false,
            session_idle_minutes: 30,
            session_hours: 12,
            // The OWASP figures for Argon2id.
            argon2_memory_kib: 19_456,
            argon2_rounds: 2,
            argon2_lanes: 1,
            frame_ancestors_self: false,
            lock_minutes: 5,
            lock_minutes_with_clock: 30,
            login_hours: 12,
            lease_hours: 72,
            quota_events: Quota::default().events,
            quota_megabytes: 64,
            min_app_version: Policy::default().min_app_version,
            log: "info".to_owned(),
            agency_key: None,
            agency_key_file: None,
            checkpoint_file: None,
            together: Together::default(),
            rehearses: false,
        }
    }
}

impl Config {
    /// Reads the settings. `env` is every variable of the process, `flags` what the command line said.
    pub fn load(
        file: Option<&Path>,
        env: impl IntoIterator<Item = (String, String)>,
        flags: Table,
    ) -> Result<Self, ConfigError> {
        let mut table = Table::new();
        if let Some(path) = file {
            let place = path.display().to_string();
            let text = std::fs::read_to_string(path)
                .map_err(|error| ConfigError::File { path: place.clone(), error })?;
            let said: Table = text.parse().map_err(|error: toml::de::Error| ConfigError::Value {
                place: place.clone(),
                why: error.message().to_owned(),
            })?;
            merge(&mut table, said, &place)?;
        }
        for (name, text) in env {
            if let Some(key) = name.strip_prefix("FIRSTHOURS_") {
                let key = key.to_lowercase();
                let kind = kind(&key, &name)?;
                table.insert(key, read(&text, kind, &name)?);
            }
        }
        merge(&mut table, flags, "the command line")?;
        let config: Self = table.try_into().map_err(|error: toml::de::Error| ConfigError::Value {
            place: "settings".to_owned(),
            why: error.message().to_owned(),
        })?;
        config.checked()
    }

    /// Whether browsers reach this server over https.
    pub fn https(&self) -> bool {
        self.origin.starts_with("https://")
    }

    /// The agency key, from the setting or its file.
    pub fn agency_key(&self) -> Result<AgencyKey, KeyError> {
        match &self.agency_key {
            Some(secret) => AgencyKey::from_hex(&secret.0),
            None => AgencyKey::read(&self.agency_key_file()),
        }
    }

    /// Whether the key comes from a file that `init` may make.
    pub fn key_is_a_file(&self) -> bool {
        self.agency_key.is_none()
    }

    /// The file of the agency key; by default in the data folder, and better on another disk.
    pub fn agency_key_file(&self) -> PathBuf {
        self.agency_key_file.clone().unwrap_or_else(|| self.data.join("agency.key"))
    }

    /// Where `init` leaves the root's private key, to be taken offline.
    pub fn root_file(&self) -> PathBuf {
        self.data.join("root.key")
    }

    /// The file of the records.
    pub fn store_file(&self) -> PathBuf {
        self.data.join("records.db")
    }

    /// What phones are told; a time beyond its bounds is said at the nearest of them.
    pub fn policy(&self) -> Policy {
        let policy = Policy {
            lock_ms: self.lock_minutes.saturating_mul(60_000),
            lock_with_clock_ms: self.lock_minutes_with_clock.saturating_mul(60_000),
            login_ms: self.login_hours.saturating_mul(3_600_000),
            lease_ms: self.lease_hours.saturating_mul(3_600_000),
            quota: Quota {
                events: self.quota_events,
                bytes: u64::from(self.quota_megabytes).saturating_mul(1_048_576),
            },
            min_app_version: self.min_app_version.clone(),
            ..Policy::default()
        };
        policy.bounded()
    }

    /// The file of the log's checkpoints: best on another machine's disk, where whoever changes the store cannot.
    pub fn checkpoint_file(&self) -> PathBuf {
        self.checkpoint_file.clone().unwrap_or_else(|| self.data.join("checkpoints"))
    }

    /// The file that is there from the beginning of `init` to its end.
    pub fn unfinished_file(&self) -> PathBuf {
        self.data.join("init.unfinished")
    }

    /// The file of the data keys.
    pub fn keys_file(&self) -> PathBuf {
        self.data.join("keys.db")
    }

    fn checked(mut self) -> Result<Self, ConfigError> {
        let wrong =
            |place: &str, why: &str| ConfigError::Value { place: place.to_owned(), why: why.to_owned() };
        let sheltered = self.behind_proxy && self.https();
        if !(self.listen.ip().is_loopback() || sheltered) {
            return Err(ConfigError::ClearText { listen: self.listen });
        }
        if self.origin.is_empty() {
            self.origin = format!("http://{}", self.listen);
        }
        let host = self
            .origin
            .strip_prefix("https://")
            .or_else(|| self.origin.strip_prefix("http://"))
            .filter(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@']))
            .ok_or_else(|| {
                wrong("origin", "write it as https://host or https://host:port, without a path")
            })?;
        if !self.https() && !loopback(host) {
            return Err(wrong("origin", "http is only allowed on this machine (127.0.0.1); use https"));
        }
        if !(1..=30).contains(&self.session_idle_minutes) {
            return Err(wrong(
                "session_idle_minutes",
                "a session without a request ends after 1 to 30 minutes",
            ));
        }
        if !(1..=12).contains(&self.session_hours) {
            return Err(wrong("session_hours", "a session ends after 1 to 12 hours"));
        }
        if self.log.parse::<tracing::Level>().is_err() {
            return Err(wrong("log", "use error, warn, info, debug or trace"));
        }
        Ok(self)
    }
}

fn loopback(host: &str) -> bool {
    let name =
        host.rsplit_once(':').map_or(host, |(name, port)| if port.ends_with(']') { host } else { name });
    name == "localhost"
        || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn merge(table: &mut Table, said: Table, place: &str) -> Result<(), ConfigError> {
    for (key, value) in said {
        kind(&key, place)?;
        table.insert(key, value);
    }
    Ok(())
}

fn kind(key: &str, place: &str) -> Result<Kind, ConfigError> {
    KEYS.iter().find(|(known, _)| *known == key).map(|(_, kind)| *kind).ok_or_else(|| ConfigError::Unknown {
        place: place.to_owned(),
        key: key.to_owned(),
        known: KEYS.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", "),
    })
}

fn read(text: &str, kind: Kind, place: &str) -> Result<Value, ConfigError> {
    let wrong = |why: &str| ConfigError::Value { place: place.to_owned(), why: why.to_owned() };
    match kind {
        Kind::Text => Ok(Value::String(text.to_owned())),
        Kind::Number => text.parse().map(Value::Integer).map_err(|_| wrong("this is not a whole number")),
        Kind::Flag => text.parse().map(Value::Boolean).map_err(|_| wrong("use true or false")),
    }
}

#[cfg(test)]
mod tests;

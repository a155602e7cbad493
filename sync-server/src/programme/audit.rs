//! The audit log: every act, every look and every refusal, in one hash chain for each replica.
//!
//! A change and its entry are written in one transaction. A look is written, and durable, before its answer is
//! served. An entry holds ids and codes, never what was read.

mod refusals;
pub(super) mod verify;

use std::net::IpAddr;

use firsthours_core::protocol::Instant;
use firsthours_core::record::{AuditEntry, InstallId, PersonId};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::store::audit::{self as rows, EntryRow};
use crate::store::meta::{get as fact, set as set_fact};
use crate::store::{Result, Store, StoreError, Tx, number};

pub use refusals::Refusals;
pub use verify::{LogFault, Verdict, Wrong, verify};

/// What the first entry names as the one before it.
const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What happened. The code in the log is the name in snake case and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each name is the sentence")]
pub enum What {
    Initialised,
    SignedIn,
    SignInRefused,
    SignedOut,
    SessionsEnded,
    AccountOpened,
    PasswordChanged,
    PersonAdded,
    PersonLocked,
    PersonReleased,
    PersonDisabled,
    AgencyAdded,
    StationAdded,
    CodeMade,
    CodeRefused,
    EnrolmentAsked,
    InstallApproved,
    InstallRefused,
    InstallRevoked,
    ProtocolPublished,
    ProtocolRecalled,
    Synced,
    EventsHeld,
    HoleDeclared,
    ForkSeen,
    NumbersSet,
    SaidHello,
    PolicyServed,
    DirectoryServed,
    ProtocolServed,
    RecordServed,
    QueueOpened,
    PhonesOpened,
    PeopleOpened,
    RecordOpened,
    FieldsUnmasked,
    /// A sheet was made of a record, for a person outside.
    SheetMade,
    /// A request was refused: not signed in, not allowed, not there, not authentic, not readable.
    AccessRefused,
    BrokeGlass,
    Commented,
    Resolved,
    Returned,
    Reassigned,
    /// A record was said to be the same contact as another, or not to be.
    SaidSame,
    Approved,
    Answered,
    Sealed,
    Unsealed,
    Shredded,
    Exported,
    LogRead,
    BackedUp,
    Restored,
    /// The log is shorter than, or differs from, what a checkpoint says of it.
    LogDiffers,
}

/// From where an act came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// The address at the other end, behind a proxy the one that the proxy names.
    pub address: Option<IpAddr>,
    /// What names the session of a browser, or the token of a phone; the token itself cannot be had from it.
    pub session: Option<String>,
}

impl Source {
    /// For what did not come over the network.
    pub const HERE: Self = Self { address: None, session: None };
}

/// Who did it, and from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who<'a> {
    /// A person at a desk, by id.
    Person(&'a PersonId, &'a Source),
    /// A phone.
    Install(InstallId, &'a Source),
    /// An administrator at the machine itself.
    Console,
    /// The server, on its own.
    Server,
    /// Somebody who has not said who they are, or not truthfully.
    Unknown(&'a Source),
}

impl Who<'_> {
    /// The text in the log.
    pub fn text(self) -> String {
        match self {
            Self::Person(id, _) => format!("person/{id}"),
            Self::Install(id, _) => format!("install/{id}"),
            Self::Console => "console".to_owned(),
            Self::Server => "server".to_owned(),
            Self::Unknown(_) => "unknown".to_owned(),
        }
    }

    /// From where.
    fn source(&self) -> &Source {
        match self {
            Self::Person(_, source) | Self::Install(_, source) | Self::Unknown(source) => source,
            Self::Console | Self::Server => &Source::HERE,
        }
    }
}

/// One entry before it is written.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// When.
    pub at: Instant,
    /// Who.
    pub who: Who<'a>,
    /// What.
    pub what: What,
    /// Which record, if it is about one.
    pub encounter: Option<&'a str>,
    /// Ids, codes and counts that say more; never a value of a record.
    pub detail: Vec<(&'a str, Json)>,
}

impl<'a> Entry<'a> {
    /// An entry without a record or details.
    pub fn new(at: Instant, who: Who<'a>, what: What) -> Self {
        Self { at, who, what, encounter: None, detail: Vec::new() }
    }

    /// The same entry about this record.
    #[must_use]
    pub fn about(mut self, encounter: &'a str) -> Self {
        self.encounter = Some(encounter);
        self
    }

    /// The same entry with one more detail.
    #[must_use]
    pub fn with(mut self, name: &'a str, value: impl Into<Json>) -> Self {
        self.detail.push((name, value.into()));
        self
    }
}

/// What an entry's text says, in the order in which it is written.
#[derive(Serialize, Deserialize)]
struct Text {
    replica: String,
    seq: i64,
    #[serde(rename = "at_ms")]
    at: Instant,
    who: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    session: Option<String>,
    what: What,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    encounter: Option<String>,
    #[serde(skip_serializing_if = "serde_json::Map::is_empty", default)]
    detail: serde_json::Map<String, Json>,
}

/// The end of a chain.
pub(super) struct Head {
    /// The number of the last entry; 0 when there is none.
    pub(super) seq: i64,
    /// Its hash.
    pub(super) hash: String,
}

/// Where the entry that this transaction appends next will stand.
pub(crate) fn next(tx: &mut dyn Tx) -> Result<AuditEntry> {
    let replica = tx.replica().to_owned();
    let seq = number(head(tx, &replica)?.seq) + 1;
    Ok(AuditEntry { replica, seq })
}

/// Writes one entry in the transaction of the change that it is about; gives its number in this replica's chain.
pub fn append(tx: &mut dyn Tx, entry: &Entry<'_>) -> Result<i64> {
    let replica = tx.replica().to_owned();
    let last = head(tx, &replica)?;
    let seq = last.seq + 1;
    let source = entry.who.source();
    let text = Text {
        replica,
        seq,
        at: entry.at,
        who: entry.who.text(),
        address: source.address,
        session: source.session.clone(),
        what: entry.what,
        encounter: entry.encounter.map(str::to_owned),
        detail: entry.detail.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
    };
    let json = serde_json::to_string(&text).map_err(|error| StoreError::Statement(error.to_string()))?;
    let row = EntryRow {
        seq,
        hash: link(&last.hash, &json),
        prev: last.hash,
        at: entry.at,
        what: code(entry.what),
        who: text.who,
        encounter: entry.encounter.map(str::to_owned),
        text: json,
    };
    rows::append(tx, &text.replica, row)?;
    Ok(seq)
}

/// Refusals of one kind in a minute that one phone or person, or all who have not said who they are, have entries of: a log
/// that anybody could fill would hide what matters, and end with the disk.
pub const REFUSALS: i64 = 10;
const MINUTE_MS: i64 = 60_000;

/// Writes the entry of a refusal, unless there were [`REFUSALS`] of its kind and author within a minute; those left out are
/// counted, and the next one says how many they were. `unasked`: those before it for which the log was not even asked.
pub fn append_refusal(tx: &mut dyn Tx, entry: Entry<'_>, unasked: i64) -> Result<()> {
    let (who, what) = (entry.who.text(), code(entry.what));
    let name = format!("left_out/{what}/{who}");
    let counted: i64 = fact(tx, &name)?.and_then(|text| text.parse().ok()).unwrap_or(0);
    let left_out = counted.saturating_add(unasked);
    let before = rows::at_before(tx, &who, &what, REFUSALS - 1)?;
    let since = entry.at - MINUTE_MS;
    if before.is_some_and(|before| before > since) {
        return set_fact(tx, &name, &(left_out + 1).to_string());
    }
    if left_out == 0 {
        append(tx, &entry)?;
    } else {
        append(tx, &entry.with("left_out", left_out))?;
        if counted > 0 {
            set_fact(tx, &name, "0")?;
        }
    }
    Ok(())
}

/// Writes one entry on its own and returns when it is durable: for looks, before their answer is served.
pub fn record(store: &Store, entry: &Entry<'_>) -> Result<i64> {
    store.write(|tx| append(tx, entry))
}

/// The end of a replica's chain as it stands.
pub(super) fn head(tx: &mut dyn Tx, replica: &str) -> Result<Head> {
    let (seq, hash) = rows::head(tx, replica)?.unwrap_or_else(|| (0, START.to_owned()));
    Ok(Head { seq, hash })
}

fn link(prev: &str, text: &str) -> String {
    hex::encode(Sha256::new().chain_update(prev).chain_update(text).finalize())
}

/// The code of an entry, as the log has it.
pub fn code(what: What) -> String {
    match serde_json::to_value(what) {
        Ok(Json::String(code)) => code,
        _ => unreachable!("a variant without fields is written as a string"),
    }
}

#[cfg(test)]
mod tests;

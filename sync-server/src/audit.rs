//! The audit log: every act and every look, in one hash chain.
//!
//! A change and its entry are written in one transaction. A look is written, and durable, before its answer is
//! served. An entry holds ids and codes, never what was read.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::store::{Result, Store, StoreError, Tx};
use crate::trust::{fact, set as set_fact};

/// What the first entry names as the one before it.
const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Entries read at a time while the chain is verified.
const PAGE: i64 = 1_000;

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
    RecordServed,
    QueueOpened,
    RecordOpened,
    FieldsUnmasked,
    /// A sheet was made of a record, for a person outside.
    SheetMade,
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
}

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who<'a> {
    /// A person at a desk, by id.
    Person(&'a str),
    /// A phone, by its install.
    Install(&'a str),
    /// An administrator at the machine itself.
    Console,
    /// The server, on its own.
    Server,
    /// Somebody who has not said who they are, or not truthfully.
    Unknown,
}

impl Who<'_> {
    /// The text in the log.
    pub fn text(self) -> String {
        match self {
            Self::Person(id) => format!("person/{id}"),
            Self::Install(id) => format!("install/{id}"),
            Self::Console => "console".to_owned(),
            Self::Server => "server".to_owned(),
            Self::Unknown => "unknown".to_owned(),
        }
    }
}

/// One entry before it is written.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// When.
    pub at_ms: i64,
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
    pub fn new(at_ms: i64, who: Who<'a>, what: What) -> Self {
        Self { at_ms, who, what, encounter: None, detail: Vec::new() }
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

/// The end of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The number of the last entry; 0 when there is none.
    pub seq: i64,
    /// Its hash.
    pub hash: String,
}

/// What verifying the chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every entry fits; this is the last one.
    Sound(Head),
    /// The first entry that does not fit, and why.
    Broken {
        /// Its number.
        seq: i64,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// What an entry's text says, in the order in which it is written.
#[derive(Serialize, Deserialize)]
struct Text {
    seq: i64,
    at_ms: i64,
    who: String,
    what: What,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    encounter: Option<String>,
    #[serde(skip_serializing_if = "serde_json::Map::is_empty", default)]
    detail: serde_json::Map<String, Json>,
}

/// Writes one entry in the transaction of the change that it is about; gives its number.
pub fn append(tx: &mut dyn Tx, entry: &Entry<'_>) -> Result<i64> {
    let last = head(tx)?;
    let seq = last.seq + 1;
    let text = Text {
        seq,
        at_ms: entry.at_ms,
        who: entry.who.text(),
        what: entry.what,
        encounter: entry.encounter.map(str::to_owned),
        detail: entry.detail.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
    };
    let json = serde_json::to_string(&text).map_err(|error| StoreError::Statement(error.to_string()))?;
    tx.run(
        "insert into audit (seq, prev, hash, at_ms, what, who, encounter, text) \
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            seq.into(),
            (&last.hash).into(),
            link(&last.hash, &json).into(),
            entry.at_ms.into(),
            code(entry.what).into(),
            text.who.into(),
            entry.encounter.into(),
            json.into(),
        ],
    )?;
    Ok(seq)
}

/// Entries of one kind in a minute by those who have not said who they are: a log that anybody could fill would hide what
/// matters, and end with the disk.
pub const FROM_NOBODY: i64 = 10;
const MINUTE_MS: i64 = 60_000;

/// Writes an entry of somebody unknown, unless there were [`FROM_NOBODY`] of its kind within a minute; those left out are
/// counted, and the next one says how many they were.
pub fn append_of_nobody(tx: &mut dyn Tx, at_ms: i64, what: What) -> Result<()> {
    let name = format!("left_out_{}", code(what));
    let left_out: i64 = fact(tx, &name)?.and_then(|text| text.parse().ok()).unwrap_or(0);
    let before = tx.row(
        "select at_ms from audit where what = $1 and who = $2 order by seq desc limit 1 offset $3",
        &[code(what).into(), Who::Unknown.text().into(), (FROM_NOBODY - 1).into()],
    )?;
    let crowded = before.map(|row| row.int(0)).transpose()?.is_some_and(|before| before > at_ms - MINUTE_MS);
    if crowded {
        return set_fact(tx, &name, &(left_out + 1).to_string());
    }
    let mut entry = Entry::new(at_ms, Who::Unknown, what);
    if left_out > 0 {
        entry = entry.with("left_out", left_out);
        set_fact(tx, &name, "0")?;
    }
    append(tx, &entry)?;
    Ok(())
}

/// Writes one entry on its own and returns when it is durable: for looks, before their answer is served.
pub fn record(store: &Store, entry: &Entry<'_>) -> Result<i64> {
    store.write(|tx| append(tx, entry))
}

/// The end of the chain as it stands.
pub fn head(tx: &mut dyn Tx) -> Result<Head> {
    match tx.row("select seq, hash from audit order by seq desc limit 1", &[])? {
        Some(row) => Ok(Head { seq: row.int(0)?, hash: row.string(1)? }),
        None => Ok(Head { seq: 0, hash: START.to_owned() }),
    }
}

/// Follows the whole chain and names the first entry that does not fit. `known` is a head that was kept
/// outside the store; without one, entries cut off at the end cannot be noticed.
pub fn verify(store: &Store, known: Option<&Head>) -> Result<Verdict> {
    let mut last = Head { seq: 0, hash: START.to_owned() };
    loop {
        let page = store.read(|tx| {
            tx.rows(
                "select seq, prev, hash, at_ms, what, who, encounter, text from audit where seq > $1 \
                 order by seq limit $2",
                &[last.seq.into(), PAGE.into()],
            )
        })?;
        if page.is_empty() {
            break;
        }
        for row in &page {
            let seq = last.seq + 1;
            if let Some(why) = fault(row, seq, &last.hash)? {
                return Ok(Verdict::Broken { seq, why });
            }
            last = Head { seq, hash: row.string(2)? };
            if known.is_some_and(|known| known.seq == seq && known.hash != last.hash) {
                return Ok(Verdict::Broken { seq, why: "its hash is not the one kept outside" });
            }
        }
    }
    match known {
        Some(known) if known.seq > last.seq => {
            Ok(Verdict::Broken { seq: last.seq + 1, why: "it is missing at the end of the log" })
        }
        _ => Ok(Verdict::Sound(last)),
    }
}

fn fault(row: &crate::store::Row, seq: i64, prev: &str) -> Result<Option<&'static str>> {
    if row.int(0)? != seq {
        return Ok(Some("it is missing"));
    }
    if row.text(1)? != prev {
        return Ok(Some("it does not name the entry before it"));
    }
    let text = row.text(7)?;
    if row.text(2)? != link(prev, text) {
        return Ok(Some("its text or hash was changed"));
    }
    let Ok(said) = serde_json::from_str::<Text>(text) else {
        return Ok(Some("its text cannot be read"));
    };
    let copied = said.seq == seq
        && said.at_ms == row.int(3)?
        && code(said.what) == row.text(4)?
        && said.who == row.text(5)?
        && said.encounter.as_deref() == row.opt_text(6)?;
    Ok((!copied).then_some("its columns do not say what its text says"))
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

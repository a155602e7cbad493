//! Records and who has a part in them, as rows.

use firsthours_core::evidence::{Chain, EncounterReceipt, Rolling};
use firsthours_core::protocol::Instant;
use firsthours_core::record::{AgencyId, EncounterId, Epoch, Hash, IncidentId, PersonId, StationId};
use firsthours_core::wire::Grant;

use super::engine::Tx;
use super::error::Result;
use super::row::{Row, Value, hash, number, stored};

/// A record's counter row, locked.
pub(crate) struct LockedRow {
    /// The last position, and the rolling hash up to it.
    pub(crate) pos: u64,
    pub(crate) rolling: Rolling,
    /// The server's own chain in it.
    pub(crate) desk: Chain,
    pub(crate) protocol: Hash,
    /// Where it stands in queues: rank, due, waiting since, voided, and whom it asks (2 a detective, 1 a county worker).
    pub(crate) order: [i64; 5],
    /// The life of this store: the name under which the server writes.
    pub(crate) epoch: Epoch,
}

/// What a record is called, as its opening says.
pub(crate) struct OpenedRow<'a> {
    pub(crate) protocol: Hash,
    pub(crate) agency: &'a AgencyId,
    pub(crate) station: &'a StationId,
    pub(crate) incident: IncidentId,
    pub(crate) letter: &'a str,
    pub(crate) opened: Instant,
    pub(crate) opened_by: &'a PersonId,
}

/// What a transaction leaves of a record beside its events.
pub(crate) struct WrittenRow<'a> {
    pub(crate) pos: u64,
    pub(crate) rolling: Rolling,
    pub(crate) desk: Chain,
    pub(crate) protocol: Hash,
    pub(crate) summary: Option<String>,
    pub(crate) summary_version: i64,
    pub(crate) phase_state: &'a str,
    pub(crate) queue_rank: i64,
    pub(crate) waiting_since: Instant,
    pub(crate) due: Instant,
    pub(crate) conflicts: i64,
    pub(crate) threads_open: i64,
    pub(crate) voided: bool,
    pub(crate) asks_detective: bool,
    pub(crate) asks_county: bool,
}

impl OpenedRow<'_> {
    /// The record's id, then what its opening says, in the order in which the statements below take them.
    fn values(&self, id: EncounterId) -> Vec<Value> {
        vec![
            id.to_string().into(),
            self.protocol.to_string().into(),
            self.agency.into(),
            self.station.into(),
            self.incident.to_string().into(),
            self.letter.into(),
            self.opened.into(),
            self.opened_by.into(),
        ]
    }
}

/// Whether there is such a record.
pub(crate) fn exists(tx: &mut dyn Tx, id: EncounterId) -> Result<bool> {
    Ok(tx.row("select id from encounter where id = $1", &[id.to_string().into()])?.is_some())
}

/// Locks a record until the transaction ends; `None` if there is none. The update orders writers, so what is read after it
/// is the newest there is.
pub(crate) fn lock(tx: &mut dyn Tx, id: EncounterId) -> Result<Option<LockedRow>> {
    let id = id.to_string();
    tx.run("update encounter set pos = pos where id = $1", &[(&id).into()])?;
    let row = tx.row(
        "select pos, rolling, desk_seq, desk_prev, protocol, queue_rank, due_ms, waiting_since_ms, voided, \
         asks_detective * 2 + asks_county, (select value from meta where key = 'epoch') \
         from encounter where id = $1",
        &[(&id).into()],
    )?;
    row.map(|row| {
        Ok(LockedRow {
            pos: number(row.int(0)?),
            rolling: Rolling(hash(row.text(1)?)?),
            desk: Chain { seq: number(row.int(2)?), id: row.opt_text(3)?.map(hash).transpose()? },
            protocol: hash(row.text(4)?)?,
            order: [row.int(5)?, row.int(6)?, row.int(7)?, row.int(8)?, row.int(9)?],
            epoch: hash(row.text(10)?)?,
        })
    })
    .transpose()
}

/// Begins a record.
pub(crate) fn begin(tx: &mut dyn Tx, id: EncounterId, opened: &OpenedRow<'_>) -> Result<()> {
    let mut args = opened.values(id);
    args.push(Rolling::start(id).0.to_string().into());
    tx.run(
        "insert into encounter (id, protocol, agency, station, incident, letter, opened_ms, opened_by, rolling) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &args,
    )?;
    Ok(())
}

/// Calls a record as an opening that is accepted says.
pub(crate) fn opened(tx: &mut dyn Tx, id: EncounterId, opened: &OpenedRow<'_>) -> Result<()> {
    tx.run(
        "update encounter set protocol = $2, agency = $3, station = $4, incident = $5, letter = $6, \
         opened_ms = $7, opened_by = $8 where id = $1",
        &opened.values(id),
    )?;
    Ok(())
}

/// The record belongs to another scene.
pub(crate) fn set_incident(tx: &mut dyn Tx, id: EncounterId, incident: IncidentId) -> Result<()> {
    tx.run(
        "update encounter set incident = $2 where id = $1",
        &[id.to_string().into(), incident.to_string().into()],
    )?;
    Ok(())
}

/// Writes what a transaction leaves of a record, and moves its counter on.
pub(crate) fn written(tx: &mut dyn Tx, id: EncounterId, row: WrittenRow<'_>) -> Result<()> {
    tx.run(
        "update encounter set pos = $2, rolling = $3, desk_seq = $4, desk_prev = $5, summary = $6, \
         summary_version = $7, phase_state = $8, waiting_since_ms = $9, due_ms = $10, conflicts = $11, \
         threads_open = $12, voided = $13, protocol = $14, queue_rank = $15, asks_detective = $16, \
         asks_county = $17 where id = $1",
        &[
            id.to_string().into(),
            stored(row.pos).into(),
            row.rolling.0.to_string().into(),
            stored(row.desk.seq).into(),
            row.desk.id.map(|id| id.to_string()).into(),
            row.summary.into(),
            row.summary_version.into(),
            row.phase_state.into(),
            row.waiting_since.into(),
            row.due.into(),
            row.conflicts.into(),
            row.threads_open.into(),
            row.voided.into(),
            row.protocol.to_string().into(),
            row.queue_rank.into(),
            row.asks_detective.into(),
            row.asks_county.into(),
        ],
    )?;
    Ok(())
}

/// Puts a record into the queues of those who may see it, as its row and its parties now stand, and into no other.
pub(crate) fn enter_queues(tx: &mut dyn Tx, id: EncounterId) -> Result<()> {
    let id = id.to_string();
    tx.run("delete from queue where encounter = $1", &[(&id).into()])?;
    tx.run(
        "insert into queue (encounter, agency, station, person, role, queue_rank, due_ms, waiting_since_ms) \
         select e.id, s.agency, s.station, s.person, s.role, e.queue_rank, e.due_ms, e.waiting_since_ms \
         from encounter e \
         join (select agency, station, '' as person, '' as role from encounter where id = $1 and station <> '' \
         union select agency, '', '', '' from encounter where id = $1 \
         union select agency, '', '', 'detective' from encounter where id = $1 and asks_detective = 1 \
         union select agency, '', '', 'county' from encounter where id = $1 and asks_county = 1 \
         union select q.agency, q.station, '', '' from party p join person q on q.id = p.person \
         where p.encounter = $1 and p.until_ms is null and q.station is not null \
         union select '', '', person, '' from party where encounter = $1 and until_ms is null and person <> '' \
         union select agency, '', '', 'party' from party where encounter = $1 and until_ms is null and person = '') \
         as s on 1 = 1 where e.id = $1 and e.voided = 0 and e.sealed = 0 and e.shredded = 0",
        &[(&id).into()],
    )?;
    Ok(())
}

/// The people who have a part in a record now.
pub(crate) fn people(tx: &mut dyn Tx, id: EncounterId) -> Result<Vec<PersonId>> {
    let sql = "select person from party where encounter = $1 and person <> '' and until_ms is null";
    tx.rows(sql, &[id.to_string().into()])?.iter().map(|row| row.string(0).map(PersonId)).collect()
}

/// Gives a person a part in a record.
pub(crate) fn give_part(
    tx: &mut dyn Tx,
    id: EncounterId,
    (person, agency, role): (&PersonId, &AgencyId, &str),
    since: Instant,
) -> Result<()> {
    tx.run(
        "insert into party (encounter, agency, person, role, since_ms) values ($1, $2, $3, $4, $5) \
         on conflict (encounter, agency, person, role) do update set until_ms = null",
        &[id.to_string().into(), agency.into(), person.into(), role.into(), since.into()],
    )?;
    Ok(())
}

/// Whether a person has a part in a record that is not sealed.
pub(crate) fn may_read(tx: &mut dyn Tx, id: EncounterId, person: &PersonId) -> Result<bool> {
    let row = tx.row(
        "select party.person from party join encounter on encounter.id = party.encounter \
         where party.encounter = $1 and party.person = $2 and party.until_ms is null and encounter.sealed = 0",
        &[id.to_string().into(), person.into()],
    )?;
    Ok(row.is_some())
}

/// Whether an install's person has a part in a record, or it has sent something to it itself.
pub(crate) fn knows(tx: &mut dyn Tx, id: EncounterId, install: &str) -> Result<bool> {
    let row = tx.row(
        "select encounter from event where encounter = $1 and install = $2 union all \
         select p.encounter from party p join install i on i.person = p.person \
         where p.encounter = $1 and i.install = $2 and p.until_ms is null limit 1",
        &[id.to_string().into(), install.into()],
    )?;
    Ok(row.is_some())
}

/// The records that a person may read, and how far each is.
pub(crate) fn grants(tx: &mut dyn Tx, person: &PersonId) -> Result<Vec<Grant>> {
    tx.rows(
        "select distinct encounter.id, encounter.pos, encounter.rolling from party \
         join encounter on encounter.id = party.encounter \
         where party.person = $1 and party.until_ms is null \
         and encounter.sealed = 0 and encounter.shredded = 0 order by encounter.id",
        &[person.into()],
    )?
    .iter()
    .map(grant)
    .collect()
}

/// How far a record is: its last position, and the rolling hash up to it.
pub(crate) fn head(tx: &mut dyn Tx, id: EncounterId) -> Result<Option<(u64, Rolling)>> {
    let row = tx.row("select pos, rolling from encounter where id = $1", &[id.to_string().into()])?;
    row.map(|row| Ok((number(row.int(0)?), Rolling(hash(row.text(1)?)?)))).transpose()
}

/// The same, and the version that its opening names.
pub(crate) fn head_and_protocol(tx: &mut dyn Tx, id: EncounterId) -> Result<Option<(u64, Rolling, Hash)>> {
    let row =
        tx.row("select pos, rolling, protocol from encounter where id = $1", &[id.to_string().into()])?;
    row.map(|row| Ok((number(row.int(0)?), Rolling(hash(row.text(1)?)?), hash(row.text(2)?)?))).transpose()
}

/// What a receipt says of a record.
pub(crate) fn receipt(tx: &mut dyn Tx, id: EncounterId) -> Result<Option<EncounterReceipt>> {
    let row =
        tx.row("select pos, durable_pos, rolling from encounter where id = $1", &[id.to_string().into()])?;
    row.map_or(Ok(None), |row| {
        let (pos, durable_pos) = (number(row.int(0)?), number(row.int(1)?));
        Ok(Some(EncounterReceipt { id, pos, durable_pos, rolling: hash(row.text(2)?)? }))
    })
}

fn grant(row: &Row) -> Result<Grant> {
    Ok(Grant { encounter: hash(row.text(0)?)?, pos: number(row.int(1)?), rolling: hash(row.text(2)?)? })
}

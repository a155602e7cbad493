//! What the desk's pages list: queues, neighbors of a record, phones, names; as rows.

use std::collections::BTreeMap;

use firsthours_core::protocol::Instant;
use firsthours_core::record::{AgencyId, EncounterId, Hash, PersonId, StationId};

use super::engine::Tx;
use super::error::Result;
use super::installs::InstallState;
use super::row::{Row, Value, hash};
use super::scope::Covers;

/// A record as a queue lists it.
pub(crate) struct QueuedRow {
    pub(crate) id: EncounterId,
    pub(crate) rank: i64,
    pub(crate) due: Instant,
    pub(crate) waiting_since: Instant,
    pub(crate) protocol: Hash,
    pub(crate) summary: Option<String>,
}

/// Where a page of a queue begins: rank, due, waiting since, id of the last record before it.
pub(crate) type Place = (i64, Instant, Instant, String);

/// A record by its summary.
pub(crate) struct SummaryRow {
    pub(crate) id: EncounterId,
    pub(crate) protocol: Hash,
    pub(crate) summary: Option<String>,
}

/// A phone as its agency sees it.
pub(crate) struct PhoneRow {
    pub(crate) install: String,
    pub(crate) device: String,
    pub(crate) person: String,
    pub(crate) state: InstallState,
    pub(crate) key: String,
    pub(crate) seen: Option<Instant>,
    pub(crate) unsent: i64,
    pub(crate) oldest_unsent: Option<Instant>,
    pub(crate) clock_off_ms: Option<i64>,
    /// The phone, or else the install, that it goes on from.
    pub(crate) follows: Option<String>,
}

/// What the phones of an agency hold that is not here.
#[derive(Default)]
pub(crate) struct HeldOutside {
    pub(crate) phones: i64,
    pub(crate) events: i64,
    pub(crate) oldest: Option<Instant>,
}

/// The records of these queues (agency, station, person, role) behind a place, those that are approved only with `all`, so
/// many at most.
pub(crate) fn queue(
    tx: &mut dyn Tx,
    covers: Covers,
    queues: &[[&str; 4]],
    after: Option<&Place>,
    all: bool,
    most: usize,
) -> Result<Vec<QueuedRow>> {
    let Covers { sql: covers, mut args } = covers;
    let ranks = if all { "" } else { " and queue_rank < 2" };
    let from = match after {
        Some((rank, due, since, id)) => {
            let place = args.len();
            args.extend::<[Value; 4]>([(*rank).into(), (*due).into(), (*since).into(), id.into()]);
            let [a, b, c, d] = [1, 2, 3, 4].map(|n| place + n);
            format!(" and (queue_rank, due_ms, waiting_since_ms, encounter) > (${a}, ${b}, ${c}, ${d})")
        }
        None => String::new(),
    };
    // Of each queue the first rows in its order, read off its index and no more of it; then the first of them all.
    let mut parts = Vec::new();
    for queue in queues {
        let place = args.len() + 1;
        args.extend(queue.map(Value::from));
        parts.push(format!(
            "select encounter from (select encounter from queue where agency = ${place} and station = ${} \
             and person = ${} and role = ${}{ranks}{from} \
             order by queue_rank, due_ms, waiting_since_ms, encounter limit {most}) as p",
            place + 1,
            place + 2,
            place + 3,
        ));
    }
    let sql = format!(
        "select id, queue_rank, due_ms, waiting_since_ms, protocol, summary from encounter e \
         where id in ({}) and voided = 0 and sealed = 0 and shredded = 0 and {covers} \
         order by queue_rank, due_ms, waiting_since_ms, id limit {most}",
        parts.join(" union ")
    );
    tx.rows(&sql, &args)?.iter().map(queued).collect()
}

/// The other records of a record's scene, so many at most, by their letters.
pub(crate) fn scene(tx: &mut dyn Tx, encounter: EncounterId, most: i64) -> Result<Vec<SummaryRow>> {
    tx.rows(
        "select id, protocol, summary from encounter where id in (select id from encounter \
         where incident = (select incident from encounter where id = $1) and id <> $1 limit $2) \
         order by letter, id",
        &[encounter.to_string().into(), most.into()],
    )?
    .iter()
    .map(summary)
    .collect()
}

/// When a record began, as its opening says.
pub(crate) fn opened(tx: &mut dyn Tx, encounter: EncounterId) -> Result<Option<Instant>> {
    let row = tx.row("select opened_ms from encounter where id = $1", &[encounter.to_string().into()])?;
    row.map(|row| row.instant(0)).transpose()
}

/// The records of a station (agency and id) that began between two moments, but for one, the newest first, so many at most.
/// They are read in the order of the index of openings, so no more is read than is given.
pub(crate) fn opened_between(
    tx: &mut dyn Tx,
    (agency, station): (&AgencyId, &StationId),
    (from, to): (Instant, Instant),
    but: EncounterId,
    most: i64,
) -> Result<Vec<SummaryRow>> {
    tx.rows(
        "select id, protocol, summary from encounter \
         where agency = $1 and station = $2 and opened_ms between $3 and $4 and id <> $5 \
         and sealed = 0 and shredded = 0 order by opened_ms desc, id desc limit $6",
        &[agency.into(), station.into(), from.into(), to.into(), but.to_string().into(), most.into()],
    )?
    .iter()
    .map(summary)
    .collect()
}

/// The deputies of an agency who have not left, by name: ids and names.
pub(crate) fn deputies(tx: &mut dyn Tx, agency: &AgencyId) -> Result<Vec<(String, String)>> {
    let sql = "select id, name from person where agency = $1 and role = 'deputy' and disabled = 0 order by name, id";
    tx.rows(sql, &[agency.into()])?.iter().map(|row| Ok((row.string(0)?, row.string(1)?))).collect()
}

/// Whether a person is a deputy of an agency, and has not left.
pub(crate) fn is_deputy(tx: &mut dyn Tx, person: &PersonId, agency: &AgencyId) -> Result<bool> {
    let sql = "select id from person where id = $1 and agency = $2 and role = 'deputy' and disabled = 0";
    Ok(tx.row(sql, &[person.into(), agency.into()])?.is_some())
}

/// The phones of an agency, those that wait for a decision first.
pub(crate) fn phones(tx: &mut dyn Tx, agency: &AgencyId) -> Result<Vec<PhoneRow>> {
    tx.rows(
        "select i.install, i.device, p.name, i.state, i.key, i.seen_ms, i.unsent, i.oldest_unsent_ms, i.clock_off_ms, \
         coalesce(f.device, i.follows) from install i join person p on p.id = i.person \
         left join install f on f.install = i.follows where i.agency = $1 \
         order by case i.state when 'waiting' then 0 when 'approved' then 1 else 2 end, p.name, i.request_ms desc",
        &[agency.into()],
    )?
    .iter()
    .map(phone)
    .collect()
}

/// Whether an install is of an agency.
pub(crate) fn is_phone_of(tx: &mut dyn Tx, install: &str, agency: &AgencyId) -> Result<bool> {
    let sql = "select install from install where install = $1 and agency = $2";
    Ok(tx.row(sql, &[install.into(), agency.into()])?.is_some())
}

/// What the phones of an agency say they still hold.
pub(crate) fn held_outside(tx: &mut dyn Tx, agency: &AgencyId) -> Result<HeldOutside> {
    let row = tx.row(
        "select count(*), coalesce(sum(unsent), 0), min(oldest_unsent_ms) from install \
         where unsent > 0 and agency = $1",
        &[agency.into()],
    )?;
    row.map_or(Ok(HeldOutside::default()), |row| {
        Ok(HeldOutside { phones: row.int(0)?, events: row.int(1)?, oldest: row.opt_instant(2)? })
    })
}

/// How many approved phones of an agency have a clock that is off by more than two minutes.
pub(crate) fn clocks_off(tx: &mut dyn Tx, agency: &AgencyId) -> Result<i64> {
    let row = tx.row(
        "select count(*) from install where state = 'approved' and agency = $1 \
         and (clock_off_ms > 120000 or clock_off_ms < -120000)",
        &[agency.into()],
    )?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// Everybody's name, by id.
pub(crate) fn names(tx: &mut dyn Tx) -> Result<BTreeMap<String, String>> {
    pairs(tx, "select id, name from person")
}

/// Every station's title, by id.
pub(crate) fn station_titles(tx: &mut dyn Tx) -> Result<BTreeMap<String, String>> {
    pairs(tx, "select id, title from station")
}

/// The person of every install.
pub(crate) fn people_of_installs(tx: &mut dyn Tx) -> Result<BTreeMap<String, String>> {
    pairs(tx, "select install, person from install")
}

/// The title of an agency.
pub(crate) fn agency_title(tx: &mut dyn Tx, agency: &AgencyId) -> Result<Option<String>> {
    let row = tx.row("select title from agency where id = $1", &[agency.into()])?;
    row.map(|row| row.string(0)).transpose()
}

/// The title of a station.
pub(crate) fn station_title(tx: &mut dyn Tx, station: &StationId) -> Result<Option<String>> {
    let row = tx.row("select title from station where id = $1", &[station.into()])?;
    row.map(|row| row.string(0)).transpose()
}

/// How many administrators can sign in.
pub(crate) fn administrators(tx: &mut dyn Tx) -> Result<i64> {
    let sql = "select count(*) from person where role = 'administrator' and disabled = 0 and locked = 0";
    tx.row(sql, &[])?.map_or(Ok(0), |row| row.int(0))
}

/// How many people are locked out.
pub(crate) fn locked_out(tx: &mut dyn Tx) -> Result<i64> {
    let sql = "select count(*) from person where disabled = 0 and locked = 1";
    tx.row(sql, &[])?.map_or(Ok(0), |row| row.int(0))
}

fn pairs(tx: &mut dyn Tx, sql: &str) -> Result<BTreeMap<String, String>> {
    tx.rows(sql, &[])?.iter().map(|row| Ok((row.string(0)?, row.string(1)?))).collect()
}

fn queued(row: &Row) -> Result<QueuedRow> {
    Ok(QueuedRow {
        id: hash(row.text(0)?)?,
        rank: row.int(1)?,
        due: row.instant(2)?,
        waiting_since: row.instant(3)?,
        protocol: hash(row.text(4)?)?,
        summary: row.opt_string(5)?,
    })
}

fn summary(row: &Row) -> Result<SummaryRow> {
    Ok(SummaryRow { id: hash(row.text(0)?)?, protocol: hash(row.text(1)?)?, summary: row.opt_string(2)? })
}

fn phone(row: &Row) -> Result<PhoneRow> {
    Ok(PhoneRow {
        install: row.string(0)?,
        device: row.string(1)?,
        person: row.string(2)?,
        state: row.install_state(3)?,
        key: row.string(4)?,
        seen: row.opt_instant(5)?,
        unsent: row.int(6)?,
        oldest_unsent: row.opt_instant(7)?,
        clock_off_ms: row.opt_int(8)?,
        follows: row.opt_string(9)?,
    })
}

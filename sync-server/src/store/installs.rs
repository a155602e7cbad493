//! Installs of phones and the end of each one's own line, as rows.

use firsthours_core::evidence::Chain;
use firsthours_core::protocol::Instant;
use firsthours_core::record::{AgencyId, InstallId, PersonId, Role};
use serde::{Deserialize, Serialize};

use super::engine::Tx;
use super::error::Result;
use super::row::{Row, hash, number, stored};

/// How an install stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstallState {
    /// It asked, and nobody has decided.
    Waiting,
    /// It has a certificate.
    Approved,
    /// An administrator said no; it may ask again.
    Refused,
    /// It is trusted no further, and may send what it holds.
    Revoked,
}

impl InstallState {
    /// Its name, as columns and screens of the console have it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Revoked => "revoked",
        }
    }
}

/// How an install stands, and its key.
pub(crate) struct StateRow {
    pub(crate) state: InstallState,
    pub(crate) key: String,
}

/// A phone that asks to be enrolled for a person.
pub(crate) struct RequestRow<'a> {
    pub(crate) install: &'a str,
    pub(crate) device: &'a str,
    pub(crate) key: &'a str,
    pub(crate) requested: Instant,
    pub(crate) person: &'a PersonId,
}

/// What a certificate is made of.
pub(crate) struct CertifiedRow {
    pub(crate) state: InstallState,
    pub(crate) device: String,
    pub(crate) person: PersonId,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) agency: AgencyId,
    pub(crate) key: String,
    pub(crate) sealing_key: Option<String>,
}

/// A phone as lists show it.
pub(crate) struct DeviceRow {
    pub(crate) install: String,
    pub(crate) device: String,
    pub(crate) person: PersonId,
    pub(crate) name: String,
    pub(crate) state: InstallState,
    pub(crate) key: String,
    pub(crate) requested: Instant,
    pub(crate) seen: Option<Instant>,
    pub(crate) unsent: i64,
}

/// Who asks with a token.
pub(crate) struct CallerRow {
    pub(crate) person: PersonId,
    pub(crate) state: InstallState,
    /// The person has left.
    pub(crate) disabled: bool,
    /// Another install goes on from it.
    pub(crate) followed: bool,
}

/// What a phone says of itself.
pub(crate) struct ReportRow<'a> {
    pub(crate) seen: Instant,
    pub(crate) app_version: &'a str,
    pub(crate) unsent: u64,
    pub(crate) drafts: u64,
    pub(crate) oldest_unsent: Option<Instant>,
    pub(crate) free_disk: Option<u64>,
    pub(crate) clock_off_ms: i64,
}

/// How an install stands.
pub(crate) fn state(tx: &mut dyn Tx, install: &str) -> Result<Option<StateRow>> {
    let row = tx.row("select state, key from install where install = $1", &[install.into()])?;
    row.map(|row| Ok(StateRow { state: row.install_state(0)?, key: row.string(1)? })).transpose()
}

/// Takes a request. One who waits, or was refused, may ask anew with the same key; `false` otherwise, or if the person has
/// left.
pub(crate) fn ask(tx: &mut dyn Tx, asked: &RequestRow<'_>) -> Result<bool> {
    let added = tx.run(
        "insert into install (install, device, person, role, agency, station, state, key, request_ms) \
         select $1, $2, id, role, agency, station, 'waiting', $3, $4 from person where id = $5 and disabled = 0 \
         on conflict (install) do update set device = excluded.device, person = excluded.person, \
         role = excluded.role, agency = excluded.agency, station = excluded.station, state = excluded.state, \
         request_ms = excluded.request_ms, decided_by = null, decided_ms = null \
         where install.key = excluded.key and install.state in ('waiting', 'refused')",
        &[
            asked.install.into(),
            asked.device.into(),
            asked.key.into(),
            asked.requested.into(),
            asked.person.into(),
        ],
    )?;
    Ok(added > 0)
}

/// Takes the request of one who is not known here yet, and the install it goes on from; `false` if the person has left.
pub(crate) fn ask_following(tx: &mut dyn Tx, asked: &RequestRow<'_>, follows: Option<&str>) -> Result<bool> {
    let added = tx.run(
        "insert into install (install, device, person, role, agency, station, state, key, request_ms, follows) \
         select $1, $2, id, role, agency, station, 'waiting', $3, $4, $5 from person where id = $6 and disabled = 0",
        &[
            asked.install.into(),
            asked.device.into(),
            asked.key.into(),
            asked.requested.into(),
            follows.into(),
            asked.person.into(),
        ],
    )?;
    Ok(added > 0)
}

/// What a certificate of this install would say.
pub(crate) fn to_certify(tx: &mut dyn Tx, install: &str) -> Result<Option<CertifiedRow>> {
    let row = tx.row(
        "select i.state, i.device, i.person, p.name, i.role, i.agency, i.key, i.sealing_key \
         from install i join person p on p.id = i.person where i.install = $1",
        &[install.into()],
    )?;
    row.map(|row| {
        Ok(CertifiedRow {
            state: row.install_state(0)?,
            device: row.string(1)?,
            person: PersonId(row.string(2)?),
            name: row.string(3)?,
            role: row.role(4)?,
            agency: AgencyId(row.string(5)?),
            key: row.string(6)?,
            sealing_key: row.opt_string(7)?,
        })
    })
    .transpose()
}

/// Writes down what was decided about an install.
pub(crate) fn decide(
    tx: &mut dyn Tx,
    install: &str,
    state: InstallState,
    by: &str,
    now: Instant,
) -> Result<()> {
    tx.run(
        "update install set state = $2, decided_by = $3, decided_ms = $4 where install = $1",
        &[install.into(), state.into(), by.into(), now.into()],
    )?;
    Ok(())
}

/// The approved installs of a person.
pub(crate) fn approved_of(tx: &mut dyn Tx, person: &PersonId) -> Result<Vec<String>> {
    let sql = "select install from install where person = $1 and state = 'approved'";
    tx.rows(sql, &[person.into()])?.iter().map(|row| row.string(0)).collect()
}

/// Every phone, those that wait for a decision first.
pub(crate) fn all(tx: &mut dyn Tx) -> Result<Vec<DeviceRow>> {
    tx.rows(
        "select i.install, i.device, i.person, p.name, i.state, i.key, i.request_ms, i.seen_ms, i.unsent \
         from install i join person p on p.id = i.person \
         order by case i.state when 'waiting' then 0 else 1 end, i.request_ms desc, i.install",
        &[],
    )?
    .iter()
    .map(device)
    .collect()
}

/// Who asks with the token of this install.
pub(crate) fn caller(tx: &mut dyn Tx, install: InstallId) -> Result<Option<CallerRow>> {
    let row = tx.row(
        "select install.person, install.state, person.disabled, \
         exists (select 1 from install later where later.follows = install.install \
         and later.state in ('waiting', 'approved')) from install \
         join person on person.id = install.person where install.install = $1",
        &[install.to_string().into()],
    )?;
    row.map(|row| {
        Ok(CallerRow {
            person: PersonId(row.string(0)?),
            state: row.install_state(1)?,
            disabled: row.flag(2)?,
            followed: row.flag(3)?,
        })
    })
    .transpose()
}

/// Whether an install is trusted no further: itself, by a signed statement, or because its person has left.
pub(crate) fn is_revoked(tx: &mut dyn Tx, install: InstallId) -> Result<bool> {
    let row = tx.row(
        "select install from revocation where install = $1 union all \
         select i.install from install i join person p on p.id = i.person \
         where i.install = $1 and (i.state = 'revoked' or p.disabled = 1)",
        &[install.to_string().into()],
    )?;
    Ok(row.is_some())
}

/// When the last nonce that a hello of an install used runs out; 0 if it used none.
pub(crate) fn nonce_until(tx: &mut dyn Tx, install: InstallId) -> Result<Option<Instant>> {
    let sql = "select nonce_until_ms from install where install = $1";
    tx.row(sql, &[install.to_string().into()])?
        .map_or(Ok(None), |row| Ok(Some(row.instant(0)?).filter(|until| *until > Instant::default())))
}

/// Uses up a nonce; `false` if it, or a later one, was used already.
pub(crate) fn use_nonce(tx: &mut dyn Tx, install: InstallId, until: Instant) -> Result<bool> {
    let changed = tx.run(
        "update install set nonce_until_ms = $2 where install = $1 and nonce_until_ms < $2",
        &[install.to_string().into(), until.into()],
    )?;
    Ok(changed > 0)
}

/// Keeps what a phone says of itself.
pub(crate) fn report(tx: &mut dyn Tx, install: InstallId, said: &ReportRow<'_>) -> Result<()> {
    tx.run(
        "update install set seen_ms = $2, app_version = $3, unsent = $4, drafts = $5, oldest_unsent_ms = $6, \
         free_disk = $7, clock_off_ms = $8 where install = $1",
        &[
            install.to_string().into(),
            said.seen.into(),
            said.app_version.into(),
            stored(said.unsent).into(),
            stored(said.drafts).into(),
            said.oldest_unsent.into(),
            said.free_disk.map(stored).into(),
            said.clock_off_ms.into(),
        ],
    )?;
    Ok(())
}

/// Locks an install's row until the transaction ends: its line is written by one at a time.
pub(crate) fn lock(tx: &mut dyn Tx, install: InstallId) -> Result<()> {
    tx.run(
        "update install set received_through = received_through where install = $1",
        &[install.to_string().into()],
    )?;
    Ok(())
}

/// The end of an install's own line.
pub(crate) fn line(tx: &mut dyn Tx, install: InstallId) -> Result<Chain> {
    let row = tx.row(
        "select received_through, received_id from install where install = $1",
        &[install.to_string().into()],
    )?;
    row.map_or(Ok(Chain::default()), |row| {
        Ok(Chain { seq: number(row.int(0)?), id: row.opt_text(1)?.map(hash).transpose()? })
    })
}

/// Up to which number an install's own events are durable: in two backups.
pub(crate) fn durable_through(tx: &mut dyn Tx, install: InstallId) -> Result<u64> {
    let sql = "select durable_through from install where install = $1";
    tx.row(sql, &[install.to_string().into()])?.map_or(Ok(0), |row| Ok(number(row.int(0)?)))
}

/// Moves the end of a line. What the phone said it had to send has come, so nobody is told any more that it has not.
pub(crate) fn set_line(tx: &mut dyn Tx, install: InstallId, line: Chain, now: Instant) -> Result<()> {
    tx.run(
        "update install set received_through = $2, received_id = $3, seen_ms = $4, \
         unsent = case when unsent > $2 - received_through then unsent - ($2 - received_through) else 0 end, \
         oldest_unsent_ms = case when unsent > $2 - received_through then oldest_unsent_ms else null end \
         where install = $1",
        &[
            install.to_string().into(),
            stored(line.seq).into(),
            line.id.map(|id| id.to_string()).into(),
            now.into(),
        ],
    )?;
    Ok(())
}

fn device(row: &Row) -> Result<DeviceRow> {
    Ok(DeviceRow {
        install: row.string(0)?,
        device: row.string(1)?,
        person: PersonId(row.string(2)?),
        name: row.string(3)?,
        state: row.install_state(4)?,
        key: row.string(5)?,
        requested: row.instant(6)?,
        seen: row.opt_instant(7)?,
        unsent: row.int(8)?,
    })
}

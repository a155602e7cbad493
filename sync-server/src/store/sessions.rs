//! Signed-in browsers, and browsers that are known for a person, as rows. Only hashes of their tokens are here.

use super::engine::Tx;
use super::error::Result;
use firsthours_core::protocol::Instant;
use firsthours_core::record::{AgencyId, PersonId, Role, StationId};

/// A session that has begun.
pub(crate) struct NewSessionRow<'a> {
    pub(crate) hash: &'a str,
    pub(crate) person: &'a PersonId,
    pub(crate) created: Instant,
    /// When it ends in any case.
    pub(crate) expires: Instant,
}

/// A session with the person whose it is, as both now are.
pub(crate) struct SessionRow {
    pub(crate) person: PersonId,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) agency: AgencyId,
    pub(crate) station: Option<StationId>,
    pub(crate) created: Instant,
    pub(crate) expires: Instant,
    pub(crate) seen: Instant,
}

/// Begins a session.
pub(crate) fn insert(tx: &mut dyn Tx, new: &NewSessionRow<'_>) -> Result<()> {
    tx.run(
        "insert into session (hash, person, created_ms, seen_ms, expires_ms) values ($1, $2, $3, $3, $4)",
        &[new.hash.into(), new.person.into(), new.created.into(), new.expires.into()],
    )?;
    Ok(())
}

/// Removes sessions that have ended.
pub(crate) fn delete_expired(tx: &mut dyn Tx, now: Instant) -> Result<()> {
    tx.run("delete from session where expires_ms <= $1", &[now.into()])?;
    Ok(())
}

/// A session of somebody who has not left, that has not ended and was seen after `idle_since`.
pub(crate) fn alive(
    tx: &mut dyn Tx,
    hash: &str,
    now: Instant,
    idle_since: Instant,
) -> Result<Option<SessionRow>> {
    let row = tx.row(
        "select p.id, p.name, p.role, p.agency, p.station, s.created_ms, s.expires_ms, s.seen_ms \
         from session s join person p on p.id = s.person \
         where s.hash = $1 and p.disabled = 0 and s.expires_ms > $2 and s.seen_ms > $3",
        &[hash.into(), now.into(), idle_since.into()],
    )?;
    row.map(|row| {
        Ok(SessionRow {
            person: PersonId(row.string(0)?),
            name: row.string(1)?,
            role: row.role(2)?,
            agency: AgencyId(row.string(3)?),
            station: row.opt_string(4)?.map(StationId),
            created: row.instant(5)?,
            expires: row.instant(6)?,
            seen: row.instant(7)?,
        })
    })
    .transpose()
}

/// Writes down that a session was seen.
pub(crate) fn seen(tx: &mut dyn Tx, hash: &str, now: Instant) -> Result<()> {
    tx.run("update session set seen_ms = $2 where hash = $1 and seen_ms < $2", &[hash.into(), now.into()])?;
    Ok(())
}

/// Whose session it is.
pub(crate) fn person_of(tx: &mut dyn Tx, hash: &str) -> Result<Option<PersonId>> {
    let row = tx.row("select person from session where hash = $1", &[hash.into()])?;
    row.map(|row| row.string(0).map(PersonId)).transpose()
}

/// Ends a session.
pub(crate) fn delete(tx: &mut dyn Tx, hash: &str) -> Result<()> {
    tx.run("delete from session where hash = $1", &[hash.into()])?;
    Ok(())
}

/// Ends the sessions of a person, but for one; gives how many there were.
pub(crate) fn delete_of(tx: &mut dyn Tx, person: &PersonId, but: Option<&str>) -> Result<usize> {
    tx.run(
        "delete from session where person = $1 and hash <> $2",
        &[person.into(), but.unwrap_or_default().into()],
    )
}

/// How often a password was tried in a browser that is known for this person; `None` if it is not.
pub(crate) fn browser_tries(tx: &mut dyn Tx, browser: &str, person: &PersonId) -> Result<Option<i64>> {
    let sql = "select tries from browser where hash = $1 and person = $2";
    tx.row(sql, &[browser.into(), person.into()])?.map(|row| row.int(0)).transpose()
}

/// Writes down how often a password was tried in a browser that is known.
pub(crate) fn set_browser_tries(tx: &mut dyn Tx, browser: &str, person: &PersonId, tries: i64) -> Result<()> {
    tx.run(
        "update browser set tries = $3 where hash = $1 and person = $2",
        &[browser.into(), person.into(), tries.into()],
    )?;
    Ok(())
}

/// Writes down that a person signed in in a browser that is known; one that was forgotten meanwhile stays so.
pub(crate) fn browser_signed_in(
    tx: &mut dyn Tx,
    browser: &str,
    person: &PersonId,
    now: Instant,
) -> Result<()> {
    tx.run(
        "update browser set tries = 0, seen_ms = $3 where hash = $1 and person = $2",
        &[browser.into(), person.into(), now.into()],
    )?;
    Ok(())
}

/// Whether this server gave a browser this token.
pub(crate) fn is_browser(tx: &mut dyn Tx, browser: &str) -> Result<bool> {
    Ok(tx.row("select person from browser where hash = $1", &[browser.into()])?.is_some())
}

/// A browser is known for a person, who signed in there now.
pub(crate) fn know_browser(tx: &mut dyn Tx, browser: &str, person: &PersonId, now: Instant) -> Result<()> {
    tx.run(
        "insert into browser (hash, person, tries, seen_ms) values ($1, $2, 0, $3) \
         on conflict (hash, person) do update set tries = 0, seen_ms = excluded.seen_ms",
        &[browser.into(), person.into(), now.into()],
    )?;
    Ok(())
}

/// Forgets the browsers of a person that were used longest ago, but for so many.
pub(crate) fn keep_browsers(tx: &mut dyn Tx, person: &PersonId, many: i64) -> Result<()> {
    tx.run(
        "delete from browser where person = $1 and hash not in \
         (select hash from browser where person = $1 order by seen_ms desc, hash limit $2)",
        &[person.into(), many.into()],
    )?;
    Ok(())
}

/// A browser is not known for this person any more.
pub(crate) fn forget_browser(tx: &mut dyn Tx, browser: &str, person: &PersonId) -> Result<()> {
    tx.run("delete from browser where hash = $1 and person = $2", &[browser.into(), person.into()])?;
    Ok(())
}

/// No browser is known for this person any more, but for one.
pub(crate) fn forget_browsers(tx: &mut dyn Tx, person: &PersonId, but: Option<&str>) -> Result<()> {
    tx.run(
        "delete from browser where person = $1 and hash <> $2",
        &[person.into(), but.unwrap_or_default().into()],
    )?;
    Ok(())
}

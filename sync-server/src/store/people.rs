//! Agencies, their stations, and the people of the programme, as rows.

use super::engine::Tx;
use super::error::Result;
use super::row::Row;
use firsthours_core::protocol::Instant;
use firsthours_core::record::{AgencyId, PersonId, Role, StationId};

/// An agency or a station.
pub(crate) struct PlaceRow {
    pub(crate) id: String,
    pub(crate) title: String,
}

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: PersonId,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// Their agency.
    pub agency: AgencyId,
    /// Their station.
    pub station: Option<StationId>,
    /// Their user name.
    pub username: String,
    /// Shut to browsers that are not known, after wrong tries.
    pub locked: bool,
    /// Wrong tries of such browsers since the last right one.
    pub failed_tries: i64,
    /// No longer with us.
    pub disabled: bool,
}

/// What a sign-in asks of an account.
pub(crate) struct AccountRow {
    pub(crate) person: PersonId,
    /// `None`: single sign-on.
    pub(crate) password_hash: Option<String>,
    pub(crate) failed_tries: i64,
    pub(crate) tried: Instant,
    pub(crate) locked: bool,
    pub(crate) disabled: bool,
}

/// A person as they are added.
pub(crate) struct NewPersonRow<'a> {
    pub(crate) id: &'a PersonId,
    pub(crate) name: &'a str,
    pub(crate) role: Role,
    pub(crate) agency: &'a AgencyId,
    pub(crate) station: Option<&'a StationId>,
    pub(crate) username: &'a str,
    pub(crate) password_hash: &'a str,
    pub(crate) created: Instant,
}

/// Adds an agency, or changes its title.
pub(crate) fn put_agency(tx: &mut dyn Tx, id: &AgencyId, title: &str) -> Result<()> {
    tx.run(
        "insert into agency (id, title) values ($1, $2) on conflict (id) do update set title = excluded.title",
        &[id.into(), title.into()],
    )?;
    Ok(())
}

/// Every agency, by id.
pub(crate) fn agencies(tx: &mut dyn Tx) -> Result<Vec<PlaceRow>> {
    tx.rows("select id, title from agency order by id", &[])?.iter().map(place).collect()
}

/// The stations of an agency, by id.
pub(crate) fn stations(tx: &mut dyn Tx, agency: &AgencyId) -> Result<Vec<PlaceRow>> {
    let sql = "select id, title from station where agency = $1 order by id";
    tx.rows(sql, &[agency.into()])?.iter().map(place).collect()
}

/// Whether there is such an agency.
pub(crate) fn is_agency(tx: &mut dyn Tx, id: &AgencyId) -> Result<bool> {
    Ok(tx.row("select id from agency where id = $1", &[id.into()])?.is_some())
}

/// Whether there is such a station of this agency.
pub(crate) fn is_station_of(tx: &mut dyn Tx, id: &StationId, agency: &AgencyId) -> Result<bool> {
    let sql = "select id from station where id = $1 and agency = $2";
    Ok(tx.row(sql, &[id.into(), agency.into()])?.is_some())
}

/// Adds a station, or changes its title; `false` if it is another agency's.
pub(crate) fn put_station(tx: &mut dyn Tx, id: &StationId, agency: &AgencyId, title: &str) -> Result<bool> {
    let changed = tx.run(
        "insert into station (id, agency, title) values ($1, $2, $3) on conflict (id) do update \
         set title = excluded.title where station.agency = excluded.agency",
        &[id.into(), agency.into(), title.into()],
    )?;
    Ok(changed > 0)
}

/// Adds a person; `false` if the user name is taken.
pub(crate) fn insert(tx: &mut dyn Tx, new: &NewPersonRow<'_>) -> Result<bool> {
    let added = tx.run(
        "insert into person (id, name, role, agency, station, username, password_hash, created_ms) \
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (username) do nothing",
        &[
            new.id.into(),
            new.name.into(),
            new.role.into(),
            new.agency.into(),
            new.station.into(),
            new.username.into(),
            new.password_hash.into(),
            new.created.into(),
        ],
    )?;
    Ok(added > 0)
}

const PERSON: &str =
    "select id, name, role, agency, station, username, locked, disabled, failed_tries from person";

/// The person of this id.
pub(crate) fn get(tx: &mut dyn Tx, id: &PersonId) -> Result<Option<Person>> {
    tx.row(&format!("{PERSON} where id = $1"), &[id.into()])?.as_ref().map(person).transpose()
}

/// The person of this user name, in lower case.
pub(crate) fn by_username(tx: &mut dyn Tx, username: &str) -> Result<Option<Person>> {
    tx.row(&format!("{PERSON} where username = $1"), &[username.into()])?.as_ref().map(person).transpose()
}

/// Everybody, by user name.
pub(crate) fn all(tx: &mut dyn Tx) -> Result<Vec<Person>> {
    tx.rows(&format!("{PERSON} order by username"), &[])?.iter().map(person).collect()
}

/// Everybody of an agency, those who wait to be let in first.
pub(crate) fn of_agency(tx: &mut dyn Tx, agency: &AgencyId) -> Result<Vec<Person>> {
    let sql =
        format!("{PERSON} where agency = $1 order by disabled, locked desc, failed_tries desc, username");
    tx.rows(&sql, &[agency.into()])?.iter().map(person).collect()
}

/// The agency of a person who has not left.
pub(crate) fn agency_of(tx: &mut dyn Tx, id: &PersonId) -> Result<Option<AgencyId>> {
    let row = tx.row("select agency from person where id = $1 and disabled = 0", &[id.into()])?;
    row.map(|row| row.string(0).map(AgencyId)).transpose()
}

/// What a sign-in under this user name, in lower case, asks of its account.
pub(crate) fn account(tx: &mut dyn Tx, username: &str) -> Result<Option<AccountRow>> {
    let row = tx.row(
        "select id, password_hash, failed_tries, tried_ms, locked, disabled from person where username = $1",
        &[username.into()],
    )?;
    row.map(|row| {
        Ok(AccountRow {
            person: PersonId(row.string(0)?),
            password_hash: row.opt_string(1)?,
            failed_tries: row.int(2)?,
            tried: row.instant(3)?,
            locked: row.flag(4)?,
            disabled: row.flag(5)?,
        })
    })
    .transpose()
}

/// Writes down how often a person's password was tried from browsers that are not known, and when last.
pub(crate) fn set_tries(tx: &mut dyn Tx, id: &PersonId, tries: i64, last: Instant) -> Result<()> {
    tx.run(
        "update person set failed_tries = $2, tried_ms = $3 where id = $1",
        &[id.into(), tries.into(), last.into()],
    )?;
    Ok(())
}

/// Forgets the wrong tries of browsers that are not known.
pub(crate) fn clear_tries(tx: &mut dyn Tx, id: &PersonId) -> Result<()> {
    tx.run("update person set failed_tries = 0 where id = $1", &[id.into()])?;
    Ok(())
}

/// Writes down that a person signed in; `false` if they have left, or are locked out and not from a `known` browser.
pub(crate) fn signed_in(tx: &mut dyn Tx, id: &PersonId, known: bool, now: Instant) -> Result<bool> {
    let changed = tx.run(
        "update person set signed_in_ms = $2 where id = $1 and disabled = 0 and (locked = 0 or $3 = 1)",
        &[id.into(), now.into(), known.into()],
    )?;
    Ok(changed > 0)
}

/// Shuts an account to browsers that are not known; `false` if it was.
pub(crate) fn lock(tx: &mut dyn Tx, id: &PersonId) -> Result<bool> {
    Ok(tx.run("update person set locked = 1 where id = $1 and locked = 0", &[id.into()])? > 0)
}

/// Opens an account again; `false` if there is none.
pub(crate) fn release(tx: &mut dyn Tx, id: &PersonId) -> Result<bool> {
    Ok(tx.run("update person set locked = 0, failed_tries = 0 where id = $1", &[id.into()])? > 0)
}

/// Somebody has left; `false` if there is no such person.
pub(crate) fn disable(tx: &mut dyn Tx, id: &PersonId) -> Result<bool> {
    Ok(tx.run("update person set disabled = 1 where id = $1", &[id.into()])? > 0)
}

/// Another password, with no wrong tries; `false` if there is no such person.
pub(crate) fn set_password(tx: &mut dyn Tx, id: &PersonId, hash: &str) -> Result<bool> {
    let changed = tx.run(
        "update person set password_hash = $2, failed_tries = 0 where id = $1",
        &[id.into(), hash.into()],
    )?;
    Ok(changed > 0)
}

fn place(row: &Row) -> Result<PlaceRow> {
    Ok(PlaceRow { id: row.string(0)?, title: row.string(1)? })
}

fn person(row: &Row) -> Result<Person> {
    Ok(Person {
        id: PersonId(row.string(0)?),
        name: row.string(1)?,
        role: row.role(2)?,
        agency: AgencyId(row.string(3)?),
        station: row.opt_string(4)?.map(StationId),
        username: row.string(5)?,
        locked: row.flag(6)?,
        disabled: row.flag(7)?,
        failed_tries: row.int(8)?,
    })
}

//! The people of the programme, their local accounts, and how they sign in.

mod password;
mod tries;

use firsthours_core::outside::{Random, random_id};
use firsthours_core::protocol::Instant;
use firsthours_core::record::{AgencyId, PersonId, Role, StationId};

use crate::programme::audit::{self, Entry, What, Who};
use crate::store::people::{self as rows, NewPersonRow};
use crate::store::{Store, StoreError, Tx, sessions};

pub use crate::store::people::Person;
pub use password::{Passwords, SHORTEST};
pub use tries::{BROWSERS, Entered, LOCKED_AFTER, TRIES, Try, check_try, count_try, know_browser};

/// The words for what a person may be; what each may do is decided where it is asked.
pub const ROLES: &[&str] = &[
    "deputy",
    "supervisor",
    "detective",
    "county",
    "records_officer",
    "administrator",
    "analyst",
    "auditor",
];

/// What went wrong with a person or a password.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No such role.
    #[error("there is no such role; the roles are {}", ROLES.join(", "))]
    Role,
    /// No such agency or station.
    #[error("there is no such agency or station")]
    Place,
    /// The user name is empty, too long, or holds other characters.
    #[error("a user name has 2 to 64 letters, digits, dots, hyphens or underscores")]
    Username,
    /// The user name is taken.
    #[error("this user name is taken")]
    Taken,
    /// The password is too short or too long.
    #[error("a password has 12 to 256 characters")]
    Length,
    /// The password is easily guessed.
    #[error("this password is too easily guessed; do not use the user name or one repeated character")]
    Guessable,
    /// No such person.
    #[error("there is no such person")]
    Missing,
    /// The old password is not right, or there were too many tries.
    #[error("the password is not right")]
    Wrong,
    /// The parameters of the password hash are out of range.
    #[error("the argon2 settings are out of range")]
    Parameters,
}

/// A person to add.
#[derive(Debug, Clone)]
pub struct NewPerson<'a> {
    /// Their name, as on their badge.
    pub name: &'a str,
    /// One of [`ROLES`].
    pub role: &'a str,
    /// Their agency.
    pub agency: &'a str,
    /// Their station, if they belong to one.
    pub station: Option<&'a str>,
    /// What they type to sign in.
    pub username: &'a str,
}

/// Adds an agency, or changes its title.
pub fn add_agency(
    tx: &mut dyn Tx,
    id: &AgencyId,
    title: &str,
    by: Who<'_>,
    now: Instant,
) -> Result<(), StoreError> {
    rows::put_agency(tx, id, title)?;
    audit::append(tx, &Entry::new(now, by, What::AgencyAdded).with("agency", id))?;
    Ok(())
}

/// Every agency, each followed by its stations, a line each.
pub fn places(tx: &mut dyn Tx) -> Result<Vec<String>, StoreError> {
    let mut lines = Vec::new();
    for agency in rows::agencies(tx)? {
        lines.push(format!("{}  {}", agency.id, agency.title));
        for station in rows::stations(tx, &agency.id.as_str().into())? {
            lines.push(format!("  {}  {}", station.id, station.title));
        }
    }
    Ok(lines)
}

/// Adds a station of an agency that exists, or changes its title.
pub fn add_station(
    tx: &mut dyn Tx,
    id: &StationId,
    agency: &AgencyId,
    title: &str,
    by: Who<'_>,
    now: Instant,
) -> Result<(), PeopleError> {
    if !rows::is_agency(tx, agency)? || !rows::put_station(tx, id, agency, title)? {
        return Err(PeopleError::Place);
    }
    audit::append(tx, &Entry::new(now, by, What::StationAdded).with("station", id).with("agency", agency))?;
    Ok(())
}

/// Adds a person with a local account; gives their id. The password is hashed before the transaction starts.
pub fn add(
    store: &Store,
    passwords: &Passwords,
    random: &dyn Random,
    new: &NewPerson<'_>,
    password: &str,
    by: Who<'_>,
    now: Instant,
) -> Result<PersonId, PeopleError> {
    let username = normal(new.username)?;
    password::check(&username, password)?;
    let role = role(new.role).ok_or(PeopleError::Role)?;
    let (agency, station) = (AgencyId::from(new.agency), new.station.map(StationId::from));
    let hash = passwords.hash(random, password)?;
    let id = PersonId(random_id(random));
    store.write(|tx| {
        let is_place = match &station {
            Some(station) => rows::is_station_of(tx, station, &agency)?,
            None => rows::is_agency(tx, &agency)?,
        };
        if !is_place {
            return Err(PeopleError::Place);
        }
        let (username, password_hash) = (username.as_str(), hash.as_str());
        let row = NewPersonRow {
            id: &id,
            name: new.name,
            role,
            agency: &agency,
            station: station.as_ref(),
            username,
            password_hash,
            created: now,
        };
        if !rows::insert(tx, &row)? {
            return Err(PeopleError::Taken);
        }
        let entry = Entry::new(now, by, What::PersonAdded).with("person", &id).with("role", new.role);
        audit::append(tx, &entry)?;
        Ok(())
    })?;
    Ok(id)
}

/// The person of this id.
pub fn get(tx: &mut dyn Tx, id: &PersonId) -> Result<Person, PeopleError> {
    rows::get(tx, id)?.ok_or(PeopleError::Missing)
}

/// The person of this user name.
pub fn by_username(tx: &mut dyn Tx, username: &str) -> Result<Person, PeopleError> {
    rows::by_username(tx, &username.to_lowercase())?.ok_or(PeopleError::Missing)
}

/// Everybody, by user name.
pub fn all(tx: &mut dyn Tx) -> Result<Vec<Person>, StoreError> {
    rows::all(tx)
}

/// Everybody of an agency, those who wait to be let in first.
pub fn of_agency(tx: &mut dyn Tx, agency: &AgencyId) -> Result<Vec<Person>, StoreError> {
    rows::of_agency(tx, agency)
}

/// Lets somebody who was locked out try again.
pub fn release(tx: &mut dyn Tx, id: &PersonId, by: Who<'_>, now: Instant) -> Result<(), PeopleError> {
    if !rows::release(tx, id)? {
        return Err(PeopleError::Missing);
    }
    audit::append(tx, &Entry::new(now, by, What::PersonReleased).with("person", id))?;
    Ok(())
}

/// Ends somebody's access at once: no sign-in, and every session of theirs is gone.
pub fn disable(tx: &mut dyn Tx, id: &PersonId, by: Who<'_>, now: Instant) -> Result<(), PeopleError> {
    if !rows::disable(tx, id)? {
        return Err(PeopleError::Missing);
    }
    sessions::delete_of(tx, id, None)?;
    tries::forget_browsers(tx, id, None)?;
    audit::append(tx, &Entry::new(now, by, What::PersonDisabled).with("person", id))?;
    Ok(())
}

/// Gives somebody another password: at the console, for who has forgotten it. Every session of theirs ends, and no browser is
/// known any more.
pub fn set_password(
    store: &Store,
    passwords: &Passwords,
    random: &dyn Random,
    person: &Person,
    password: &str,
    by: Who<'_>,
    now: Instant,
) -> Result<(), PeopleError> {
    password::check(&person.username, password)?;
    let hash = passwords.hash(random, password)?;
    store.write(|tx| put_password(tx, &person.id, &hash, None, by, now))
}

/// Changes one's own password; the old one was checked like a try to sign in. The session and the browser in which it is done
/// stay, all others end.
#[allow(clippy::too_many_arguments, reason = "who, where, what and how are all different things here")]
pub fn change_password(
    store: &Store,
    passwords: &Passwords,
    random: &dyn Random,
    person: &Person,
    (old, new): (&str, &str),
    kept: &StaysSignedIn<'_>,
    by: Who<'_>,
    now: Instant,
) -> Result<(), PeopleError> {
    password::check(&person.username, new)?;
    let counted = count_try(store, &person.username, kept.browser, now)?;
    let fits = check_try(store, passwords, &counted, old, by, now)?;
    if fits.is_none() {
        return Err(PeopleError::Wrong);
    }
    let hash = passwords.hash(random, new)?;
    store.write(|tx| put_password(tx, &person.id, &hash, Some(kept), by, now))
}

/// Where somebody is signed in who changes their password.
#[derive(Debug, Clone, Copy)]
pub struct StaysSignedIn<'a> {
    /// The hash of the session's token.
    pub session: &'a str,
    /// The token of the browser, if it is known.
    pub browser: Option<&'a str>,
}

fn put_password(
    tx: &mut dyn Tx,
    person: &PersonId,
    hash: &str,
    kept: Option<&StaysSignedIn<'_>>,
    by: Who<'_>,
    now: Instant,
) -> Result<(), PeopleError> {
    if !rows::set_password(tx, person, hash)? {
        return Err(PeopleError::Missing);
    }
    sessions::delete_of(tx, person, kept.map(|kept| kept.session))?;
    tries::forget_browsers(tx, person, kept.and_then(|kept| kept.browser))?;
    audit::append(tx, &Entry::new(now, by, What::PasswordChanged).with("person", person))?;
    Ok(())
}

/// The role of this name, of those that a person may have.
fn role(name: &str) -> Option<Role> {
    ROLES.contains(&name).then(|| serde_json::from_value(name.into()).ok())?
}

fn normal(username: &str) -> Result<String, PeopleError> {
    let username = username.trim().to_lowercase();
    let plain = username.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@'));
    if plain && (2..=64).contains(&username.len()) { Ok(username) } else { Err(PeopleError::Username) }
}

#[cfg(test)]
mod tests;

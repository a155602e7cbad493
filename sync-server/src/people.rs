//! The people of the programme, their local accounts, and how they sign in.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::audit::{self, Entry, What, Who};
use crate::random::{self, Random};
use crate::store::{Store, StoreError, Tx};

/// Wrong tries before an account is locked.
pub const TRIES: i64 = 5;
/// How long wrong tries count together.
pub const TRIES_WINDOW_MS: i64 = 15 * 60 * 1_000;
/// The shortest password, in characters.
pub const SHORTEST: usize = 12;

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
    /// The parameters of the password hash are out of range.
    #[error("the argon2 settings are out of range")]
    Parameters,
}

/// The password check with its cost.
#[derive(Clone)]
pub struct Passwords {
    argon: Argon2<'static>,
    /// Checked in place of the hash of an unknown person, so that both answers take the same time.
    decoy: String,
}

impl Passwords {
    /// A check with these costs.
    pub fn new(memory_kib: u32, rounds: u32, lanes: u32, random: &dyn Random) -> Result<Self, PeopleError> {
        let params = Params::new(memory_kib, rounds, lanes, None).map_err(|_| PeopleError::Parameters)?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = hash(&argon, random, &random::id(random))?;
        Ok(Self { argon, decoy })
    }

    fn fits(&self, hash: Option<&str>, password: &str) -> bool {
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.decoy);
        let fits = PasswordHash::new(hash)
            .is_ok_and(|hash| self.argon.verify_password(password.as_bytes(), &hash).is_ok());
        known && fits
    }
}

fn hash(argon: &Argon2<'_>, random: &dyn Random, password: &str) -> Result<String, PeopleError> {
    let salt = random::bytes::<16>(random);
    argon
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash: PasswordHash| hash.to_string())
        .map_err(|_| PeopleError::Parameters)
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

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: String,
    /// Their agency.
    pub agency: String,
    /// Their station.
    pub station: Option<String>,
    /// Their user name.
    pub username: String,
    /// Locked after wrong tries.
    pub locked: bool,
    /// No longer with us.
    pub disabled: bool,
}

const PERSON: &str = "select id, name, role, agency, station, username, locked, disabled from person";

fn person(row: &crate::store::Row) -> Result<Person, StoreError> {
    Ok(Person {
        id: row.string(0)?,
        name: row.string(1)?,
        role: row.string(2)?,
        agency: row.string(3)?,
        station: row.opt_string(4)?,
        username: row.string(5)?,
        locked: row.flag(6)?,
        disabled: row.flag(7)?,
    })
}

/// Adds an agency, or changes its title.
pub fn add_agency(
    tx: &mut dyn Tx,
    id: &str,
    title: &str,
    by: Who<'_>,
    now_ms: i64,
) -> Result<(), StoreError> {
    tx.run(
        "insert into agency (id, title) values ($1, $2) on conflict (id) do update set title = excluded.title",
        &[id.into(), title.into()],
    )?;
    audit::append(tx, &Entry::new(now_ms, by, What::AgencyAdded).with("agency", id))?;
    Ok(())
}

/// Adds a station of an agency that exists, or changes its title.
pub fn add_station(
    tx: &mut dyn Tx,
    id: &str,
    agency: &str,
    title: &str,
    by: Who<'_>,
    now_ms: i64,
) -> Result<(), PeopleError> {
    tx.row("select id from agency where id = $1", &[agency.into()])?.ok_or(PeopleError::Place)?;
    let changed = tx.run(
        "insert into station (id, agency, title) values ($1, $2, $3) on conflict (id) do update \
         set title = excluded.title where station.agency = excluded.agency",
        &[id.into(), agency.into(), title.into()],
    )?;
    if changed == 0 {
        return Err(PeopleError::Place);
    }
    audit::append(
        tx,
        &Entry::new(now_ms, by, What::StationAdded).with("station", id).with("agency", agency),
    )?;
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
    now_ms: i64,
) -> Result<String, PeopleError> {
    let username = normal(new.username)?;
    check_password(&username, password)?;
    if !ROLES.contains(&new.role) {
        return Err(PeopleError::Role);
    }
    let hash = hash(&passwords.argon, random, password)?;
    let id = random::id(random);
    store.write(|tx| {
        let place = match new.station {
            Some(station) => tx.row(
                "select id from station where id = $1 and agency = $2",
                &[station.into(), new.agency.into()],
            )?,
            None => tx.row("select id from agency where id = $1", &[new.agency.into()])?,
        };
        place.ok_or(PeopleError::Place)?;
        let added = tx.run(
            "insert into person (id, name, role, agency, station, username, password_hash, created_ms) \
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (username) do nothing",
            &[
                (&id).into(),
                new.name.into(),
                new.role.into(),
                new.agency.into(),
                new.station.into(),
                (&username).into(),
                (&hash).into(),
                now_ms.into(),
            ],
        )?;
        if added == 0 {
            return Err(PeopleError::Taken);
        }
        let entry =
            Entry::new(now_ms, by, What::PersonAdded).with("person", id.as_str()).with("role", new.role);
        audit::append(tx, &entry)?;
        Ok(())
    })?;
    Ok(id)
}

/// The person of this id.
pub fn get(tx: &mut dyn Tx, id: &str) -> Result<Person, PeopleError> {
    let row = tx.row(&format!("{PERSON} where id = $1"), &[id.into()])?.ok_or(PeopleError::Missing)?;
    Ok(person(&row)?)
}

/// The person of this user name.
pub fn by_username(tx: &mut dyn Tx, username: &str) -> Result<Person, PeopleError> {
    let row = tx.row(&format!("{PERSON} where username = $1"), &[username.to_lowercase().into()])?;
    Ok(person(&row.ok_or(PeopleError::Missing)?)?)
}

/// Everybody, by user name.
pub fn all(tx: &mut dyn Tx) -> Result<Vec<Person>, StoreError> {
    tx.rows(&format!("{PERSON} order by username"), &[])?.iter().map(person).collect()
}

/// Lets somebody who was locked out try again.
pub fn release(tx: &mut dyn Tx, id: &str, by: Who<'_>, now_ms: i64) -> Result<(), PeopleError> {
    let changed = tx.run("update person set locked = 0, failed_tries = 0 where id = $1", &[id.into()])?;
    if changed == 0 {
        return Err(PeopleError::Missing);
    }
    audit::append(tx, &Entry::new(now_ms, by, What::PersonReleased).with("person", id))?;
    Ok(())
}

/// Ends somebody's access at once: no sign-in, and every session of theirs is gone.
pub fn disable(tx: &mut dyn Tx, id: &str, by: Who<'_>, now_ms: i64) -> Result<(), PeopleError> {
    let changed = tx.run("update person set disabled = 1 where id = $1", &[id.into()])?;
    if changed == 0 {
        return Err(PeopleError::Missing);
    }
    tx.run("delete from session where person = $1", &[id.into()])?;
    audit::append(tx, &Entry::new(now_ms, by, What::PersonDisabled).with("person", id))?;
    Ok(())
}

/// One try to sign in, already counted.
#[derive(Debug, PartialEq, Eq)]
pub struct Try {
    /// The person, if the user name is known and may be checked.
    candidate: Option<Candidate>,
}

#[derive(Debug, PartialEq, Eq)]
struct Candidate {
    person: String,
    hash: Option<String>,
    tries: i64,
}

/// Counts a try, durably, before anything is checked: a kill between count and check costs a try, never gives
/// one. The fifth wrong try in fifteen minutes locks; so does a sixth that finds five counted.
pub fn count_try(store: &Store, username: &str, now_ms: i64) -> Result<Try, StoreError> {
    let username = username.to_lowercase();
    store.write(|tx| {
        let row = tx.row(
            "select id, password_hash, failed_tries, tries_since_ms, locked, disabled from person where username = $1",
            &[(&username).into()],
        )?;
        let Some(row) = row else {
            return Ok(Try { candidate: None });
        };
        let person = row.string(0)?;
        if row.flag(4)? || row.flag(5)? {
            return Ok(Try { candidate: None });
        }
        let since = row.int(3)?;
        let fresh = row.int(2)? == 0 || now_ms.saturating_sub(since) >= TRIES_WINDOW_MS;
        let (tries, since) = if fresh { (1, now_ms) } else { (row.int(2)? + 1, since) };
        if tries > TRIES {
            lock(tx, &person, now_ms)?;
            return Ok(Try { candidate: None });
        }
        tx.run(
            "update person set failed_tries = $2, tries_since_ms = $3 where id = $1",
            &[(&person).into(), tries.into(), since.into()],
        )?;
        Ok(Try { candidate: Some(Candidate { person, hash: row.opt_string(1)?, tries }) })
    })
}

/// Checks the password of a counted try. The id of the person, or nothing: unknown, locked, disabled and wrong
/// look the same from outside and take the same time.
pub fn check_try(
    store: &Store,
    passwords: &Passwords,
    counted: &Try,
    password: &str,
    now_ms: i64,
) -> Result<Option<String>, StoreError> {
    let candidate = counted.candidate.as_ref();
    let fits = passwords.fits(candidate.and_then(|candidate| candidate.hash.as_deref()), password);
    store.write(|tx| {
        let Some(candidate) = candidate else {
            audit::append(tx, &Entry::new(now_ms, Who::Unknown, What::SignInRefused))?;
            return Ok(None);
        };
        let who = Who::Person(&candidate.person);
        if !fits {
            audit::append(tx, &Entry::new(now_ms, who, What::SignInRefused).with("try", candidate.tries))?;
            if candidate.tries >= TRIES {
                lock(tx, &candidate.person, now_ms)?;
            }
            return Ok(None);
        }
        // Only who is still neither locked nor disabled gets in: another try may have ended meanwhile.
        let entered = tx.run(
            "update person set failed_tries = 0, signed_in_ms = $2 where id = $1 and locked = 0 and disabled = 0",
            &[(&candidate.person).into(), now_ms.into()],
        )?;
        let what = if entered == 1 { What::SignedIn } else { What::SignInRefused };
        audit::append(tx, &Entry::new(now_ms, who, what))?;
        Ok((entered == 1).then(|| candidate.person.clone()))
    })
}

fn lock(tx: &mut dyn Tx, person: &str, now_ms: i64) -> Result<(), StoreError> {
    let changed = tx.run("update person set locked = 1 where id = $1 and locked = 0", &[person.into()])?;
    if changed == 1 {
        audit::append(tx, &Entry::new(now_ms, Who::Server, What::PersonLocked).with("person", person))?;
    }
    Ok(())
}

fn normal(username: &str) -> Result<String, PeopleError> {
    let username = username.trim().to_lowercase();
    let plain = username.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@'));
    if plain && (2..=64).contains(&username.len()) { Ok(username) } else { Err(PeopleError::Username) }
}

fn check_password(username: &str, password: &str) -> Result<(), PeopleError> {
    let length = password.chars().count();
    if !(SHORTEST..=256).contains(&length) {
        return Err(PeopleError::Length);
    }
    let lower = password.to_lowercase();
    let first = lower.chars().next();
    if lower.contains(username) || lower.chars().all(|c| Some(c) == first) || is_common(&lower) {
        return Err(PeopleError::Guessable);
    }
    Ok(())
}

/// What passwords are made of that are guessed first: words of lists that were published, of the keyboard, and of this work.
const COMMON: [&str; 40] = [
    "password",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "pass",
    "passphrase",
    "contrasena",
    "letmein",
    "welcome",
    "admin",
    "administrator",
    "qwerty",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx",
    "abc",
    "iloveyou",
    "monkey",
    "dragon",
    "football",
    "baseball",
    "master",
    "secret",
    "login",
    "user",
    "test",
    "changeme",
    "default",
    "sheriff",
    "police",
    "deputy",
    "sergeant",
    "station",
    "county",
    "firsthours",
    "first",
    "hours",
    "losangeles",
    "california",
];

/// Whether nothing is left of a password once common words, runs of one row of keys, and what people put behind them are
/// taken out.
fn is_common(lower: &str) -> bool {
    const ROWS: [&str; 5] =
        ["01234567890123456789", "98765432109876543210", "qwertyuiop", "asdfghjkl", "zxcvbnm"];
    let mut left = lower.to_owned();
    let mut words = COMMON;
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    for word in words {
        left = left.replace(word, "");
    }
    let letters: String = left.chars().filter(|c| c.is_alphabetic()).collect();
    letters.chars().count() <= 2 || ROWS.iter().any(|row| row.contains(&letters))
}

#[cfg(test)]
mod tests;

//! Tries to sign in, counted before they are checked.
//!
//! Somebody who guesses must not get far, and must not be able to shut the one out whose password it is. So a browser in which
//! a person has signed in before is *known* for that person, by a token that it keeps, and has tries of its own. All others
//! share one count: after five wrong tries each further one waits, longer each time, and at some number the account is shut
//! to them until an administrator releases it. Nothing but the right password and that release sets the count back, so slow
//! guessing adds up.

use firsthours_core::outside::{Random, random_bytes};
use firsthours_core::protocol::Instant;
use firsthours_core::record::PersonId;
use sha2::{Digest, Sha256};

use super::password::Passwords;
use crate::programme::audit::{self, Entry, What, Who};
use crate::store::{Store, StoreError, Tx, people, sessions};

/// Wrong tries before the next has to wait; of a known browser, before it is known no more.
pub const TRIES: i64 = 5;
/// Wrong tries after which an account is shut to browsers that are not known.
pub const LOCKED_AFTER: i64 = 20;
/// Browsers that are known for one person; the one that was not used for longest makes room.
pub const BROWSERS: i64 = 20;
/// The first wait; each is twice the one before it.
const FIRST_WAIT_MS: i64 = 60_000;
const LONGEST_WAIT_MS: i64 = 60 * 60_000;

/// One try to sign in, already counted.
#[derive(Debug, PartialEq, Eq)]
pub struct Try {
    /// The person, if the user name is known.
    person: Option<PersonId>,
    /// What is to be checked, if it may be.
    candidate: Option<Candidate>,
}

#[derive(Debug, PartialEq, Eq)]
struct Candidate {
    hash: Option<String>,
    tries: i64,
    /// The hash of the token of a browser that is known for this person.
    browser: Option<String>,
}

/// Somebody who gave the right password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// The person.
    pub person: PersonId,
    /// In a browser that is known for them.
    pub known: bool,
}

/// How long a browser that is not known waits after so many wrong tries.
fn wait_ms(tries: i64) -> i64 {
    let doublings = u32::try_from(tries - TRIES).ok().map(|n| n.min(16));
    doublings.map_or(0, |n| (FIRST_WAIT_MS << n).min(LONGEST_WAIT_MS))
}

/// Counts a try, durably, before anything is checked: a kill between count and check costs a try, never gives one.
/// `browser` is the token that the browser keeps, if it has one.
pub fn count_try(
    store: &Store,
    username: &str,
    browser: Option<&str>,
    now: Instant,
) -> Result<Try, StoreError> {
    let username = username.to_lowercase();
    store.write(|tx| {
        let Some(account) = people::account(tx, &username)? else {
            return Ok(Try { person: None, candidate: None });
        };
        let (person, hash) = (account.person, account.password_hash);
        if account.disabled {
            return Ok(Try { person: Some(person), candidate: None });
        }
        if let Some(browser) = browser
            && let Some((browser, tries)) = of_known(tx, &person, browser)?
        {
            return Ok(Try {
                person: Some(person),
                candidate: Some(Candidate { hash, tries, browser: Some(browser) }),
            });
        }
        let (tries, last) = (account.failed_tries, account.tried);
        let waits = (last..last + wait_ms(tries)).contains(&now);
        if waits || account.locked {
            return Ok(Try { person: Some(person), candidate: None });
        }
        let tries = tries.saturating_add(1);
        people::set_tries(tx, &person, tries, now)?;
        Ok(Try { person: Some(person), candidate: Some(Candidate { hash, tries, browser: None }) })
    })
}

/// Counts a try of a browser that is known for this person.
fn of_known(tx: &mut dyn Tx, person: &PersonId, token: &str) -> Result<Option<(String, i64)>, StoreError> {
    let browser = named(token);
    let Some(tries) = sessions::browser_tries(tx, &browser, person)? else { return Ok(None) };
    let tries = tries.saturating_add(1);
    if tries > TRIES {
        // Killed between a count and its check, as often as it had tries.
        sessions::forget_browser(tx, &browser, person)?;
        return Ok(None);
    }
    sessions::set_browser_tries(tx, &browser, person, tries)?;
    Ok(Some((browser, tries)))
}

/// Checks the password of a counted try. Who it is, or nothing: unknown, shut, disabled and wrong look the same from outside
/// and take the same time. `by` is who tries, as far as that is known.
pub fn check_try(
    store: &Store,
    passwords: &Passwords,
    counted: &Try,
    password: &str,
    by: Who<'_>,
    now: Instant,
) -> Result<Option<Entered>, StoreError> {
    let candidate = counted.candidate.as_ref();
    let fits = passwords.fits(candidate.and_then(|candidate| candidate.hash.as_deref()), password);
    store.write(|tx| {
        let refused = Entry::new(now, by, What::SignInRefused);
        let (Some(person), Some(candidate)) = (counted.person.as_ref(), candidate) else {
            let entry = counted.person.iter().fold(refused, |entry, person| entry.with("person", person));
            audit::append_refusal(tx, entry, 0)?;
            return Ok(None);
        };
        let refused = refused.with("person", person);
        if !fits {
            audit::append(tx, &refused.with("try", candidate.tries))?;
            failed(tx, person, candidate, now)?;
            return Ok(None);
        }
        // Only who is not disabled gets in, nor who was shut out while this was checked.
        let known = candidate.browser.is_some();
        if !people::signed_in(tx, person, known, now)? {
            audit::append(tx, &refused)?;
            return Ok(None);
        }
        match &candidate.browser {
            Some(browser) => sessions::browser_signed_in(tx, browser, person, now)?,
            None => people::clear_tries(tx, person)?,
        }
        Ok(Some(Entered { person: person.clone(), known }))
    })
}

/// What a wrong try costs.
fn failed(tx: &mut dyn Tx, person: &PersonId, candidate: &Candidate, now: Instant) -> Result<(), StoreError> {
    match &candidate.browser {
        Some(browser) if candidate.tries >= TRIES => {
            sessions::forget_browser(tx, browser, person)?;
        }
        None if candidate.tries >= LOCKED_AFTER && people::lock(tx, person)? => {
            let entry = Entry::new(now, Who::Server, What::PersonLocked).with("person", person);
            audit::append(tx, &entry)?;
        }
        _ => {}
    }
    Ok(())
}

/// Makes a browser known for a person who has signed in there; gives the token that it is to keep. `has` is the one that it
/// keeps already: at a desk that several people use, it is known for each of them.
pub fn know_browser(
    tx: &mut dyn Tx,
    random: &dyn Random,
    person: &PersonId,
    has: Option<&str>,
    now: Instant,
) -> Result<String, StoreError> {
    // Only one that this server gave out: what a browser was made to keep by another is not taken up.
    let given = has.map_or(Ok(false), |token| sessions::is_browser(tx, &named(token)))?;
    let token = match has {
        Some(token) if given => token.to_owned(),
        _ => hex::encode(random_bytes::<32>(random)),
    };
    sessions::know_browser(tx, &named(&token), person, now)?;
    sessions::keep_browsers(tx, person, BROWSERS)?;
    Ok(token)
}

/// No browser is known for this person any more, but for the one with this token.
pub(super) fn forget_browsers(
    tx: &mut dyn Tx,
    person: &PersonId,
    but: Option<&str>,
) -> Result<(), StoreError> {
    sessions::forget_browsers(tx, person, but.map(named).as_deref())
}

fn named(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

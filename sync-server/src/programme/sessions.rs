//! Signed-in browsers: an own table, a random token of which only the hash is kept.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use firsthours_core::outside::{Random, random_bytes};
use firsthours_core::protocol::Instant;
use firsthours_core::record::{AgencyId, PersonId, Role, StationId};
use sha2::{Digest, Sha256};

use crate::programme::audit::{self, Entry, Source, What, Who};
use crate::store::sessions::{self as rows, NewSessionRow, SessionRow};
use crate::store::{Result, Store, Tx};

/// How often the time of the last request is written down. A session ends at most this much early.
const SEEN_STEP_MS: i64 = 60_000;

/// How long a session lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Without a request.
    pub idle_ms: i64,
    /// In any case.
    pub absolute_ms: i64,
}

/// Who a session belongs to, read together with it so that a change of role or station acts at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The hash of its token.
    pub hash: String,
    /// What names it in the log: the beginning of that hash.
    pub alias: String,
    /// The person.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// Their agency.
    pub agency: AgencyId,
    /// Their station.
    pub station: Option<StationId>,
    /// When they signed in.
    pub created: Instant,
    /// When the session ends in any case.
    pub expires: Instant,
}

/// Starts a session; gives its token, which exists only here and in the browser. Old sessions of the same
/// browser are ended by the caller: a token never survives a sign-in.
pub fn start(
    tx: &mut dyn Tx,
    random: &dyn Random,
    person: &PersonId,
    limits: Limits,
    address: Option<IpAddr>,
    now: Instant,
) -> Result<String> {
    let token = hex::encode(random_bytes::<32>(random));
    let source = Source { address, session: Some(alias(&hash(&token))) };
    audit::append(tx, &Entry::new(now, Who::Person(person, &source), What::SignedIn))?;
    rows::delete_expired(tx, now)?;
    let expires = now + limits.absolute_ms;
    rows::insert(tx, &NewSessionRow { hash: &hash(&token), person, created: now, expires })?;
    Ok(token)
}

/// The session of this token if it is alive, and notes that it was seen.
pub fn find(store: &Store, token: &str, limits: Limits, now: Instant) -> Result<Option<Session>> {
    let Some((session, seen)) = alive(store, token, limits, now)? else { return Ok(None) };
    if now - seen >= SEEN_STEP_MS {
        store.write(|tx| rows::seen(tx, &session.hash, now))?;
    }
    Ok(Some(session))
}

/// The session of this token if it is alive, without a trace.
pub fn look(store: &Store, token: &str, limits: Limits, now: Instant) -> Result<Option<Session>> {
    Ok(alive(store, token, limits, now)?.map(|(session, _)| session))
}

/// The session, and when it was last seen.
fn alive(store: &Store, token: &str, limits: Limits, now: Instant) -> Result<Option<(Session, Instant)>> {
    let hash = hash(token);
    let idle_since = now - limits.idle_ms;
    let Some(row) = store.read(|tx| rows::alive(tx, &hash, now, idle_since))? else {
        return Ok(None);
    };
    let SessionRow { person, name, role, agency, station, created, expires, seen } = row;
    let alias = alias(&hash);
    let session = Session { hash, alias, person, name, role, agency, station, created, expires };
    Ok(Some((session, seen)))
}

/// What names a session in the log, by the hash of its token.
fn alias(hash: &str) -> String {
    hash.chars().take(16).collect()
}

/// Sessions that were ended while the disk was full: they are over at once, and the store hears of it when it can. With the
/// process they are forgotten, and by then the browser has forgotten them too.
#[derive(Debug, Default)]
pub struct Ended(Mutex<BTreeSet<String>>);

impl Ended {
    /// Ends a session that the store cannot end now.
    pub fn add(&self, token: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(hash(token));
    }

    /// Whether it was ended so.
    pub fn has(&self, token: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&hash(token))
    }
}

/// Ends the session of this token; nothing happens when there is none.
pub fn end(store: &Store, token: &str, address: Option<IpAddr>, now: Instant) -> Result<()> {
    let hash = hash(token);
    store.write(|tx| {
        let Some(person) = rows::person_of(tx, &hash)? else { return Ok(()) };
        rows::delete(tx, &hash)?;
        let source = Source { address, session: Some(alias(&hash)) };
        audit::append(tx, &Entry::new(now, Who::Person(&person, &source), What::SignedOut))?;
        Ok(())
    })
}

/// Ends every session of a person; gives how many there were.
pub fn end_all(tx: &mut dyn Tx, person: &PersonId, by: Who<'_>, now: Instant) -> Result<usize> {
    let ended = rows::delete_of(tx, person, None)?;
    let count = i64::try_from(ended).unwrap_or(i64::MAX);
    audit::append(tx, &Entry::new(now, by, What::SessionsEnded).with("person", person).with("count", count))?;
    Ok(ended)
}

fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::testing;
    use firsthours_core::outside::{Clock, ManualClock};

    const LIMITS: Limits = Limits { idle_ms: 30 * 60_000, absolute_ms: 12 * 3_600_000 };

    fn signed_in() -> (testing::Folder, Store, Arc<ManualClock>, String, PersonId) {
        let (folder, store) = testing::store();
        let person = testing::person(&store, "supervisor", "sgt.vale");
        let clock = Arc::new(ManualClock::at(Instant::from_ms(1_000_000)));
        let random = firsthours_core::outside::SeededRandom::new(7);
        let token = store.write(|tx| start(tx, &random, &person, LIMITS, None, clock.now())).expect("start");
        (folder, store, clock, token, person)
    }

    #[test]
    fn a_session_ends_after_thirty_idle_minutes() {
        let (_folder, store, clock, token, person) = signed_in();
        clock.advance(29 * 60_000);
        let found = find(&store, &token, LIMITS, clock.now()).expect("find").expect("alive");
        assert_eq!(found.person, person);
        clock.advance(29 * 60_000);
        assert!(find(&store, &token, LIMITS, clock.now()).expect("find").is_some(), "the last look counted");
        clock.advance(30 * 60_000);
        assert!(find(&store, &token, LIMITS, clock.now()).expect("find").is_none());
    }

    #[test]
    fn a_session_ends_after_twelve_hours_of_use() {
        let (_folder, store, clock, token, _) = signed_in();
        for _ in 0..(12 * 3 - 1) {
            clock.advance(20 * 60_000);
            assert!(find(&store, &token, LIMITS, clock.now()).expect("find").is_some());
        }
        clock.advance(20 * 60_000);
        assert!(find(&store, &token, LIMITS, clock.now()).expect("find").is_none());
    }

    #[test]
    fn signing_out_and_disabling_end_a_session_at_once() {
        let (_folder, store, clock, token, person) = signed_in();
        let random = firsthours_core::outside::SeededRandom::new(8);
        let other = store.write(|tx| start(tx, &random, &person, LIMITS, None, clock.now())).expect("start");
        end(&store, &token, None, clock.now()).expect("end");
        assert!(find(&store, &token, LIMITS, clock.now()).expect("find").is_none());
        assert!(find(&store, &other, LIMITS, clock.now()).expect("find").is_some());
        store
            .write(|tx| crate::programme::people::disable(tx, &person, Who::Console, clock.now()))
            .expect("disable");
        assert!(find(&store, &other, LIMITS, clock.now()).expect("find").is_none());
    }

    #[test]
    fn a_look_finds_a_session_and_does_not_keep_it_alive() {
        let (_folder, store, clock, token, person) = signed_in();
        clock.advance(29 * 60_000);
        let found = look(&store, &token, LIMITS, clock.now()).expect("look").expect("alive");
        assert_eq!(found.person, person);
        clock.advance(60_000);
        assert_eq!(look(&store, &token, LIMITS, clock.now()).expect("look"), None);
    }

    #[test]
    fn the_log_names_each_session_by_a_word_of_its_own_with_which_nobody_gets_in() {
        let (_folder, store, clock, first, person) = signed_in();
        let random = firsthours_core::outside::SeededRandom::new(8);
        let now = clock.now();
        let second = store.write(|tx| start(tx, &random, &person, LIMITS, None, now)).expect("start");
        let alias =
            |token: &str| find(&store, token, LIMITS, now).expect("find").map(|session| session.alias);
        let (one, other) = (alias(&first).expect("alive"), alias(&second).expect("alive"));
        assert_ne!(one, other);
        assert_eq!((one.len(), alias(&one)), (16, None));
        end(&store, &first, None, now).expect("end");
        let sql = "select text from audit where what in ('signed_in', 'signed_out') order by seq";
        let entries = store.read(|tx| tx.rows(sql, &[])).expect("read");
        for (entry, alias) in entries.iter().zip([&one, &other, &one]) {
            let text = entry.text(0).expect("text");
            assert!(text.contains(&format!("\"session\":\"{alias}\"")), "{text}");
        }
        assert_eq!(entries.len(), 3);
    }

    #[test]
    fn every_session_of_a_person_is_ended_and_counted_and_no_other() {
        let (_folder, store, clock, first, person) = signed_in();
        let other = testing::person(&store, "deputy", "d.quill");
        let now = clock.now();
        let begin = |seed, person| {
            let random = firsthours_core::outside::SeededRandom::new(seed);
            store.write(|tx| start(tx, &random, person, LIMITS, None, now)).expect("start")
        };
        let (second, others) = (begin(8, &person), begin(9, &other));
        let ended = store.write(|tx| end_all(tx, &person, Who::Console, now)).expect("ended");
        assert_eq!(ended, 2);
        let is_alive = |token: &str| find(&store, token, LIMITS, now).expect("find").is_some();
        assert_eq!([&first, &second, &others].map(|token| is_alive(token)), [false, false, true]);
        let sql = "select text from audit where what = 'sessions_ended'";
        let entry = store.read(|tx| tx.row(sql, &[])).expect("read").expect("an entry");
        assert!(entry.text(0).expect("text").contains("\"count\":2"));
    }

    #[test]
    fn the_store_holds_no_token() {
        let (_folder, store, _, token, _) = signed_in();
        let row = store.read(|tx| tx.row("select hash from session", &[])).expect("read").expect("a session");
        assert_ne!(row.text(0).expect("text"), token);
    }
}

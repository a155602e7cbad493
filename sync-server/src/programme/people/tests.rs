use super::*;
use crate::programme::audit::Source;
use crate::testing;
use firsthours_core::outside::SystemRandom;
use firsthours_core::protocol::Instant;
use firsthours_core::record::PersonId;

const PASSWORD: &str = testing::PASSWORD;

fn try_from(
    store: &Store,
    username: &str,
    password: &str,
    browser: Option<&str>,
    now: Instant,
) -> Option<Entered> {
    let counted = count_try(store, username, browser, now).expect("count");
    let by = Who::Unknown(&Source::HERE);
    check_try(store, &testing::passwords(), &counted, password, by, now).expect("check")
}

fn try_in(store: &Store, username: &str, password: &str, now: Instant) -> Option<PersonId> {
    try_from(store, username, password, None, now).map(|entered| entered.person)
}

/// Makes a browser known for somebody who has signed in there.
fn known(store: &Store, person: &PersonId, has: Option<&str>, now: Instant) -> String {
    store.write(|tx| know_browser(tx, &SystemRandom, person, has, now)).expect("known")
}

fn tries(store: &Store) -> i64 {
    store
        .read(|tx| tx.row("select failed_tries from person where username = 'sgt.vale'", &[]))
        .expect("read")
        .expect("a person")
        .int(0)
        .expect("int")
}

#[test]
fn the_right_password_opens_and_the_user_name_is_not_case_sensitive() {
    let (_folder, store) = testing::store();
    let person = testing::person(&store, "supervisor", "sgt.vale");
    assert_eq!(try_in(&store, "Sgt.Vale", PASSWORD, START), Some(person));
    assert_eq!(tries(&store), 0);
}

/// When what these tests tell begins.
const START: Instant = Instant::from_ms(10);
const MINUTE_MS: i64 = 60_000;

/// Tries as often as one may from a browser that is not known, from a time on; gives when the account was shut.
fn guess(store: &Store, from: Instant) -> Instant {
    let mut now = from;
    for n in 1..=LOCKED_AFTER {
        // Whoever does not wait is not counted: the tries are those that were checked.
        while tries(store) < n {
            assert_eq!(try_in(store, "sgt.vale", "not the password", now), None);
            now += MINUTE_MS;
        }
    }
    now
}

#[test]
fn after_five_wrong_tries_each_further_one_waits_longer() {
    let (_folder, store) = testing::store();
    let person = testing::person(&store, "supervisor", "sgt.vale");
    let mut now = START;
    for _ in 0..TRIES {
        assert_eq!(try_in(&store, "sgt.vale", "not the password", now), None);
    }
    for minutes in [1, 2, 4, 8, 16, 32, 60, 60] {
        let last = now + minutes * MINUTE_MS - 1;
        assert_eq!(try_in(&store, "sgt.vale", PASSWORD, last), None, "{minutes} minutes are not over");
        now += minutes * MINUTE_MS;
        assert_eq!(try_in(&store, "sgt.vale", "not the password", now), None);
    }
    assert_eq!(tries(&store), TRIES + 8, "those that did not wait were not checked");
    assert_eq!(try_in(&store, "sgt.vale", PASSWORD, now + 60 * MINUTE_MS), Some(person));
    assert_eq!(tries(&store), 0);
}

#[test]
fn slow_guessing_adds_up_until_an_administrator_releases_the_account() {
    let (_folder, store) = testing::store();
    let person = testing::person(&store, "supervisor", "sgt.vale");
    let shut = guess(&store, START);
    let much_later = shut + 365 * 24 * 60 * MINUTE_MS;
    assert_eq!(try_in(&store, "sgt.vale", PASSWORD, much_later), None, "time does not open it");
    let locked = store.read(|tx| get(tx, &person)).expect("read").locked;
    assert!(locked);
    store.write(|tx| release(tx, &person, Who::Console, much_later)).expect("release");
    assert_eq!(try_in(&store, "sgt.vale", PASSWORD, much_later + 1), Some(person));
}

/// Anybody can type a user name. It must not cost the one whose it is their way in.
#[test]
fn nobody_shuts_out_a_person_where_they_have_signed_in_before() {
    let (_folder, store) = testing::store();
    let person = testing::person(&store, "supervisor", "sgt.vale");
    let browser = known(&store, &person, None, START - 5);
    let shut = guess(&store, START);
    let entered = try_from(&store, "sgt.vale", PASSWORD, Some(&browser), shut).expect("their own browser");
    assert_eq!((entered.person, entered.known), (person.clone(), true));
    assert_eq!(tries(&store), LOCKED_AFTER, "and that does not give the others new tries");
    // That browser has tries of its own: somebody else at that desk does not guess on.
    for _ in 0..TRIES {
        assert_eq!(try_from(&store, "sgt.vale", "not the password", Some(&browser), shut), None);
    }
    assert_eq!(try_from(&store, "sgt.vale", PASSWORD, Some(&browser), shut), None, "it is known no more");
}

/// Those that were counted and never checked are spent like the others.
#[test]
fn a_known_browser_has_five_tries_of_its_own_of_which_the_last_may_be_the_right_one() {
    for checked in [true, false] {
        for (wrong, enters) in [(0, true), (TRIES - 1, true), (TRIES, false), (TRIES + 1, false)] {
            let (_folder, store) = testing::store();
            let person = testing::person(&store, "supervisor", "sgt.vale");
            let browser = known(&store, &person, None, START - 5);
            // To every other browser the account is shut, so only the tries of this one can open it.
            store.write(|tx| tx.run("update person set locked = 1, failed_tries = 20", &[])).expect("shut");
            for _ in 0..wrong {
                if checked {
                    assert_eq!(try_from(&store, "sgt.vale", "wrong", Some(&browser), START), None);
                } else {
                    drop(count_try(&store, "sgt.vale", Some(&browser), START).expect("count"));
                }
            }
            let entered = try_from(&store, "sgt.vale", PASSWORD, Some(&browser), START);
            assert_eq!(entered.is_some(), enters, "{wrong} wrong, checked: {checked}");
            if enters {
                // The right password gives that browser all its tries again.
                for _ in 1..TRIES {
                    assert_eq!(try_from(&store, "sgt.vale", "wrong", Some(&browser), START), None);
                }
                assert!(try_from(&store, "sgt.vale", PASSWORD, Some(&browser), START).is_some());
            }
        }
    }
}

#[test]
fn a_browser_is_known_only_by_what_this_server_gave_it_and_only_for_who_signed_in() {
    let (_folder, store) = testing::store();
    let (vale, other) =
        (testing::person(&store, "supervisor", "sgt.vale"), testing::person(&store, "deputy", "d.quill"));
    let planted = "0".repeat(64);
    let given = known(&store, &vale, Some(&planted), START - 5);
    assert_ne!(given, planted);
    guess(&store, START);
    assert!(
        !try_from(&store, "d.quill", PASSWORD, Some(&given), START + 1).expect("the right password").known
    );
    assert_eq!(
        known(&store, &other, Some(&given), START + 2),
        given,
        "a desk that two people share has one token"
    );
    assert!(
        try_from(&store, "d.quill", PASSWORD, Some(&given), START + 3).expect("the right password").known
    );
    // No more than so many: the one that was used longest ago makes room.
    for n in 0..BROWSERS {
        known(&store, &vale, None, START + 90 + n);
    }
    assert_eq!(try_from(&store, "sgt.vale", PASSWORD, Some(&given), START + 2_000_000_000), None);
}

#[test]
fn another_password_ends_every_other_session_and_forgets_every_other_browser() {
    let (_folder, store) = testing::store();
    let id = testing::person(&store, "supervisor", "sgt.vale");
    let (mine, theirs) = (known(&store, &id, None, START - 5), known(&store, &id, None, START - 4));
    let person = store.read(|tx| get(tx, &id)).expect("read");
    let change = |old: &str, new: &str| {
        let kept = StaysSignedIn { session: "none", browser: Some(&mine) };
        let by = Who::Person(&id, &Source::HERE);
        change_password(&store, &testing::passwords(), &SystemRandom, &person, (old, new), &kept, by, START)
    };
    assert!(matches!(change("not the password", "quiet harbor window"), Err(PeopleError::Wrong)));
    assert!(matches!(change(PASSWORD, "password1234"), Err(PeopleError::Guessable)));
    change(PASSWORD, "quiet harbor window").expect("changed");
    assert_eq!(try_in(&store, "sgt.vale", PASSWORD, START + 1), None);
    let knows = |browser: &str| {
        try_from(&store, "sgt.vale", "quiet harbor window", Some(browser), START + 2)
            .expect("the new password")
            .known
    };
    assert_eq!((knows(&mine), knows(&theirs)), (true, false));
}

#[test]
fn a_try_is_counted_before_it_is_checked() {
    let (_folder, store) = testing::store();
    testing::person(&store, "supervisor", "sgt.vale");
    for expected in 1..=TRIES {
        // The process dies here each time: counted, never checked.
        drop(count_try(&store, "sgt.vale", None, START).expect("count"));
        assert_eq!(tries(&store), expected);
    }
    assert_eq!(try_in(&store, "sgt.vale", PASSWORD, START + 1), None, "five tries are spent");
}

#[test]
fn an_unknown_person_and_a_disabled_one_get_the_same_answer() {
    let (_folder, store) = testing::store();
    let person = testing::person(&store, "supervisor", "sgt.vale");
    store.write(|tx| disable(tx, &person, Who::Console, START - 1)).expect("disable");
    assert_eq!(try_in(&store, "nobody", PASSWORD, START), None);
    assert_eq!(try_in(&store, "sgt.vale", PASSWORD, START), None);
}

#[test]
fn weak_passwords_and_taken_names_are_refused() {
    let (_folder, store) = testing::store();
    testing::person(&store, "supervisor", "sgt.vale");
    let add = |username: &str, role: &str, password: &str| {
        let new = NewPerson { name: "Synthetic", role, agency: "north", station: Some("mill"), username };
        let random = firsthours_core::outside::SeededRandom::new(3);
        super::add(&store, &testing::passwords(), &random, &new, password, Who::Console, START)
    };
    assert!(matches!(add("other", "supervisor", "short"), Err(PeopleError::Length)));
    assert!(matches!(add("other", "supervisor", "aaaaaaaaaaaaaaa"), Err(PeopleError::Guessable)));
    assert!(matches!(add("other", "supervisor", "my-other-secret"), Err(PeopleError::Guessable)));
    assert!(matches!(add("SGT.vale", "supervisor", PASSWORD), Err(PeopleError::Taken)));
    assert!(matches!(add("other", "king", PASSWORD), Err(PeopleError::Role)));
    assert!(matches!(add("o t", "supervisor", PASSWORD), Err(PeopleError::Username)));
}

#[test]
fn a_common_password_is_refused_with_whatever_is_put_behind_it() {
    for common in [
        "password1234",
        "Password2026!",
        "P@ssw0rd-2026",
        "qwertyuiop123",
        "letmein-letmein",
        "Welcome12345!",
        "FirstHours2026",
        "sheriff-station-1",
        "012345678901",
        "987654321098",
        "1qaz2wsx1qaz2wsx",
        "passwordpassword",
        "contrasena2026",
        // Two letters are left, and a part of a row of keys.
        "qz-password-2026",
        "sdfgh-2345678",
    ] {
        assert!(matches!(password::check("d.quill", common), Err(PeopleError::Guessable)), "{common}");
    }
    for sound in ["correct lantern orbit", "brisk-otter-parade-9", "la luna sobre el muelle", "Zx9!rTq4#mWb7"]
    {
        assert!(password::check("d.quill", sound).is_ok(), "{sound}");
    }
}

#[test]
fn another_password_at_the_console_ends_every_session_and_forgets_every_browser() {
    let (_folder, store) = testing::store();
    let id = testing::person(&store, "supervisor", "sgt.vale");
    let browser = known(&store, &id, None, START - 5);
    let limits = crate::programme::sessions::Limits { idle_ms: 1_000, absolute_ms: 1_000 };
    let begin =
        |tx: &mut dyn Tx| crate::programme::sessions::start(tx, &SystemRandom, &id, limits, None, START - 4);
    let token = store.write(begin).expect("start");
    let person = store.read(|tx| get(tx, &id)).expect("read");
    let set = |password: &str| {
        let check = testing::passwords();
        set_password(&store, &check, &SystemRandom, &person, password, Who::Console, START - 3)
    };
    assert!(matches!(set("password1234"), Err(PeopleError::Guessable)));
    assert_eq!(try_in(&store, "sgt.vale", PASSWORD, START - 2), Some(id.clone()), "nothing was changed");
    set("quiet harbor window").expect("set");
    assert_eq!(crate::programme::sessions::look(&store, &token, limits, START - 1).expect("look"), None);
    assert_eq!(try_in(&store, "sgt.vale", PASSWORD, START - 1), None);
    let entered = try_from(&store, "sgt.vale", "quiet harbor window", Some(&browser), START);
    assert_eq!(entered, Some(Entered { person: id, known: false }));
}

#[test]
fn agencies_are_listed_with_their_stations_and_people_by_name_and_by_agency() {
    let (_folder, store) = testing::store();
    let (north, south) = (AgencyId::from("north"), AgencyId::from("south"));
    store
        .write(|tx| {
            add_agency(tx, &south, "South County", Who::Console, Instant::from_ms(1))?;
            add_station(tx, &"hill".into(), &north, "Hill Street", Who::Console, Instant::from_ms(1))
        })
        .expect("places");
    let lines = store.read(places).expect("read");
    assert_eq!(
        lines,
        ["north  North County", "  hill  Hill Street", "  mill  Mill Road", "south  South County"]
    );
    testing::person(&store, "supervisor", "sgt.vale");
    testing::person(&store, "deputy", "d.quill");
    let names = |found: Vec<Person>| found.into_iter().map(|person| person.username).collect::<Vec<_>>();
    assert_eq!(names(store.read(all).expect("read")), ["d.quill", "sgt.vale"]);
    assert_eq!(names(store.read(|tx| of_agency(tx, &north)).expect("read")).len(), 2);
    assert!(store.read(|tx| of_agency(tx, &south)).expect("read").is_empty());
}

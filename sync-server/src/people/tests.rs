use super::*;
use crate::testing;

const PASSWORD: &str = testing::PASSWORD;

fn try_in(store: &Store, username: &str, password: &str, now_ms: i64) -> Option<String> {
    let counted = count_try(store, username, now_ms).expect("count");
    check_try(store, &testing::passwords(), &counted, password, now_ms).expect("check")
}

fn tries(store: &Store) -> i64 {
    store
        .read(|tx| tx.row("select failed_tries from person", &[]))
        .expect("read")
        .expect("a person")
        .int(0)
        .expect("int")
}

#[test]
fn the_right_password_opens_and_the_user_name_is_not_case_sensitive() {
    let (_folder, store) = testing::store();
    let person = testing::person(&store, "supervisor", "sgt.vale");
    assert_eq!(try_in(&store, "Sgt.Vale", PASSWORD, 10), Some(person));
    assert_eq!(tries(&store), 0);
}

#[test]
fn five_wrong_tries_lock_until_released() {
    let (_folder, store) = testing::store();
    let person = testing::person(&store, "supervisor", "sgt.vale");
    for _ in 0..TRIES {
        assert_eq!(try_in(&store, "sgt.vale", "not the password", 10), None);
    }
    assert_eq!(try_in(&store, "sgt.vale", PASSWORD, 11), None, "locked");
    assert_eq!(
        try_in(&store, "sgt.vale", PASSWORD, 10 + TRIES_WINDOW_MS * 100),
        None,
        "time does not unlock"
    );
    store.write(|tx| release(tx, &person, Who::Console, 12)).expect("release");
    assert_eq!(try_in(&store, "sgt.vale", PASSWORD, 13), Some(person));
}

#[test]
fn a_try_is_counted_before_it_is_checked() {
    let (_folder, store) = testing::store();
    testing::person(&store, "supervisor", "sgt.vale");
    for expected in 1..=TRIES {
        // The process dies here each time: counted, never checked.
        drop(count_try(&store, "sgt.vale", 10).expect("count"));
        assert_eq!(tries(&store), expected);
    }
    assert_eq!(try_in(&store, "sgt.vale", PASSWORD, 11), None, "five tries are spent");
}

#[test]
fn wrong_tries_are_forgotten_after_fifteen_minutes() {
    let (_folder, store) = testing::store();
    let person = testing::person(&store, "supervisor", "sgt.vale");
    for _ in 0..TRIES - 1 {
        assert_eq!(try_in(&store, "sgt.vale", "not the password", 10), None);
    }
    assert_eq!(try_in(&store, "sgt.vale", "not the password", 10 + TRIES_WINDOW_MS), None);
    assert_eq!(try_in(&store, "sgt.vale", PASSWORD, 11 + TRIES_WINDOW_MS), Some(person));
}

#[test]
fn an_unknown_person_and_a_disabled_one_get_the_same_answer() {
    let (_folder, store) = testing::store();
    let person = testing::person(&store, "supervisor", "sgt.vale");
    store.write(|tx| disable(tx, &person, Who::Console, 9)).expect("disable");
    assert_eq!(try_in(&store, "nobody", PASSWORD, 10), None);
    assert_eq!(try_in(&store, "sgt.vale", PASSWORD, 10), None);
}

#[test]
fn weak_passwords_and_taken_names_are_refused() {
    let (_folder, store) = testing::store();
    testing::person(&store, "supervisor", "sgt.vale");
    let add = |username: &str, role: &str, password: &str| {
        let new = NewPerson { name: "Synthetic", role, agency: "north", station: Some("mill"), username };
        let random = crate::random::SeededRandom::new(3);
        super::add(&store, &testing::passwords(), &random, &new, password, Who::Console, 10)
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
    ] {
        assert!(matches!(check_password("d.quill", common), Err(PeopleError::Guessable)), "{common}");
    }
    for sound in ["correct lantern orbit", "brisk-otter-parade-9", "la luna sobre el muelle", "Zx9!rTq4#mWb7"]
    {
        assert!(check_password("d.quill", sound).is_ok(), "{sound}");
    }
}

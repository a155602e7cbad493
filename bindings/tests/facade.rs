//! The facade as a shell meets it: it opens, its errors arrive typed and with their sentence, it ends.

use std::sync::Arc;

use firsthours::{Act, CoreError, FirstHours, RefusedBecause};
use tempfile::TempDir;

const KEY: [u8; 32] = [7; 32];
const RECORD: &str = "e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1";

fn open_in(folder: &TempDir, key: &[u8], language: &str) -> Result<Arc<FirstHours>, CoreError> {
    let path = folder.path().to_str().expect("a temporary folder has a plain name");
    FirstHours::open(path.to_owned(), key, language.to_owned(), None)
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

#[test]
fn a_new_phone_opens_to_an_empty_first_screen() {
    let folder = folder();
    let phone = open_in(&folder, &KEY, "en").unwrap();
    let home = phone.home().unwrap();
    assert!(home.rows.is_empty() && !home.can_start);
    assert_eq!(home.nothing, "No records on this phone yet.");
    assert!(phone.holdings().unwrap().is_empty());
    assert!(phone.search("century".to_owned()).unwrap().is_empty());
    let state = phone.sync_state().unwrap();
    assert_eq!((state.unsent, state.drafts, state.running), (0, 0, false));
    assert_eq!(phone.rebuild().unwrap(), 0);
}

#[test]
fn a_session_file_is_written_where_the_shell_says() {
    let folder = folder();
    let file = folder.path().join("session");
    let (path, file_name) = (folder.path().join("store"), file.to_str().unwrap().to_owned());
    std::fs::create_dir(&path).unwrap();
    let path = path.to_str().unwrap().to_owned();
    FirstHours::open(path, &KEY, "en".to_owned(), Some(file_name)).unwrap().shutdown().unwrap();
    assert!(std::fs::metadata(&file).is_ok_and(|file| file.len() > 0));
}

#[test]
fn a_wrong_key_is_told_in_the_language_of_the_call_and_the_right_one_still_opens() {
    let folder = folder();
    open_in(&folder, &KEY, "en").unwrap().shutdown().unwrap();
    let CoreError::WrongKey { sentence } = open_in(&folder, &[8; 32], "es-MX").unwrap_err() else {
        panic!("not a wrong key")
    };
    assert!(sentence.starts_with("Esta clave no abre"), "{sentence}");
    open_in(&folder, &KEY, "en").unwrap().home().unwrap();
}

#[test]
fn a_key_of_another_length_is_no_key_and_makes_no_store() {
    let folder = folder();
    let error = open_in(&folder, &[7; 31], "en").unwrap_err();
    assert_bad_input(&error, "key");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn after_shutdown_every_look_at_the_store_is_closed_and_shutdown_again_is_harmless() {
    let folder = folder();
    let phone = open_in(&folder, &KEY, "en").unwrap();
    phone.shutdown().unwrap();
    phone.shutdown().unwrap();
    let outcomes = [
        phone.home().map(|_| ()),
        phone.holdings().map(|_| ()),
        phone.sync_state().map(|_| ()),
        phone.search(String::new()).map(|_| ()),
        phone.sync_now().map(|_| ()),
        phone.rebuild().map(|_| ()),
    ];
    for outcome in outcomes {
        let Err(CoreError::Closed { sentence }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(sentence, "The app is locked. Unlock it to go on.");
    }
}

#[test]
fn what_is_no_id_is_named() {
    let folder = folder();
    let phone = open_in(&folder, &KEY, "en").unwrap();
    assert_bad_input(&phone.encounter("B · 21:14".to_owned()).unwrap_err(), "id");
    assert_bad_input(&phone.timeline(RECORD.to_owned(), -1).unwrap_err(), "page");
    assert_bad_input(&phone.act(RECORD.to_owned(), -1, Act::Unvoid).unwrap_err(), "view token");
    let reply = Act::Reply { thread: "none".to_owned(), text: "Done.".to_owned() };
    assert_bad_input(&phone.act(RECORD.to_owned(), 0, reply).unwrap_err(), "thread");
    let draft = phone.draft(
        RECORD.to_owned(),
        0,
        "call_hotline".to_owned(),
        Some("first".to_owned()),
        "reference".to_owned(),
        "R".to_owned(),
    );
    assert_bad_input(&draft.unwrap_err(), "entry");
}

#[test]
fn before_its_approval_a_phone_begins_nothing_and_says_why() {
    let folder = folder();
    let phone = open_in(&folder, &KEY, "en").unwrap();
    let CoreError::NotReady { enrolled: false, sentence } = phone.start_encounter(None).unwrap_err() else {
        panic!("not an error of enrolment")
    };
    assert!(sentence.starts_with("This phone waits for approval"), "{sentence}");
    let report = phone.sync_now().unwrap();
    assert!(!report.complete);
    assert_eq!(report.trouble, sentence, "a sync says the same, and it is no error");
    assert!(report.call_again_at_ms.is_some());
    assert_eq!(phone.sync_progress().unwrap().to_send, 0);
}

#[test]
fn every_fixed_word_is_there_in_both_languages_under_the_same_keys() {
    let folder = folder();
    let phone = open_in(&folder, &KEY, "en").unwrap();
    let (english, spanish) =
        (phone.words("en".to_owned()).unwrap(), phone.words("es-US".to_owned()).unwrap());
    let keys = |words: &[firsthours_core::app::WordEntry]| -> Vec<String> {
        words.iter().map(|word| word.key.clone()).collect()
    };
    assert_eq!(keys(&english), keys(&spanish));
    let submit = |words: &[firsthours_core::app::WordEntry]| {
        words.iter().find(|word| word.key == "button_submit").map(|word| word.text.clone())
    };
    assert_eq!(submit(&english).as_deref(), Some("Submit for review"));
    assert_eq!(submit(&spanish).as_deref(), Some("Enviar a revisión"));
}

fn assert_bad_input(error: &CoreError, what: &str) {
    let CoreError::Refused { because: RefusedBecause::BadInput, field, sentence, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(field.as_deref(), Some(what));
    assert!(!sentence.is_empty());
}

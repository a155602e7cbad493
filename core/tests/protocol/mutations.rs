//! Whatever is done to a document, loading ends with faults that name its places, or with a definition that works.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use firsthours_core::protocol::{Faults, fingerprint, load};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value as Json, json};

use super::sound;
use super::{TINY, load_json, tiny_json};
use crate::random::Drawn;
use crate::support::LOS_ANGELES;

/// One change of the tree of a document.
#[derive(Debug, Clone)]
enum Change {
    Remove(Index),
    Replace(Index, Json),
    Copy {
        from: Index,
        to: Index,
    },
    Rename(Index, String),
    Add(Index, Json),
    Double(Index),
    /// What a person who writes a protocol does: another flag, number or word, another order.
    Turn(Index, u8),
}

fn odd_values() -> impl Strategy<Value = Json> {
    proptest::sample::select(vec![
        Json::Null,
        json!(true),
        json!(false),
        json!(0),
        json!(-1),
        json!(9_007_199_254_740_991_i64),
        json!(""),
        json!("contact"),
        json!("same"),
        json!("absence"),
        json!("\u{0}\u{202e}é"),
        json!([]),
        json!({}),
        json!([[[]]]),
        json!({"en": "One", "es": "Uno"}),
        json!({"all": []}),
        json!({"not": {"step": {"id": "report", "is": "done"}}}),
        json!({"answer": {"step": "absence", "field": "back", "is": true, "of": "every"}}),
        json!({"step": "absence", "field": "known_at", "of": "each"}),
    ])
}

/// Words that stand for one another; a document that has one of them may well have the other.
const WORDS: [&[&str]; 7] = [
    &["first", "last", "each", "any", "every", "same"],
    &["deputy", "detective", "supervisor", "county"],
    &["scene", "follow_up", "outcome"],
    &["done", "cannot", "not_applicable"],
    &["moment", "flag", "count", "choice", "choices", "code", "text", "note"],
    &["step", "identity", "location", "narrative", "health"],
    &["America/Los_Angeles", "Europe/London", "UTC"],
];

fn gentle() -> impl Strategy<Value = Change> {
    (any::<Index>(), any::<u8>()).prop_map(|(at, by)| Change::Turn(at, by))
}

fn changes() -> impl Strategy<Value = Change> {
    let index = any::<Index>;
    prop_oneof![
        index().prop_map(Change::Remove),
        (index(), odd_values()).prop_map(|(at, value)| Change::Replace(at, value)),
        (index(), index()).prop_map(|(from, to)| Change::Copy { from, to }),
        (index(), "[a-z_]{0,12}").prop_map(|(at, name)| Change::Rename(at, name)),
        (index(), odd_values()).prop_map(|(at, value)| Change::Add(at, value)),
        index().prop_map(Change::Double),
    ]
}

/// The place of every value below the root, as JSON pointers.
fn places(value: &Json, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Json)> = match value {
        Json::Array(items) => {
            items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect()
        }
        Json::Object(map) => {
            map.iter().map(|(name, item)| (name.replace('~', "~0").replace('/', "~1"), item)).collect()
        }
        _ => Vec::new(),
    };
    for (name, child) in children {
        let place = format!("{at}/{name}");
        places(child, &place, found);
        found.push(place);
    }
}

fn change(document: &mut Json, change: &Change) {
    let mut places_found = Vec::new();
    places(document, "", &mut places_found);
    if places_found.is_empty() {
        return;
    }
    let place = |index: &Index| index.get(&places_found).clone();
    match change {
        Change::Remove(at) => drop(take(document, &place(at))),
        Change::Replace(at, value) => put(document, &place(at), value.clone()),
        Change::Copy { from, to } => {
            let copied = document.pointer(&place(from)).cloned().unwrap_or(Json::Null);
            put(document, &place(to), copied);
        }
        Change::Rename(at, name) => {
            let place = place(at);
            let (parent, _) = place.rsplit_once('/').expect("a place below the root");
            if let Some(value) = take(document, &place)
                && let Some(Json::Object(map)) = document.pointer_mut(parent)
            {
                map.insert(name.clone(), value);
            }
        }
        Change::Add(at, value) => match document.pointer_mut(&place(at)) {
            Some(Json::Array(items)) => items.push(value.clone()),
            Some(Json::Object(map)) => drop(map.insert("applies".into(), value.clone())),
            _ => {}
        },
        Change::Turn(at, by) => {
            // Only what can be turned.
            places_found.retain(|place| document.pointer(place).is_some_and(can_be_turned));
            if places_found.is_empty() {
                return;
            }
            let place = at.get(&places_found).clone();
            turn(document.pointer_mut(&place).expect("it was found there"), *by);
        }
        Change::Double(at) => {
            if let Some(Json::Array(items)) = document.pointer_mut(&place(at)) {
                items.extend_from_within(..);
            }
        }
    }
}

fn can_be_turned(value: &Json) -> bool {
    match value {
        Json::Bool(_) | Json::Number(_) => true,
        Json::String(word) => WORDS.iter().any(|words| words.contains(&word.as_str())),
        Json::Array(items) => items.len() > 1,
        _ => false,
    }
}

fn turn(value: &mut Json, by: u8) {
    match value {
        Json::Bool(flag) => *flag = !*flag,
        Json::Number(_) => *value = json!(1 + by % 9),
        Json::String(word) => {
            let words = WORDS.iter().find(|words| words.contains(&word.as_str())).expect("it can be turned");
            *value = json!(words[usize::from(by) % words.len()]);
        }
        Json::Array(items) if by.is_multiple_of(2) => items.rotate_left(1),
        Json::Array(items) => drop(items.remove(usize::from(by) % items.len())),
        _ => {}
    }
}

fn put(document: &mut Json, place: &str, value: Json) {
    if let Some(target) = document.pointer_mut(place) {
        *target = value;
    }
}

fn take(document: &mut Json, place: &str) -> Option<Json> {
    let (parent, name) = place.rsplit_once('/')?;
    match document.pointer_mut(parent)? {
        Json::Object(map) => map.remove(&name.replace("~1", "/").replace("~0", "~")),
        Json::Array(items) => name.parse::<usize>().ok().map(|index| items.remove(index)),
        _ => None,
    }
}

/// What must hold of any outcome for bytes that may be no JSON.
fn check_bytes(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(document) = serde_json::from_slice(bytes) {
        return check_text(bytes, &document, &[]).map(|_| ());
    }
    let Faults(faults) = load(bytes).expect_err("no JSON is no definition");
    prop_assert_eq!(faults.len(), 1);
    Ok(())
}

/// What must hold of any outcome. Gives whether the document was accepted.
fn check(document: &Json, acts: &[u8]) -> Result<bool, TestCaseError> {
    check_text(&serde_json::to_vec(document).expect("a JSON value can be written"), document, acts)
}

fn check_text(bytes: &[u8], document: &Json, acts: &[u8]) -> Result<bool, TestCaseError> {
    match load(bytes) {
        Ok(definition) => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let drawn = Drawn { text, definition };
            sound::definition(&drawn.definition)?;
            sound::works(&drawn, acts)?;
            Ok(true)
        }
        Err(Faults(faults)) => {
            prop_assert!(!faults.is_empty());
            for fault in &faults {
                prop_assert!(sound::is_place(&fault.path, document), "{fault}");
                prop_assert!(fault.to_string().chars().count() < 1_500, "{fault}");
            }
            Ok(false)
        }
    }
}

fn shipped() -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("protocols");
    let files = std::fs::read_dir(folder).expect("the folder of shipped protocols");
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    paths.retain(|path| {
        path.extension().is_some_and(|extension| extension == "json")
            && !path.to_string_lossy().ends_with(".schema.json")
    });
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("a protocol")).collect()
}

#[test]
fn many_a_change_is_noticed_and_some_are_harmless() {
    // Guards the properties below: if no change were refused, or each were, they would test little.
    let mut kept = tiny_json();
    put(&mut kept, "/steps/0/title/en", json!("Another title"));
    assert!(load_json(&kept).is_ok());
    let mut removed = tiny_json();
    assert!(take(&mut removed, "/steps/0").is_some());
    assert!(load_json(&removed).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10_000) })]

    #[test]
    fn no_change_of_bytes_makes_loading_panic(
        edits in proptest::collection::vec((any::<Index>(), any::<u8>(), 0..3_u8), 1..6),
    ) {
        let mut bytes = TINY.to_vec();
        for (at, byte, how) in edits {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        check_bytes(&bytes)?;
        prop_assert_eq!(bytes == TINY, fingerprint(&bytes) == fingerprint(TINY));
    }

    #[test]
    fn no_change_of_structure_makes_loading_panic(edits in proptest::collection::vec(changes(), 1..5)) {
        let mut document = tiny_json();
        for edit in &edits {
            change(&mut document, edit);
        }
        check(&document, &[])?;
    }
}

/// Whoever writes a protocol makes small changes, and many of them are right: those have to work.
fn changed_gently(cases: u32, first: &Json) -> (usize, usize) {
    let (accepted, refused) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let edits = prop_oneof![
        4 => proptest::collection::vec(gentle(), 1..4),
        1 => proptest::collection::vec(prop_oneof![gentle(), changes()], 1..4),
    ];
    let strategy = (edits, proptest::collection::vec(any::<u8>(), 0..150));
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    let outcome = proptest::test_runner::TestRunner::new(config).run(&strategy, |(edits, acts)| {
        let mut document = first.clone();
        for edit in &edits {
            change(&mut document, edit);
        }
        let counter = if check(&document, &acts)? { &accepted } else { &refused };
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    (accepted.into_inner(), refused.into_inner())
}

#[test]
fn what_a_small_change_of_the_fixture_leaves_right_works() {
    let (accepted, refused) = changed_gently(3_000, &tiny_json());
    assert!(accepted > 600 && refused > 600, "{accepted} accepted, {refused} refused");
}

#[test]
fn what_a_small_change_of_los_angeles_leaves_right_works() {
    let los_angeles = serde_json::from_str(LOS_ANGELES).expect("it is JSON");
    let (accepted, refused) = changed_gently(2_000, &los_angeles);
    assert!(accepted > 400 && refused > 200, "{accepted} accepted, {refused} refused");
}

proptest! {
    // Shipped protocols are ten times as long as the fixture, which has had every case already.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn no_change_of_a_shipped_protocol_makes_loading_panic(
        which in any::<Index>(), edits in proptest::collection::vec(changes(), 1..5),
    ) {
        let shipped = shipped();
        let mut document: Json = serde_json::from_slice(&shipped[which.index(shipped.len())]).expect("JSON");
        for edit in &edits {
            change(&mut document, edit);
        }
        check(&document, &[])?;
    }
}

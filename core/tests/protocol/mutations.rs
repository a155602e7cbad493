//! Whatever is done to a document, loading ends with a definition or with faults that name places.

use std::collections::BTreeSet;
use std::path::PathBuf;

use firsthours_core::protocol::{Definition, Faults, fingerprint, load, read_clocks};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value as Json, json};

use super::book::Book;
use super::{TINY, load_json, tiny_json};

/// One change of the tree of a document.
#[derive(Debug, Clone)]
enum Change {
    Remove(Index),
    Replace(Index, Json),
    Copy { from: Index, to: Index },
    Rename(Index, String),
    Add(Index, Json),
    Double(Index),
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
        Change::Double(at) => {
            if let Some(Json::Array(items)) = document.pointer_mut(&place(at)) {
                items.extend_from_within(..);
            }
        }
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

/// What must hold of any outcome.
fn check_outcome(outcome: Result<Definition, Faults>) -> Result<(), TestCaseError> {
    match outcome {
        Ok(definition) => {
            let placed: BTreeSet<usize> = definition.order.iter().copied().collect();
            prop_assert_eq!(placed.len(), definition.steps.len());
            prop_assert!(read_clocks(&definition, &Book::default()).iter().all(|clock| clock.due.is_none()));
        }
        Err(Faults(faults)) => {
            prop_assert!(!faults.is_empty());
            for fault in &faults {
                prop_assert!(fault.path.starts_with('$'), "{fault}");
                prop_assert!(fault.to_string().chars().count() < 1_500, "{fault}");
            }
        }
    }
    Ok(())
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
    #![proptest_config(ProptestConfig::with_cases(10_000))]

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
        check_outcome(load(&bytes))?;
        prop_assert_eq!(bytes == TINY, fingerprint(&bytes) == fingerprint(TINY));
    }

    #[test]
    fn no_change_of_structure_makes_loading_panic(edits in proptest::collection::vec(changes(), 1..5)) {
        let mut document = tiny_json();
        for edit in &edits {
            change(&mut document, edit);
        }
        check_outcome(load_json(&document))?;
    }
}

proptest! {
    // Shipped protocols are ten times as long as the fixture, which has had every case already.
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_change_of_a_shipped_protocol_makes_loading_panic(
        which in any::<Index>(), edits in proptest::collection::vec(changes(), 1..5),
    ) {
        let shipped = shipped();
        let mut document: Json = serde_json::from_slice(&shipped[which.index(shipped.len())]).expect("JSON");
        for edit in &edits {
            change(&mut document, edit);
        }
        check_outcome(load_json(&document))?;
    }
}

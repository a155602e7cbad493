//! The published schema of definitions: whatever the loader takes, the schema takes too, so that a county's editor never
//! underlines what the server accepts.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use firsthours_core::protocol::load;
use firsthours_tests::programme::{Fault, PROTOCOL};
use jsonschema::Validator;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value as Json, json};

const SCHEMA: &str = include_str!("../../core/protocols/definition.schema.json");

/// Mutants that are made, and how many of them the loader must at least take for the test to say anything.
const MUTANTS: u32 = 2_500;
const TAKEN: u32 = 250;

/// One change of one place of a document.
#[derive(Debug, Clone)]
enum Change {
    Remove(Index),
    Replace(Index, Json),
    /// Another value that stands under the same name elsewhere.
    Exchange {
        at: Index,
        with: Index,
    },
    Rename(Index, String),
    Repeat(Index),
}

fn validator() -> Result<Validator, Fault> {
    Ok(jsonschema::draft202012::new(&serde_json::from_str(SCHEMA)?)?)
}

/// The shipped definitions and the fixture.
fn definitions() -> Result<Vec<PathBuf>, Fault> {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core");
    let mut found = vec![core.join("tests/fixtures/protocol/tiny.json")];
    for entry in std::fs::read_dir(core.join("protocols"))? {
        let path = entry?.path();
        let name = path.to_string_lossy();
        if name.ends_with(".json") && !name.ends_with(".schema.json") {
            found.push(path);
        }
    }
    Ok(found)
}

fn odd_values() -> impl Strategy<Value = Json> {
    proptest::sample::select(vec![
        Json::Null,
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(1.5),
        json!(1_000_001),
        json!(9_007_199_254_740_991_i64),
        json!(""),
        json!(" "),
        json!("contact"),
        json!("2026-02-30"),
        json!("Europe/London"),
        json!("x".repeat(4_001)),
        json!("\u{0}\u{202e}é"),
        json!([]),
        json!({}),
        json!(["en"]),
        json!({"en": "One", "es": "Uno"}),
        json!({"en": "One", "es": "Uno", "fr": "Un"}),
        json!({"all": []}),
        json!({"not": {"step": {"id": "report", "is": "done"}}}),
    ])
}

fn changes() -> impl Strategy<Value = Change> {
    let index = any::<Index>;
    prop_oneof![
        2 => index().prop_map(Change::Remove),
        2 => (index(), odd_values()).prop_map(|(at, value)| Change::Replace(at, value)),
        4 => (index(), index()).prop_map(|(at, with)| Change::Exchange { at, with }),
        1 => (index(), "[a-z_]{0,12}").prop_map(|(at, name)| Change::Rename(at, name)),
        1 => index().prop_map(Change::Repeat),
    ]
}

/// The place of every value below the root, as JSON pointers. No name of a definition needs escaping.
fn places(value: &Json, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Json)> = match value {
        Json::Array(items) => items.iter().enumerate().map(|(n, item)| (n.to_string(), item)).collect(),
        Json::Object(map) => map.iter().map(|(name, item)| (name.clone(), item)).collect(),
        _ => Vec::new(),
    };
    for (name, child) in children {
        let place = format!("{at}/{name}");
        places(child, &place, found);
        found.push(place);
    }
}

fn name_of(place: &str) -> &str {
    place.rsplit_once('/').map_or(place, |(_, name)| name)
}

fn take(document: &mut Json, place: &str) -> Option<Json> {
    let (parent, name) = place.rsplit_once('/')?;
    match document.pointer_mut(parent)? {
        Json::Object(map) => map.remove(name),
        Json::Array(items) => name.parse::<usize>().ok().map(|at| items.remove(at)),
        _ => None,
    }
}

fn mutate(document: &mut Json, change: &Change) {
    let mut found = Vec::new();
    places(document, "", &mut found);
    let put = |document: &mut Json, place: &str, value: Json| {
        if let Some(target) = document.pointer_mut(place) {
            *target = value;
        }
    };
    match change {
        Change::Remove(at) => drop(take(document, at.get::<String>(&found))),
        Change::Replace(at, value) => put(document, at.get::<String>(&found), value.clone()),
        Change::Exchange { at, with } => {
            let place = at.get::<String>(&found);
            let alike: Vec<&String> = found.iter().filter(|other| name_of(other) == name_of(place)).collect();
            let value = document.pointer(with.get::<&String>(&alike)).cloned().unwrap_or(Json::Null);
            put(document, place, value);
        }
        Change::Rename(at, name) => {
            let place = at.get::<String>(&found);
            let parent = place.rsplit_once('/').map_or("", |(parent, _)| parent);
            if let Some(value) = take(document, place)
                && let Some(Json::Object(map)) = document.pointer_mut(parent)
            {
                map.insert(name.clone(), value);
            }
        }
        Change::Repeat(at) => {
            if let Some(Json::Array(items)) = document.pointer_mut(at.get::<String>(&found)) {
                items.extend_from_within(..);
            }
        }
    }
}

#[test]
fn every_shipped_definition_validates_and_loads() -> Result<(), Fault> {
    let validator = validator()?;
    let definitions = definitions()?;
    assert!(definitions.len() > 1, "no shipped definition was found");
    for path in definitions {
        let text = std::fs::read_to_string(&path)?;
        let faults: Vec<String> =
            validator.iter_errors(&serde_json::from_str(&text)?).map(|error| error.to_string()).collect();
        assert!(faults.is_empty(), "{}: {faults:?}", path.display());
        load(text.as_bytes()).map_err(|faults| format!("{}: {faults}", path.display()))?;
    }
    Ok(())
}

#[test]
fn what_the_loader_takes_the_schema_takes_too() -> Result<(), Fault> {
    let validator = validator()?;
    let original: Json = serde_json::from_str(PROTOCOL)?;
    let taken = Cell::new(0);
    let config = Config { cases: MUTANTS, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&changes(), |change| {
        let mut document = original.clone();
        mutate(&mut document, &change);
        if document == original || load(document.to_string().as_bytes()).is_err() {
            return Ok(());
        }
        taken.set(taken.get() + 1);
        let faults: Vec<String> = validator
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        prop_assert!(faults.is_empty(), "the loader takes it, the schema does not: {:?}", faults);
        Ok(())
    });
    outcome.map_err(|error| error.to_string())?;
    assert!(taken.get() >= TAKEN, "only {} mutants were taken by the loader", taken.get());
    Ok(())
}

#[test]
fn plain_faults_are_refused_by_both() -> Result<(), Fault> {
    let validator = validator()?;
    let original: Json = serde_json::from_str(PROTOCOL)?;
    let faults: [(&str, Json); 10] = [
        ("/version", json!(0)),
        ("/version", json!("1")),
        ("/title", json!("in no language")),
        ("/effective", json!("tomorrow")),
        ("/supersedes", json!("not a hash")),
        ("/steps", json!([])),
        ("/steps/0/id", json!("Not An Id")),
        ("/steps/0/phase", json!("court")),
        ("/steps/0/fields/0/kind", json!("picture")),
        ("/steps/0/mistyped", json!(true)),
    ];
    for (place, value) in faults {
        let mut document = original.clone();
        let (parent, name) = place.rsplit_once('/').ok_or("no place")?;
        let parent = document.pointer_mut(parent).and_then(Json::as_object_mut).ok_or(place)?;
        parent.insert(name.to_owned(), value);
        assert!(load(document.to_string().as_bytes()).is_err(), "the loader takes a fault at {place}");
        assert!(!validator.is_valid(&document), "the schema takes a fault at {place}");
    }
    Ok(())
}

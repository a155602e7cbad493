//! What differs between two versions of a protocol: whatever a document can say is compared, and said in both languages.

use firsthours_core::protocol::{Change, Definition, StepChange, Weight, diff, load};
use firsthours_core::words::{Language, change_sentence};
use serde_json::{Value as Json, json};

const TINY: &str = include_str!("fixtures/protocol/tiny.json");

fn tiny() -> Json {
    serde_json::from_str(TINY).expect("the fixture is JSON")
}

fn read(document: &Json) -> Option<Definition> {
    load(document.to_string().as_bytes()).ok()
}

/// Every place in a document, as a pointer.
fn places(value: &Json, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Json::Object(map) => {
            map.iter().for_each(|(name, value)| places(value, &format!("{at}/{name}"), found));
        }
        Json::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| places(item, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

/// The document with one thing changed, in every way that there is.
fn mutants(document: &Json) -> Vec<(String, Json)> {
    let mut all = Vec::new();
    places(document, "", &mut all);
    let mut mutants = Vec::new();
    for place in all.iter().filter(|place| !place.is_empty()) {
        let (parent, name) = place.rsplit_once('/').expect("a pointer");
        let mut put = |what: &str, change: &dyn Fn(&mut Json, &str)| {
            let mut mutant = document.clone();
            change(mutant.pointer_mut(parent).expect("it is there"), name);
            mutants.push((format!("{what} {place}"), mutant));
        };
        let set = |value: Json| {
            move |parent: &mut Json, name: &str| match parent {
                Json::Object(map) => drop(map.insert(name.to_owned(), value.clone())),
                Json::Array(items) => items[name.parse::<usize>().expect("an index")] = value.clone(),
                _ => {}
            }
        };
        put("without", &|parent, name| match parent {
            Json::Object(map) => drop(map.remove(name)),
            Json::Array(items) => drop(items.remove(name.parse().expect("an index"))),
            _ => {}
        });
        match document.pointer(place).expect("it is there") {
            Json::String(text) => {
                put("longer", &set(json!(format!("{text}x"))));
                for other in [
                    "2027-05-04",
                    "Europe/London",
                    "telephone",
                    "follow_up",
                    "detective",
                    "note",
                    "health",
                    "last",
                ] {
                    put(other, &set(json!(other)));
                }
            }
            Json::Number(number) => put("more", &set(json!(number.as_i64().unwrap_or(0) + 1))),
            Json::Bool(flag) => put("opposite", &set(json!(!flag))),
            Json::Array(items) if items.len() > 1 => {
                put("turned", &|parent, name| {
                    if let Some(items) = parent.get_mut(name).and_then(Json::as_array_mut) {
                        items.rotate_left(1);
                    }
                });
            }
            _ => {}
        }
    }
    for (place, name, value) in [
        ("/steps/0", "urgent", json!(true)),
        ("/steps/4", "required", json!(false)),
        ("/steps/0", "say", json!({"en": "Hello.", "es": "Hola."})),
        ("/clocks/0", "soft", json!(true)),
        ("/clocks/1", "soft", json!(true)),
        ("/sheets/0/sections/0/rows/2", "step", json!("contact")),
    ] {
        let mut mutant = document.clone();
        mutant.pointer_mut(place).expect("it is there")[name] = value;
        mutants.push((format!("{name} in {place}"), mutant));
    }
    mutants
}

#[test]
fn nothing_differs_exactly_where_two_definitions_say_the_same() {
    let old = read(&tiny()).expect("the fixture loads");
    assert_eq!(diff(&old, &old), []);
    let mut read_mutants = 0;
    for (what, mutant) in mutants(&tiny()) {
        let Some(new) = read(&mutant) else { continue };
        read_mutants += 1;
        let same = Definition { order: old.order.clone(), ..new.clone() } == old;
        assert_eq!(diff(&old, &new).is_empty(), same, "{what}");
        assert_eq!(diff(&new, &old).is_empty(), same, "{what}, the other way round");
    }
    assert!(read_mutants > 200, "only {read_mutants} mutants load");
}

#[test]
fn every_change_is_a_sentence_in_both_languages() {
    let old = read(&tiny()).expect("the fixture loads");
    for (what, mutant) in mutants(&tiny()) {
        let Some(new) = read(&mutant) else { continue };
        for (was, is) in [(&old, &new), (&new, &old)] {
            for change in diff(was, is) {
                let said = Language::ALL.map(|language| change_sentence(&change, was, is, language));
                for sentence in &said {
                    assert!(sentence.ends_with(['.', '!', '?', '”', '»']), "{what}: {sentence}");
                    assert!(!sentence.contains("“”") && !sentence.contains("«»"), "{what}: {sentence}");
                }
                assert_ne!(said[0], said[1], "{what}");
            }
        }
    }
}

#[test]
fn what_a_county_changes_is_told_as_a_person_would_say_it() {
    let old = read(&tiny()).expect("the fixture loads");
    let mut document = tiny();
    document["clocks"][0]["within_minutes"] = json!(60);
    document["steps"][0]["fields"].as_array_mut().expect("fields").pop();
    document["steps"][4]["title"] = json!({"en": "Report in writing", "es": "Reporte por escrito"});
    let new = read(&document).expect("it loads");
    let changes = diff(&old, &new);
    let said: Vec<String> =
        changes.iter().map(|change| change_sentence(change, &old, &new, Language::En)).collect();
    assert_eq!(said.len(), 3, "{said:#?}");
    assert!(said[0].contains("no longer asks"), "{}", said[0]);
    assert!(said[1].contains("is now called “Report in writing”"), "{}", said[1]);
    assert!(said[2].contains("1 hour") && said[2].contains("before: "), "{}", said[2]);
    let weights: Vec<Weight> = changes.iter().map(Change::weight).collect();
    assert_eq!(weights, [Weight::Duty, Weight::Wording, Weight::Duty]);
    assert!(matches!(&changes[1], Change::Step { what: StepChange::Title(_), .. }));
}

//! The published schema names what the loader reads, and the loader reads what the schema names.

use std::collections::BTreeSet;

use firsthours_core::protocol::FaultKind;
use serde_json::{Value as Json, json};

use super::{load_json, tiny_json};

const SCHEMA: &str = include_str!("../../protocols/definition.schema.json");

/// An object of the fixture, and the part of the schema that describes it.
const OBJECTS: [(&str, &str); 18] = [
    ("", ""),
    ("/calendars/0", "/$defs/calendar"),
    ("/partners/0", "/$defs/partner"),
    ("/partners/1/unavailable/0", "/$defs/option"),
    ("/steps/0", "/$defs/step"),
    ("/steps/0/fields/0", "/$defs/field"),
    ("/steps/0/basis/0", "/$defs/basis"),
    ("/steps/1/partner", "/$defs/partner_step"),
    ("/steps/1/applies", "/$defs/condition"),
    ("/steps/1/applies/answer", "/$defs/answer"),
    ("/steps/3/applies/all/0/not/step", "/$defs/step_state"),
    ("/clocks/0", "/$defs/clock"),
    ("/clocks/0/from", "/$defs/anchor"),
    ("/clocks/1/within_days", "/$defs/within_days"),
    ("/clocks/3/before", "/$defs/field_ref"),
    ("/sheets/0", "/$defs/sheet"),
    ("/sheets/0/sections/0", "/$defs/sheet_section"),
    ("/sheets/0/sections/0/rows/1", "/$defs/sheet_row"),
];

fn schema() -> Json {
    serde_json::from_str(SCHEMA).expect("the schema is JSON")
}

#[test]
fn loader_and_schema_know_the_same_names() {
    let schema = schema();
    for (place, part) in OBJECTS {
        let mut document = tiny_json();
        document.pointer_mut(place).expect(place)["mistyped"] = json!(1);
        let faults = load_json(&document).expect_err(place).0;
        let read = faults.into_iter().find_map(|fault| match fault.what {
            FaultKind::UnknownKey { expected } => Some(expected),
            _ => None,
        });
        let read: BTreeSet<&str> = read.expect("a mistyped name is a fault").into_iter().collect();
        let described = schema.pointer(part).and_then(|part| part["properties"].as_object()).expect(part);
        assert_eq!(read, described.keys().map(String::as_str).collect(), "{place} and {part}");
    }
}

#[test]
fn loader_and_schema_need_the_same_names() {
    let schema = schema();
    for (place, part) in OBJECTS {
        let needed = schema.pointer(part).and_then(|part| part["required"].as_array());
        let needed: BTreeSet<&str> = needed.into_iter().flatten().filter_map(Json::as_str).collect();
        let object = tiny_json().pointer(place).cloned().expect(place);
        for name in object.as_object().expect(place).keys() {
            let mut document = tiny_json();
            document
                .pointer_mut(place)
                .and_then(Json::as_object_mut)
                .and_then(|map| map.remove(name))
                .expect(name);
            let missing = load_json(&document)
                .err()
                .is_some_and(|faults| faults.0.iter().any(|fault| fault.what == FaultKind::Missing));
            assert_eq!(missing, needed.contains(name.as_str()), "{name} of {place}");
        }
    }
}

#[test]
fn every_part_of_the_schema_refuses_what_it_does_not_know() {
    let schema = schema();
    for (_, part) in OBJECTS {
        let part = schema.pointer(part).expect(part);
        assert_eq!(part["additionalProperties"], json!(false));
        assert!(part["description"].is_string());
    }
}

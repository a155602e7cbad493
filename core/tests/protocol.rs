//! Protocol definitions: what loads, what is refused and where, and what conditions and clocks mean.

mod book;
mod clocks;
mod conditions;
mod faults;
mod mutations;
mod schema;
mod sound;

use firsthours_core::protocol::{
    Comes, Definition, FieldKind, JsonFault, MAX_BYTES, Occurrence, PartnerStep, fingerprint, load,
};
use firsthours_core::protocol::{Condition, Fault, FaultKind, Faults};
use serde_json::Value as Json;

/// A definition of five steps that uses every construct once.
const TINY: &[u8] = include_bytes!("fixtures/protocol/tiny.json");

fn tiny() -> Definition {
    load(TINY).expect("the fixture is a valid definition")
}

fn tiny_json() -> Json {
    serde_json::from_slice(TINY).expect("the fixture is JSON")
}

fn load_json(document: &Json) -> Result<Definition, Faults> {
    load(&serde_json::to_vec(document).expect("a JSON value can be written"))
}

#[test]
fn a_definition_is_known_by_the_hash_of_its_bytes() {
    let golden = "550568b98ff6828d33e203d402937f280e9840558952805f02a5f1f77ae3a98f";
    assert_eq!(fingerprint(TINY), golden);
    let mut changed = TINY.to_vec();
    changed.push(b'\n');
    assert_ne!(fingerprint(&changed), golden);
    assert!(load(&changed).is_ok(), "a line break changes the fingerprint, not the meaning");
}

#[test]
fn a_definition_is_read_whole() {
    let tiny = tiny();
    assert_eq!(
        (tiny.id.as_str(), tiny.version, tiny.steps.len(), tiny.clocks.len()),
        ("tiny-county", 1, 5, 4)
    );
    assert_eq!(tiny.title.get("es"), "Protocolo pequeño");
    assert_eq!(tiny.title.get("fr"), "Tiny protocol");
    let contact = tiny.step("contact").expect("contact");
    assert!(contact.fixed && contact.urgent && contact.required && !contact.repeats);
    let others = contact.field("others").expect("others");
    assert_eq!((others.kind, others.limits.min, others.limits.max), (FieldKind::Count, Some(0), Some(50)));
    let say = tiny.step("advocate_call").and_then(|step| step.say.as_ref()).expect("something to say");
    assert_eq!(say.get("vi"), "Có người đến chỉ vì em.");
}

#[test]
fn a_call_has_its_own_fields_before_those_of_the_document() {
    let tiny = tiny();
    let ids = |step: &str| -> Vec<String> {
        tiny.step(step).expect("a step").fields.iter().map(|field| field.id.clone()).collect()
    };
    let mut expected: Vec<String> = PartnerStep::FIELDS.map(str::to_owned).into();
    expected.push("name".to_owned());
    assert_eq!(ids("advocate_call"), expected);
    assert_eq!(ids("hotline_call"), &PartnerStep::FIELDS[..4]);

    let call = tiny.step("advocate_call").expect("a step");
    assert_eq!(call.partner.as_ref().map(|partner| partner.comes), Some(Comes::Yes));
    let options = |field: &str| -> Vec<String> {
        call.field(field).expect("a field").options.iter().map(|option| option.id.clone()).collect()
    };
    assert_eq!(options("channel"), ["telephone", "radio"]);
    assert_eq!(options("outcome"), PartnerStep::OUTCOMES);
    assert_eq!(options("unavailable_because"), ["no_one_free"]);
    let required: Vec<&str> =
        call.fields.iter().filter(|field| field.required).map(|field| field.id.as_str()).collect();
    assert_eq!(required, ["called_at", "outcome"]);
    assert!(call.fields[..6].iter().all(|field| field.title.is_empty()));
}

#[test]
fn steps_come_after_all_that_they_read() {
    let mut document = tiny_json();
    let steps = document["steps"].as_array_mut().expect("steps");
    steps.reverse();
    let reversed = load_json(&document).expect("the order of steps is free");
    let names: Vec<&str> = reversed.order.iter().map(|&index| reversed.steps[index].id.as_str()).collect();
    assert_eq!(names, ["contact", "hotline_call", "advocate_call", "absence", "report"]);
    assert_eq!(tiny().order, [0, 1, 2, 3, 4]);
}

#[test]
fn where_of_was_left_out_it_says_what_it_comes_to() {
    let tiny = tiny();
    let of = |condition: Option<&Condition>| match condition {
        Some(Condition::Answer { of, .. }) => *of,
        other => panic!("an answer was expected, not {other:?}"),
    };
    let contact = tiny.step("contact").expect("contact");
    let hurt_note = contact.field("hurt_note").and_then(|field| field.applies.as_ref());
    assert_eq!(of(hurt_note), Occurrence::Same, "within its own step");
    let applies = tiny.step("advocate_call").and_then(|step| step.applies.as_ref());
    assert_eq!(of(applies), Occurrence::First, "over a step that does not repeat");
    assert_eq!(of(tiny.step("absence").and_then(|step| step.done_when.as_ref())), Occurrence::Any);
}

#[test]
fn a_document_ends_at_its_greatest_size() {
    let mut padded = TINY.to_vec();
    padded.resize(MAX_BYTES, b' ');
    assert!(load(&padded).is_ok());
    padded.push(b' ');
    let refused = load(&padded).expect_err("one byte too many");
    let what = FaultKind::TooLarge { bytes: MAX_BYTES + 1, max: MAX_BYTES };
    assert_eq!(refused, Faults(vec![Fault { path: "$".into(), what }]));
}

#[test]
fn what_is_not_strict_json_is_no_definition() {
    let twice = String::from_utf8_lossy(TINY).replacen("\"version\": 1", "\"version\": 1, \"version\": 2", 1);
    let refused = load(twice.as_bytes()).expect_err("one name twice");
    let json = JsonFault::DuplicateKey { path: "$.version".into() };
    assert_eq!(refused, Faults(vec![Fault { path: "$.version".into(), what: FaultKind::Json(json) }]));
    assert!(matches!(&load(b"{").expect_err("half a document").0[..], [Fault { path, .. }] if path == "$"));
}

//! Every fault that a definition can have, at its exact place, and nothing beside it.

use std::collections::BTreeSet;

use firsthours_core::protocol::{FaultKind, Faults, FieldKind, JsonFault, MAX_BYTES, Shape, load};
use serde_json::{Value as Json, json};

use super::{load_json, tiny_json};

/// A change of the fixture, and every fault that it must cause.
type Case = (&'static str, fn(&mut Json), Vec<(&'static str, FaultKind)>);

fn text(en: &str) -> Json {
    json!({"en": en, "es": en})
}

fn remove(document: &mut Json, place: &str, name: &str) {
    document
        .pointer_mut(place)
        .and_then(Json::as_object_mut)
        .and_then(|map| map.remove(name))
        .expect("a name");
}

/// A step of contact alone, so that nothing else depends on what is changed.
fn alone(document: &mut Json) {
    document["steps"].as_array_mut().expect("steps").truncate(1);
    document["clocks"] = json!([]);
    document["sheets"] = json!([]);
}

fn ask(step: &str, field: &str) -> Json {
    json!({"answer": {"step": step, "field": field, "answered": true}})
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

fn cases() -> Vec<Case> {
    let mut cases = shape_cases();
    cases.extend(word_cases());
    cases.extend(name_cases());
    cases.extend(condition_cases());
    cases.extend(step_cases());
    cases.extend(clock_cases());
    cases
}

fn shape_cases() -> Vec<Case> {
    vec![
        ("a name is missing", |d| remove(d, "/steps/1", "why"), vec![("$.steps[1].why", FaultKind::Missing)]),
        (
            "a name is mistyped",
            |d| d["steps"][0]["basis"][0]["adress"] = json!("x"),
            vec![(
                "$.steps[0].basis[0].adress",
                FaultKind::UnknownKey { expected: vec!["address", "source", "state"] },
            )],
        ),
        (
            "a text stands where a list belongs",
            |d| d["clocks"] = json!("none"),
            vec![("$.clocks", FaultKind::WrongShape { expected: Shape::List, found: Shape::Text })],
        ),
        (
            "null stands for something left out",
            |d| d["supersedes"] = Json::Null,
            vec![("$.supersedes", FaultKind::WrongShape { expected: Shape::Text, found: Shape::Null })],
        ),
        (
            "an unknown word",
            |d| d["steps"][4]["phase"] = json!("later"),
            vec![(
                "$.steps[4].phase",
                FaultKind::NotOneOf {
                    found: "later".into(),
                    expected: vec!["scene", "follow_up", "outcome"],
                },
            )],
        ),
        (
            "two deadlines",
            |d| d["clocks"][0]["within_days"] = json!({"n": 1, "calendar": "court_days"}),
            vec![(
                "$.clocks[0]",
                FaultKind::ExactlyOne { of: vec!["within_minutes", "within_days", "before"] },
            )],
        ),
        (
            "no steps",
            |d| {
                alone(d);
                d["steps"] = json!([]);
            },
            vec![("$.steps", FaultKind::Empty)],
        ),
        ("an empty text", |d| d["title"]["es"] = json!(" "), vec![("$.title.es", FaultKind::Empty)]),
        (
            "too many languages",
            |d| d["languages"] = json!(vec!["en"; 21]),
            vec![("$.languages", FaultKind::TooMany { found: 21, max: 20 })],
        ),
        (
            "a weekday twice",
            |d| d["calendars"][0]["closed_weekdays"] = json!([7, 6, 7]),
            vec![("$.calendars[0].closed_weekdays[2]", FaultKind::Twice)],
        ),
        (
            "a duration of nothing",
            |d| d["clocks"][0]["within_minutes"] = json!(0),
            vec![("$.clocks[0].within_minutes", FaultKind::OutOfRange { found: 0, min: 1, max: 5_256_000 })],
        ),
        (
            "a deadline of no days",
            |d| d["clocks"][1]["within_days"]["n"] = json!(0),
            vec![("$.clocks[1].within_days.n", FaultKind::OutOfRange { found: 0, min: 1, max: 3_650 })],
        ),
        (
            "a text too long to read",
            |d| d["title"]["en"] = json!("x".repeat(4_001)),
            vec![("$.title.en", FaultKind::TooLong { found: 4_001, max: 4_000 })],
        ),
        (
            "a text with a bell",
            |d| d["title"]["en"] = json!("ding\u{7}"),
            vec![("$.title.en", FaultKind::ControlCharacter)],
        ),
    ]
}

fn word_cases() -> Vec<Case> {
    vec![
        (
            "not a language",
            |d| d["languages"] = json!(["en", "es", "English"]),
            vec![("$.languages[2]", FaultKind::NotALanguage { found: "English".into() })],
        ),
        ("no English", |d| d["languages"] = json!(["es"]), vec![("$.languages", FaultKind::NoEnglish)]),
        (
            "a language is missing",
            |d| remove(d, "/steps/0/fields/1/options/0/title", "es"),
            vec![(
                "$.steps[0].fields[1].options[0].title.es",
                FaultKind::MissingLanguage { language: "es".into() },
            )],
        ),
        (
            "a language is missing in what is said",
            |d| remove(d, "/steps/1/say", "en"),
            vec![("$.steps[1].say.en", FaultKind::MissingLanguage { language: "en".into() })],
        ),
        (
            "a language too many",
            |d| d["changes"]["fr"] = json!("Rien."),
            vec![("$.changes.fr", FaultKind::ExtraLanguage { language: "fr".into() })],
        ),
        (
            "a day that does not exist",
            |d| d["effective"] = json!("2026-02-30"),
            vec![("$.effective", FaultKind::NotADate { found: "2026-02-30".into() })],
        ),
        (
            "a zone that does not exist",
            |d| d["time_zone"] = json!("America/Nowhere"),
            vec![("$.time_zone", FaultKind::NoSuchTimeZone { found: "America/Nowhere".into() })],
        ),
        (
            "no fingerprint",
            |d| d["supersedes"] = json!("version 0"),
            vec![("$.supersedes", FaultKind::NotAFingerprint)],
        ),
        (
            "no day counts",
            |d| d["calendars"][0]["closed_weekdays"] = json!([1, 2, 3, 4, 5, 6, 7]),
            vec![("$.calendars[0].closed_weekdays", FaultKind::NoDayCounts)],
        ),
        (
            "options of a flag",
            |d| d["steps"][0]["fields"][3]["options"] = json!([{"id": "yes", "title": text("Yes")}]),
            vec![("$.steps[0].fields[3].options", FaultKind::NotForKind { kind: FieldKind::Flag })],
        ),
        (
            "a least above the greatest",
            |d| d["steps"][0]["fields"][5]["min"] = json!(51),
            vec![("$.steps[0].fields[5].min", FaultKind::MinAboveMax { min: 51, max: 50 })],
        ),
        (
            "a limit wider than the kind's",
            |d| d["steps"][0]["fields"][7]["max_chars"] = json!(65),
            vec![("$.steps[0].fields[7].max_chars", FaultKind::OutOfRange { found: 65, min: 1, max: 64 })],
        ),
    ]
}

fn name_cases() -> Vec<Case> {
    vec![
        (
            "an id with a capital",
            |d| d["partners"][0]["id"] = json!("Hotline"),
            vec![
                ("$.partners[0].id", FaultKind::NotAnId { found: "Hotline".into() }),
                // Its call names another partner now, but which one was meant cannot be told.
            ],
        ),
        (
            "an id too long",
            |d| d["clocks"][0]["id"] = json!("a".repeat(41)),
            vec![("$.clocks[0].id", FaultKind::NotAnId { found: "a".repeat(41) })],
        ),
        (
            "an id twice",
            |d| d["clocks"][1]["id"] = json!("advocate_here"),
            vec![("$.clocks[1].id", FaultKind::DuplicateId { id: "advocate_here".into() })],
        ),
        (
            "a field that every call has",
            |d| {
                d["steps"][2]["fields"] =
                    json!([{"id": "arrived_at", "title": text("When"), "kind": "moment"}]);
            },
            vec![("$.steps[2].fields[0].id", FaultKind::CallField { id: "arrived_at".into() })],
        ),
        (
            "an unknown step",
            |d| d["clocks"][0]["met_by"] = json!({"step": {"id": "advocat_call", "is": "done"}}),
            vec![("$.clocks[0].met_by.step.id", FaultKind::NoSuchStep { step: "advocat_call".into() })],
        ),
        (
            "an unnamed step",
            |d| d["clocks"][3]["before"]["step"] = json!(""),
            vec![("$.clocks[3].before.step", FaultKind::NoSuchStep { step: String::new() })],
        ),
        (
            "an unknown field",
            |d| d["steps"][1]["applies"] = json!({"not": ask("contact", "color")}),
            vec![(
                "$.steps[1].applies.not.answer.field",
                FaultKind::NoSuchField { step: "contact".into(), field: "color".into() },
            )],
        ),
        (
            "an unknown option",
            |d| d["steps"][2]["applies"]["any"][0]["answer"]["is_not"] = json!("unsure"),
            vec![(
                "$.steps[2].applies.any[0].answer.is_not",
                FaultKind::NoSuchOption { field: "status".into(), option: "unsure".into() },
            )],
        ),
        (
            "an unknown partner",
            |d| d["steps"][2]["partner"]["id"] = json!("nobody"),
            vec![("$.steps[2].partner.id", FaultKind::NoSuchPartner { partner: "nobody".into() })],
        ),
        (
            "an unknown calendar",
            |d| d["clocks"][1]["within_days"]["calendar"] = json!("moons"),
            vec![(
                "$.clocks[1].within_days.calendar",
                FaultKind::NoSuchCalendar { calendar: "moons".into() },
            )],
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "one table")]
fn condition_cases() -> Vec<Case> {
    vec![
        (
            "a moment is something",
            |d| d["steps"][1]["applies"] = json!({"answer": {"step": "contact", "field": "at", "is": 5}}),
            vec![(
                "$.steps[1].applies.answer.is",
                FaultKind::WrongTest { test: "is", field: "at".into(), kind: FieldKind::Moment },
            )],
        ),
        (
            "a text is at least",
            |d| {
                d["steps"][1]["applies"] =
                    json!({"answer": {"step": "contact", "field": "place", "at_least": 5}});
            },
            vec![(
                "$.steps[1].applies.answer.at_least",
                FaultKind::WrongTest { test: "at_least", field: "place".into(), kind: FieldKind::Text },
            )],
        ),
        (
            "a flag is a text",
            |d| d["steps"][0]["fields"][4]["applies"]["answer"]["is"] = json!("yes"),
            vec![(
                "$.steps[0].fields[4].applies.answer.is",
                FaultKind::WrongShape { expected: Shape::Flag, found: Shape::Text },
            )],
        ),
        (
            "answered is false",
            |d| d["clocks"][0]["excused_by"]["answer"]["answered"] = json!(false),
            vec![("$.clocks[0].excused_by.answer.answered", FaultKind::AnsweredFalse)],
        ),
        (
            "same, but of which entry",
            |d| d["steps"][1]["applies"]["answer"]["of"] = json!("same"),
            vec![("$.steps[1].applies.answer.of", FaultKind::SameOutside)],
        ),
        (
            "every, where one entry is judged",
            |d| d["clocks"][2]["met_by"]["answer"]["of"] = json!("every"),
            vec![("$.clocks[2].met_by.answer.of", FaultKind::SameExpected)],
        ),
        (
            "a shared step of somebody else's",
            |d| d["steps"][4]["shared"] = json!(true),
            vec![("$.steps[4].shared", FaultKind::SharedNotDeputys)],
        ),
        (
            "rows of a sheet that tell what is nowhere",
            |d| {
                d["sheets"][0]["sections"][0]["rows"] = json!([
                    {"title": text("No such step"), "step": "nowhere"},
                    {"title": text("No such field"), "step": "contact", "field": "nothing"},
                    {"title": text("A field of no step"), "field": "at"},
                ]);
            },
            vec![
                ("$.sheets[0].sections[0].rows[2].step", FaultKind::Missing),
                ("$.sheets[0].sections[0].rows[0].step", FaultKind::NoSuchStep { step: "nowhere".into() }),
                (
                    "$.sheets[0].sections[0].rows[1].field",
                    FaultKind::NoSuchField { step: "contact".into(), field: "nothing".into() },
                ),
            ],
        ),
        (
            "a sheet without sections, and a section without rows",
            |d| {
                let mut bare = d["sheets"][0].clone();
                bare["id"] = json!("bare");
                bare["sections"] = json!([]);
                d["sheets"][0]["sections"][0]["rows"] = json!([]);
                d["sheets"].as_array_mut().expect("sheets").push(bare);
            },
            vec![
                ("$.sheets[0].sections[0].rows", FaultKind::Empty),
                ("$.sheets[1].sections", FaultKind::Empty),
            ],
        ),
        (
            "a field that asks for one below",
            |d| d["steps"][0]["fields"][2]["applies"] = ask("contact", "hurt"),
            vec![(
                "$.steps[0].fields[2].applies.answer.field",
                FaultKind::NotAnEarlierField { field: "hurt".into() },
            )],
        ),
        (
            "steps that wait for one another",
            |d| d["steps"][1]["applies"] = ask("report", "sent_at"),
            vec![("$.steps[1]", FaultKind::Cycle { through: ids(&["advocate_call", "absence", "report"]) })],
        ),
        (
            "a step that waits for itself",
            |d| d["steps"][4]["done_when"] = json!({"step": {"id": "report", "is": "done"}}),
            vec![("$.steps[4]", FaultKind::Cycle { through: ids(&["report"]) })],
        ),
        (
            "two answers to one question, and all that follows",
            |d| {
                let status = |is: &str| json!({"answer": {"step": "contact", "field": "status", "is": is}});
                d["steps"][1]["applies"] =
                    json!({"all": [status("suspected"), {"all": [status("not_suspected")]}]});
                d["steps"][3]["applies"] = json!({"step": {"id": "advocate_call", "is": "done"}});
            },
            vec![
                ("$.steps[1].applies", FaultKind::Unreachable),
                ("$.steps[3].applies", FaultKind::Unreachable),
                ("$.steps[4].applies", FaultKind::Unreachable),
                ("$.clocks[0].met_by", FaultKind::NeverTrue),
                ("$.clocks[0].excused_by", FaultKind::NeverTrue),
                ("$.clocks[1].met_by", FaultKind::NeverTrue),
            ],
        ),
        (
            "a question and its opposite",
            |d| {
                d["clocks"][0]["applies"] =
                    json!({"all": [ask("contact", "at"), {"not": ask("contact", "at")}]});
            },
            vec![("$.clocks[0].applies", FaultKind::NeverTrue)],
        ),
        (
            "a fixed step is never cannot",
            |d| d["clocks"][0]["excused_by"] = json!({"step": {"id": "contact", "is": "cannot"}}),
            vec![("$.clocks[0].excused_by", FaultKind::NeverTrue)],
        ),
    ]
}

fn step_cases() -> Vec<Case> {
    vec![
        (
            "a step of nothing",
            |d| {
                alone(d);
                d["steps"][0]["fields"] = json!([]);
            },
            vec![("$.steps[0]", FaultKind::NoFields)],
        ),
        (
            "nothing is required",
            |d| d["steps"][4]["fields"][0]["required"] = json!(false),
            vec![("$.steps[4]", FaultKind::NothingRequired)],
        ),
        (
            "fixed, with reasons why not",
            |d| d["steps"][0]["cannot_reasons"] = json!([{"id": "no", "title": text("No")}]),
            vec![("$.steps[0].cannot_reasons", FaultKind::FixedWithReasons)],
        ),
        (
            "no reasons why not",
            |d| d["steps"][4]["cannot_reasons"] = json!([]),
            vec![("$.steps[4].cannot_reasons", FaultKind::NoCannotReasons)],
        ),
        (
            "a call that says when it is done",
            |d| d["steps"][1]["done_when"] = ask("contact", "at"),
            vec![("$.steps[1].done_when", FaultKind::CallDoneWhen)],
        ),
        (
            "a partner who comes and has no reasons",
            |d| d["steps"][2]["partner"]["comes"] = json!(true),
            vec![("$.steps[2].partner", FaultKind::NoUnavailableReasons { partner: "hotline".into() })],
        ),
    ]
}

fn clock_cases() -> Vec<Case> {
    vec![
        (
            "a clock from a choice",
            |d| d["clocks"][0]["from"]["field"] = json!("status"),
            vec![(
                "$.clocks[0].from.field",
                FaultKind::NotAMoment { field: "status".into(), kind: FieldKind::Choice },
            )],
        ),
        (
            "met at no time",
            |d| remove(d, "/clocks/0", "met_at"),
            vec![("$.clocks[0].met_at", FaultKind::NoMetAt)],
        ),
        (
            "each of another step",
            |d| d["clocks"][2]["met_at"][0] = json!({"step": "contact", "field": "at", "of": "each"}),
            vec![("$.clocks[2].met_at[0].of", FaultKind::EachElsewhere)],
        ),
        (
            "before it began",
            |d| d["clocks"][3]["before"] = json!({"step": "contact", "field": "at"}),
            vec![("$.clocks[3].before", FaultKind::BeforeItself)],
        ),
    ]
}

fn listed(refused: Faults) -> Vec<(String, FaultKind)> {
    refused.0.into_iter().map(|fault| (fault.path, fault.what)).collect()
}

fn expected(faults: &[(&str, FaultKind)]) -> Vec<(String, FaultKind)> {
    faults.iter().map(|(path, what)| ((*path).to_owned(), what.clone())).collect()
}

#[test]
fn each_fault_is_listed_at_its_place_and_nothing_beside_it() {
    for (name, change, faults) in cases() {
        let mut document = tiny_json();
        change(&mut document);
        let refused = load_json(&document).expect_err(name);
        assert_eq!(listed(refused), expected(&faults), "{name}");
    }
}

#[test]
fn every_kind_of_fault_is_caused_by_a_case() {
    let mut caused: BTreeSet<String> =
        cases().iter().flat_map(|(_, _, faults)| faults).map(|(_, what)| name_of(what)).collect();
    // Tested where the document is not JSON at all, in `protocol.rs`.
    caused.insert(name_of(&FaultKind::TooLarge { bytes: 0, max: MAX_BYTES }));
    caused.insert(name_of(&FaultKind::Json(JsonFault::NotUtf8)));
    assert_eq!(caused, names_in_source());
}

fn name_of(what: &FaultKind) -> String {
    format!("{what:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// The variants as they stand in the source, so that a new one without a case is noticed.
fn names_in_source() -> BTreeSet<String> {
    let source = include_str!("../../src/protocol/fault.rs");
    let (_, from_enum) = source.split_once("pub enum FaultKind {").expect("the enum");
    let (body, _) = from_enum.split_once("\n}").expect("its end");
    body.lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()))
        .map(|line| line.chars().take_while(char::is_ascii_alphanumeric).collect())
        .collect()
}

#[test]
fn several_faults_are_listed_in_one_go_whatever_their_sort() {
    let mut document = tiny_json();
    document["titel"] = text("Mistyped");
    document["time_zone"] = json!("Mars");
    document["steps"][1]["id"] = json!(7);
    document["steps"][2]["applies"] = json!({"al": []});
    document["steps"][4]["cannot_reasons"] = json!([]);
    document["clocks"][1]["from"]["field"] = json!("nowhere");
    remove(&mut document, "/clocks/3", "before");
    let paths: Vec<String> =
        load_json(&document).expect_err("many faults").0.into_iter().map(|fault| fault.path).collect();
    // Those that name the step whose id cannot be read are not listed: nobody can tell whether they are right.
    let expected = [
        "$.time_zone",
        "$.steps[1].id",
        "$.steps[2].applies.al",
        "$.clocks[3]",
        "$.titel",
        "$.steps[4].cannot_reasons",
        "$.clocks[1].from.field",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn faults_are_sentences_with_their_place() {
    let mut document = tiny_json();
    document["steps"][0]["by"] = json!("doctor");
    document["steps"][0]["fixed"] = json!("yes");
    let refused = load_json(&document).expect_err("two faults").to_string();
    let expected = "\
        $.steps[0].by: “doctor” is not known here; expected is one of: deputy, detective, supervisor, county\n\
        $.steps[0].fixed: true or false is expected here, not a text in quotation marks";
    assert_eq!(refused, expected);
}

#[test]
fn a_document_that_is_no_object_has_one_fault() {
    for document in ["[]", "null", "7", "\"protocol\""] {
        let faults = load(document.as_bytes()).expect_err(document).0;
        assert_eq!(faults.len(), 1, "{document}");
        assert_eq!(faults[0].path, "$");
    }
}

#[test]
fn ids_end_at_forty_characters() {
    let mut document = tiny_json();
    document["clocks"][0]["id"] = json!("a".repeat(40));
    assert!(load_json(&document).is_ok());
    document["id"] = json!("us-ca-tiny");
    assert!(load_json(&document).is_ok(), "the id of a protocol may have hyphens");
    document["clocks"][0]["id"] = json!("a-b");
    assert!(load_json(&document).is_err(), "other ids may not");
}

#[test]
fn a_condition_too_large_to_read_is_refused_once() {
    let mut document = tiny_json();
    let many = json!({"all": vec![ask("contact", "at"); 50]});
    document["clocks"][0]["applies"] = json!({"any": vec![many; 5]});
    let refused = load_json(&document).expect_err("250 questions");
    let what = FaultKind::TooMany { found: 250, max: 200 };
    assert_eq!(listed(refused), expected(&[("$.clocks[0].applies", what)]));
}

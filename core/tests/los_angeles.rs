//! The Los Angeles County protocol as shipped: it loads, it is whole, and its words are fit for the street.

use std::collections::BTreeSet;

use firsthours_core::protocol::{
    Anchor, AnchorOf, AnswerIs, Author, Clock, Condition, Deadline, Definition, FieldClass, FieldKind,
    Occurrence, Phase, load,
};
use serde_json::Value as Json;

const DOCUMENT: &[u8] = include_bytes!("../protocols/us-ca-los-angeles.json");

const STEPS: [&str; 20] = [
    "contact",
    "safety_medical",
    "indicators",
    "suspicion",
    "no_arrest",
    "custody_basis",
    "hotline_call",
    "advocate_call",
    "probation_check",
    "station_limit",
    "parent_notice",
    "advocate_right",
    "partners_arrive",
    "placement",
    "handover",
    "scar_written",
    "followup_72",
    "absence",
    "endorsement",
    "closing_review",
];

/// Words that put the fault on the child or hide who did what. `suspected` is no `suspect`: whole words count.
const BLAMING: &str = "
    prostitute, prostitutes, prostituted, prostitution, hooker, ho, sex worker, escort,
    sex with a minor, sexual activity with, sexually active, turning tricks, working, pimp, boyfriend,
    daddy, john, johns, customer, customers, client, clients, subject, suspect, arrestee, perpetrator, child pornography, kiddie,
    in a relationship with, associating with, hanging out, herself at risk, himself at risk,
    themselves at risk, risky, poor choices, lifestyle, bad decisions, promiscuous, provocative,
    streetwise, in return for sex, chose, willingly, consented, voluntarily, uncooperative, refused,
    defiant, hard to reach, disengaged, awol, runaway, ran away, absconded, chronic runner,
    bottom girl, recruiter, stroll, blade, rescued, rescue, saved, historical abuse, illegal, claims,
    claimed, alleges, alleged, girl, girls,
    prostituta, prostitutas, prostituirse, prostitución, trabajadora sexual, acompañante,
    sexualmente activa, proxeneta, novio, cliente, clientes, sospechosa, sospechoso,
    conducta de riesgo, se puso en riesgo, promiscua, provocativa, malas decisiones, estilo de vida,
    eligió, consintió, voluntariamente, no coopera, no quiso cooperar, se negó, desafiante, fugada,
    fugado, se fugó, se escapó, rescatada, rescatado, rescatar, salvada, ilegal, alega, supuestamente,
    niña, niñas, chica, chicas, muchacha
";

fn definition() -> Definition {
    load(DOCUMENT).unwrap_or_else(|faults| panic!("the shipped protocol has faults:\n{faults}"))
}

fn document() -> Json {
    serde_json::from_slice(DOCUMENT).expect("the document is JSON")
}

/// Every text of the document with its place; a text is an object of languages.
fn texts(value: &Json, path: &str, found: &mut Vec<(String, Json)>) {
    match value {
        Json::Object(map) if map.contains_key("en") || map.contains_key("es") => {
            found.push((path.to_owned(), value.clone()));
        }
        Json::Object(map) => {
            for (name, value) in map {
                texts(value, &format!("{path}.{name}"), found);
            }
        }
        Json::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                texts(value, &format!("{path}[{index}]"), found);
            }
        }
        _ => {}
    }
}

fn all_texts() -> Vec<(String, Json)> {
    let mut found = Vec::new();
    texts(&document(), "$", &mut found);
    found
}

/// The blaming terms in a text, as whole words.
fn blaming(text: &str) -> Vec<&'static str> {
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let line = format!(" {} ", words.join(" "));
    BLAMING.split(',').map(str::trim).filter(|term| line.contains(&format!(" {term} "))).collect()
}

/// Sentences end with a full stop, a question mark or an exclamation mark before a space or the end.
fn sentences(text: &str) -> usize {
    let mut letters = text.trim().chars().peekable();
    let mut count = 0;
    while let Some(letter) = letters.next() {
        let ends = letters.peek().is_none_or(|next| next.is_whitespace());
        if ends && (matches!(letter, '.' | '!' | '?') || letters.peek().is_none()) {
            count += 1;
        }
    }
    count
}

fn clock<'d>(definition: &'d Definition, id: &str) -> &'d Clock {
    definition.clocks.iter().find(|clock| clock.id == id).unwrap_or_else(|| panic!("there is no clock {id}"))
}

/// Which constructs of a condition are used.
fn constructs(condition: &Condition, used: &mut BTreeSet<&'static str>) {
    match condition {
        Condition::All(terms) => {
            used.insert("all");
            for term in terms {
                constructs(term, used);
            }
        }
        Condition::Any(terms) => {
            used.insert("any");
            for term in terms {
                constructs(term, used);
            }
        }
        Condition::Not(inner) => {
            used.insert("not");
            constructs(inner, used);
        }
        Condition::Answer { test, of, .. } => {
            used.insert(match test {
                AnswerIs::Is(_) => "is",
                AnswerIs::IsNot(_) => "is_not",
                AnswerIs::AtLeast(_) => "at_least",
                AnswerIs::Answered => "answered",
            });
            if *of == Occurrence::Same {
                used.insert("same");
            }
        }
        Condition::Step { .. } => {
            used.insert("step");
        }
    }
}

#[test]
fn it_loads_without_a_fault_and_says_what_it_is() {
    let definition = definition();
    assert_eq!(definition.id, "us-ca-los-angeles");
    assert_eq!(definition.version, 1);
    assert_eq!(definition.time_zone, "America/Los_Angeles");
    assert_eq!(definition.languages, ["en", "es"]);
    assert_eq!(definition.effective, "2026-12-01");
    assert_eq!(definition.supersedes, None);
    assert_eq!(definition.order.len(), STEPS.len());
}

#[test]
fn its_steps_are_the_twenty_in_the_order_of_the_night() {
    let definition = definition();
    let ids: Vec<&str> = definition.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, STEPS);
}

#[test]
fn every_step_says_where_it_comes_from() {
    for step in &definition().steps {
        assert!(!step.basis.is_empty(), "{} has no basis", step.id);
        for basis in &step.basis {
            assert!(!basis.source.trim().is_empty(), "{} has a basis without a source", step.id);
            let address = basis.address.as_deref();
            assert!(
                address.is_none_or(|address| address.starts_with("https://")),
                "{}: {address:?}",
                step.id
            );
        }
    }
}

#[test]
fn every_text_is_whole_in_both_languages() {
    let texts = all_texts();
    assert!(texts.len() > 300, "only {} texts found", texts.len());
    for (path, text) in texts {
        let languages: Vec<&str> =
            text.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        assert_eq!(languages, ["en", "es"], "{path}");
        for language in languages {
            let words = text[language].as_str().unwrap_or_default();
            assert!(!words.is_empty() && words == words.trim(), "{path}.{language}: “{words}”");
        }
    }
}

#[test]
fn guidance_is_at_most_three_sentences() {
    for step in &definition().steps {
        for (language, text) in &step.guidance.0 {
            let count = sentences(text);
            assert!((1..=3).contains(&count), "{}.{language} has {count} sentences", step.id);
        }
    }
}

#[test]
fn no_text_blames_the_child() {
    for (path, text) in all_texts() {
        for (language, words) in text.as_object().into_iter().flatten() {
            let words = words.as_str().unwrap_or_default();
            assert_eq!(blaming(words), Vec::<&str>::new(), "{path}.{language}: “{words}”");
        }
    }
}

#[test]
fn the_checks_of_words_find_what_they_look_for() {
    assert_eq!(blaming("The Runaway was uncooperative."), ["uncooperative", "runaway"]);
    assert_eq!(blaming("Suspected; the hotline works, nobody chooses"), Vec::<&str>::new());
    assert_eq!(blaming("Se negó la niña"), ["se negó", "niña"]);
    assert_eq!(sentences("One. Two? Three! Penal Code 236.2 is four"), 4);
}

#[test]
fn what_is_said_to_the_child_is_there_where_a_child_must_be_told() {
    let definition = definition();
    for id in ["contact", "safety_medical", "advocate_right"] {
        let say = definition.step(id).and_then(|step| step.say.as_ref());
        assert!(say.is_some(), "{id} has nothing to say to the child");
    }
}

#[test]
fn only_three_steps_may_not_be_left_with_a_reason() {
    let definition = definition();
    let fixed: Vec<&str> =
        definition.steps.iter().filter(|step| step.fixed).map(|step| step.id.as_str()).collect();
    assert_eq!(fixed, ["contact", "suspicion", "no_arrest"]);
    for step in &definition.steps {
        assert_eq!(step.cannot_reasons.is_empty(), step.fixed, "{}", step.id);
    }
}

#[test]
fn each_step_has_its_phase_and_its_author() {
    let definition = definition();
    for step in &definition.steps {
        let expected = match step.id.as_str() {
            "scar_written" => (Phase::FollowUp, Author::Deputy),
            "followup_72" => (Phase::FollowUp, Author::County),
            "absence" => (Phase::Outcome, Author::County),
            "endorsement" => (Phase::Outcome, Author::Detective),
            "closing_review" => (Phase::Outcome, Author::Supervisor),
            _ => (Phase::Scene, Author::Deputy),
        };
        assert_eq!((step.phase, step.by), expected, "{}", step.id);
    }
}

#[test]
fn the_first_questions_take_one_tap_or_two() {
    let definition = definition();
    let step = definition.step("safety_medical").expect("it is among the steps");
    assert!(step.urgent);
    let always: Vec<&str> = step
        .fields
        .iter()
        .filter(|field| field.required && field.applies.is_none())
        .map(|field| field.id.as_str())
        .collect();
    assert_eq!(always, ["urgent_need"]);
}

#[test]
fn its_clocks_run_as_long_as_the_law_and_the_county_say() {
    let definition = definition();
    let minutes = [
        ("social_worker_90", "hotline_call", "called_at", 90),
        ("advocate_90", "hotline_call", "called_at", 90),
        ("calls_1h", "custody_basis", "taken_at", 60),
        ("station_6h", "station_limit", "arrived_at", 6 * 60),
        ("found_24h", "contact", "at", 24 * 60),
        ("scar_36", "suspicion", "decided_at", 36 * 60),
        ("followup_72", "contact", "at", 72 * 60),
        ("health_72", "contact", "at", 72 * 60),
        ("absence_entry_2h", "absence", "reported_at", 2 * 60),
        ("absence_attorney_24h", "absence", "known_at", 24 * 60),
    ];
    for (id, step, field, length) in minutes {
        let clock = clock(&definition, id);
        assert_eq!((clock.from.field.step.as_str(), clock.from.field.field.as_str()), (step, field), "{id}");
        assert_eq!(clock.deadline, Deadline::WithinMinutes(length), "{id}");
    }
    let days = [("petition_48", 2, "court_days"), ("endorsement_15", 15, "business_days")];
    for (id, n, calendar) in days {
        let expected = Deadline::WithinDays { n, calendar: calendar.to_owned() };
        assert_eq!(clock(&definition, id).deadline, expected, "{id}");
    }
    let Deadline::Before(field) = &clock(&definition, "advocate_right_first").deadline else {
        panic!("the rights come before a moment");
    };
    assert_eq!((field.step.as_str(), field.field.as_str()), ("advocate_right", "interview_at"));
    assert_eq!(definition.clocks.len(), minutes.len() + days.len() + 1);
}

#[test]
fn a_partner_who_cannot_come_excuses_the_ninety_minutes() {
    let definition = definition();
    for id in ["social_worker_90", "advocate_90"] {
        let clock = clock(&definition, id);
        assert!(clock.soft, "{id}");
        let Some(Condition::Answer { field, test: AnswerIs::Answered, .. }) = &clock.excused_by else {
            panic!("{id} is excused by an answer");
        };
        assert_eq!(field.field, "unavailable_because", "{id}");
    }
    let each: Vec<&Anchor> =
        definition.clocks.iter().map(|clock| &clock.from).filter(|from| from.of == AnchorOf::Each).collect();
    assert!(each.iter().all(|from| from.field.step == "absence"));
    assert_eq!(each.len(), 2);
}

#[test]
fn it_uses_every_construct_that_a_protocol_has() {
    let definition = definition();
    let kinds: BTreeSet<String> = definition
        .steps
        .iter()
        .flat_map(|step| &step.fields)
        .map(|field| format!("{:?}", field.kind))
        .collect();
    let all_kinds = [
        FieldKind::Choice,
        FieldKind::Choices,
        FieldKind::Flag,
        FieldKind::Moment,
        FieldKind::Count,
        FieldKind::Code,
        FieldKind::Text,
        FieldKind::Note,
    ];
    assert_eq!(kinds, all_kinds.iter().map(|kind| format!("{kind:?}")).collect());

    let mut used = BTreeSet::new();
    let steps = definition.steps.iter().flat_map(|step| step.applies.iter().chain(&step.done_when));
    let fields =
        definition.steps.iter().flat_map(|step| &step.fields).filter_map(|field| field.applies.as_ref());
    for condition in steps.chain(fields) {
        constructs(condition, &mut used);
    }
    let all = ["all", "any", "not", "is", "is_not", "at_least", "answered", "same", "step"];
    assert_eq!(used, all.into_iter().collect());
}

#[test]
fn what_is_kept_closest_is_marked_so() {
    let definition = definition();
    let class = |step: &str, field: &str| {
        definition.step(step).and_then(|step| step.field(field)).map(|field| field.class)
    };
    assert_eq!(class("contact", "address"), Some(FieldClass::Location));
    assert_eq!(class("safety_medical", "urgent_need"), Some(FieldClass::Health));
    assert_eq!(class("followup_72", "health"), Some(FieldClass::Health));
    assert_eq!(class("placement", "kind"), Some(FieldClass::Step));
    for step in &definition.steps {
        for field in step.fields.iter().filter(|field| field.kind == FieldKind::Note) {
            assert_eq!(field.class, FieldClass::Narrative, "{}.{}", step.id, field.id);
        }
    }
}

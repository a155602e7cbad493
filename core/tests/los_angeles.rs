//! The Los Angeles County protocol as shipped: its steps, its clocks, and who answers what. What every shipped protocol
//! must be is in `shipped.rs`.

use std::collections::BTreeSet;

use crate::support::los_angeles;
use firsthours_core::protocol::{
    AnchorOf, AnswerIs, Author, Clock, Comes, Condition, Deadline, FieldClass, FieldKind, Occurrence, Phase,
    RowSource,
};

/// The steps in the order of the night, with their phase and whose they are.
const STEPS: [(&str, Phase, Author); 36] = [
    ("contact", Phase::Scene, Author::Deputy),
    ("safety_medical", Phase::Scene, Author::Deputy),
    ("separate", Phase::Scene, Author::Deputy),
    ("age_basis", Phase::Scene, Author::Deputy),
    ("indicators", Phase::Scene, Author::Deputy),
    ("suspicion", Phase::Scene, Author::Deputy),
    ("no_arrest", Phase::Scene, Author::Deputy),
    ("custody_basis", Phase::Scene, Author::Deputy),
    ("basic_needs", Phase::Scene, Author::Deputy),
    ("unit_notify", Phase::Scene, Author::Deputy),
    ("hotline_call", Phase::Scene, Author::Deputy),
    ("advocate_call", Phase::Scene, Author::Deputy),
    ("probation_check", Phase::Scene, Author::Deputy),
    ("records_check", Phase::Scene, Author::Deputy),
    ("station_limit", Phase::Scene, Author::Deputy),
    ("keep_apart", Phase::Scene, Author::Deputy),
    ("parent_notice", Phase::Scene, Author::Deputy),
    ("advocate_right", Phase::Scene, Author::Deputy),
    ("name_notice", Phase::Scene, Author::Deputy),
    ("counsel", Phase::Scene, Author::Deputy),
    ("safety_facts", Phase::Scene, Author::Deputy),
    ("assault_exam", Phase::Scene, Author::Deputy),
    ("partners_arrive", Phase::Scene, Author::Deputy),
    ("transport", Phase::Scene, Author::Deputy),
    ("placement", Phase::Scene, Author::Deputy),
    ("handover", Phase::Scene, Author::Deputy),
    ("scar_written", Phase::FollowUp, Author::Deputy),
    ("incident_report", Phase::FollowUp, Author::Deputy),
    ("found_report", Phase::FollowUp, Author::Deputy),
    ("medical_clearance", Phase::FollowUp, Author::County),
    ("followup_72", Phase::FollowUp, Author::County),
    ("mdt", Phase::FollowUp, Author::County),
    ("absence", Phase::Outcome, Author::County),
    ("return_screen", Phase::Outcome, Author::County),
    ("endorsement", Phase::Outcome, Author::Detective),
    ("closing_review", Phase::Outcome, Author::Supervisor),
];

fn clock(id: &str) -> &'static Clock {
    let found = los_angeles().clocks.iter().find(|clock| clock.id == id);
    found.unwrap_or_else(|| panic!("there is no clock {id}"))
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
fn it_says_what_it_is() {
    let definition = los_angeles();
    assert_eq!(definition.id, "us-ca-los-angeles");
    assert_eq!(definition.version, 1);
    assert_eq!(definition.time_zone, "America/Los_Angeles");
    assert_eq!(definition.languages, ["en", "es"]);
    assert_eq!(definition.effective, "2026-12-01");
    assert_eq!(definition.supersedes, None);
    assert_eq!(definition.order.len(), STEPS.len());
}

#[test]
fn its_steps_are_the_thirty_six_in_the_order_of_the_night() {
    let steps: Vec<(&str, Phase, Author)> =
        los_angeles().steps.iter().map(|step| (step.id.as_str(), step.phase, step.by)).collect();
    assert_eq!(steps, STEPS);
}

#[test]
fn what_is_said_to_the_child_is_there_where_a_child_must_be_told() {
    for id in ["contact", "safety_medical", "advocate_right", "name_notice", "counsel"] {
        let say = los_angeles().step(id).and_then(|step| step.say.as_ref());
        assert!(say.is_some(), "{id} has nothing to say to the child");
    }
}

#[test]
fn only_three_steps_may_not_be_left_with_a_reason() {
    let steps = &los_angeles().steps;
    let fixed: Vec<&str> = steps.iter().filter(|step| step.fixed).map(|step| step.id.as_str()).collect();
    assert_eq!(fixed, ["contact", "suspicion", "no_arrest"]);
    for step in steps {
        assert_eq!(step.cannot_reasons.is_empty(), step.fixed, "{}", step.id);
    }
}

#[test]
fn what_presses_is_safety_and_the_two_calls() {
    let steps = &los_angeles().steps;
    let urgent: Vec<&str> = steps.iter().filter(|step| step.urgent).map(|step| step.id.as_str()).collect();
    assert_eq!(urgent, ["safety_medical", "separate", "unit_notify", "hotline_call"]);
}

#[test]
fn the_first_questions_take_one_tap_or_two() {
    for (id, field) in [("safety_medical", "urgent_need"), ("separate", "others")] {
        let step = los_angeles().step(id).expect("it is among the steps");
        let always: Vec<&str> = step
            .fields
            .iter()
            .filter(|field| field.required && field.applies.is_none())
            .map(|field| field.id.as_str())
            .collect();
        assert_eq!(always, [field], "{id}");
    }
}

#[test]
fn four_partners_are_called_and_two_of_them_come() {
    let calls: Vec<(&str, &str, Comes)> = los_angeles()
        .steps
        .iter()
        .filter_map(|step| {
            let call = step.partner.as_ref()?;
            Some((step.id.as_str(), call.id.as_str(), call.comes))
        })
        .collect();
    let expected = [
        ("unit_notify", "unit", Comes::No),
        ("hotline_call", "hotline", Comes::Yes),
        ("advocate_call", "advocate", Comes::Yes),
        ("probation_check", "probation", Comes::No),
    ];
    assert_eq!(calls, expected);
}

#[test]
fn its_clocks_run_as_long_as_the_law_and_the_county_say() {
    let minutes = [
        ("social_worker_90", "hotline_call", "called_at", 90),
        ("advocate_90", "hotline_call", "called_at", 90),
        ("calls_1h", "custody_basis", "taken_at", 60),
        ("snack_4h", "basic_needs", "last_meal_at", 4 * 60),
        ("parent_5h", "custody_basis", "taken_at", 5 * 60),
        ("station_6h", "station_limit", "arrived_at", 6 * 60),
        ("exam_96", "assault_exam", "assault_at", 96 * 60),
        ("found_24h", "contact", "at", 24 * 60),
        ("scar_36", "suspicion", "decided_at", 36 * 60),
        ("followup_72", "contact", "at", 72 * 60),
        ("health_72", "contact", "at", 72 * 60),
        ("absence_entry_2h", "absence", "reported_at", 2 * 60),
        ("absence_attorney_24h", "absence", "known_at", 24 * 60),
    ];
    for (id, step, field, length) in minutes {
        let clock = clock(id);
        assert_eq!((clock.from.field.step.as_str(), clock.from.field.field.as_str()), (step, field), "{id}");
        assert_eq!(clock.deadline, Deadline::WithinMinutes(length), "{id}");
    }
    let days = [("petition_48", 2, "court_days"), ("endorsement_15", 15, "business_days")];
    for (id, n, calendar) in days {
        let expected = Deadline::WithinDays { n, calendar: calendar.to_owned() };
        assert_eq!(clock(id).deadline, expected, "{id}");
    }
    let before = [
        ("advocate_right_first", "advocate_right", "interview_at"),
        ("name_first", "scar_written", "sent_at"),
        ("counsel_first", "counsel", "questions_at"),
    ];
    for (id, step, field) in before {
        let Deadline::Before(found) = &clock(id).deadline else { panic!("{id} comes before a moment") };
        assert_eq!((found.step.as_str(), found.field.as_str()), (step, field), "{id}");
    }
    assert_eq!(los_angeles().clocks.len(), minutes.len() + days.len() + before.len());
}

#[test]
fn a_partner_who_cannot_come_excuses_the_ninety_minutes() {
    for id in ["social_worker_90", "advocate_90"] {
        let clock = clock(id);
        assert!(clock.soft, "{id}");
        let excuse = clock.excused_by.as_ref().unwrap_or_else(|| panic!("{id} can be excused"));
        let reasons = match excuse {
            Condition::Any(reasons) => reasons.as_slice(),
            reason => std::slice::from_ref(reason),
        };
        let says_why = |reason: &Condition| {
            matches!(reason, Condition::Answer { field, test: AnswerIs::Answered, .. }
                if field.field == "unavailable_because")
        };
        assert!(reasons.iter().any(says_why), "{id} is excused by an answer");
    }
}

#[test]
fn each_absence_has_its_own_two_clocks() {
    let each: Vec<&str> = los_angeles()
        .clocks
        .iter()
        .filter(|clock| clock.from.of == AnchorOf::Each)
        .map(|clock| clock.from.field.step.as_str())
        .collect();
    assert_eq!(each, ["absence", "absence"]);
}

#[test]
fn it_uses_every_construct_that_a_protocol_has() {
    let steps = &los_angeles().steps;
    let kinds: BTreeSet<String> =
        steps.iter().flat_map(|step| &step.fields).map(|field| format!("{:?}", field.kind)).collect();
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
    let of_steps = steps.iter().flat_map(|step| step.applies.iter().chain(&step.done_when));
    let of_fields = steps.iter().flat_map(|step| &step.fields).filter_map(|field| field.applies.as_ref());
    for condition in of_steps.chain(of_fields) {
        constructs(condition, &mut used);
    }
    let all = ["all", "any", "not", "is", "is_not", "at_least", "answered", "same", "step"];
    assert_eq!(used, all.into_iter().collect());
}

#[test]
fn what_is_kept_closest_is_marked_so() {
    let class = |step: &str, field: &str| {
        los_angeles().step(step).and_then(|step| step.field(field)).map(|field| field.class)
    };
    assert_eq!(class("contact", "address"), Some(FieldClass::Location));
    assert_eq!(class("safety_medical", "urgent_need"), Some(FieldClass::Health));
    assert_eq!(class("assault_exam", "answer"), Some(FieldClass::Health));
    assert_eq!(class("medical_clearance", "health"), Some(FieldClass::Health));
    assert_eq!(class("handover", "received_by"), Some(FieldClass::Identity));
    assert_eq!(class("followup_72", "immigration_help"), Some(FieldClass::Identity));
    assert_eq!(class("placement", "kind"), Some(FieldClass::Step));
}

#[test]
fn the_sheet_for_the_advocate_holds_no_narrative_and_no_identity_of_the_child() {
    let sheet = los_angeles().sheets.iter().find(|sheet| sheet.id == "handover").expect("there is one");
    for row in sheet.sections.iter().flat_map(|section| &section.rows) {
        let RowSource::Field(told) = &row.from else { continue };
        let field = los_angeles().step(&told.step).and_then(|step| step.field(&told.field));
        let class = field.map(|field| field.class);
        let is_receiver = told.field == "received_by";
        let is_close =
            matches!(class, Some(FieldClass::Narrative | FieldClass::Identity | FieldClass::Location));
        assert!(is_receiver || !is_close, "{}.{} is on the sheet", told.step, told.field);
    }
}

//! An ordinary night, as a deputy records it: the acts of one record in order, with how many minutes pass between them.

use std::collections::BTreeMap;

use firsthours_core::app::{Act, AppError, FirstHours};
use firsthours_core::protocol::{Instant, Phase, Value};
use firsthours_core::record::EntryId;
use firsthours_core::view::EncounterView;

/// What a field is given.
#[derive(Debug, Clone, Copy)]
pub enum Given {
    /// The time of the tap.
    Now,
    /// So many minutes before it: done first, entered later.
    MinutesAgo(i64),
    Yes,
    No,
    One(&'static str),
    Some(&'static [&'static str]),
    Text(&'static str),
    Count(i64),
}

/// One tap of the script.
#[derive(Debug, Clone, Copy)]
pub struct Tap {
    /// Minutes since the tap before.
    pub after: i64,
    pub step: &'static str,
    pub fields: &'static [(&'static str, Given)],
}

const fn tap(after: i64, step: &'static str, fields: &'static [(&'static str, Given)]) -> Tap {
    Tap { after, step, fields }
}

/// The scene, from contact to hand-over: every required step of the deputy, in the order of a real night.
pub const SCENE: &[Tap] = &[
    tap(1, "contact", &[("at", Given::Now), ("how", Given::One("patrol")), ("place", Given::One("street"))]),
    tap(1, "safety_medical", &[("urgent_need", Given::No)]),
    tap(1, "separate", &[("others", Given::No)]),
    tap(1, "age_basis", &[("age", Given::One("age_13_to_15")), ("age_known_by", Given::One("stated"))]),
    tap(
        3,
        "indicators",
        &[
            ("trauma", Given::One("yes")),
            ("withdrawn", Given::One("yes")),
            ("no_freedom", Given::One("yes")),
            ("one_place", Given::One("not_observed")),
            ("debt", Given::One("not_observed")),
            ("security", Given::One("no")),
            ("papers", Given::One("not_observed")),
        ],
    ),
    tap(
        1,
        "suspicion",
        &[
            ("decided_at", Given::Now),
            ("status", Given::One("suspected")),
            ("reasons", Given::Some(&["place", "signs"])),
        ],
    ),
    tap(
        1,
        "unit_notify",
        &[
            ("called_at", Given::Now),
            ("channel", Given::One("radio")),
            ("outcome", Given::One("reached")),
            ("joins", Given::No),
        ],
    ),
    tap(
        2,
        "hotline_call",
        &[
            ("called_at", Given::MinutesAgo(1)),
            ("channel", Given::One("telephone")),
            ("outcome", Given::One("reached")),
            ("reference", Given::Text("SYN-0042")),
        ],
    ),
    tap(
        2,
        "advocate_call",
        &[
            ("called_at", Given::MinutesAgo(1)),
            ("channel", Given::One("telephone")),
            ("outcome", Given::One("reached")),
        ],
    ),
    tap(1, "no_arrest", &[("not_arrested", Given::Yes)]),
    tap(
        2,
        "custody_basis",
        &[("basis", Given::One("not_in_custody")), ("restraint", Given::No), ("station", Given::No)],
    ),
    tap(1, "basic_needs", &[("offered", Given::Some(&["food", "warmth", "water"]))]),
    tap(
        3,
        "probation_check",
        &[
            ("called_at", Given::Now),
            ("channel", Given::One("telephone")),
            ("outcome", Given::One("reached")),
            ("ward", Given::One("no")),
        ],
    ),
    tap(
        1,
        "records_check",
        &[
            ("missing_check", Given::One("not_missing")),
            ("court_check", Given::One("nothing_found")),
            ("home", Given::One("this_county")),
        ],
    ),
    tap(
        12,
        "advocate_right",
        &[
            ("told_at", Given::Now),
            ("how", Given::One("both")),
            ("language", Given::One("spanish")),
            ("advocate", Given::One("wanted")),
            ("support_person", Given::One("later")),
        ],
    ),
    tap(1, "name_notice", &[("told_at", Given::Now), ("name_kept", Given::One("asked"))]),
    tap(1, "assault_exam", &[("reported", Given::One("not_reported"))]),
    tap(31, "advocate_call", &[("arrived_at", Given::Now)]),
    tap(14, "hotline_call", &[("arrived_at", Given::Now)]),
    tap(9, "placement", &[("kind", Given::One("foster")), ("arranged_at", Given::Now)]),
    tap(
        4,
        "transport",
        &[
            ("moved", Given::Yes),
            ("by", Given::One("social_worker")),
            ("to", Given::One("placement")),
            ("started_at", Given::Now),
        ],
    ),
    tap(
        6,
        "handover",
        &[
            ("outcome", Given::One("handed_over")),
            ("at", Given::Now),
            ("to", Given::One("social_worker")),
            ("advocate_there", Given::Yes),
            ("received_by", Given::Text("Sam Example")),
            ("received_agency", Given::Text("Example County Child Welfare")),
            ("confirmed", Given::Yes),
        ],
    ),
];

/// Taps one row of the script. A second row for a call goes into the entry that is there: nothing is asked twice.
pub fn play(app: &FirstHours, encounter: &str, tap: &Tap, now: Instant) -> Result<EncounterView, AppError> {
    let view = app.encounter(encounter)?;
    let only_arrival = tap.fields.iter().all(|(field, _)| *field == "arrived_at");
    let entry = if only_arrival { entry_of(&view, tap.step) } else { None };
    let values =
        tap.fields.iter().map(|(field, given)| ((*field).to_owned(), Some(value(*given, now)))).collect();
    app.act(encounter, view.seen, Act::Answer { step: tap.step.to_owned(), entry, values, reason: None })
}

/// Answers one field.
pub fn answer(
    app: &FirstHours,
    encounter: &str,
    step: &str,
    field: &str,
    value: Value,
) -> Result<EncounterView, AppError> {
    let view = app.encounter(encounter)?;
    let values = BTreeMap::from([(field.to_owned(), Some(value))]);
    app.act(encounter, view.seen, Act::Answer { step: step.to_owned(), entry: None, values, reason: None })
}

/// Submits the scene.
pub fn submit(app: &FirstHours, encounter: &str) -> Result<EncounterView, AppError> {
    let view = app.encounter(encounter)?;
    app.act(encounter, view.seen, Act::Submit { phase: Phase::Scene })
}

fn entry_of(view: &EncounterView, step: &str) -> Option<EntryId> {
    let steps = view.sections.iter().flat_map(|section| &section.steps);
    let found = steps.filter(|found| found.id == step).flat_map(|found| &found.entries).next()?;
    found.id.parse().ok()
}

fn value(given: Given, now: Instant) -> Value {
    match given {
        Given::Now => Value::from(now),
        Given::MinutesAgo(minutes) => Value::from(now - minutes * 60_000),
        Given::Yes => Value::Flag(true),
        Given::No => Value::Flag(false),
        Given::One(text) | Given::Text(text) => Value::Text(text.to_owned()),
        Given::Some(options) => Value::List(options.iter().map(|option| (*option).to_owned()).collect()),
        Given::Count(count) => Value::Number(count),
    }
}

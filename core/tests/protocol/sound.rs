//! What must hold of every definition that was accepted, and that a record can be kept under it.

use std::collections::BTreeSet;

use firsthours_core::protocol::{
    AnchorOf, AnswerIs, Author, Clock, Condition, Deadline, Definition, FieldKind, FieldRef, Instant,
    Occurrence, RowSource, Step, Text, Value, read_clocks,
};
use firsthours_core::record::{PersonId, Role, State, derive, next_step, summarise};
use firsthours_core::view::{Context, NoNames, OnPhone, Reader, sheet, view};
use firsthours_core::words::Language;
use proptest::prelude::*;
use serde_json::Value as Json;

use super::book::Book;
use crate::random::Drawn;
use crate::random::naive::{self, Naive};
use crate::random::play::Play;
use crate::support::ENCOUNTER;

/// Whether a path names a place of the document, or one that is missing in a place of it.
pub(crate) fn is_place(path: &str, document: &Json) -> bool {
    let Some(mut rest) = path.strip_prefix('$') else { return false };
    let mut at = Some(document);
    while !rest.is_empty() {
        let Some(here) = at else { return false };
        let (name, after) = if let Some(quoted) = rest.strip_prefix("[\"") {
            // A name in quotation marks is written as Rust writes it, and shortened if it is long.
            let Some((name, after)) = quoted.split_once("\"]") else { return false };
            (quoted_name(name, here), after)
        } else if let Some(number) = rest.strip_prefix('[') {
            let Some((number, after)) = number.split_once(']') else { return false };
            let Ok(number) = number.parse::<usize>() else { return false };
            at = here.get(number);
            rest = after;
            continue;
        } else {
            let Some(name) = rest.strip_prefix('.') else { return false };
            let end = name.find(['.', '[']).unwrap_or(name.len());
            (Some(name[..end].to_owned()), &name[end..])
        };
        at = name.and_then(|name| here.get(name.as_str()));
        rest = after;
    }
    true
}

fn quoted_name(quoted: &str, of: &Json) -> Option<String> {
    let debug = |name: &str| format!("{name:?}");
    let names = of.as_object()?.keys();
    let start = quoted.trim_end_matches('…');
    names.into_iter().find(|name| debug(name).trim_matches('"').starts_with(start)).cloned()
}

/// Everything that is named exists, every text is there in every language, and steps come after what they read.
pub(crate) fn definition(definition: &Definition) -> Result<(), TestCaseError> {
    let count = definition.steps.len();
    let placed: BTreeSet<usize> = definition.order.iter().copied().collect();
    prop_assert_eq!((placed.len(), definition.order.len()), (count, count));
    prop_assert!(placed.iter().all(|index| *index < count));
    prop_assert!(definition.languages.iter().any(|language| language == "en"));
    let mut settled: BTreeSet<&str> = BTreeSet::new();
    for index in &definition.order {
        let step = &definition.steps[*index];
        step_is_sound(definition, step, &settled)?;
        prop_assert!(settled.insert(&step.id), "{} stands twice", step.id);
    }
    for clock in &definition.clocks {
        clock_is_sound(definition, clock)?;
    }
    for row in definition.sheets.iter().flat_map(|sheet| &sheet.sections).flat_map(|section| &section.rows) {
        match &row.from {
            RowSource::ByHand => {}
            RowSource::Step(step) => prop_assert!(definition.step(step).is_some()),
            RowSource::Field(field) => prop_assert!(kind(definition, field).is_some()),
        }
    }
    for text in texts(definition) {
        let languages: BTreeSet<&String> = text.0.keys().collect();
        prop_assert_eq!(&languages, &definition.languages.iter().collect::<BTreeSet<_>>());
        prop_assert!(text.0.values().all(|text| !text.trim().is_empty()));
    }
    Ok(())
}

fn step_is_sound(
    definition: &Definition,
    step: &Step,
    settled: &BTreeSet<&str>,
) -> Result<(), TestCaseError> {
    if let Some(condition) = &step.applies {
        condition_is_sound(definition, condition, None)?;
        for named in named(condition) {
            prop_assert!(settled.contains(named), "{} reads {named}, which comes later", step.id);
        }
    }
    let within = step.done_when.iter().chain(step.fields.iter().filter_map(|field| field.applies.as_ref()));
    for condition in within {
        let own = Some(step.id.as_str());
        condition_is_sound(definition, condition, own)?;
        let mut others = named(condition).into_iter().filter(|named| own != Some(named));
        prop_assert!(others.all(|named| settled.contains(named)), "{} reads what comes later", step.id);
    }
    for field in &step.fields {
        let chooses = matches!(field.kind, FieldKind::Choice | FieldKind::Choices);
        prop_assert_eq!(!field.options.is_empty(), chooses, "{}.{}", &step.id, &field.id);
        prop_assert!(field.limits.min.zip(field.limits.max).is_none_or(|(min, max)| min <= max));
    }
    if let Some(call) = &step.partner {
        let partner = definition.partner(&call.id);
        prop_assert!(partner.is_some_and(|partner| !partner.reached_by.is_empty()));
        prop_assert!(!step.partner_comes() || partner.is_some_and(|partner| !partner.unavailable.is_empty()));
    }
    prop_assert_eq!(step.fixed, step.cannot_reasons.is_empty());
    prop_assert!(!step.shared || step.by == Author::Deputy);
    let can_be_told_done =
        step.partner.is_some() || step.done_when.is_some() || step.fields.iter().any(|field| field.required);
    prop_assert!(can_be_told_done, "nobody could tell when {} is done", step.id);
    Ok(())
}

fn clock_is_sound(definition: &Definition, clock: &Clock) -> Result<(), TestCaseError> {
    let is_moment = |field: &FieldRef| kind(definition, field) == Some(FieldKind::Moment);
    prop_assert!(is_moment(&clock.from.field));
    prop_assert!(clock.met_at.iter().all(|anchor| is_moment(&anchor.field)));
    let each = clock.from.of == AnchorOf::Each;
    let own = each.then_some(clock.from.field.step.as_str());
    for anchor in clock.met_at.iter().filter(|anchor| anchor.of == AnchorOf::Each) {
        prop_assert_eq!(Some(anchor.field.step.as_str()), own);
    }
    match &clock.deadline {
        Deadline::WithinMinutes(_) => prop_assert!(!clock.met_at.is_empty()),
        Deadline::WithinDays { calendar, .. } => {
            prop_assert!(!clock.met_at.is_empty());
            prop_assert!(definition.calendars.iter().any(|known| known.id == *calendar));
        }
        Deadline::Before(field) => prop_assert!(is_moment(field) && *field != clock.from.field),
    }
    for condition in clock.applies.iter().chain([&clock.met_by]).chain(&clock.excused_by) {
        condition_is_sound(definition, condition, own)?;
    }
    Ok(())
}

fn condition_is_sound(
    definition: &Definition,
    condition: &Condition,
    own: Option<&str>,
) -> Result<(), TestCaseError> {
    match condition {
        Condition::All(terms) | Condition::Any(terms) => {
            prop_assert!(!terms.is_empty());
            terms.iter().try_for_each(|term| condition_is_sound(definition, term, own))?;
        }
        Condition::Not(inner) => condition_is_sound(definition, inner, own)?,
        Condition::Step { id, .. } => prop_assert!(definition.step(id).is_some(), "there is no {id}"),
        Condition::Answer { field, test, of } => {
            let Some(kind) = kind(definition, field) else {
                return Err(TestCaseError::fail("no such field"));
            };
            prop_assert!(*of != Occurrence::Same || own == Some(field.step.as_str()));
            let found = definition.step(&field.step).and_then(|step| step.field(&field.field));
            let is_option =
                |id: &String| found.is_some_and(|field| field.options.iter().any(|option| option.id == *id));
            match (test, kind) {
                (AnswerIs::Answered, _) | (AnswerIs::AtLeast(_), FieldKind::Count) => {}
                (AnswerIs::Is(value) | AnswerIs::IsNot(value), kind) => match (value, kind) {
                    (Value::Text(option), FieldKind::Choice | FieldKind::Choices) => {
                        prop_assert!(is_option(option));
                    }
                    (Value::Flag(_), FieldKind::Flag) | (Value::Number(_), FieldKind::Count) => {}
                    _ => return Err(TestCaseError::fail(format!("{kind:?} is never {value:?}"))),
                },
                (AnswerIs::AtLeast(_), kind) => {
                    return Err(TestCaseError::fail(format!("{kind:?} is no number")));
                }
            }
        }
    }
    Ok(())
}

fn kind(definition: &Definition, field: &FieldRef) -> Option<FieldKind> {
    Some(definition.step(&field.step)?.field(&field.field)?.kind)
}

fn named(condition: &Condition) -> Vec<&str> {
    match condition {
        Condition::All(terms) | Condition::Any(terms) => terms.iter().flat_map(named).collect(),
        Condition::Not(inner) => named(inner),
        Condition::Step { id, .. } => vec![id],
        Condition::Answer { field, .. } => vec![&field.step],
    }
}

/// Every text but what is read to a child, which may be in more languages.
fn texts(definition: &Definition) -> Vec<&Text> {
    let mut texts = vec![&definition.title, &definition.jurisdiction, &definition.changes];
    texts.extend(definition.calendars.iter().map(|calendar| &calendar.title));
    texts.extend(definition.clocks.iter().map(|clock| &clock.title));
    for partner in &definition.partners {
        texts.extend([&partner.title, &partner.why]);
        texts.extend(partner.unavailable.iter().map(|option| &option.title));
    }
    for step in &definition.steps {
        texts.extend([&step.title, &step.guidance, &step.why]);
        texts.extend(step.cannot_reasons.iter().map(|option| &option.title));
        // The fields of a call, and most of their options, are the app's own words.
        for field in step.fields.iter().filter(|field| !field.title.is_empty()) {
            texts.push(&field.title);
            texts.extend(field.options.iter().map(|option| &option.title));
        }
    }
    for sheet in &definition.sheets {
        texts.extend([&sheet.title, &sheet.reader]);
        texts.extend(&sheet.note);
        for section in &sheet.sections {
            texts.push(&section.title);
            texts.extend(section.rows.iter().map(|row| &row.title));
        }
    }
    texts
}

/// A record is kept under it, empty and after some acts: everything can be derived, shown and printed.
pub(crate) fn works(drawn: &Drawn, acts: &[u8]) -> Result<(), TestCaseError> {
    let none = read_clocks(&drawn.definition, &Book::default());
    prop_assert!(none.iter().all(|clock| clock.due.is_none()));
    derived(drawn, &State::default(), Instant::default(), Language::En)?;
    let play = Play::played(drawn, acts);
    let state = State::fold(play.events.iter().cloned());
    let heads = naive::heads(&play.events);
    let naive = Naive::new(&drawn.definition, &heads);
    let derived_of_it = derive(&drawn.definition, &state);
    for record in &derived_of_it.steps {
        prop_assert_eq!(record.state, naive.state(record.step), "{}", &record.step.id);
    }
    derived(drawn, &state, play.night + 3_600_000, Language::Es)
}

fn derived(drawn: &Drawn, state: &State, now: Instant, language: Language) -> Result<(), TestCaseError> {
    let definition = &drawn.definition;
    let derived = derive(definition, state);
    prop_assert_eq!(derived.steps.len(), definition.steps.len());
    let summary = summarise(ENCOUNTER, drawn.protocol(), definition, state, &derived);
    prop_assert_eq!(summary.steps.len(), definition.steps.len());
    for author in [Author::Deputy, Author::Detective, Author::Supervisor, Author::County] {
        let next = next_step(definition, &derived, author, now);
        prop_assert!(
            next.is_none_or(|next| definition.step(&next.step).is_some_and(|step| step.by == author))
        );
    }
    let actor = firsthours_core::record::Actor {
        person: PersonId("p-1".to_owned()),
        role: Role::Deputy,
        agency: "sheriff".into(),
    };
    let reader = Reader { actor, sees_all: true, at_desk: false };
    let here = OnPhone::default();
    let context = Context { definition, here: &here, reader: &reader, language, now, names: &NoNames };
    let shown = view(ENCOUNTER, state, &derived, context);
    prop_assert!(shown.next.is_none_or(|next| definition.step(&next.step).is_some()));
    for found in &definition.sheets {
        let printed = sheet(&found.id, ENCOUNTER, state, &derived, context).expect("it is there");
        prop_assert!(!printed.text().is_empty());
    }
    Ok(())
}

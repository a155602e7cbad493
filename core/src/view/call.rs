//! The calls board: every partner, the numbers that are valid here and now, and what came of each attempt.

use super::Context;
use super::people::state_label;
use super::step::{channel_text, option_title, title_of};
use crate::protocol::{Definition, Instant, Partner, PartnerStep, Value};
use crate::record::{Derived, EntryRecord, StepRecord, StepState};
use crate::words::{Label, SheetSentence, StepSentence};

/// One row of the calls board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallView {
    pub step: String,
    pub partner: String,
    pub why: String,
    pub state: StepState,
    /// `Waiting`, and since when they were called.
    pub state_text: String,
    /// Valid for this station now.
    pub numbers: Vec<NumberView>,
    /// What to say when there is none.
    pub no_number: String,
    /// Every attempt, the first one first.
    pub attempts: Vec<AttemptView>,
    /// The attempt that reached them and whose arrival is still to be entered: it goes into the same row.
    pub awaits_arrival: Option<String>,
}

/// A number of a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberView {
    pub channel: String,
    pub number: String,
}

/// One attempt to reach a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptView {
    pub entry: String,
    /// `21:20, Radio: Reached; arrived 22:05`.
    pub sentence: String,
}

pub(super) fn calls(context: Context<'_>, derived: &Derived<'_>) -> Vec<CallView> {
    let shown = derived.steps.iter().filter(|record| record.state != StepState::NotApplicable);
    shown.filter_map(|record| Some(call(context, record, partner_of(context.definition, record)?))).collect()
}

pub(super) fn partner_of<'d>(definition: &'d Definition, record: &StepRecord<'_>) -> Option<&'d Partner> {
    definition.partner(&record.step.partner.as_ref()?.id)
}

fn call(context: Context<'_>, record: &StepRecord<'_>, partner: &Partner) -> CallView {
    let language = context.language;
    let valid = context.here.numbers.iter().filter(|number| number.partner == partner.id);
    let numbers: Vec<NumberView> = valid
        .map(|number| NumberView {
            channel: channel_text(number.channel, language),
            number: number.number.clone(),
        })
        .collect();
    let awaited = awaited(record);
    let state_text = match awaited.and_then(|entry| moment(entry, "called_at")) {
        Some(called) => StepSentence::NotHereYet { since: &context.when(called) }.text(language),
        None => state_label(record.state, language).to_owned(),
    };
    CallView {
        step: record.step.id.clone(),
        partner: partner.title.get(language.code()).to_owned(),
        why: partner.why.get(language.code()).to_owned(),
        state: record.state,
        state_text,
        no_number: if numbers.is_empty() { Label::NoNumber.text(language).to_owned() } else { String::new() },
        numbers,
        attempts: record
            .entries
            .iter()
            .map(|entry| AttemptView {
                entry: entry.id.map(|id| id.to_string()).unwrap_or_default(),
                sentence: attempt(context, record, entry),
            })
            .collect(),
        awaits_arrival: awaited.and_then(|entry| entry.id).map(|id| id.to_string()),
    }
}

/// The attempt that reached a partner who comes and is neither here nor excused.
fn awaited<'r, 'a>(record: &'r StepRecord<'a>) -> Option<&'r EntryRecord<'a>> {
    if record.state != StepState::Waiting {
        return None;
    }
    let reached = Value::Text(PartnerStep::REACHED.to_owned());
    record.entries.iter().find(|entry| entry.value("outcome") == Some(&reached))
}

/// One attempt, as a line.
pub(super) fn attempt(context: Context<'_>, record: &StepRecord<'_>, entry: &EntryRecord<'_>) -> String {
    let language = context.language;
    let chosen = |field: &str| match (record.step.field(field), entry.value(field)) {
        (Some(found), Some(Value::Text(id))) => Some(option_title(&found.options, id, language)),
        _ => None,
    };
    let when = match moment(entry, "called_at") {
        Some(called) => context.when(called),
        None => record.step.field("called_at").map_or_else(String::new, |field| {
            format!("{}: {}", title_of(field, language), SheetSentence::NotRecorded.text(language))
        }),
    };
    let outcome = chosen("outcome").unwrap_or_else(|| SheetSentence::NotRecorded.text(language));
    let mut said = match chosen("channel") {
        Some(how) => StepSentence::AttemptBy { when: &when, how: &how, outcome: &outcome }.text(language),
        None => StepSentence::Attempt { when: &when, outcome: &outcome }.text(language),
    };
    if let Some(arrived) = moment(entry, "arrived_at") {
        said = format!(
            "{said}; {}",
            StepSentence::AttemptArrived { when: &context.when(arrived) }.text(language)
        );
    }
    if let Some(because) = chosen("unavailable_because") {
        said = format!("{said}; {}", StepSentence::AttemptNotComing { because: &because }.text(language));
    }
    said
}

fn moment(entry: &EntryRecord<'_>, field: &str) -> Option<Instant> {
    entry.value(field).and_then(Value::moment)
}

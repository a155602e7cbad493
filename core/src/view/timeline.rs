//! The timeline: what happened, in the order in which it happened, with the time of entry beside it.
//!
//! Sorted by the moment that an event speaks of, else by its wall time corrected by the nearest anchor.

use super::Context;
use super::people::phase_label;
use super::step::{conceals, step_title, value_text, who_and_when};
use crate::protocol::{FieldKind, Instant, Value};
use crate::record::{Event, HoldReason, Kind, PersonId, State, code};
use crate::words::{EventSentence, Label, StepSentence};

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineRow {
    pub event: String,
    /// What it is sorted by, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// When it happened; with the time of entry where the two differ by more than two minutes.
    pub when: String,
    pub sentence: String,
    /// The values, the text, the reason.
    pub details: Vec<String>,
    /// It does not count: held, or made by someone who may not.
    pub set_aside: bool,
}

/// Two times that differ by more than this are both shown.
const SAME_TIME_MS: i64 = 2 * 60_000;

/// The whole timeline, oldest first.
pub fn timeline(state: &State, context: Context<'_>) -> Vec<TimelineRow> {
    let mut rows: Vec<(i64, u64, TimelineRow)> = state
        .events()
        .map(|event| {
            let row = row(context, state, event);
            (row.at_ms, event.header.stamp, row)
        })
        .collect();
    rows.sort_by(|a, b| (a.0, a.1, &a.2.event).cmp(&(b.0, b.1, &b.2.event)));
    rows.into_iter().map(|(_, _, row)| row).collect()
}

fn row(context: Context<'_>, state: &State, event: &Event) -> TimelineRow {
    let language = context.language;
    let set_aside = state.refused(&event.id) || state.held(&event.id).is_some();
    let Some(body) = &event.body else {
        let sentence = Label::BodyAbsent.text(language).to_owned();
        let event = event.id.to_string();
        return TimelineRow {
            event,
            at_ms: 0,
            when: String::new(),
            sentence,
            details: Vec::new(),
            set_aside,
        };
    };
    let entered = body.at.corrected();
    let happened = moment(context, &body.kind).unwrap_or(entered);
    let when = if (happened - entered).saturating_abs() > SAME_TIME_MS {
        let (happened, entered) = (context.when(happened), context.when(entered));
        StepSentence::HappenedAndEntered { happened: &happened, entered: &entered }.text(language)
    } else {
        context.when(happened)
    };
    let by = Some(&body.actor.person);
    let mut details = details(context, &body.kind, by);
    if let Some(reason) = &body.reason {
        let reason = context.narrative(reason, by);
        details.push(StepSentence::ChangedBecause { reason: &reason }.text(language));
    }
    let mut sentence = sentence(context, event, &body.kind);
    if set_aside && !context.reader.sees_all {
        // Nobody has looked whether it names what the protocol has: even names in it are what somebody wrote.
        details.clear();
        sentence = format!("{}: {}", context.name(&body.actor.person), Label::Hidden.text(language));
    }
    if let Some(why) = state.held(&event.id) {
        details.push(EventSentence::Held { why: &hold_text(context, why) }.text(language));
    }
    TimelineRow { event: event.id.to_string(), at_ms: happened.ms(), when, sentence, details, set_aside }
}

/// The first moment that an answer gives.
fn moment(context: Context<'_>, kind: &Kind) -> Option<Instant> {
    let Kind::Answered { step, values, .. } = kind else { return None };
    let step = context.definition.step(step)?;
    let mut moments = step.fields.iter().filter(|field| field.kind == FieldKind::Moment);
    moments.find_map(|field| values.get(&field.id)?.as_ref()?.moment())
}

fn details(context: Context<'_>, kind: &Kind, by: Option<&PersonId>) -> Vec<String> {
    match kind {
        Kind::Answered { step, values, .. } => {
            values.iter().map(|(field, value)| answer_line(context, step, field, value.as_ref())).collect()
        }
        Kind::Noted { text, .. }
        | Kind::Replied { text, .. }
        | Kind::Commented { text, .. }
        | Kind::Voided { why: text }
        | Kind::Cannot { note: Some(text), .. } => vec![context.narrative(text, by)],
        Kind::Cannot { note: None, .. }
        | Kind::Opened { .. }
        | Kind::Reopened { .. }
        | Kind::EntryWithdrawn { .. }
        | Kind::Submitted { .. }
        | Kind::Unvoided
        | Kind::Shared { .. }
        | Kind::Accepted { .. }
        | Kind::Declined { .. }
        | Kind::Moved { .. }
        | Kind::IncidentLinked { .. }
        | Kind::Resolved { .. }
        | Kind::Returned { .. }
        | Kind::Reassigned { .. }
        | Kind::SameEncounter { .. }
        | Kind::Approved { .. }
        | Kind::Held { .. }
        | Kind::Released { .. }
        | Kind::Gap { .. }
        | Kind::Shredded { .. }
        | Kind::Unknown { .. } => Vec::new(),
    }
}

fn answer_line(context: Context<'_>, step: &str, field: &str, value: Option<&Value>) -> String {
    let language = context.language;
    let found = context.definition.step(step).and_then(|step| step.field(field));
    let Some(found) = found else { return context.unknown(field) };
    let title = super::step::title_of(found, language);
    let hidden = conceals(context.reader, found);
    match value {
        None => format!("{title}: {}", Label::ButtonTakeBack.text(language).to_lowercase()),
        Some(_) if hidden => format!("{title}: {}", Label::Hidden.text(language)),
        Some(value) => format!("{title}: {}", value_text(context, found, value)),
    }
}

fn sentence(context: Context<'_>, event: &Event, kind: &Kind) -> String {
    let language = context.language;
    let (who, _) = who_and_when(context, event);
    let who = who.as_str();
    let title = |step: &str| match context.definition.step(step) {
        Some(_) => step_title(context.definition, step, language),
        None => context.unknown(step),
    };
    let about = |step: &Option<String>| {
        step.as_deref().map_or_else(|| EventSentence::WholeRecord.text(language), &title)
    };
    let sentence = |sentence: EventSentence<'_>| sentence.text(language);
    match kind {
        Kind::Opened { .. } => sentence(EventSentence::Opened { who }),
        Kind::Answered { step, copied: Some(from), .. } => {
            EventSentence::Copied { who, step: &title(step), code: &code(*from) }.text(language)
        }
        Kind::Answered { step, .. } => sentence(EventSentence::Answered { who, step: &title(step) }),
        Kind::Moved { .. } => EventSentence::Moved { who }.text(language),
        Kind::IncidentLinked { .. } => EventSentence::IncidentLinked { who }.text(language),
        Kind::Reassigned { to } => EventSentence::Reassigned { who, to: &context.name(to) }.text(language),
        Kind::SameEncounter { with: Some(with) } => {
            EventSentence::Same { who, code: &code(*with) }.text(language)
        }
        Kind::SameEncounter { with: None } => EventSentence::NotSame { who }.text(language),
        Kind::Cannot { step, why, .. } => {
            let reasons = context
                .definition
                .step(step)
                .map(|found| found.cannot_reasons.as_slice())
                .unwrap_or_default();
            let reason = reasons.iter().find(|reason| reason.id == *why);
            let reason = reason
                .map_or_else(|| context.unknown(why), |reason| reason.title.get(language.code()).to_owned());
            sentence(EventSentence::Cannot { who, step: &title(step), reason: &reason })
        }
        Kind::Reopened { step } => sentence(EventSentence::Reopened { who, step: &title(step) }),
        Kind::EntryWithdrawn { step, .. } => {
            sentence(EventSentence::EntryWithdrawn { who, step: &title(step) })
        }
        Kind::Noted { step, .. } => sentence(EventSentence::Noted { who, about: &about(step) }),
        Kind::Submitted { phase, .. } => {
            sentence(EventSentence::Submitted { who, phase: phase_label(*phase, language) })
        }
        Kind::Voided { .. } => sentence(EventSentence::Voided { who }),
        Kind::Unvoided => sentence(EventSentence::Unvoided { who }),
        Kind::Shared { to, .. } => sentence(EventSentence::Shared { who, to: &context.name(to) }),
        Kind::Accepted { .. } => sentence(EventSentence::Accepted { who }),
        Kind::Declined { .. } => sentence(EventSentence::Declined { who }),
        Kind::Replied { .. } => sentence(EventSentence::Replied { who }),
        Kind::Commented { step, .. } => sentence(EventSentence::Commented { who, about: &about(step) }),
        Kind::Resolved { .. } => sentence(EventSentence::Resolved { who }),
        Kind::Returned { phase } => {
            sentence(EventSentence::Returned { who, phase: phase_label(*phase, language) })
        }
        Kind::Approved { phase, .. } => {
            sentence(EventSentence::Approved { who, phase: phase_label(*phase, language) })
        }
        Kind::Held { why, .. } => sentence(EventSentence::Held { why: &hold_text(context, *why) }),
        Kind::Released { .. } => sentence(EventSentence::Released),
        Kind::Gap { enc_from, enc_to, .. } => {
            sentence(EventSentence::Gap { count: (enc_to + 1).saturating_sub(*enc_from) })
        }
        Kind::Shredded { .. } => sentence(EventSentence::Shredded { who }),
        Kind::Unknown { .. } => Label::NewerVersion.text(language).to_owned(),
    }
}

fn hold_text(context: Context<'_>, why: HoldReason) -> String {
    let sentence = match why {
        HoldReason::NoGrant => EventSentence::HeldNoGrant,
        HoldReason::AuthorMayNot => EventSentence::HeldAuthorMayNot,
        HoldReason::Revoked => EventSentence::HeldRevoked,
        HoldReason::OverLimit => EventSentence::HeldOverLimit,
        HoldReason::DoesNotFit => EventSentence::HeldDoesNotFit,
        HoldReason::Unknown => EventSentence::HeldUnknown,
    };
    sentence.text(context.language)
}

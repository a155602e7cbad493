//! A sheet: what a reader outside is given of a record. It says no more than its rows, and names every gap.

use std::fmt::Write as _;

use super::Context;
use super::call::attempt;
use super::people::{handle_or_code, state_label};
use super::step::{conceals, option_title, said_by, value_of, value_text};
use crate::protocol::{FieldRef, RowSource, Sheet, SheetRow};
use crate::record::{Content, Derived, EncounterId, State, StepRecord, StepState, code, read_opened};
use crate::words::{Label, SheetSentence, list};

/// A sheet, ready to print or to read aloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetView {
    pub id: String,
    pub title: String,
    /// `Made Nov 23, 21:50 for the advocate`.
    pub made: String,
    pub note: String,
    /// How people name the record aloud; never a child's name.
    pub handle: String,
    pub code: String,
    pub sections: Vec<SheetSectionView>,
    /// `2 gaps: Report number, Sent at`, or that there are none.
    pub gaps: String,
}

/// Rows under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetSectionView {
    pub title: String,
    pub rows: Vec<SheetRowView>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetRowView {
    pub title: String,
    /// What is recorded, or in words that nothing is.
    pub text: String,
    pub told: RowTold,
}

/// How a row of a sheet is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowTold {
    Recorded,
    /// The record should say it and does not.
    Gap,
    /// The record has no place for it.
    ByHand,
    NotApplicable,
    /// This reader may not see it before it is opened.
    Hidden,
}

/// A sheet that can be made of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetLink {
    pub id: String,
    pub title: String,
    pub reader: String,
}

/// The sheets of a record's protocol.
pub(super) fn sheet_links(context: Context<'_>) -> Vec<SheetLink> {
    let code = context.language.code();
    let link = |sheet: &Sheet| SheetLink {
        id: sheet.id.clone(),
        title: sheet.title.get(code).to_owned(),
        reader: sheet.reader.get(code).to_owned(),
    };
    context.definition.sheets.iter().map(link).collect()
}

/// Makes a sheet; `None` if the protocol has none of that id.
pub fn sheet(
    id: &str,
    encounter: EncounterId,
    state: &State,
    derived: &Derived<'_>,
    context: Context<'_>,
) -> Option<SheetView> {
    let Context { definition, language, .. } = context;
    let found = definition.sheets.iter().find(|sheet| sheet.id == id)?;
    let opened = state.opened().and_then(read_opened);
    let sections: Vec<SheetSectionView> = found
        .sections
        .iter()
        .map(|section| SheetSectionView {
            title: section.title.get(language.code()).to_owned(),
            rows: section.rows.iter().map(|row| row_view(context, derived, row)).collect(),
        })
        .collect();
    let gaps: Vec<&str> = sections
        .iter()
        .flat_map(|section| &section.rows)
        .filter(|row| row.told == RowTold::Gap)
        .map(|row| row.title.as_str())
        .collect();
    let gaps = if gaps.is_empty() {
        SheetSentence::NoGaps.text(language)
    } else {
        SheetSentence::Gaps { count: gaps.len(), rows: &list(&gaps, language) }.text(language)
    };
    let (when, who) = (context.full_when(context.now), found.reader.get(language.code()));
    Some(SheetView {
        id: found.id.clone(),
        title: found.title.get(language.code()).to_owned(),
        made: SheetSentence::Made { when: &when, who }.text(language),
        note: found.note.as_ref().map(|note| note.get(language.code()).to_owned()).unwrap_or_default(),
        handle: handle_or_code(encounter, opened.as_ref(), &definition.time_zone, context.names),
        code: code(encounter),
        sections,
        gaps,
    })
}

fn row_view(context: Context<'_>, derived: &Derived<'_>, row: &SheetRow) -> SheetRowView {
    let language = context.language;
    let record = match &row.from {
        RowSource::ByHand => None,
        RowSource::Step(step) | RowSource::Field(FieldRef { step, .. }) => derived.step(step),
    };
    let (text, told) = match (&row.from, record) {
        (RowSource::ByHand, _) | (_, None) => (SheetSentence::ByHand.text(language), RowTold::ByHand),
        (_, Some(record)) if record.state == StepState::NotApplicable => {
            (SheetSentence::NotApplicable.text(language), RowTold::NotApplicable)
        }
        (RowSource::Step(_), Some(record)) => step_text(context, record),
        (RowSource::Field(field), Some(record)) => field_text(context, record, &field.field),
    };
    SheetRowView { title: row.title.get(language.code()).to_owned(), text, told }
}

/// How a step stands. Of a call, every attempt.
fn step_text(context: Context<'_>, record: &StepRecord<'_>) -> (String, RowTold) {
    let language = context.language;
    let cannot = record.cannot.iter().find_map(|head| match head.content {
        Content::Cannot(Some(why)) => {
            let reason = option_title(&record.step.cannot_reasons, why, language);
            Some(format!("{}: {reason}", state_label(StepState::Cannot, language)))
        }
        _ => None,
    });
    if let Some(cannot) = cannot {
        return (cannot, RowTold::Recorded);
    }
    if record.step.partner.is_some() && !record.entries.is_empty() {
        let attempts: Vec<String> =
            record.entries.iter().map(|entry| attempt(context, record, entry)).collect();
        return (attempts.join("\n"), RowTold::Recorded);
    }
    if record.state != StepState::Done {
        return (SheetSentence::NotRecorded.text(language), RowTold::Gap);
    }
    let entered = record
        .entries
        .iter()
        .flat_map(|entry| entry.fields.values().flatten())
        .map(|head| head.event)
        .min_by_key(|event| (event.header.stamp, event.id));
    let text = match entered.and_then(|event| event.body.as_ref()) {
        Some(body) => SheetSentence::DoneAt { when: &context.when(body.at.corrected()) }.text(language),
        None => state_label(StepState::Done, language).to_owned(),
    };
    (text, RowTold::Recorded)
}

/// The values of a field in every entry; while people disagree, each with who says it.
fn field_text(context: Context<'_>, record: &StepRecord<'_>, field: &str) -> (String, RowTold) {
    let language = context.language;
    let gap = || (SheetSentence::NotRecorded.text(language), RowTold::Gap);
    let Some(found) = record.step.field(field) else { return gap() };
    let mut lines = Vec::new();
    let mut asked = record.entries.is_empty();
    for entry in &record.entries {
        asked |= entry.asked.contains(field);
        let heads = entry.fields.get(field).map(Vec::as_slice).unwrap_or_default();
        let disputed = crate::record::disagree(heads);
        for head in heads.iter().take(if disputed { heads.len() } else { 1 }) {
            let Some(value) = value_of(head) else { continue };
            let value = value_text(context, found, value);
            lines.push(if disputed { format!("{value} ({})", said_by(context, head.event)) } else { value });
        }
    }
    if lines.is_empty() {
        if asked { gap() } else { (SheetSentence::NotApplicable.text(language), RowTold::NotApplicable) }
    } else if conceals(context.reader, found) {
        (Label::Hidden.text(language).to_owned(), RowTold::Hidden)
    } else {
        (lines.join("\n"), RowTold::Recorded)
    }
}

impl SheetView {
    /// The sheet as plain text, for a printer, a message or a voice.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{}\n{} · {}\n", self.title, self.made, self.handle, self.code);
        if !self.note.is_empty() {
            let _ = writeln!(text, "{}", self.note);
        }
        for section in &self.sections {
            let _ = write!(text, "\n{}\n", section.title);
            for row in &section.rows {
                let _ = writeln!(text, "- {}: {}", row.title, row.text.replace('\n', "\n  "));
            }
        }
        let _ = write!(text, "\n{}\n", self.gaps);
        text
    }
}

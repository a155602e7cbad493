//! A step as it is drawn: its texts, its entries, who said what, and what it still asks for.

use std::collections::BTreeMap;

use super::people::{author_label, state_label};
use super::{Context, Reader};
use crate::protocol::{
    BasisState, Channel, Definition, Field, FieldClass, FieldKind, FieldLimits, Instant, Opt, Step, Value,
};
use crate::record::{
    Conflict, Content, EntryRecord, Event, Head, Kind, PersonId, State, StepRecord, StepState, Submissions,
    Thread, ThreadState, disagree,
};
use crate::words::{self, Label, Language, StepSentence, list};

/// One step of a record.
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that a screen shows or not")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepView {
    pub id: String,
    pub title: String,
    pub state: StepState,
    pub state_text: String,
    pub guidance: String,
    /// What to read to the child, in its own languages: code and text.
    pub say: Vec<OptionView>,
    pub why: String,
    pub basis: Vec<String>,
    pub by_text: String,
    pub urgent: bool,
    pub required: bool,
    /// This reader may answer it: then, and only then, its entries are forms.
    pub mine: bool,
    /// Why it may apply, whom it waits for, what is missing, why it cannot be done.
    pub sentences: Vec<String>,
    /// What two people said differently.
    pub conflicts: Vec<String>,
    pub entries: Vec<EntryView>,
    /// Entries made by mistake: kept and shown, not counted.
    pub withdrawn: Vec<EntryView>,
    /// The button to begin another entry.
    pub add_entry: Option<String>,
    /// Reasons offered for *cannot*; empty when it may not be marked so.
    pub cannot_reasons: Vec<OptionView>,
    /// It is marked *cannot* and may be reopened.
    pub can_reopen: bool,
    pub threads: Vec<ThreadView>,
    pub notes: Vec<NoteView>,
}

/// One occurrence of a step; `id` is empty for a step without entries and for an entry not begun yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryView {
    pub id: String,
    pub fields: Vec<FieldView>,
    pub can_withdraw: bool,
}

/// One field of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldView {
    pub id: String,
    pub title: String,
    pub kind: FieldKind,
    pub required: bool,
    pub options: Vec<OptionView>,
    /// The value as people read it; empty when there is none.
    pub value_text: String,
    /// The value as a form holds it: an option's id, `yes` or `no`, milliseconds, digits, the text.
    pub value: String,
    /// Who said so and when.
    pub said: String,
    /// Every head while they disagree.
    pub heads: Vec<HeadView>,
    /// A half-written text of this phone.
    pub draft: Option<String>,
    pub max_chars: i32,
    pub class: FieldClass,
    /// Its value is masked for this reader until opened.
    pub hidden: bool,
}

/// One of several answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadView {
    pub sentence: String,
    pub value: String,
}

/// A choice: of a field, of a reason, of a language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionView {
    pub id: String,
    pub title: String,
    pub chosen: bool,
}

/// A comment and its replies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadView {
    pub id: String,
    pub text: String,
    pub said: String,
    pub replies: Vec<NoteView>,
    pub state: ThreadState,
    pub can_reply: bool,
    pub can_resolve: bool,
}

/// A remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteView {
    pub text: String,
    pub said: String,
}

/// What people said of each step beyond its values, found in one pass over the record.
pub(super) struct SaidOfSteps<'a> {
    /// The sentence-worthy changes: those with a reason, and those that were made after a submission.
    changes: BTreeMap<&'a str, Vec<&'a Event>>,
    notes: BTreeMap<&'a str, Vec<&'a Event>>,
    threads: &'a [Thread<'a>],
}

impl<'a> SaidOfSteps<'a> {
    pub(super) fn read(definition: &Definition, state: &'a State, threads: &'a [Thread<'a>]) -> Self {
        let mut said = Self { changes: BTreeMap::new(), notes: BTreeMap::new(), threads };
        let submissions = Submissions::of(state);
        for event in state.counting() {
            let Some(body) = &event.body else { continue };
            let Some(step) = body.kind.step() else { continue };
            if matches!(body.kind, Kind::Noted { .. }) {
                said.notes.entry(step).or_default().push(event);
            } else if body.kind.changes_a_step()
                && (body.reason.is_some() || submissions.changed_after(definition, event))
            {
                said.changes.entry(step).or_default().push(event);
            }
        }
        said
    }
}

/// Draws a step.
pub(super) fn step_view(context: Context<'_>, record: &StepRecord<'_>, said: &SaidOfSteps<'_>) -> StepView {
    let Context { language, reader, .. } = context;
    let step = record.step;
    let mine = reader.author() == Some(step.by);
    let text = |text: &crate::protocol::Text| text.get(language.code()).to_owned();
    let cannot_stands = record.state == StepState::Cannot
        || record.cannot.iter().any(|head| matches!(head.content, Content::Cannot(Some(_))));
    let mut entries: Vec<EntryView> =
        record.entries.iter().map(|entry| entry_view(context, record, Some(entry))).collect();
    if entries.is_empty() {
        entries.push(entry_view(context, record, None));
    }
    StepView {
        id: step.id.clone(),
        title: text(&step.title),
        state: record.state,
        state_text: if record.conflicts.is_empty() {
            state_label(record.state, language).to_owned()
        } else {
            Label::StateConflict.text(language).to_owned()
        },
        guidance: text(&step.guidance),
        say: step
            .say
            .iter()
            .flat_map(|say| &say.0)
            .map(|(code, said)| option(code, said.clone(), false))
            .collect(),
        why: text(&step.why),
        basis: step.basis.iter().map(|basis| basis_line(basis, language)).collect(),
        by_text: author_label(step.by, language).to_owned(),
        urgent: step.urgent,
        required: step.required,
        mine,
        sentences: sentences(context, record, said.changes.get(step.id.as_str())),
        conflicts: record
            .conflicts
            .iter()
            .map(|conflict| conflict_sentence(conflict, step, language))
            .collect(),
        entries,
        withdrawn: record.withdrawn.iter().map(|entry| entry_view(context, record, Some(entry))).collect(),
        add_entry: (mine && step.has_entries() && !record.entries.is_empty()).then(|| {
            let label = if step.partner.is_some() { Label::ButtonAddCall } else { Label::ButtonAddEntry };
            label.text(language).to_owned()
        }),
        cannot_reasons: if mine && !step.fixed && !cannot_stands {
            step.cannot_reasons.iter().map(|reason| plain_option(reason, language)).collect()
        } else {
            Vec::new()
        },
        can_reopen: mine && cannot_stands,
        threads: said
            .threads
            .iter()
            .filter(|thread| thread.step == Some(step.id.as_str()))
            .map(|thread| thread_view(context, thread))
            .collect(),
        notes: notes(context, said.notes.get(step.id.as_str())),
    }
}

fn basis_line(basis: &crate::protocol::Basis, language: Language) -> String {
    let state = match basis.state {
        BasisState::Sourced => Label::Sourced,
        BasisState::Inferred => Label::Inferred,
        BasisState::ConfirmWithCounty => Label::ConfirmWithCounty,
    };
    let (comma, address) = basis.address.as_deref().map_or(("", ""), |address| (", ", address));
    // Not `format!`: every step's sources are drawn at every tap.
    [&basis.source, comma, address, " (", state.text(language), ")"].concat()
}

fn sentences(context: Context<'_>, record: &StepRecord<'_>, changes: Option<&Vec<&Event>>) -> Vec<String> {
    let Context { language, definition, .. } = context;
    let mut said = Vec::new();
    if let (StepState::MayApply, Some(asks)) = (record.state, &record.asks) {
        let question = match &asks.field {
            Some(field) => field_title(definition, &asks.step, field, language),
            None => step_title(definition, &asks.step, language),
        };
        said.push(StepSentence::AppliesIf { question: &question }.text(language));
    }
    if let (StepState::Waiting, Some(partner)) = (record.state, &record.step.partner) {
        let title = definition.partner(&partner.id).map_or("", |found| found.title.get(language.code()));
        let since = record.entries.iter().rev().find_map(|entry| entry.value("called_at")?.moment());
        let since = since.map(|at| context.when(at)).unwrap_or_default();
        said.push(StepSentence::WaitingFor { partner: title, since: &since }.text(language));
    }
    if record.state == StepState::Started {
        let missing: Vec<String> = record
            .entries
            .iter()
            .flat_map(|entry| &entry.missing)
            .map(|field| field_title(definition, &record.step.id, field, language))
            .collect();
        if !missing.is_empty() {
            let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
            said.push(StepSentence::Missing { fields: &list(&missing, language) }.text(language));
        }
    }
    for head in &record.cannot {
        if let (Content::Cannot(Some(why)), Some(body)) = (head.content, &head.event.body) {
            let reason = option_title(&record.step.cannot_reasons, why, language);
            let mut sentence = StepSentence::CannotBecause { reason: &reason }.text(language);
            if let Kind::Cannot { note: Some(note), .. } = &body.kind {
                sentence = format!("{sentence} ({})", context.narrative(note, Some(&body.actor.person)));
            }
            said.push(format!("{sentence}. {}", said_by(context, head.event)));
        }
    }
    for event in changes.into_iter().flatten() {
        if let Some(reason) = event.body.as_ref().and_then(|body| body.reason.as_deref()) {
            let reason = context.narrative(reason, author_of(event));
            let because = StepSentence::ChangedBecause { reason: &reason }.text(language);
            said.push(format!("{because} ({})", said_by(context, event)));
        } else {
            let (who, when) = who_and_when(context, event);
            said.push(StepSentence::ChangedAfterSubmission { who: &who, when: &when }.text(language));
        }
    }
    said
}

fn conflict_sentence(conflict: &Conflict, step: &Step, language: Language) -> String {
    match conflict {
        Conflict::Field { field, .. } => {
            let title = step.field(field).map_or_else(|| field.clone(), |found| title_of(found, language));
            StepSentence::ConflictField { field: &title }.text(language)
        }
        Conflict::AnsweredAndCannot => StepSentence::ConflictCannot.text(language),
        Conflict::Cannot => StepSentence::ConflictReasons.text(language),
        Conflict::Entry { .. } => StepSentence::ConflictEntry.text(language),
    }
}

fn entry_view(context: Context<'_>, record: &StepRecord<'_>, entry: Option<&EntryRecord<'_>>) -> EntryView {
    let step = record.step;
    let id = entry.and_then(|entry| entry.id);
    let drafts = context.drafts_by_field(&step.id, id);
    let asked = |field: &Field| match entry {
        Some(entry) => {
            entry.asked.contains(field.id.as_str()) || entry.fields.contains_key(field.id.as_str())
        }
        // Nothing is answered yet: ask what asks for nothing else first.
        None => field.applies.is_none(),
    };
    let fields = step
        .fields
        .iter()
        .filter(|field| asked(field))
        .map(|field| {
            let heads =
                entry.and_then(|entry| entry.fields.get(field.id.as_str())).map_or(&[][..], Vec::as_slice);
            field_view(context, field, heads, drafts.get(field.id.as_str()).copied())
        })
        .collect();
    let mine = context.reader.author() == Some(step.by);
    EntryView {
        id: id.map(|id| id.to_string()).unwrap_or_default(),
        fields,
        can_withdraw: mine && id.is_some(),
    }
}

fn field_view(context: Context<'_>, field: &Field, heads: &[Head<'_>], draft: Option<&str>) -> FieldView {
    let Context { language, reader, .. } = context;
    let hidden = conceals(reader, field);
    let value = heads.iter().find_map(|head| value_of(head));
    let shown = value.filter(|_| !hidden);
    let chosen = |id: &str| match shown {
        Some(Value::Text(text)) => text == id,
        Some(Value::List(ids)) => ids.iter().any(|chosen| chosen == id),
        _ => false,
    };
    FieldView {
        id: field.id.clone(),
        title: title_of(field, language),
        kind: field.kind,
        required: field.required,
        options: field
            .options
            .iter()
            .map(|found| option(&found.id, words::option_title(found, language), chosen(&found.id)))
            .collect(),
        value_text: match value {
            Some(_) if hidden => Label::Hidden.text(language).to_owned(),
            Some(value) => value_text(context, field, value),
            None => String::new(),
        },
        value: shown.map(form_value).unwrap_or_default(),
        said: heads.first().map(|head| said_by(context, head.event)).unwrap_or_default(),
        heads: if disagree(heads) && !hidden {
            heads.iter().map(|head| head_view(context, field, head)).collect()
        } else {
            Vec::new()
        },
        draft: draft.map(str::to_owned),
        max_chars: i32::try_from(field.limits.max_chars.unwrap_or(match field.kind {
            FieldKind::Note => FieldLimits::NOTE_CHARS,
            FieldKind::Code => FieldLimits::CODE_CHARS,
            _ => FieldLimits::TEXT_CHARS,
        }))
        .unwrap_or(i32::MAX),
        class: field.class,
        hidden,
    }
}

/// Whether a field is masked for this reader until opened: by its class, and whatever its class if people write in it.
pub(super) fn conceals(reader: &Reader, field: &Field) -> bool {
    let is_written = matches!(field.kind, FieldKind::Text | FieldKind::Note | FieldKind::Code);
    !reader.sees_all && (field.class != FieldClass::Step || is_written)
}

/// The person who wrote an event.
pub(super) fn author_of(event: &Event) -> Option<&PersonId> {
    event.body.as_ref().map(|body| &body.actor.person)
}

fn head_view(context: Context<'_>, field: &Field, head: &Head<'_>) -> HeadView {
    let (who, when) = who_and_when(context, head.event);
    let language = context.language;
    let sentence = match value_of(head) {
        Some(value) => {
            let value = value_text(context, field, value);
            StepSentence::SaysInstead { who: &who, when: &when, value: &value }.text(language)
        }
        None => StepSentence::TookBack { who: &who, when: &when }.text(language),
    };
    HeadView { sentence, value: value_of(head).map(form_value).unwrap_or_default() }
}

fn thread_view(context: Context<'_>, thread: &Thread<'_>) -> ThreadView {
    let role = context.reader.actor.role;
    let open = thread.state != ThreadState::Resolved;
    ThreadView {
        id: thread.comment.id.to_string(),
        text: context.narrative(thread.text, author_of(thread.comment)),
        said: said_by(context, thread.comment),
        replies: thread
            .replies
            .iter()
            .filter_map(|event| match event.kind() {
                Some(Kind::Replied { text, .. }) => Some(NoteView {
                    text: context.narrative(text, author_of(event)),
                    said: said_by(context, event),
                }),
                _ => None,
            })
            .collect(),
        state: thread.state,
        can_reply: open && role.author().is_some(),
        can_resolve: open && context.reader.at_desk && role == crate::record::Role::Supervisor,
    }
}

/// Threads that are pinned to no step.
pub(super) fn loose_threads(context: Context<'_>, threads: &[Thread<'_>]) -> Vec<ThreadView> {
    threads
        .iter()
        .filter(|thread| thread.step.is_none_or(|step| context.definition.step(step).is_none()))
        .map(|thread| thread_view(context, thread))
        .collect()
}

fn notes(context: Context<'_>, notes: Option<&Vec<&Event>>) -> Vec<NoteView> {
    notes
        .into_iter()
        .flatten()
        .filter_map(|event| match event.kind() {
            Some(Kind::Noted { text, .. }) => Some(NoteView {
                text: context.narrative(text, author_of(event)),
                said: said_by(context, event),
            }),
            _ => None,
        })
        .collect()
}

pub(super) fn said_by(context: Context<'_>, event: &Event) -> String {
    let (who, when) = who_and_when(context, event);
    StepSentence::SaidBy { who: &who, when: &when }.text(context.language)
}

pub(super) fn who_and_when(context: Context<'_>, event: &Event) -> (String, String) {
    event.body.as_ref().map_or_else(Default::default, |body| {
        (context.name(&body.actor.person), context.when(body.at.corrected()))
    })
}

pub(super) fn value_of<'h>(head: &Head<'h>) -> Option<&'h Value> {
    match head.content {
        Content::Value(value) => value.as_ref(),
        _ => None,
    }
}

/// The value as people read it.
pub(super) fn value_text(context: Context<'_>, field: &Field, value: &Value) -> String {
    let language = context.language;
    match value {
        Value::Flag(true) => Label::Yes.text(language).to_owned(),
        Value::Flag(false) => Label::No.text(language).to_owned(),
        Value::Number(ms) if field.kind == FieldKind::Moment => context.when(Instant::from_ms(*ms)),
        Value::Number(n) => n.to_string(),
        Value::Text(id) if field.kind == FieldKind::Choice => option_title(&field.options, id, language),
        Value::Text(text) => text.clone(),
        Value::List(ids) => {
            let titles: Vec<String> =
                ids.iter().map(|id| option_title(&field.options, id, language)).collect();
            let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
            list(&titles, language)
        }
    }
}

fn form_value(value: &Value) -> String {
    match value {
        Value::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Value::Number(n) => n.to_string(),
        Value::Text(text) => text.clone(),
        Value::List(ids) => ids.join(","),
    }
}

fn option(id: &str, title: String, chosen: bool) -> OptionView {
    OptionView { id: id.to_owned(), title, chosen }
}

fn plain_option(found: &Opt, language: Language) -> OptionView {
    option(&found.id, words::option_title(found, language), false)
}

pub(super) fn option_title(options: &[Opt], id: &str, language: Language) -> String {
    options
        .iter()
        .find(|option| option.id == id)
        .map_or_else(|| id.to_owned(), |found| words::option_title(found, language))
}

/// The app's word for a channel.
pub(super) fn channel_text(channel: Channel, language: Language) -> String {
    match channel {
        Channel::Telephone => Label::ChannelTelephone,
        Channel::Radio => Label::ChannelRadio,
        Channel::Dispatch => Label::ChannelDispatch,
    }
    .text(language)
    .to_owned()
}

pub(super) fn title_of(field: &Field, language: Language) -> String {
    words::field_title(field, language)
}

/// `Decide status: Decided at`: a field with its step, for sentences that name a question.
pub(super) fn field_title(definition: &Definition, step: &str, field: &str, language: Language) -> String {
    match definition.step(step).and_then(|found| found.field(field)) {
        Some(found) => format!("{}: {}", step_title(definition, step, language), title_of(found, language)),
        None => step_title(definition, step, language),
    }
}

pub(super) fn step_title(definition: &Definition, step: &str, language: Language) -> String {
    definition.step(step).map_or_else(|| step.to_owned(), |found| found.title.get(language.code()).to_owned())
}

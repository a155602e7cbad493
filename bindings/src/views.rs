//! The core's views, declared again for the generator. The compiler compares every field with the core's, so that
//! nothing is converted here and nothing can be left behind.

use firsthours_core::app::{
    DraftKept, EnrolmentView, FaultCode, Holding, MoveCard, Progress, ServerEndpoint, SyncReport, SyncState,
    TimelinePage, WordEntry,
};
use firsthours_core::protocol::{ClockResult, FieldClass, FieldKind, Phase};
use firsthours_core::record::{PhaseStatus, StepState, ThreadState};
use firsthours_core::view::{
    Alarm, AttemptView, CallView, CarriedView, ClockView, EncounterView, EntryView, FieldView, FlagView,
    HeadView, Home, HomeRow, NewerView, NextView, NoteView, NumberView, OfferView, OptionView, PersonView,
    PhaseView, RowTold, Section, SheetLink, SheetRowView, SheetSectionView, SheetView, SiblingView, StepView,
    SyncLine, ThreadView, TimelineRow,
};

/// The first screen.
#[uniffi::remote(Record)]
pub struct Home {
    /// What needs this person comes first.
    pub rows: Vec<HomeRow>,
    /// What to say when there are no rows, else empty.
    pub nothing: String,
    pub sync: SyncLine,
    /// Warnings of the whole phone.
    pub notices: Vec<String>,
    /// Whether a record can be begun.
    pub can_start: bool,
}

/// One record in a list.
#[uniffi::remote(Record)]
pub struct HomeRow {
    pub id: String,
    /// How people name the record aloud: `B · 21:14 · Century`.
    pub handle: String,
    /// Five characters with a check, for the telephone.
    pub code: String,
    /// How it stands in review.
    pub sentence: String,
    /// On this phone only, or at the station too.
    pub kept: String,
    /// The deadline that ends first, as a sentence; empty if none runs.
    pub clock: String,
    /// When that deadline ends, milliseconds since 1970 UTC.
    pub due_at_ms: Option<i64>,
    /// It was sent back, or asks this person to take part.
    pub needs_you: bool,
    /// It was opened by mistake.
    pub void: bool,
}

/// How the phone stands with the station, in a line.
#[uniffi::remote(Record)]
pub struct SyncLine {
    pub sentence: String,
    /// When the last sync was.
    pub last: String,
    /// How many entries wait to be sent.
    pub unsent: i64,
}

/// A whole record, ready to draw.
#[uniffi::remote(Record)]
pub struct EncounterView {
    pub id: String,
    /// The token of this view: give it with every act and draft made on it. The greater is the newer.
    pub seen: i64,
    /// How people name the record aloud: `B · 21:14 · Century`.
    pub handle: String,
    /// Five characters with a check, for the telephone.
    pub code: String,
    /// The title of its protocol.
    pub protocol: String,
    /// On this phone only, or at the station too.
    pub kept: String,
    pub phases: Vec<PhaseView>,
    /// Warnings of the whole record.
    pub notices: Vec<String>,
    /// It was opened by mistake.
    pub void: bool,
    /// Whether the button for that is shown.
    pub can_void: bool,
    /// The card on top; none when nothing waits for this person.
    pub next: Option<NextView>,
    pub sections: Vec<Section>,
    /// What presses comes first.
    pub clocks: Vec<ClockView>,
    pub calls: Vec<CallView>,
    /// Comments on the whole record; those on a step are with the step.
    pub threads: Vec<ThreadView>,
    /// Remarks on the whole record.
    pub notes: Vec<NoteView>,
    /// Requests to this person to take part.
    pub offers: Vec<OfferView>,
    /// Who could be asked to join.
    pub colleagues: Vec<PersonView>,
    /// How many times two people said different things and nobody has decided.
    pub conflicts: i32,
    /// What was answered under an earlier version of the protocol and is not asked for any more.
    pub carried: Vec<CarriedView>,
    /// A newer version that the record can be moved to; show `moveCard` before it is.
    pub newer: Option<NewerView>,
    /// The other records of this scene.
    pub incident: Vec<SiblingView>,
    /// The sheets that can be made of it.
    pub sheets: Vec<SheetLink>,
}

/// Answers of an earlier version.
#[uniffi::remote(Record)]
pub struct CarriedView {
    pub title: String,
    /// One answer a line, with who gave it and when.
    pub lines: Vec<String>,
}

/// A newer version of the protocol.
#[uniffi::remote(Record)]
pub struct NewerView {
    /// Its fingerprint.
    pub protocol: String,
    pub sentence: String,
}

/// Another record of the same scene.
#[uniffi::remote(Record)]
pub struct SiblingView {
    pub id: String,
    /// How people name that record aloud.
    pub handle: String,
    /// What it lacks of what this record says of the scene; empty when nothing.
    pub lacks: String,
}

/// A sheet that can be made of a record.
#[uniffi::remote(Record)]
pub struct SheetLink {
    pub id: String,
    pub title: String,
    /// Who it is for.
    pub reader: String,
}

/// A sheet, ready to show or to print.
#[uniffi::remote(Record)]
pub struct SheetView {
    pub id: String,
    pub title: String,
    /// When it was made, and for whom.
    pub made: String,
    /// Stands at its head; may be empty.
    pub note: String,
    /// How people name the record aloud.
    pub handle: String,
    /// Five characters with a check, for the telephone.
    pub code: String,
    pub sections: Vec<SheetSectionView>,
    /// The gaps by name, or that there are none.
    pub gaps: String,
}

/// Rows of a sheet under one heading.
#[uniffi::remote(Record)]
pub struct SheetSectionView {
    pub title: String,
    pub rows: Vec<SheetRowView>,
}

/// A row of a sheet.
#[uniffi::remote(Record)]
pub struct SheetRowView {
    pub title: String,
    /// What is recorded, or in words that nothing is; several lines at times.
    pub text: String,
    pub told: RowTold,
}

/// What moving a record to a newer version of its protocol would change.
#[uniffi::remote(Record)]
pub struct MoveCard {
    /// The fingerprint of the newer version: give it to `moveRecord`.
    pub protocol: String,
    pub title: String,
    /// What must be known of the change, in the county's words.
    pub changes: String,
    /// What is different, a sentence each.
    pub differences: Vec<String>,
    /// What becomes of the answers, and what is asked further.
    pub effects: Vec<String>,
    /// A phase was submitted: moving needs a reason.
    pub needs_reason: bool,
}

/// Something that should ring. The text is neutral: it may stand on a locked screen.
#[uniffi::remote(Record)]
pub struct Alarm {
    /// When, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// The record to open after unlock.
    pub encounter: String,
    /// A rule of law, not a target for review.
    pub strict: bool,
    pub text: String,
}

/// How far one phase is, and what this person may do with it.
#[uniffi::remote(Record)]
pub struct PhaseView {
    pub phase: Phase,
    pub title: String,
    pub status: PhaseStatus,
    pub sentence: String,
    /// The button's text, when it may be submitted now.
    pub submit: Option<String>,
    /// What still stands in the way of that.
    pub still_open: Option<String>,
    /// For a supervisor's page; never true on a phone.
    pub can_review: bool,
}

/// The card of the next step.
#[uniffi::remote(Record)]
pub struct NextView {
    /// The id of the step.
    pub step: String,
    pub title: String,
    pub guidance: String,
    /// Why it is this one.
    pub because: String,
}

/// The steps of one phase. Its name abroad does not hide the list section of Apple's screens.
#[uniffi::remote(Record)]
#[uniffi(name = "SectionView")]
pub struct Section {
    pub phase: Phase,
    pub title: String,
    /// `3 of 9 done`.
    pub progress: String,
    pub steps: Vec<StepView>,
}

/// One step of a record.
#[uniffi::remote(Record)]
pub struct StepView {
    pub id: String,
    pub title: String,
    pub state: StepState,
    /// The word for the state.
    pub state_text: String,
    /// What to do, as the protocol says it.
    pub guidance: String,
    /// What to read to the child: for each language its code as `id` and the text as `title`.
    pub say: Vec<OptionView>,
    /// Why the step is asked for.
    pub why: String,
    /// Where the protocol has it from.
    pub basis: Vec<String>,
    /// Whose step it is.
    pub by_text: String,
    pub urgent: bool,
    pub required: bool,
    /// This person may answer it: then, and only then, its entries are forms.
    pub mine: bool,
    /// Why it may apply, whom it waits for, what is missing, why it cannot be done.
    pub sentences: Vec<String>,
    /// What two people said differently.
    pub conflicts: Vec<String>,
    /// At least one; a form for an entry that is not begun has an empty id.
    pub entries: Vec<EntryView>,
    /// Entries made by mistake: shown, not counted.
    pub withdrawn: Vec<EntryView>,
    /// The text of the button that begins another entry, where there is one.
    pub add_entry: Option<String>,
    /// Reasons for saying that it cannot be done; empty when that may not be said.
    pub cannot_reasons: Vec<OptionView>,
    /// It is said to be impossible, and this can be taken back.
    pub can_reopen: bool,
    pub threads: Vec<ThreadView>,
    pub notes: Vec<NoteView>,
}

/// One occurrence of a step, for example one call.
#[uniffi::remote(Record)]
pub struct EntryView {
    /// Empty for a step without entries, and for an entry that is not begun.
    pub id: String,
    pub fields: Vec<FieldView>,
    pub can_withdraw: bool,
}

/// One field of an entry.
#[uniffi::remote(Record)]
pub struct FieldView {
    pub id: String,
    pub title: String,
    /// Which control to draw.
    pub kind: FieldKind,
    pub required: bool,
    /// What can be chosen; empty for other kinds.
    pub options: Vec<OptionView>,
    /// The value as people read it; empty when there is none.
    pub value_text: String,
    /// The value as a control holds it: the id of an option, `yes` or `no`, milliseconds, digits, the text.
    pub value: String,
    /// Who said so and when.
    pub said: String,
    /// Every answer while they disagree.
    pub heads: Vec<HeadView>,
    /// A half-written text of this phone; the control shows it instead of the value.
    pub draft: Option<String>,
    /// The most characters that a text may have.
    pub max_chars: i32,
    /// How closely the value is kept.
    pub class: FieldClass,
    /// The value is masked until opened; never on a phone.
    pub hidden: bool,
}

/// One of several answers that disagree.
#[uniffi::remote(Record)]
pub struct HeadView {
    /// Who said it, when, and what.
    pub sentence: String,
    /// The value as a control holds it.
    pub value: String,
}

/// One of several things to choose.
#[uniffi::remote(Record)]
pub struct OptionView {
    pub id: String,
    pub title: String,
    pub chosen: bool,
}

/// A deadline. Read the view again when `changesAtMs` has come.
#[uniffi::remote(Record)]
pub struct ClockView {
    pub id: String,
    pub title: String,
    pub state: ClockResult,
    /// The word for the state.
    pub state_text: String,
    /// A target for review, not a rule of law.
    pub soft: bool,
    /// When it ends, milliseconds since 1970 UTC.
    pub due_at_ms: Option<i64>,
    /// When its sentence is out of date, milliseconds since 1970 UTC.
    pub changes_at_ms: Option<i64>,
    /// `34 min left, until 22:44`.
    pub sentence: String,
    /// Where the moment it counts from was corrected: how it stands by the one that was entered first.
    pub first_entered: Option<String>,
}

/// Somebody to call, and how that stands.
#[uniffi::remote(Record)]
pub struct CallView {
    /// The id of the step in which calls are recorded.
    pub step: String,
    /// Who is called.
    pub partner: String,
    pub why: String,
    pub state: StepState,
    /// The word for the state.
    pub state_text: String,
    /// The numbers of this station that are valid now.
    pub numbers: Vec<NumberView>,
    /// What to say when there is none, else empty.
    pub no_number: String,
    /// Every attempt, the first one first.
    pub attempts: Vec<AttemptView>,
    /// The id of the attempt whose arrival is still to be entered: answer into that entry.
    pub awaits_arrival: Option<String>,
}

/// One attempt to reach somebody.
#[uniffi::remote(Record)]
pub struct AttemptView {
    /// The id of its entry.
    pub entry: String,
    /// When, how, and what came of it.
    pub sentence: String,
}

/// A number to call.
#[uniffi::remote(Record)]
pub struct NumberView {
    /// Telephone, radio or dispatch, as people read it.
    pub channel: String,
    pub number: String,
}

/// A comment and its replies.
#[uniffi::remote(Record)]
pub struct ThreadView {
    pub id: String,
    pub text: String,
    /// Who said so and when.
    pub said: String,
    pub replies: Vec<NoteView>,
    pub state: ThreadState,
    pub can_reply: bool,
    /// For a supervisor's page; never true on a phone.
    pub can_resolve: bool,
}

/// A remark.
#[uniffi::remote(Record)]
pub struct NoteView {
    pub text: String,
    /// Who said so and when.
    pub said: String,
}

/// A request to take part in a record.
#[uniffi::remote(Record)]
pub struct OfferView {
    pub id: String,
    pub sentence: String,
    /// When it was made.
    pub said: String,
}

/// A colleague.
#[uniffi::remote(Record)]
pub struct PersonView {
    pub id: String,
    pub name: String,
}

/// One page of a record's history, newest first.
#[uniffi::remote(Record)]
pub struct TimelinePage {
    pub rows: Vec<TimelineRow>,
    /// The number of the next page, if there is one.
    pub next: Option<i32>,
}

/// One line of a record's history.
#[uniffi::remote(Record)]
pub struct TimelineRow {
    pub event: String,
    /// What it is sorted by, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// When it happened, and when it was entered where that differs.
    pub when: String,
    pub sentence: String,
    /// The values, the text, the reason.
    pub details: Vec<String>,
    /// It does not count; a detail says why.
    pub set_aside: bool,
}

/// How this phone stands with the station.
#[uniffi::remote(Record)]
pub struct SyncState {
    pub sentence: String,
    /// When the last sync was.
    pub last: String,
    /// How many entries wait to be sent.
    pub unsent: i64,
    /// How many texts are half written.
    pub drafts: i64,
    /// A sync is running now.
    pub running: bool,
    /// When to sync next at the earliest, milliseconds since 1970 UTC.
    pub call_again_at_ms: Option<i64>,
}

/// What a sync did.
#[uniffi::remote(Record)]
pub struct SyncReport {
    /// Everything was sent and fetched.
    pub complete: bool,
    /// What hindered it, as a sentence; empty if nothing did.
    pub trouble: String,
    pub events_sent: i64,
    pub events_received: i64,
    /// The ids of the records whose views are to be read again.
    pub changed: Vec<String>,
    /// When to sync next at the earliest, milliseconds since 1970 UTC.
    pub call_again_at_ms: Option<i64>,
    /// Requests made.
    pub round_trips: i32,
}

/// How far a running sync is: entries acknowledged, of those to send. Its name abroad does not hide Apple's own.
#[uniffi::remote(Record)]
#[uniffi(name = "SyncProgress")]
pub struct Progress {
    pub acknowledged: i64,
    pub to_send: i64,
}

/// What this phone still holds of a record.
#[uniffi::remote(Record)]
pub struct Holding {
    pub id: String,
    /// How people name the record aloud.
    pub handle: String,
    /// How many entries of its history are here.
    pub events: i64,
    /// On this phone only, or at the station too.
    pub kept: String,
}

/// A fixed word of the app.
#[uniffi::remote(Record)]
pub struct WordEntry {
    /// For example `button_submit`.
    pub key: String,
    pub text: String,
}

/// What became of a half-written text.
#[uniffi::remote(Record)]
pub struct DraftKept {
    /// How long it is, in characters; 0 where the draft was dropped.
    pub chars: i64,
    /// Whether it would do as the field's answer. One that would not is kept all the same.
    pub fits: bool,
    /// Terms in it that the language guard names, in order. They are the writer's to change or to keep.
    pub flags: Vec<FlagView>,
}

/// A term in a text that the language guard names.
#[uniffi::remote(Record)]
pub struct FlagView {
    /// The term, as it stands in the text.
    pub term: String,
    /// Where it begins, in UTF-16 code units.
    pub begins: i64,
    /// Where what follows it begins.
    pub ends: i64,
    /// Why it is named, and what could stand there instead.
    pub sentence: String,
}

/// One thing that went wrong, as a code for support.
#[uniffi::remote(Record)]
pub struct FaultCode {
    pub at_ms: i64,
    pub code: String,
}

/// The station's server, from the code's sheet.
#[uniffi::remote(Record)]
pub struct ServerEndpoint {
    /// `https://host[:port]`.
    pub address: String,
    /// The fingerprint of the programme's root key.
    pub fingerprint: String,
    /// The programme's own certificate authority in PEM, if it has one.
    pub ca_pem: Option<String>,
}

/// How the enrolment of this phone stands.
#[uniffi::remote(Record)]
pub struct EnrolmentView {
    pub approved: bool,
    /// Show it: the administrator's screen must show the same.
    pub fingerprint: String,
    /// What the person waits for; empty once approved.
    pub sentence: String,
}

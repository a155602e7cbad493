//! The types of a protocol definition.
//!
//! Source of the shape: DESIGN section 4. Every name here is the name in the JSON document.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Value;

/// One version of a county's (or state's, or country's) protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Stable across versions, for example `us-ca-los-angeles`.
    pub id: String,
    /// 1, 2, 3 … within `id`.
    pub version: u32,
    /// Its name, as people say it.
    pub title: Text,
    /// Where it applies, in words.
    pub jurisdiction: Text,
    /// IANA name; local times and calendar days are of this zone.
    pub time_zone: String,
    /// Named by `within_days`.
    pub calendars: Vec<Calendar>,
    /// First day on which it is in force, `YYYY-MM-DD`.
    pub effective: String,
    /// SHA-256 (hex) of the version that this one replaces.
    pub supersedes: Option<String>,
    /// What a deputy must know of the change: two sentences.
    pub changes: Text,
    /// Every text exists in each of these; the first is the one to fall back on.
    pub languages: Vec<String>,
    /// Who is called.
    pub partners: Vec<Partner>,
    /// In the order in which a deputy reads them.
    pub steps: Vec<Step>,
    /// The deadlines.
    pub clocks: Vec<Clock>,
    /// What is printed from a record for somebody else.
    pub sheets: Vec<Sheet>,
    /// Indexes into `steps` such that a step comes after every step its conditions read. Made by the loader.
    pub order: Vec<usize>,
}

/// A text in every language of its definition: `{"en": "…", "es": "…"}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(pub BTreeMap<String, String>);

/// Days that do not count, for `within_days`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Unique among calendars.
    pub id: String,
    /// For example "court days".
    pub title: Text,
    /// Weekdays that do not count: 1 = Monday … 7 = Sunday (ISO 8601).
    pub closed_weekdays: BTreeSet<u8>,
    /// Dates that do not count, `YYYY-MM-DD`.
    pub closed_dates: BTreeSet<String>,
}

/// Who is called and comes. Numbers live in the programme's directory, not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    /// Unique among partners; the directory's numbers are under it.
    pub id: String,
    /// Who it is.
    pub title: Text,
    /// Why they are called.
    pub why: Text,
    /// How it can be reached, the usual way first.
    pub reached_by: Vec<Channel>,
    /// Why a partner that was reached may not come.
    pub unavailable: Vec<Opt>,
}

/// How a partner is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// By telephone.
    Telephone,
    /// By radio.
    Radio,
    /// Through the dispatcher.
    Dispatch,
}

/// One thing the protocol asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a name in the document and independent of the others"
)]
pub struct Step {
    /// Unique among steps.
    pub id: String,
    /// What to do, in a few words.
    pub title: Text,
    /// The exact paragraph for the deputy.
    pub guidance: Text,
    /// What to read to the child, in the child's language whatever the app's: in every language of the
    /// definition, and in any others.
    pub say: Option<Text>,
    /// Why it is done.
    pub why: Text,
    /// With what it is submitted and reviewed.
    pub phase: Phase,
    /// Whose step it is.
    pub by: Author,
    /// Left out: it always applies.
    pub applies: Option<Condition>,
    /// Left out of the JSON: true.
    pub required: bool,
    /// Comes before everything else while it is open.
    pub urgent: bool,
    /// May not be marked *cannot*.
    pub fixed: bool,
    /// May have several entries.
    pub repeats: bool,
    /// Its facts are of the scene, the same for every child of one incident: entered once, copied into the others'
    /// records.
    pub shared: bool,
    /// A call: its entries have [`PartnerStep::FIELDS`] before the fields given here.
    pub partner: Option<PartnerStep>,
    /// In order; a field may name earlier fields only. For a call, the loader has put the call's own first.
    pub fields: Vec<Field>,
    /// Replaces "every required, applicable field of every entry"; needed where nothing is required.
    pub done_when: Option<Condition>,
    /// Reasons offered for *cannot*.
    pub cannot_reasons: Vec<Opt>,
    /// Where it comes from.
    pub basis: Vec<Basis>,
}

/// The call of a partner. Such a step repeats: one entry an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerStep {
    /// Id of the partner.
    pub id: String,
    /// Whether it comes to the scene. In JSON `true` or `false`.
    pub comes: Comes,
}

/// Whether a partner that was called comes to the scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comes {
    /// It comes, or says why not.
    Yes,
    /// To have reached it is enough.
    No,
}

impl PartnerStep {
    /// The fields that every call has, in order. `arrived_at` and `unavailable_because` only of one that comes.
    pub const FIELDS: [&'static str; 6] =
        ["called_at", "channel", "outcome", "reference", "arrived_at", "unavailable_because"];
    /// The outcome that counts as having reached the partner.
    pub const REACHED: &'static str = "reached";
    /// Options of `outcome`.
    pub const OUTCOMES: [&'static str; 4] = ["reached", "no_answer", "left_message", "wrong_number"];
}

/// What is submitted and reviewed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Until the child has been handed over.
    Scene,
    /// The first 72 hours and what the law asks of them.
    FollowUp,
    /// What came of it.
    Outcome,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Self; 3] = [Self::Scene, Self::FollowUp, Self::Outcome];
}

/// Whose step it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The first responder.
    Deputy,
    /// The detective who takes the case over.
    Detective,
    /// The station's supervisor.
    Supervisor,
    /// A follow-up worker of the county.
    County,
}

impl Author {
    /// Everybody whose step one may be.
    pub const ALL: [Self; 4] = [Self::Deputy, Self::Detective, Self::Supervisor, Self::County];
}

/// One value in an entry of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Unique in its step.
    pub id: String,
    /// Empty for the fields of a call, whose names are the app's own words.
    pub title: Text,
    /// What kind of value it holds.
    pub kind: FieldKind,
    /// For `choice` and `choices`. Titles of `channel` and `outcome` are empty for the same reason.
    pub options: Vec<Opt>,
    /// In JSON `max_chars`, `min` and `max` stand beside the kind.
    pub limits: FieldLimits,
    /// May ask for fields above it, and for other steps. Left out: it always applies.
    pub applies: Option<Condition>,
    /// Left out of the JSON: true.
    pub required: bool,
    /// Left out of the JSON: `step`.
    pub class: FieldClass,
}

/// What kind of value a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// One option: a string.
    Choice,
    /// Several options: a list of strings, sorted, none twice.
    Choices,
    /// Yes or no.
    Flag,
    /// An instant: milliseconds since 1970 UTC.
    Moment,
    /// A whole number from 0.
    Count,
    /// A reference number or code: one line, kept as typed.
    Code,
    /// One line.
    Text,
    /// Several lines.
    Note,
}

/// How closely a field's value is kept (need to know).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldClass {
    /// What was done, and when: nothing about who the child is.
    Step,
    /// Who somebody is.
    Identity,
    /// Where somebody is or lives.
    Location,
    /// What happened, in somebody's words.
    Narrative,
    /// Health and care.
    Health,
}

/// Bounds of a value; `None` = the kind's own bound, which a field may narrow and never widen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FieldLimits {
    /// Characters (Unicode scalar values) of a code, text or note.
    pub max_chars: Option<u32>,
    /// Least count.
    pub min: Option<i64>,
    /// Greatest count.
    pub max: Option<i64>,
}

/// One option of a choice, one reason for *cannot*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opt {
    /// What stands in a record.
    pub id: String,
    /// What people read; empty where the app's own words stand in.
    pub title: Text,
}

/// Where a step comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// A law, a manual, a page: its name.
    pub source: String,
    /// Its address, where there is one.
    pub address: Option<String>,
    /// How sure it is.
    pub state: BasisState,
}

/// How sure it is that a step says what its source says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BasisState {
    /// The source says so.
    Sourced,
    /// It follows from the source.
    Inferred,
    /// The county has to say.
    ConfirmWithCounty,
}

/// When something applies, is done, is met. Three-valued: see [`super::judge`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// `{"all": […]}`
    All(Vec<Condition>),
    /// `{"any": […]}`
    Any(Vec<Condition>),
    /// `{"not": …}`
    Not(Box<Condition>),
    /// `{"answer": {"step", "field", "is" | "is_not" | "at_least" | "answered", "of"}}`
    Answer {
        /// Whose value is read.
        field: FieldRef,
        /// What is asked of it.
        test: AnswerIs,
        /// In which entries.
        of: Occurrence,
    },
    /// `{"step": {"id", "is": "done" | "cannot" | "not_applicable"}}`
    Step {
        /// Which step.
        id: String,
        /// What it has to be.
        is: StepIs,
    },
}

/// A field of a step, by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FieldRef {
    /// Id of the step.
    pub step: String,
    /// Id of the field in it.
    pub field: String,
}

/// What is asked of a value. `is` of a `choices` field holds when the option is among the chosen ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerIs {
    /// It is this: of a choice, choices, flag or count.
    Is(Value),
    /// It is something else. A value that was never given is not something else.
    IsNot(Value),
    /// A count of so many or more.
    AtLeast(i64),
    /// `"answered": true`: there is a value at all.
    Answered,
}

/// Which entries of a step an answer is read from. Left out = `any`.
///
/// Entries are ordered by their first moment, so `first` and `last` do not depend on when they were typed.
/// The loader settles what it comes to: over a step that does not repeat it is `first`, and over the entry
/// that is being judged it is `same`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occurrence {
    /// The first entry.
    First,
    /// The last entry.
    Last,
    /// At least one entry.
    #[default]
    Any,
    /// All entries, and no more to come.
    Every,
    /// The entry that is being judged: within a step's own fields, and for a clock of `each` entry.
    Same,
}

/// What a condition asks of a whole step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepIs {
    /// It is done.
    Done,
    /// It was marked *cannot*.
    Cannot,
    /// It does not apply.
    NotApplicable,
}

/// A deadline from a recorded moment until a condition holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// Unique among clocks.
    pub id: String,
    /// What has to happen in time.
    pub title: Text,
    /// Left out: it always applies.
    pub applies: Option<Condition>,
    /// The moment it counts from.
    pub from: Anchor,
    /// When it ends.
    pub deadline: Deadline,
    /// What has to hold by then.
    pub met_by: Condition,
    /// Moment fields; the latest counts. Empty only with [`Deadline::Before`].
    pub met_at: Vec<Anchor>,
    /// Why it need not be met.
    pub excused_by: Option<Condition>,
    /// A target for review, not a rule of law.
    pub soft: bool,
}

/// A moment field, and which entry's. `of` is `first`, `last`, or `each` (one clock an entry).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// A field of kind moment.
    pub field: FieldRef,
    /// Which entry's.
    pub of: AnchorOf,
}

/// Which entry's moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnchorOf {
    /// The earliest moment over all entries.
    First,
    /// The latest moment over all entries.
    Last,
    /// One clock an entry; in `met_at`, that entry's moment.
    Each,
}

/// When a clock ends. Exactly one of the three keys stands in the JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deadline {
    /// `"within_minutes": n`
    WithinMinutes(u32),
    /// `"within_days": {"n", "calendar"}`: ends with the n-th counting day after the anchor's, in the zone of the protocol.
    WithinDays {
        /// How many days.
        n: u32,
        /// Id of the calendar that says which days count.
        calendar: String,
    },
    /// `"before": {"step", "field"}`: the earliest moment of that field.
    Before(FieldRef),
}

/// What a reader outside is given of a record: no more than its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Unique among sheets.
    pub id: String,
    /// What it is.
    pub title: Text,
    /// Who it is for.
    pub reader: Text,
    /// Stands at its head.
    pub note: Option<Text>,
    /// In order.
    pub sections: Vec<SheetSection>,
}

/// Rows under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetSection {
    /// The heading.
    pub title: Text,
    /// In order.
    pub rows: Vec<SheetRow>,
}

/// One row: the values of a field, how a step stands, or a blank to be filled in by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetRow {
    /// What the row tells.
    pub title: Text,
    /// Where it is told.
    pub from: RowSource,
}

/// Where a row of a sheet is told. In JSON `step` and `field`, both of which may be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowSource {
    /// Nowhere in the record.
    ByHand,
    /// How the step stands; of a call, every attempt.
    Step(String),
    /// The values of the field, in every entry.
    Field(FieldRef),
}

/// How far a step is, as a condition reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Settled {
    /// Not settled: to do, started or waiting, or it is not known whether it applies.
    Open,
    /// Done.
    Done,
    /// Marked *cannot*, with a reason.
    Cannot,
    /// It does not apply.
    NotApplicable,
}

impl Text {
    /// The text in `language`, else in English, else in any; empty when there is none.
    pub fn get(&self, language: &str) -> &str {
        self.0
            .get(language)
            .or_else(|| self.0.get("en"))
            .or_else(|| self.0.values().next())
            .map_or("", String::as_str)
    }

    /// True where the app's own words stand in (fields of a call).
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Definition {
    /// The step with this id.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }

    /// The partner with this id.
    pub fn partner(&self, id: &str) -> Option<&Partner> {
        self.partners.iter().find(|partner| partner.id == id)
    }
}

impl Step {
    /// The field with this id.
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.id == id)
    }

    /// Whether entries of this step carry ids: it repeats, or it is a call.
    pub fn has_entries(&self) -> bool {
        self.repeats || self.partner.is_some()
    }

    /// Whether its partner comes to the scene.
    pub fn partner_comes(&self) -> bool {
        self.partner.as_ref().is_some_and(|partner| partner.comes == Comes::Yes)
    }
}

impl FieldLimits {
    /// Greatest length of a note, in characters.
    pub const NOTE_CHARS: u32 = 4_000;
    /// Greatest length of a text.
    pub const TEXT_CHARS: u32 = 200;
    /// Greatest length of a code.
    pub const CODE_CHARS: u32 = 64;
    /// Greatest count.
    pub const COUNT_MAX: i64 = 1_000_000;
}

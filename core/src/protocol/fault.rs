//! What is wrong with a protocol definition, in words for the people who write one.

use std::fmt;

use super::json::JsonFault;
use super::{FieldKind, PartnerStep};

/// Every fault of a document, in the order of the document's checks. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

/// One fault and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}")]
pub struct Fault {
    /// The place in the document, for example `$.steps[3].fields[0].kind`.
    pub path: String,
    /// What is wrong there.
    pub what: FaultKind,
}

/// What is wrong at a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the sentence on each variant says what it is; the fields are its words")]
pub enum FaultKind {
    // What the document is.
    #[error("the document has {bytes} bytes, at most {max} are allowed")]
    TooLarge { bytes: usize, max: usize },
    #[error("{0}")]
    Json(JsonFault),

    // What stands where.
    #[error("this is missing")]
    Missing,
    #[error("this name is not known here (perhaps a typing mistake); known are: {}", expected.join(", "))]
    UnknownKey { expected: Vec<&'static str> },
    #[error("{expected} is expected here, not {found}")]
    WrongShape { expected: Shape, found: Shape },
    #[error("“{found}” is not known here; expected is one of: {}", expected.join(", "))]
    NotOneOf { found: String, expected: Vec<&'static str> },
    #[error("exactly one of these is expected here: {}", of.join(", "))]
    ExactlyOne { of: Vec<&'static str> },
    #[error("this must not be empty")]
    Empty,
    #[error("this list has {found} entries, at most {max} are allowed")]
    TooMany { found: usize, max: usize },
    #[error("this stands twice in its list")]
    Twice,
    #[error("{found} is not between {min} and {max}")]
    OutOfRange { found: i64, min: i64, max: i64 },
    #[error("this text has {found} characters, at most {max} are allowed")]
    TooLong { found: usize, max: usize },
    #[error("this text holds a control character; only line breaks are allowed")]
    ControlCharacter,

    // Names.
    #[error(
        "“{found}” cannot be an id: small letters a to z, digits and _ only, a letter first, at most 40 characters"
    )]
    NotAnId { found: String },
    #[error("the id “{id}” is already taken in this list")]
    DuplicateId { id: String },
    #[error("“{id}” is a field that every call has already ({}); choose another id", PartnerStep::FIELDS.join(", "))]
    CallField { id: String },

    // Languages, dates, zones.
    #[error("“{found}” is not a language code such as en or es")]
    NotALanguage { found: String },
    #[error("English (en) must be among the languages")]
    NoEnglish,
    #[error("the text in the language “{language}” is missing")]
    MissingLanguage { language: String },
    #[error("“{language}” is not among the languages of this protocol")]
    ExtraLanguage { language: String },
    #[error("“{found}” is not a date such as 2026-01-31")]
    NotADate { found: String },
    #[error("“{found}” is not a time zone such as America/Los_Angeles")]
    NoSuchTimeZone { found: String },
    #[error("this is not a fingerprint: 64 digits and letters a to f")]
    NotAFingerprint,
    #[error("a calendar on which no weekday counts never ends")]
    NoDayCounts,

    // Fields.
    #[error("this is not for a field of kind {kind:?}")]
    NotForKind { kind: FieldKind },
    #[error("the least value {min} is above the greatest {max}")]
    MinAboveMax { min: i64, max: i64 },

    // What is named must exist.
    #[error("there is no step “{step}”")]
    NoSuchStep { step: String },
    #[error("the step “{step}” has no field “{field}”")]
    NoSuchField { step: String, field: String },
    #[error("“{option}” is not an option of the field “{field}”")]
    NoSuchOption { field: String, option: String },
    #[error("there is no partner “{partner}”")]
    NoSuchPartner { partner: String },
    #[error("there is no calendar “{calendar}”")]
    NoSuchCalendar { calendar: String },

    // Conditions.
    #[error("“{test}” cannot be asked of the field “{field}”, which is a {kind:?}")]
    WrongTest { test: &'static str, field: String, kind: FieldKind },
    #[error("“answered” can only be true; for the opposite write {{\"not\": …}} around it")]
    AnsweredFalse,
    #[error("“same” is only for fields of the same step and for a clock of each entry of that step")]
    SameOutside,
    #[error("here only the entry itself is read: write “same”, or leave “of” out")]
    SameExpected,
    #[error("a field may ask for fields above it only, and “{field}” is not above")]
    NotAnEarlierField { field: String },
    #[error("these steps wait for one another: {}", through.join(" → "))]
    Cycle { through: Vec<String> },
    #[error("this step can never apply: its condition can never be true")]
    Unreachable,
    #[error("this condition can never be true")]
    NeverTrue,

    // Steps.
    #[error("a step without fields needs “done_when”")]
    NoFields,
    #[error("no field is required, so it cannot be told when the step is done: add “done_when”")]
    NothingRequired,
    #[error("a fixed step may not be marked “cannot”, so it has no reasons")]
    FixedWithReasons,
    #[error("a step that is not fixed needs reasons for “cannot”")]
    NoCannotReasons,
    #[error("when a call is done is built in: leave “done_when” out")]
    CallDoneWhen,
    #[error("only a step by the deputy can be shared by the records of an incident")]
    SharedNotDeputys,
    #[error("the partner “{partner}” comes, so it needs reasons in its “unavailable”")]
    NoUnavailableReasons { partner: String },

    // Clocks.
    #[error("the field “{field}” is a {kind:?}; a clock needs a moment")]
    NotAMoment { field: String, kind: FieldKind },
    #[error("a clock needs “met_at”, unless its deadline is “before”")]
    NoMetAt,
    #[error("“each” is only for the step and entry that the clock starts from")]
    EachElsewhere,
    #[error("a clock cannot end before the very moment it starts from")]
    BeforeItself,
}

/// What a JSON value looks like to a person who writes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words shown are in Display")]
pub enum Shape {
    Object,
    List,
    Text,
    Number,
    Flag,
    Null,
}

impl std::error::Error for Faults {}

impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                out.write_str("\n")?;
            }
            write!(out, "{fault}")?;
        }
        Ok(())
    }
}

impl Shape {
    pub(super) fn of(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(_) => Self::Flag,
            serde_json::Value::Number(_) => Self::Number,
            serde_json::Value::String(_) => Self::Text,
            serde_json::Value::Array(_) => Self::List,
            serde_json::Value::Object(_) => Self::Object,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Object => "a group of names and values {…}",
            Self::List => "a list […]",
            Self::Text => "a text in quotation marks",
            Self::Number => "a whole number",
            Self::Flag => "true or false",
            Self::Null => "null",
        })
    }
}

//! Acts as they cross the boundary: ids are text, and values are a list that keeps its order.

use std::collections::BTreeMap;
use std::str::FromStr;

use firsthours_core::app::{self, AppError};
use firsthours_core::protocol::{Phase, Value};
use firsthours_core::record::{EntryId, PersonId, Sharing};

/// One thing that a deputy does to a record. Each becomes one entry of its history.
///
/// `reason` is asked for once a phase was submitted; leave it out before. Ids are those of the view on the screen.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Act {
    /// Answers fields of a step. An `entry` that is left out or empty begins a new entry where the step has entries.
    Answer {
        step: String,
        entry: Option<String>,
        values: Vec<FieldAnswer>,
        #[uniffi(default = None)]
        reason: Option<String>,
    },
    /// Says that a step cannot be done. `why` is the id of one of the reasons that its view offers.
    Cannot {
        step: String,
        why: String,
        #[uniffi(default = None)]
        note: Option<String>,
        #[uniffi(default = None)]
        reason: Option<String>,
    },
    /// Says that a step can be done after all.
    Reopen {
        step: String,
        #[uniffi(default = None)]
        reason: Option<String>,
    },
    /// Says that an entry was made by mistake: it is kept and shown, and does not count.
    WithdrawEntry {
        step: String,
        entry: String,
        #[uniffi(default = None)]
        reason: Option<String>,
    },
    /// Adds a remark, to a step or to the whole record.
    Note {
        text: String,
        #[uniffi(default = None)]
        step: Option<String>,
    },
    /// Submits a phase for review. Drafts in it become answers first.
    Submit { phase: Phase },
    /// Says that the record was opened by mistake.
    Void { why: String },
    /// Keeps the record after all.
    Unvoid,
    /// Asks another person to take part in the record, or to take it over.
    Share { how: Sharing, to: String },
    /// Agrees to such a request.
    Accept { offer: String },
    /// Declines such a request.
    Decline { offer: String },
    /// Replies to a comment.
    Reply { thread: String, text: String },
}

/// A field and what is recorded in it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct FieldAnswer {
    pub field: String,
    /// Without a value the answer is taken back.
    #[uniffi(default = None)]
    pub value: Option<AnswerValue>,
}

/// A value. The kind of its field says which one.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum AnswerValue {
    /// The id of one option.
    Choice { option: String },
    /// The ids of several options, in any order.
    Choices { options: Vec<String> },
    /// Yes or no.
    Flag { yes: bool },
    /// An instant, milliseconds since 1970 UTC.
    Moment { at_ms: i64 },
    /// A whole number from 0.
    Count { count: i64 },
    /// A code, a line or a note, as typed.
    Text { text: String },
}

impl Act {
    /// The same act in the core's terms; an id that is none names itself.
    pub(crate) fn into_core(self) -> Result<app::Act, AppError> {
        Ok(match self {
            Self::Answer { step, entry, values, reason } => app::Act::Answer {
                step,
                entry: read_entry(entry.as_deref())?,
                values: read_values(values)?,
                reason,
            },
            Self::Cannot { step, why, note, reason } => app::Act::Cannot { step, why, note, reason },
            Self::Reopen { step, reason } => app::Act::Reopen { step, reason },
            Self::WithdrawEntry { step, entry, reason } => {
                app::Act::WithdrawEntry { step, entry: read_id(&entry, "entry")?, reason }
            }
            Self::Note { step, text } => app::Act::Note { step, text },
            Self::Submit { phase } => app::Act::Submit { phase },
            Self::Void { why } => app::Act::Void { why },
            Self::Unvoid => app::Act::Unvoid,
            Self::Share { how, to } => app::Act::Share { how, to: PersonId(to) },
            Self::Accept { offer } => app::Act::Accept { offer: read_id(&offer, "offer")? },
            Self::Decline { offer } => app::Act::Decline { offer: read_id(&offer, "offer")? },
            Self::Reply { thread, text } => app::Act::Reply { thread: read_id(&thread, "thread")?, text },
        })
    }
}

/// The entry of a view; a form for an entry not begun has an empty id.
pub(crate) fn read_entry(entry: Option<&str>) -> Result<Option<EntryId>, AppError> {
    entry.filter(|entry| !entry.is_empty()).map(|entry| read_id(entry, "entry")).transpose()
}

fn read_id<T: FromStr>(text: &str, what: &'static str) -> Result<T, AppError> {
    text.parse().map_err(|_| AppError::BadInput { what })
}

fn read_values(values: Vec<FieldAnswer>) -> Result<BTreeMap<String, Option<Value>>, AppError> {
    let mut read = BTreeMap::new();
    for FieldAnswer { field, value } in values {
        // Two values for one field: which of them was meant is not for us to guess.
        if read.insert(field, value.map(AnswerValue::into_core)).is_some() {
            return Err(AppError::BadInput { what: "values" });
        }
    }
    Ok(read)
}

impl AnswerValue {
    fn into_core(self) -> Value {
        match self {
            Self::Choice { option: text } | Self::Text { text } => Value::Text(text),
            Self::Choices { mut options } => {
                options.sort();
                options.dedup();
                Value::List(options)
            }
            Self::Flag { yes } => Value::Flag(yes),
            Self::Moment { at_ms: number } | Self::Count { count: number } => Value::Number(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(entry: Option<&str>, values: Vec<FieldAnswer>) -> Act {
        Act::Answer { step: "call_hotline".into(), entry: entry.map(str::to_owned), values, reason: None }
    }

    fn given(field: &str, value: AnswerValue) -> FieldAnswer {
        FieldAnswer { field: field.into(), value: Some(value) }
    }

    #[test]
    fn every_kind_of_value_becomes_the_one_that_the_core_stores() {
        let act = answer(
            Some("00000000000000a1"),
            vec![
                given("outcome", AnswerValue::Choice { option: "reached".into() }),
                given(
                    "needs",
                    AnswerValue::Choices { options: vec!["rest".into(), "food".into(), "rest".into()] },
                ),
                given("comes", AnswerValue::Flag { yes: true }),
                given("called_at", AnswerValue::Moment { at_ms: 1_795_496_400_000 }),
                given("people", AnswerValue::Count { count: 2 }),
                given("reference", AnswerValue::Text { text: "R-12".into() }),
                FieldAnswer { field: "arrived_at".into(), value: None },
            ],
        );
        let app::Act::Answer { entry, values, .. } = act.into_core().unwrap() else {
            panic!("not an answer")
        };
        assert_eq!(entry, Some(EntryId([0, 0, 0, 0, 0, 0, 0, 0xa1])));
        let expected = [
            ("outcome", Some(Value::Text("reached".into()))),
            ("needs", Some(Value::List(vec!["food".into(), "rest".into()]))),
            ("comes", Some(Value::Flag(true))),
            ("called_at", Some(Value::Number(1_795_496_400_000))),
            ("people", Some(Value::Number(2))),
            ("reference", Some(Value::Text("R-12".into()))),
            ("arrived_at", None),
        ];
        assert_eq!(values, expected.map(|(field, value)| (field.to_owned(), value)).into());
    }

    #[test]
    fn an_empty_entry_begins_a_new_one_and_a_wrong_one_is_named() {
        let core = answer(Some(""), Vec::new()).into_core().unwrap();
        assert!(matches!(core, app::Act::Answer { entry: None, .. }));
        assert_eq!(answer(Some("A1"), Vec::new()).into_core(), Err(AppError::BadInput { what: "entry" }));
    }

    #[test]
    fn a_field_given_twice_is_an_error_and_not_the_last_one() {
        let twice = ["yes", "no"].map(|text| given("outcome", AnswerValue::Choice { option: text.into() }));
        assert_eq!(answer(None, twice.into()).into_core(), Err(AppError::BadInput { what: "values" }));
    }

    #[test]
    fn an_id_of_another_kind_is_named() {
        let entry_as_thread = Act::Reply { thread: "00000000000000a1".into(), text: "done".into() };
        assert_eq!(entry_as_thread.into_core(), Err(AppError::BadInput { what: "thread" }));
        assert_eq!(
            Act::Accept { offer: String::new() }.into_core(),
            Err(AppError::BadInput { what: "offer" })
        );
    }
}

//! The value of a field, and whether it fits.

use serde::{Deserialize, Serialize};

use super::{Field, FieldKind, FieldLimits, Instant};

/// A value as it stands in an event. The kind of field tells how to read it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A flag.
    Flag(bool),
    /// A count, or a moment in milliseconds since 1970 UTC.
    Number(i64),
    /// A choice, code, text or note.
    Text(String),
    /// Choices: sorted, none twice.
    List(Vec<String>),
}

/// Why a value does not fit its field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the sentence on each variant says what it is; the fields are its words")]
pub enum Misfit {
    #[error("a {kind:?} field cannot hold this kind of value")]
    WrongKind { kind: FieldKind },
    #[error("{option} is not one of the options")]
    NoSuchOption { option: String },
    #[error("{chars} characters, at most {max}")]
    TooLong { chars: u32, max: u32 },
    #[error("{value} is outside {min} to {max}")]
    OutOfRange { value: i64, min: i64, max: i64 },
    #[error("a {kind:?} is one line")]
    SeveralLines { kind: FieldKind },
    #[error("an empty text is no answer; withdraw the value instead")]
    Empty,
    #[error("choices stand sorted, none twice")]
    Unsorted,
}

impl From<Instant> for Value {
    fn from(moment: Instant) -> Self {
        Self::Number(moment.ms())
    }
}

impl Value {
    /// The earliest and latest moment a phone may enter: 2000-01-01 and 2100-01-01 UTC.
    pub const MOMENTS: (i64, i64) = (946_684_800_000, 4_102_444_800_000);

    /// Checks the value against its field: kind, options, limits.
    pub fn fits(&self, field: &Field) -> Result<(), Misfit> {
        match (field.kind, self) {
            (FieldKind::Flag, Self::Flag(_)) => Ok(()),
            (FieldKind::Choice, Self::Text(id)) => is_option(field, id),
            (FieldKind::Choices, Self::List(ids)) => {
                if ids.is_empty() {
                    return Err(Misfit::Empty);
                }
                if !ids.is_sorted_by(|a, b| a < b) {
                    return Err(Misfit::Unsorted);
                }
                ids.iter().try_for_each(|id| is_option(field, id))
            }
            (FieldKind::Moment, Self::Number(ms)) => within(*ms, Self::MOMENTS.0, Self::MOMENTS.1),
            (FieldKind::Count, Self::Number(n)) => {
                within(*n, field.limits.min.unwrap_or(0), field.limits.max.unwrap_or(FieldLimits::COUNT_MAX))
            }
            (FieldKind::Code, Self::Text(text)) => written(field, text, FieldLimits::CODE_CHARS, false),
            (FieldKind::Text, Self::Text(text)) => written(field, text, FieldLimits::TEXT_CHARS, false),
            (FieldKind::Note, Self::Text(text)) => written(field, text, FieldLimits::NOTE_CHARS, true),
            (kind, _) => Err(Misfit::WrongKind { kind }),
        }
    }

    /// The count.
    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Number(n) => Some(*n),
            Self::Flag(_) | Self::Text(_) | Self::List(_) => None,
        }
    }

    /// The moment.
    pub fn moment(&self) -> Option<Instant> {
        self.number().map(Instant::from_ms)
    }
}

fn is_option(field: &Field, id: &str) -> Result<(), Misfit> {
    if field.options.iter().any(|option| option.id == id) {
        Ok(())
    } else {
        Err(Misfit::NoSuchOption { option: id.to_owned() })
    }
}

fn within(value: i64, min: i64, max: i64) -> Result<(), Misfit> {
    if (min..=max).contains(&value) { Ok(()) } else { Err(Misfit::OutOfRange { value, min, max }) }
}

fn written(field: &Field, text: &str, kind_max: u32, lines: bool) -> Result<(), Misfit> {
    if text.trim().is_empty() {
        return Err(Misfit::Empty);
    }
    let max = field.limits.max_chars.unwrap_or(kind_max);
    let chars = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    if chars > max {
        return Err(Misfit::TooLong { chars, max });
    }
    if !lines && text.contains(['\n', '\r']) {
        return Err(Misfit::SeveralLines { kind: field.kind });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{FieldClass, Opt, Text};

    fn field(kind: FieldKind, limits: FieldLimits) -> Field {
        let options = ["food", "water"].map(|id| Opt { id: id.to_owned(), title: Text::default() }).into();
        Field {
            id: "field".to_owned(),
            title: Text::default(),
            kind,
            options,
            limits,
            applies: None,
            required: true,
            class: FieldClass::Step,
        }
    }

    fn fits(kind: FieldKind, value: &Value) -> Result<(), Misfit> {
        value.fits(&field(kind, FieldLimits::default()))
    }

    fn text(value: &str) -> Value {
        Value::Text(value.to_owned())
    }

    fn list(ids: &[&str]) -> Value {
        Value::List(ids.iter().map(|id| (*id).to_owned()).collect())
    }

    #[test]
    fn every_kind_takes_its_own_kind_of_value_and_no_other() {
        use FieldKind::{Choice, Choices, Code, Count, Flag, Moment, Note, Text};
        let values = [Value::Flag(true), Value::Number(Value::MOMENTS.0), text("food"), list(&["food"])];
        let kinds: [(FieldKind, usize); 8] =
            [(Flag, 0), (Moment, 1), (Count, 1), (Choice, 2), (Code, 2), (Text, 2), (Note, 2), (Choices, 3)];
        for (kind, own) in kinds {
            for (index, value) in values.iter().enumerate() {
                let refused = fits(kind, value) == Err(Misfit::WrongKind { kind });
                assert_eq!(refused, index != own, "{kind:?} {value:?}");
            }
        }
    }

    #[test]
    fn choices_are_known_sorted_and_chosen_once() {
        let fits = |ids: &[&str]| fits(FieldKind::Choices, &list(ids));
        assert_eq!(fits(&["food", "water"]), Ok(()));
        assert_eq!(fits(&["water", "food"]), Err(Misfit::Unsorted));
        assert_eq!(fits(&["food", "food"]), Err(Misfit::Unsorted));
        assert_eq!(fits(&[]), Err(Misfit::Empty));
        assert_eq!(fits(&["rest"]), Err(Misfit::NoSuchOption { option: "rest".into() }));
    }

    #[test]
    fn numbers_stay_within_their_bounds() {
        let (min, max) = Value::MOMENTS;
        assert_eq!(fits(FieldKind::Moment, &Value::Number(max)), Ok(()));
        let late = fits(FieldKind::Moment, &Value::Number(max + 1));
        assert_eq!(late, Err(Misfit::OutOfRange { value: max + 1, min, max }));
        let narrow =
            field(FieldKind::Count, FieldLimits { min: Some(1), max: Some(3), ..FieldLimits::default() });
        let outside = |value| Err(Misfit::OutOfRange { value, min: 1, max: 3 });
        assert_eq!(Value::Number(0).fits(&narrow), outside(0));
        assert_eq!(Value::Number(3).fits(&narrow), Ok(()));
        assert_eq!(Value::Number(4).fits(&narrow), outside(4));
    }

    #[test]
    fn texts_are_not_blank_not_too_long_and_one_line_unless_a_note() {
        assert_eq!(fits(FieldKind::Text, &text(" \n")), Err(Misfit::Empty));
        let two_lines = text("one\ntwo");
        assert_eq!(fits(FieldKind::Code, &two_lines), Err(Misfit::SeveralLines { kind: FieldKind::Code }));
        assert_eq!(fits(FieldKind::Note, &two_lines), Ok(()));
        let short = field(FieldKind::Note, FieldLimits { max_chars: Some(3), ..FieldLimits::default() });
        assert_eq!(text("ñandú").fits(&short), Err(Misfit::TooLong { chars: 5, max: 3 }));
        assert_eq!(text("ñañ").fits(&short), Ok(()));
    }
}

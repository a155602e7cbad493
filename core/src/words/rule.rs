//! Conditions and clocks of a definition, as a person would say them.

use super::name::DefinitionNames;
use super::{Label, Language, list};
use crate::protocol::{
    Anchor, AnchorOf, AnswerIs, Clock, Condition, Deadline, Definition, FieldKind, FieldRef, Occurrence,
    StepIs, Value,
};

/// A clock in one sentence: what it is called, when it ends, and that it is only a target where it is one.
pub fn clock_sentence(clock: &Clock, definition: &Definition, language: Language) -> String {
    let names = DefinitionNames { definition, language };
    let (title, starts) = (names.text(&clock.title), names.anchor(&clock.from));
    let ends = names.ends(&clock.deadline);
    let target = match (clock.soft, language) {
        (false, _) => "",
        (true, Language::En) => " A target, not a rule.",
        (true, Language::Es) => " Una meta, no una regla.",
    };
    match language {
        Language::En => format!("{title} starts with {starts} and ends {ends}.{target}"),
        Language::Es => format!("{title} empieza con {starts} y termina {ends}.{target}"),
    }
}

/// A condition as the part of a sentence that follows "if". `speaking_of` is the step that it stands in, if any.
pub fn condition_words(
    condition: &Condition,
    definition: &Definition,
    speaking_of: Option<&str>,
    language: Language,
) -> String {
    DefinitionNames { definition, language }.condition(condition, speaking_of)
}

impl DefinitionNames<'_> {
    /// A condition that may be left out: then `none`.
    pub(super) fn condition_or(
        self,
        none: &str,
        condition: Option<&Condition>,
        speaking_of: Option<&str>,
    ) -> String {
        condition.map_or_else(|| none.to_owned(), |condition| self.condition(condition, speaking_of))
    }

    pub(super) fn condition(self, condition: &Condition, speaking_of: Option<&str>) -> String {
        let part = |inner: &Condition| {
            let words = self.condition(inner, speaking_of);
            match inner {
                Condition::All(terms) | Condition::Any(terms) if terms.len() > 1 => format!("({words})"),
                _ => words,
            }
        };
        let joined = |terms: &[Condition], word: &str| {
            terms.iter().map(part).collect::<Vec<String>>().join(&format!(" {word} "))
        };
        match condition {
            Condition::All(terms) => joined(terms, self.language.pick("and", "y")),
            Condition::Any(terms) => joined(terms, self.language.pick("or", "o")),
            Condition::Not(inner) => {
                format!("{} {}", self.language.pick("it is not so that", "no se cumple que"), part(inner))
            }
            Condition::Step { id, is } => {
                let is = match is {
                    StepIs::Done => self.language.pick("is done", "está hecho"),
                    StepIs::Cannot => self.language.pick("cannot be done", "no se puede hacer"),
                    StepIs::NotApplicable => self.language.pick("does not apply", "no aplica"),
                };
                format!("{} {is}", self.step(id))
            }
            Condition::Answer { field, test, of } => self.answer(field, test, *of, speaking_of),
        }
    }

    fn answer(self, field: &FieldRef, test: &AnswerIs, of: Occurrence, speaking_of: Option<&str>) -> String {
        let name = self.field_from(&field.step, &field.field, speaking_of);
        let kind = self.find(&field.step, &field.field).map(|field| field.kind);
        let several = kind == Some(FieldKind::Choices);
        let test = match test {
            AnswerIs::Is(value) if several => {
                format!("{} {}", self.language.pick("includes", "incluye"), self.value(field, value))
            }
            AnswerIs::Is(value) => format!("{} {}", self.language.pick("is", "es"), self.value(field, value)),
            AnswerIs::IsNot(value) if several => format!(
                "{} {}",
                self.language.pick("is answered without", "tiene respuesta sin"),
                self.value(field, value)
            ),
            AnswerIs::IsNot(value) => format!(
                "{} {}",
                self.language.pick("is something other than", "es algo distinto de"),
                self.value(field, value)
            ),
            AnswerIs::AtLeast(least) => match self.language {
                Language::En => format!("is {least} or more"),
                Language::Es => format!("es {least} o más"),
            },
            AnswerIs::Answered => self.language.pick("is answered", "tiene respuesta").to_owned(),
        };
        format!("{name} {test}{}", self.entries(field, of))
    }

    /// In which entries, where the step has several.
    fn entries(self, field: &FieldRef, of: Occurrence) -> &'static str {
        if !self.definition.step(&field.step).is_some_and(crate::protocol::Step::has_entries) {
            return "";
        }
        let (en, es) = match of {
            Occurrence::First => (" (first entry)", " (primera entrada)"),
            Occurrence::Last => (" (last entry)", " (última entrada)"),
            Occurrence::Any => (" (any entry)", " (cualquier entrada)"),
            Occurrence::Every => (" (every entry)", " (todas las entradas)"),
            Occurrence::Same => (" (same entry)", " (misma entrada)"),
        };
        self.language.pick(en, es)
    }

    fn value(self, field: &FieldRef, value: &Value) -> String {
        match value {
            Value::Flag(true) => self.quoted(self.label(Label::Yes)),
            Value::Flag(false) => self.quoted(self.label(Label::No)),
            Value::Number(number) => number.to_string(),
            Value::Text(option) => self.option(&field.step, &field.field, option),
            Value::List(options) => {
                let options: Vec<String> =
                    options.iter().map(|option| self.option(&field.step, &field.field, option)).collect();
                list(&options.iter().map(String::as_str).collect::<Vec<&str>>(), self.language)
            }
        }
    }

    /// The moment of an anchor, and which entry's where there are several.
    pub(super) fn anchor(self, anchor: &Anchor) -> String {
        let name = self.field_from(&anchor.field.step, &anchor.field.field, None);
        let repeats =
            self.definition.step(&anchor.field.step).is_some_and(crate::protocol::Step::has_entries);
        if !repeats && anchor.of == AnchorOf::First {
            return name;
        }
        let (en, es) = match anchor.of {
            AnchorOf::First => ("the first", "la primera entrada de"),
            AnchorOf::Last => ("the last", "la última entrada de"),
            AnchorOf::Each => ("each", "cada entrada de"),
        };
        format!("{} {name}", self.language.pick(en, es))
    }

    pub(super) fn anchors(self, anchors: &[Anchor]) -> String {
        let each: Vec<String> = anchors.iter().map(|anchor| self.anchor(anchor)).collect();
        list(&each.iter().map(String::as_str).collect::<Vec<&str>>(), self.language)
    }

    /// When a deadline ends, as it follows "ends": in the unit in which it was most likely thought.
    pub(super) fn ends(self, deadline: &Deadline) -> String {
        match deadline {
            Deadline::WithinMinutes(minutes) => {
                let (n, en, es) = match minutes {
                    1 => (1, "minute", "minuto"),
                    60 => (1, "hour", "hora"),
                    minutes if minutes % 60 == 0 => (minutes / 60, "hours", "horas"),
                    minutes => (*minutes, "minutes", "minutos"),
                };
                match self.language {
                    Language::En => format!("{n} {en} later"),
                    Language::Es => format!("{n} {es} después"),
                }
            }
            Deadline::WithinDays { n, calendar } => {
                let calendar = self.calendar(calendar);
                match self.language {
                    Language::En => format!("with day {n} after it, counted in {calendar}"),
                    Language::Es => format!("con el día {n} posterior, contado en {calendar}"),
                }
            }
            Deadline::Before(field) => {
                let field = self.field_from(&field.step, &field.field, None);
                format!("{} {field}", self.language.pick("before", "antes de"))
            }
        }
    }
}

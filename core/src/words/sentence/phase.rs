//! Sentences about how a phase stands with its review.

use crate::words::Language;

/// A sentence and what it is about. Names and times come in as they are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhaseSentence<'a> {
    Open,
    Submitted { when: &'a str },
    Returned { who: &'a str, steps: usize },
    Answered { when: &'a str },
    Approved { who: &'a str },
    Stale,
    Line { phase: &'a str, sentence: &'a str },
}

impl PhaseSentence<'_> {
    /// The sentence in a language.
    pub fn text(&self, language: Language) -> String {
        let (en, es): (String, String) = match *self {
            Self::Open => ("being recorded".into(), "en registro".into()),
            Self::Submitted { when } => {
                (format!("waiting for review since {when}"), format!("en espera de revisión desde {when}"))
            }
            Self::Returned { who, steps: 0 } => {
                (format!("sent back by {who}"), format!("devuelto por {who}"))
            }
            Self::Returned { who, steps: 1 } => {
                (format!("sent back by {who}, 1 step"), format!("devuelto por {who}, 1 paso"))
            }
            Self::Returned { who, steps } => {
                (format!("sent back by {who}, {steps} steps"), format!("devuelto por {who}, {steps} pasos"))
            }
            Self::Answered { when } => (
                format!("answered, look again (since {when})"),
                format!("respondido, mirar de nuevo (desde {when})"),
            ),
            Self::Approved { who } => (format!("approved by {who}"), format!("aprobado por {who}")),
            Self::Stale => (
                "approved before a later change; look again".into(),
                "aprobado antes de un cambio posterior; mirar de nuevo".into(),
            ),
            Self::Line { phase, sentence } => {
                (format!("{phase}: {sentence}"), format!("{phase}: {sentence}"))
            }
        };
        language.pick(en, es)
    }
}

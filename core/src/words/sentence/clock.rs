//! Sentences about clocks and alarms.

use crate::words::Language;

/// A sentence and what it is about. Names and times come in as they are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClockSentence<'a> {
    Waiting { anchor: &'a str },
    Running { left: &'a str, at: &'a str },
    RunningOpen,
    Met { at: &'a str },
    MetLate { at: &'a str, late: &'a str },
    Missed { over: &'a str, at: &'a str },
    Excused,
    OtherClocks { count: usize },
    AlarmSoon { at: &'a str },
    AlarmDue,
    MetBefore { at: &'a str },
    FirstEntered { anchor: &'a str, sentence: &'a str },
}

impl ClockSentence<'_> {
    /// The sentence in a language.
    pub fn text(&self, language: Language) -> String {
        let (en, es): (String, String) = match *self {
            Self::Waiting { anchor } => {
                (format!("Starts with “{anchor}”."), format!("Empieza con «{anchor}»."))
            }
            Self::Running { left, at } => {
                (format!("{left} left, until {at}"), format!("Quedan {left}, hasta {at}"))
            }
            Self::RunningOpen => ("Running".into(), "En curso".into()),
            Self::Met { at } => (format!("Met at {at}"), format!("Cumplido a las {at}")),
            Self::MetLate { at, late } => {
                (format!("Met at {at}, {late} late"), format!("Cumplido a las {at}, {late} tarde"))
            }
            Self::Missed { over, at } => {
                (format!("{over} overdue, was due {at}"), format!("Vencido hace {over}, era para {at}"))
            }
            Self::Excused => ("Excused".into(), "Justificado".into()),
            Self::OtherClocks { count: 1 } => ("1 other clock".into(), "1 plazo más".into()),
            Self::OtherClocks { count } => (format!("{count} other clocks"), format!("{count} plazos más")),
            Self::AlarmSoon { at } => {
                (format!("Something is due at {at}."), format!("Algo vence a las {at}."))
            }
            Self::AlarmDue => ("Something is due now.".into(), "Algo vence ahora.".into()),
            Self::MetBefore { at } => {
                (format!("Met at {at}, before it began"), format!("Cumplido a las {at}, antes de empezar"))
            }
            Self::FirstEntered { anchor, sentence } => (
                format!("As first entered, from {anchor}: {sentence}"),
                format!("Como se registró primero, desde {anchor}: {sentence}"),
            ),
        };
        language.pick(en, es)
    }
}

//! Sentences about sheets that are printed.

use crate::words::Language;

/// A sentence and what it is about. Names and times come in as they are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SheetSentence<'a> {
    Made { when: &'a str, who: &'a str },
    NotRecorded,
    ByHand,
    NotApplicable,
    Gaps { count: usize, rows: &'a str },
    NoGaps,
    DoneAt { when: &'a str },
}

impl SheetSentence<'_> {
    /// The sentence in a language.
    pub fn text(&self, language: Language) -> String {
        let (en, es): (String, String) = match *self {
            Self::Made { when, who } => {
                (format!("Made {when} for {who}"), format!("Hecho {when} para {who}"))
            }
            Self::NotRecorded => ("not recorded".into(), "sin registrar".into()),
            Self::ByHand => ("to be filled in by hand".into(), "para llenar a mano".into()),
            Self::NotApplicable => ("does not apply".into(), "no aplica".into()),
            Self::Gaps { count: 1, rows } => (format!("1 gap: {rows}"), format!("1 dato falta: {rows}")),
            Self::Gaps { count, rows } => {
                (format!("{count} gaps: {rows}"), format!("Faltan {count} datos: {rows}"))
            }
            Self::NoGaps => ("No gaps.".into(), "No falta ningún dato.".into()),
            Self::DoneAt { when } => (format!("done, {when}"), format!("hecho, {when}")),
        };
        language.pick(en, es)
    }
}

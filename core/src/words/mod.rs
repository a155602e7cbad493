//! Every word a person reads or hears, in English and Spanish. A reason is a code until it comes here.
//!
//! Texts of a protocol are in its definition; these are the app's own. Short, plain, and without blame: a sentence says
//! what happened, what is safe, and what to do.

mod change;
mod label;
mod name;
mod rule;
mod sentence;
mod trouble;
mod when;

pub use change::change_sentence;
pub use label::Label;
pub use name::{field_title, option_title};
pub use rule::{clock_sentence, condition_words};
pub use sentence::{
    ClockSentence, EventSentence, PhaseSentence, RecordSentence, SheetSentence, StepSentence, SyncSentence,
    list,
};
pub use trouble::{Trouble, misfit, refusal};
pub use when::{clock_time, day_and_time, span};

use serde::{Deserialize, Serialize};

/// A language of the app.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    #[default]
    En,
    Es,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::En, Self::Es];

    /// Its code in a definition and in HTML: `en`, `es`.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// From a code such as `es` or `es-MX`; English for what the app does not speak.
    pub fn from_code(code: &str) -> Self {
        if code.get(..2).is_some_and(|two| two.eq_ignore_ascii_case("es")) { Self::Es } else { Self::En }
    }

    /// The one of two texts that is in this language.
    pub(crate) fn pick<T>(self, en: T, es: T) -> T {
        match self {
            Self::En => en,
            Self::Es => es,
        }
    }
}

//! What the language guard says of a text, for the screen on which it is written.

use crate::guard;
use crate::words::{Language, StepSentence};

/// A term in a text that the language guard names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagView {
    /// The term, as it stands in the text.
    pub term: String,
    /// Where it begins, and where what follows it does: in UTF-16 code units, as Android and iOS count.
    pub begins: i64,
    pub ends: i64,
    /// Why it is named, and what could stand there instead.
    pub sentence: String,
}

/// The terms in a text that the language guard names, in order; none overlap, and there are at most
/// [`guard::MOST_FLAGS`].
pub fn flags(text: &str, language: Language) -> Vec<FlagView> {
    let units = |text: &str| i64::try_from(text.encode_utf16().count()).unwrap_or(i64::MAX);
    let mut counted = (0, 0);
    let flags = guard::check(text, language).into_iter().map(|flag| {
        let (before, term) = (&text[counted.0..flag.at.start], &text[flag.at.clone()]);
        let begins = counted.1 + units(before);
        let ends = begins + units(term);
        counted = (flag.at.end, ends);
        let sentence = StepSentence::Flagged { term, why: flag.why, suggestion: flag.suggestion };
        FlagView { term: term.to_owned(), begins, ends, sentence: sentence.text(language) }
    });
    flags.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_is_found_again_where_a_phone_counts_it() {
        let text = "🚓 La niña is a known prostitute. 🚑 She was a prostitute then.";
        let units: Vec<u16> = text.encode_utf16().collect();
        let found = flags(text, Language::En);
        assert!(found.len() >= 2, "{found:?}");
        for flag in found {
            let range =
                usize::try_from(flag.begins).expect("small")..usize::try_from(flag.ends).expect("small");
            assert_eq!(String::from_utf16_lossy(&units[range]), flag.term);
        }
    }
}

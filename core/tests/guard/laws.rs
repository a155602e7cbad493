//! What holds of any text.

use firsthours_core::guard::{Flag, MOST_CHARS, MOST_FLAGS, check};
use firsthours_core::words::Language;
use proptest::prelude::*;
use proptest::sample::select;

use super::corpus::{Sentence, corpus};

fn sentences() -> Vec<Sentence> {
    Language::ALL.into_iter().flat_map(corpus).collect()
}

/// Rules and phrases that are flagged.
fn flagged(text: &str) -> Vec<(&'static str, String)> {
    check(text, Language::En).into_iter().map(|flag| (flag.rule, text[flag.at].to_owned())).collect()
}

fn rules(text: &str) -> Vec<&'static str> {
    check(text, Language::En).into_iter().map(|flag| flag.rule).collect()
}

/// Marks of quotation that open and close.
const MARKS: [(&str, &str); 4] = [("“", "”"), ("\"", "\""), ("«", "»"), ("‘", "’")];

#[test]
fn quoting_a_flagged_phrase_removes_its_flag() {
    for sentence in sentences() {
        let text = &sentence.text;
        for flag in check(text, Language::En) {
            for (open, close) in MARKS {
                // A straight mark beside others of its kind cannot be told from them.
                if text.contains(open) {
                    continue;
                }
                let (before, rest) = text.split_at(flag.at.start);
                let (phrase, after) = rest.split_at(flag.at.len());
                let quoted = format!("{before}{open}{phrase}{close}{after}");
                let within = flag.at.start..flag.at.end + open.len() + close.len();
                let left = check(&quoted, Language::En)
                    .into_iter()
                    .find(|left| left.at.start < within.end && within.start < left.at.end);
                assert_eq!(left, None, "{quoted}");
            }
        }
    }
}

#[test]
fn accents_case_and_spaces_do_not_hide_a_flag() {
    let without_accents = |text: &str| -> String {
        let plain = |letter| match letter {
            'á' => 'a',
            'é' => 'e',
            'í' => 'i',
            'ó' => 'o',
            'ú' | 'ü' => 'u',
            'ñ' => 'n',
            'Á' => 'A',
            'É' => 'E',
            'Í' => 'I',
            'Ó' => 'O',
            'Ú' => 'U',
            'Ñ' => 'N',
            other => other,
        };
        text.chars().map(plain).collect()
    };
    for sentence in sentences().iter().filter(|sentence| !sentence.flags.is_empty()) {
        let text = &sentence.text;
        let as_it_is = rules(text);
        let spaced = text.replace(' ', "  ");
        let broken = text.replace(' ', "\n");
        let changed = [
            text.to_uppercase(),
            text.to_lowercase(),
            without_accents(text),
            spaced,
            broken,
            text.replace(' ', "\u{a0}"),
        ];
        for changed in changed {
            assert_eq!(rules(&changed), as_it_is, "{changed}");
        }
    }
}

/// No case of any sentence hides a flag; a name in small letters may gain one.
#[test]
fn capitals_hide_nothing_in_sentences_that_are_near_a_rule() {
    for sentence in sentences() {
        let as_it_is = rules(&sentence.text);
        for changed in [sentence.text.to_uppercase(), sentence.text.to_lowercase()] {
            let found = rules(&changed);
            assert!(as_it_is.iter().all(|rule| found.contains(rule)), "{changed}");
        }
    }
}

#[test]
fn a_text_longer_than_a_note_is_flagged_as_far_as_a_note_goes() {
    let flags = check(&"x ".repeat(MOST_CHARS), Language::En);
    assert_eq!(flags, []);
    let many = "She is a prostitute. ".repeat(MOST_CHARS);
    let flags = check(&many, Language::Es);
    assert_eq!(flags.len(), MOST_FLAGS);
    let late = format!("{}She is a prostitute.", " ".repeat(MOST_CHARS));
    assert_eq!(check(&late, Language::En), []);
}

/// Spans in order, apart from one another, on whole characters.
fn hold(text: &str, flags: &[Flag]) {
    let mut end = 0;
    for flag in flags {
        assert!(flag.at.start >= end && flag.at.start < flag.at.end, "{text:?}: {flags:?}");
        assert!(text.get(flag.at.clone()).is_some_and(|phrase| phrase.trim() == phrase), "{text:?}");
        end = flag.at.end;
    }
    assert!(flags.len() <= MOST_FLAGS);
}

/// Texts made of what the rules look at: words of theirs, marks, breaks.
fn made_of_parts() -> impl Strategy<Value = String> {
    let parts = [
        "she",
        "is",
        "a",
        "prostitute",
        "pimp",
        "not",
        "15",
        "year",
        "old",
        "john",
        "the",
        "said",
        "PC",
        "647(b)",
        "section",
        "runaway",
        "code",
        "menor",
        "huyó",
        "se",
        "puso",
        "en",
        "riesgo",
        "no",
        "quiso",
        "cooperar",
        "ﬁ",
        "\u{301}",
        "\u{ad}",
        "“",
        "”",
        "\"",
        "'",
        "«",
        "»",
        "‘",
        "’",
        "—",
        ":",
        ".",
        "…",
        "\n",
        "\n\n",
        "\n- ",
        "(",
        ")",
        "§",
        "İ",
        "ß",
        "🙂",
        ",",
    ];
    prop::collection::vec((select(parts.to_vec()), select(vec!["", " "])), 0..60)
        .prop_map(|parts| parts.into_iter().flat_map(|(part, space)| [part, space]).collect())
}

proptest! {
    #[test]
    fn any_text_has_flags_in_order_on_whole_characters(text in "\\PC{0,300}") {
        hold(&text, &check(&text, Language::En));
    }

    #[test]
    fn any_row_of_words_and_marks_does(text in made_of_parts()) {
        let flags = check(&text, Language::Es);
        hold(&text, &flags);
        let in_english = check(&text, Language::En);
        prop_assert!(flags.iter().zip(&in_english).all(|(es, en)| es.rule == en.rule && es.at == en.at));
    }

    #[test]
    fn the_flags_of_two_sentences_are_those_of_each(
        first in select(sentences()),
        second in select(sentences()),
    ) {
        let joined = format!("{}. {}", first.text, second.text);
        let both: Vec<_> = flagged(&first.text).into_iter().chain(flagged(&second.text)).collect();
        prop_assert_eq!(flagged(&joined), both);
    }
}

//! What no rule speaks of: somebody else's words, titles, and citations.
//!
//! - **Quotation marks** of every kind, over lines and one inside another. A mark that is never closed holds to the end
//!   of its sentence: while a person writes, the second mark is still to come. No quotation goes over the end of a
//!   paragraph, so that one stray mark silences little.
//! - **Verbatim speech without marks**: after *she said:* and its like, and after a dash that opens a line, to the end of
//!   the sentence. Indirect speech (*she said that …*) is the writer's choice of words and is not exempt.
//! - **Titles** of forms, units and laws, and words that are spoken about (*the term …*), by the patterns of the data.
//! - **Citations** of laws are only marked: whether they excuse a word is for each rule to say. An offense is named by
//!   its title; a child is no prostitute under any section.

use std::ops::Range;

use super::index::Patterns;
use super::pattern::{Pattern, Sets};
use super::text::{Word, is_apostrophe};

/// The patterns of what is exempt.
#[derive(Debug, Clone, Default)]
pub(super) struct Exempt {
    /// Law and bill numbers.
    pub(super) citations: Patterns,
    /// Names of forms, units, laws.
    pub(super) titles: Patterns,
    /// What says that the words after it are spoken about.
    pub(super) mentions: Patterns,
    /// What makes a colon open somebody's own words.
    pub(super) speech: Vec<Pattern>,
}

/// How many words after a mention are spoken about.
const MENTIONED: usize = 3;

/// How far before a colon the verb of speech may stand, in words.
const BEFORE_COLON: usize = 8;

/// How many marks can be open at once: a quotation in a quotation in a quotation, and some that are never closed.
const MOST_OPEN: usize = 16;

/// Digits that a number of a section has at least, where nothing else says that it is one.
const SECTION_DIGITS: usize = 3;

/// Marks what is exempt in every language: quotations. And what is a citation by its form.
pub(super) fn mark(text: &str, words: &mut [Word], sentences: &[Range<usize>]) {
    for range in ranges_of_words(words, quotations(text, words, sentences)) {
        words[range].iter_mut().for_each(|word| word.is_exempt = true);
    }
    for index in 0..words.len() {
        let word = &words[index];
        let is_marked = text[..word.at.start].trim_end().ends_with('§');
        if is_marked || (is_section(&word.folded) && stands_as_section(text, words, index)) {
            words[index].is_citation = true;
        }
    }
}

impl Exempt {
    /// Marks what is exempt by the patterns of a language, and its citations.
    pub(super) fn mark(&self, text: &str, words: &mut [Word], sentences: &[Range<usize>], sets: &Sets) {
        for range in self.citations.found(words, sentences, sets) {
            words[range].iter_mut().for_each(|word| word.is_citation = true);
        }
        for range in ranges_of_words(words, self.speeches(text, words, sentences, sets)) {
            words[range].iter_mut().for_each(|word| word.is_exempt = true);
        }
        for range in self.titles.found(words, sentences, sets) {
            words[range].iter_mut().for_each(|word| word.is_exempt = true);
        }
        for range in self.mentions.found(words, sentences, sets) {
            let sentence = &sentences[words[range.start].sentence];
            let end = sentence.end.min(range.end + MENTIONED);
            words[range.end..end].iter_mut().for_each(|word| word.is_exempt = true);
        }
    }

    /// The bytes of speech without quotation marks.
    fn speeches(
        &self,
        text: &str,
        words: &[Word],
        sentences: &[Range<usize>],
        sets: &Sets,
    ) -> Vec<Range<usize>> {
        let mut speeches = Vec::new();
        for sentence in sentences {
            let range = bytes(words, sentence);
            let before = text[..range.start].trim_end_matches(['¿', '¡', ' ']);
            let line = before.trim_end_matches('—');
            if line.len() < before.len() && (line.trim_end_matches(' ').is_empty() || line.ends_with('\n')) {
                let end = text[range.clone()].find('—').map_or(range.end, |dash| range.start + dash);
                speeches.push(range.start..end);
            }
            for index in sentence.clone().skip(1) {
                let between = &text[words[index - 1].at.end..words[index].at.start];
                let is_speech = || {
                    let from = index.saturating_sub(BEFORE_COLON).max(sentence.start);
                    (from..index)
                        .any(|from| self.speech.iter().any(|speech| speech.reaches(words, from, index, sets)))
                };
                if between.contains(':') && is_speech() {
                    speeches.push(words[index].at.start..range.end);
                    break;
                }
            }
        }
        speeches
    }
}

/// The bytes of a sentence, from its first word to its last.
fn bytes(words: &[Word], sentence: &Range<usize>) -> Range<usize> {
    words[sentence.start].at.start..words[sentence.end - 1].at.end
}

/// The words that lie in ranges of bytes.
fn ranges_of_words(words: &[Word], ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let index_of = |byte: usize| words.partition_point(|word| word.at.start < byte);
    ranges.into_iter().map(|range| index_of(range.start)..index_of(range.end)).collect()
}

/// Whether a number can be that of a section: `647`, `236.1`.
fn is_section(folded: &str) -> bool {
    let digits = folded.bytes().take_while(u8::is_ascii_digit).count();
    digits >= SECTION_DIGITS && folded.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Whether it is written as one: `266h`, `647(b)`, `236.1` that is no sum of money.
fn stands_as_section(text: &str, words: &[Word], index: usize) -> bool {
    let word = &words[index];
    let rest = &text[word.at.end..];
    let letter_follows = words.get(index + 1).is_some_and(|next| {
        next.folded.len() == 1
            && next.folded.bytes().all(|byte| byte.is_ascii_alphabetic())
            && (next.at.start == word.at.end || rest.starts_with('('))
            && next.at.start <= word.at.end + 1
    });
    letter_follows || (word.folded.contains('.') && !text[..word.at.start].ends_with(['$', '€']))
}

/// A mark that is open.
struct Open {
    closes_with: char,
    at: usize,
}

/// The bytes of every quotation.
fn quotations(text: &str, words: &[Word], sentences: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut before: Option<char> = None;
    let mut is_blank_line = false;
    for (at, letter) in text.char_indices() {
        if letter == '\n' && is_blank_line {
            found.extend(open.drain(..).filter_map(|open| unclosed(&open, words, sentences)));
        }
        is_blank_line = letter == '\n' || (is_blank_line && letter.is_whitespace());
        if let Some(depth) = closes(&open, letter, before, &text[at + letter.len_utf8()..]) {
            found.extend(open.drain(depth..).next().map(|open| open.at..at));
        } else if let Some(closes_with) = opens(letter, before, &text[at + letter.len_utf8()..])
            && open.len() < MOST_OPEN
        {
            open.push(Open { closes_with, at });
        }
        before = Some(letter);
    }
    found.extend(open.iter().filter_map(|open| unclosed(open, words, sentences)));
    found
}

/// What a mark that is never closed holds: the rest of its sentence. An apostrophe holds nothing.
fn unclosed(open: &Open, words: &[Word], sentences: &[Range<usize>]) -> Option<Range<usize>> {
    let next = words.get(words.partition_point(|word| word.at.start < open.at))?;
    let is_apostrophe = open.closes_with == '’';
    (!is_apostrophe).then(|| open.at..bytes(words, &sentences[next.sentence]).end)
}

/// How many of the open marks are outside the one that this letter closes.
fn closes(open: &[Open], letter: char, before: Option<char>, rest: &str) -> Option<usize> {
    let closer = if is_apostrophe(letter) { '’' } else { letter };
    if !matches!(closer, '’' | '”' | '"' | '»' | '›' | '“' | '＂') {
        return None;
    }
    if closer == '’' {
        let inside = before.is_some_and(|before| !before.is_whitespace());
        let over = rest.chars().next().is_none_or(|next| !next.is_alphanumeric());
        if !inside || !over {
            return None;
        }
    }
    open.iter().rposition(|open| open.closes_with == closer)
}

/// The mark that closes what this letter opens.
fn opens(letter: char, before: Option<char>, rest: &str) -> Option<char> {
    let stands_free = before.is_none_or(|before| !before.is_alphanumeric());
    match letter {
        '“' | '”' if stands_free => Some('”'),
        '„' => Some('“'),
        '«' => Some('»'),
        '‹' => Some('›'),
        '"' | '＂' if stands_free => Some(letter),
        _ if is_apostrophe(letter) && stands_free && begins_quotation(rest) => Some('’'),
        _ => None,
    }
}

/// Whether an apostrophe before this opens a quotation, and is none of those in front of a shortened word or a year.
fn begins_quotation(rest: &str) -> bool {
    const SHORTENED: [&str; 8] = ["til", "em", "cause", "bout", "round", "n", "tis", "twas"];
    let word: String = rest.chars().take(8).take_while(|letter| letter.is_alphabetic()).collect();
    let is_word = rest.chars().next().is_some_and(|next| next.is_alphabetic() || matches!(next, '¿' | '¡'));
    is_word && !SHORTENED.contains(&word.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::text::{sentences, words};

    fn exempt(text: &str) -> Vec<String> {
        let sets = Sets::new();
        let read = |text: &str| vec![Pattern::read_context(text, &sets).expect("a pattern")];
        let together = |text: &str| Patterns::new(read(text), &sets);
        let patterns = Exempt {
            citations: together("pc #"),
            titles: together("missing person report"),
            mentions: together("the term"),
            speech: read("said|told _2"),
        };
        let mut words = words(text, 4_000);
        let sentences = sentences(&words);
        mark(text, &mut words, &sentences);
        patterns.mark(text, &mut words, &sentences, &sets);
        let mut found: Vec<String> = Vec::new();
        let mut last = None;
        for (index, word) in words.iter().enumerate().filter(|(_, word)| word.is_exempt) {
            match found.last_mut() {
                Some(phrase) if last == Some(index - 1) => {
                    phrase.push(' ');
                    phrase.push_str(&word.folded);
                }
                _ => found.push(word.folded.clone()),
            }
            last = Some(index);
        }
        found
    }

    #[test]
    fn every_kind_of_quotation_mark_exempts() {
        for text in
            ["a “b c” d", "a \"b c\" d", "a «b c» d", "a ‘b c’ d", "a 'b c' d", "a „b c“ d", "a ‹b c› d"]
        {
            assert_eq!(exempt(text), ["b c"], "{text}");
        }
        assert_eq!(exempt("a “b ‘c’ d\ne” f"), ["b c d e"]);
        assert_eq!(exempt("a \"b 'c' d\" e 'f'"), ["b c d", "f"]);
        assert_eq!(exempt("She said. “One. Two.” three"), ["one two"]);
    }

    #[test]
    fn an_apostrophe_and_an_inch_are_no_quotation() {
        assert_eq!(exempt("she's 5'6\" tall, 'til the johns' cars left"), Vec::<String>::new());
        assert_eq!(exempt("don't say it's hers"), Vec::<String>::new());
    }

    #[test]
    fn an_open_mark_holds_for_its_sentence() {
        assert_eq!(exempt("she said \"he is mine. Then she left."), ["he is mine"]);
        assert_eq!(exempt("“one\n\ntwo” three"), ["one"]);
    }

    #[test]
    fn a_colon_after_a_verb_of_speech_opens_speech() {
        assert_eq!(exempt("She said to us: he is mine. He left."), ["he is mine"]);
        assert_eq!(exempt("At 10:30 she said that he left: no."), Vec::<String>::new());
        assert_eq!(exempt("—Es mi novio —dijo ella."), ["es mi novio"]);
        assert_eq!(exempt("a — b c"), Vec::<String>::new());
    }

    #[test]
    fn titles_and_what_is_spoken_about_are_exempt() {
        assert_eq!(exempt("a Missing Person report b"), ["missing person report"]);
        assert_eq!(exempt("the term a b c d"), ["a b c"]);
    }

    #[test]
    fn citations_are_known_by_their_form() {
        let cited = |text: &str| {
            let mut words = words(text, 4_000);
            let sentences = sentences(&words);
            mark(text, &mut words, &sentences);
            words.iter().any(|word| word.is_citation)
        };
        for text in ["647(b)", "266h/266i", "§ 12", "236.1"] {
            assert!(cited(text), "{text}");
        }
        for text in ["647", "room 12 b", "$236.10", "10.30 p.m.", "in 2014 a"] {
            assert!(!cited(text), "{text}");
        }
    }
}

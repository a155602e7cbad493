//! The language guard: terms that blame a child or hide who did what, flagged while a person writes.
//!
//! It never rewrites and never blocks: a flag says *where*, *why*, and *what could stand there instead*, and the writer
//! decides. What somebody else said, in quotation marks or after *she said:*, is evidence and is never flagged; nor are
//! titles and citations of laws (`exempt`). Every narrative of this app is about a child, so a term needs no age
//! beside it; where the same word has an innocent use (a lawyer's client, a Ford Escort, Rescue 21), its rule says so.
//!
//! The rules are data, `rules/en.json` and `rules/es.json`, in the language of `pattern`. They follow the guidance on
//! words of the police inspectorates and children's organizations that each rule names; one that follows from the same
//! principle without such a source says `inferred`. Rules of both languages are looked for in every text, since people
//! mix them. A pure function of the text, in time proportional to its length.

mod exempt;
mod index;
mod pattern;
mod rules;
mod text;

use std::ops::Range;
use std::sync::LazyLock;

pub use rules::Rule;

use crate::protocol::FieldLimits;
use crate::words::Language;
use index::Index;
use rules::RuleSet;
use text::{Word, sentences, words};

/// The version of the rules. It grows by one with every change of them, so that a figure can say what it was taken with.
pub const RULES_VERSION: u32 = 1;

/// How many characters of a text are looked at: as many as a note may have. What follows is not flagged.
pub const MOST_CHARS: usize = FieldLimits::NOTE_CHARS as usize;

/// How many flags a text has at most; the first ones are told.
pub const MOST_FLAGS: usize = 100;

/// A term that was found, and what to say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// The rule: `en-prostitute`.
    pub rule: &'static str,
    /// Where it stands: bytes of the text, from the beginning of a character to the end of one.
    pub at: Range<usize>,
    /// Why it is flagged, in the reader's language.
    pub why: &'static str,
    /// What could stand there instead, in the reader's language.
    pub suggestion: &'static str,
}

/// The flags of a text, in order; no two overlap. The texts in them are in the language of the reader, whatever the
/// language of the text.
///
/// ```
/// use firsthours_core::{guard::check, words::Language};
///
/// let text = "She is a known prostitute.";
/// let flags = check(text, Language::En);
/// assert_eq!(&text[flags[0].at.clone()], "known prostitute");
/// assert!(flags[0].why.starts_with("There is no such thing as a child prostitute."));
/// assert!(check("She said “he is my boyfriend”.", Language::En).is_empty());
/// ```
pub fn check(text: &str, reader: Language) -> Vec<Flag> {
    GUARD.check(text, reader)
}

/// Every rule, those of English first.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    GUARD.files.iter().flat_map(|file| &file.rules)
}

static GUARD: LazyLock<Guard> = LazyLock::new(|| {
    let files = [include_str!("rules/en.json"), include_str!("rules/es.json")];
    Guard::new(files.map(|text| rules::read(text).expect("a test reads the rules that are built in")))
});

/// The rules, and where each can begin.
struct Guard {
    files: [RuleSet; 2],
    index: Index<Place>,
}

/// A pattern among all: file, rule, case, pattern.
type Place = [usize; 4];

/// What a pattern found: words, by whose rule.
struct Found<'a> {
    words: Range<usize>,
    rule: &'a Rule,
}

impl Guard {
    fn new(files: [RuleSet; 2]) -> Self {
        let mut index = Index::default();
        for (file, rules) in files.iter().enumerate() {
            for (rule, of_rule) in rules.rules.iter().enumerate() {
                for (case, of_case) in of_rule.cases().iter().enumerate() {
                    for (number, pattern) in of_case.find.iter().enumerate() {
                        index.add(pattern, &rules.sets, [file, rule, case, number]);
                    }
                }
            }
        }
        Self { files, index }
    }

    fn check(&'static self, text: &str, reader: Language) -> Vec<Flag> {
        let mut words = words(text, MOST_CHARS);
        let sentences = sentences(&words);
        exempt::mark(text, &mut words, &sentences);
        for file in &self.files {
            file.exempt.mark(text, &mut words, &sentences, &file.sets);
        }
        let mut flags: Vec<Flag> = Vec::new();
        let mut from = 0;
        while from < words.len() && flags.len() < MOST_FLAGS {
            let Some(found) = self.at(&words, from, &sentences[words[from].sentence]) else {
                from += 1;
                continue;
            };
            from = found.words.end;
            flags.push(Flag {
                rule: &found.rule.id,
                at: words[found.words.start].at.start..words[found.words.end - 1].at.end,
                why: found.rule.why(reader),
                suggestion: found.rule.suggestion(reader),
            });
        }
        flags
    }

    /// What begins at a word: the longest; of two as long, that of the rule that stands first.
    fn at(&self, words: &[Word], from: usize, sentence: &Range<usize>) -> Option<Found<'_>> {
        let word = &words[from];
        if word.is_exempt {
            return None;
        }
        let mut best: Option<Found<'_>> = None;
        for [file, rule, case, pattern] in self.index.at(word) {
            let (rules, rule) = (&self.files[file], &self.files[file].rules[rule]);
            let case = &rule.cases()[case];
            let ends = case.find[pattern].ends(words, from, sentence.end, &rules.sets);
            let holds = |end: &usize| {
                let found = from..*end;
                !words[found.clone()].iter().any(|word| word.is_exempt)
                    && case.holds(words, &found, sentence, &rules.sets)
            };
            let Some(end) = ends.rev().find(holds) else { continue };
            if best.as_ref().is_none_or(|best| best.words.end < end) {
                best = Some(Found { words: from..end, rule });
            }
        }
        best
    }
}

//! The small language in which rules say what they look for, and how it is found.
//!
//! A pattern is a row of parts with spaces between them; each part is one word of the text, or says how many may lie
//! between:
//!
//! | written | finds |
//! |---|---|
//! | `pimp` | that word, in any case, with or without accents |
//! | `prostitut*` | any word that begins so |
//! | `his\|her` | either |
//! | `a\|an?` | one of them, or nothing |
//! | `@child` | any pattern of the set of that name |
//! | `#`, `#child`, `#adult` | a number; one below 18; one from 18 |
//! | `§` | a word of a citation of a law, a form or a bill |
//! | `^`, `^hooker` | a word written as a name is, with a capital first; that word, so written |
//! | `_3` | up to three words, whatever they are |
//! | `~3` | up to three words, none of which is of the set `turn`: there the sentence turns to somebody else |
//!
//! Nothing is found across the end of a sentence. A row is short and a gap at most [`MOST_GAP`] words, so that looking at
//! one place costs a constant and a whole text costs its length.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{Key, Word, folded};

/// A row of parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Part>);

/// Patterns by name. A set holds none of another.
pub(super) type Sets = BTreeMap<String, Vec<Pattern>>;

/// Greatest number of words in a gap.
const MOST_GAP: u32 = 8;

/// Greatest number of parts in a row: with their gaps, what is found lies within the 63 places that are looked at.
const MOST_PARTS: usize = 10;

/// The set of words at which a sentence turns to somebody else.
const TURN: &str = "turn";

/// From this age a person is no child.
const ADULT: u32 = 18;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Gap {
        most: u32,
        /// Whether a word of the set [`TURN`] ends it.
        stays: bool,
    },
    Word {
        is: Alternatives,
        is_optional: bool,
    },
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Alternatives {
    /// Sorted.
    exact: Vec<Key>,
    beginnings: Vec<String>,
    /// Words that are written as names are.
    names: Vec<Key>,
    sets: Vec<String>,
    kinds: Vec<Kind>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    OfChild,
    OfAdult,
    Citation,
    Name,
}

/// Why a pattern cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PatternFault {
    #[error("has no part, or too many")]
    Length,
    #[error("begins or ends with what may be nothing")]
    Open,
    #[error("has a gap that is no number from 1 to {MOST_GAP}: {0}")]
    Gap(String),
    #[error("names a set that is not there: {0}")]
    NoSuchSet(String),
    #[error("has a part that is no word: {0}")]
    NoWord(String),
}

/// Where a pattern can begin: what the index of the rules is made of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Beginning {
    Exact(Key),
    Prefix(String),
    Number,
    Citation,
    Name,
}

impl Pattern {
    /// Reads a pattern that finds something by itself: it neither begins nor ends with a part that may be nothing.
    pub(super) fn read(text: &str, sets: &Sets) -> Result<Self, PatternFault> {
        let pattern = Self::read_context(text, sets)?;
        let is_open = |part: Option<&Part>| !matches!(part, Some(Part::Word { is_optional: false, .. }));
        if is_open(pattern.0.first()) || is_open(pattern.0.last()) {
            return Err(PatternFault::Open);
        }
        Ok(pattern)
    }

    /// Reads a pattern of what stands around something: it may begin or end with a gap.
    pub(super) fn read_context(text: &str, sets: &Sets) -> Result<Self, PatternFault> {
        let parts: Vec<Part> =
            text.split_whitespace().map(|part| read_part(part, sets)).collect::<Result<_, _>>()?;
        let says_something = parts.iter().any(|part| matches!(part, Part::Word { is_optional: false, .. }));
        if says_something && parts.len() <= MOST_PARTS { Ok(Self(parts)) } else { Err(PatternFault::Length) }
    }

    /// Every place at which it ends if it begins at `from`, nearest first; nothing beyond `limit` is looked at.
    pub(super) fn ends(
        &self,
        words: &[Word],
        from: usize,
        limit: usize,
        sets: &Sets,
    ) -> impl DoubleEndedIterator<Item = usize> {
        let reached = reach(&self.0, words, from, limit, sets);
        (0..64).filter(move |place| reached >> place & 1 == 1).map(move |place| from + place)
    }

    /// Whether it is found from `from` on.
    pub(super) fn begins(&self, words: &[Word], from: usize, limit: usize, sets: &Sets) -> bool {
        reach(&self.0, words, from, limit, sets) != 0
    }

    /// Whether it can end at `end` if it begins at `from`.
    pub(super) fn reaches(&self, words: &[Word], from: usize, end: usize, sets: &Sets) -> bool {
        let place = end - from;
        place < 64 && reach(&self.0, words, from, end, sets) >> place & 1 == 1
    }

    /// What a word must be for the pattern to begin with it.
    pub(super) fn beginnings(&self, sets: &Sets) -> BTreeSet<Beginning> {
        let mut found = BTreeSet::new();
        self.add_beginnings(sets, &mut found);
        found
    }

    fn add_beginnings(&self, sets: &Sets, found: &mut BTreeSet<Beginning>) {
        for part in &self.0 {
            let Part::Word { is, is_optional } = part else { continue };
            found.extend(is.exact.iter().copied().map(Beginning::Exact));
            found.extend(is.beginnings.iter().cloned().map(Beginning::Prefix));
            found.extend(is.names.iter().copied().map(Beginning::Exact));
            found.extend(is.kinds.iter().map(|kind| match kind {
                Kind::Number | Kind::OfChild | Kind::OfAdult => Beginning::Number,
                Kind::Citation => Beginning::Citation,
                Kind::Name => Beginning::Name,
            }));
            for pattern in is.sets.iter().filter_map(|name| sets.get(name)).flatten() {
                pattern.add_beginnings(sets, found);
            }
            if !is_optional {
                return;
            }
        }
    }
}

/// The places that a row of parts can end at, one bit each, counted from `from`.
fn reach(parts: &[Part], words: &[Word], from: usize, limit: usize, sets: &Sets) -> u64 {
    let room = u32::try_from(limit.saturating_sub(from)).unwrap_or(u32::MAX).min(63);
    let within = u64::MAX >> (63 - room);
    let mut places: u64 = 1;
    for part in parts {
        let mut next: u64 = 0;
        match part {
            Part::Gap { most, stays: false } => (0..=*most).for_each(|gap| next |= places << gap),
            Part::Gap { most, stays: true } => {
                next = places;
                for _ in 0..*most {
                    next |= (next & !turns(words, from, limit, sets)) << 1;
                }
            }
            Part::Word { is, is_optional } => {
                let mut left = places;
                while left != 0 {
                    let place = left.trailing_zeros();
                    left &= left - 1;
                    next |= is.reach(words, from + place as usize, limit, sets).unbounded_shl(place);
                }
                if *is_optional {
                    next |= places;
                }
            }
        }
        places = next & within;
        if places == 0 {
            break;
        }
    }
    places
}

/// The places of the words at which a sentence turns to somebody else.
fn turns(words: &[Word], from: usize, limit: usize, sets: &Sets) -> u64 {
    let turn = sets.get(TURN).map(Vec::as_slice).unwrap_or_default();
    let is_turn = |at: &usize| turn.iter().any(|pattern| pattern.begins(words, *at, limit, sets));
    (from..limit.min(from + 64)).filter(is_turn).fold(0, |places, at| places | 1 << (at - from))
}

impl Alternatives {
    /// The places that one of them can end at, counted from `from`.
    fn reach(&self, words: &[Word], from: usize, limit: usize, sets: &Sets) -> u64 {
        let Some(word) = words.get(from).filter(|_| from < limit) else { return 0 };
        let is_word = self.exact.binary_search(&word.key).is_ok()
            || self.beginnings.iter().any(|beginning| word.folded.starts_with(beginning))
            || (word.is_capitalized && self.names.contains(&word.key))
            || self.kinds.iter().any(|kind| kind.is(word));
        let patterns = self.sets.iter().filter_map(|name| sets.get(name)).flatten();
        patterns.fold(u64::from(is_word) << 1, |places, pattern| {
            places | reach(&pattern.0, words, from, limit, sets)
        })
    }
}

impl Kind {
    fn is(self, word: &Word) -> bool {
        match self {
            Self::Number => word.number.is_some(),
            Self::OfChild => word.number.is_some_and(|number| number < ADULT),
            Self::OfAdult => word.number.is_some_and(|number| (ADULT..100).contains(&number)),
            Self::Citation => word.is_citation,
            Self::Name => word.is_capitalized,
        }
    }
}

fn read_part(text: &str, sets: &Sets) -> Result<Part, PatternFault> {
    if let Some(most) = text.strip_prefix(['_', '~']) {
        let stays = text.starts_with('~');
        let most = most.parse().ok().filter(|most| (1..=MOST_GAP).contains(most));
        return most.map(|most| Part::Gap { most, stays }).ok_or_else(|| PatternFault::Gap(text.to_owned()));
    }
    let (text, is_optional) = match text.strip_suffix('?') {
        Some(text) => (text, true),
        None => (text, false),
    };
    let mut is = Alternatives::default();
    for one in text.split('|') {
        match one {
            "#" => is.kinds.push(Kind::Number),
            "#child" => is.kinds.push(Kind::OfChild),
            "#adult" => is.kinds.push(Kind::OfAdult),
            "§" => is.kinds.push(Kind::Citation),
            "^" => is.kinds.push(Kind::Name),
            _ => {
                if let Some(name) = one.strip_prefix('@') {
                    if !sets.contains_key(name) {
                        return Err(PatternFault::NoSuchSet(name.to_owned()));
                    }
                    is.sets.push(name.to_owned());
                } else if let Some(name) = one.strip_prefix('^') {
                    is.names.push(Key::of(&word(name)?));
                } else if let Some(beginning) = one.strip_suffix('*') {
                    is.beginnings.push(word(beginning)?);
                } else {
                    is.exact.push(Key::of(&word(one)?));
                }
            }
        }
    }
    is.exact.sort_unstable();
    Ok(Part::Word { is, is_optional })
}

fn word(text: &str) -> Result<String, PatternFault> {
    let is_word = !text.is_empty() && text.chars().all(char::is_alphanumeric);
    if is_word { Ok(folded(text)) } else { Err(PatternFault::NoWord(text.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::text::words;

    fn sets() -> Sets {
        let mut sets = Sets::new();
        let read = |text: &str| Pattern::read(text, &Sets::new()).expect("a pattern");
        sets.insert("turn".to_owned(), vec![read("her")]);
        sets.insert("child".to_owned(), vec![read("minor|child"), read("#child year|years old")]);
        sets
    }

    fn found(pattern: &str, text: &str) -> Option<String> {
        let (sets, words) = (sets(), words(text, 4_000));
        let pattern = Pattern::read(pattern, &sets).expect("a pattern");
        (0..words.len()).find_map(|from| {
            let end = pattern.ends(&words, from, words.len(), &sets).next_back()?;
            Some(text[words[from].at.start..words[end - 1].at.end].to_owned())
        })
    }

    #[test]
    fn each_part_finds_what_it_says() {
        assert_eq!(found("pimp", "the PIMP left").as_deref(), Some("PIMP"));
        assert_eq!(found("prostitut*", "she was prostituted"), Some("prostituted".to_owned()));
        assert_eq!(found("a|the very? john", "the john"), Some("the john".to_owned()));
        assert_eq!(
            found("@child _2 prostitute", "a 15-year-old, known prostitute"),
            Some("15-year-old, known prostitute".to_owned())
        );
        assert_eq!(found("@child prostitute", "a 25-year-old prostitute"), None);
        assert_eq!(found("#adult year", "a 25-year"), Some("25-year".to_owned()));
        assert_eq!(found("huyó", "HUYO"), Some("HUYO".to_owned()));
        assert_eq!(found("a _1 d", "a b c d"), None);
        assert_eq!(found("man ~2 rude", "the man was rude").as_deref(), Some("man was rude"));
        assert_eq!(found("man ~2 rude", "the man called her rude"), None);
        assert_eq!(found("^ ^hooker", "Ann Hooker").as_deref(), Some("Ann Hooker"));
        assert_eq!(found("^ ^hooker", "Young hooker"), None);
        assert_eq!(found("john ^", "john Muir"), Some("john Muir".to_owned()));
        assert_eq!(found("john ^", "JOHN MUIR"), None);
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let fault = |text: &str| Pattern::read(text, &sets()).err();
        assert_eq!(fault(""), Some(PatternFault::Length));
        assert_eq!(fault("a b c d e f g h i j k"), Some(PatternFault::Length));
        assert_eq!(fault("a _3"), Some(PatternFault::Open));
        assert_eq!(fault("a? b"), Some(PatternFault::Open));
        assert_eq!(fault("a _9 b"), Some(PatternFault::Gap("_9".to_owned())));
        assert_eq!(fault("@none"), Some(PatternFault::NoSuchSet("none".to_owned())));
        assert_eq!(fault("a-b"), Some(PatternFault::NoWord("a-b".to_owned())));
        assert_eq!(fault("a||b"), Some(PatternFault::NoWord(String::new())));
    }

    #[test]
    fn a_far_place_is_out_of_reach_and_no_fault() {
        let text = "a ".repeat(200);
        let words = words(&text, 4_000);
        let pattern = Pattern::read("a _8 a _8 a _8 a _8 a", &Sets::new()).expect("a pattern");
        assert!(pattern.begins(&words, 0, 200, &Sets::new()));
        assert!(!pattern.reaches(&words, 0, 200, &Sets::new()));
    }
}

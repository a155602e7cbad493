//! Where patterns can begin: most words of a text begin none, and one look tells.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::pattern::{Beginning, Pattern, Sets};
use super::text::{Key, Word};

/// What is found by the word that a pattern begins with.
#[derive(Debug, Clone)]
pub(super) struct Index<T> {
    exact: HashMap<Key, Vec<T>>,
    /// Beginnings of words, by their first byte: so few have the same that going through them is quicker than hashing.
    beginnings: BTreeMap<u8, BTreeMap<String, Vec<T>>>,
    numbers: Vec<T>,
    citations: Vec<T>,
    names: Vec<T>,
}

/// Patterns that are looked for together.
#[derive(Debug, Clone, Default)]
pub(super) struct Patterns {
    patterns: Vec<Pattern>,
    index: Index<usize>,
}

impl<T: Copy + Ord> Index<T> {
    pub(super) fn add(&mut self, pattern: &Pattern, sets: &Sets, what: T) {
        for beginning in pattern.beginnings(sets) {
            let place = match beginning {
                Beginning::Exact(word) => self.exact.entry(word).or_default(),
                Beginning::Prefix(part) => {
                    let first = part.as_bytes().first().copied().unwrap_or_default();
                    self.beginnings.entry(first).or_default().entry(part).or_default()
                }
                Beginning::Number => &mut self.numbers,
                Beginning::Citation => &mut self.citations,
                Beginning::Name => &mut self.names,
            };
            place.push(what);
        }
    }

    /// What may begin with a word, in the order of what was added.
    pub(super) fn at(&self, word: &Word) -> Vec<T> {
        let mut found: Vec<T> = self.exact.get(&word.key).into_iter().flatten().copied().collect();
        let first = word.folded.as_bytes().first().copied().unwrap_or_default();
        for (beginning, of_beginning) in self.beginnings.get(&first).into_iter().flatten() {
            if word.folded.starts_with(beginning) {
                found.extend(of_beginning);
            }
        }
        let kinds = [
            (word.number.is_some(), &self.numbers),
            (word.is_citation, &self.citations),
            (word.is_capitalized, &self.names),
        ];
        found.extend(kinds.into_iter().filter(|(is, _)| *is).flat_map(|(_, places)| places));
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl<T> Default for Index<T> {
    fn default() -> Self {
        Self {
            exact: HashMap::new(),
            beginnings: BTreeMap::new(),
            numbers: Vec::new(),
            citations: Vec::new(),
            names: Vec::new(),
        }
    }
}

impl Patterns {
    pub(super) fn new(patterns: Vec<Pattern>, sets: &Sets) -> Self {
        let mut index = Index::default();
        for (number, pattern) in patterns.iter().enumerate() {
            index.add(pattern, sets, number);
        }
        Self { patterns, index }
    }

    /// Where one of them is found among the words of a text; at each place the longest.
    pub(super) fn found(&self, words: &[Word], sentences: &[Range<usize>], sets: &Sets) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for (from, word) in words.iter().enumerate() {
            let limit = sentences[word.sentence].end;
            let patterns = self.index.at(word).into_iter().map(|number| &self.patterns[number]);
            let ends = patterns.filter_map(|pattern| pattern.ends(words, from, limit, sets).next_back());
            found.extend(ends.max().map(|end| from..end));
        }
        found
    }
}

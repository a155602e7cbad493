//! Small readers that go on after a fault, so that one look lists them all.

use serde_json::{Map, Value as Json};

use crate::protocol::Text;
use crate::protocol::fault::{Fault, FaultKind, Shape};
use crate::protocol::path::{Path, shortened};

/// Greatest length of a text shown to people, in characters.
const TEXT_CHARS: usize = 4_000;
/// Greatest length of an id.
const ID_CHARS: usize = 40;

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct DefinitionReader {
    pub(super) faults: Vec<Fault>,
    /// Languages that every text must have; empty while they are not known.
    pub(super) languages: Vec<String>,
}

/// An object whose names are asked for one by one; what nobody asked for is a fault.
pub(super) struct Object<'r, 'v, 'p> {
    pub(super) reader: &'r mut DefinitionReader,
    pub(super) at: &'p Path<'p>,
    /// `None` where something else stood: that is one fault, not one for each missing name.
    map: Option<&'v Map<String, Json>>,
    asked: Vec<&'static str>,
}

/// An item of a list that is known by an id.
pub(super) trait HasId {
    fn id(&self) -> &str;
}

impl DefinitionReader {
    pub(super) fn fault(&mut self, at: &Path<'_>, what: FaultKind) {
        self.faults.push(Fault { path: at.to_string(), what });
    }

    fn wrong_shape(&mut self, at: &Path<'_>, expected: Shape, value: &Json) {
        self.fault(at, FaultKind::WrongShape { expected, found: Shape::of(value) });
    }

    pub(super) fn object<'r, 'v, 'p>(&'r mut self, value: &'v Json, at: &'p Path<'p>) -> Object<'r, 'v, 'p> {
        let map = value.as_object();
        if map.is_none() {
            self.wrong_shape(at, Shape::Object, value);
        }
        Object { reader: self, at, map, asked: Vec::new() }
    }

    /// Every item, also a faulty one: indexes stay those of the document.
    pub(super) fn list<T>(
        &mut self,
        value: &Json,
        at: &Path<'_>,
        max: usize,
        mut read: impl FnMut(&mut Self, &Json, &Path<'_>) -> T,
    ) -> Option<Vec<T>> {
        let Some(items) = value.as_array() else {
            self.wrong_shape(at, Shape::List, value);
            return None;
        };
        if items.len() > max {
            self.fault(at, FaultKind::TooMany { found: items.len(), max });
            return None;
        }
        Some(items.iter().enumerate().map(|(index, item)| read(self, item, &at.index(index))).collect())
    }

    /// A list of things with ids, each id once.
    pub(super) fn list_by_id<T: HasId>(
        &mut self,
        value: &Json,
        at: &Path<'_>,
        max: usize,
        read: impl FnMut(&mut Self, &Json, &Path<'_>) -> T,
    ) -> Option<Vec<T>> {
        let items = self.list(value, at, max, read)?;
        let mut seen = std::collections::BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            if !item.id().is_empty() && !seen.insert(item.id()) {
                let what = FaultKind::DuplicateId { id: shortened(item.id()) };
                self.fault(&at.index(index).key("id"), what);
            }
        }
        Some(items)
    }

    pub(super) fn string<'v>(&mut self, value: &'v Json, at: &Path<'_>) -> Option<&'v str> {
        let text = value.as_str();
        if text.is_none() {
            self.wrong_shape(at, Shape::Text, value);
        }
        text
    }

    pub(super) fn flag(&mut self, value: &Json, at: &Path<'_>) -> Option<bool> {
        let flag = value.as_bool();
        if flag.is_none() {
            self.wrong_shape(at, Shape::Flag, value);
        }
        flag
    }

    /// A whole number from `min` to `max`.
    pub(super) fn whole(&mut self, value: &Json, at: &Path<'_>, min: i64, max: i64) -> Option<i64> {
        let Some(found) = value.as_i64() else {
            self.wrong_shape(at, Shape::Number, value);
            return None;
        };
        if (min..=max).contains(&found) {
            return Some(found);
        }
        self.fault(at, FaultKind::OutOfRange { found, min, max });
        None
    }

    /// A whole number from `min` to `max`, where both are small.
    pub(super) fn small(&mut self, value: &Json, at: &Path<'_>, min: u32, max: u32) -> Option<u32> {
        self.whole(value, at, i64::from(min), i64::from(max)).and_then(|found| u32::try_from(found).ok())
    }

    /// One of a few fixed words.
    pub(super) fn word<T: Copy>(
        &mut self,
        value: &Json,
        at: &Path<'_>,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let found = self.string(value, at)?;
        let known = words.iter().find(|(word, _)| *word == found).map(|(_, meaning)| *meaning);
        if known.is_none() {
            let expected = words.iter().map(|(word, _)| *word).collect();
            self.fault(at, FaultKind::NotOneOf { found: shortened(found), expected });
        }
        known
    }

    /// An id. A faulty one is kept as it is, so that those who name it are not at fault as well.
    pub(super) fn id(&mut self, value: &Json, at: &Path<'_>) -> Option<String> {
        self.id_with(value, at, |byte| byte == b'_')
    }

    /// The id of a protocol, which may have hyphens.
    pub(super) fn protocol_id(&mut self, value: &Json, at: &Path<'_>) -> Option<String> {
        self.id_with(value, at, |byte| byte == b'_' || byte == b'-')
    }

    fn id_with(&mut self, value: &Json, at: &Path<'_>, joins: fn(u8) -> bool) -> Option<String> {
        let found = self.string(value, at)?;
        let fine = found.len() <= ID_CHARS
            && found.starts_with(|first: char| first.is_ascii_lowercase())
            && found.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || joins(byte));
        if !fine {
            self.fault(at, FaultKind::NotAnId { found: shortened(found) });
        }
        Some(found.to_owned())
    }

    /// The name of something elsewhere in the document: whether it exists is checked later.
    pub(super) fn name(&mut self, value: &Json, at: &Path<'_>) -> Option<String> {
        self.string(value, at).map(str::to_owned)
    }

    /// A text without languages: the name of a source.
    pub(super) fn plain(&mut self, value: &Json, at: &Path<'_>) -> Option<String> {
        let text = self.string(value, at)?;
        self.written(text, at);
        Some(text.to_owned())
    }

    pub(super) fn date(&mut self, value: &Json, at: &Path<'_>) -> Option<String> {
        let found = self.string(value, at)?;
        if !is_date(found) {
            self.fault(at, FaultKind::NotADate { found: shortened(found) });
        }
        Some(found.to_owned())
    }

    /// A text in exactly the languages of the protocol.
    pub(super) fn text(&mut self, value: &Json, at: &Path<'_>) -> Option<Text> {
        let text = self.speech(value, at)?;
        if !self.languages.is_empty() {
            for language in text.0.keys().filter(|language| !self.languages.contains(language)) {
                self.faults.push(Fault {
                    path: at.key(language).to_string(),
                    what: FaultKind::ExtraLanguage { language: shortened(language) },
                });
            }
        }
        Some(text)
    }

    /// A text in the languages of the protocol, and perhaps in more: what is read to a child.
    pub(super) fn speech(&mut self, value: &Json, at: &Path<'_>) -> Option<Text> {
        let Some(map) = value.as_object() else {
            self.wrong_shape(at, Shape::Object, value);
            return None;
        };
        for language in self.languages.clone() {
            if !map.contains_key(&language) {
                self.fault(&at.key(&language), FaultKind::MissingLanguage { language: language.clone() });
            }
        }
        let mut text = Text::default();
        for (language, value) in map {
            let at = at.key(language);
            if !is_language(language) {
                self.fault(&at, FaultKind::NotALanguage { found: shortened(language) });
                continue;
            }
            if let Some(words) = self.string(value, &at) {
                self.written(words, &at);
                text.0.insert(language.clone(), words.to_owned());
            }
        }
        Some(text)
    }

    fn written(&mut self, text: &str, at: &Path<'_>) {
        if text.trim().is_empty() {
            self.fault(at, FaultKind::Empty);
        }
        let found = text.chars().count();
        if found > TEXT_CHARS {
            self.fault(at, FaultKind::TooLong { found, max: TEXT_CHARS });
        }
        if text.chars().any(|letter| letter.is_control() && letter != '\n') {
            self.fault(at, FaultKind::ControlCharacter);
        }
    }
}

impl<'v> Object<'_, 'v, '_> {
    /// What stands under a name; its absence is a fault.
    pub(super) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut DefinitionReader, &'v Json, &Path<'_>) -> Option<T>,
    ) -> Option<T> {
        if self.map.is_some() && !self.has(name) {
            self.reader.fault(&self.at.key(name), FaultKind::Missing);
        }
        self.optional(name, read)
    }

    /// What stands under a name, if it is there.
    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut DefinitionReader, &'v Json, &Path<'_>) -> Option<T>,
    ) -> Option<T> {
        self.asked.push(name);
        let value = self.map?.get(name)?;
        read(self.reader, value, &self.at.key(name))
    }

    /// A flag that need not be there.
    pub(super) fn flag(&mut self, name: &'static str, left_out: bool) -> bool {
        self.optional(name, DefinitionReader::flag).unwrap_or(left_out)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.map.is_some_and(|map| map.contains_key(name))
    }

    /// The one of `names` that is there. None or several are a fault, unless a mistyped name explains it.
    pub(super) fn one_of(&mut self, names: &[&'static str]) -> Option<&'static str> {
        self.asked.extend_from_slice(names);
        let map = self.map?;
        let mut present = names.iter().copied().filter(|name| map.contains_key(*name));
        match (present.next(), present.next()) {
            (Some(name), None) => Some(name),
            (None, _) if map.keys().any(|name| !self.asked.contains(&name.as_str())) => None,
            _ => {
                self.reader.fault(self.at, FaultKind::ExactlyOne { of: names.to_vec() });
                None
            }
        }
    }

    /// Ends the reading: names that nobody asked for are faults.
    pub(super) fn close(mut self) {
        self.asked.sort_unstable();
        self.asked.dedup();
        for name in self.map.into_iter().flat_map(Map::keys) {
            if !self.asked.contains(&name.as_str()) {
                let what = FaultKind::UnknownKey { expected: self.asked.clone() };
                self.reader.fault(&self.at.key(name), what);
            }
        }
    }
}

/// `YYYY-MM-DD`, and such a day exists.
pub(super) fn is_date(text: &str) -> bool {
    crate::protocol::Day::read(text).is_some()
}

/// A language code: `en`, `es`, `zh-Hant`.
pub(super) fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=3).contains(&first.len())
        && first.bytes().all(|byte| byte.is_ascii_lowercase())
        && parts.all(|part| {
            (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
        && text.len() <= 35
}

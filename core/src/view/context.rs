//! What a view is made for: the reader, the language, the time, and what only this phone knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::protocol::{Author, Definition, Instant};
use crate::record::{Actor, Directory, EncounterId, EntryId, Hash, PartnerNumber, PersonId, StationId};
use crate::words::Language;

/// Looks up the name of a person as colleagues say it.
pub trait Names {
    /// `Sgt. Rivera`, or `None` for someone the directory does not know.
    fn name(&self, person: &PersonId) -> Option<String>;

    /// The title of a station.
    fn station(&self, station: &StationId) -> Option<String>;
}

impl Names for Directory {
    fn name(&self, person: &PersonId) -> Option<String> {
        self.people.iter().find(|found| found.id == *person).map(|found| found.name.clone())
    }

    fn station(&self, station: &StationId) -> Option<String> {
        self.stations.iter().find(|found| found.id == *station).map(|found| found.title.clone())
    }
}

/// A directory that knows nobody: ids are shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoNames;

impl Names for NoNames {
    fn name(&self, _: &PersonId) -> Option<String> {
        None
    }

    fn station(&self, _: &StationId) -> Option<String> {
        None
    }
}

/// Who reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    pub actor: Actor,
    /// Identity, location, narrative and health fields are shown only once opened; on a phone they are.
    pub sees_all: bool,
    /// Whether this reader's acts go through a phone (records) or a desk (reviews).
    pub at_desk: bool,
}

impl Reader {
    /// Whose steps this reader answers.
    pub fn author(&self) -> Option<Author> {
        self.actor.role.author()
    }
}

/// What only this phone knows, as plain data; empty on the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnPhone {
    /// How many of the record's events are folded into this view, by arrival (on a page: the position).
    pub seen: u64,
    pub drafts: Vec<Draft>,
    /// Events of this record that no receipt covers yet; `None` on the server, where there is no such thing.
    pub unsent: Option<usize>,
    /// Numbers of the directory that are valid here and now.
    pub numbers: Vec<PartnerNumber>,
    /// Colleagues who could join.
    pub colleagues: Vec<(PersonId, String)>,
    /// How far the phone's clock is off, when by more than two minutes.
    pub clock_off_ms: Option<i64>,
    /// The record's protocol version was recalled.
    pub recalled: bool,
    /// The version that the record was moved to is not here.
    pub lacks_version: bool,
    /// A newer version that is in force: its fingerprint and number.
    pub newer: Option<(Hash, u32)>,
    /// The definitions that the record was under before, the latest first.
    pub earlier: Vec<Arc<Definition>>,
    /// The other records of this scene.
    pub incident: Vec<Sibling>,
}

/// Another record of the same scene.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sibling {
    pub id: EncounterId,
    pub handle: String,
    /// How many entries of the scene it lacks that this record has.
    pub lacks: usize,
}

/// A half-written text: neither signed nor sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub step: String,
    pub entry: Option<EntryId>,
    pub field: String,
    pub text: String,
}

/// Everything that a view needs besides the record.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub definition: &'a Definition,
    pub here: &'a OnPhone,
    pub reader: &'a Reader,
    pub language: Language,
    pub now: Instant,
    pub names: &'a dyn Names,
}

impl Context<'_> {
    /// The name of a person, else the id.
    pub(super) fn name(&self, person: &PersonId) -> String {
        self.names.name(person).unwrap_or_else(|| person.0.clone())
    }

    /// What a person wrote, wherever it stands: narrative, and so hidden from this reader until opened, unless they wrote
    /// it themselves.
    pub(super) fn narrative(&self, text: &str, by: Option<&PersonId>) -> String {
        if self.reader.sees_all || by == Some(&self.reader.actor.person) {
            text.to_owned()
        } else {
            crate::words::Label::Hidden.text(self.language).to_owned()
        }
    }

    /// The name of something that no protocol here has: whoever wrote it chose it, so it is hidden like what they wrote.
    pub(super) fn unknown(&self, name: &str) -> String {
        self.narrative(name, None)
    }

    pub(super) fn when(&self, at: Instant) -> String {
        crate::words::day_and_time(at, self.now, &self.definition.time_zone, self.language)
    }

    /// With the day, whatever day it is: for what is kept on paper.
    pub(super) fn full_when(&self, at: Instant) -> String {
        let day_before = at - 48 * 60 * 60 * 1_000;
        crate::words::day_and_time(at, day_before, &self.definition.time_zone, self.language)
    }

    pub(super) fn drafts_by_field(&self, step: &str, entry: Option<EntryId>) -> BTreeMap<&str, &str> {
        self.here
            .drafts
            .iter()
            .filter(|draft| draft.step == step && draft.entry == entry)
            .map(|draft| (draft.field.as_str(), draft.text.as_str()))
            .collect()
    }
}

//! Which versions of its protocol a record has been read under, and what an earlier one asked for that this one does not.

use std::sync::Arc;

use super::{Content, EntryId, Event, Hash, Head, Register, State};
use crate::protocol::{Definition, Step, Value};

/// What was said under an earlier version and cannot be read under this one: its step or field is not there any more,
/// or takes other values. It is kept and shown, and no condition reads it.
#[derive(Debug)]
pub struct Carried<'a> {
    pub step: &'a str,
    pub entry: Option<EntryId>,
    /// `None`: that the step cannot be done.
    pub field: Option<&'a str>,
    pub heads: Vec<Head<'a>>,
}

/// The versions of a record, that under which it is read first, then the ones before, the latest first; none twice.
///
/// While two people disagree on the version (each moved it without knowing of the other), the head that is shown first
/// counts, on every phone the same.
pub fn versions(state: &State) -> Vec<Hash> {
    let heads = state.heads(&Register::Version);
    let mut writers: Vec<&Event> = state.writers(&Register::Version).collect();
    writers.sort_by_key(|event| event.rank());
    let written = writers.iter().filter_map(|event| event.kind()?.version());
    let mut versions: Vec<Hash> = Vec::new();
    for version in heads.iter().filter_map(|head| version_of(head.content)).chain(written) {
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    versions
}

/// The versions that a record is read under, of those that are here.
#[derive(Debug, Clone)]
pub struct Under {
    /// The fingerprint of `definition`.
    pub protocol: Hash,
    /// The version that the record was moved to last, or the latest before that one that is here.
    pub definition: Arc<Definition>,
    /// Those that it was under before, as far as they are here, the latest first: for the words of what they asked.
    pub earlier: Vec<Arc<Definition>>,
    /// The version that it was moved to is not here.
    pub lacks: bool,
}

impl Under {
    /// A record that begins under this version.
    pub fn new(protocol: Hash, definition: Arc<Definition>) -> Self {
        Self { protocol, definition, earlier: Vec::new(), lacks: false }
    }
}

/// What a record is read under: the first of its [`versions`] that `here` gives; `None` if it gives none.
pub fn under<E>(
    versions: &[Hash],
    mut here: impl FnMut(Hash) -> Result<Option<Arc<Definition>>, E>,
) -> Result<Option<Under>, E> {
    let mut found: Option<Under> = None;
    for version in versions {
        match (here(*version)?, &mut found) {
            (Some(definition), None) => {
                let lacks = versions.first() != Some(version);
                found = Some(Under { lacks, ..Under::new(*version, definition) });
            }
            (Some(definition), Some(found)) => found.earlier.push(definition),
            (None, _) => {}
        }
    }
    Ok(found)
}

fn version_of(content: &Content) -> Option<Hash> {
    match content {
        Content::Version(version) => Some(*version),
        _ => None,
    }
}

/// Parts the heads of a field into those that the step can read and those that it cannot.
pub(super) fn part<'a>(
    step: Option<&Step>,
    entry: Option<EntryId>,
    field: &str,
    heads: Vec<Head<'a>>,
) -> (Vec<Head<'a>>, Vec<Head<'a>>) {
    let found = step.filter(|step| step.has_entries() == entry.is_some()).and_then(|step| step.field(field));
    heads.into_iter().partition(|head| match (found, value_of(head)) {
        (Some(field), Some(value)) => value.fits(field).is_ok(),
        (Some(_), None) => true,
        (None, _) => false,
    })
}

/// Whether any of the heads says something: a value that was taken back is nothing to keep in sight.
pub(super) fn says_anything(heads: &[Head<'_>]) -> bool {
    heads.iter().any(|head| match head.content {
        Content::Value(value) => value.is_some(),
        Content::Cannot(why) => why.is_some(),
        _ => false,
    })
}

fn value_of<'h>(head: &Head<'h>) -> Option<&'h Value> {
    match head.content {
        Content::Value(value) => value.as_ref(),
        _ => None,
    }
}

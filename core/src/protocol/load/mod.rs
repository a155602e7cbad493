//! From the bytes of a document to a definition, or to every fault in it at once.
//!
//! A protocol decides what a deputy is told at night; a mistyped name in it must never be passed over in
//! silence. So nothing unknown is skipped, nothing is guessed, and whoever writes a protocol sees the whole
//! list of faults, each with its place, in one go.
//!
//! Names that may be left out: the lists (empty), `repeats`, `shared`, `urgent`, `fixed`, `soft` (false), `required` of
//! a step and of a field (**true**), `class` of a field (`step`), `of` in an answer (`any`), and everything
//! that is optional in [`Definition`]. `null` never stands for something left out.

mod read;
mod rule;
mod sheet;
mod step;

use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use super::check;
use super::fault::{Fault, FaultKind, Faults};
use super::path::Path;
use super::{Calendar, Channel, Definition, Opt, Partner, json};
use read::{DefinitionReader, HasId, Object};

/// Greatest size of a document, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// Greatest lengths of lists: far above any protocol, low enough that no document can make loading slow.
mod most {
    pub(super) const LANGUAGES: usize = 20;
    pub(super) const CALENDARS: usize = 20;
    pub(super) const CLOSED_DATES: usize = 2_000;
    pub(super) const PARTNERS: usize = 60;
    pub(super) const STEPS: usize = 200;
    pub(super) const FIELDS: usize = 60;
    pub(super) const OPTIONS: usize = 100;
    pub(super) const BASIS: usize = 30;
    pub(super) const CLOCKS: usize = 200;
    pub(super) const TERMS: usize = 50;
    pub(super) const MOMENTS: usize = 20;
    pub(super) const SHEETS: usize = 20;
    pub(super) const SECTIONS: usize = 40;
    pub(super) const ROWS: usize = 100;
}

/// Reads and checks a definition.
pub fn load(bytes: &[u8]) -> Result<Definition, Faults> {
    if bytes.len() > MAX_BYTES {
        return Err(whole(FaultKind::TooLarge { bytes: bytes.len(), max: MAX_BYTES }));
    }
    let document = json::parse(bytes).map_err(|fault| whole(FaultKind::Json(fault)))?;
    let mut reader = DefinitionReader::default();
    let mut definition = read_definition(&mut reader, &document);
    let faults = check::check(&mut definition, reader.faults);
    if faults.is_empty() { Ok(definition) } else { Err(Faults(faults)) }
}

/// How a definition is known everywhere: SHA-256 of its bytes, in hex.
pub fn fingerprint(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn whole(what: FaultKind) -> Faults {
    let path = match &what {
        FaultKind::Json(
            json::JsonFault::DuplicateKey { path }
            | json::JsonFault::NumberOutOfRange { path }
            | json::JsonFault::NotAnInteger { path },
        ) => path.clone(),
        _ => Path::Root.to_string(),
    };
    Faults(vec![Fault { path, what }])
}

fn read_definition(reader: &mut DefinitionReader, document: &Json) -> Definition {
    let mut it = reader.object(document, &Path::Root);
    // First, because every text is held against them.
    let languages = it.required("languages", languages).unwrap_or_default();
    it.reader.languages = languages_of_texts(&languages);
    let id = it.required("id", DefinitionReader::protocol_id).unwrap_or_default();
    let version = it.required("version", |r, v, at| r.small(v, at, 1, 1_000_000)).unwrap_or(1);
    let title = it.required("title", DefinitionReader::text).unwrap_or_default();
    let jurisdiction = it.required("jurisdiction", DefinitionReader::text).unwrap_or_default();
    let time_zone = it.required("time_zone", time_zone).unwrap_or_default();
    let calendars = it.optional("calendars", |r, v, at| r.list_by_id(v, at, most::CALENDARS, calendar));
    let effective = it.required("effective", DefinitionReader::date).unwrap_or_default();
    let supersedes = it.optional("supersedes", read_fingerprint);
    let changes = it.required("changes", DefinitionReader::text).unwrap_or_default();
    let partners =
        it.optional("partners", |r, v, at| r.list_by_id(v, at, most::PARTNERS, partner)).unwrap_or_default();
    let steps = it.required("steps", |r, v, at| {
        let steps = r.list_by_id(v, at, most::STEPS, |r, v, at| step::read(r, v, at, &partners))?;
        if steps.is_empty() {
            r.fault(at, FaultKind::Empty);
        }
        Some(steps)
    });
    let clocks = it.optional("clocks", |r, v, at| r.list_by_id(v, at, most::CLOCKS, rule::clock));
    let sheets = it.optional("sheets", |r, v, at| r.list_by_id(v, at, most::SHEETS, sheet::read));
    it.close();
    Definition {
        id,
        version,
        title,
        jurisdiction,
        time_zone,
        calendars: calendars.unwrap_or_default(),
        effective,
        supersedes,
        changes,
        languages,
        partners,
        steps: steps.unwrap_or_default(),
        clocks: clocks.unwrap_or_default(),
        sheets: sheets.unwrap_or_default(),
        order: Vec::new(),
    }
}

fn languages(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>) -> Option<Vec<String>> {
    let list = reader.list(value, at, most::LANGUAGES, |r, v, at| {
        let found = r.string(v, at)?;
        if !read::is_language(found) {
            r.fault(at, FaultKind::NotALanguage { found: super::path::shortened(found) });
            return None;
        }
        Some(found.to_owned())
    })?;
    refuse_twice(reader, at, &list);
    if list.is_empty() {
        reader.fault(at, FaultKind::Empty);
    } else if !list.iter().flatten().any(|language| language == "en") {
        reader.fault(at, FaultKind::NoEnglish);
    }
    // Without one that could not be read, no text can be told to lack a language or to have one too many.
    list.into_iter().collect()
}

/// A protocol that forgot to list English has that one fault, not one for each English text.
fn languages_of_texts(listed: &[String]) -> Vec<String> {
    let mut languages = listed.to_vec();
    if !languages.is_empty() && !languages.iter().any(|language| language == "en") {
        languages.push("en".to_owned());
    }
    languages
}

fn time_zone(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>) -> Option<String> {
    let found = reader.string(value, at)?;
    if crate::protocol::Zone::named(found).is_none() {
        reader.fault(at, FaultKind::NoSuchTimeZone { found: super::path::shortened(found) });
    }
    Some(found.to_owned())
}

fn read_fingerprint(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>) -> Option<String> {
    let found = reader.string(value, at)?;
    let fine = found.len() == 64 && found.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !fine {
        reader.fault(at, FaultKind::NotAFingerprint);
    }
    Some(found.to_owned())
}

fn calendar(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>) -> Calendar {
    let mut it = reader.object(value, at);
    let id = it.required("id", DefinitionReader::id).unwrap_or_default();
    let title = it.required("title", DefinitionReader::text).unwrap_or_default();
    let weekdays = it.optional("closed_weekdays", |r, v, at| {
        let days =
            r.list(v, at, 7, |r, v, at| r.whole(v, at, 1, 7).and_then(|day| u8::try_from(day).ok()))?;
        refuse_twice(r, at, &days);
        let days: std::collections::BTreeSet<u8> = days.into_iter().flatten().collect();
        if days.len() == 7 {
            r.fault(at, FaultKind::NoDayCounts);
        }
        Some(days)
    });
    let dates = it.optional("closed_dates", |r, v, at| {
        let dates = r.list(v, at, most::CLOSED_DATES, DefinitionReader::date)?;
        refuse_twice(r, at, &dates);
        Some(dates.into_iter().flatten().collect())
    });
    it.close();
    Calendar {
        id,
        title,
        closed_weekdays: weekdays.unwrap_or_default(),
        closed_dates: dates.unwrap_or_default(),
    }
}

fn partner(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>) -> Partner {
    let mut it = reader.object(value, at);
    let id = it.required("id", DefinitionReader::id).unwrap_or_default();
    let title = it.required("title", DefinitionReader::text).unwrap_or_default();
    let why = it.required("why", DefinitionReader::text).unwrap_or_default();
    let reached_by = it.required("reached_by", |r, v, at| {
        let ways = r.list(v, at, CHANNELS.len(), |r, v, at| r.word(v, at, &CHANNELS))?;
        refuse_twice(r, at, &ways);
        if ways.is_empty() {
            r.fault(at, FaultKind::Empty);
        }
        Some(ways.into_iter().flatten().collect())
    });
    let unavailable = options_under(&mut it, "unavailable");
    it.close();
    Partner {
        id,
        title,
        why,
        reached_by: reached_by.unwrap_or_default(),
        unavailable: unavailable.unwrap_or_default(),
    }
}

const CHANNELS: [(&str, Channel); 3] =
    [("telephone", Channel::Telephone), ("radio", Channel::Radio), ("dispatch", Channel::Dispatch)];

/// A list of options or reasons that may be left out.
fn options_under(it: &mut Object<'_, '_, '_>, name: &'static str) -> Option<Vec<Opt>> {
    it.optional(name, |r, v, at| r.list_by_id(v, at, most::OPTIONS, option))
}

fn option(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>) -> Opt {
    let mut it = reader.object(value, at);
    let id = it.required("id", DefinitionReader::id).unwrap_or_default();
    let title = it.required("title", DefinitionReader::text).unwrap_or_default();
    it.close();
    Opt { id, title }
}

fn refuse_twice<T: PartialEq>(reader: &mut DefinitionReader, at: &Path<'_>, items: &[Option<T>]) {
    for (index, item) in items.iter().enumerate() {
        if item.is_some() && items[..index].contains(item) {
            reader.fault(&at.index(index), FaultKind::Twice);
        }
    }
}

impl HasId for Calendar {
    fn id(&self) -> &str {
        &self.id
    }
}

impl HasId for Partner {
    fn id(&self) -> &str {
        &self.id
    }
}

impl HasId for Opt {
    fn id(&self) -> &str {
        &self.id
    }
}

//! Reads a sheet.

use serde_json::Value as Json;

use super::most;
use super::read::{DefinitionReader, HasId};
use crate::protocol::fault::FaultKind;
use crate::protocol::path::Path;
use crate::protocol::{FieldRef, RowSource, Sheet, SheetRow, SheetSection};

pub(super) fn read(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>) -> Sheet {
    let mut it = reader.object(value, at);
    let id = it.required("id", DefinitionReader::id).unwrap_or_default();
    let title = it.required("title", DefinitionReader::text).unwrap_or_default();
    let for_whom = it.required("reader", DefinitionReader::text).unwrap_or_default();
    let note = it.optional("note", DefinitionReader::text);
    let sections = it.required("sections", |r, v, at| {
        let sections = r.list(v, at, most::SECTIONS, section)?;
        refuse_empty(r, &sections, at);
        Some(sections)
    });
    it.close();
    Sheet { id, title, reader: for_whom, note, sections: sections.unwrap_or_default() }
}

fn section(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>) -> SheetSection {
    let mut it = reader.object(value, at);
    let title = it.required("title", DefinitionReader::text).unwrap_or_default();
    let rows = it.required("rows", |r, v, at| {
        let rows = r.list(v, at, most::ROWS, row)?;
        refuse_empty(r, &rows, at);
        Some(rows)
    });
    it.close();
    SheetSection { title, rows: rows.unwrap_or_default() }
}

fn row(reader: &mut DefinitionReader, value: &Json, at: &Path<'_>) -> SheetRow {
    let mut it = reader.object(value, at);
    let title = it.required("title", DefinitionReader::text).unwrap_or_default();
    let step = it.optional("step", DefinitionReader::name);
    let field = it.optional("field", DefinitionReader::name);
    let lacks_step = it.has("field") && !it.has("step");
    let at = it.at;
    if lacks_step {
        it.reader.fault(&at.key("step"), FaultKind::Missing);
    }
    it.close();
    let from = match (step, field) {
        (Some(step), Some(field)) => RowSource::Field(FieldRef { step, field }),
        (Some(step), None) => RowSource::Step(step),
        (None, _) => RowSource::ByHand,
    };
    SheetRow { title, from }
}

fn refuse_empty<T>(reader: &mut DefinitionReader, items: &[T], at: &Path<'_>) {
    if items.is_empty() {
        reader.fault(at, FaultKind::Empty);
    }
}

impl HasId for Sheet {
    fn id(&self) -> &str {
        &self.id
    }
}

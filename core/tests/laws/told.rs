//! All that is derived of a record, to compare.

use std::fmt::Write as _;

use firsthours_core::protocol::Definition;
use firsthours_core::record::{Derived, EntryRecord, Head, State, derive, summarise};

use crate::random::Drawn;
use crate::support::ENCOUNTER;

/// The summary's bytes, and everything derived in a text.
pub(crate) fn told(drawn: &Drawn, state: &State) -> (Vec<u8>, String) {
    let derived = derive(&drawn.definition, state);
    let summary = summarise(ENCOUNTER, drawn.protocol(), &drawn.definition, state, &derived).to_bytes();
    (summary, derived_text(&drawn.definition, &derived))
}

pub(crate) fn derived_text(definition: &Definition, derived: &Derived<'_>) -> String {
    let mut text = String::new();
    assert_eq!(derived.steps.len(), definition.steps.len());
    for (step, record) in definition.steps.iter().zip(&derived.steps) {
        assert_eq!(step.id, record.step.id, "steps are told in the order of the definition");
        let (state, applies, asks) = (record.state, record.applies, &record.asks);
        writeln!(text, "{}: {state:?} {applies:?} {asks:?} {:?}", step.id, record.conflicts).ok();
        record.entries.iter().for_each(|entry| tell_entry(&mut text, "entry", entry));
        record.withdrawn.iter().for_each(|entry| tell_entry(&mut text, "withdrawn", entry));
        tell_heads(&mut text, "cannot", &record.cannot);
    }
    for reading in &derived.clocks {
        writeln!(text, "{reading:?}").ok();
    }
    for carried in &derived.carried {
        writeln!(text, "carried {} {:?} {:?}", carried.step, carried.entry, carried.field).ok();
        tell_heads(&mut text, "as", &carried.heads);
    }
    text
}

fn tell_entry(text: &mut String, what: &str, entry: &EntryRecord<'_>) {
    writeln!(text, " {what} {:?} lacks {:?} of {:?}", entry.id, entry.missing, entry.asked).ok();
    for (field, heads) in &entry.fields {
        tell_heads(text, field, heads);
    }
}

fn tell_heads(text: &mut String, what: &str, heads: &[Head<'_>]) {
    for head in heads {
        writeln!(text, "  {what} {:?} {:?}", head.event.id, head.content).ok();
    }
}

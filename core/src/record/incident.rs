//! Several children, one scene: facts that are the same for all of them are entered once and copied as events.
//!
//! Each record is its own: a copy is an ordinary answer in the other child's record, which says where it was entered
//! first. Nothing is ever written over: a field that anybody has written in the other record stays as it is.

use super::{Act, Derived, EncounterId, Record, Register, is_void, phase_status};
use crate::protocol::{Field, Reading};

/// The answers that `target` lacks and that were given in the record `from` of the same scene: one act an entry.
///
/// A copied entry keeps its id, so that an arrival that is entered later goes into the same row of both records. What
/// two people disagree on is not copied before it is decided.
pub fn copies(from: EncounterId, source: &Derived<'_>, target: Record<'_>) -> Vec<Act> {
    if is_void(target.state) {
        return Vec::new();
    }
    let mut acts = Vec::new();
    for record in &source.steps {
        let Some(step) = target.definition.step(&record.step.id).filter(|step| step.shared) else { continue };
        if phase_status(target.state, target.definition, step.phase).is_settled() {
            continue;
        }
        for entry in record.entries.iter().filter(|entry| entry.id.is_some() == step.has_entries()) {
            let lacks = |field: &&Field| {
                let (step, field) = (step.id.clone(), field.id.clone());
                let register = Register::Field { step, entry: entry.id, field };
                target.state.writers(&register).next().is_none()
            };
            let values: std::collections::BTreeMap<_, _> = step
                .fields
                .iter()
                .filter(lacks)
                .filter_map(|field| match entry.reading(&field.id) {
                    Reading::One(value) if value.fits(field).is_ok() => {
                        Some((field.id.clone(), Some(value.clone())))
                    }
                    _ => None,
                })
                .collect();
            if !values.is_empty() {
                acts.push(Act::Copy { from, step: step.id.clone(), entry: entry.id, values });
            }
        }
    }
    acts
}

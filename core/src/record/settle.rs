//! A supervisor decides between what others said, and adds nothing of their own.
//!
//! The steps are the deputy's. Where two answers stand, the supervisor may say which one counts, take one of two answers
//! to whether it can be done at all, or take away an entry that one of them had withdrawn.

use std::collections::BTreeMap;

use super::{Conflict, Content, EntryId, Record, Register, derive};
use crate::protocol::{Step, Value};

/// Whether these values only choose among what stands in a disputed step.
pub(super) fn chooses(
    record: Record<'_>,
    step: &Step,
    entry: Option<EntryId>,
    values: &BTreeMap<String, Option<Value>>,
) -> bool {
    let conflicts = conflicts_of(record, step);
    if conflicts.is_empty() {
        return false;
    }
    values.iter().all(|(field, value)| {
        let register = Register::Field { step: step.id.clone(), entry, field: field.clone() };
        let heads = record.state.heads(&register);
        let stands = heads.iter().any(|head| *head.content == Content::Value(value.clone()));
        // An answer that is taken away in favour of *cannot*.
        let taken_away =
            value.is_none() && !heads.is_empty() && conflicts.contains(&Conflict::AnsweredAndCannot);
        stands || taken_away
    })
}

/// Whether it is disputed if the step can be done.
pub(super) fn may_reopen(record: Record<'_>, step: &Step) -> bool {
    conflicts_of(record, step)
        .iter()
        .any(|conflict| matches!(conflict, Conflict::AnsweredAndCannot | Conflict::Cannot))
}

/// Whether the reason is one of those that two people gave.
pub(super) fn may_say_cannot(record: Record<'_>, step: &Step, why: &str) -> bool {
    let heads = record.state.heads(&Register::Cannot { step: step.id.clone() });
    conflicts_of(record, step).contains(&Conflict::Cannot)
        && heads.iter().any(|head| matches!(head.content, Content::Cannot(Some(given)) if given == why))
}

/// Whether one withdrew the entry while another wrote into it.
pub(super) fn may_withdraw(record: Record<'_>, step: &Step, entry: EntryId) -> bool {
    conflicts_of(record, step).contains(&Conflict::Entry { entry })
}

fn conflicts_of(record: Record<'_>, step: &Step) -> Vec<Conflict> {
    let derived = derive(record.definition, record.state);
    derived.step(&step.id).map(|found| found.conflicts.clone()).unwrap_or_default()
}

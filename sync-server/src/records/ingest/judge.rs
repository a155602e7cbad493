//! Whether an authentic event can be accepted into its record, and if not, why.

use firsthours_core::protocol::Step;
use firsthours_core::record::{Body, Event, HoldReason, Kind, Role, bounds, check_values};

use super::place::Standing;
use super::writing::Writing;
use crate::store::{StoreError, Tx, people};

/// What is known of an event's author beyond the record.
#[derive(Debug, Clone, Copy)]
pub(super) struct AuthorStanding {
    /// Whether they are trusted, and yet.
    pub(super) standing: Standing,
    /// Has stored as much today as one may.
    pub(super) beyond: bool,
}

/// Judges an event as it arrives. The first reason that holds is the one that is written down.
pub(super) fn arrival(
    writing: &Writing<'_>,
    tx: &mut dyn Tx,
    event: &Event,
    author: AuthorStanding,
) -> Result<Option<HoldReason>, StoreError> {
    if author.standing.revoked {
        return Ok(Some(HoldReason::Revoked));
    }
    if author.standing.early {
        return Ok(Some(HoldReason::AuthorMayNot));
    }
    let server = event.header.install.is_server();
    if author.beyond || (!server && bounds::beyond(&writing.folded.state, event).is_some()) {
        return Ok(Some(HoldReason::OverLimit));
    }
    in_record(writing, tx, event)
}

/// Judges an event by what its record says now: again whenever something was accepted while it was held.
pub(super) fn in_record(
    writing: &Writing<'_>,
    tx: &mut dyn Tx,
    event: &Event,
) -> Result<Option<HoldReason>, StoreError> {
    let Some(body) = &event.body else { return Ok(None) };
    if !body.kind.may_be_made_by(event.header.install, body.actor.role) {
        return Ok(Some(HoldReason::AuthorMayNot));
    }
    if let Kind::Opened { .. } = body.kind {
        return Ok((!opening_fits(writing, tx, event, body)?).then_some(HoldReason::DoesNotFit));
    }
    // At a desk the server itself looked who may; its events come here again only when a phone offers them.
    if !event.header.install.is_server() && !writing.has_part(&body.actor.person) {
        return Ok(Some(HoldReason::NoGrant));
    }
    Ok((!fits(writing, tx, body)?).then_some(HoldReason::DoesNotFit))
}

/// The first opening counts, by its own agency, at a station of it, under a version that is published here. A
/// second one would let anybody who learned of the record give themselves a part in it.
fn opening_fits(
    writing: &Writing<'_>,
    tx: &mut dyn Tx,
    event: &Event,
    body: &Body,
) -> Result<bool, StoreError> {
    let Kind::Opened { protocol, agency, station, .. } = &body.kind else { return Ok(false) };
    let first = writing.folded.state.opened().is_none_or(|opened| opened.id == event.id);
    if !first || *agency != body.actor.agency {
        return Ok(false);
    }
    let known = people::is_station_of(tx, station, agency)?;
    Ok(known && writing.records.definitions.get(tx, *protocol)?.is_some())
}

fn fits(writing: &Writing<'_>, tx: &mut dyn Tx, body: &Body) -> Result<bool, StoreError> {
    let role = body.actor.role;
    // A phone that has not heard of a move writes under the version before; nothing of that is lost.
    let versions = || writing.under.definition.iter().chain(&writing.under.earlier);
    let fits = |id: &str, fits: &dyn Fn(&Step) -> bool| {
        versions().filter_map(|definition| definition.step(id)).any(fits)
    };
    Ok(match &body.kind {
        Kind::Answered { step: id, entry, values, copied } => fits(id, &|step| {
            theirs(step, role)
                && step.has_entries() == entry.is_some()
                && (copied.is_none() || step.shared)
                && check_values(step, values).is_ok()
        }),
        Kind::Cannot { step: id, why, .. } => fits(id, &|step| {
            theirs(step, role) && !step.fixed && step.cannot_reasons.iter().any(|reason| reason.id == *why)
        }),
        Kind::Reopened { step: id } => fits(id, &|step| theirs(step, role)),
        Kind::EntryWithdrawn { step: id, .. } => fits(id, &|step| theirs(step, role) && step.has_entries()),
        Kind::Noted { step: Some(id), .. } | Kind::Commented { step: Some(id), .. } => fits(id, &|_| true),
        Kind::Moved { protocol } => {
            let to = writing.records.definitions.get(tx, *protocol)?;
            let of = &writing.under.definition;
            to.is_some_and(|to| of.as_ref().is_some_and(|of| to.id == of.id))
        }
        Kind::Reassigned { to } | Kind::Shared { to, .. } => people::agency_of(tx, to)?.is_some(),
        Kind::Accepted { offer, how } => {
            writing.folded.state.event(offer).filter(|event| writing.folded.state.counts(event)).is_some_and(
                |event| {
                    matches!(event.kind(), Some(Kind::Shared { how: offered, to })
                    if offered == how && *to == body.actor.person)
                },
            )
        }
        // What these say is of the record alone; whoever may write them may say it.
        Kind::Opened { .. }
        | Kind::Noted { step: None, .. }
        | Kind::Commented { step: None, .. }
        | Kind::Submitted { .. }
        | Kind::Voided { .. }
        | Kind::Unvoided
        | Kind::Declined { .. }
        | Kind::IncidentLinked { .. }
        | Kind::Replied { .. }
        | Kind::Resolved { .. }
        | Kind::Returned { .. }
        | Kind::SameEncounter { .. }
        | Kind::Approved { .. }
        | Kind::Held { .. }
        | Kind::Released { .. }
        | Kind::Gap { .. }
        | Kind::Shredded { .. }
        | Kind::Unknown { .. } => true,
    })
}

fn theirs(step: &Step, role: Role) -> bool {
    role.author() == Some(step.by)
}

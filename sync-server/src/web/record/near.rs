//! What a supervisor may choose from on a record's page: who could hold it, and which other records are near it.

use firsthours_core::record::{PersonId, Summary, holders, same_as};
use firsthours_core::view::{Sibling, handle};

use super::Scope;
use crate::app::App;
use crate::programme::permission::Deed;
use crate::records::load::Loaded;
use crate::store::lists::{self, SummaryRow};
use crate::store::{Result, Tx};
use crate::web::draw::Desk;
use crate::web::names::Known;

/// How far apart two records of one contact may have begun.
const NEAR_MS: i64 = 72 * 60 * 60 * 1_000;
/// Records that are offered.
const MOST: i64 = 30;

/// The other records of this scene that the reader may see.
pub(super) fn scene(
    app: &App,
    tx: &mut dyn Tx,
    scope: &Scope,
    loaded: &Loaded,
    names: &Known,
) -> Result<Vec<Sibling>> {
    // A scene has few records, a scope may have a million: the scene is read first.
    let mut found = Vec::new();
    for row in lists::scene(tx, loaded.encounter, MOST)? {
        if scope.may(tx, row.id, Deed::Look)? {
            found.extend(sibling(app, tx, &row, names)?);
        }
    }
    Ok(found)
}

/// What this supervisor may choose from; `scene` = the other records of the scene.
pub(super) fn desk(
    app: &App,
    tx: &mut dyn Tx,
    scope: &Scope,
    loaded: &Loaded,
    scene: &[Sibling],
    names: &Known,
) -> Result<Desk> {
    if !scope.ever(Deed::Review) {
        return Ok(Desk::default());
    }
    let siblings = near(app, tx, scope, loaded, scene.to_vec(), names)?;
    Ok(Desk {
        deputies: deputies(tx, scope, loaded)?,
        near: siblings.into_iter().map(|found| (found.id.to_string(), found.handle)).collect(),
        is_same: same_as(&loaded.state).is_some(),
    })
}

/// The other records of this scene, then records of the supervisor's station that began near this one in time.
fn near(
    app: &App,
    tx: &mut dyn Tx,
    scope: &Scope,
    loaded: &Loaded,
    mut found: Vec<Sibling>,
    names: &Known,
) -> Result<Vec<Sibling>> {
    let opened = lists::opened(tx, loaded.encounter)?;
    let (Some(opened), Some(station)) = (opened, scope.station()) else { return Ok(found) };
    let place = (&scope.actor.agency, station);
    let between = (opened - NEAR_MS, opened + NEAR_MS);
    for row in lists::opened_between(tx, place, between, loaded.encounter, MOST)? {
        let sibling = sibling(app, tx, &row, names)?;
        found.extend(sibling.filter(|sibling| found.iter().all(|known| known.id != sibling.id)));
    }
    Ok(found)
}

/// The deputies of the supervisor's agency who do not hold the record.
fn deputies(tx: &mut dyn Tx, scope: &Scope, loaded: &Loaded) -> Result<Vec<(String, String)>> {
    let holders = holders(&loaded.state);
    let holds = |id: &str| holders.iter().any(|person| person.0 == id);
    let deputies = lists::deputies(tx, &scope.actor.agency)?;
    Ok(deputies.into_iter().filter(|(id, _)| !holds(id)).collect())
}

/// Whether a supervisor may give a record to this person: a deputy of their own agency.
pub(super) fn may_hold(tx: &mut dyn Tx, scope: &Scope, person: &PersonId) -> Result<bool> {
    lists::is_deputy(tx, person, &scope.actor.agency)
}

/// A record by its summary; nothing where it cannot be named yet.
fn sibling(app: &App, tx: &mut dyn Tx, row: &SummaryRow, names: &Known) -> Result<Option<Sibling>> {
    let (id, protocol) = (row.id, row.protocol);
    let summary = row.summary.as_ref().and_then(|text| Summary::from_bytes(text.as_bytes()));
    let Some(opened) = summary.and_then(|summary| summary.opened) else { return Ok(None) };
    let Some(definition) = app.records.definitions.get(tx, protocol)? else { return Ok(None) };
    Ok(Some(Sibling { id, handle: handle(&opened, &definition.time_zone, names), lacks: 0 }))
}

//! What a supervisor may choose from on a record's page: who could hold it, and which other records are near it.

use firsthours_core::record::{EncounterId, Hash, Summary, holders, same_as};
use firsthours_core::view::{Sibling, handle};

use super::Scope;
use crate::app::App;
use crate::load::Loaded;
use crate::permission::Deed;
use crate::store::{Result, Row, Tx, hash};
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
    let rows = tx.rows(
        "select id, protocol, summary from encounter where id in (select id from encounter \
         where incident = (select incident from encounter where id = $1) and id <> $1 limit $2) \
         order by letter, id",
        &[loaded.encounter.to_string().into(), MOST.into()],
    )?;
    let mut found = Vec::new();
    for row in &rows {
        if scope.may(tx, hash(row.text(0)?)?, Deed::Look)? {
            found.extend(sibling(app, tx, row, names)?);
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
    let id = loaded.encounter.to_string();
    let opened = tx.row("select opened_ms from encounter where id = $1", &[(&id).into()])?;
    let (Some(opened), Some(station)) = (opened, scope.station()) else { return Ok(found) };
    let opened_ms = opened.int(0)?;
    // In the order of the index of openings, so that no more is read than is shown.
    let rows = tx.rows(
        "select id, protocol, summary from encounter \
         where agency = $1 and station = $2 and opened_ms between $3 and $4 and id <> $5 \
         and sealed = 0 and shredded = 0 order by opened_ms desc, id desc limit $6",
        &[
            (&scope.actor.agency).into(),
            station.into(),
            (opened_ms - NEAR_MS).into(),
            (opened_ms + NEAR_MS).into(),
            id.into(),
            MOST.into(),
        ],
    )?;
    for row in &rows {
        let sibling = sibling(app, tx, row, names)?;
        found.extend(sibling.filter(|sibling| found.iter().all(|known| known.id != sibling.id)));
    }
    Ok(found)
}

/// The deputies of the supervisor's agency who do not hold the record.
fn deputies(tx: &mut dyn Tx, scope: &Scope, loaded: &Loaded) -> Result<Vec<(String, String)>> {
    let sql = "select id, name from person where agency = $1 and role = 'deputy' and disabled = 0 order by name, id";
    let rows = tx.rows(sql, &[(&scope.actor.agency).into()])?;
    let holders = holders(&loaded.state);
    let holds = |id: &str| holders.iter().any(|person| person.0 == id);
    let people: Vec<_> =
        rows.iter().map(|row| Ok((row.string(0)?, row.string(1)?))).collect::<Result<_>>()?;
    Ok(people.into_iter().filter(|(id, _)| !holds(id)).collect())
}

/// Whether a supervisor may give a record to this person: a deputy of their own agency.
pub(super) fn may_hold(tx: &mut dyn Tx, scope: &Scope, person: &str) -> Result<bool> {
    let sql = "select id from person where id = $1 and agency = $2 and role = 'deputy' and disabled = 0";
    Ok(tx.row(sql, &[person.into(), (&scope.actor.agency).into()])?.is_some())
}

/// A record by its summary; nothing where it cannot be named yet.
fn sibling(app: &App, tx: &mut dyn Tx, row: &Row, names: &Known) -> Result<Option<Sibling>> {
    let (id, protocol): (EncounterId, Hash) = (hash(row.text(0)?)?, hash(row.text(1)?)?);
    let summary = row.opt_text(2)?.and_then(|text| Summary::from_bytes(text.as_bytes()));
    let Some(opened) = summary.and_then(|summary| summary.opened) else { return Ok(None) };
    let Some(definition) = app.sync.definitions.get(tx, protocol)? else { return Ok(None) };
    Ok(Some(Sibling { id, handle: handle(&opened, &definition.time_zone, names), lacks: 0 }))
}

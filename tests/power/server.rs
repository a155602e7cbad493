//! The server under a loss of power: an upload that is acknowledged, and what follows.

use firsthours_server::app::App;
use firsthours_tests::programme::Fault;
use firsthours_vfs::{Content, Survivors};

use crate::images::every_cut;
use crate::line::{Heard, Line};
use crate::phone_state::PhoneState;
use crate::server_state::ServerState;
use crate::world::{World, disk_of, note, synced, world};

/// Enough events for several pages of the log.
const BATCH: usize = 8;

/// A phone with a batch to send, and a record that the server has not seen.
fn phone_with_a_batch(world: &World) -> Result<Content, Fault> {
    let (folder, disk) = disk_of(&world.phone)?;
    let app = world.open_phone(folder.path(), &Line::default(), 20)?;
    let second = app.start_encounter(None)?.id;
    for n in 0..BATCH {
        let encounter = if n % 2 == 0 { &second } else { &world.encounter };
        note(&app, encounter, &format!("SYN-batch-{n}"))?;
    }
    app.shutdown();
    drop(app);
    Ok(disk.platter().image(Survivors::Everything).files)
}

/// The phone syncs with the server that came back: then both hold the same, and the phone's part is what it was.
fn the_same_after_a_sync(app: &App, world: &World, phone: &Content) -> Result<(), Fault> {
    let (folder, _disk) = disk_of(phone)?;
    let before = PhoneState::read(folder.path(), world)?;
    let line = Line::default();
    line.plug_in(app);
    let handset = world.open_phone(folder.path(), &line, 21)?;
    note(&handset, &world.encounter, "SYN-after-the-cut")?;
    synced(&handset)?;
    handset.shutdown();
    drop(handset);
    line.unplug();
    let (phone, server) = (PhoneState::read(folder.path(), world)?, ServerState::read(app, world)?);
    if phone.events.keys().copied().collect::<std::collections::BTreeSet<_>>() != server.ids() {
        return Err("phone and server hold other events after a sync".into());
    }
    let same = |(id, event): (_, &_)| server.events.get(id) == Some(event);
    if phone.own.len() == before.own.len() + 1 && phone.events.iter().all(same) {
        Ok(())
    } else {
        Err("an event is not the same on phone and server".into())
    }
}

#[test]
fn a_receipt_that_was_given_survives_a_power_cut_at_every_call() -> Result<(), Fault> {
    let world = world();
    let sender = phone_with_a_batch(world)?;
    let (folder, disk) = disk_of(&world.server)?;
    let disk = std::sync::Arc::new(disk);
    let (phone_folder, _phone_disk) = disk_of(&sender)?;
    let line = Line::default();
    let phone = world.open_phone(phone_folder.path(), &line, 22)?;
    disk.record();
    let from = disk.calls();
    let app = world.open_server(folder.path())?;
    line.plug_in(&app);
    let counted = std::sync::Arc::clone(&disk);
    line.count(move || counted.calls() - from);
    synced(&phone)?;
    let receipts: Vec<Heard> = line.heard();
    phone.shutdown();
    drop(phone);
    line.unplug();
    drop(app);
    let trace = disk.trace().ok_or("nothing was recorded")?;
    let app = world.open_server(folder.path())?;
    let end = ServerState::read(&app, world)?;
    drop(app);
    assert!(!receipts.is_empty() && end.received_through() > 8, "{receipts:?}");
    let begin = {
        let (folder, _disk) = disk_of(&world.server)?;
        let app = world.open_server(folder.path())?;
        ServerState::read(&app, world)?.received_through()
    };
    let promised = |n: u64| {
        let given = receipts.iter().filter(|heard| heard.calls < n).map(|heard| heard.received_through);
        given.max().unwrap_or(begin).max(begin)
    };
    let place = (folder.path(), &*disk);
    let all = 1..=trace.calls() + 1;
    let tried = every_cut("an upload on the server", &trace, all, place, promised, |promise, cut| {
        let app = world.open_server(cut.folder)?;
        let state = ServerState::read(&app, world)?;
        if state.received_through() < *promise {
            return Err(
                format!("a receipt said {promise}, the line goes to {}", state.received_through()).into()
            );
        }
        for (id, event) in &state.events {
            if end.events.get(id) != Some(event) {
                return Err(format!("the event {id} is not what was sent").into());
            }
        }
        if matches!(cut.survivors, Survivors::Some { seed } if seed % 4 != 0) {
            return Ok(());
        }
        the_same_after_a_sync(&app, world, &sender)
    })?;
    assert!(tried.cuts > 60, "{tried:?}");
    Ok(())
}

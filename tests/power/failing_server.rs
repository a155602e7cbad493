//! Calls that fail under the server while a phone syncs, one by one; and the power goes after.

use firsthours_server::app::{App, OpenError};
use firsthours_server::programme::keys::KeyError;
use firsthours_server::programme::trust::TrustError;
use firsthours_server::store::StoreError;
use firsthours_tests::programme::Fault as Failed;
use firsthours_vfs::{Disk, Fault, Survivors};

use crate::failing::KINDS;
use crate::images::tell;
use crate::line::Line;
use crate::server_state::ServerState;
use crate::world::{World, disk_of, long, synced, world};

/// Of the faults on a write so many are left out between two, unless all are asked for: there are many.
const STRIDE: u64 = 6;

/// What the console shows when a server does not start: that the disk is at fault, never that the file is.
fn told(error: &OpenError) -> Result<(), Failed> {
    let store = match error {
        OpenError::Store(store)
        | OpenError::Key(KeyError::Store(store))
        | OpenError::Trust(TrustError::Store(store) | TrustError::Key(KeyError::Store(store))) => store,
        other => return Err(format!("the server said: {other}").into()),
    };
    match store {
        StoreError::NotAvailable(_) | StoreError::Full => Ok(()),
        other => Err(format!("the store said: {other}").into()),
    }
}

/// A sync over a fault, a restart of the server, and a sync that ends; gives whether the fault happened.
fn run(world: &World, fault: Fault, killed: bool, survivors: Survivors) -> Result<bool, Failed> {
    let (phone_folder, _phone_disk) = disk_of(&world.phone)?;
    let (folder, disk) = disk_of(&world.server)?;
    let line = Line::default();
    let phone = world.open_phone(phone_folder.path(), &line, 40)?;
    disk.plan(fault);
    match world.open_server(folder.path()) {
        Ok(app) => {
            line.plug_in(&app);
            // Twice: what failed once may not be acknowledged the next time without being there.
            phone.sync_now()?;
            phone.sync_now()?;
            if killed {
                disk.halt();
            }
            line.unplug();
            drop(app);
        }
        Err(error) => told(&error)?,
    }
    if killed {
        disk.halt();
        disk.restart()?;
    }
    disk.lift();
    let promised = |line: &Line| line.heard().iter().map(|heard| heard.received_through).max().unwrap_or(0);
    let before = promised(&line);
    let app =
        world.open_server(folder.path()).map_err(|error| format!("it does not start again: {error}"))?;
    holds(&app, world, before)?;
    line.plug_in(&app);
    synced(&phone)?;
    phone.shutdown();
    let happened = disk.counts().faults > 0;
    cut(&disk, &line, app, survivors)?;
    let app = world.open_server(folder.path())?;
    holds(&app, world, promised(&line))?;
    Ok(happened)
}

fn cut(disk: &Disk, line: &Line, app: App, survivors: Survivors) -> Result<(), Failed> {
    disk.halt();
    line.unplug();
    drop(app);
    Ok(disk.reboot(&disk.platter().image(survivors))?)
}

fn holds(app: &App, world: &World, promised: u64) -> Result<(), Failed> {
    let through = ServerState::read(app, world)?.received_through();
    if through < promised {
        return Err(format!("a receipt said {promised}, the line goes to {through}").into());
    }
    Ok(())
}

#[test]
fn whatever_call_fails_what_the_server_acknowledged_stays_and_it_starts_again() -> Result<(), Failed> {
    let world = world();
    let mut tried = 0;
    for (kind_number, (name, kind)) in (0..).zip(KINDS) {
        let on_writes = kind_number < 5;
        let stride = if on_writes && long() == 1 { STRIDE } else { 1 };
        let mut faults = 0;
        for n in (1 + kind_number % stride..).step_by(usize::try_from(stride)?) {
            let survivors = if n % 2 == 0 { Survivors::Nothing } else { Survivors::Some { seed: n } };
            let killed = (n / stride) % 2 == 1;
            let happened = run(world, kind(n), killed, survivors)
                .map_err(|error| format!("{name}, number {n}, killed: {killed}, {survivors:?}: {error}"))?;
            if !happened {
                break;
            }
            faults += 1;
        }
        assert!(
            faults > 0 || ["truncate", "made", "delete"].iter().any(|rare| name.contains(rare)),
            "{name}: it never happened"
        );
        tried += faults;
    }
    tell(&format!("calls that fail under the server: {tried} faults"));
    Ok(())
}

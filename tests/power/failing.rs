//! Calls that fail under the phone, one by one: once, for ever, half done, for want of room; and the power goes after.

use firsthours_core::app::AppError;
use firsthours_tests::programme::Fault as Failed;
use firsthours_vfs::{Call, Disk, Fault, Survivors};

use crate::images::tell;
use crate::line::Line;
use crate::phone_state::{PhoneState, goes_on};
use crate::world::{World, disk_of, long, note, world};

/// How a kind of fault is made for the n-th call.
pub(crate) type Kind = fn(u64) -> Fault;

/// Every kind of fault that a disk has while the power is on.
pub(crate) const KINDS: [(&str, Kind); 11] = [
    ("a write fails", |at| Fault::Fail { call: Call::Write, at, forever: false }),
    ("every write fails", |at| Fault::Fail { call: Call::Write, at, forever: true }),
    ("a write is short", |at| Fault::Short { at }),
    ("there is no room once", |at| Fault::Full { at, forever: false }),
    ("there is no room any more", |at| Fault::Full { at, forever: true }),
    ("a sync fails", |at| Fault::Fail { call: Call::Sync, at, forever: false }),
    ("every sync fails", |at| Fault::Fail { call: Call::Sync, at, forever: true }),
    ("a truncate fails", |at| Fault::Fail { call: Call::Truncate, at, forever: false }),
    ("every truncate fails", |at| Fault::Fail { call: Call::Truncate, at, forever: true }),
    ("a delete fails", |at| Fault::Fail { call: Call::Delete, at, forever: false }),
    ("a file cannot be made", |at| Fault::Fail { call: Call::Create, at, forever: false }),
];

/// What happens after the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The disk works again, the app goes on, and then the power goes.
    GoesOn,
    /// The process ends at once, another goes on with the system's cache, and then the power goes.
    Killed,
}

/// Only what a shell can act on, and never that the store is damaged: nothing of it is.
fn told(error: &AppError) -> Result<(), Failed> {
    match error {
        AppError::StoreFault { .. } | AppError::DiskFull => Ok(()),
        other => Err(format!("the app said: {other:?}").into()),
    }
}

/// Runs two acts over a fault; gives whether it happened.
fn run(world: &World, fault: Fault, then: Then, survivors: Survivors) -> Result<bool, Failed> {
    let (folder, disk) = disk_of(&world.phone)?;
    disk.plan(fault);
    let mut kept = Vec::new();
    let mut app = match world.open_phone(folder.path(), &Line::default(), 30) {
        Ok(app) => Some(app),
        Err(error) => told(&error).map(|()| None)?,
    };
    for text in ["SYN-over-0", "SYN-over-1"] {
        match app.as_ref().map(|app| note(app, &world.encounter, text)) {
            Some(Ok(text)) => kept.push(text),
            Some(Err(error)) => told(&error)?,
            None => {}
        }
    }
    if then == Then::Killed {
        disk.halt();
        drop(app.take());
        disk.restart()?;
    }
    disk.lift();
    let app = match app {
        Some(app) => app,
        None => world.open_phone(folder.path(), &Line::default(), 31)?,
    };
    let text =
        note(&app, &world.encounter, "SYN-lifted").map_err(|error| format!("it does not go on: {error}"))?;
    kept.push(text);
    let happened = disk.counts().faults > 0;
    disk.halt();
    drop(app);
    disk.reboot(&disk.platter().image(survivors))?;
    all_there(world, &kept, folder.path())?;
    Ok(happened)
}

fn all_there(world: &World, kept: &[String], folder: &std::path::Path) -> Result<(), Failed> {
    let state = PhoneState::read(folder, world)?;
    let notes = state.single_notes()?;
    match kept.iter().find(|text| !notes.contains(text.as_str())) {
        Some(lost) => Err(format!("{lost} was acknowledged and is lost").into()),
        None => goes_on(folder, world),
    }
}

#[test]
fn whatever_call_fails_what_the_phone_acknowledged_stays_and_it_goes_on() -> Result<(), Failed> {
    let world = world();
    let mut tried = 0;
    for (name, kind) in KINDS {
        let mut faults = 0;
        for n in 1.. {
            let seed = Survivors::Some { seed: n };
            let mut happened = false;
            for (then, survivors) in [(Then::GoesOn, seed), (Then::Killed, Survivors::Nothing)] {
                happened |= run(world, kind(n), then, survivors)
                    .map_err(|error| format!("{name}, number {n}, then {then:?}, {survivors:?}: {error}"))?;
                faults += 1;
            }
            if !happened {
                break;
            }
        }
        // In WAL mode a phone deletes a file only where it ends a log that it is alone with.
        assert!(faults > 2 || name.contains("delete"), "{name}: it never happened");
        tried += faults - 2;
    }
    tell(&format!("calls that fail under the phone: {tried} faults"));
    Ok(())
}

#[test]
fn a_cut_while_the_phone_runs_takes_nothing_that_it_acknowledged() -> Result<(), Failed> {
    let world = world();
    let mut cuts = 0;
    for at in 1.. {
        let (folder, disk) = disk_of(&world.phone)?;
        disk.plan(Fault::Cut { at });
        let kept = acts_until_the_cut(world, folder.path())?;
        let over = !disk.is_stopped();
        disk.halt();
        for i in 0..=long() {
            let survivors = if i == 0 { Survivors::Nothing } else { Survivors::Some { seed: at * 100 + i } };
            let image = disk.platter().image(survivors);
            let (folder, _disk) = disk_of(&image.files)?;
            all_there(world, &kept, folder.path())
                .map_err(|error| format!("power cut before call {at}, {survivors:?}: {error}"))?;
        }
        if over {
            break;
        }
        cuts += 1;
    }
    tell(&format!("a phone that runs into a cut: {cuts} cut points"));
    assert!(cuts > 30);
    Ok(())
}

fn acts_until_the_cut(world: &World, folder: &std::path::Path) -> Result<Vec<String>, Failed> {
    let mut kept = Vec::new();
    let app = match world.open_phone(folder, &Line::default(), 32) {
        Ok(app) => app,
        Err(error) => return told(&error).map(|()| kept),
    };
    for text in ["SYN-cut-0", "SYN-cut-1", "SYN-cut-2"] {
        match note(&app, &world.encounter, text) {
            Ok(text) => kept.push(text),
            Err(error) => told(&error)?,
        }
    }
    app.shutdown();
    Ok(kept)
}

/// With the disk full from the start, a phone that was killed shows its records, says why it cannot write, and writes
/// as soon as there is room.
#[test]
fn a_full_disk_does_not_close_the_records() -> Result<(), Failed> {
    let world = world();
    let (folder, disk) = disk_of(&world.phone)?;
    let app = world.open_phone(folder.path(), &Line::default(), 33)?;
    note(&app, &world.encounter, "SYN-in-the-log")?;
    disk.halt();
    drop(app);
    disk.restart()?;
    disk.plan(Fault::Full { at: 1, forever: true });
    let app = world.open_phone(folder.path(), &Line::default(), 34)?;
    app.encounter(&world.encounter)?;
    assert_eq!(note(&app, &world.encounter, "SYN-no-room"), Err(AppError::DiskFull));
    disk.lift();
    note(&app, &world.encounter, "SYN-room")?;
    end(&disk, app)?;
    all_there(world, &["SYN-in-the-log".to_owned(), "SYN-room".to_owned()], folder.path())
}

fn end(disk: &Disk, app: firsthours_core::app::FirstHours) -> Result<(), Failed> {
    disk.halt();
    drop(app);
    Ok(disk.reboot(&disk.platter().image(Survivors::Nothing))?)
}

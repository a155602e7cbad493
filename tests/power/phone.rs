//! The phone under a loss of power: an act, a sync, checkpoints, the first opening.

use std::collections::BTreeSet;

use firsthours_core::app::{AppError, DraftPlace, FirstHours};
use firsthours_core::protocol::Instant;
use firsthours_core::record::InstallId;
use firsthours_core::store::Store;
use firsthours_tests::night::{SCENE, play};
use firsthours_tests::programme::Fault;
use firsthours_vfs::{Disk, Survivors};

use crate::images::every_cut;
use crate::line::Line;
use crate::phone_state::{PhoneState, goes_on};
use crate::world::{World, disk_of, key, note, synced, world};

/// What a call of the app had promised when so many calls had been made to the disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct Promise {
    calls: u64,
    /// Events of its own.
    own: usize,
    /// A draft that is kept.
    draft: Option<String>,
    /// Positions read and a receipt kept, after a sync.
    synced: bool,
}

/// The promises of a run, in order.
struct Promises(Vec<Promise>);

impl Promises {
    fn new(state: &PhoneState) -> Self {
        Self(vec![Promise { own: state.own.len(), ..Promise::default() }])
    }

    /// One more call returned; it made so many events.
    fn kept(&mut self, disk: &Disk, from: u64, events: usize) {
        let last = self.0.last().cloned().unwrap_or_default();
        self.0.push(Promise { calls: disk.calls() - from, own: last.own + events, ..last });
    }

    /// The last promise made before the n-th call.
    fn before(&self, n: u64) -> Promise {
        let made = self.0.iter().rev().find(|promise| promise.calls < n);
        // When it was made does not tell promises apart.
        Promise { calls: 0, ..made.cloned().unwrap_or_default() }
    }
}

/// A draft on a field that no act of the scenarios fills in.
fn draft(app: &FirstHours, world: &World, text: &str) -> Result<(), AppError> {
    let seen = app.encounter(&world.encounter)?.seen;
    let place = DraftPlace { step: "handover".to_owned(), entry: None, field: "helps_find".to_owned() };
    app.draft(&world.encounter, seen, place, text).map(drop)
}

#[test]
fn an_act_that_returned_survives_a_power_cut_at_every_call() -> Result<(), Fault> {
    let world = world();
    let (folder, disk) = disk_of(&world.phone)?;
    let mut promises = Promises::new(&PhoneState::read(folder.path(), world)?);
    disk.record();
    let from = disk.calls();
    let app = world.open_phone(folder.path(), &Line::default(), 2)?;
    for n in 0..2 {
        note(&app, &world.encounter, &format!("SYN-act-{n}"))?;
        promises.kept(&disk, from, 1);
    }
    app.start_encounter(Some(&world.encounter))?;
    promises.kept(&disk, from, 1);
    play(&app, &world.encounter, &SCENE[6], Instant::from_ms(1_790_000_900_000))?;
    promises.kept(&disk, from, 1);
    play(&app, &world.encounter, &SCENE[7], Instant::from_ms(1_790_000_960_000))?;
    promises.kept(&disk, from, 1);
    app.shutdown();
    drop(app);
    let trace = disk.trace().ok_or("nothing was recorded")?;
    let end = PhoneState::read(folder.path(), world)?;
    let place = (folder.path(), &disk);
    let all = 1..=trace.calls() + 1;
    let tried = every_cut(
        "an act",
        &trace,
        all,
        place,
        |n| promises.before(n),
        |promise, cut| {
            PhoneState::read(cut.folder, world)?.fits(promise.own, &end)?;
            goes_on(cut.folder, world)
        },
    )?;
    assert!(tried.cuts > 60 && tried.distinct > 100, "{tried:?}");
    Ok(())
}

#[test]
fn a_draft_that_returned_survives_a_power_cut_at_every_call() -> Result<(), Fault> {
    let world = world();
    let (folder, disk) = disk_of(&world.phone)?;
    let mut promises = Promises::new(&PhoneState::read(folder.path(), world)?);
    let app = world.open_phone(folder.path(), &Line::default(), 3)?;
    disk.record();
    let from = disk.calls();
    for text in ["SYN half", "SYN half a sentence"] {
        draft(&app, world, text)?;
        promises.kept(&disk, from, 0);
        if let Some(last) = promises.0.last_mut() {
            last.draft = Some(text.to_owned());
        }
    }
    disk.halt();
    let trace = disk.trace().ok_or("nothing was recorded")?;
    drop(app);
    let place = (folder.path(), &disk);
    let all = 1..=trace.calls() + 1;
    every_cut(
        "a draft",
        &trace,
        all,
        place,
        |n| promises.before(n),
        |promise, cut| {
            let state = PhoneState::read(cut.folder, world)?;
            let known = ["SYN half", "SYN half a sentence"];
            let held = state.drafts.first().map(String::as_str);
            let whole = held.is_none_or(|held| known.contains(&held));
            // The second takes the place of the first.
            let newest = |text: Option<&str>| text.map_or(0, str::len);
            if state.drafts.len() > 1 || !whole || newest(held) < newest(promise.draft.as_deref()) {
                return Err(format!("{:?} was kept, {:?} is here", promise.draft, state.drafts).into());
            }
            goes_on(cut.folder, world)
        },
    )?;
    Ok(())
}

#[test]
fn a_sync_on_the_phone_survives_a_power_cut_at_every_call() -> Result<(), Fault> {
    let world = world();
    let (folder, disk) = disk_of(&world.phone)?;
    let (server, _server_disk) = disk_of(&world.server)?;
    let app = world.open_server(server.path())?;
    let line = Line::default();
    line.plug_in(&app);
    let mut promises = Promises::new(&PhoneState::read(folder.path(), world)?);
    let phone = world.open_phone(folder.path(), &line, 4)?;
    disk.record();
    let from = disk.calls();
    synced(&phone)?;
    promises.kept(&disk, from, 0);
    if let Some(last) = promises.0.last_mut() {
        last.synced = true;
    }
    phone.shutdown();
    drop(phone);
    let trace = disk.trace().ok_or("nothing was recorded")?;
    let end = PhoneState::read(folder.path(), world)?;
    let on_server: BTreeSet<_> = end.events.keys().copied().collect();
    let place = (folder.path(), &disk);
    let all = 1..=trace.calls() + 1;
    let tried = every_cut(
        "a sync on the phone",
        &trace,
        all,
        place,
        |n| promises.before(n),
        |promise, cut| {
            let state = PhoneState::read(cut.folder, world)?;
            state.fits(promise.own, &end)?;
            if state.received_through > end.received_through {
                return Err("the phone believes that the server holds more than it said".into());
            }
            let behind = state.received_through < end.received_through || state.positions < end.positions;
            if promise.synced && behind {
                return Err("the sync had returned, and is not here".into());
            }
            // Half of the images sync at once, the others record first; a fork is the business of other tests.
            if matches!(cut.survivors, Survivors::Some { seed } if seed % 4 != 0) {
                return goes_on(cut.folder, world);
            }
            let phone = world.open_phone(cut.folder, &line, 5)?;
            synced(&phone)?;
            phone.shutdown();
            drop(phone);
            let after = PhoneState::read(cut.folder, world)?;
            let ids: BTreeSet<_> = after.events.keys().copied().collect();
            if ids == on_server {
                Ok(())
            } else {
                Err("phone and server hold other events after a sync".into())
            }
        },
    )?;
    assert!(tried.cuts > 20, "{tried:?}");
    Ok(())
}

#[test]
fn a_checkpoint_under_way_survives_a_power_cut_at_every_call() -> Result<(), Fault> {
    let world = world();
    let (folder, disk) = disk_of(&world.phone)?;
    let mut promises = Promises::new(&PhoneState::read(folder.path(), world)?);
    let app = world.open_phone(folder.path(), &Line::default(), 6)?;
    disk.record();
    let from = disk.calls();
    let long_text = "SYN ".repeat(990);
    let mut begun = None;
    let mut after = 0;
    for n in 0.. {
        let before = disk.calls() - from;
        note(&app, &world.encounter, &format!("{n} {long_text}"))?;
        promises.kept(&disk, from, 1);
        // A tap writes some ten frames; a checkpoint writes every page that the log holds.
        if disk.calls() - from - before > 60 {
            begun.get_or_insert(before);
        }
        after += u32::from(begun.is_some());
        if after == 3 {
            break;
        }
        assert!(n < 500, "no checkpoint came");
    }
    disk.halt();
    let trace = disk.trace().ok_or("nothing was recorded")?;
    drop(app);
    // What is on disk when everything survives is what the phone saw.
    disk.reboot(&disk.platter().image(Survivors::Everything))?;
    let end = PhoneState::read(folder.path(), world)?;
    let first = begun.ok_or("no checkpoint came")?;
    let place = (folder.path(), &disk);
    let tried = every_cut(
        "a checkpoint and the log begun anew",
        &trace,
        first..=trace.calls() + 1,
        place,
        |n| promises.before(n),
        |promise, cut| {
            PhoneState::read(cut.folder, world)?.fits(promise.own, &end)?;
            goes_on(cut.folder, world)
        },
    )?;
    assert!(tried.cuts > 60, "{tried:?}");
    Ok(())
}

#[test]
fn an_opening_after_a_kill_and_the_closing_survive_a_power_cut_at_every_call() -> Result<(), Fault> {
    let world = world();
    let (folder, disk) = disk_of(&world.phone)?;
    let app = world.open_phone(folder.path(), &Line::default(), 7)?;
    for n in 0..6 {
        note(&app, &world.encounter, &format!("SYN-kill-{n}"))?;
    }
    // The log is on disk, and nobody has closed the store.
    disk.halt();
    let killed = disk.platter().image(Survivors::Everything);
    drop(app);
    disk.reboot(&killed)?;
    disk.record();
    let app = world.open_phone(folder.path(), &Line::default(), 8)?;
    app.shutdown();
    drop(app);
    let trace = disk.trace().ok_or("nothing was recorded")?;
    let end = PhoneState::read(folder.path(), world)?;
    let promises = Promises::new(&end);
    let place = (folder.path(), &disk);
    let all = 1..=trace.calls() + 1;
    every_cut(
        "an opening after a kill",
        &trace,
        all,
        place,
        |n| promises.before(n),
        |promise, cut| {
            PhoneState::read(cut.folder, world)?.fits(promise.own, &end)?;
            goes_on(cut.folder, world)
        },
    )?;
    Ok(())
}

#[test]
fn a_store_in_the_making_survives_a_power_cut_at_every_call() -> Result<(), Fault> {
    let world = world();
    let folder = tempfile::tempdir()?;
    let disk = Disk::watch(folder.path())?;
    let install = |folder: &std::path::Path| -> Result<InstallId, Fault> {
        let store = Store::open(folder, &key())?;
        store.check()?;
        Ok(store.installs()?.pop().ok_or("no install")?.id)
    };
    disk.record();
    let from = disk.calls();
    let app = world.open_phone(folder.path(), &Line::default(), 9)?;
    let made = disk.calls() - from;
    app.shutdown();
    drop(app);
    let trace = disk.trace().ok_or("nothing was recorded")?;
    let end = install(folder.path())?;
    let place = (folder.path(), &disk);
    let all = 1..=trace.calls() + 1;
    let tried = every_cut(
        "a store in the making",
        &trace,
        all,
        place,
        |n| n > made,
        |made, cut| {
            let app = world.open_phone(cut.folder, &Line::default(), 10)?;
            app.shutdown();
            drop(app);
            let found = install(cut.folder)?;
            if *made && found != end {
                return Err("the opening had returned, and another install is here".into());
            }
            let aside = std::fs::read_dir(cut.folder)?
                .filter_map(Result::ok)
                .any(|entry| entry.file_name().to_string_lossy().contains("corrupt") && *made);
            if aside { Err("a finished store was set aside".into()) } else { Ok(()) }
        },
    )?;
    assert!(tried.cuts > 30, "{tried:?}");
    Ok(())
}

//! Trouble with the station: away, a token that runs out, a wrong clock, a revoked phone, a stopped sync, a copied phone.

use firsthours_core::record::{EncounterId, HoldReason, Kind, State};
use firsthours_core::sync::{Http, Method, Request, Transport};
use firsthours_core::words::{Language, SyncSentence, Trouble, span};
use firsthours_server::records::load;
use firsthours_tests::programme::Fault;
use firsthours_tests::{Phone, Programme};

use super::{MINUTE, note, notes, programme, recorded, sync, told};

const YEAR: i64 = 365 * 24 * 60 * MINUTE;

/// A record as the server folds it.
fn at_station(programme: &Programme, id: &str) -> Result<State, Fault> {
    let (app, id): (_, EncounterId) = (&programme.app, id.parse()?);
    let loaded = app.store.read(|tx| load::record(tx, &app.keys, &app.records.definitions, id))?;
    Ok(loaded.ok_or("the server has no such record")?.state)
}

/// Why events of the record are held, each said by an event of the server.
fn holds(state: &State) -> Vec<HoldReason> {
    let said = state.events().filter_map(|event| match event.kind() {
        Some(Kind::Held { why, .. }) => Some(*why),
        _ => None,
    });
    said.collect()
}

#[test]
fn while_the_station_is_away_everything_waits_and_then_arrives() -> Result<(), Fault> {
    let (mut programme, phone, id) = recorded()?;
    programme.stop();
    note(&phone, &id, "while away")?;
    let report = phone.app().sync_now()?;
    assert!(!report.complete && report.call_again_at_ms.is_some());
    told(&report.trouble, &Trouble::NoConnection);
    let view = phone.app().encounter(&id)?;
    assert_eq!(notes(&phone, &id)?, ["while away"]);
    assert_eq!(phone.app().sync_state()?.unsent, view.seen);
    programme.come_back()?;
    sync(&phone)?;
    assert_eq!(programme.event_ids()?.len(), usize::try_from(view.seen)?);
    assert_eq!(phone.app().encounter(&id)?.kept, SyncSentence::StationHasIt.text(Language::En));
    Ok(())
}

#[test]
fn a_token_that_runs_out_in_the_middle_costs_another_hello_and_nothing_else() -> Result<(), Fault> {
    for part in ["/sync/events", "/sync/encounters/"] {
        let (programme, phone, id) = recorded()?;
        let before = phone.network.paths().len();
        let clock = programme.clock.clone();
        phone.network.before(part, move || clock.advance(11 * MINUTE));
        sync(&phone)?;
        let paths = phone.network.paths().split_off(before);
        let count = |part: &str| paths.iter().filter(|path| path.contains(part)).count();
        assert_eq!((count("/sync/hello"), count(part)), (2, 2), "{paths:?}");
        let view = phone.app().encounter(&id)?;
        assert_eq!(programme.event_ids()?.len(), usize::try_from(view.seen)?);
        assert_eq!(view.kept, SyncSentence::StationHasIt.text(Language::En));
    }
    Ok(())
}

#[test]
fn a_clock_that_is_a_year_wrong_warns_and_neither_refuses_nor_reorders() -> Result<(), Fault> {
    let (programme, mut phone, id) = recorded()?;
    assert!(phone.app().home()?.notices.is_empty());
    let mut written = Vec::new();
    for wrong_by in [0, YEAR, -YEAR] {
        phone.clock.set_wrong_by(wrong_by);
        for _ in 0..2 {
            programme.clock.advance(MINUTE);
            written.push(format!("note {}", written.len()));
            note(&phone, &id, written.last().ok_or("one was pushed")?)?;
        }
        for language in [Language::Es, Language::En] {
            phone.speak(language)?;
            let by = span(wrong_by, language);
            let warned: Vec<String> = (wrong_by != 0)
                .then(|| SyncSentence::ClockWrong { by: &by }.text(language))
                .into_iter()
                .collect();
            assert_eq!(phone.app().home()?.notices, warned);
        }
        sync(&phone)?;
    }
    assert!(phone.app().home()?.notices[0].starts_with("This phone’s clock is "));
    let in_order = |phone: &Phone| -> Result<Vec<String>, Fault> {
        let mut rows = phone.app().timeline(&id, 0)?.rows;
        rows.reverse();
        Ok(rows
            .into_iter()
            .flat_map(|row| row.details)
            .filter(|detail| detail.starts_with("note "))
            .collect())
    };
    assert_eq!(in_order(&phone)?, written);
    let state = at_station(&programme, &id)?;
    assert!(holds(&state).is_empty(), "the server refuses nothing");
    assert_eq!(state.len(), usize::try_from(phone.app().encounter(&id)?.seen)?);
    Ok(())
}

#[test]
fn what_a_revoked_phone_recorded_is_taken_and_held_and_it_reads_nothing() -> Result<(), Fault> {
    let (programme, phone, id) = recorded()?;
    sync(&phone)?;
    let had = programme.event_ids()?.len();
    let token_before = phone.network.token().ok_or("no token was sent")?;
    programme.revoke("alvarez")?;
    note(&phone, &id, "evidence")?;
    let report = phone.app().sync_now()?;
    told(&report.trouble, &Trouble::Revoked);
    assert_eq!(report.events_sent, 1);
    assert_eq!(notes(&phone, &id)?, ["evidence"], "it stays on the phone");
    assert_eq!(phone.app().sync_state()?.unsent, 0, "and the station has acknowledged it");

    let state = at_station(&programme, &id)?;
    assert_eq!((state.len(), holds(&state)), (had + 2, vec![HoldReason::Revoked]));
    let held = state.events().find(|event| matches!(event.kind(), Some(Kind::Noted { .. })));
    assert_eq!(state.held(&held.ok_or("the note is not there")?.id), Some(HoldReason::Revoked));

    let token = phone.network.token().ok_or("no token was sent")?;
    let http = Http::new(&programme.address, None).map_err(|error| error.to_string())?;
    let epoch = programme.app.epoch()?;
    for token in [token_before, token] {
        for path in [format!("/v1/sync/encounters/{id}/{epoch}/events?after=0"), "/v1/directory".to_owned()] {
            let headers = vec![("authorization", token.clone())];
            let request = Request { method: Method::Get, path, headers, body: Vec::new() };
            let answer = http.send(&request).map_err(|error| error.to_string())?;
            assert_eq!(answer.status, 403, "{}", request.path);
            assert!(!String::from_utf8_lossy(&answer.body).contains("evidence"));
        }
    }
    Ok(())
}

#[test]
fn a_sync_that_is_stopped_keeps_what_had_arrived() -> Result<(), Fault> {
    let programme = programme()?;
    let phone = programme.phone("alvarez", Language::En)?;
    let id = phone.app().start_encounter(None)?.id;
    for number in 1..150 {
        note(&phone, &id, &format!("note {number}"))?;
    }
    let (reached, at_upload) = std::sync::mpsc::channel();
    let (go_on, stopped) = std::sync::mpsc::channel::<()>();
    phone.network.before("/sync/events", move || {
        let _ = reached.send(());
        let _ = stopped.recv();
    });
    let report = std::thread::scope(|scope| {
        let syncing = scope.spawn(|| phone.app().sync_now());
        at_upload.recv()?;
        phone.app().cancel_sync();
        go_on.send(())?;
        Ok::<_, Fault>(syncing.join().map_err(|_| "the sync panicked")??)
    })?;
    assert!(!report.complete);
    told(&report.trouble, &Trouble::Cancelled);
    assert_eq!((report.events_sent, programme.event_ids()?.len()), (100, 100), "the first batch");
    assert_eq!(phone.app().sync_state()?.unsent, 50, "what had arrived is known to have arrived");
    sync(&phone)?;
    assert_eq!(programme.event_ids()?.len(), 150);
    assert_eq!(notes(&phone, &id)?.len(), 149);
    Ok(())
}

/// A phone is put back from a copy of itself, and both go on: `more` = how much more the copy writes.
fn copied(more: usize) -> Result<(), Fault> {
    let (programme, phone, id) = recorded()?;
    sync(&phone)?;
    let mut copy = phone.copy(&programme.clock)?;
    note(&phone, &id, "on the phone")?;
    let mut on_copy = Vec::new();
    for number in 0..=more {
        on_copy.push(format!("on the copy {number}"));
        note(&copy, &id, &on_copy[number])?;
    }
    sync(&phone)?;
    let taken = programme.event_ids()?;
    for _ in 0..2 {
        let report = copy.app().sync_now()?;
        assert!(!report.complete);
        told(&report.trouble, &Trouble::CopyOfPhone);
        assert_eq!(programme.event_ids()?, taken, "nothing there was changed");
        assert_eq!(notes(&copy, &id)?, on_copy, "nothing here was lost");
        assert_eq!(copy.app().sync_state()?.unsent, i64::try_from(on_copy.len())?);
        assert_ne!(copy.app().encounter(&id)?.kept, SyncSentence::StationHasIt.text(Language::En));
        // It is on the disk, too.
        copy.switch_off();
        copy.switch_on()?;
    }
    // Nobody can tell which of the two is the copy: while one asks to go on from what both were, the other may only send,
    // and goes on as a new phone as well.
    note(&phone, &id, "and on")?;
    let report = phone.app().sync_now()?;
    told(&report.trouble, &Trouble::CopyOfPhone);
    assert_eq!(notes(&phone, &id)?, ["on the phone", "and on"], "nothing here was lost");
    programme.approve_all()?;
    for _ in 0..3 {
        phone.app().sync_now()?;
        copy.app().sync_now()?;
    }
    let all = |mut notes: Vec<String>| {
        notes.sort();
        notes
    };
    assert_eq!(all(notes(&phone, &id)?), all(notes(&copy, &id)?), "both stories are on both");
    assert_eq!(notes(&phone, &id)?.len(), 2 + on_copy.len());
    assert_eq!(programme.event_ids()?.len(), taken.len() + 1 + on_copy.len());
    Ok(())
}

#[test]
fn a_copy_that_wrote_as_much_as_the_phone_is_told_so_and_nothing_is_lost() -> Result<(), Fault> {
    copied(0)
}

#[test]
fn a_copy_that_wrote_more_than_the_phone_is_told_so_and_nothing_is_lost() -> Result<(), Fault> {
    copied(3)
}

#[test]
fn a_phone_put_back_from_an_older_copy_is_told_that_the_station_has_more_of_it() -> Result<(), Fault> {
    let (programme, phone, id) = recorded()?;
    let copy = phone.copy(&programme.clock)?;
    note(&phone, &id, "written after the copy")?;
    sync(&phone)?;
    let before = copy.app().encounter(&id)?;
    let report = copy.app().sync_now()?;
    told(&report.trouble, &Trouble::CopyOfPhone);
    assert_eq!(copy.app().encounter(&id)?, before);
    assert_eq!(notes(&phone, &id)?, ["written after the copy"]);
    Ok(())
}

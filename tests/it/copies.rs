//! Copies: a phone put back from an older copy, a phone that exists twice, a server put back, two phones on one record.
//! Nothing is lost, nothing is there twice, and everything is said in words.

use std::collections::BTreeSet;

use firsthours_core::app::Act;
use firsthours_core::record::{EncounterId, EventId, Sharing};
use firsthours_core::view::EncounterView;
use firsthours_core::words::{Language, SyncSentence, Trouble};
use firsthours_server::programme::trust;
use firsthours_tests::programme::Fault;
use firsthours_tests::{Phone, Programme};
use proptest::prelude::*;

use super::bad_input::{MINUTE, note, notes, programme, recorded, sync, told};

/// Syncs a copy until it is one of the programme's phones: it is told, approved, and goes on.
fn accept(programme: &Programme, copy: &Phone) -> Result<(), Fault> {
    let report = copy.app().sync_now()?;
    told(&report.trouble, &Trouble::CopyOfPhone);
    assert!(!report.complete);
    programme.approve_all()?;
    sync(copy)
}

/// That the server holds each event once, and how many.
fn each_once(programme: &Programme) -> Result<usize, Fault> {
    let ids = programme.event_ids()?;
    let distinct: BTreeSet<&EventId> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "an event is there twice");
    Ok(ids.len())
}

/// The notes of a record in a fixed order.
fn sorted(phone: &Phone, id: &str) -> Result<Vec<String>, Fault> {
    let mut notes = notes(phone, id)?;
    notes.sort();
    Ok(notes)
}

fn at_station(phone: &Phone, id: &str) -> Result<(), Fault> {
    assert_eq!(phone.app().encounter(id)?.kept, SyncSentence::StationHasIt.text(Language::En));
    assert_eq!(phone.app().sync_state()?.unsent, 0);
    Ok(())
}

#[test]
fn a_phone_put_back_from_a_copy_goes_on_as_a_new_one_and_sends_what_only_the_copy_had() -> Result<(), Fault> {
    let (programme, phone, id) = recorded()?;
    sync(&phone)?;
    note(&phone, &id, "never sent by the phone")?;
    let copy = phone.copy(&programme.clock)?;
    let before = each_once(&programme)?;
    // The phone itself is gone. Its deputy goes on before anybody has approved anything.
    drop(phone);
    note(&copy, &id, "written on the copy")?;
    assert_eq!(copy.app().sync_state()?.unsent, 2);

    let report = copy.app().sync_now()?;
    told(&report.trouble, &Trouble::CopyOfPhone);
    assert_eq!(each_once(&programme)?, before + 1, "the old chain's event is there, before any approval");
    copy.app().sync_now()?;
    assert_eq!(each_once(&programme)?, before + 1);

    programme.approve_all()?;
    sync(&copy)?;
    assert_eq!(each_once(&programme)?, before + 2);
    assert_eq!(notes(&copy, &id)?, ["never sent by the phone", "written on the copy"]);
    at_station(&copy, &id)?;
    sync(&copy)?;
    assert_eq!(each_once(&programme)?, before + 2);
    Ok(())
}

#[test]
fn what_the_station_has_and_an_older_copy_lacks_comes_back_to_it() -> Result<(), Fault> {
    let (programme, phone, id) = recorded()?;
    let copy = phone.twin(&programme.clock)?;
    note(&phone, &id, "after the copy was made")?;
    sync(&phone)?;
    let there = each_once(&programme)?;
    drop(phone);
    accept(&programme, &copy)?;
    assert_eq!(notes(&copy, &id)?, ["after the copy was made"]);
    assert_eq!(each_once(&programme)?, there);
    note(&copy, &id, "and on")?;
    sync(&copy)?;
    assert_eq!(each_once(&programme)?, there + 1);
    at_station(&copy, &id)
}

#[test]
fn of_two_equal_phones_both_go_on_as_new_ones_and_both_stories_stay() -> Result<(), Fault> {
    for (on_phone, on_twin) in [(1, 1), (1, 3), (3, 1)] {
        let (programme, phone, id) = recorded()?;
        sync(&phone)?;
        let twin = phone.twin(&programme.clock)?;
        let mut expected = Vec::new();
        for (phone, name, count) in [(&phone, "phone", on_phone), (&twin, "twin", on_twin)] {
            for number in 0..count {
                let text = format!("{name} {number}");
                note(phone, &id, &text)?;
                expected.push(text);
            }
        }
        let before = each_once(&programme)?;
        sync(&phone)?;
        accept(&programme, &twin)?;
        // The first one now reads what was written in its name elsewhere: it does not go on with that chain either.
        accept(&programme, &phone)?;
        sync(&twin)?;
        assert_eq!(each_once(&programme)?, before + expected.len());
        assert_eq!((sorted(&phone, &id)?, sorted(&twin, &id)?), (expected.clone(), expected));
        at_station(&phone, &id)?;
        at_station(&twin, &id)?;
    }
    Ok(())
}

#[test]
fn a_copy_of_a_revoked_phone_does_not_come_in_again() -> Result<(), Fault> {
    let (programme, phone, id) = recorded()?;
    sync(&phone)?;
    let copy = phone.copy(&programme.clock)?;
    note(&copy, &id, "on the copy")?;
    programme.revoke("alvarez")?;
    let report = copy.app().sync_now()?;
    told(&report.trouble, &Trouble::EnrolmentRefused);
    assert_eq!(notes(&copy, &id)?, ["on the copy"], "it is not lost");
    // With a code of the administrator it is a phone like any other.
    programme.enrol(&copy, "alvarez")?;
    sync(&copy)?;
    at_station(&copy, &id)
}

/// A server with a record that a supervisor has commented on, all of it on the phone too; and a snapshot from before.
fn snapshot_and_more() -> Result<(Programme, tempfile::TempDir, Phone, String), Fault> {
    let (programme, phone, id) = recorded()?;
    sync(&phone)?;
    let snapshot = programme.snapshot()?;
    programme.clock.advance(MINUTE);
    note(&phone, &id, "after the snapshot")?;
    sync(&phone)?;
    let text = "Please look again".to_owned();
    programme.at_desk("rivera", &id, &Act::Comment { step: None, text })?;
    sync(&phone)?;
    Ok((programme, snapshot, phone, id))
}

#[test]
fn a_server_put_back_is_shown_its_own_receipt_and_gets_back_what_it_lost() -> Result<(), Fault> {
    let (mut programme, snapshot, phone, id) = snapshot_and_more()?;
    let (before, epoch) = (programme.event_ids()?, programme.app.epoch()?);
    programme.put_back(&snapshot)?;
    assert_eq!(programme.app.epoch()?, epoch, "by itself it cannot know");
    assert!(programme.event_ids()?.len() < before.len());

    let report = phone.app().sync_now()?;
    assert!(report.complete);
    told(&report.trouble, &Trouble::StationPutBack);
    assert_ne!(programme.app.epoch()?, epoch);
    assert!(programme.app.store.read(|tx| trust::put_back_at(tx))?.is_some());
    each_once(&programme)?;
    let after: BTreeSet<EventId> = programme.event_ids()?.into_iter().collect();
    assert!(before.iter().all(|id| after.contains(id)), "the supervisor's comment came back as well");
    at_station(&phone, &id)?;
    // From here on there is nothing more to say.
    assert_eq!(phone.app().sync_now()?.trouble, "");
    Ok(())
}

#[test]
fn a_server_put_back_behind_its_list_of_epochs_begins_a_new_one_by_itself() -> Result<(), Fault> {
    let (mut programme, snapshot, phone, id) = snapshot_and_more()?;
    programme.put_back(&snapshot)?;
    phone.app().sync_now()?;
    let (before, epoch) = (each_once(&programme)?, programme.app.epoch()?);
    // The same snapshot again: the list outside now names an epoch that the store does not know.
    programme.put_back(&snapshot)?;
    assert_ne!(programme.app.epoch()?, epoch);
    let report = phone.app().sync_now()?;
    told(&report.trouble, &Trouble::StationPutBack);
    assert_eq!(each_once(&programme)?, before);
    at_station(&phone, &id)
}

#[test]
fn a_phone_that_a_server_put_back_has_never_seen_asks_again_by_its_certificate() -> Result<(), Fault> {
    let mut programme = programme()?;
    let snapshot = programme.snapshot()?;
    let phone = programme.phone("alvarez", Language::En)?;
    let id = phone.app().start_encounter(None)?.id;
    note(&phone, &id, "on the phone")?;
    sync(&phone)?;
    let before = programme.event_ids()?;
    programme.put_back(&snapshot)?;
    assert!(programme.event_ids()?.is_empty());

    told(&phone.app().sync_now()?.trouble, &Trouble::NotEnrolledYet);
    programme.approve_all()?;
    sync(&phone)?;
    assert_eq!(programme.event_ids()?, before);
    at_station(&phone, &id)
}

#[test]
fn a_server_put_back_that_went_on_with_a_twin_is_shown_what_it_had_acknowledged_to_the_other()
-> Result<(), Fault> {
    let (mut programme, phone, id) = recorded()?;
    sync(&phone)?;
    let snapshot = programme.snapshot()?;
    let twin = phone.twin(&programme.clock)?;
    note(&twin, &id, "on the twin")?;
    sync(&twin)?;
    programme.put_back(&snapshot)?;
    // The same number of the same chain, so that nothing is less than it was.
    note(&phone, &id, "on the phone")?;
    sync(&phone)?;
    accept(&programme, &twin)?;
    drop(phone.app().sync_now()?);
    programme.approve_all()?;
    sync(&phone)?;
    sync(&twin)?;
    each_once(&programme)?;
    for phone in [&phone, &twin] {
        assert_eq!(sorted(phone, &id)?, ["on the phone", "on the twin"]);
        at_station(phone, &id)?;
    }
    Ok(())
}

#[test]
fn two_phones_on_one_record_lose_nothing_and_differ_in_words() -> Result<(), Fault> {
    let (programme, first, id) = recorded()?;
    let second = programme.phone("brooks", Language::En)?;
    let to = programme.person("brooks");
    let view = first.app().encounter(&id)?;
    first.app().act(&id, view.seen, Act::Share { how: Sharing::Join, to })?;
    sync(&first)?;
    sync(&second)?;
    for (phone, text) in [(&first, "from the first"), (&second, "from the second")] {
        note(phone, &id, text)?;
    }
    for phone in [&first, &second, &first] {
        sync(phone)?;
    }
    each_once(&programme)?;
    let views: Vec<EncounterView> =
        [&first, &second].iter().map(|phone| phone.app().encounter(&id)).collect::<Result<_, _>>()?;
    assert_eq!(views[0].notes, views[1].notes);
    assert_eq!(sorted(&first, &id)?, ["from the first", "from the second"]);
    at_station(&first, &id)?;
    at_station(&second, &id)
}

/// One thing that happens to phones and server.
#[derive(Debug, Clone, Copy)]
enum Step {
    Note(usize),
    Sync(usize),
    Copy(usize),
    Twin(usize),
    Approve,
    Snapshot,
    PutBack,
}

fn step() -> impl Strategy<Value = Step> {
    let phone = 0..4_usize;
    prop_oneof![
        4 => phone.clone().prop_map(Step::Note),
        4 => phone.clone().prop_map(Step::Sync),
        1 => phone.clone().prop_map(Step::Copy),
        1 => phone.prop_map(Step::Twin),
        2 => Just(Step::Approve),
        1 => Just(Step::Snapshot),
        1 => Just(Step::PutBack),
    ]
}

/// Plays the steps, heals, and checks that every note ever written is on every phone and at the station, once.
fn survive(steps: &[Step]) -> Result<(), Fault> {
    let (mut programme, first, id) = recorded()?;
    sync(&first)?;
    let (mut phones, mut written) = (vec![first], Vec::new());
    let mut snapshot = programme.snapshot()?;
    for step in steps {
        programme.clock.advance(MINUTE);
        let of = |number: usize| number % phones.len();
        match *step {
            Step::Note(number) => {
                let text = format!("note {}", written.len());
                note(&phones[of(number)], &id, &text)?;
                written.push(text);
            }
            // How it ends depends on what came before; what it loses shows in the end.
            Step::Sync(number) => drop(phones[of(number)].app().sync_now()?),
            Step::Copy(number) => phones.push(phones[of(number)].copy(&programme.clock)?),
            Step::Twin(number) => phones.push(phones[of(number)].twin(&programme.clock)?),
            Step::Approve => programme.approve_all()?,
            Step::Snapshot => snapshot = programme.snapshot()?,
            Step::PutBack => programme.put_back(&snapshot)?,
        }
    }
    // Each round may show one phone that it is a copy, approve it, and let its work reach the others.
    for _ in 0..3 + phones.len() {
        for phone in &phones {
            drop(phone.app().sync_now()?);
        }
        programme.approve_all()?;
    }
    each_once(&programme)?;
    written.sort();
    for phone in &phones {
        sync(phone)?;
        assert_eq!(sorted(phone, &id)?, written);
        at_station(phone, &id)?;
    }
    let encounter: EncounterId = id.parse()?;
    assert_eq!(programme.head(encounter)?, u64::try_from(programme.event_ids()?.len())?);
    Ok(())
}

#[test]
fn a_twin_whose_work_a_server_lost_when_it_was_put_back_gives_it_again() -> Result<(), Fault> {
    use Step::{Copy, Note, PutBack, Sync, Twin};
    survive(&[Twin(0), Note(1), Sync(1), Copy(0), Sync(2), Sync(1), PutBack, Note(3)])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_copied_and_put_back_nothing_is_lost_and_nothing_is_there_twice(
        steps in prop::collection::vec(step(), 4..18)
    ) {
        survive(&steps).map_err(|fault| TestCaseError::fail(fault.to_string()))?;
    }
}

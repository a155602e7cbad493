//! The store: a wrong key, a newer app's file, a damaged one, no room.

use std::path::Path;

use firsthours_core::app::{AppError, FirstHours};
use firsthours_core::store::{StoreError, StoreKey};
use firsthours_core::words::Language;
use firsthours_tests::programme::Fault;
use rusqlite::Connection;

use super::{english, recorded, sync};

/// The file in which everything is.
fn database(folder: &Path) -> std::path::PathBuf {
    folder.join("store.db")
}

#[test]
fn a_wrong_key_opens_nothing_and_harms_nothing() -> Result<(), Fault> {
    let (_programme, mut phone, id) = recorded()?;
    let before = phone.app().encounter(&id)?;
    phone.switch_off();
    let bytes = std::fs::read(database(&phone.folder()))?;
    let wrong = StoreKey::new([9; 32]);
    let error = FirstHours::open(&phone.folder(), &wrong, Language::En, phone.outside());
    let error = error.expect_err("a wrong key opens nothing");
    assert_eq!(error, AppError::WrongKey);
    let sentence = "This key does not open the records on this phone. They are still here and unharmed; unlock with the \
         right one.";
    assert_eq!(english(&error), sentence);
    assert_eq!(std::fs::read(database(&phone.folder()))?, bytes, "not a byte was changed");
    phone.switch_on()?;
    assert_eq!(phone.app().encounter(&id)?, before);
    Ok(())
}

#[test]
fn a_store_of_a_newer_app_is_left_as_it_is() -> Result<(), Fault> {
    let (_programme, mut phone, id) = recorded()?;
    phone.switch_off();
    let layout = |number: u32| -> Result<u32, Fault> {
        let connection = Connection::open(database(&phone.folder()))?;
        connection.execute_batch(&format!("pragma key = \"x'{}'\"", phone.key_hex()))?;
        let before = connection.query_row("pragma user_version", [], |row| row.get(0))?;
        connection.pragma_update(None, "user_version", number)?;
        Ok(before)
    };
    let known = layout(99)?;
    let bytes = std::fs::read(database(&phone.folder()))?;
    let error = FirstHours::open(&phone.folder(), &phone.key(), Language::En, phone.outside());
    let error = error.expect_err("a newer store is not opened");
    assert_eq!(error, AppError::NewerStore);
    let sentence = "The records on this phone were written by a newer version of the app. They are unharmed; update the \
         app to open them.";
    assert_eq!(english(&error), sentence);
    assert_eq!(std::fs::read(database(&phone.folder()))?, bytes, "not a byte was changed");
    // The newer app, or here the same one with the number put back, finds everything.
    layout(known)?;
    phone.switch_on()?;
    assert!(phone.app().encounter(&id)?.seen > 3);
    Ok(())
}

#[test]
fn a_damaged_store_is_set_aside_whole_and_the_next_opening_works() -> Result<(), Fault> {
    let (programme, mut phone, id) = recorded()?;
    sync(&phone)?;
    let at_station = programme.event_ids()?;
    phone.switch_off();
    let mut bytes = std::fs::read(database(&phone.folder()))?;
    bytes.iter_mut().take(4_096).for_each(|byte| *byte ^= 0x5a);
    std::fs::write(database(&phone.folder()), &bytes)?;

    let error = phone.switch_on().expect_err("a damaged store is not opened");
    let AppError::CorruptStore { set_aside: Some(aside) } = &error else { return Err(error.into()) };
    let sentence = "The file with the records is damaged. It was set aside, not deleted, and can be examined; what the \
         station has is safe. Tell your supervisor.";
    assert_eq!(english(&error), sentence);
    assert_eq!(std::fs::read(aside)?, bytes, "it is still there, byte for byte");
    assert_eq!(programme.event_ids()?, at_station);

    phone.switch_on()?;
    assert!(phone.app().home()?.rows.is_empty());
    programme.enrol(&phone, "alvarez")?;
    sync(&phone)?;
    let back = phone.app().encounter(&id)?;
    assert_eq!(usize::try_from(back.seen)?, at_station.len(), "what the station had is here again");
    assert!(aside.exists());
    Ok(())
}

/// A full disk itself is provoked inside the core's store, which gives this error and keeps all before it; no file
/// system that a test may make without rights of its own is ever full.
#[test]
fn a_full_disk_is_told_as_such() {
    let error = AppError::from(StoreError::Full);
    assert_eq!(error, AppError::DiskFull);
    let sentence = "The phone is full, so this entry was NOT saved. Free some space and enter it again; everything \
         before it is safe.";
    assert_eq!(english(&error), sentence);
}

#[test]
fn an_entry_that_the_disk_has_damaged_is_declared_lost_and_everybody_is_told() -> Result<(), Fault> {
    let programme = super::programme()?;
    let mut phone = programme.phone("alvarez", Language::En)?;
    let id = phone.app().start_encounter(None)?.id;
    for tap in &firsthours_tests::night::SCENE[..4] {
        programme.clock.advance(60_000);
        let now = firsthours_core::outside::Clock::now(&programme.clock);
        firsthours_tests::night::play(phone.app(), &id, tap, now)?;
    }
    phone.switch_off();
    let connection = Connection::open(database(&phone.folder()))?;
    connection.execute_batch(&format!("pragma key = \"x'{}'\"", phone.key_hex()))?;
    let damage = "update event set header = replace(header, 'stamp', 'stomp')
                  where place = (select place from own_event where line & 1099511627775 = 3)";
    assert_eq!(connection.execute(damage, [])?, 1);
    drop(connection);
    phone.switch_on()?;

    let report = phone.app().sync_now()?;
    assert!(report.complete, "{}", report.trouble);
    let sentence = "An entry on this phone was damaged and could not be sent. The station knows that one is missing; \
                    everything else arrived. Look at the record and enter again what is gone.";
    assert_eq!(report.trouble, sentence);
    // Four of the five own events, and the server's word about the fifth.
    assert_eq!(programme.event_ids()?.len(), 5);
    let again = phone.app().sync_now()?;
    assert!(again.complete && again.trouble.is_empty(), "it is told once: {}", again.trouble);
    let lines = phone.app().timeline(&id, 0)?.rows;
    let told = "1 entry of one phone is missing and was declared lost";
    assert!(
        lines.iter().any(|line| line.sentence == told),
        "the record itself says that something is missing"
    );
    // The deputy enters again what is gone; the chain goes on.
    let now = firsthours_core::outside::Clock::now(&programme.clock);
    firsthours_tests::night::play(phone.app(), &id, &firsthours_tests::night::SCENE[1], now)?;
    assert!(phone.app().sync_now()?.trouble.is_empty());
    assert_eq!(programme.event_ids()?.len(), 6);
    Ok(())
}

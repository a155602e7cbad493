//! What a station tells its phones and they keep: the policy, and how far its log was.

use firsthours_core::evidence::{Checkpoint, Document};
use firsthours_core::protocol::Instant;
use firsthours_core::words::Language;
use firsthours_server::programme::checkpoint;
use firsthours_tests::programme::Fault;
use firsthours_tests::{Programme, SharedClock};

const EVENING: Instant = Instant::from_ms(1_795_496_400_000);

#[test]
fn a_phone_keeps_the_policy_of_its_station_and_asks_for_it_once() -> Result<(), Fault> {
    let programme = Programme::start(&SharedClock::frozen(EVENING))?;
    let phone = programme.phone("alvarez", Language::En)?;
    let told = phone.app().policy()?;
    assert_eq!(told, programme.app.config.policy());
    assert_eq!((told.lock_ms, told.lease_ms), (300_000, 72 * 3_600_000));
    let served = || -> Result<usize, Fault> {
        let sql = "select seq from audit where what = 'policy_served'";
        Ok(programme.app.store.read(|tx| tx.rows(sql, &[]))?.len())
    };
    let before = served()?;
    assert!(before > 0, "it was asked for");
    phone.app().sync_now()?;
    phone.app().sync_now()?;
    assert_eq!(served()?, before, "what is here already is not fetched again");
    Ok(())
}

/// The server's own store can be changed by whoever holds its key. What the phone was told cannot.
#[test]
fn a_phone_gives_back_what_it_was_told_of_the_log_and_a_cut_is_found() -> Result<(), Fault> {
    let programme = Programme::start(&SharedClock::frozen(EVENING))?;
    let phone = programme.phone("alvarez", Language::En)?;
    let app = &programme.app;
    let told: Document = app.checkpoints().make(app.now())?.ok_or("a checkpoint")?;
    phone.app().sync_now()?;
    phone.app().sync_now()?;
    assert!(app.store.read(checkpoint::differs_since)?.is_none());
    let heads = told.peek::<Checkpoint>()?.heads;
    app.store.write(|tx| tx.run("delete from audit where seq >= $1", &[heads[0].seq.into()]))?;
    // The one who cut it signs what is left; the phone keeps what it was told before, and gives that back.
    app.checkpoints().make(app.now())?;
    phone.app().sync_now()?;
    let (_, sentence) = app.store.read(checkpoint::differs_since)?.ok_or("it was not found")?;
    assert!(sentence.contains(&format!("entry {}", heads[0].seq)), "{sentence}");
    Ok(())
}

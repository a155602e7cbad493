//! The whole path: from a tap without a signal to the supervisor's act and back.

use firsthours_core::app::{Act, Sharing};
use firsthours_core::outside::Clock;
use firsthours_core::protocol::{Instant, Phase, Value};
use firsthours_core::record::PhaseStatus;
use firsthours_core::words::{Language, SyncSentence, Trouble};
use firsthours_tests::night::{SCENE, answer, play, submit};
use firsthours_tests::programme::Fault;
use firsthours_tests::{Phone, Programme, SharedClock};

/// 2026-11-24 05:00 UTC: nine in the evening in Los Angeles.
const EVENING: Instant = Instant::from_ms(1_795_496_400_000);
const MINUTE: i64 = 60_000;

fn programme() -> Result<Programme, Fault> {
    Programme::start(&SharedClock::frozen(EVENING))
}

/// Records the whole scene.
fn record(programme: &Programme, phone: &Phone) -> Result<String, Fault> {
    let id = phone.app().start_encounter(None)?.id;
    for tap in SCENE {
        programme.clock.advance(tap.after * MINUTE);
        play(phone.app(), &id, tap, programme.clock.now())?;
    }
    Ok(id)
}

fn sync(phone: &Phone) -> Result<(), Fault> {
    let report = phone.app().sync_now()?;
    if report.complete { Ok(()) } else { Err(report.trouble.into()) }
}

#[test]
fn a_night_recorded_offline_reaches_the_station_and_is_receipted() -> Result<(), Fault> {
    let programme = programme()?;
    let phone = programme.phone("alvarez", Language::En)?;
    phone.network.set_signal(false);
    let id = record(&programme, &phone)?;
    submit(phone.app(), &id)?;
    let before = phone.app().encounter(&id)?;
    assert!(before.kept.contains("not yet at the station"), "{}", before.kept);
    let offline = phone.app().sync_now()?;
    assert_eq!(offline.trouble, Trouble::NoConnection.text(Language::En));
    assert!(offline.call_again_at_ms.is_some(), "a failed sync says when to call again");

    phone.network.set_signal(true);
    sync(&phone)?;
    let after = phone.app().encounter(&id)?;
    assert_eq!(after.kept, SyncSentence::StationHasIt.text(Language::En));
    assert_eq!(after.phases[0].status, PhaseStatus::Submitted);
    assert_eq!(programme.event_ids()?.len(), usize::try_from(after.seen)?);
    Ok(())
}

#[test]
fn nothing_to_do_is_one_round_trip() -> Result<(), Fault> {
    let programme = programme()?;
    let phone = programme.phone("alvarez", Language::En)?;
    record(&programme, &phone)?;
    sync(&phone)?;
    let report = phone.app().sync_now()?;
    assert!(report.complete, "{}", report.trouble);
    assert_eq!((report.round_trips, report.events_sent, report.events_received), (1, 0, 0));
    Ok(())
}

#[test]
fn a_line_cut_in_the_middle_of_an_upload_loses_and_doubles_nothing() -> Result<(), Fault> {
    let programme = programme()?;
    let phone = programme.phone("chen", Language::En)?;
    let id = record(&programme, &phone)?;
    phone.network.cut_at_upload(1);
    let cut = phone.app().sync_now()?;
    assert!(!cut.complete);
    assert_eq!(cut.trouble, Trouble::NoConnection.text(Language::En));
    let held = programme.event_ids()?.len();
    assert!(held > 0, "the server had committed the batch");
    phone.network.set_signal(true);
    sync(&phone)?;
    assert_eq!(programme.event_ids()?.len(), held, "nothing doubled");
    assert_eq!(phone.app().encounter(&id)?.kept, SyncSentence::StationHasIt.text(Language::En));
    Ok(())
}

#[test]
fn a_return_lands_on_the_step_is_answered_offline_and_goes_back_answered() -> Result<(), Fault> {
    let programme = programme()?;
    let phone = programme.phone("alvarez", Language::En)?;
    let id = record(&programme, &phone)?;
    submit(phone.app(), &id)?;
    sync(&phone)?;
    let text = "Which language did the child choose?".to_owned();
    programme.at_desk("rivera", &id, &Act::Comment { step: Some("advocate_right".to_owned()), text })?;
    programme.at_desk("rivera", &id, &Act::Return { phase: Phase::Scene })?;
    sync(&phone)?;

    let view = phone.app().encounter(&id)?;
    assert_eq!(view.phases[0].status, PhaseStatus::Returned);
    assert_eq!(view.phases[0].sentence, "At the scene: sent back by Sgt. Rivera, 1 step");
    let step = view.sections[0].steps.iter().find(|step| step.id == "advocate_right").ok_or("no step")?;
    let thread = step.threads.first().ok_or("the comment is not on its step")?;
    assert_eq!(thread.text, "Which language did the child choose?");

    phone.network.set_signal(false);
    let reply = Act::Reply { thread: thread.id.parse()?, text: "Spanish.".to_owned() };
    let view = phone.app().act(&id, view.seen, reply)?;
    phone.app().act(&id, view.seen, Act::Submit { phase: Phase::Scene })?;
    phone.network.set_signal(true);
    sync(&phone)?;
    assert_eq!(phone.app().encounter(&id)?.phases[0].status, PhaseStatus::Answered);

    programme.at_desk("rivera", &id, &Act::Approve { phase: Phase::Scene })?;
    sync(&phone)?;
    assert_eq!(phone.app().encounter(&id)?.phases[0].sentence, "At the scene: approved by Sgt. Rivera");
    Ok(())
}

#[test]
fn two_phones_write_one_field_unaware_and_both_answers_stay_until_one_decides() -> Result<(), Fault> {
    let programme = programme()?;
    let alvarez = programme.phone("alvarez", Language::En)?;
    let brooks = programme.phone("brooks", Language::Es)?;
    let id = record(&programme, &alvarez)?;
    let view = alvarez.app().encounter(&id)?;
    let to = programme.person("brooks");
    alvarez.app().act(&id, view.seen, Act::Share { how: Sharing::Join, to })?;
    sync(&alvarez)?;
    sync(&brooks)?;
    let view = brooks.app().encounter(&id)?;
    let offer = view.offers.first().ok_or("no offer")?.id.parse()?;
    brooks.app().act(&id, view.seen, Act::Accept { offer })?;

    let place = |place: &str| Value::Text(place.to_owned());
    answer(brooks.app(), &id, "contact", "place", place("motel"))?;
    answer(alvarez.app(), &id, "contact", "place", place("business"))?;
    for phone in [&alvarez, &brooks, &alvarez] {
        sync(phone)?;
    }
    for phone in [&alvarez, &brooks] {
        let view = phone.app().encounter(&id)?;
        assert_eq!(view.conflicts, 1);
        let fields = view.sections.iter().flat_map(|section| &section.steps).flat_map(|step| &step.entries);
        let disputed = fields.flat_map(|entry| &entry.fields).find(|field| !field.heads.is_empty());
        assert_eq!(disputed.ok_or("no disputed field")?.heads.len(), 2);
    }
    answer(brooks.app(), &id, "contact", "place", place("motel"))?;
    sync(&brooks)?;
    sync(&alvarez)?;
    assert_eq!(alvarez.app().encounter(&id)?.conflicts, 0);
    Ok(())
}

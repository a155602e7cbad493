//! The story: a night in a synthetic county, told by three real phones and a real server.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use firsthours_core::app::{Act, Sharing};
use firsthours_core::protocol::{Phase, Value};
use firsthours_core::record::{EventId, PersonId};
use firsthours_core::words::{Language, clock_time};
use firsthours_tests::night::{SCENE, answer, play, submit};
use firsthours_tests::programme::Fault;
use firsthours_tests::{Phone, Programme, SharedClock};

use crate::board::{Board, line};

const MINUTE: i64 = 60_000;
const LINES: usize = 17;

/// The phones of the story, still on when it ends.
pub(crate) struct Cast {
    pub(crate) alvarez: Phone,
    brooks: Phone,
    chen: Phone,
}

/// Plays the story alone, and says whether every event of every phone is receipted and visible.
pub(crate) fn once() -> Result<(), Fault> {
    let begun = Instant::now();
    let clock = SharedClock::running(-6 * 60 * MINUTE);
    let programme = Programme::start(&clock)?;
    let cast = play_story(&programme)?;
    let verdict = check(&programme, &cast)?;
    line(&format!("{verdict}  ({:.1} s)", begun.elapsed().as_secs_f64()));
    Ok(())
}

/// Plays the story on a programme that runs, some hours ago by its clock.
pub(crate) fn play_story(programme: &Programme) -> Result<Cast, Fault> {
    let clock = &programme.clock;
    let mut board = Board::new(LINES);
    let mut tell = |who: &str, what: &str| board.tell(&time(clock), who, what);

    tell("the county", "one server, three agencies, Los Angeles County’s protocol; everyone here is made up");
    let alvarez = programme.phone("alvarez", Language::En)?;
    let brooks = programme.phone("brooks", Language::Es)?;
    let chen = programme.phone("chen", Language::En)?;
    tell("the IT desk", "enrolled three phones: one-time code, key made on the phone, fingerprint compared");

    for phone in [&alvarez, &brooks, &chen] {
        phone.network.set_signal(false);
    }
    let first = alvarez.app().start_encounter(None)?.id;
    tell("Dep. Alvarez", "meets a child on the street; no signal; every tap is on disk before the screen says so");
    for tap in &SCENE[..7] {
        clock.advance(tap.after * MINUTE);
        play(alvarez.app(), &first, tap, now(clock))?;
    }
    let view = alvarez.app().encounter(&first)?;
    let next = view.next.map(|next| next.title).unwrap_or_default();
    tell("Dep. Alvarez", &format!("{} is recorded up to the hotline call; next: {next}", view.handle));

    let second = chen.app().start_encounter(None)?.id;
    for tap in SCENE {
        clock.advance(tap.after * MINUTE / 3);
        play(chen.app(), &second, tap, now(clock))?;
    }
    submit(chen.app(), &second)?;
    tell("Dep. Chen", "records another night in full, and submits it, still without a signal");

    chen.network.set_signal(true);
    chen.network.cut_at_upload(1);
    let cut = chen.app().sync_now()?;
    tell("Dep. Chen", &format!("loses the line in the middle of the upload: “{}”", cut.trouble));
    chen.network.set_signal(true);
    let again = finish(&chen)?;
    tell("Dep. Chen", &format!("tries again: the server had them already, so {again} were sent and none is double"));

    alvarez.network.set_signal(true);
    finish(&alvarez)?;
    let view = alvarez.app().encounter(&first)?;
    let brooks_id = PersonId(programme.person("brooks").to_owned());
    alvarez.app().act(&first, view.seen, Act::Share { how: Sharing::Join, to: brooks_id })?;
    finish(&alvarez)?;
    tell("Dep. Alvarez", "has a signal again; asks Dep. Brooks to join the record");

    brooks.network.set_signal(true);
    finish(&brooks)?;
    let view = brooks.app().encounter(&first)?;
    let offer = view.offers.first().ok_or("the request to join did not reach Dep. Brooks")?.id.parse()?;
    brooks.app().act(&first, view.seen, Act::Accept { offer })?;
    tell("Dep. Brooks", "has the record on her phone, in Spanish, and takes part");

    for phone in [&alvarez, &brooks] {
        phone.network.set_signal(false);
    }
    for tap in &SCENE[7..] {
        clock.advance(tap.after * MINUTE);
        play(alvarez.app(), &first, tap, now(clock))?;
    }
    answer(brooks.app(), &first, "no_arrest", "other_offence", Value::Flag(false))?;
    answer(brooks.app(), &first, "contact", "place", Value::Text("motel".to_owned()))?;
    answer(alvarez.app(), &first, "contact", "place", Value::Text("business".to_owned()))?;
    tell("both", "write at once without a signal, and differ on one field");

    for phone in [&alvarez, &brooks, &alvarez] {
        phone.network.set_signal(true);
        finish(phone)?;
    }
    let conflicts = alvarez.app().encounter(&first)?.conflicts;
    tell("both phones", &format!("show {conflicts} conflict: both answers stay, with who and when"));
    answer(alvarez.app(), &first, "contact", "place", Value::Text("motel".to_owned()))?;
    submit(alvarez.app(), &first)?;
    finish(&alvarez)?;
    tell("Dep. Alvarez", "decides it, submits, and has the station’s signed receipt for all of it");

    programme.at_desk("rivera", &first, &Act::Comment {
        step: Some("advocate_right".to_owned()),
        text: "Which language did the child choose in the end? Please confirm.".to_owned(),
    })?;
    programme.at_desk("rivera", &first, &Act::Return { phase: Phase::Scene })?;
    finish(&alvarez)?;
    let view = alvarez.app().encounter(&first)?;
    tell("Sgt. Rivera", &format!("sends it back: “{}”", view.phases[0].sentence));

    alvarez.network.set_signal(false);
    let thread = view
        .sections
        .iter()
        .flat_map(|section| &section.steps)
        .flat_map(|step| &step.threads)
        .next()
        .ok_or("the comment did not reach the step")?;
    let thread = thread.id.parse()?;
    let view = alvarez.app().act(&first, view.seen, Act::Reply { thread, text: "Spanish, confirmed.".to_owned() })?;
    alvarez.app().act(&first, view.seen, Act::Submit { phase: Phase::Scene })?;
    alvarez.network.set_signal(true);
    finish(&alvarez)?;
    tell("Dep. Alvarez", "answers on the step, offline, and sends it back: answered, look again");

    programme.at_desk("rivera", &first, &Act::Resolve { thread })?;
    programme.at_desk("rivera", &first, &Act::Approve { phase: Phase::Scene })?;
    for phone in [&alvarez, &brooks, &chen] {
        finish(phone)?;
    }
    let view = alvarez.app().encounter(&first)?;
    tell("Sgt. Rivera", &format!("approves: “{}”", view.phases[0].sentence));
    tell("the station", "has everything; every phone holds a signed receipt");
    Ok(Cast { alvarez, brooks, chen })
}

/// Compares what the phones wrote and hold with what the server holds and the receipts say.
fn check(programme: &Programme, cast: &Cast) -> Result<String, Fault> {
    let mut written = BTreeSet::new();
    for phone in [&cast.alvarez, &cast.brooks, &cast.chen] {
        for holding in phone.app().holdings()? {
            if holding.kept != firsthours_core::words::Sentence::StationHasIt.text(phone.app().language()) {
                return Err(format!("{}: {}", holding.handle, holding.kept).into());
            }
            written.extend(timeline_ids(phone, &holding.id)?);
        }
    }
    let mut held: BTreeMap<EventId, usize> = BTreeMap::new();
    for id in programme.event_ids()? {
        *held.entry(id).or_default() += 1;
    }
    let lost = written.iter().filter(|id| !held.contains_key(id)).count();
    let doubled = held.values().filter(|count| **count > 1).count();
    let unseen = held.keys().filter(|id| !written.contains(id)).count();
    if lost + doubled + unseen > 0 {
        return Err(format!("{lost} lost, {doubled} doubled, {unseen} not on any phone").into());
    }
    Ok(format!("{} events, every one receipted and visible: 0 lost, 0 doubled", held.len()))
}

fn timeline_ids(phone: &Phone, encounter: &str) -> Result<Vec<EventId>, Fault> {
    let mut ids = Vec::new();
    let mut page = Some(0);
    while let Some(number) = page {
        let read = phone.app().timeline(encounter, number)?;
        for row in read.rows {
            ids.push(row.event.parse()?);
        }
        page = read.next;
    }
    Ok(ids)
}

/// Syncs and insists that it came to its end.
fn finish(phone: &Phone) -> Result<i64, Fault> {
    let report = phone.app().sync_now()?;
    if report.complete { Ok(report.events_sent) } else { Err(report.trouble.into()) }
}

fn now(clock: &SharedClock) -> i64 {
    firsthours_server::clock::Clock::now_ms(clock)
}

fn time(clock: &SharedClock) -> String {
    clock_time(now(clock), "America/Los_Angeles")
}

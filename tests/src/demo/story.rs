//! The story: a night in a synthetic county, told by three real phones and a real server.

use std::collections::{BTreeMap, BTreeSet};

use firsthours_core::app::{Act, Sharing};
use firsthours_core::outside::Clock;
use firsthours_core::protocol::{Phase, Value};
use firsthours_core::record::EventId;
use firsthours_core::words::{Language, clock_time};
use firsthours_tests::night::{SCENE, Tap, answer, play, submit};
use firsthours_tests::programme::Fault;
use firsthours_tests::{Phone, Programme, SharedClock};

use crate::board::{Board, line};

const MINUTE: i64 = 60_000;
const LINES: usize = 16;
/// Taps of the first record before the second deputy joins.
const JOINED_AFTER: usize = 10;

/// The phones of the story, still on when it ends.
pub(crate) struct Cast {
    pub(crate) alvarez: Phone,
    brooks: Phone,
    chen: Phone,
}

/// Plays the story alone, and says whether every event of every phone is receipted and visible.
pub(crate) fn once() -> Result<(), Fault> {
    let begun = std::time::Instant::now();
    let clock = SharedClock::running(-6 * 60 * MINUTE);
    let programme = Programme::start(&clock)?;
    let cast = play_story(&programme)?;
    let verdict = check(&programme, &cast)?;
    line(&format!("{verdict}  ({:.1} s)", begun.elapsed().as_secs_f64()));
    Ok(())
}

/// Plays the story on a programme that runs, some hours ago by its clock.
pub(crate) fn play_story(programme: &Programme) -> Result<Cast, Fault> {
    let mut tale = Tale { programme, board: Board::new(LINES) };
    tale.tell(
        "the county",
        "one server, three agencies, Los Angeles County’s protocol; everyone here is made up",
    );
    let cast = Cast {
        alvarez: programme.phone("alvarez", Language::En)?,
        brooks: programme.phone("brooks", Language::Es)?,
        chen: programme.phone("chen", Language::En)?,
    };
    tale.tell(
        "the IT desk",
        "enrolled three phones: one-time code, key made on the phone, fingerprint compared",
    );
    let record = tale.without_a_signal(&cast)?;
    tale.cut_in_the_middle(&cast.chen)?;
    tale.two_on_one_record(&cast, &record)?;
    tale.sent_back_and_approved(&cast, &record)?;
    tale.tell("the station", "has everything; every phone holds a signed receipt");
    Ok(cast)
}

/// The story as it is told.
struct Tale<'a> {
    programme: &'a Programme,
    board: Board,
}

impl Tale<'_> {
    fn tell(&mut self, who: &str, what: &str) {
        self.board.tell(&time(&self.programme.clock), who, what);
    }

    fn tap(&self, phone: &Phone, record: &str, tap: &Tap, after: i64) -> Result<(), Fault> {
        self.programme.clock.advance(after * MINUTE);
        play(phone.app(), record, tap, self.programme.clock.now())?;
        Ok(())
    }

    /// Two deputies record, one a part and one a whole night. Gives the record of the first.
    fn without_a_signal(&mut self, cast: &Cast) -> Result<String, Fault> {
        for phone in [&cast.alvarez, &cast.brooks, &cast.chen] {
            phone.network.set_signal(false);
        }
        let first = cast.alvarez.app().start_encounter(None)?.id;
        self.tell(
            "Dep. Alvarez",
            "meets a child on the street; no signal; every tap is on disk before the screen says so",
        );
        for tap in &SCENE[..JOINED_AFTER] {
            self.tap(&cast.alvarez, &first, tap, tap.after)?;
        }
        let view = cast.alvarez.app().encounter(&first)?;
        let next = view.next.map(|next| next.title).unwrap_or_default();
        self.tell("Dep. Alvarez", &format!("has {} recorded up to the calls; next: {next}", view.handle));

        let second = cast.chen.app().start_encounter(None)?.id;
        for tap in SCENE {
            self.tap(&cast.chen, &second, tap, tap.after / 3)?;
        }
        submit(cast.chen.app(), &second)?;
        self.tell("Dep. Chen", "records another night in full, and submits it, still without a signal");
        Ok(first)
    }

    fn cut_in_the_middle(&mut self, chen: &Phone) -> Result<(), Fault> {
        chen.network.set_signal(true);
        chen.network.cut_at_upload(1);
        let cut = chen.app().sync_now()?;
        self.tell("Dep. Chen", &format!("loses the line in the middle of the upload: “{}”", cut.trouble));
        chen.network.set_signal(true);
        let again = finish(chen)?;
        self.tell(
            "Dep. Chen",
            &format!("tries again: the server had them, so {again} were sent and none is double"),
        );
        Ok(())
    }

    fn two_on_one_record(&mut self, cast: &Cast, record: &str) -> Result<(), Fault> {
        let Cast { alvarez, brooks, .. } = cast;
        alvarez.network.set_signal(true);
        finish(alvarez)?;
        let view = alvarez.app().encounter(record)?;
        let to = self.programme.person("brooks");
        alvarez.app().act(record, view.seen, Act::Share { how: Sharing::Join, to })?;
        finish(alvarez)?;
        self.tell("Dep. Alvarez", "has a signal again; asks Dep. Brooks to join the record");

        brooks.network.set_signal(true);
        finish(brooks)?;
        let view = brooks.app().encounter(record)?;
        let offer = view.offers.first().ok_or("the request to join did not reach Dep. Brooks")?.id.parse()?;
        brooks.app().act(record, view.seen, Act::Accept { offer })?;
        self.tell("Dep. Brooks", "has the record on her phone, in Spanish, and takes part");

        for phone in [alvarez, brooks] {
            phone.network.set_signal(false);
        }
        for tap in &SCENE[JOINED_AFTER..] {
            self.tap(alvarez, record, tap, tap.after)?;
        }
        answer(brooks.app(), record, "no_arrest", "other_offence", Value::Flag(false))?;
        answer(brooks.app(), record, "contact", "place", Value::Text("motel".to_owned()))?;
        answer(alvarez.app(), record, "contact", "place", Value::Text("business".to_owned()))?;
        self.tell("both", "write at once without a signal, and differ on one field");

        for phone in [alvarez, brooks, alvarez] {
            phone.network.set_signal(true);
            finish(phone)?;
        }
        let conflicts = alvarez.app().encounter(record)?.conflicts;
        self.tell("both phones", &format!("show {conflicts} conflict: both answers stay, with who and when"));
        Ok(())
    }

    fn sent_back_and_approved(&mut self, cast: &Cast, record: &str) -> Result<(), Fault> {
        let Cast { alvarez, brooks, chen } = cast;
        answer(alvarez.app(), record, "contact", "place", Value::Text("motel".to_owned()))?;
        submit(alvarez.app(), record)?;
        finish(alvarez)?;
        self.tell("Dep. Alvarez", "decides it, submits, and has the station’s signed receipt for all of it");

        let text = "Which language did the child choose in the end? Please confirm.".to_owned();
        self.programme.at_desk(
            "rivera",
            record,
            &Act::Comment { step: Some("advocate_right".to_owned()), text },
        )?;
        self.programme.at_desk("rivera", record, &Act::Return { phase: Phase::Scene })?;
        finish(alvarez)?;
        let view = alvarez.app().encounter(record)?;
        self.tell("Sgt. Rivera", &format!("sends it back: “{}”", view.phases[0].sentence));

        alvarez.network.set_signal(false);
        let steps = view.sections.iter().flat_map(|section| &section.steps);
        let landed = steps.flat_map(|step| &step.threads).next();
        let thread = landed.ok_or("the comment did not reach the step")?.id.parse()?;
        let reply = Act::Reply { thread, text: "Spanish, confirmed.".to_owned() };
        let view = alvarez.app().act(record, view.seen, reply)?;
        alvarez.app().act(record, view.seen, Act::Submit { phase: Phase::Scene })?;
        alvarez.network.set_signal(true);
        finish(alvarez)?;
        self.tell("Dep. Alvarez", "answers on the step, offline, and sends it back: answered, look again");

        self.programme.at_desk("rivera", record, &Act::Resolve { thread })?;
        self.programme.at_desk("rivera", record, &Act::Approve { phase: Phase::Scene })?;
        for phone in [alvarez, brooks, chen] {
            finish(phone)?;
        }
        let view = alvarez.app().encounter(record)?;
        self.tell("Sgt. Rivera", &format!("approves: “{}”", view.phases[0].sentence));
        Ok(())
    }
}

/// Compares what the phones wrote and hold with what the server holds and the receipts say.
fn check(programme: &Programme, cast: &Cast) -> Result<String, Fault> {
    let mut written = BTreeSet::new();
    for phone in [&cast.alvarez, &cast.brooks, &cast.chen] {
        for holding in phone.app().holdings()? {
            if holding.kept != firsthours_core::words::SyncSentence::StationHasIt.text(phone.app().language())
            {
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

fn time(clock: &SharedClock) -> String {
    clock_time(clock.now(), "America/Los_Angeles")
}

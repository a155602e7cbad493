//! A phone whose requests are counted and timed, and an ordinary record, tapped field by field.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use firsthours_core::app::{Act, FirstHours, Outside, SystemRandom};
use firsthours_core::protocol::{self, Phase, Value};
use firsthours_core::record::EntryId;
use firsthours_core::store::StoreKey;
use firsthours_core::sync::{Http, Request, Response, Transport, Unreachable};
use firsthours_core::view::EncounterView;
use firsthours_core::words::Language;
use firsthours_tests::clock::PhoneClock;
use firsthours_tests::night::{Given, SCENE};
use firsthours_tests::programme::Fault;
use firsthours_tests::{Programme, SharedClock};
use tempfile::TempDir;

use crate::measure::process_cpu;

/// The batch that DESIGN section 11 names, and the largest that the server takes.
pub(crate) const BATCH: usize = 500;

const KEY: [u8; 32] = [7; 32];

/// One request as it went.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) path: String,
    pub(crate) begun: Instant,
    pub(crate) ended: Instant,
    pub(crate) cpu_begun: Duration,
    pub(crate) cpu_ended: Duration,
}

/// What went over the line.
#[derive(Debug, Default)]
pub(crate) struct Meter(Mutex<Vec<Sent>>);

impl Meter {
    pub(crate) fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Sent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Metered {
    http: Http,
    meter: Arc<Meter>,
}

impl Transport for Metered {
    fn send(&self, request: &Request) -> Result<Response, Unreachable> {
        let (begun, cpu_begun) = (Instant::now(), process_cpu());
        let answer = self.http.send(request);
        let sent = Sent {
            path: request.path.clone(),
            begun,
            ended: Instant::now(),
            cpu_begun,
            cpu_ended: process_cpu(),
        };
        self.meter.lock().push(sent);
        answer
    }
}

/// A phone.
pub(crate) struct Handset {
    pub(crate) folder: TempDir,
    pub(crate) app: FirstHours,
    pub(crate) meter: Arc<Meter>,
    clock: SharedClock,
}

impl Handset {
    /// A phone of a person of the programme, enrolled and synced.
    pub(crate) fn enrolled(programme: &Programme, username: &str) -> Result<Self, Fault> {
        let folder = tempfile::tempdir()?;
        let meter = Arc::new(Meter::default());
        let app = open(folder.path(), &programme.clock, &meter)?;
        let code = programme.code(username)?;
        app.enrol(programme.station(), &code)?;
        programme.approve_all()?;
        app.enrol(programme.station(), &code)?;
        let handset = Self { folder, app, meter, clock: programme.clock.clone() };
        handset.sync()?;
        Ok(handset)
    }

    /// Syncs to the end, and gives the requests that it took.
    pub(crate) fn sync(&self) -> Result<Vec<Sent>, Fault> {
        drop(self.meter.take());
        let report = self.app.sync_now()?;
        if report.complete { Ok(self.meter.take()) } else { Err(report.trouble.into()) }
    }

    /// Ends the app and opens it again; gives how long the opening took.
    pub(crate) fn reopen(&mut self) -> Result<(), Fault> {
        self.app.shutdown();
        self.app = open(self.folder.path(), &self.clock, &self.meter)?;
        Ok(())
    }

    pub(crate) fn key() -> StoreKey {
        StoreKey::new(KEY)
    }

    pub(crate) fn key_hex() -> String {
        hex::encode(KEY)
    }

    /// Records one night of `events` events, and gives its id.
    pub(crate) fn night(&self, events: usize) -> Result<String, Fault> {
        let mut view = self.app.start_encounter(None)?;
        for tap in taps().take(events.saturating_sub(1)) {
            view = self.tap(&view, tap)?;
        }
        Ok(view.id)
    }

    /// One tap on the screen that the last one gave.
    pub(crate) fn tap(&self, view: &EncounterView, tap: Tap) -> Result<EncounterView, Fault> {
        self.clock.advance(9_000);
        let act = act(view, tap, &self.clock);
        Ok(self.app.act(&view.id, view.seen, act)?)
    }

    pub(crate) fn wait(&self, ms: i64) {
        self.clock.advance(ms);
    }
}

fn open(folder: &std::path::Path, clock: &SharedClock, meter: &Arc<Meter>) -> Result<FirstHours, Fault> {
    let line = Arc::clone(meter);
    let outside = Outside {
        clock: Arc::new(PhoneClock::new(clock.clone())),
        random: Arc::new(SystemRandom),
        connect: Arc::new(move |address, ca| {
            Ok(Box::new(Metered { http: Http::new(address, ca)?, meter: Arc::clone(&line) }))
        }),
        session_file: None,
    };
    Ok(FirstHours::open(&folder.join("store"), &Handset::key(), Language::En, outside)?)
}

/// One tap: a field and its value, a remark, or the end of the scene.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tap {
    Field(&'static str, &'static str, Given),
    Note(&'static str),
    Submit,
}

/// An ordinary record: every field that the script of the night fills, one tap each, then remarks, then the submission.
pub(crate) fn taps() -> impl Iterator<Item = Tap> {
    const NOTES: [&str; 6] = [
        "She asked twice whether her sister would be told, and was told that nobody calls without her word.",
        "Second unit stood by at the corner; no contact with the girl.",
        "Blanket and water from the car.",
        "The advocate spoke with her alone for about twenty minutes.",
        "Clerk of the shop saw a grey car leave before we came.",
        "All of her things went with her, in one bag.",
    ];
    let fields = SCENE
        .iter()
        .flat_map(|tap| tap.fields.iter().map(|(field, given)| Tap::Field(tap.step, field, *given)));
    fields.chain(NOTES.into_iter().map(Tap::Note)).chain([Tap::Submit])
}

/// The act of a tap. A field of a call goes into the entry that is there.
pub(crate) fn act(view: &EncounterView, tap: Tap, clock: &SharedClock) -> Act {
    let now = firsthours_core::outside::Clock::now(clock);
    match tap {
        Tap::Field(step, field, given) => Act::Answer {
            step: step.to_owned(),
            entry: entry(view, step),
            values: BTreeMap::from([(field.to_owned(), Some(value(given, now)))]),
            reason: None,
        },
        Tap::Note(text) => Act::Note { step: None, text: text.to_owned() },
        Tap::Submit => Act::Submit { phase: Phase::Scene },
    }
}

fn entry(view: &EncounterView, step: &str) -> Option<EntryId> {
    let mut steps = view.sections.iter().flat_map(|section| &section.steps);
    steps.find(|found| found.id == step)?.entries.first()?.id.parse().ok()
}

fn value(given: Given, now: protocol::Instant) -> Value {
    match given {
        Given::Now => Value::from(now),
        Given::MinutesAgo(minutes) => Value::from(now - minutes * 60_000),
        Given::Yes => Value::Flag(true),
        Given::No => Value::Flag(false),
        Given::One(text) | Given::Text(text) => Value::Text(text.to_owned()),
        Given::Some(options) => Value::List(options.iter().map(|option| (*option).to_owned()).collect()),
        Given::Count(count) => Value::Number(count),
    }
}

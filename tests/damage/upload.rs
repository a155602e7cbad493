//! An upload of fifty events, as the phone really sends it: its line cut after each byte, and each byte flipped.
//!
//! Whatever arrives, the server holds nothing of it or all of it, and says which. The damaged requests go to two servers
//! on copies of one folder; one that took the batch in, because the damage changed nothing that is read, is put back.
//! At the end the phone itself syncs with a server that has been through all of it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use firsthours_core::app::Act;
use firsthours_core::evidence::{Receipt, SignedEvent};
use firsthours_core::outside::Clock;
use firsthours_core::record::{EncounterId, EventId, Install};
use firsthours_core::wire::{EventsReply, EventsRequest, MAX_INFLATED, ReadMessage, inflate};
use firsthours_core::words::{Language, SyncSentence};
use firsthours_server::App;
use firsthours_tests::night::{SCENE, play};
use firsthours_tests::programme::Fault;
use firsthours_tests::{Phone, Programme, SharedClock};

use crate::dice::Dice;
use crate::http::{self, Answer, ask};
use crate::proxy::{Action, Proxy};
use crate::twin::{Snapshot, Twin};
use crate::{Counts, EVENING, MINUTE, ensure, report, texts};

const EVENTS: i64 = 50;
const WORKERS: usize = 2;
/// Uploads of the phone itself that are damaged on their way.
const LIVE: usize = 12;
const UPLOAD: &str = "/v1/sync/events";

/// A captured upload.
struct Upload {
    bytes: Vec<u8>,
    events: Vec<SignedEvent>,
    encounter: String,
    install: String,
    last: EventId,
}

/// What a server holds of an install.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    events: i64,
    waiting: i64,
    records: i64,
    through: i64,
    id: Option<String>,
}

const NOTHING: Held = Held { events: 0, waiting: 0, records: 0, through: 0, id: None };

impl Upload {
    fn of(bytes: Vec<u8>) -> Result<Self, Fault> {
        let body = &bytes[http::head_length(&bytes).ok_or("no head")?..];
        ensure(http::header(&bytes, "content-encoding").as_deref() == Some("zstd"), || {
            "not packed".to_owned()
        })?;
        let plain = inflate(body, MAX_INFLATED).ok_or("the upload does not unpack")?;
        let EventsRequest { events } = EventsRequest::read(&plain)?;
        let last = events.last().ok_or("no events")?.read()?;
        let Install::Phone(install) = last.header.install else { return Err("not of a phone".into()) };
        let encounter = last.header.encounter.ok_or("of no record")?;
        Ok(Self {
            bytes,
            events,
            encounter: encounter.to_string(),
            install: install.to_string(),
            last: last.id,
        })
    }

    /// What a server holds that took it in whole.
    fn whole(&self) -> Held {
        Held { events: EVENTS, waiting: 0, records: 1, through: EVENTS, id: Some(self.last.to_string()) }
    }
}

/// Records fifty events without a signal.
fn record(programme: &Programme, phone: &Phone, number: usize) -> Result<String, Fault> {
    let app = phone.app();
    let mut view = app.start_encounter(None)?;
    let id = view.id.clone();
    for tap in SCENE {
        programme.clock.advance(tap.after * MINUTE);
        view = play(app, &id, tap, programme.clock.now())?;
    }
    while view.seen < EVENTS {
        let text =
            format!("“She says she is {} years old.” Note {number}/{}.", 12 + view.seen % 5, view.seen);
        view = app.act(&id, view.seen, Act::Note { step: None, text })?;
    }
    ensure(view.seen == EVENTS, || format!("{} events", view.seen))?;
    Ok(id)
}

fn held(app: &App, install: &str) -> Result<Held, Fault> {
    let sql = "select (select count(*) from event), (select count(*) from pending), \
         (select count(*) from encounter), received_through, received_id from install where install = $1";
    let row = app.store.read(|tx| tx.row(sql, &[install.into()]))?.ok_or("no such install")?;
    Ok(Held {
        events: row.int(0)?,
        waiting: row.int(1)?,
        records: row.int(2)?,
        through: row.int(3)?,
        id: row.opt_text(4)?.map(str::to_owned),
    })
}

/// One damage of one request.
struct Damage {
    bytes: Vec<u8>,
    cut: bool,
}

fn damages(upload: &Upload, at: usize, dice: &mut Dice) -> [Damage; 2] {
    let mut flipped = upload.bytes.clone();
    flipped[at] ^= dice.bit();
    [Damage { bytes: upload.bytes[..=at].to_vec(), cut: true }, Damage { bytes: flipped, cut: false }]
}

/// Sends one damaged request and checks what came of it. Gives what to count, and whether the server took all of it.
fn try_one(twin: &Twin, upload: &Upload, damage: &Damage) -> Result<(String, bool), Fault> {
    let answer = ask(twin.address, &damage.bytes, damage.cut)?;
    let may_be_whole = !damage.cut || damage.bytes.len() == upload.bytes.len();
    let found = if answer == Answer::Nothing && may_be_whole {
        settled(&twin.app, upload)?
    } else {
        held(&twin.app, &upload.install)?
    };
    let took = found == upload.whole();
    if took {
        ensure(texts::on_server(&twin.app, &upload.encounter)? == upload.events, || {
            "it holds other texts".to_owned()
        })?;
    } else {
        ensure(found == NOTHING, || format!("it holds a part: {found:?}"))?;
    }
    let what = match answer {
        Answer::Done(body) => {
            ensure(took, || "acknowledged and not held".to_owned())?;
            acknowledges(&body, upload)?;
            "taken in whole and acknowledged: what was damaged is read by nobody".to_owned()
        }
        Answer::Refused { status, what } => {
            ensure(!took, || format!("held and refused with {status}"))?;
            // 505 is the one answer to a version of HTTP that is none.
            ensure((400..500).contains(&status) || status == 505, || format!("{status} {what}"))?;
            format!("refused {status} {what}")
        }
        Answer::Nothing if took => "taken in whole; the line was gone before the answer".to_owned(),
        Answer::Nothing => "no answer, nothing taken".to_owned(),
        Answer::Hangs => return Err("the server hangs".into()),
    };
    Ok((format!("{}: {what}", if damage.cut { "cut" } else { "flipped" }), took))
}

/// What is held once a request that had come whole is over: it may be at work when its line has gone.
#[allow(clippy::disallowed_methods, reason = "a test waits for a server, not the core for anything")]
fn settled(app: &App, upload: &Upload) -> Result<Held, Fault> {
    let until = Instant::now() + Duration::from_secs(2);
    loop {
        let found = held(app, &upload.install)?;
        if found != NOTHING || Instant::now() > until {
            return Ok(found);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn acknowledges(body: &[u8], upload: &Upload) -> Result<(), Fault> {
    let plain = inflate(body, MAX_INFLATED).unwrap_or_else(|| body.to_vec());
    let receipt: Receipt = EventsReply::read(&plain)?.receipt.peek()?;
    ensure(receipt.received_id == Some(upload.last), || "the receipt names another event".to_owned())
}

/// One worker's share of all positions; gives its server as it is after all of it.
fn suffer(worker: usize, snapshot: &Snapshot, upload: &Upload, counts: &mut Counts) -> Result<Twin, Fault> {
    let mut dice = Dice::of(u64::try_from(worker)?);
    let mut twin = snapshot.start()?;
    for at in (worker..upload.bytes.len()).step_by(WORKERS) {
        for damage in damages(upload, at, &mut dice) {
            let (what, took) = try_one(&twin, upload, &damage)
                .map_err(|fault| format!("byte {at} of {}: {fault}", upload.bytes.len()))?;
            let place = if took { format!(", {}", http::part(&upload.bytes, at)) } else { String::new() };
            *counts.entry(format!("{what}{place}")).or_default() += 1;
            if took {
                twin = snapshot.start()?;
            }
        }
    }
    Ok(twin)
}

/// Captures the phone's upload; the station hears nothing of it.
fn capture(proxy: &Proxy, phone: &Phone) -> Result<Upload, Fault> {
    proxy.rule(|request| if http::path(request) == UPLOAD { Action::Drop } else { Action::Pass });
    let report = phone.app().sync_now()?;
    ensure(!report.complete && !report.trouble.is_empty(), || "nothing hindered it".to_owned())?;
    proxy.pass();
    Upload::of(proxy.last(UPLOAD).ok_or("no upload")?.0)
}

#[test]
fn each_byte_of_an_upload_cut_and_flipped_leaves_nothing_or_all_of_it() -> Result<(), Fault> {
    let programme = Programme::start(&SharedClock::frozen(EVENING))?;
    let station: SocketAddr = programme.address.trim_start_matches("http://").parse()?;
    let proxy = Proxy::to(station)?;
    let phone = proxy.phone(&programme, "alvarez")?;
    ensure(phone.app().sync_now()?.complete, || "the first sync".to_owned())?;
    let id = record(&programme, &phone, 0)?;
    let upload = capture(&proxy, &phone)?;
    assert_eq!((upload.events.len(), upload.encounter.as_str()), (50, id.as_str()));
    assert_eq!(held(&programme.app, &upload.install)?, NOTHING);
    let snapshot = Snapshot::of(&programme)?;

    let mut shares: Vec<(Counts, Result<Twin, Fault>)> = std::thread::scope(|scope| {
        let run = |worker| {
            let (snapshot, upload) = (&snapshot, &upload);
            move || {
                let mut counts = Counts::new();
                let twin = suffer(worker, snapshot, upload, &mut counts);
                (counts, twin)
            }
        };
        let running: Vec<_> = (0..WORKERS).map(|worker| scope.spawn(run(worker))).collect();
        running.into_iter().map(|share| share.join().expect("a worker does not panic")).collect()
    });
    let mut counts = Counts::new();
    for (share, _) in &shares {
        for (what, times) in share {
            *counts.entry(what.clone()).or_default() += times;
        }
    }
    let title = format!("{} bytes, each cut after and each flipped", upload.bytes.len());
    report("upload", &title, &counts)?;
    assert_eq!(counts.values().sum::<usize>(), 2 * upload.bytes.len());
    for (_, twin) in &shares {
        let twin = twin.as_ref().map_err(ToString::to_string)?;
        assert_eq!(held(&twin.app, &upload.install)?, NOTHING, "it was put back");
    }

    // The same phone, at a server that has been through it.
    let twin = shares.swap_remove(0).1?;
    proxy.lead_to(twin.address);
    let synced = phone.app().sync_now()?;
    assert!(synced.complete, "{}", synced.trouble);
    assert_eq!(held(&twin.app, &upload.install)?, upload.whole());
    assert_eq!(texts::on_server(&twin.app, &id)?, upload.events, "each event is there once");
    assert_eq!(phone.app().encounter(&id)?.kept, SyncSentence::StationHasIt.text(Language::En));

    live(&programme, &proxy, &phone, &twin)
}

/// The phone's own syncs, each upload damaged on its way once: what it says then, and that the next sync heals it.
fn live(programme: &Programme, proxy: &Proxy, phone: &Phone, twin: &Twin) -> Result<(), Fault> {
    let mut counts = Counts::new();
    for round in 1..=LIVE {
        let id = record(programme, phone, round)?;
        let before = count(&twin.app)?;
        let once = std::sync::atomic::AtomicBool::new(true);
        let cut = round % 2 == 0;
        let thrower = u64::try_from(1_000 + round)?;
        proxy.rule(move |request| {
            if http::path(request) != UPLOAD || !once.swap(false, std::sync::atomic::Ordering::SeqCst) {
                return Action::Pass;
            }
            let mut dice = Dice::of(thrower);
            let at = dice.below(request.len());
            let mut bytes = request.to_vec();
            if cut {
                bytes.truncate(at);
            } else {
                bytes[at] ^= dice.bit();
            }
            Action::Send { bytes, cut }
        });
        let damaged = phone.app().sync_now()?;
        let there = count(&twin.app)? - before;
        assert!(there == 0 || there == EVENTS, "{there} of {EVENTS} events are there");
        assert!(!damaged.complete || there == EVENTS, "complete, and the station has nothing");
        assert!(damaged.complete || !damaged.trouble.is_empty(), "nothing is said");
        let how = if cut { "cut" } else { "flipped" };
        let said = if damaged.complete { "healed in the same sync" } else { damaged.trouble.as_str() };
        *counts.entry(format!("{how}: {said}")).or_default() += 1;
        proxy.pass();
        let healed = phone.app().sync_now()?;
        assert!(healed.complete, "{}", healed.trouble);
        assert_eq!(count(&twin.app)? - before, EVENTS, "each event is there once");
        let record: EncounterId = id.parse()?;
        assert_eq!(texts::on_server(&twin.app, &record.to_string())?.len(), 50);
        assert_eq!(phone.app().encounter(&id)?.kept, SyncSentence::StationHasIt.text(Language::En));
    }
    report("upload-live", "the phone itself, its upload damaged once at a random byte", &counts)
}

fn count(app: &App) -> Result<i64, Fault> {
    let row = app.store.read(|tx| tx.row("select count(*) from event", &[]))?.ok_or("no row")?;
    Ok(row.int(0)?)
}

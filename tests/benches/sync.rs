//! Both ends of a sync in one process: upload, download, nothing to do, and a shift over a poor link.

use std::time::Duration;

use firsthours_core::evidence::Tag;
use firsthours_core::store::Store;
use firsthours_core::sync::{Http, Method, Request, Transport};
use firsthours_tests::Programme;
use firsthours_tests::programme::Fault;

use crate::handset::{BATCH, Handset, Sent};
use crate::link::Link;
use crate::measure::{each_us, in_turn, rate, ratio, thread_cpu, timed};
use crate::pouch::Pouch;
use crate::table::Row;

const RECORDS: usize = 200;
const EVENTS_OF_EACH: usize = 50;
/// Its rate does not depend on how many; ours is measured on all.
const POUCH: usize = 4_000;

/// A run of requests as one span.
struct Span {
    took: Duration,
    cpu: Duration,
}

fn span(sent: &[Sent], part: &str) -> Result<Span, Fault> {
    let of_part: Vec<&Sent> = sent.iter().filter(|request| request.path.contains(part)).collect();
    let (first, last) =
        (of_part.first().ok_or("nothing was sent")?, of_part.last().ok_or("nothing was sent")?);
    Ok(Span { took: last.ended - first.begun, cpu: last.cpu_ended.saturating_sub(first.cpu_begun) })
}

/// Upload and download of ten thousand events, with `PouchDB` before and after them.
pub(crate) fn both_ways(programme: &Programme, pouch: Option<&Pouch>) -> Result<Vec<Row>, Fault> {
    let events = RECORDS * EVENTS_OF_EACH;
    let writer = Handset::enrolled(programme, "alvarez")?;
    let reader = Handset::enrolled(programme, "alvarez")?;
    for _ in 0..RECORDS {
        writer.night(EVENTS_OF_EACH)?;
    }
    let verify = verification(&writer)?;
    let bytes = bytes_of_an_event(&writer)?;
    let before = pouch.map(|pouch| pouch.run(POUCH, bytes, BATCH)).transpose()?;
    let up = span(&writer.sync()?, "/sync/events")?;
    let down = span(&reader.sync()?, "/encounters/")?;
    let after = pouch.map(|pouch| pouch.run(POUCH, bytes, BATCH)).transpose()?;

    let (up_rate, down_rate) = (rate(events, up.took), rate(events, down.took));
    let up_cpu = each_us(up.cpu, events);
    let beyond = up_cpu - verify;
    let mut upload = Row::new("upload, both ends, batch 500, fsync", ">= 6x PouchDB; aim 15,000 events/s")
        .ours(format!("{up_rate:.0}/s"));
    let mut download =
        Row::new("download, both ends, verified, fsync", "none").ours(format!("{down_rate:.0}/s"));
    if let (Some(before), Some(after)) = (before, after) {
        let (push, pull) = (f64::midpoint(before.push, after.push), f64::midpoint(before.pull, after.pull));
        upload = upload
            .against(format!("{push:.0} docs/s, unsigned, no fsync"), up_rate / push)
            .kept_if(up_rate >= 6.0 * push);
        download = download.against(format!("{pull:.0} docs/s"), down_rate / pull);
    }
    Ok(vec![
        upload,
        Row::new("upload: CPU of an event beyond verifying its signature, both ends", "<= 50 us")
            .ours(format!("{beyond:.0} us"))
            .against(format!("{verify:.0} us to verify"), beyond / verify)
            .kept_if(beyond <= 50.0),
        download,
        Row::new("download: CPU of an event, both ends", "none")
            .ours(format!("{:.0} us", each_us(down.cpu, events))),
    ])
}

/// What verifying the signature of one of these events costs, in microseconds of CPU.
fn verification(writer: &Handset) -> Result<f64, Fault> {
    let copy = copied(writer)?;
    let store = Store::open(copy.path(), &Handset::key())?;
    let key = firsthours_core::evidence::SecretKey::from_seed(&[3; 32]);
    let signed: Vec<_> = store
        .unsent(0, 1_000, usize::MAX)?
        .into_iter()
        .map(|(_, event)| (key.sign(Tag::Event, event.header.as_bytes()), event.header))
        .collect();
    let before = thread_cpu();
    for (signature, header) in &signed {
        key.public().verify(Tag::Event, header.as_bytes(), signature)?;
    }
    // Half of the loop's `public()` is a copy of 32 bytes.
    Ok(each_us(thread_cpu().saturating_sub(before), signed.len()))
}

fn bytes_of_an_event(writer: &Handset) -> Result<usize, Fault> {
    let copy = copied(writer)?;
    let store = Store::open(copy.path(), &Handset::key())?;
    let events = store.unsent(0, 1_000, usize::MAX)?;
    let bytes: usize = events
        .iter()
        .map(|(_, event)| event.header.len() + event.body.as_ref().map_or(0, String::len) + 64)
        .sum();
    Ok(bytes / events.len().max(1))
}

/// A copy of a phone's store as it is on disk, to be looked at beside the running app.
pub(crate) fn copied(handset: &Handset) -> Result<tempfile::TempDir, Fault> {
    let copy = tempfile::tempdir()?;
    for entry in std::fs::read_dir(handset.folder.path().join("store"))? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(entry.path(), copy.path().join(entry.file_name()))?;
        }
    }
    Ok(copy)
}

/// A sync with nothing to do, beside a bare request over the same client to the same server.
pub(crate) fn nothing_to_do(programme: &Programme) -> Result<Vec<Row>, Fault> {
    const ROUNDS: usize = 200;
    let handset = Handset::enrolled(programme, "alvarez")?;
    handset.night(20)?;
    handset.sync()?;
    let mut requests = 0;
    let (ours, bare) = in_turn(
        ROUNDS,
        |_| {
            let (sent, took) = timed(|| handset.sync());
            requests = requests.max(sent?.len());
            Ok::<_, Fault>(took)
        },
        |_| {
            let (answer, took) = timed(|| {
                let request = Request {
                    method: Method::Get,
                    path: "/healthz".to_owned(),
                    headers: Vec::new(),
                    body: Vec::new(),
                };
                Http::new(&programme.address, None)?.send(&request)
            });
            answer?;
            Ok(took)
        },
    )?;
    Ok(vec![
        Row::new("a sync with nothing to do: requests", "1")
            .ours(requests.to_string())
            .kept_if(requests == 1),
        Row::new("the same: p50", "none")
            .ours(format!("{:.1?}", ours.p50()))
            .against(format!("{:.1?}, GET /healthz", bare.p50()), ratio(ours.p50(), bare.p50())),
    ])
}

/// A shift's work over a link of 5 Mbit/s and 100 ms.
pub(crate) fn shift(programme: &mut Programme) -> Result<Vec<Row>, Fault> {
    const SHIFT: (usize, usize) = (20, 35);
    const MBIT: u64 = 5;
    let direct = programme.address.clone();
    let link = Link::open(&direct, MBIT * 1_000_000 / 8, Duration::from_millis(100))?;
    programme.address.clone_from(&link.address);
    let handset = Handset::enrolled(programme, "brooks")?;
    for _ in 0..SHIFT.0 {
        handset.night(SHIFT.1)?;
    }
    let (sent, whole) = timed(|| handset.sync());
    let sent = sent?;
    programme.address = direct;
    let first = sent.first().ok_or("nothing was sent")?;
    let uploads: Vec<&Sent> = sent.iter().filter(|request| request.path.ends_with("/sync/events")).collect();
    let receipt = uploads.last().ok_or("nothing was uploaded")?.ended - first.begun;
    Ok(vec![
        Row::new("a shift's sync (20 records, 700 events) over 5 Mbit/s, 100 ms: to the receipt", "<= 3 s")
            .ours(format!("{:.2} s, {} uploads", receipt.as_secs_f64(), uploads.len()))
            .kept_if(receipt <= Duration::from_secs(3)),
        Row::new("the same: until every record is also known to be at the station", "none").ours(format!(
            "{:.2} s, {} requests",
            whole.as_secs_f64(),
            sent.len()
        )),
    ])
}

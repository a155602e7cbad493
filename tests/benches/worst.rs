//! How long one author can keep the writer from everybody else, by whatever they write.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use firsthours_core::protocol::Phase;
use firsthours_core::record::{EncounterId, EventId, Kind, Sharing};
use firsthours_core::wire::MAX_BATCH;
use firsthours_tests::Programme;
use firsthours_tests::programme::Fault;

use crate::author::{Author, BATCH};
use crate::measure::{ratio, timed};
use crate::table::Row;

/// What one author may write into a record, and into one register of it.
const WORST: usize = 20_000;
const REGISTER: usize = 2_000;
const BASE: usize = 64;
/// Events that wait, or are held, and then come in at once.
const PILE: usize = 5_000;
const HOLD: Duration = Duration::from_millis(50);

pub(crate) fn rows(programme: &Programme) -> Result<Vec<Row>, Fault> {
    let mut author = Author::new(programme, "alvarez", 9)?;
    let mut other = Author::new(programme, "brooks", 10)?;
    let mut rows = Vec::new();
    let mut held = |what: &str, longest: Duration| {
        let row = Row::new(&format!("longest hold of the writer: {what}"), "<= 50 ms");
        rows.push(row.ours(format!("{longest:.1?}")).kept_if(longest <= HOLD));
    };
    let (record, longest) = full(&mut author)?;
    held(&format!("a record of {WORST} events, one register of {REGISTER}"), longest);
    let beyond = author.another();
    let longest = beyond_the_day(&mut author, beyond)?;
    held("every event of a request held", longest);
    held(&format!("an opening for which {PILE} events wait"), waited(&mut other)?);
    held(&format!("{PILE} holds of which the reason goes"), released(programme)?);
    held(&format!("{BATCH} records begun in one request"), begun(programme)?);
    let submitted = submissions(programme)?;
    let (plain, odd) = (page(&author, record)?, page(&author, submitted)?);
    rows.push(
        Row::new(
            &format!("supervisor's page of {WORST} events, {REGISTER} of them submissions"),
            "<= 3x that of others",
        )
        .ours(format!("{odd:.1?}"))
        .against(format!("{plain:.1?}"), ratio(odd, plain))
        .kept_if(odd <= 3 * plain),
    );
    let (wire, disk) = largest_request(programme)?;
    rows.push(
        Row::new("the most that a request of few bytes puts on disk", "<= twice the unpacked bound, 1 MiB")
            .ours(format!("{} KiB on the wire, {} KiB on disk", wire / 1024, disk / 1024))
            .kept_if(disk <= 2 * MAX_BATCH),
    );
    Ok(rows)
}

/// The longest hold while events are sent in the largest batches.
fn sent(author: &Author<'_>, events: &[firsthours_core::evidence::SignedEvent]) -> Result<Duration, Fault> {
    let store = &author.programme.app.store;
    let _made_before = store.take_longest_write();
    let mut longest = Duration::ZERO;
    for batch in events.chunks(BATCH) {
        author.send(batch.to_vec())?;
        longest = longest.max(store.take_longest_write());
    }
    Ok(longest)
}

/// As much as one author may write into one record, as costly as it may be: first one register as often as it takes writes,
/// each naming as many as it may, then remarks.
fn full(author: &mut Author<'_>) -> Result<(EncounterId, Duration), Fault> {
    let encounter = author.open()?;
    let mut named: Vec<EventId> = Vec::new();
    let mut longest = Duration::ZERO;
    let mut writes = 0;
    while writes < REGISTER {
        // The bytes of a request are bounded too: what names much is longer.
        let mut batch = Vec::new();
        for _ in 0..BATCH / 4 {
            writes += 1;
            let base = named.iter().rev().take(BASE).copied().collect();
            batch.push(author.answer(encounter, "address", &format!("{writes} Example Road"), base));
            named.extend(author.scripted.last());
        }
        longest = longest.max(sent(author, &batch)?);
    }
    let remarks: Vec<_> = (REGISTER + 1..WORST).map(|_| author.remark(encounter)).collect();
    Ok((encounter, longest.max(sent(author, &remarks)?)))
}

/// Twice what the author may store on this day: all of the second half is held.
fn beyond_the_day(author: &mut Author<'_>, encounter: EncounterId) -> Result<Duration, Fault> {
    let opening = author.opening(encounter)?;
    author.send(vec![opening])?;
    let remarks: Vec<_> = (0..PILE).map(|_| author.remark(encounter)).collect();
    sent(author, &remarks)
}

/// Remarks that wait for their opening, which comes behind them.
fn waited(author: &mut Author<'_>) -> Result<Duration, Fault> {
    let encounter = author.another();
    let remarks: Vec<_> = (0..PILE).map(|_| author.remark(encounter)).collect();
    sent(author, &remarks)?;
    let opening = author.opening(encounter)?;
    sent(author, &[opening])
}

/// Remarks of somebody who has no part in the record, and then gets one.
fn released(programme: &Programme) -> Result<Duration, Fault> {
    let (mut owner, mut other) =
        (Author::new(programme, "alvarez", 11)?, Author::new(programme, "brooks", 12)?);
    let encounter = owner.open()?;
    let remarks: Vec<_> = (0..PILE).map(|_| other.remark(encounter)).collect();
    sent(&other, &remarks)?;
    let shared = Kind::Shared { how: Sharing::Join, to: other.scripted.actor.person.clone() };
    let shared = owner.write(encounter, shared, Vec::new());
    sent(&owner, &[shared])
}

fn begun(programme: &Programme) -> Result<Duration, Fault> {
    let mut author = Author::new(programme, "alvarez", 13)?;
    let mut openings = Vec::new();
    for _ in 0..BATCH {
        let encounter = author.another();
        openings.push(author.opening(encounter)?);
    }
    sent(&author, &openings)
}

/// A record of answers that somebody submits as often as a phase takes it.
fn submissions(programme: &Programme) -> Result<EncounterId, Fault> {
    let mut author = Author::new(programme, "alvarez", 14)?;
    let encounter = author.open()?;
    let mut events = Vec::new();
    for n in 0..REGISTER {
        events.push(author.answer(encounter, "address", &format!("{n} Example Road"), Vec::new()));
        let submitted = Kind::Submitted { phase: Phase::Scene, covers: std::collections::BTreeMap::new() };
        events.push(author.write(encounter, submitted, Vec::new()));
    }
    events.extend((events.len() + 1..WORST).map(|_| author.remark(encounter)));
    sent(&author, &events)?;
    Ok(encounter)
}

/// How long the server takes for a supervisor's page.
fn page(author: &Author<'_>, encounter: EncounterId) -> Result<Duration, Fault> {
    let cookie = format!("fh={}", author.programme.sign_in("rivera")?);
    let (answer, took) = timed(|| {
        let request = Request::get(format!("/records/{encounter}")).header("cookie", &cookie);
        author.ask(request.body(Body::empty())?)
    });
    match answer?.0.as_u16() {
        200 => Ok(took),
        other => Err(format!("a page answered {other}").into()),
    }
}

/// The request that is largest unpacked and smallest packed: its bytes on the wire, and what the store grew by.
fn largest_request(programme: &Programme) -> Result<(usize, usize), Fault> {
    let mut author = Author::new(programme, "alvarez", 15)?;
    let encounter = author.open()?;
    let text = "a".repeat(7_900);
    let many = MAX_BATCH / 10_000;
    let batch = (0..many.min(BATCH))
        .map(|_| author.write(encounter, Kind::Noted { step: None, text: text.clone() }, Vec::new()))
        .collect();
    let pages = || -> Result<i64, Fault> {
        let row = programme.app.store.read(|tx| tx.row("pragma page_count", &[]))?;
        Ok(row.ok_or("no count")?.int(0)?)
    };
    let before = pages()?;
    let (_, wire) = author.send(batch)?;
    Ok((wire, usize::try_from((pages()? - before) * 4_096)?))
}

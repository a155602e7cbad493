//! The supervisor's pages: how long the server takes, as far as records can be made quickly.

use std::time::Duration;

use firsthours_core::sync::{Http, Method, Request, Transport};
use firsthours_server::store::StoreError;
use firsthours_tests::Programme;
use firsthours_tests::programme::Fault;

use crate::handset::Handset;
use crate::measure::{in_turn, ratio, timed};
use crate::table::Row;

/// Records in the queue: as many as are made in seconds. The bar speaks of a million.
const RECORDS: usize = 10_000;
const ROUNDS: usize = 60;

pub(crate) fn rows(programme: &Programme) -> Result<Vec<Row>, Fault> {
    let handset = Handset::enrolled(programme, "alvarez")?;
    let record = handset.night(60)?;
    handset.sync()?;
    multiply(programme, &record)?;
    let cookie = format!("fh={}", programme.sign_in("rivera")?);
    let http = Http::new(&programme.address, None)?;
    let get = |path: String| -> Result<Duration, Fault> {
        let request = Request {
            method: Method::Get,
            path,
            headers: vec![("cookie", cookie.clone())],
            body: Vec::new(),
        };
        let (answer, took) = timed(|| http.send(&request));
        match answer?.status {
            200 => Ok(took),
            other => Err(format!("a page answered {other}").into()),
        }
    };
    let (queue, bare) = in_turn(ROUNDS, |_| get("/queue".to_owned()), |_| get("/healthz".to_owned()))?;
    let (page, bare_too) =
        in_turn(ROUNDS, |_| get(format!("/records/{record}")), |_| get("/healthz".to_owned()))?;
    let bar = Duration::from_millis(30);
    let size = format!("{RECORDS} records");
    Ok(vec![
        Row::new(
            &format!("review queue, {size} (the bar: 1,000,000): p50, with its audit entry"),
            "<= 30 ms",
        )
        .ours(format!("{:.1?}", queue.p50()))
        .against(format!("{:.1?}, GET /healthz", bare.p50()), ratio(queue.p50(), bare.p50()))
        .kept_if(queue.p50() <= bar),
        Row::new(&format!("record page of 60 events, {size}: p50, with its audit entry"), "<= 30 ms")
            .ours(format!("{:.1?}", page.p50()))
            .against(format!("{:.1?}, GET /healthz", bare_too.p50()), ratio(page.p50(), bare_too.p50()))
            .kept_if(page.p50() <= bar),
    ])
}

/// Copies one record's row and parties, under other ids, so that the queue has as many: that is all that a list reads.
fn multiply(programme: &Programme, record: &str) -> Result<(), Fault> {
    let columns = "protocol, agency, station, incident, letter, opened_ms, opened_by, rolling, pos, summary, \
                   summary_version, phase_state, queue_rank, waiting_since_ms, due_ms, conflicts, threads_open, voided";
    let sql = format!(
        "insert into encounter (id, {columns}) select $2, {} from encounter where id = $1",
        columns.replace("due_ms", "due_ms + $3").replace("opened_ms", "opened_ms + $3"),
    );
    let parties = "insert into party (encounter, agency, person, role, since_ms) \
                   select $2, agency, person, role, since_ms from party where encounter = $1";
    for thousand in 0..RECORDS / 1_000 {
        programme.app.store.write(|tx| {
            for at in 0..1_000 {
                let number = i64::try_from(thousand * 1_000 + at).unwrap_or(0);
                let id = format!("{number:032x}");
                tx.run(&sql, &[record.into(), id.as_str().into(), number.into()])?;
                tx.run(parties, &[record.into(), id.as_str().into()])?;
            }
            Ok::<_, StoreError>(())
        })?;
    }
    Ok(())
}

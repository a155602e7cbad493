//! The supervisor's pages: how long the server takes among a million records.

use std::time::Duration;

use firsthours_core::sync::{Http, Method, Request, Transport};
use firsthours_server::store::StoreError;
use firsthours_tests::Programme;
use firsthours_tests::programme::Fault;

use crate::handset::Handset;
use crate::measure::{in_turn, ratio, timed};
use crate::table::Row;

/// Records of the station, unless `FIRSTHOURS_RECORDS` says how many: as many as the bar speaks of, made in two minutes.
const RECORDS: i64 = 1_000_000;
/// Records of one scene.
const SCENE: i64 = 3;
const ROUNDS: usize = 60;

pub(crate) fn rows(programme: &Programme) -> Result<Vec<Row>, Fault> {
    let handset = Handset::enrolled(programme, "alvarez")?;
    let record = handset.night(60)?;
    handset.sync()?;
    let records = match std::env::var("FIRSTHOURS_RECORDS") {
        Ok(said) => said.parse()?,
        Err(_) => RECORDS,
    };
    multiply(programme, &record, records)?;
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
    let size = format!("{records} records");
    Ok(vec![
        Row::new(&format!("review queue, {size}: p50, with its audit entry"), "<= 30 ms")
            .ours(format!("{:.1?}", queue.p50()))
            .against(format!("{:.1?}, GET /healthz", bare.p50()), ratio(queue.p50(), bare.p50()))
            .kept_if(queue.p50() <= bar),
        Row::new(&format!("record page of 60 events, {size}: p50, with its audit entry"), "<= 30 ms")
            .ours(format!("{:.1?}", page.p50()))
            .against(format!("{:.1?}, GET /healthz", bare_too.p50()), ratio(page.p50(), bare_too.p50()))
            .kept_if(page.p50() <= bar),
    ])
}

/// Copies one record's row, its parties and its places in queues under other ids, a minute apart and some to a scene, so
/// that its station has as many: that is all that a list reads.
fn multiply(programme: &Programme, record: &str, records: i64) -> Result<(), Fault> {
    let columns = "protocol, agency, station, letter, opened_by, rolling, pos, summary, summary_version, \
                   phase_state, queue_rank, waiting_since_ms, conflicts, threads_open, voided";
    let rows = format!(
        "insert into encounter (id, {columns}, incident, opened_ms, due_ms) \
         with recursive copy(i) as (select $2 union all select i + 1 from copy where i + 1 < $3) \
         select printf('%032x', i), {columns}, \
         case when i < {SCENE} then incident else printf('%032x', i / {SCENE}) end, \
         opened_ms - i * 60000, due_ms + i from copy, encounter where id = $1"
    );
    let copied = |table: &str, columns: &str, from: &str| {
        format!(
            "insert into {table} (encounter, {columns}) select e.id, {from} from encounter e, {table} t \
             where t.encounter = $1 and e.id >= printf('%032x', $2) and e.id < printf('%032x', $3)"
        )
    };
    let parties = copied("party", "agency, person, role, since_ms", "t.agency, t.person, t.role, t.since_ms");
    let queues = copied(
        "queue",
        "agency, station, person, role, queue_rank, due_ms, waiting_since_ms",
        "t.agency, t.station, t.person, t.role, e.queue_rank, e.due_ms, e.waiting_since_ms",
    );
    let mut made = 1;
    while made < records {
        let until = records.min(made + 10_000);
        programme.app.store.write(|tx| {
            for sql in [&rows, &parties, &queues] {
                tx.run(sql, &[record.into(), made.into(), until.into()])?;
            }
            Ok::<_, StoreError>(())
        })?;
        made = until;
    }
    Ok(())
}

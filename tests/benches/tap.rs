//! From tap to durable to new view, beside the bare commit of the same rows.

use std::time::Duration;

use firsthours_core::protocol::Instant;
use firsthours_core::record::{State, derive};
use firsthours_core::store::Store;
use firsthours_tests::Programme;
use firsthours_tests::programme::Fault;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, named_params};

use crate::handset::{Handset, taps};
use crate::measure::{Samples, in_turn, ratio, timed};
use crate::table::Row;

/// Records that are recorded whole, one tap after another.
const RECORDS: usize = 12;

/// What a tap may cost beside the bare commit, half of the time and nearly always.
const OWN_P50: Duration = Duration::from_micros(250);
const OWN_P99: Duration = Duration::from_millis(1);

/// The layout of the phone's store: the same tables, the same pages.
const LAYOUT: &str = include_str!("../../core/src/store/migrations/0001_init.sql");

/// The settings of the phone's store.
const SETTINGS: &str = "pragma synchronous = full; pragma temp_store = memory; pragma secure_delete = on;
    pragma foreign_keys = on; pragma trusted_schema = off; pragma cell_size_check = on;
    pragma journal_size_limit = 4194304; pragma journal_mode = wal;";

/// The rows that one tap wrote.
struct Rows {
    encounter: [u8; 16],
    arrival: i64,
    summary: Vec<u8>,
    id: [u8; 32],
    header: String,
    body: String,
    signature: [u8; 64],
    line: i64,
    wall: Instant,
}

pub(crate) fn rows(programme: &Programme) -> Result<Vec<Row>, Fault> {
    let handset = Handset::enrolled(programme, "alvarez")?;
    let file = handset.folder.path().join("store/store.db");
    let phone = connect(&file)?;
    let bare_folder = tempfile::tempdir()?;
    let mut bare = connect(&bare_folder.path().join("store.db"))?;
    bare.execute_batch(LAYOUT)?;

    let (mut ours, mut baseline) = (Vec::new(), Vec::new());
    let mut events = 0;
    for _ in 0..RECORDS {
        let mut view = handset.app.start_encounter(None)?;
        commit(&mut bare, &last(&phone)?)?;
        events = 1;
        for tap in taps() {
            handset.wait(9_000);
            let act = crate::handset::act(&view, tap, &programme.clock);
            let (after, took) = timed(|| handset.app.act(&view.id, view.seen, act));
            view = after?;
            ours.push(took);
            let rows = last(&phone)?;
            let (done, took) = timed(|| commit(&mut bare, &rows));
            done?;
            baseline.push(took);
            events += 1;
        }
    }
    let (ours, baseline) = (Samples::new(ours), Samples::new(baseline));
    let p50 = ratio(ours.p50(), baseline.p50());
    let p99 = ratio(ours.p99(), baseline.p99());
    let own_p50 = ours.p50().saturating_sub(baseline.p50());
    let own_p99 = ours.p99().saturating_sub(baseline.p99());
    let what = format!("tap to durable to new view, a record of up to {events} events");
    Ok(vec![
        Row::new(&format!("{what}: p50"), "own work <= 0.25 ms; aim 1.5x the commit")
            .ours(format!("{:.2?}, own work {own_p50:.2?}", ours.p50()))
            .against(format!("{:.2?}", baseline.p50()), p50)
            .kept_if(own_p50 <= OWN_P50),
        Row::new("the same: p99", "own work <= 1 ms; aim 2x the commit")
            .ours(format!("{:.2?}, own work {own_p99:.2?}", ours.p99()))
            .against(format!("{:.2?}", baseline.p99()), p99)
            .kept_if(own_p99 <= OWN_P99),
    ])
}

/// Fold and view of a large record.
pub(crate) fn fold(programme: &Programme) -> Result<Vec<Row>, Fault> {
    const EVENTS: usize = 300;
    const ROUNDS: usize = 60;
    let mut handset = Handset::enrolled(programme, "alvarez")?;
    let mut view = handset.app.start_encounter(None)?;
    let evening: Vec<_> = taps().filter(|tap| !matches!(tap, crate::handset::Tap::Submit)).collect();
    for tap in evening.into_iter().cycle().take(EVENTS - 1) {
        view = handset.tap(&view, tap)?;
    }
    let id = view.id.parse()?;
    let definition = firsthours_core::protocol::load(firsthours_tests::programme::PROTOCOL.as_bytes())
        .map_err(|faults| faults.to_string())?;
    handset.reopen()?;
    handset.app.shutdown();
    let store = Store::open(&handset.folder.path().join("store"), &Handset::key())?;
    let stored = store.events(&id)?;
    drop(store);
    handset.reopen()?;
    let mut with_steps = Vec::new();
    let (views, folds) = in_turn(
        ROUNDS,
        |_| {
            let (drawn, took) = timed(|| handset.app.encounter(&view.id));
            drawn.map(|_| took).map_err(Fault::from)
        },
        |_| {
            let events: Vec<_> = stored
                .iter()
                .map(|stored| stored.event.read().map(std::sync::Arc::new))
                .collect::<Result<_, _>>()?;
            let (state, folded) = timed(|| State::fold(events));
            let (derived, derived_in) = timed(|| derive(&definition, &state));
            drop(derived);
            with_steps.push(folded + derived_in);
            Ok(folded)
        },
    )?;
    let ms = Duration::from_millis(1);
    let whole = Samples::new(with_steps);
    Ok(vec![
        Row::new("fold of 300 events", "<= 1 ms")
            .ours(format!("{:.2?}", folds.p50()))
            .kept_if(folds.p50() <= ms),
        Row::new("the same, with every step and clock derived", "none").ours(format!("{:.2?}", whole.p50())),
        Row::new("view of the full protocol, 300 events", "<= 1 ms")
            .ours(format!("{:.2?}", views.p50()))
            .kept_if(views.p50() <= ms),
    ])
}

/// A connection of its own to a file under the handset's key.
pub(crate) fn connect(file: &std::path::Path) -> Result<Connection, Fault> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch(&format!("pragma key = \"x'{}'\"", Handset::key_hex()))?;
    connection.execute_batch(SETTINGS)?;
    Ok(connection)
}

fn last(phone: &Connection) -> Result<Rows, Fault> {
    let mut statement = phone.prepare_cached(
        "select encounter.id, event.place & 4294967295, encounter.summary, event.id, event.header, event.body,
                event.signature, own_event.line, own_event.wall
         from own_event join event on event.place = own_event.place
         join encounter on encounter.number = event.place >> 32
         order by own_event.line desc limit 1",
    )?;
    Ok(statement.query_row([], |row| {
        Ok(Rows {
            encounter: row.get(0)?,
            arrival: row.get(1)?,
            summary: row.get(2)?,
            id: row.get(3)?,
            header: row.get(4)?,
            body: row.get(5)?,
            signature: row.get(6)?,
            line: row.get(7)?,
            wall: row.get(8)?,
        })
    })?)
}

/// What a commit of these rows costs at least: three prepared statements in one transaction.
fn commit(bare: &mut Connection, rows: &Rows) -> Result<(), rusqlite::Error> {
    let transaction = bare.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let number: i64 = if rows.arrival == 1 {
        transaction
            .prepare_cached(
                "insert into encounter (id, events, unpositioned, summary) values (?1, 1, 1, ?2)",
            )?
            .execute((rows.encounter, &rows.summary))?;
        transaction.last_insert_rowid()
    } else {
        transaction
            .prepare_cached(
                "update encounter set events = ?2, unpositioned = ?2, summary = ?3 where id = ?1 returning number",
            )?
            .query_row((rows.encounter, rows.arrival, &rows.summary), |row| row.get(0))?
    };
    let place = (number << 32) | rows.arrival;
    transaction
        .prepare_cached(
            "insert into event (place, id, header, body, signature) values (:place, :id, :header, :body, :signature)",
        )?
        .execute(named_params! {
            ":place": place,
            ":id": rows.id,
            ":header": rows.header,
            ":body": rows.body,
            ":signature": rows.signature,
        })?;
    transaction
        .prepare_cached("insert into own_event (line, id, place, wall) values (?1, ?2, ?3, ?4)")?
        .execute((rows.line, rows.id, place, rows.wall))?;
    transaction.commit()
}

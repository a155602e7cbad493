use super::*;
use crate::store::Row;
use crate::store::Store;
use crate::store::scope::Covers;
use crate::web::record::tests::phone::{self, ENCOUNTER, Station, station};
use crate::web::record::tests::send;
use firsthours_core::protocol::Instant;

/// The scope of the person with this username.
fn scope(store: &Store, username: &str) -> Scope {
    let sql = "select id, name, role, agency, station from person where username = $1";
    let row = store.read(|tx| tx.row(sql, &[username.into()])).expect("read").expect("a person");
    let text = |at| row.string(at).expect("text");
    Scope::of(&Reader {
        source: crate::programme::audit::Source::HERE,
        person: text(0).into(),
        name: text(1),
        role: row.role(2).expect("a role"),
        agency: text(3).into(),
        station: row.opt_text(4).expect("text").map(Into::into),
        session: String::new(),
        since: Instant::from_ms(0),
    })
}

/// The whole queue of a person, page by page.
fn queue(store: &Store, scope: &Scope, all: bool) -> Vec<Cursor> {
    let mut found: Vec<Cursor> = Vec::new();
    loop {
        let page = store.read(|tx| rows(tx, scope, found.last(), all)).expect("read");
        assert!(page.len() <= PAGE + 1, "a page is bounded");
        let more = page.len() > PAGE;
        found.extend(page.iter().take(PAGE).map(cursor));
        if !more {
            return found;
        }
    }
}

/// What the record's own row and its parties say: every record that this person may see, in the order of the queue.
fn may_see(store: &Store, scope: &Scope, all: bool) -> Vec<Cursor> {
    let Some((covers, args)) = scope.covers(Deed::Look).map(Covers::parts) else { return Vec::new() };
    let ranks = if all { "" } else { "and queue_rank < 2" };
    let sql = format!(
        "select id, queue_rank, due_ms, waiting_since_ms from encounter e \
         where voided = 0 and sealed = 0 and shredded = 0 {ranks} and {covers} order by 2, 3, 4, 1"
    );
    let rows = store.read(|tx| tx.rows(&sql, &args)).expect("read");
    let place = |row: &Row| {
        let number = |column| row.int(column).expect("a number");
        Cursor((
            number(1),
            Instant::from_ms(number(2)),
            Instant::from_ms(number(3)),
            row.string(0).expect("an id"),
        ))
    };
    rows.iter().map(place).collect()
}

const READERS: [&str; 4] = ["sgt.vale", "sgt.other", "c.osei", "admin"];

/// How many records each of them finds, once it is shown that they are those that they may see.
fn lengths(station: &Station) -> [usize; 4] {
    let store = &station.app.store;
    READERS.map(|username| {
        let scope = scope(store, username);
        for all in [false, true] {
            assert_eq!(queue(store, &scope, all), may_see(store, &scope, all), "{username}");
        }
        queue(store, &scope, true).len()
    })
}

#[tokio::test]
async fn a_record_stands_in_the_queue_of_everybody_who_may_see_it_and_of_nobody_else() {
    let mut station = station();
    station.phone.night();
    station.phone.finish();
    station.sync();
    assert_eq!(lengths(&station), [1, 0, 1, 0]);
    // Nothing of the second one is the county's yet.
    station.second_record();
    assert_eq!(lengths(&station), [2, 0, 1, 0]);

    // A deputy of another station gets a part, and with them their supervisor.
    let to = phone::person(&station.app, "Dep. Reed", "deputy", "d.reed", Some("hill"));
    let cookie = station.sign_in("sgt.vale").await;
    send(&station, &cookie, &format!("act=reassign&to={to}")).await;
    assert_eq!(lengths(&station), [2, 1, 1, 0]);

    // A review moves it behind what waits, in every queue that it is in.
    let other = scope(&station.app.store, "sgt.other");
    let before = queue(&station.app.store, &other, false);
    send(&station, &cookie, "act=review&on=scene&decide=approve").await;
    assert_eq!(lengths(&station), [2, 1, 1, 0]);
    let after = queue(&station.app.store, &other, false);
    assert_eq!((before[0].0.0, after[0].0.0), (0, 1), "its rank");

    station
        .phone
        .act(firsthours_core::record::Act::Void { why: "A record made by mistake.".to_owned() }, 190);
    station.sync();
    assert_eq!(lengths(&station), [1, 0, 0, 0]);
}

/// Puts copies of the first record beside it, some alike in all but their id.
fn copies(store: &Store, count: i64) {
    let columns = "protocol, agency, station, incident, letter, opened_ms, opened_by, rolling, waiting_since_ms, asks_county";
    let sql = format!(
        "insert into encounter (id, {columns}, queue_rank, due_ms) select $2, {columns}, $3, $4 from encounter where id = $1"
    );
    store
        .write(|tx| {
            for number in 0..count {
                let id = format!("{number:032x}");
                let first = ENCOUNTER.to_string();
                tx.run(&sql, &[first.into(), (&id).into(), (number % 3).into(), (number / 10).into()])?;
                crate::store::encounters::enter_queues(tx, id.parse().expect("an id"))?;
            }
            Ok::<_, StoreError>(())
        })
        .expect("copy");
}

#[test]
fn pages_follow_one_another_without_a_gap_and_without_a_record_twice() {
    for records in [PAGE, PAGE + 1, PAGE * 3 + 1] {
        let mut station = station();
        station.phone.night();
        station.sync();
        copies(&station.app.store, i64::try_from(records - 1).expect("small"));
        assert_eq!(lengths(&station), [records, 0, records, 0]);
    }
}

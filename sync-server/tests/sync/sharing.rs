//! More than one phone: joining, waiting for an opening, offers.

use firsthours_core::evidence::{Receipt, Tag};
use firsthours_core::protocol::Instant;
use firsthours_core::record::{HoldReason, Kind};

use crate::phone::{Phone, Server, encounter};

#[tokio::test]
async fn who_has_no_part_is_held_until_the_record_is_shared_with_them() {
    let server = Server::new();
    let mut ash = server.deputy("dep.ash").await;
    let mut birch = server.deputy("dep.birch").await;
    ash.open(encounter(1));
    ash.upload_all(&server).await;

    birch.stamp = ash.stamp;
    let theirs = birch.answer(encounter(1), "how", "tip");
    let receipt = birch.upload_all(&server).await;
    assert_eq!(
        (receipt.held.len(), receipt.held[0].id, receipt.held[0].why),
        (1, theirs, HoldReason::NoGrant)
    );
    assert!(birch.hello(&server).await.grants.is_empty());

    ash.share(encounter(1), &birch.author.actor.person);
    ash.upload_all(&server).await;
    assert_eq!(server.kinds(encounter(1)), ["opened", "held", "answered", "shared", "released"]);
    assert!(birch.upload_all(&server).await.held.is_empty());
    let hello = birch.hello(&server).await;
    assert_eq!((hello.grants.len(), hello.grants[0].pos), (1, 5));

    birch.answer(encounter(1), "place", "motel");
    assert!(birch.upload_all(&server).await.held.is_empty(), "a part stays");
}

#[tokio::test]
async fn a_share_to_nobody_we_know_gives_nobody_a_part() {
    let server = Server::new();
    let mut ash = server.deputy("dep.ash").await;
    ash.open(encounter(1));
    let shared = ash.share(encounter(1), &firsthours_core::record::PersonId("f0".repeat(16)));
    let receipt = ash.upload_all(&server).await;
    assert_eq!((receipt.held[0].id, receipt.held[0].why), (shared, HoldReason::DoesNotFit));
    assert_eq!(server.count("party"), 1);
}

#[tokio::test]
async fn a_second_opening_gives_its_author_no_part() {
    let server = Server::new();
    let mut ash = server.deputy("dep.ash").await;
    let mut birch = server.deputy("dep.birch").await;
    ash.open(encounter(1));
    ash.upload_all(&server).await;
    birch.open(encounter(1));
    let receipt = birch.upload_all(&server).await;
    assert_eq!(receipt.held[0].why, HoldReason::DoesNotFit);
    assert!(birch.hello(&server).await.grants.is_empty());
}

#[tokio::test]
async fn events_wait_for_their_opening_and_are_taken_in_then() {
    let server = Server::new();
    let mut ash = server.deputy("dep.ash").await;
    let mut birch = server.deputy("dep.birch").await;
    ash.open(encounter(1));
    ash.share(encounter(1), &birch.author.actor.person);
    birch.stamp = ash.stamp;
    birch.answer(encounter(1), "how", "tip");
    birch.answer(encounter(1), "how", "school");
    let receipt = birch.upload_all(&server).await;
    assert_eq!(
        (receipt.received_through, receipt.encounters.len()),
        (2, 0),
        "acknowledged, without a position"
    );
    assert_eq!((server.count("pending"), server.count("event")), (2, 0));
    assert_eq!(birch.upload_all(&server).await.received_through, 2);

    let receipt = ash.upload_all(&server).await;
    assert_eq!(server.count("pending"), 0);
    let kinds = server.kinds(encounter(1));
    assert_eq!(kinds.iter().filter(|kind| *kind == "answered").count(), 2);
    assert!(receipt.held.is_empty() && birch.upload_all(&server).await.held.is_empty(), "{kinds:?}");
    assert_eq!(u64::try_from(kinds.len()).expect("few"), receipt.encounters[0].pos);
}

#[tokio::test]
async fn an_offer_brings_in_what_its_author_has_not_sent_and_moves_no_line() {
    let server = Server::new();
    let mut ash = server.deputy("dep.ash").await;
    let birch = server.deputy("dep.birch").await;
    ash.open(encounter(1));
    ash.share(encounter(1), &birch.author.actor.person);
    ash.answer(encounter(1), "how", "tip");
    // In any order, as often as they like.
    let mut events = ash.events.clone();
    events.reverse();
    let certificate = ash.certificate.clone().expect("a certificate");
    let offered = birch.offer(&server, encounter(1), vec![certificate.clone()], &events).await;
    assert_eq!((offered.taken, offered.known, offered.refused.len()), (3, 0, 0));
    let again = birch.offer(&server, encounter(1), vec![certificate], &events).await;
    assert_eq!((again.taken, again.known), (0, 3));
    let line =
        server.rows(&format!("select received_through from install where install = '{}'", ash.install));
    assert_eq!(line[0].int(0).expect("a number"), 0);

    let receipt = ash.upload_all(&server).await;
    assert_eq!(receipt.received_through, 3, "its own upload moves it over what is here");
    assert_eq!(server.kinds(encounter(1)), ["opened", "shared", "answered"]);
}

#[tokio::test]
async fn offers_are_refused_without_a_certificate_of_ours_a_true_signature_or_the_event_before() {
    let server = Server::new();
    let elsewhere = Server::new();
    let mut ash = server.deputy("dep.ash").await;
    ash.open(encounter(1));
    ash.upload_all(&server).await;
    let mut stranger = elsewhere.deputy("dep.cedar").await;
    stranger.open(encounter(1));
    let foreign = stranger.certificate.clone().expect("a certificate");
    let offered = ash.offer(&server, encounter(1), vec![foreign], &stranger.events).await;
    assert_eq!((offered.taken, offered.refused), (0, stranger.ids.clone()));

    ash.answer(encounter(1), "how", "tip");
    ash.answer(encounter(1), "how", "school");
    let offered = ash.offer(&server, encounter(1), Vec::new(), &ash.events[2..]).await;
    assert_eq!((offered.taken, offered.refused), (0, vec![ash.ids[2]]), "the one before is not here");
    let mut altered = ash.events[1].clone();
    altered.body = altered.body.map(|body| body.replace("tip", "school"));
    let offered = ash.offer(&server, encounter(1), Vec::new(), &[altered]).await;
    assert_eq!((offered.taken, offered.refused.len()), (0, 1));
    let elsewhere = ash.offer(&server, encounter(2), Vec::new(), &ash.events[1..]).await;
    assert_eq!(elsewhere.refused.len(), 2, "of another record than the offer names");
}

#[tokio::test]
async fn offers_without_their_opening_wait() {
    let server = Server::new();
    let mut ash = server.deputy("dep.ash").await;
    let mut birch = server.deputy("dep.birch").await;
    ash.open(encounter(1));
    ash.share(encounter(1), &birch.author.actor.person);
    birch.stamp = ash.stamp;
    birch.answer(encounter(1), "how", "tip");
    let offered = ash.offer(&server, encounter(1), Vec::new(), &birch.events).await;
    assert_eq!((offered.taken, server.count("pending")), (1, 1));
    ash.upload_all(&server).await;
    assert_eq!(server.count("pending"), 0);
    assert!(server.kinds(encounter(1)).contains(&"answered".to_owned()));
}

#[tokio::test]
async fn a_record_under_a_version_not_yet_here_is_held_and_released_when_it_is_published() {
    let server = Server::without_protocol();
    let mut ash = server.deputy("dep.ash").await;
    ash.open(encounter(1));
    ash.answer(encounter(1), "how", "tip");
    let receipt = ash.upload_all(&server).await;
    assert_eq!(receipt.received_through, 2);
    assert_eq!(receipt.held.len(), 2, "the opening does not fit, and so nobody has a part");
    server.publish();
    assert_eq!(firsthours_server::records::ingest::reconsider(&server.app.records).expect("reconsider"), 1);
    assert!(ash.upload_all(&server).await.held.is_empty());
    assert_eq!(server.kinds(encounter(1)), ["held", "opened", "held", "answered", "released", "released"]);
    let summary = server.rows("select summary from encounter");
    assert!(summary[0].text(0).expect("a summary").contains("\"holder\""));
}

#[tokio::test]
async fn an_unknown_kind_is_kept_and_forwarded() {
    let server = Server::new();
    let mut ash = server.deputy("dep.ash").await;
    ash.open(encounter(1));
    ash.write_raw(encounter(1), "unheard_of");
    let receipt = ash.upload_all(&server).await;
    assert!(receipt.held.is_empty());
    assert_eq!(server.kinds(encounter(1)), ["opened", "unheard_of"]);
    assert!(matches!(ash.events[1].read().expect("an event").kind(), Some(Kind::Unknown { .. })));
}

#[tokio::test]
async fn what_comes_after_a_shred_keeps_its_header_and_loses_its_body() {
    let server = Server::new();
    let mut ash = server.deputy("dep.ash").await;
    ash.open(encounter(1));
    ash.upload_all(&server).await;
    server.app.keys.shred(&encounter(1).to_string(), Instant::from_ms(5)).expect("shred");
    ash.answer(encounter(1), "how", "tip");
    let receipt = ash.upload_all(&server).await;
    assert_eq!((receipt.received_through, receipt.encounters[0].pos), (2, 2));
    let rows = server.rows("select body from event where pos = 2");
    assert_eq!(rows[0].opt_blob(0).expect("a column"), None);
}

#[tokio::test]
async fn a_record_whose_key_was_destroyed_before_takes_no_other_record_of_its_run_along() {
    let server = Server::new();
    let mut ash = server.deputy("dep.ash").await;
    // The key store remembers, also where the records were put back from an older copy.
    server.app.keys.ensure(&[&encounter(2).to_string()], Instant::from_ms(4)).expect("a key");
    server.app.keys.shred(&encounter(2).to_string(), Instant::from_ms(5)).expect("shred");
    for n in [1, 2, 3] {
        ash.open(encounter(n));
    }
    assert_eq!(ash.upload_all(&server).await.received_through, 3);
    let rows = server.rows("select body from event where pos = 1 order by encounter");
    let has_body: Vec<bool> = rows.iter().map(|row| row.opt_blob(0).expect("a column").is_some()).collect();
    assert_eq!(has_body, [true, false, true]);
}

#[tokio::test]
async fn an_offer_tells_a_stranger_nothing_of_a_record() {
    let server = Server::new();
    let mut ash = server.deputy("dep.ash").await;
    let stranger = server.deputy("dep.birch").await;
    ash.open(encounter(1));
    ash.answer(encounter(1), "how", "tip");
    ash.upload_all(&server).await;
    let told = async |id| {
        let reply = stranger.offer(&server, id, Vec::new(), &[]).await;
        let receipt: Receipt = server.keyring().open_receipt(&reply.receipt, Tag::Receipt).expect("signed");
        (reply.taken, reply.known, reply.refused, receipt.encounters)
    };
    assert_eq!(told(encounter(1)).await, told(encounter(2)).await, "there, and not there");
    // Nor by a page, in whatever epoch.
    let epoch = server.app.epoch().expect("an epoch");
    for epoch in [epoch.to_string(), "5e".repeat(16)] {
        let page = async |id| {
            stranger.get(&server, &format!("/v1/sync/encounters/{id}/{epoch}/events?after=0")).await.problem()
        };
        assert_eq!(page(encounter(1)).await, page(encounter(2)).await);
    }
}

#[tokio::test]
async fn who_was_a_party_reads_nothing_any_more() {
    let server = Server::new();
    let mut ash = server.deputy("dep.ash").await;
    let mut birch = server.deputy("dep.birch").await;
    ash.open(encounter(1));
    ash.share(encounter(1), &birch.author.actor.person);
    ash.upload_all(&server).await;
    assert_eq!(birch.hello(&server).await.grants.len(), 1);
    let path = Phone::page_path(&server, encounter(1), 0);
    assert_eq!(birch.get(&server, &path).await.status, 200);
    let end = "update party set until_ms = 5 where person = $1";
    server.app.store.write(|tx| tx.run(end, &[(&birch.author.actor.person.0).into()])).expect("ended");
    assert!(birch.hello(&server).await.grants.is_empty());
    assert_eq!(birch.get(&server, &path).await.problem().0, 404);
    let told = birch.offer(&server, encounter(1), Vec::new(), &[]).await;
    let receipt: Receipt = server.keyring().open_receipt(&told.receipt, Tag::Receipt).expect("signed");
    assert_eq!(receipt.encounters, []);
}

#[tokio::test]
async fn a_record_that_is_planted_stands_in_no_station_s_queue() {
    let server = Server::new();
    server.add_places(("south", "South County"), ("quay", "Quay"));
    let mut phone = server.deputy("dep.ash").await;
    let queues = |id| {
        let sql = format!("select agency, station from queue where encounter = '{id}' and person = ''");
        let rows = server.rows(&sql);
        rows.iter()
            .map(|row| (row.string(0).expect("text"), row.string(1).expect("text")))
            .collect::<Vec<_>>()
    };
    // At a station of another agency; in the name of another agency; at none that there is; with too long a letter.
    for (n, agency, station, letter) in [
        (1, "north", "quay", "A"),
        (2, "south", "quay", "A"),
        (3, "north", "nowhere", "A"),
        (4, "north", "mill", "ABC"),
    ] {
        let id = phone.open_at(encounter(n), agency, station, letter);
        let receipt = phone.upload_all(&server).await;
        assert!(receipt.held.iter().any(|held| held.id == id), "{agency} {station}");
        let found = queues(encounter(n));
        assert!(found.iter().all(|(agency, station)| agency == "north" && station.is_empty()), "{found:?}");
    }
    phone.open(encounter(5));
    phone.upload_all(&server).await;
    assert!(queues(encounter(5)).contains(&("north".to_owned(), "mill".to_owned())));
}

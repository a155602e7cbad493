//! A store that was put back to an earlier state, and what the receipt that a phone keeps proves of it.

use axum::http::StatusCode;
use firsthours_core::evidence::{Document, Receipt, Rolling, Tag};
use firsthours_core::record::{Epoch, EventId, Hash};

use crate::phone::{Phone, Server, encounter};

type Change = fn(&mut Receipt, &Phone);

/// What a receipt says beside what the store has, and whether that proves that the store was put back.
const CASES: [(&str, bool, Change); 12] = [
    ("the same", false, |_, _| {}),
    ("one event more", true, |said, _| said.received_through += 1),
    ("another event at the end", true, |said, _| said.received_id = Some(EventId([7; 32]))),
    ("one event less", false, |said, phone| {
        said.received_through -= 1;
        said.received_id = Some(phone.ids[1]);
    }),
    ("another event before the end", true, |said, _| {
        said.received_through -= 1;
        said.received_id = Some(EventId([7; 32]));
    }),
    ("one position more", true, |said, _| said.encounters[0].pos += 1),
    ("another record up to here", true, |said, _| said.encounters[0].rolling = Hash::of(b"another")),
    ("one position less", false, |said, phone| {
        said.encounters[0].pos -= 1;
        let start = Rolling::start(encounter(1));
        said.encounters[0].rolling = phone.ids[..2].iter().fold(start, |rolling, id| rolling.then(*id)).0;
    }),
    ("another record before that", true, |said, _| {
        said.encounters[0].pos -= 1;
        said.encounters[0].rolling = Hash::of(b"another");
    }),
    ("a record that is not here", true, |said, _| said.encounters[0].id = encounter(9)),
    ("more, of another server", false, |said, _| {
        said.received_through += 1;
        "another".clone_into(&mut said.server);
    }),
    ("more, of an earlier life", false, |said, _| {
        said.received_through += 1;
        said.epoch = Epoch([9; 16]);
    }),
];

#[tokio::test]
async fn a_new_epoch_begins_when_a_receipt_says_more_or_other_than_the_store_has() {
    for (told, turns, change) in CASES {
        for tag in [Tag::Receipt, Tag::Checkpoint] {
            let server = Server::new();
            let mut phone = server.deputy("dep.ash").await;
            phone.open(encounter(1));
            phone.answer(encounter(1), "how", "tip");
            phone.answer(encounter(1), "how", "school");
            let mut said = phone.upload_all(&server).await;
            change(&mut said, &phone);
            let before = server.app.epoch().expect("an epoch");
            let mut hello = Phone::hello_request();
            hello.proof = Some(Document::sign(&said, tag, &server.app.trust.receipt));
            assert_eq!(phone.say_hello(&server, &phone.nonce, &hello).await.status, StatusCode::OK, "{told}");
            let turned = server.app.epoch().expect("an epoch") != before;
            assert_eq!(turned, turns && tag == Tag::Receipt, "{told}, signed as {tag:?}");
        }
    }
}

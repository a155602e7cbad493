//! What one author may store, at its edge: the bytes of an event, and the events and bytes of a day.

use std::collections::BTreeSet;

use firsthours_core::record::{EventId, Kind};
use firsthours_core::wire::{Limits, ProblemKind};

use crate::phone::{Phone, Server, encounter};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
const MEGABYTE: usize = 1_048_576;

/// A remark whose header and body have so many bytes together, or as many as its words have.
fn remark(phone: &mut Phone, bytes: usize) -> EventId {
    let write = |phone: &mut Phone, words: usize| {
        phone.write(encounter(1), Kind::Noted { step: None, text: "a".repeat(words) })
    };
    let empty = {
        let mut draft = phone.copy();
        write(&mut draft, 1);
        size(&draft, draft.events.len() - 1) - 1
    };
    write(phone, bytes - empty)
}

fn size(phone: &Phone, n: usize) -> usize {
    let event = &phone.events[n];
    event.header.len() + event.body.as_ref().map_or(0, String::len)
}

fn held(server: &Server) -> BTreeSet<EventId> {
    let rows = server.rows("select id from held where why = 'over_limit'");
    rows.iter().map(|row| row.text(0).expect("an id").parse().expect("an id")).collect()
}

#[tokio::test]
async fn an_event_of_as_many_bytes_as_it_may_have_is_accepted_and_one_more_is_not_read() {
    let server = Server::new();
    let mut ash = server.deputy("dep.ash").await;
    ash.open(encounter(1));
    let most = usize::try_from(Limits::default().event_bytes).expect("small");
    for bytes in [most, most + 1] {
        // A body of just so many bytes.
        let body =
            |phone: &Phone| phone.events.last().and_then(|event| event.body.as_ref()).map_or(0, String::len);
        let mut draft = ash.copy();
        remark(&mut draft, bytes);
        remark(&mut ash, bytes + bytes - body(&draft));
        assert_eq!(body(&ash), bytes);
    }
    let taken = ash.upload(&server, &ash.events[..2]).await.receipt(&server);
    assert_eq!((taken.received_through, held(&server).len()), (2, 0));
    let (status, refused) = ash.upload(&server, &ash.events).await.problem();
    assert_eq!(status, 422);
    assert!(matches!(refused, ProblemKind::NotAuthentic { seq: 3, .. }), "{refused:?}");
}

#[tokio::test]
async fn a_day_holds_its_bytes_to_the_last_one() {
    let server = Server::with(&[("FIRSTHOURS_QUOTA_MEGABYTES", "1")]);
    let mut ash = server.deputy("dep.ash").await;
    ash.open(encounter(1));
    let mut stored = size(&ash, 0);
    while MEGABYTE - stored > 120_000 {
        remark(&mut ash, 60_000);
        stored += 60_000;
    }
    remark(&mut ash, (MEGABYTE - stored) / 2);
    stored += (MEGABYTE - stored) / 2;
    // Just as much as there is room for.
    remark(&mut ash, MEGABYTE - stored);
    let sizes: usize = (0..ash.events.len()).map(|n| size(&ash, n)).sum();
    assert_eq!(sizes, MEGABYTE);
    for chunk in ash.events.chunks(3) {
        ash.upload(&server, chunk).await.receipt(&server);
    }
    assert!(held(&server).is_empty(), "a whole megabyte is within a megabyte");
    let beyond = ash.answer(encounter(1), "address", "1 Example Road");
    ash.upload(&server, &ash.events[ash.events.len() - 1..]).await.receipt(&server);
    assert_eq!(held(&server), BTreeSet::from([beyond]));
    let used = server.rows("select bytes from used");
    assert_eq!(used[0].int(0), Ok(i64::try_from(sizes + size(&ash, ash.events.len() - 1)).expect("small")));
}

#[tokio::test]
async fn a_day_is_from_midnight_to_midnight_utc() {
    let server = Server::with(&[("FIRSTHOURS_QUOTA_EVENTS", "2")]);
    let mut ash = server.deputy("dep.ash").await;
    let to_midnight = DAY_MS - server.app.now().ms().rem_euclid(DAY_MS);
    ash.open(encounter(1));
    ash.answer(encounter(1), "address", "1 Example Road");
    ash.upload_all(&server).await;
    server.clock.advance(to_midnight - 1);
    ash.hello(&server).await;
    let before = ash.answer(encounter(1), "address", "2 Example Road");
    ash.upload_all(&server).await;
    assert_eq!(held(&server), BTreeSet::from([before]), "the last millisecond is of the same day");
    server.clock.advance(1);
    ash.hello(&server).await;
    ash.answer(encounter(1), "address", "3 Example Road");
    ash.upload_all(&server).await;
    assert_eq!(held(&server), BTreeSet::from([before]), "the next day has begun");
}

/// A phone reads it over a poor link. Of what the phone wrote itself it gets the ids alone, and as many as a page has events.
#[tokio::test]
async fn a_page_ends_before_the_event_that_makes_it_more_than_a_mebibyte() {
    // What stands around an event in its page, as it is reckoned.
    const AROUND: usize = 200;
    for over in [0, 1] {
        let server = Server::new();
        let mut ash = server.deputy("dep.ash").await;
        let birch = server.deputy("dep.birch").await;
        ash.open(encounter(1));
        ash.share(encounter(1), &birch.author.actor.person);
        let mut room = MEGABYTE;
        while room > 60_000 + AROUND {
            remark(&mut ash, 60_000);
            room -= 60_000 + AROUND;
        }
        remark(&mut ash, room - AROUND + over);
        let fits = ash.events.len() - 2 - over;
        remark(&mut ash, 1_000);
        for chunk in ash.events.chunks(10) {
            ash.upload(&server, chunk).await.receipt(&server);
        }
        assert!(held(&server).is_empty());
        let first = birch.page(&server, encounter(1), 2).await;
        assert_eq!(first.events.len(), fits, "{over} too many");
        let rest = birch.page(&server, encounter(1), first.events[fits - 1].pos).await;
        assert_eq!(rest.events.len(), 1 + over);
        assert_eq!(ash.page(&server, encounter(1), 0).await.events.len(), ash.events.len());
    }
}

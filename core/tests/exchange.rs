//! The exchange of a sync, step by step and without a network: what is asked next, whatever a server answers.

use std::collections::{BTreeMap, BTreeSet};

use firsthours_core::evidence::{Document, EncounterReceipt, Receipt, Rolling, SignedEvent, Tag};
use firsthours_core::record::{EncounterId, Epoch, EventId, Hash, InstallId};
use firsthours_core::sync::{Ask, Batch, Ending, Exchange, Offer, PageFault, PublishedHere, check_page};
use firsthours_core::wire::{
    EncounterCursor, EnrolState, Grant, HelloReply, Limits, Page, Positioned, ProblemKind, ProtocolNotice,
    ReadMessage,
};

use crate::support::{EPOCH, NIGHT, server_key, trust};

const A: EncounterId = EncounterId([0xa1; 16]);
const B: EncounterId = EncounterId([0xb2; 16]);
const OTHER_EPOCH: Epoch = Epoch([0xe9; 16]);
const DAY_MS: i64 = 86_400_000;

fn receipt(through: u64, encounters: &[(EncounterId, u64)]) -> Receipt {
    let of = |(id, pos): &(EncounterId, u64)| EncounterReceipt {
        id: *id,
        pos: *pos,
        rolling: Hash([1; 32]),
        durable_pos: 0,
    };
    Receipt {
        server: "test-county".to_owned(),
        epoch: EPOCH,
        install: InstallId([1; 16]),
        received_through: through,
        received_id: None,
        durable_through: 0,
        held: Vec::new(),
        holes: Vec::new(),
        encounters: encounters.iter().map(of).collect(),
        time: NIGHT,
    }
}

/// A server with nothing new.
fn reply(receipt: &Receipt) -> HelloReply {
    HelloReply {
        version: 1,
        token: "token".to_owned(),
        next_nonce: "next".to_owned(),
        server: receipt.server.clone(),
        epoch: receipt.epoch,
        time: NIGHT,
        receipt: Document::sign(
            receipt,
            Tag::Receipt,
            &server_key(firsthours_core::evidence::Purpose::Receipt),
        ),
        grants: Vec::new(),
        limits: Limits::default(),
        backoff_ms: 0,
        protocols: Vec::new(),
        directory: "d".to_owned(),
        policy: "p".to_owned(),
        checkpoint: None,
        min_app_version: "0.0.1".to_owned(),
        send_only: false,
        followed: false,
        trust: trust(),
    }
}

fn cursor(id: EncounterId, epoch: Epoch, pos: u64, rolling: u8) -> EncounterCursor {
    EncounterCursor { id, epoch, pos, rolling: Hash([rolling; 32]) }
}

fn grant(encounter: EncounterId, pos: u64, rolling: u8) -> Grant {
    Grant { encounter, pos, rolling: Hash([rolling; 32]) }
}

/// Says hello with nothing held that is old.
fn greeted(exchange: &mut Exchange, reply: &HelloReply, receipt: &Receipt, cursors: &[EncounterCursor]) {
    greeted_adrift(exchange, reply, receipt, cursors, &[]);
}

fn greeted_adrift(
    exchange: &mut Exchange,
    reply: &HelloReply,
    receipt: &Receipt,
    cursors: &[EncounterCursor],
    adrift: &[EncounterId],
) {
    let cursors: BTreeMap<_, _> = cursors.iter().map(|cursor| (cursor.id, *cursor)).collect();
    let held = PublishedHere { protocols: &BTreeSet::new(), directory: Some("d"), policy: Some("p") };
    exchange.on_hello(reply, receipt, held, &cursors, adrift.iter().copied().collect());
}

/// An exchange with `head` own events that a server with nothing new has greeted.
fn begun(head: u64) -> Exchange {
    let mut exchange = Exchange::new(String::new(), head, 0);
    let said = receipt(0, &[]);
    greeted(&mut exchange, &reply(&said), &said, &[]);
    exchange
}

fn upload(after: u64, events: u32) -> Ask {
    Ask::Upload(Batch { after, events, bytes: Limits::default().batch_bytes })
}

fn page(encounter: EncounterId, after: u64) -> Ask {
    Ask::Page { encounter, epoch: EPOCH, after }
}

#[test]
fn all_there_is_is_asked_for_in_one_order() {
    let mut exchange = Exchange::new("first".to_owned(), 7, 3);
    assert_eq!(exchange.next(), Ask::Hello { nonce: "first".to_owned() });
    let said = receipt(5, &[(B, 2)]);
    let definition = |n: u8| ProtocolNotice {
        sha256: Hash([n; 32]),
        id: "us-ca".to_owned(),
        version: n.into(),
        effective: "2026-01-01".to_owned(),
        recalled: false,
    };
    let reply = HelloReply {
        protocols: vec![definition(1), definition(2)],
        directory: "d2".to_owned(),
        policy: "p2".to_owned(),
        grants: vec![grant(A, 3, 1)],
        ..reply(&said)
    };
    let held = PublishedHere {
        protocols: &BTreeSet::from([Hash([1; 32])]),
        directory: Some("d"),
        policy: Some("p"),
    };
    let here = BTreeMap::from([(A, cursor(A, EPOCH, 1, 1))]);
    exchange.on_hello(&reply, &said, held, &here, BTreeSet::from([B]));
    assert_eq!(exchange.progress(), (5, 7));
    assert_eq!(exchange.next(), Ask::Directory);
    exchange.on_directory();
    assert_eq!(exchange.next(), Ask::Policy);
    exchange.on_policy();
    assert_eq!(exchange.next(), Ask::Protocol(Hash([2; 32])), "the other one is here");
    exchange.on_protocol();
    assert_eq!(exchange.next(), Ask::Offers(Offer { encounter: B, after: 0, events: 100 }));
    exchange.on_offers(Some(40));
    assert_eq!(exchange.next(), Ask::Offers(Offer { encounter: B, after: 40, events: 100 }));
    exchange.on_offers(None);
    assert_eq!(exchange.next(), upload(5, 100));
    exchange.on_receipt(&receipt(7, &[(A, 5)]));
    exchange.on_uploaded(5, 5_000);
    assert_eq!(exchange.next(), page(A, 1));
    exchange.on_page(A, cursor(A, EPOCH, 3, 2), 4);
    assert_eq!(exchange.next(), page(A, 3), "the receipt raised how far it is to be read");
    exchange.on_page(A, cursor(A, EPOCH, 5, 3), 5);
    assert_eq!(exchange.next(), page(B, 0));
    exchange.on_page(B, cursor(B, EPOCH, 2, 2), 3);
    assert_eq!(exchange.next(), page(B, 2), "more came in meanwhile");
    exchange.on_page(B, cursor(B, EPOCH, 3, 2), 3);
    assert_eq!(exchange.next(), Ask::Done(Ending::Complete));
    // The nonce for the next time came with the answer, and a hello can be said again with more in it.
    exchange.say_hello_again();
    assert_eq!(exchange.next(), Ask::Hello { nonce: "next".to_owned() });
    exchange.on_nonce("newer");
    assert_eq!(exchange.next(), Ask::Hello { nonce: "newer".to_owned() });
}

#[test]
fn what_is_here_already_is_not_asked_for() {
    assert_eq!(begun(0).next(), Ask::Done(Ending::Complete));
    // A server without a policy has none to give.
    let said = receipt(0, &[]);
    let none = HelloReply { policy: String::new(), ..reply(&said) };
    let mut exchange = Exchange::new(String::new(), 0, 0);
    let held = PublishedHere { protocols: &BTreeSet::new(), directory: Some("d"), policy: None };
    exchange.on_hello(&none, &said, held, &BTreeMap::new(), BTreeSet::new());
    assert_eq!(exchange.next(), Ask::Done(Ending::Complete));
    // Nor does a receipt acknowledge more than there is.
    let mut exchange = begun(3);
    exchange.on_receipt(&receipt(9, &[]));
    assert_eq!((exchange.progress(), exchange.next()), ((3, 3), Ask::Done(Ending::Complete)));
}

/// Five seconds for a batch: the next one is as large as would have taken that, at most twice as large, between 20 and what
/// the server takes.
#[test]
fn batches_grow_and_shrink_with_the_line() {
    let sizes = |times: &[i64]| {
        let mut exchange = begun(1_000_000);
        let mut sizes = Vec::new();
        for took in times {
            let Ask::Upload(batch) = exchange.next() else { panic!("there is more to send") };
            sizes.push(batch.events);
            exchange.on_receipt(&receipt(batch.after + u64::from(batch.events), &[]));
            exchange.on_uploaded(batch.after, *took);
        }
        let Ask::Upload(batch) = exchange.next() else { panic!("there is more to send") };
        sizes.push(batch.events);
        sizes
    };
    assert_eq!(sizes(&[5_000, 5_000]), [100, 100, 100]);
    assert_eq!(sizes(&[4_000]), [100, 125]);
    assert_eq!(sizes(&[10_000, 10_000]), [100, 50, 25]);
    assert_eq!(sizes(&[60_000, 60_000]), [100, 20, 20]);
    assert_eq!(sizes(&[0, -5, 1]), [100, 200, 400, 500], "no more than the server takes");
    // Behind that bound it grows to a thousand, as the next server may take more.
    let mut exchange = begun(1_000_000);
    for _ in 0..6 {
        exchange.on_receipt(&receipt(exchange.progress().0 + 1, &[]));
        exchange.on_uploaded(exchange.progress().0 - 1, 1);
    }
    let said = receipt(exchange.progress().0, &[]);
    let more = HelloReply { limits: Limits { batch_events: 5_000, ..Limits::default() }, ..reply(&said) };
    greeted(&mut exchange, &more, &said, &[]);
    assert!(matches!(exchange.next(), Ask::Upload(batch) if batch.events == 1_000));
}

#[test]
fn an_answer_that_acknowledges_nothing_ends_the_sending_and_not_the_reading() {
    let mut exchange = begun(5);
    exchange.on_receipt(&receipt(0, &[(A, 1)]));
    exchange.on_uploaded(0, 10);
    assert_eq!(exchange.next(), page(A, 0));
    exchange.on_page(A, cursor(A, EPOCH, 1, 1), 1);
    assert_eq!(exchange.next(), Ask::Done(Ending::StationUnwell));
    let mut exchange = begun(5);
    exchange.on_receipt(&receipt(1, &[]));
    exchange.on_uploaded(0, 10);
    assert!(matches!(exchange.next(), Ask::Upload(batch) if batch.after == 1), "one is enough");
}

#[test]
fn a_station_is_left_alone_for_the_longest_time_that_it_asked_for_and_never_beyond_a_day() {
    let mut exchange = begun(0);
    assert_eq!(exchange.backoff_ms(), 0);
    exchange.on_backoff(-5);
    assert_eq!(exchange.backoff_ms(), 0);
    exchange.on_backoff(3_000);
    exchange.on_backoff(2_000);
    assert_eq!(exchange.backoff_ms(), 3_000);
    exchange.on_backoff(i64::MAX);
    assert_eq!(exchange.backoff_ms(), DAY_MS);
    let said = receipt(0, &[]);
    let mut exchange = Exchange::new(String::new(), 0, 0);
    greeted(&mut exchange, &HelloReply { backoff_ms: 9_000, ..reply(&said) }, &said, &[]);
    assert_eq!(exchange.backoff_ms(), 9_000);
}

#[test]
fn where_another_goes_on_with_our_chain_nothing_more_is_sent_and_the_rest_is_read() {
    let told: [fn(&mut Exchange); 3] = [
        |exchange| exchange.on_other_chain(4),
        |exchange| exchange.on_problem(&ProblemKind::Fork { seq: 4, id: EventId([1; 32]) }),
        |exchange| {
            let said = receipt(4, &[(A, 1)]);
            let reply = HelloReply { send_only: true, followed: true, ..reply(&said) };
            greeted(exchange, &reply, &said, &[]);
        },
    ];
    for (n, told) in told.into_iter().enumerate() {
        let mut exchange = begun(9);
        exchange.on_receipt(&receipt(0, &[(A, 1)]));
        told(&mut exchange);
        if n < 2 {
            assert_eq!(exchange.next(), page(A, 0));
            exchange.on_page(A, cursor(A, EPOCH, 1, 1), 1);
        }
        assert_eq!(exchange.next(), Ask::Done(Ending::Fork { seq: 4 }), "{n}");
    }
    // One that an app too old for it is told nothing of others.
    let said = receipt(0, &[]);
    let old =
        HelloReply { send_only: true, followed: true, min_app_version: "9.0.0".to_owned(), ..reply(&said) };
    let mut exchange = Exchange::new(String::new(), 0, 0);
    greeted(&mut exchange, &old, &said, &[]);
    assert_eq!(exchange.next(), Ask::Done(Ending::UpdateNeeded));
    // A page holds an event of ours that is not here.
    let mut exchange = begun(9);
    exchange.on_receipt(&receipt(2, &[(A, 3), (B, 1)]));
    exchange.on_copied(A);
    assert_eq!(exchange.next(), page(B, 0), "of that record nothing more is read");
    exchange.on_page(B, cursor(B, EPOCH, 1, 1), 1);
    assert_eq!(exchange.next(), Ask::Done(Ending::Fork { seq: 2 }));
}

#[test]
fn whoever_may_only_send_sends_and_is_told_why() {
    for (min_app_version, ending) in [("0.0.1", Ending::SendOnly), ("9.0.0", Ending::UpdateNeeded)] {
        let said = receipt(0, &[(A, 2)]);
        let told = HelloReply {
            send_only: true,
            min_app_version: min_app_version.to_owned(),
            directory: "d2".to_owned(),
            policy: "p2".to_owned(),
            grants: vec![grant(A, 2, 1)],
            ..reply(&said)
        };
        let mut exchange = Exchange::new(String::new(), 2, 0);
        greeted_adrift(&mut exchange, &told, &said, &[], &[B]);
        assert_eq!(exchange.next(), Ask::Offers(Offer { encounter: B, after: 0, events: 100 }));
        exchange.on_offers(None);
        assert_eq!(exchange.next(), upload(0, 100));
        exchange.on_receipt(&receipt(2, &[(A, 2)]));
        exchange.on_uploaded(0, 5_000);
        assert_eq!(exchange.next(), Ask::Done(ending));
    }
}

#[test]
fn in_the_name_of_an_install_that_ended_there_are_offers_and_nothing_else() {
    let mut exchange = Exchange::offering(BTreeSet::from([A, B]));
    assert_eq!(exchange.next(), Ask::Hello { nonce: String::new() });
    let said = receipt(0, &[(A, 2)]);
    let told = HelloReply { send_only: true, grants: vec![grant(A, 2, 1)], ..reply(&said) };
    greeted(&mut exchange, &told, &said, &[]);
    for encounter in [A, B] {
        assert_eq!(exchange.next(), Ask::Offers(Offer { encounter, after: 0, events: 100 }));
        exchange.on_offers(None);
    }
    assert_eq!(exchange.next(), Ask::Done(Ending::Complete));
}

/// What the server says of a record against what is here of it.
#[test]
fn a_record_is_read_on_from_where_it_stands_and_never_from_a_story_that_differs() {
    let asked = |here: Option<EncounterCursor>, told: Option<Grant>| {
        // A receipt names the records of the grants, too, and makes none of them be read over what is here.
        let named: Vec<_> = told.iter().map(|grant| (grant.encounter, grant.pos)).collect();
        let said = receipt(0, &named);
        let reply = HelloReply { grants: told.into_iter().collect(), ..reply(&said) };
        let mut exchange = Exchange::new(String::new(), 0, 0);
        greeted(&mut exchange, &reply, &said, &here.into_iter().collect::<Vec<_>>());
        exchange.next()
    };
    let differs = Ask::Done(Ending::HistoryDiffers { encounter: A });
    let offered = Ask::Offers(Offer { encounter: A, after: 0, events: 100 });
    let complete = Ask::Done(Ending::Complete);
    assert_eq!(asked(None, Some(grant(A, 3, 1))), page(A, 0));
    assert_eq!(asked(None, Some(grant(A, 0, 1))), complete);
    assert_eq!(asked(Some(cursor(A, EPOCH, 2, 1)), Some(grant(A, 3, 1))), page(A, 2));
    assert_eq!(asked(Some(cursor(A, EPOCH, 3, 1)), Some(grant(A, 3, 1))), complete);
    assert_eq!(asked(Some(cursor(A, EPOCH, 3, 2)), Some(grant(A, 3, 1))), differs);
    assert_eq!(asked(Some(cursor(A, EPOCH, 4, 1)), Some(grant(A, 3, 1))), differs);
    // No part in it any more: what is here stays, and is not offered to a server that had it.
    assert_eq!(asked(Some(cursor(A, EPOCH, 4, 1)), None), complete);
    // Another life of its store: what it lost is perhaps only here, and every place is void.
    assert_eq!(asked(Some(cursor(A, OTHER_EPOCH, 9, 2)), Some(grant(A, 3, 1))), offered);
    assert_eq!(asked(Some(cursor(A, OTHER_EPOCH, 9, 2)), None), offered);
    let said = receipt(0, &[]);
    let told = HelloReply { grants: vec![grant(A, 3, 1)], ..reply(&said) };
    let mut exchange = Exchange::new(String::new(), 0, 0);
    greeted(&mut exchange, &told, &said, &[cursor(A, OTHER_EPOCH, 9, 2)]);
    exchange.on_offers(None);
    assert_eq!(exchange.next(), page(A, 0));
    // A new epoch begins between two hellos of one exchange: where the pages stood is nowhere.
    let said = Receipt { epoch: OTHER_EPOCH, ..receipt(0, &[]) };
    exchange.on_page(A, cursor(A, EPOCH, 1, 1), 3);
    exchange.on_bad_page(A);
    let turned = HelloReply { grants: vec![grant(A, 2, 1)], ..reply(&said) };
    greeted(&mut exchange, &turned, &said, &[]);
    assert_eq!(exchange.next(), Ask::Page { encounter: A, epoch: OTHER_EPOCH, after: 0 });
}

#[test]
fn one_bad_page_does_not_keep_the_others_back() {
    let mut exchange = begun(0);
    exchange.on_receipt(&receipt(0, &[(A, 2), (B, 2)]));
    exchange.on_bad_page(A);
    assert_eq!(exchange.next(), page(B, 0));
    exchange.on_page(B, cursor(B, EPOCH, 2, 1), 2);
    assert_eq!(exchange.next(), Ask::Done(Ending::HistoryDiffers { encounter: A }));
    exchange.on_receipt(&receipt(0, &[(A, 5), (B, 2)]));
    assert_eq!(exchange.next(), Ask::Done(Ending::HistoryDiffers { encounter: A }), "nor by a later receipt");
    // A page of a record that is read no more moves nothing.
    exchange.on_page(A, cursor(A, EPOCH, 1, 1), 2);
    assert_eq!(exchange.next(), Ask::Done(Ending::HistoryDiffers { encounter: A }));
}

#[test]
fn an_event_that_the_server_cannot_verify_is_looked_at_once() {
    let not_authentic = |seq| ProblemKind::NotAuthentic { seq, detail: String::new() };
    let mut exchange = begun(9);
    exchange.on_problem(&not_authentic(4));
    assert_eq!(exchange.next(), Ask::Examine(4));
    // Damaged here: it was declared lost, and the sending goes on.
    exchange.on_examined(4, false);
    assert!(matches!(exchange.next(), Ask::Upload(_)));
    // Named again, it would be looked at for ever.
    exchange.on_problem(&not_authentic(4));
    assert_eq!(exchange.next(), Ask::Done(Ending::NotAuthentic { seq: 4 }));
    let mut exchange = begun(9);
    exchange.on_problem(&not_authentic(4));
    exchange.on_examined(4, true);
    assert_eq!(exchange.next(), Ask::Done(Ending::NotAuthentic { seq: 4 }), "a sound one is not lost");
    // One that was not sent, or that there is not.
    for (received, seq) in [(0, 10), (3, 3), (3, 2), (0, 0)] {
        let mut exchange = begun(9);
        exchange.on_receipt(&receipt(received, &[]));
        exchange.on_problem(&not_authentic(seq));
        assert_eq!(exchange.next(), Ask::Done(Ending::NotAuthentic { seq }), "{received} {seq}");
    }
    for (received, seq) in [(3, 4), (0, 9)] {
        let mut exchange = begun(9);
        exchange.on_receipt(&receipt(received, &[]));
        exchange.on_problem(&not_authentic(seq));
        assert_eq!(exchange.next(), Ask::Examine(seq), "{received} {seq}");
    }
}

#[test]
fn a_server_is_right_about_how_far_it_is_a_few_times() {
    let mut exchange = begun(9);
    for (expected, after) in [(6, 5), (3, 2), (1, 0), (40, 9)] {
        exchange.on_problem(&ProblemKind::Gap { expected });
        assert_eq!(exchange.progress(), (after, 9), "{expected}");
        exchange.on_receipt(&receipt(if after == 0 { 8 } else { after.min(8) }, &[]));
    }
    exchange.on_problem(&ProblemKind::Gap { expected: 2 });
    assert_eq!(exchange.next(), Ask::Done(Ending::StationUnwell));
    // It names what was sent: there is nothing to mend.
    let mut exchange = begun(9);
    exchange.on_problem(&ProblemKind::Gap { expected: 1 });
    assert_eq!(exchange.next(), Ask::Done(Ending::StationUnwell));
}

#[test]
fn what_is_too_large_is_sent_in_halves_down_to_one() {
    let mut exchange = begun(9);
    for events in [100, 50, 25, 12, 6, 3, 1] {
        assert_eq!(exchange.next(), upload(0, events));
        exchange.on_problem(&ProblemKind::TooLarge);
    }
    assert_eq!(exchange.next(), Ask::Done(Ending::StationUnwell));
    let mut exchange = Exchange::offering(BTreeSet::from([A]));
    let said = receipt(0, &[]);
    greeted(&mut exchange, &reply(&said), &said, &[]);
    exchange.on_problem(&ProblemKind::TooLarge);
    assert_eq!(exchange.next(), Ask::Offers(Offer { encounter: A, after: 0, events: 50 }));
}

#[test]
fn a_nonce_or_a_token_is_asked_for_again_twice() {
    let again = [ProblemKind::FreshNonce { next_nonce: "fresh".to_owned() }, ProblemKind::TokenExpired];
    for first in &again {
        for second in &again {
            let mut exchange = begun(2);
            for problem in [first, second] {
                exchange.on_problem(problem);
                let Ask::Hello { nonce } = exchange.next() else { panic!("{problem:?}: hello comes next") };
                let is_fresh = matches!(first, ProblemKind::FreshNonce { .. })
                    || matches!(problem, ProblemKind::FreshNonce { .. });
                assert_eq!(nonce, if is_fresh { "fresh" } else { "next" });
            }
            exchange.on_problem(first);
            assert_eq!(exchange.next(), Ask::Done(Ending::StationUnwell), "{first:?} {second:?}");
        }
    }
}

/// Every problem, whatever was asked: what it ends, and that the rest goes on.
#[test]
fn each_problem_ends_what_it_must_and_nothing_else() {
    let problems = [
        ProblemKind::NotEnrolled { state: EnrolState::Waiting },
        ProblemKind::UpdateNeeded { min_app_version: "9".to_owned() },
        ProblemKind::TryLater { after_ms: 5_000 },
        ProblemKind::SendOnly,
        ProblemKind::NotFound,
        ProblemKind::Malformed { detail: String::new() },
        ProblemKind::Unknown,
    ];
    // What each of them stops, wherever it comes.
    let stops = |problem: &ProblemKind| match problem {
        ProblemKind::NotEnrolled { .. } => Some(Ending::NotEnrolled),
        ProblemKind::UpdateNeeded { .. } => Some(Ending::UpdateNeeded),
        ProblemKind::TryLater { after_ms } => Some(Ending::TryLater { after_ms: *after_ms }),
        _ => None,
    };
    let said = receipt(0, &[(A, 2), (B, 2)]);
    for problem in &problems {
        let told = |exchange: &mut Exchange| {
            exchange.on_problem(problem);
            exchange.next()
        };
        let done = |ending: Ending| Ask::Done(stops(problem).unwrap_or(ending));
        let or = |next: Ask| stops(problem).map_or(next, Ask::Done);

        assert_eq!(
            told(&mut Exchange::new(String::new(), 1, 0)),
            done(Ending::StationUnwell),
            "hello: {problem:?}"
        );
        assert_eq!(told(&mut begun(0)), done(Ending::StationUnwell), "done: {problem:?}");

        // What is published can wait: the rest goes on without it.
        let news = HelloReply {
            directory: "d2".to_owned(),
            policy: "p2".to_owned(),
            protocols: vec![ProtocolNotice {
                sha256: Hash([2; 32]),
                id: "us-ca".to_owned(),
                version: 2,
                effective: "2026-01-01".to_owned(),
                recalled: false,
            }],
            ..reply(&said)
        };
        let mut exchange = Exchange::new(String::new(), 1, 0);
        greeted(&mut exchange, &news, &said, &[]);
        assert_eq!(told(&mut exchange), or(Ask::Policy), "directory: {problem:?}");
        exchange.on_directory();
        assert_eq!(told(&mut exchange), or(Ask::Protocol(Hash([2; 32]))), "policy: {problem:?}");
        exchange.on_policy();
        assert_eq!(told(&mut exchange), or(upload(0, 100)), "protocol: {problem:?}");

        // What goes up and what comes down do not wait for each other.
        let mut exchange = Exchange::new(String::new(), 1, 0);
        greeted(&mut exchange, &reply(&said), &said, &[]);
        assert_eq!(told(&mut exchange), or(page(A, 0)), "upload: {problem:?}");
        let mut exchange = begun(0);
        exchange.on_receipt(&said);
        let after_page = match problem {
            ProblemKind::SendOnly => Ask::Done(Ending::SendOnly),
            _ => or(page(B, 0)),
        };
        assert_eq!(told(&mut exchange), after_page, "page: {problem:?}");
        if after_page == page(B, 0) {
            exchange.on_page(B, cursor(B, EPOCH, 2, 1), 2);
            let ending = match problem {
                // No part in it any more.
                ProblemKind::NotFound => Ending::Complete,
                _ => Ending::StationUnwell,
            };
            assert_eq!(exchange.next(), Ask::Done(ending), "page: {problem:?}");
        }

        // What cannot be offered now is still here, and offered again another time.
        let mut exchange = Exchange::new(String::new(), 1, 0);
        let nothing = receipt(0, &[]);
        greeted_adrift(&mut exchange, &reply(&nothing), &nothing, &[], &[A, B]);
        assert_eq!(told(&mut exchange), or(Ask::Offers(Offer { encounter: B, after: 0, events: 100 })));
        if stops(problem).is_none() {
            exchange.on_offers(None);
            exchange.on_receipt(&receipt(1, &[]));
            assert_eq!(exchange.next(), Ask::Done(Ending::StationUnwell), "offers: {problem:?}");
        }

        // A hole that could not be declared: the event counts as sound, and nothing more is sent.
        let mut exchange = begun(5);
        exchange.on_problem(&ProblemKind::NotAuthentic { seq: 2, detail: String::new() });
        assert_eq!(told(&mut exchange), done(Ending::NotAuthentic { seq: 2 }), "examine: {problem:?}");
    }
}

#[test]
fn a_page_follows_its_cursor_or_is_not_taken_up() {
    let ids: Vec<EventId> = (1..=3).map(|n| EventId([n; 32])).collect();
    let rolling = |through: usize| ids[..through].iter().fold(Rolling::start(A), |at, id| at.then(*id)).0;
    let of = |from: usize, to: usize| Page {
        encounter: A,
        epoch: EPOCH,
        events: (from..to).map(|n| Positioned { pos: n as u64 + 1, id: ids[n], event: None }).collect(),
        certificates: Vec::new(),
        revocations: Vec::new(),
        bodiless: BTreeSet::new(),
        rolling: rolling(to),
        head: 3,
    };
    let check =
        |page: &Page, from: Option<EncounterCursor>| check_page(page, A, EPOCH, from, |_| EventId([0; 32]));
    let here = |pos: u64| EncounterCursor {
        id: A,
        epoch: EPOCH,
        pos,
        rolling: rolling(usize::try_from(pos).expect("few")),
    };
    let (cursor, at) = check(&of(0, 2), None).expect("the beginning");
    assert_eq!(cursor, here(2));
    assert_eq!(at, BTreeMap::from([(1, rolling(1)), (2, rolling(2))]));
    assert_eq!(check(&of(2, 3), Some(here(2))).expect("the rest").0, here(3));
    // A place of another epoch is none.
    let elsewhere = EncounterCursor { epoch: OTHER_EPOCH, ..here(2) };
    assert_eq!(check(&of(0, 3), Some(elsewhere)).expect("from the start").0, here(3));

    let fault = |page: &Page, from| check(page, from).expect_err("it does not fit");
    assert_eq!(fault(&of(1, 3), None), PageFault::Missing { expected: 1 });
    assert_eq!(fault(&of(0, 2), Some(here(2))), PageFault::Missing { expected: 3 });
    assert_eq!(fault(&Page { encounter: B, ..of(0, 2) }, None), PageFault::OtherPage);
    assert_eq!(fault(&Page { epoch: OTHER_EPOCH, ..of(0, 2) }, None), PageFault::OtherPage);
    assert_eq!(fault(&Page { events: Vec::new(), ..of(0, 2) }, None), PageFault::Empty);
    assert_eq!(fault(&Page { rolling: rolling(1), ..of(0, 2) }, None), PageFault::OtherHistory);
    let mut other = of(0, 2);
    let mut author = crate::support::Author::phone(1, firsthours_core::record::Role::Deputy);
    other.events[1].event = Some(author.sign(1, NIGHT, crate::support::opened(), Vec::new()));
    assert_eq!(fault(&other, None), PageFault::OtherEvent { pos: 2 });
    // A body is missing only where the page says so.
    let event = author.sign(2, NIGHT, crate::support::opened(), Vec::new());
    let id = EventId(Hash::of(event.header.as_bytes()).0);
    let bodiless = Positioned { pos: 1, id, event: Some(SignedEvent { body: None, ..event }) };
    let rolling = Rolling::start(A).then(id).0;
    let mut page = Page { events: vec![bodiless], rolling, ..of(0, 1) };
    let check = |page: &Page| check_page(page, A, EPOCH, None, |_| id).map(|_| ());
    assert_eq!(check(&page), Err(PageFault::BodyMissing { pos: 1 }));
    page.bodiless = [2].into();
    assert_eq!(check(&page), Err(PageFault::BodyMissing { pos: 1 }));
    page.bodiless = [1].into();
    assert_eq!(check(&page), Ok(()));
}

/// Every place of a JSON text where a member has a name, and the text with that name damaged.
fn with_each_name_damaged(json: &serde_json::Value) -> Vec<(String, serde_json::Value)> {
    let inner: Vec<(String, &serde_json::Value)> = match json {
        serde_json::Value::Object(map) => {
            map.iter().map(|(name, value)| (format!("/{name}"), value)).collect()
        }
        serde_json::Value::Array(items) => {
            items.iter().enumerate().map(|(n, value)| (format!("/{n}"), value)).collect()
        }
        _ => Vec::new(),
    };
    let mut found = Vec::new();
    for (place, value) in inner {
        for (deeper, damaged) in with_each_name_damaged(value) {
            let mut whole = json.clone();
            *whole.pointer_mut(&place).expect("it is there") = damaged;
            found.push((format!("{place}{deeper}"), whole));
        }
        if let serde_json::Value::Object(map) = json {
            let mut map = map.clone();
            let value = map.remove(&place[1..]).expect("it is there");
            map.insert(format!("{}~", &place[1..]), value);
            found.push((place, map.into()));
        }
    }
    found
}

/// A reader passes over names that it does not know. None may be passed over so that what it stood for is silently lost.
#[test]
fn a_page_is_not_taken_up_where_the_name_of_any_member_was_damaged() {
    let mut author = crate::support::Author::phone(1, firsthours_core::record::Role::Deputy);
    let event = author.sign(1, NIGHT, crate::support::opened(), Vec::new());
    let id_of = |event: &SignedEvent| EventId(Hash::of(event.header.as_bytes()).0);
    let id = id_of(&event);
    let page = Page {
        encounter: A,
        epoch: EPOCH,
        events: vec![
            Positioned { pos: 1, id, event: Some(event.clone()) },
            Positioned { pos: 2, id: EventId([2; 32]), event: None },
            Positioned { pos: 3, id, event: Some(SignedEvent { body: None, ..event }) },
        ],
        certificates: vec![author.signed_certificate()],
        revocations: Vec::new(),
        bodiless: [3].into(),
        rolling: [id, EventId([2; 32]), id].iter().fold(Rolling::start(A), |at, id| at.then(*id)).0,
        head: 3,
    };
    let taken = |json: &serde_json::Value| {
        let read = Page::read(json.to_string().as_bytes()).ok()?;
        check_page(&read, A, EPOCH, None, id_of).ok().map(|_| read)
    };
    let json = serde_json::to_value(&page).expect("a page is JSON");
    assert_eq!(taken(&json).as_ref(), Some(&page));
    let damaged = with_each_name_damaged(&json);
    assert!(damaged.len() > 20, "{}", damaged.len());
    for (place, damaged) in damaged {
        assert_eq!(taken(&damaged), None, "{place}");
    }
}

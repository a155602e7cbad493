//! An install's own events, what it lost, and what others offer.

use std::collections::BTreeSet;

use firsthours_core::evidence::{Document, Hole, InstallCertificate, SignedEvent};
use firsthours_core::record::{EventId, HoldReason, Install, Kind, bounds};
use firsthours_core::wire::ProblemKind;

use crate::phone::{MARKER, Phone, Server, encounter};

/// What somebody does to an event on its way.
type Alteration = Box<dyn Fn(&mut SignedEvent)>;

async fn three(server: &Server) -> Phone {
    let mut phone = server.deputy("dep.ash").await;
    phone.open(encounter(1));
    phone.answer(encounter(1), "how", "patrol");
    phone.answer(encounter(1), "address", MARKER);
    phone
}

#[tokio::test]
async fn the_same_events_may_be_sent_again_and_again() {
    let server = Server::new();
    let phone = three(&server).await;
    let first = phone.upload_all(&server).await;
    assert_eq!((first.received_through, first.received_id), (3, phone.ids.last().copied()));
    assert_eq!(first.durable_through, 0, "there is no backup");
    assert_eq!(first.encounters[0].pos, 3);
    for _ in 0..3 {
        let again = phone.upload_all(&server).await;
        assert_eq!(again, first);
        assert_eq!(
            phone.upload(&server, &phone.events[..2]).await.receipt(&server),
            first,
            "an older part of it"
        );
    }
    assert_eq!(server.kinds(encounter(1)), ["opened", "answered", "answered"]);
}

#[tokio::test]
async fn a_run_may_overlap_what_is_here() {
    let server = Server::new();
    let phone = three(&server).await;
    phone.upload(&server, &phone.events[..2]).await.receipt(&server);
    let receipt = phone.upload(&server, &phone.events[1..]).await.receipt(&server);
    assert_eq!(receipt.received_through, 3);
    assert_eq!(server.kinds(encounter(1)).len(), 3);
}

#[tokio::test]
async fn a_gap_is_named_and_nothing_is_taken() {
    let server = Server::new();
    let phone = three(&server).await;
    let reply = phone.upload(&server, &phone.events[1..]).await;
    assert_eq!(reply.problem(), (409, ProblemKind::Gap { expected: 1 }));
    assert_eq!(server.count("event") + server.count("pending"), 0);
}

#[tokio::test]
async fn a_copied_chain_is_a_fork_and_both_chains_go_by_offers() {
    let server = Server::new();
    let mut phone = three(&server).await;
    let mut copy = phone.copy();
    phone.answer(encounter(1), "how", "tip");
    phone.answer(encounter(1), "how", "school");
    copy.answer(encounter(1), "how", "other");
    copy.answer(encounter(1), "how", "hospital");
    phone.upload_all(&server).await;
    // The copy's run ends where the line ends, before it, and beyond it.
    let at_end = copy.upload(&server, &copy.events).await.problem();
    assert_eq!(at_end, (409, ProblemKind::Fork { seq: 5, id: phone.ids[4] }));
    let before = copy.upload(&server, &copy.events[..4]).await.problem();
    assert_eq!(before, (409, ProblemKind::Fork { seq: 4, id: phone.ids[3] }));
    copy.answer(encounter(1), "place", "street");
    let beyond = copy.upload(&server, &copy.events[5..]).await.problem();
    assert_eq!(beyond, (409, ProblemKind::Fork { seq: 5, id: phone.ids[4] }));

    let offered = copy.offer(&server, encounter(1), Vec::new(), &copy.events).await;
    assert_eq!((offered.taken, offered.known, offered.refused), (3, 3, Vec::new()));
    assert_eq!(server.kinds(encounter(1)).len(), 8, "both forms of numbers 4 and 5 are here");
    let receipt = phone.upload_all(&server).await;
    assert_eq!(receipt.received_through, 5, "an offer never moves the line");
    let again = copy.upload(&server, &copy.events[..4]).await.problem();
    assert_eq!(
        again,
        (409, ProblemKind::Fork { seq: 4, id: phone.ids[3] }),
        "here by an offer, not on the line"
    );
}

/// The line is followed from its end, and a declared hole breaks it off: what is before is compared all the same.
#[tokio::test]
async fn a_fork_before_a_hole_is_one_too() {
    let server = Server::new();
    let mut phone = three(&server).await;
    let mut copy = phone.copy();
    for place in ["street", "motel", "other"] {
        phone.answer(encounter(1), "place", place);
    }
    copy.answer(encounter(1), "place", "hospital");
    phone.upload(&server, &phone.events[..4]).await.receipt(&server);
    let hole = Hole { install: phone.install, from: 5, to: 5, id_of_to: phone.ids[4], raw: None };
    phone.declare(&server, &hole).await.receipt(&server);
    phone.upload(&server, &phone.events[5..]).await.receipt(&server);
    let refused = copy.upload(&server, &copy.events[..4]).await.problem();
    assert_eq!(refused, (409, ProblemKind::Fork { seq: 4, id: phone.ids[3] }));
}

#[tokio::test]
async fn what_is_not_authentic_is_refused_at_its_number_and_nothing_is_stored() {
    let server = Server::new();
    let phone = three(&server).await;
    let stranger = Phone::new(&phone.author.actor.person);
    let broken: Vec<(&str, Alteration)> = vec![
        (
            "body",
            Box::new(|event| event.body = event.body.take().map(|body| body.replace("patrol", "school"))),
        ),
        ("header", Box::new(|event| event.header = event.header.replace("\"stamp\":2", "\"stamp\":9"))),
        (
            "signature",
            Box::new(move |event| {
                event.signature =
                    stranger.author.key.sign(firsthours_core::evidence::Tag::Event, event.header.as_bytes());
            }),
        ),
        ("no body", Box::new(|event| event.body = None)),
        ("no JSON", Box::new(|event| event.header.push('}'))),
        ("a name twice", Box::new(|event| event.header = event.header.replacen('{', "{\"v\":1,", 1))),
    ];
    for (name, alter) in broken {
        let mut events = phone.events.clone();
        alter(&mut events[1]);
        let (status, kind) = phone.upload(&server, &events).await.problem();
        assert_eq!(status, 422, "{name}");
        let ProblemKind::NotAuthentic { seq, detail } = kind else { panic!("{name}: {kind:?}") };
        assert_eq!(seq, 2, "{name}");
        assert!(!detail.contains("patrol") && !detail.contains("school"), "{name}: {detail}");
    }
    assert_eq!(server.count("event") + server.count("pending"), 0);
    assert_eq!(phone.upload_all(&server).await.received_through, 3, "the true ones are taken afterwards");
}

#[tokio::test]
async fn an_event_that_names_another_actor_is_not_authentic() {
    let server = Server::new();
    let mut phone = server.deputy("dep.ash").await;
    phone.author.actor.role = firsthours_core::record::Role::Supervisor;
    phone.open(encounter(1));
    let (status, kind) = phone.upload(&server, &phone.events).await.problem();
    assert_eq!(status, 422);
    assert!(matches!(kind, ProblemKind::NotAuthentic { seq: 1, .. }), "{kind:?}");
    assert_eq!(server.count("event"), 0);
}

#[tokio::test]
async fn another_install_s_events_are_not_its_own() {
    let server = Server::new();
    let phone = three(&server).await;
    let other = server.deputy("dep.birch").await;
    let (status, kind) = other.upload(&server, &phone.events).await.problem();
    assert_eq!(status, 422);
    assert!(matches!(kind, ProblemKind::NotAuthentic { seq: 1, .. }), "{kind:?}");
}

#[tokio::test]
async fn a_revoked_phone_hands_in_its_evidence_and_it_is_held() {
    let server = Server::new();
    let mut phone = three(&server).await;
    phone.upload_all(&server).await;
    server.revoke(phone.install);
    let last = phone.answer(encounter(1), "place", "street");
    let receipt = phone.upload_all(&server).await;
    assert_eq!(receipt.received_through, 4);
    assert_eq!(receipt.held.len(), 1);
    assert_eq!((receipt.held[0].id, receipt.held[0].why), (last, HoldReason::Revoked));
    assert_eq!(server.kinds(encounter(1)), ["opened", "answered", "answered", "held", "answered"]);
    let hello = phone.hello(&server).await;
    assert!(hello.send_only && hello.grants.is_empty());
    let page = phone.get(&server, &Phone::page_path(&server, encounter(1), 0)).await;
    assert_eq!(page.problem(), (403, ProblemKind::SendOnly));
}

#[tokio::test]
async fn what_cannot_be_accepted_is_stored_behind_the_reason() {
    let server = Server::new();
    let mut phone = three(&server).await;
    let comment = phone.write(encounter(1), Kind::Commented { step: None, text: "from a phone".to_owned() });
    let unknown_field = phone.answer(encounter(1), "shoe_size", "44");
    let unknown_value = phone.answer(encounter(1), "how", "by balloon");
    let not_theirs = phone.write(encounter(1), Kind::Reopened { step: "followup_72".to_owned() });
    let fine = phone.answer(encounter(1), "place", "motel");
    let receipt = phone.upload_all(&server).await;
    assert_eq!(receipt.received_through, 8, "nothing stops the line");
    let why = |id: EventId| receipt.held.iter().find(|held| held.id == id).map(|held| held.why);
    assert_eq!(why(comment), Some(HoldReason::AuthorMayNot));
    assert_eq!(why(unknown_field), Some(HoldReason::DoesNotFit));
    assert_eq!(why(unknown_value), Some(HoldReason::DoesNotFit));
    assert_eq!(why(not_theirs), Some(HoldReason::DoesNotFit));
    assert_eq!(why(fine), None);
    let kinds = server.kinds(encounter(1));
    for (place, kind) in kinds.iter().enumerate().filter(|(_, kind)| *kind == "held") {
        assert_ne!(kinds[place + 1], *kind, "the next position is what is held");
    }
}

#[tokio::test]
async fn a_declared_hole_carries_the_line_on_and_the_original_fills_it_later() {
    let server = Server::new();
    let mut phone = three(&server).await;
    phone.answer(encounter(1), "place", "street");
    phone.upload(&server, &phone.events[..1]).await.receipt(&server);
    let hole = Hole {
        install: phone.install,
        from: 2,
        to: 3,
        id_of_to: phone.ids[2],
        raw: Some(hex::encode(MARKER)),
    };
    for _ in 0..2 {
        let receipt = phone.declare(&server, &hole).await.receipt(&server);
        assert_eq!((receipt.received_through, receipt.received_id), (3, Some(phone.ids[2])));
        assert_eq!(receipt.holes, std::slice::from_ref(&hole), "with what was left of it");
    }
    let receipt = phone.upload(&server, &phone.events[3..]).await.receipt(&server);
    assert_eq!(receipt.received_through, 4);
    assert_eq!(server.kinds(encounter(1)), ["opened", "gap", "answered"]);
    let offered = phone.offer(&server, encounter(1), Vec::new(), &phone.events[1..3]).await;
    assert_eq!((offered.taken, offered.refused), (2, Vec::new()));
    assert_eq!(server.kinds(encounter(1)).len(), 5);
}

#[tokio::test]
async fn a_gap_names_what_is_missing_between_two_events_and_is_said_once() {
    let server = Server::new();
    let mut phone = three(&server).await;
    phone.answer(encounter(1), "place", "street");
    let mut copy = phone.copy();
    phone.answer(encounter(1), "place", "motel");
    copy.answer(encounter(1), "place", "other");
    phone.upload(&server, &phone.events[..2]).await.receipt(&server);
    let (install, id_of_to) = (phone.install, phone.ids[3]);
    let hole = Hole { install, from: 3, to: 4, id_of_to, raw: None };
    phone.declare(&server, &hole).await.receipt(&server);
    phone.upload(&server, &phone.events[4..]).await.receipt(&server);
    // Another event goes on from the same place: the phone was copied.
    assert_eq!(phone.offer(&server, encounter(1), Vec::new(), &copy.events[4..]).await.taken, 1);
    assert_eq!(server.kinds(encounter(1)), ["opened", "answered", "gap", "answered", "answered"]);
    let page = phone.page(&server, encounter(1), 2).await;
    let gap = page.events[0].event.as_ref().expect("the server's").read().expect("readable");
    let author = Install::Phone(install);
    assert_eq!(gap.kind(), Some(&Kind::Gap { author, enc_from: 3, enc_to: 4, id_of_to }));
}

#[tokio::test]
async fn a_hole_excuses_no_break_between_events_that_follow_one_another() {
    let server = Server::new();
    let mut phone = three(&server).await;
    // Its number is the next one; in its record it claims that one is missing before it.
    phone.skip(encounter(1), EventId([7; 32]));
    phone.answer(encounter(1), "place", "street");
    phone.upload(&server, &phone.events[..2]).await.receipt(&server);
    let hole = Hole { install: phone.install, from: 3, to: 4, id_of_to: phone.ids[3], raw: None };
    phone.declare(&server, &hole).await.receipt(&server);
    let (status, kind) = phone.upload(&server, &phone.events).await.problem();
    assert_eq!(status, 422);
    assert!(matches!(kind, ProblemKind::NotAuthentic { seq: 4, .. }), "{kind:?}");
}

#[tokio::test]
async fn a_hole_of_another_install_or_with_a_wrong_signature_is_refused() {
    let server = Server::new();
    let phone = three(&server).await;
    let other = server.deputy("dep.birch").await;
    let hole = Hole { install: phone.install, from: 1, to: 2, id_of_to: phone.ids[1], raw: None };
    assert_eq!(other.declare(&server, &hole).await.problem().0, 422);
    let mut forged = phone.copy();
    forged.author.key = other.author.key.clone();
    assert_eq!(forged.declare(&server, &hole).await.problem().0, 422);
    assert_eq!(server.count("hole"), 0);
}

#[tokio::test]
async fn a_chain_broken_within_its_record_is_not_authentic() {
    let server = Server::new();
    let mut phone = three(&server).await;
    // The chain over all records is whole; within record 2 the event claims one before it that never was.
    phone.open(encounter(2));
    let mut skipped = phone.copy();
    skipped.answer(encounter(2), "how", "tip");
    phone.skip(encounter(2), skipped.ids[4]);
    phone.answer(encounter(2), "how", "school");
    let (status, kind) = phone.upload(&server, &phone.events).await.problem();
    assert_eq!(status, 422);
    assert!(matches!(kind, ProblemKind::NotAuthentic { seq: 5, .. }), "{kind:?}");
    assert_eq!(server.count("event"), 0, "and nothing of the run was stored");
}

/// What is lost is declared, signed, as a hole; a gap in a record is the server's word alone.
#[tokio::test]
async fn a_phone_that_says_itself_that_something_is_lost_is_not_excused() {
    let server = Server::new();
    let mut phone = three(&server).await;
    let lost = EventId([7; 32]);
    let author = Install::Phone(phone.install);
    phone.write(encounter(1), Kind::Gap { author, enc_from: 5, enc_to: 5, id_of_to: lost });
    phone.skip(encounter(1), lost);
    phone.answer(encounter(1), "how", "school");
    let (status, kind) = phone.upload(&server, &phone.events).await.problem();
    assert_eq!(status, 422);
    assert!(matches!(kind, ProblemKind::NotAuthentic { seq: 5, .. }), "{kind:?}");
}

#[tokio::test]
async fn more_than_the_limits_is_refused_before_it_is_read() {
    let server = Server::new();
    let phone = three(&server).await;
    let many: Vec<SignedEvent> = std::iter::repeat_n(phone.events[0].clone(), 1_001).collect();
    assert_eq!(phone.upload(&server, &many).await.problem(), (413, ProblemKind::TooLarge));
    let bomb = zstd::stream::encode_all(vec![b' '; 64 << 20].as_slice(), 3).expect("zstd");
    assert!(bomb.len() < 256 * 1024);
    let request = axum::http::Request::post("/v1/sync/events")
        .header("authorization", format!("Bearer {}", phone.token))
        .header("content-encoding", "zstd")
        .body(axum::body::Body::from(bomb))
        .expect("request");
    assert_eq!(server.send(request).await.problem(), (413, ProblemKind::TooLarge));
}

#[tokio::test]
async fn nothing_of_a_record_is_readable_at_rest() {
    let server = Server::new();
    let mut phone = three(&server).await;
    phone.upload_all(&server).await;
    // One that waits, too.
    let mut other = server.deputy("dep.birch").await;
    other.answer(encounter(9), "address", MARKER);
    other.upload_all(&server).await;
    assert_eq!(server.count("pending"), 1);
    phone.answer(encounter(1), "how", "tip");

    let marker = MARKER.as_bytes();
    for row in server.rows("select body from event union all select body from pending") {
        let body = row.blob(0).expect("a body");
        assert!(!body.windows(marker.len()).any(|part| part == marker));
    }
    for row in server.rows(
        "select coalesce(summary, ''), header from encounter join event on encounter.id = event.encounter",
    ) {
        assert!(!row.text(0).expect("text").contains(MARKER) && !row.text(1).expect("text").contains(MARKER));
    }
    let mut files = 0;
    for entry in std::fs::read_dir(server.folder.path()).expect("the folder") {
        let bytes = std::fs::read(entry.expect("an entry").path()).expect("a file");
        assert!(!bytes.windows(marker.len()).any(|part| part == marker));
        assert!(!bytes.windows(8).any(|part| part == b"answered"), "not even the kinds");
        files += 1;
    }
    assert!(files >= 3, "records, keys, epochs");
}

#[tokio::test]
async fn an_opening_that_follows_a_remark_begins_its_record_with_both() {
    let server = Server::new();
    let mut phone = server.deputy("dep.ash").await;
    let remark = Kind::Noted { step: None, text: "before it was opened".to_owned() };
    phone.write(encounter(1), remark.clone());
    phone.open(encounter(1));
    let receipt = phone.upload_all(&server).await;
    assert_eq!((receipt.received_through, receipt.held.len()), (2, 0));
    assert_eq!(server.stored(encounter(1)).len(), 2, "what was acknowledged is here");
    phone.answer(encounter(1), "how", "tip");
    assert_eq!(phone.upload_all(&server).await.received_through, 3, "and the author goes on");

    // The same by offers.
    phone.write(encounter(2), remark);
    phone.open(encounter(2));
    let offered = phone.offer(&server, encounter(2), Vec::new(), &phone.events[3..]).await;
    assert_eq!((offered.taken, offered.refused), (2, Vec::new()));
    assert_eq!(server.stored(encounter(2)).len(), 2);
    assert_eq!(phone.upload_all(&server).await.received_through, 5);
}

#[tokio::test]
async fn a_hole_may_grow_and_what_comes_after_all_leaves_it() {
    let server = Server::new();
    let mut phone = three(&server).await;
    phone.answer(encounter(1), "place", "street");
    phone.answer(encounter(1), "place", "motel");
    phone.upload(&server, &phone.events[..1]).await.receipt(&server);
    let hole = |from, to: u64| Hole {
        install: phone.install,
        from,
        to,
        id_of_to: phone.ids[usize::try_from(to).expect("small") - 1],
        raw: None,
    };
    phone.declare(&server, &hole(2, 3)).await.receipt(&server);
    let receipt = phone.declare(&server, &hole(2, 4)).await.receipt(&server);
    assert_eq!((receipt.received_through, receipt.holes), (4, vec![hole(2, 4)]));
    // Own events, and one of them in the middle.
    let receipt = phone.upload(&server, &phone.events[2..3]).await.receipt(&server);
    assert_eq!(receipt.received_through, 4, "the line does not go back");
    assert_eq!(receipt.holes, [hole(2, 2), hole(4, 4)]);
    let receipt = phone.upload_all(&server).await;
    assert_eq!((receipt.received_through, receipt.holes), (5, Vec::new()));
    assert_eq!(server.stored(encounter(1)).len(), 5);
}

#[tokio::test]
async fn what_a_hole_may_quote_is_bounded() {
    let server = Server::new();
    let phone = three(&server).await;
    let hole = |chars| Hole {
        install: phone.install,
        from: 1,
        to: 1,
        id_of_to: phone.ids[0],
        raw: Some("7".repeat(chars)),
    };
    let reply = phone.declare(&server, &hole(Hole::RAW_CHARS + 1)).await;
    assert_eq!(reply.problem(), (413, ProblemKind::TooLarge));
    assert_eq!(server.count("hole"), 0);
    let receipt = phone.declare(&server, &hole(Hole::RAW_CHARS)).await.receipt(&server);
    assert_eq!(receipt.holes, [hole(Hole::RAW_CHARS)]);
}

#[tokio::test]
async fn the_first_bad_number_is_named_whatever_else_is_wrong_with_a_run() {
    let server = Server::new();
    let mut phone = three(&server).await;
    phone.upload_all(&server).await;
    // An altered repeat before what is new.
    phone.answer(encounter(1), "place", "street");
    let mut altered = phone.events.clone();
    altered[0].body = altered[1].body.clone();
    let at = |reply: crate::phone::Reply| match reply.problem() {
        (422, ProblemKind::NotAuthentic { seq, .. }) => seq,
        other => panic!("{other:?}"),
    };
    assert_eq!(at(phone.upload(&server, &altered).await), 1);
    // Two records, the later number in the record of the smaller id; and a damaged event behind both.
    phone.open(encounter(7));
    phone.skip(encounter(7), phone.ids[0]);
    phone.answer(encounter(7), "how", "tip");
    phone.skip(encounter(1), phone.ids[4]);
    phone.answer(encounter(1), "how", "tip");
    phone.answer(encounter(7), "how", "school");
    let mut altered = phone.events[3..].to_vec();
    altered.last_mut().expect("some").body = None;
    assert_eq!(at(phone.upload(&server, &altered).await), 6);
}

#[tokio::test]
async fn no_stamp_stops_a_record() {
    let server = Server::new();
    let mut phone = three(&server).await;
    phone.upload_all(&server).await;
    for (stamp, held) in
        [(3 + bounds::STAMP_STEP, false), (4 + 2 * bounds::STAMP_STEP, true), ((1 << 53) - 1, true)]
    {
        phone.stamp = stamp - 1;
        let id = phone.answer(encounter(1), "how", "tip");
        let receipt = phone.upload_all(&server).await;
        assert_eq!(receipt.held.iter().any(|held| held.id == id), held, "{stamp}");
        assert!(receipt.held.iter().all(|held| held.why == HoldReason::OverLimit));
    }
    // Held ones drag nobody behind them.
    phone.stamp = 3 + bounds::STAMP_STEP;
    let id = phone.answer(encounter(1), "how", "school");
    let receipt = phone.upload_all(&server).await;
    assert!(!receipt.held.iter().any(|held| held.id == id));
    let desk = server.rows("select max(stamp) from event where install like 'server/%'");
    assert!(desk[0].int(0).expect("a stamp") < 10 + 3 * i64::try_from(bounds::STAMP_STEP).expect("small"));
}

#[tokio::test]
async fn what_one_author_chooses_is_held_beyond_its_bound() {
    let server = Server::new();
    let mut phone = three(&server).await;
    let name =
        |base: usize| (0..base).map(|n| EventId(firsthours_core::record::sha256(&n.to_be_bytes()))).collect();
    phone.base = name(bounds::BASE_IDS);
    let fits = phone.answer(encounter(1), "how", "tip");
    phone.base = name(bounds::BASE_IDS + 1);
    let beyond = phone.answer(encounter(1), "how", "tip");
    phone.base.clear();
    let receipt = phone.upload_all(&server).await;
    assert_eq!(receipt.held.iter().map(|held| held.id).collect::<Vec<_>>(), [beyond]);
    assert!(server.stored(encounter(1)).contains_key(&fits));
    for (letter, held) in
        [("A", false), ("ZZ", false), ("ABC", true), ("a", true), ("", true), (&"A".repeat(50_000), true)]
    {
        let record =
            encounter(20 + u8::try_from(letter.len() % 200).expect("small") + u8::from(letter == "a") * 50);
        let id = phone.open_as(record, letter);
        let receipt = phone.upload_all(&server).await;
        assert_eq!(receipt.held.iter().any(|held| held.id == id), held, "{} letters", letter.len());
        let shown = server.rows(&format!("select letter from encounter where id = '{record}'"));
        assert!(shown[0].text(0).expect("text").len() <= bounds::LETTERS);
    }
}

/// A phone that is out of its mind, or in other hands, fills a day and no more; not a byte of it is refused.
#[tokio::test]
async fn what_is_beyond_the_day_s_quota_is_kept_and_held_and_the_next_day_is_another() {
    let server = Server::with(&[("FIRSTHOURS_QUOTA_EVENTS", "3")]);
    let mut ash = server.deputy("dep.ash").await;
    let mut birch = server.deputy("dep.birch").await;
    ash.open(encounter(1));
    for n in 0..4 {
        ash.answer(encounter(1), "address", &format!("{n} Example Road"));
    }
    birch.open(encounter(2));
    let receipt = ash.upload_all(&server).await;
    assert_eq!(receipt.received_through, 5, "all of it is acknowledged");
    let held: Vec<_> = receipt.held.iter().map(|held| (held.id, held.why)).collect();
    let beyond = |n: usize| (ash.ids[n], HoldReason::OverLimit);
    assert_eq!(held.iter().copied().collect::<BTreeSet<_>>(), BTreeSet::from([beyond(3), beyond(4)]));
    assert!(birch.upload_all(&server).await.held.is_empty(), "a quota is of one install");
    // Sent again they are known, and nothing is counted twice.
    ash.upload_all(&server).await;
    let used = server.rows(&format!("select events from used where install = '{}'", ash.install));
    assert_eq!(used[0].int(0).expect("a number"), 5);
    server.clock.advance(24 * 60 * 60 * 1_000);
    ash.hello(&server).await;
    ash.answer(encounter(1), "address", "5 Example Road");
    assert_eq!(ash.upload_all(&server).await.held.len(), 2, "the next one is within its day");
}

/// What waits for its record counts on the day on which it came, once, and is held for it when its record begins.
#[tokio::test]
async fn what_waits_counts_for_the_day_on_which_it_came() {
    let server = Server::with(&[("FIRSTHOURS_QUOTA_EVENTS", "3")]);
    let mut ash = server.deputy("dep.ash").await;
    let mut birch = server.deputy("dep.birch").await;
    ash.open(encounter(1));
    ash.share(encounter(1), &birch.author.actor.person);
    let answers: Vec<EventId> =
        (0..5).map(|n| birch.answer(encounter(1), "address", &format!("{n} Example Road"))).collect();
    let used = |install| {
        let rows = server.rows(&format!("select events from used where install = '{install}'"));
        rows.first().map_or(0, |row| row.int(0).expect("a number"))
    };
    for _ in 0..2 {
        assert_eq!(birch.upload_all(&server).await.received_through, 5, "all of it is acknowledged");
        assert_eq!((server.count("pending"), used(birch.install)), (5, 5));
    }
    server.clock.advance(24 * 60 * 60 * 1_000);
    ash.hello(&server).await;
    ash.upload_all(&server).await;
    assert_eq!((server.count("pending"), used(birch.install)), (0, 5), "counted once");
    let held = server.rows("select id from held where why = 'over_limit'");
    let held: BTreeSet<String> = held.iter().map(|row| row.string(0).expect("text")).collect();
    let beyond: BTreeSet<String> = answers[3..].iter().map(ToString::to_string).collect();
    assert_eq!(held, beyond);
}

#[tokio::test]
async fn what_comes_long_before_its_author_s_certificate_begins_is_held() {
    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
    for (ahead, held) in [(DAY_MS, false), (DAY_MS + 1, true)] {
        let server = Server::new();
        let ash = three(&server).await;
        let given: InstallCertificate = ash.certificate.as_ref().expect("one").peek().expect("read");
        let later = InstallCertificate { from: server.app.now() + ahead, ..given };
        let Document { text, signature } = server.app.trust.certify(&later);
        let args = [text.into(), signature.to_string().into(), ash.install.to_string().into()];
        let sql = "update certificate set text = $1, signature = $2 where install = $3";
        server.app.store.write(|tx| tx.run(sql, &args)).expect("another certificate");
        let receipt = ash.upload_all(&server).await;
        let whys: BTreeSet<_> = receipt.held.iter().map(|held| format!("{:?}", held.why)).collect();
        assert_eq!(whys.contains("AuthorMayNot"), held, "{ahead}: {whys:?}");
    }
}

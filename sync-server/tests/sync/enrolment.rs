//! One-time codes over the wire.

use axum::http::StatusCode;
use firsthours_core::evidence::{Document, Revoked, Tag};
use firsthours_core::record::HoldReason;
use firsthours_core::wire::{EnrolReply, EnrolState, HelloReply, ProblemKind, Succession};

use crate::phone::{Phone, Server, encounter};

const REFUSED: (u16, ProblemKind) = (403, ProblemKind::NotEnrolled { state: EnrolState::Unknown });

#[tokio::test]
async fn a_code_is_for_one_phone_which_may_ask_again() {
    let server = Server::new();
    let person = server.person("deputy", "dep.ash");
    let code = server.code(&person);
    let phone = Phone::new(&person);
    let first: EnrolReply = phone.enrol(&server, &code).await.read();
    assert_eq!((first.state, first.certificate), (EnrolState::Waiting, None));
    assert_eq!(first.fingerprint, phone.author.key.public().fingerprint());
    assert_eq!(first.trust.root.fingerprint(), server.app.trust.fingerprint());
    assert_eq!(Phone::new(&person).enrol(&server, &code).await.problem(), REFUSED, "a second use");
    server.approve(phone.install);
    let approved: EnrolReply = phone.enrol(&server, &code).await.read();
    let mut keyring = server.keyring();
    let certificate = keyring.admit(&approved.certificate.expect("a certificate")).expect("ours").clone();
    assert_eq!((certificate.install, certificate.actor), (phone.install, phone.author.actor));
}

#[tokio::test]
async fn the_name_that_a_phone_gives_itself_is_short_and_holds_nothing_that_is_not_seen() {
    let server = Server::new();
    let person = server.person("deputy", "dep.ash");
    let mut asked = Phone::new(&person).enrol_request(&server, &server.code(&person));
    asked.device = format!("Unit\u{7} 4\n{}", "x".repeat(80));
    let body = serde_json::to_vec(&asked).expect("json");
    let sent = axum::http::Request::post("/v1/enrol").body(axum::body::Body::from(body)).expect("a request");
    assert_eq!(server.send(sent).await.status, StatusCode::OK);
    let device = server.rows("select device from install")[0].string(0).expect("a name");
    assert_eq!(device, format!("Unit 4{}", "x".repeat(54)));
}

#[tokio::test]
async fn a_code_is_good_for_fifteen_minutes() {
    let server = Server::new();
    let person = server.person("deputy", "dep.ash");
    let code = server.code(&person);
    server.clock.advance(15 * 60_000);
    assert_eq!(Phone::new(&person).enrol(&server, &code).await.problem(), REFUSED);
    let code = server.code(&person);
    server.clock.advance(15 * 60_000 - 1);
    assert_eq!(Phone::new(&person).enrol(&server, &code.to_lowercase()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn five_wrong_tries_end_a_code() {
    let server = Server::new();
    let person = server.person("deputy", "dep.ash");
    for (wrong_tries, status) in [(4, StatusCode::OK), (5, StatusCode::FORBIDDEN)] {
        let code = server.code(&person);
        let last = if code.ends_with('7') { '8' } else { '7' };
        let wrong = format!("{}{last}", &code[..code.len() - 1]);
        for _ in 0..wrong_tries {
            assert_eq!(Phone::new(&person).enrol(&server, &wrong).await.problem(), REFUSED);
        }
        assert_eq!(Phone::new(&person).enrol(&server, &code).await.status, status);
    }
}

#[tokio::test]
async fn a_key_that_is_not_held_is_not_enrolled() {
    let server = Server::new();
    let person = server.person("deputy", "dep.ash");
    let code = server.code(&person);
    let seen = Phone::new(&person);
    let thief = seen.with_key_of(&Phone::new(&person));
    // The thief proves one key and names another.
    let asked = firsthours_core::wire::EnrolRequest {
        code: code.clone(),
        install: thief.install,
        key: seen.author.key.public(),
        device: "x".to_owned(),
        proof: thief.author.key.sign(
            firsthours_core::evidence::Tag::Enrol,
            &firsthours_core::wire::enrol_message(
                &code.replace('-', ""),
                thief.install,
                &seen.author.key.public(),
                &server.app.trust.fingerprint(),
            ),
        ),
        follows: None,
        certificate: None,
    };
    let body = axum::body::Body::from(serde_json::to_vec(&asked).expect("json"));
    let reply = server.send(axum::http::Request::post("/v1/enrol").body(body).expect("request")).await;
    assert_eq!(reply.problem(), REFUSED);
    assert_eq!(server.count("install"), 0);
}

#[tokio::test]
async fn a_phone_that_was_not_approved_gets_no_token() {
    let server = Server::new();
    let person = server.person("deputy", "dep.ash");
    let phone = Phone::new(&person);
    let code = server.code(&person);
    let unknown = phone.say_hello(&server, "", &Phone::hello_request()).await.problem();
    assert_eq!(unknown, REFUSED);
    phone.enrol(&server, &code).await;
    let waiting = phone.say_hello(&server, "", &Phone::hello_request()).await.problem();
    assert_eq!(waiting, (403, ProblemKind::NotEnrolled { state: EnrolState::Waiting }));
}

#[tokio::test]
async fn nobody_who_is_not_enrolled_makes_the_server_unpack_much() {
    let server = Server::new();
    let person = server.person("deputy", "dep.ash");
    let code = server.code(&person);
    let phone = Phone::new(&person);
    let ask = async |blanks: usize, zstd: bool| {
        let asked = firsthours_core::wire::EnrolRequest {
            code: code.clone(),
            install: phone.install,
            key: phone.author.key.public(),
            device: "x".to_owned(),
            proof: phone.author.key.sign(
                firsthours_core::evidence::Tag::Enrol,
                &firsthours_core::wire::enrol_message(
                    &code.replace('-', ""),
                    phone.install,
                    &phone.author.key.public(),
                    &server.app.trust.fingerprint(),
                ),
            ),
            follows: None,
            certificate: None,
        };
        let mut text = serde_json::to_vec(&asked).expect("json");
        text.extend(std::iter::repeat_n(b' ', blanks));
        let mut request = axum::http::Request::post("/v1/enrol");
        if zstd {
            request = request.header("content-encoding", "zstd");
            text = firsthours_core::wire::compress(text).bytes().to_vec();
        }
        server.send(request.body(axum::body::Body::from(text)).expect("a request")).await.status
    };
    for zstd in [false, true] {
        assert_eq!(ask(20_000, zstd).await, StatusCode::PAYLOAD_TOO_LARGE, "{zstd}");
        assert_eq!(ask(10_000, zstd).await, StatusCode::OK, "{zstd}");
    }
}

#[tokio::test]
async fn a_hello_is_said_once_and_a_lost_reply_costs_one_more_round() {
    let server = Server::new();
    let mut phone = server.deputy("dep.ash").await;
    let (nonce, said) = (phone.nonce.clone(), Phone::hello_request());
    let first: HelloReply = phone.say_hello(&server, &nonce, &said).await.read();
    // The same hello again, as somebody recorded it, or as the phone says it that never heard the answer.
    let again = phone.say_hello(&server, &nonce, &said).await;
    let (401, ProblemKind::FreshNonce { next_nonce }) = again.problem() else { panic!("{again:?}") };
    let fresh: HelloReply = phone.say_hello(&server, &next_nonce, &said).await.read();
    // What was given before the last one that was used is not taken either.
    let (status, _) = phone.say_hello(&server, &first.next_nonce, &said).await.problem();
    assert_eq!(status, 401);
    phone.nonce = fresh.next_nonce;
    let server = server.restarted(|_| ());
    assert_eq!(phone.say_hello(&server, &nonce, &said).await.problem().0, 401, "nor after a restart");
    server.clock.advance(3_600_000);
    assert_eq!(phone.say_hello(&server, &nonce, &said).await.problem().0, 401, "nor an hour later");
    phone.hello(&server).await;
}

#[tokio::test]
async fn an_install_that_another_follows_reads_nothing_from_that_moment_on() {
    let server = Server::new();
    let mut old = server.deputy("dep.ash").await;
    old.open(encounter(1));
    old.upload_all(&server).await;
    let path = Phone::page_path(&server, encounter(1), 0);
    assert_eq!(old.get(&server, &path).await.status, StatusCode::OK);
    let new = Phone::new(&old.author.actor.person);
    let succession = |tag| {
        let said = Succession {
            follows: old.install,
            head: None,
            install: new.install,
            key: new.author.key.public(),
        };
        Document::sign(&said, tag, &old.author.key)
    };
    // A signature under another tag, as any other message of that phone carries it, vouches for nothing.
    for tag in Tag::ALL.into_iter().filter(|tag| *tag != Tag::Succession) {
        assert_eq!(new.follow(&server, succession(tag)).await.problem(), REFUSED, "{tag:?}");
    }
    let waiting: EnrolReply = new.follow(&server, succession(Tag::Succession)).await.read();
    assert_eq!(waiting.state, EnrolState::Waiting);
    assert_eq!(
        old.get(&server, &path).await.problem(),
        (403, ProblemKind::SendOnly),
        "with the token of before"
    );
    old.answer(encounter(1), "how", "tip");
    assert_eq!(old.upload_all(&server).await.received_through, 2, "it may send");
    server.approve(new.install);
    assert_eq!(old.get(&server, &path).await.problem(), (403, ProblemKind::SendOnly));
}

#[tokio::test]
async fn a_phone_of_a_person_who_has_left_reads_nothing_and_what_it_writes_is_held() {
    let server = Server::new();
    let mut phone = server.deputy("dep.ash").await;
    phone.open(encounter(1));
    phone.upload_all(&server).await;
    let path = Phone::page_path(&server, encounter(1), 0);
    server.leave(&phone.author.actor.person);
    assert_eq!(phone.get(&server, &path).await.problem(), (403, ProblemKind::SendOnly));
    let late = phone.answer(encounter(1), "how", "tip");
    let receipt = phone.upload_all(&server).await;
    let held: Vec<_> = receipt.held.iter().map(|held| (held.id, held.why)).collect();
    assert_eq!(held, [(late, HoldReason::Revoked)]);

    // Others are told from where on it is not trusted.
    let rows = server.rows("select text, signature from revocation");
    let document = Document {
        text: rows[0].string(0).expect("text"),
        signature: rows[0].text(1).expect("text").parse().expect("a signature"),
    };
    let mut keyring = server.keyring();
    let statement = keyring.revoke(&document).expect("ours").clone();
    assert_eq!((statement.install, statement.last_seq), (phone.install, 1));
    assert_eq!((statement.last_id, statement.why), (phone.ids.first().copied(), Revoked::Person));
}

#[tokio::test]
async fn a_page_carries_the_statement_that_its_author_is_revoked() {
    let server = Server::new();
    let mut phone = server.deputy("dep.ash").await;
    let other = server.deputy("dep.birch").await;
    phone.open(encounter(1));
    phone.share(encounter(1), &other.author.actor.person);
    phone.upload_all(&server).await;
    assert_eq!(other.page(&server, encounter(1), 0).await.revocations, []);
    server.revoke(phone.install);
    let page = other.page(&server, encounter(1), 0).await;
    assert_eq!(page.revocations.len(), 1);
    let mut keyring = server.keyring();
    assert_eq!(keyring.revoke(&page.revocations[0]).expect("ours").last_seq, 2);
}

#[tokio::test]
async fn a_station_that_lost_a_revocation_takes_its_own_word_back_from_an_offer() {
    let server = Server::new();
    let mut phone = server.deputy("dep.ash").await;
    let other = server.deputy("dep.birch").await;
    phone.open(encounter(1));
    phone.share(encounter(1), &other.author.actor.person);
    phone.upload_all(&server).await;
    server.revoke(phone.install);
    let statement = other.page(&server, encounter(1), 0).await.revocations.remove(0);
    let lose = |tx: &mut dyn firsthours_server::store::Tx| {
        tx.run("delete from revocation", &[])?;
        tx.run("update install set state = 'approved' where state = 'revoked'", &[])
    };
    server.app.store.write(lose).expect("put back");
    let forged = Document {
        signature: phone.author.key.sign(Tag::Revocation, statement.text.as_bytes()),
        ..statement.clone()
    };
    let late = phone.answer(encounter(1), "how", "tip");
    for (offered, held) in [(forged, false), (statement, true)] {
        other.offer_with(&server, encounter(1), vec![offered], &phone.events[2..]).await;
        let receipt = phone.upload(&server, &phone.events[..1]).await.receipt(&server);
        let found = receipt.held.iter().any(|held| held.id == late);
        assert!(!found, "what was taken before stays taken");
        assert_eq!(server.count("revocation") == 1, held);
    }
    let later = phone.answer(encounter(1), "how", "school");
    let receipt = phone.upload_all(&server).await;
    let why: Vec<_> = receipt.held.iter().map(|held| (held.id, held.why)).collect();
    assert_eq!(why, [(later, HoldReason::Revoked)]);
}

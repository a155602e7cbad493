//! One-time codes over the wire.

use axum::http::StatusCode;
use firsthours_core::wire::{EnrolReply, EnrolState, ProblemKind};

use crate::phone::{Phone, Server};

const REFUSED: (u16, ProblemKind) = (403, ProblemKind::NotEnrolled { state: EnrolState::Unknown });

#[tokio::test]
async fn a_code_is_for_one_phone_which_may_ask_again() {
    let server = Server::new();
    let person = server.person("deputy", "dep.ash");
    let code = server.code(&person);
    let phone = Phone::new(&person);
    let first: EnrolReply = phone.enrol(&server, &code).await.read();
    assert_eq!((first.state, first.certificate), (EnrolState::Waiting, None));
    assert_eq!(first.fingerprint, phone.key.public().fingerprint());
    assert_eq!(first.trust.root.fingerprint(), server.app.trust.fingerprint());
    assert_eq!(Phone::new(&person).enrol(&server, &code).await.problem(), REFUSED, "a second use");
    server.approve(phone.install);
    let approved: EnrolReply = phone.enrol(&server, &code).await.read();
    let mut keyring = server.keyring();
    let certificate = keyring.admit(&approved.certificate.expect("a certificate")).expect("ours").clone();
    assert_eq!((certificate.install, certificate.actor), (phone.install, phone.actor));
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
    let thief = Phone { key: Phone::new(&person).key, ..seen.copy() };
    // The thief proves one key and names another.
    let asked = firsthours_core::wire::EnrolRequest {
        code: code.clone(),
        install: thief.install,
        key: seen.key.public(),
        device: "x".to_owned(),
        proof: thief.key.sign(firsthours_core::evidence::Tag::Hello, code.as_bytes()),
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
            key: phone.key.public(),
            device: "x".to_owned(),
            proof: phone.key.sign(firsthours_core::evidence::Tag::Hello, code.as_bytes()),
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

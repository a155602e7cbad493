//! Pages of events, hello, and what a phone looks up.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use firsthours_core::evidence::Rolling;
use firsthours_core::outside::Clock;
use firsthours_core::protocol::Instant;
use firsthours_core::record::{Directory, EventId, Hash, PartnerNumber};
use firsthours_core::wire::{EventsRequest, HelloReply, Page, Problem, ProblemKind, ReadMessage};
use firsthours_server::programme::audit::Who;
use firsthours_server::programme::directory::set_numbers;
use firsthours_server::{programme::trust, router};

use crate::phone::{PROTOCOL, Phone, Server, encounter};

async fn shared(server: &Server) -> (Phone, Phone) {
    let mut ash = server.deputy("dep.ash").await;
    let mut birch = server.deputy("dep.birch").await;
    ash.open(encounter(1));
    ash.share(encounter(1), &birch.author.actor.person);
    for value in ["tip", "school", "other"] {
        ash.answer(encounter(1), "how", value);
    }
    birch.stamp = ash.stamp;
    birch.answer(encounter(1), "place", "motel");
    ash.upload_all(server).await;
    birch.upload_all(server).await;
    (ash, birch)
}

#[tokio::test]
async fn pages_are_dense_verifiable_and_end_in_the_rolling_hash() {
    let server = Server::new();
    let (ash, birch) = shared(&server).await;
    let receipt = birch.upload_all(&server).await;
    let mut keyring = server.keyring();
    let mut ids: Vec<EventId> = Vec::new();
    for after in [0, 2, 4] {
        let page: Page = birch.page(&server, encounter(1), after).await;
        assert_eq!((page.head, page.encounter), (6, encounter(1)));
        for document in &page.certificates {
            keyring.admit(document).expect("a certificate of ours");
        }
        let mut rolling = ids.iter().fold(Rolling::start(encounter(1)), |rolling, id| rolling.then(*id));
        for (positioned, pos) in page.events.iter().zip(after + 1..) {
            assert_eq!(positioned.pos, pos);
            rolling = rolling.then(positioned.id);
            match &positioned.event {
                Some(event) => assert_eq!(keyring.open_event(event).expect("authentic").id, positioned.id),
                None => assert_eq!(positioned.id, birch.ids[0], "only its own come as an id"),
            }
        }
        assert_eq!(page.rolling, rolling.0, "pages end at the head here");
        ids.extend(page.events.iter().take(2).map(|positioned| positioned.id));
    }
    let whole =
        ash.ids.iter().chain(&birch.ids).fold(Rolling::start(encounter(1)), |rolling, id| rolling.then(*id));
    assert_eq!(receipt.encounters[0].rolling, whole.0);
    let end: Page = birch.page(&server, encounter(1), 6).await;
    assert!(end.events.is_empty());
    assert_eq!(end.rolling, whole.0);
}

#[tokio::test]
async fn every_page_is_in_the_log_before_it_is_served() {
    let server = Server::new();
    let (_, birch) = shared(&server).await;
    birch.page(&server, encounter(1), 0).await;
    birch.page(&server, encounter(1), 3).await;
    let looks = server.rows("select who, encounter from audit where what = 'record_served'");
    assert_eq!(looks.len(), 2);
    assert_eq!(looks[0].text(0).expect("who"), format!("install/{}", birch.install));
    assert_eq!(looks[0].text(1).expect("which"), encounter(1).to_string());
}

#[tokio::test]
async fn to_a_stranger_a_record_does_not_exist() {
    let server = Server::new();
    shared(&server).await;
    let stranger = server.deputy("dep.cedar").await;
    let theirs = stranger.get(&server, &Phone::page_path(&server, encounter(1), 0)).await;
    let nobodys = stranger.get(&server, &Phone::page_path(&server, encounter(7), 0)).await;
    assert_eq!(theirs.problem(), (404, ProblemKind::NotFound));
    assert_eq!((theirs.status, &theirs.body), (nobodys.status, &nobodys.body), "the same answer");
    let of =
        |n| format!("select seq from audit where what = 'access_refused' and encounter = '{}'", encounter(n));
    assert_eq!((server.rows(&of(1)).len(), server.rows(&of(7)).len()), (1, 1));
}

#[tokio::test]
async fn in_another_epoch_a_cursor_is_void() {
    let server = Server::new();
    let (ash, _) = shared(&server).await;
    let path = format!("/v1/sync/encounters/{}/{}/events?after=3", encounter(1), "ab".repeat(16));
    let reply = ash.get(&server, &path).await;
    assert_eq!(reply.problem(), (404, ProblemKind::NotFound));
    assert!(String::from_utf8_lossy(&reply.body).contains("epoch is over"));
}

#[tokio::test]
async fn hello_says_everything_and_keeps_what_the_phone_reports() {
    let server = Server::new();
    let (_, mut birch) = shared(&server).await;
    let hello = birch.hello(&server).await;
    assert_eq!((hello.epoch, hello.time), (server.app.epoch().expect("an epoch"), server.clock.now()));
    assert_eq!((hello.grants.len(), hello.grants[0].pos), (1, 6));
    assert_eq!(hello.protocols.len(), 1);
    assert_eq!(hello.protocols[0].sha256, Hash::of(PROTOCOL.as_bytes()));
    assert!(!hello.send_only);
    let rows = server.rows(&format!(
        "select unsent, drafts, clock_off_ms, app_version from install where install = '{}'",
        birch.install
    ));
    assert_eq!((rows[0].int(0), rows[0].int(1), rows[0].int(2)), (Ok(3), Ok(1), Ok(2_000)));
    assert_eq!(rows[0].text(3), Ok("0.1.0"));
    let text = birch.get(&server, &format!("/v1/protocols/{}", hello.protocols[0].sha256)).await;
    assert_eq!(text.body, PROTOCOL.as_bytes());
}

#[tokio::test]
async fn a_nonce_is_for_one_install_and_one_day() {
    let server = Server::new();
    let mut ash = server.deputy("dep.ash").await;
    let birch = server.deputy("dep.birch").await;
    let said = Phone::hello_request();
    for nonce in ["", "n1.made.up", birch.nonce.as_str()] {
        let (status, kind) = ash.say_hello(&server, nonce, &said).await.problem();
        assert_eq!(status, 401, "{nonce}");
        assert!(matches!(kind, ProblemKind::FreshNonce { .. }));
    }
    server.clock.advance(24 * 3_600_000 - 1);
    let last_moment = ash.nonce.clone();
    let hello: HelloReply = ash.say_hello(&server, &last_moment, &said).await.read();
    server.clock.advance(24 * 3_600_000 + 1);
    assert_eq!(ash.say_hello(&server, &hello.next_nonce, &said).await.status, StatusCode::UNAUTHORIZED);
    let forged = ash.with_key_of(&birch);
    let fresh = ash.hello(&server).await.next_nonce;
    assert_eq!(forged.say_hello(&server, &fresh, &said).await.problem().0, 422);
}

#[tokio::test]
async fn a_token_runs_out_after_ten_minutes() {
    let server = Server::new();
    let (mut ash, _) = shared(&server).await;
    server.clock.advance(10 * 60_000 - 1);
    assert_eq!(ash.upload(&server, &ash.events).await.status, StatusCode::OK);
    server.clock.advance(1);
    assert_eq!(ash.upload(&server, &ash.events).await.problem(), (401, ProblemKind::TokenExpired));
    ash.hello(&server).await;
    assert_eq!(ash.upload(&server, &ash.events).await.status, StatusCode::OK);
    ash.token.push('0');
    assert_eq!(ash.upload(&server, &ash.events).await.problem(), (401, ProblemKind::TokenExpired));
}

#[tokio::test]
async fn an_app_that_is_too_old_may_only_send() {
    let server = Server::new();
    let (mut ash, _) = shared(&server).await;
    let mut said = Phone::hello_request();
    said.app_version = "0.0.9".to_owned();
    let hello: HelloReply = ash.say_hello(&server, &ash.nonce, &said).await.read();
    assert!(hello.send_only);
    (ash.token, ash.nonce) = (hello.token, hello.next_nonce);
    assert_eq!(ash.upload(&server, &ash.events).await.status, StatusCode::OK);
    let page = ash.get(&server, &Phone::page_path(&server, encounter(1), 0)).await;
    assert_eq!(page.problem(), (403, ProblemKind::SendOnly));
    said.versions = (0, 0);
    assert_eq!(ash.say_hello(&server, &ash.nonce, &said).await.problem().0, 426);
}

#[tokio::test]
async fn the_directory_changes_its_tag_when_it_changes() {
    let server = Server::new();
    let mut ash = server.deputy("dep.ash").await;
    let before = ash.hello(&server).await.directory;
    assert_eq!(ash.hello(&server).await.directory, before);
    let numbers = [PartnerNumber {
        partner: "advocate".to_owned(),
        station: None,
        channel: firsthours_core::protocol::Channel::Telephone,
        number: "555-0142".to_owned(),
        hours: Some((480, 1_020)),
    }];
    server
        .app
        .store
        .write(|tx| set_numbers(tx, &numbers, Who::Console, Instant::from_ms(5)))
        .expect("numbers");
    assert_ne!(ash.hello(&server).await.directory, before);
    let directory: Directory = ash.get(&server, "/v1/directory").await.read();
    assert_eq!(directory.numbers, numbers);
    assert_eq!((directory.people.len(), directory.stations.len()), (1, 1));
}

#[tokio::test]
async fn a_store_that_was_put_back_is_noticed_by_the_list_outside_it() {
    let server = Server::new();
    let (store, keys, folder) = (&server.app.store, &server.app.keys, server.folder.path());
    let first = server.app.epoch().expect("an epoch");
    let second = trust::new_epoch(store, &*server.app.random, folder).expect("a new epoch");
    assert_ne!(first, second);
    trust::ServerKeys::open(store, keys, folder).expect("open");
    assert_eq!(server.app.epoch(), Ok(second));
    store
        .write(|tx| tx.run("update meta set value = $1 where key = 'epoch'", &[first.to_string().into()]))
        .expect("put back");
    assert!(matches!(trust::ServerKeys::open(store, keys, folder), Err(trust::TrustError::RolledBack)));
}

#[tokio::test]
async fn whatever_is_refused_below_v1_is_one_kind_of_problem() {
    let server = Server::new();
    let phone = server.deputy("dep.ash").await;
    let routes = [
        "/v1/enrol",
        "/v1/sync/hello",
        "/v1/sync/events",
        "/v1/sync/holes",
        "/v1/sync/offers",
        "/v1/sync/encounters/00/00/events?after=x",
        "/v1/protocols/00",
        "/v1/directory",
        "/v1/nothing",
        "/v1/",
    ];
    let bearers = [None, Some("Bearer made.up".to_owned()), Some(format!("bearer {}", phone.token))];
    let bodies: [(&str, &[u8]); 3] = [("identity", b"{"), ("zstd", b"(\xb5/\xfd is no frame"), ("br", b"{}")];
    for path in routes {
        for method in ["GET", "POST", "PUT", "DELETE"] {
            for bearer in &bearers {
                for (encoding, body) in bodies {
                    let mut request =
                        Request::builder().method(method).uri(path).header("content-encoding", encoding);
                    if let Some(bearer) = bearer {
                        request = request.header("authorization", bearer);
                    }
                    let request = request.body(Body::from(body.to_vec())).expect("a request");
                    let told = format!("{method} {path} {bearer:?} {encoding}");
                    let response = firsthours_server::answer(&router(server.app.clone()), request).await;
                    if response.status() == StatusCode::OK {
                        assert_eq!((method, path), ("GET", "/v1/directory"), "{told}");
                        continue;
                    }
                    let (status, headers) = (response.status(), response.headers().clone());
                    assert_eq!(headers["content-type"], "application/problem+json", "{told}");
                    assert_eq!(
                        headers.contains_key("www-authenticate"),
                        status == StatusCode::UNAUTHORIZED,
                        "{told}"
                    );
                    assert_eq!(
                        headers.contains_key("allow"),
                        status == StatusCode::METHOD_NOT_ALLOWED,
                        "{told}"
                    );
                    let bytes = axum::body::to_bytes(response.into_body(), 1 << 16).await.expect("a body");
                    let problem = Problem::read(&bytes).unwrap_or_else(|error| panic!("{told}: {error}"));
                    assert_eq!(problem.status, status.as_u16(), "{told}");
                    assert!(problem.urn.starts_with("urn:first-hours:problem:"), "{told}: {}", problem.urn);
                    assert_ne!(problem.kind, ProblemKind::Unknown, "{told}: {status}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_does_not_unpack_is_malformed_and_not_too_large() {
    let server = Server::new();
    let mut phone = server.deputy("dep.ash").await;
    phone.open(encounter(1));
    let text = serde_json::to_vec(&EventsRequest { events: phone.events.clone() }).expect("json");
    let mut packed = zstd::stream::encode_all(text.as_slice(), 3).expect("packed");
    let middle = packed.len() / 2;
    packed.truncate(middle);
    let request = Request::post("/v1/sync/events")
        .header("authorization", format!("Bearer {}", phone.token))
        .header("content-encoding", "zstd")
        .body(Body::from(packed))
        .expect("a request");
    assert_eq!(server.send(request).await.problem().0, 400);
}

#[tokio::test]
async fn what_a_phone_has_already_is_not_sent_again() {
    let server = Server::new();
    let mut phone = server.deputy("dep.ash").await;
    let hello = phone.hello(&server).await;
    let protocol = format!("/v1/protocols/{}", hello.protocols[0].sha256);
    for path in ["/v1/directory", protocol.as_str()] {
        let ask = async |name: &'static str, value: &str| {
            let request = Request::get(path)
                .header("authorization", format!("bearer {}", phone.token))
                .header(name, value)
                .body(Body::empty())
                .expect("a request");
            firsthours_server::answer(&router(server.app.clone()), request).await
        };
        let sent = ask("accept-encoding", "zstd").await;
        assert_eq!(sent.status(), StatusCode::OK, "{path}");
        // What fits a packet goes as it is.
        let packed = sent.headers().get("content-encoding").is_some_and(|encoding| encoding == "zstd");
        assert_eq!(packed, path.starts_with("/v1/protocols"), "{path}");
        let tag = sent.headers()["etag"].to_str().expect("a tag").to_owned();
        for same in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let answer = ask("if-none-match", &same).await;
            assert_eq!(answer.status(), StatusCode::NOT_MODIFIED, "{same}");
            assert_eq!(answer.headers()["etag"], tag.as_str());
        }
        assert_eq!(ask("if-none-match", "\"x\"").await.status(), StatusCode::OK);
    }
}

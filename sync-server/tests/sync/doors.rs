//! Need to know at the phones' door: every way in which an install can stand, at every route, says what the table says.

use axum::http::Method;
use firsthours_core::evidence::{Document, Hole, Tag};
use firsthours_core::record::{EventId, Hash};
use firsthours_core::wire::Succession;
use firsthours_server::routes;

use crate::phone::{PROTOCOL, Phone, Reply, Server, encounter};

/// How an install stands to the server and to the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// Its person opened the record.
    Party,
    /// Its person had a part, which is over.
    FormerParty,
    Stranger,
    /// An administrator revoked it.
    Revoked,
    /// Its person has left.
    Left,
    /// Another install goes on from it.
    Followed,
    /// Its app is older than the least that may read.
    Outdated,
    /// Its token has run out.
    Expired,
    /// It bears the token of another server.
    Elsewhere,
    /// It bears none.
    Nobody,
}

use Stands::{Elsewhere, Expired, Followed, FormerParty, Left, Nobody, Outdated, Party, Revoked, Stranger};

const ALL: [Stands; 10] =
    [Party, FormerParty, Stranger, Revoked, Left, Followed, Outdated, Expired, Elsewhere, Nobody];

/// What a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    /// Anybody's: it asks for no token.
    Open,
    Send,
    /// A record.
    Record,
    /// What all phones of the programme may know.
    Common,
}

const DOORS: [(&str, Door); 9] = [
    ("/v1/enrol", Door::Open),
    ("/v1/sync/hello", Door::Open),
    ("/v1/sync/events", Door::Send),
    ("/v1/sync/holes", Door::Send),
    ("/v1/sync/offers", Door::Send),
    ("/v1/sync/encounters/{id}/{epoch}/events", Door::Record),
    ("/v1/protocols/{sha256}", Door::Common),
    ("/v1/directory", Door::Common),
    ("/v1/policy", Door::Common),
];

fn allowed(stands: Stands, door: Door) -> u16 {
    match (stands, door) {
        (Expired | Elsewhere | Nobody, _) => 401,
        (_, Door::Send) => 200,
        (Revoked | Left | Followed | Outdated, _) => 403,
        (FormerParty | Stranger, Door::Record) => 404,
        (_, _) => 200,
    }
}

/// A server with the record, and an install that stands so.
async fn house(stands: Stands) -> (Server, Phone) {
    let server = match stands {
        Outdated => Server::with(&[("FIRSTHOURS_MIN_APP_VERSION", "9.0.0")]),
        _ => Server::new(),
    };
    let mut ash = server.deputy("dep.ash").await;
    ash.open(encounter(1));
    let birch = server.deputy("dep.birch").await;
    if stands == FormerParty {
        ash.share(encounter(1), &birch.author.actor.person);
    }
    ash.upload_all(&server).await;
    match stands {
        Party | Outdated => return (server, ash),
        FormerParty => {
            let args = [birch.author.actor.person.0.as_str().into()];
            let sql = "update party set until_ms = 5 where person = $1";
            let ended = server.app.store.write(|tx| tx.run(sql, &args)).expect("ended");
            assert_eq!(ended, 1, "it had a part");
            return (server, birch);
        }
        Stranger => return (server, birch),
        Revoked => server.revoke(ash.install),
        Left => server.leave(&ash.author.actor.person),
        Followed => {
            let new = Phone::new(&ash.author.actor.person);
            let (follows, install, key) = (ash.install, new.install, new.author.key.public());
            let said = Succession { follows, head: None, install, key };
            new.follow(&server, Document::sign(&said, Tag::Succession, &ash.author.key)).await;
        }
        Expired => server.clock.advance(10 * 60 * 1_000),
        Elsewhere => {
            let other = Server::new();
            ash.token = other.deputy("dep.ash").await.token;
        }
        Nobody => "none".clone_into(&mut ash.token),
    }
    (server, ash)
}

async fn knock(server: &Server, phone: &Phone, path: &str) -> Reply {
    match path {
        "/v1/sync/events" => phone.upload(server, &phone.events).await,
        "/v1/sync/holes" => {
            let from = u64::try_from(phone.events.len()).expect("few") + 1;
            let to = from + 1;
            let hole = Hole { install: phone.install, from, to, id_of_to: EventId([4; 32]), raw: None };
            phone.declare(server, &hole).await
        }
        "/v1/sync/offers" => phone.offer_as_it_is(server, encounter(1), &phone.events).await,
        "/v1/sync/encounters/{id}/{epoch}/events" => {
            phone.get(server, &Phone::page_path(server, encounter(1), 0)).await
        }
        "/v1/protocols/{sha256}" => {
            phone.get(server, &format!("/v1/protocols/{}", Hash::of(PROTOCOL.as_bytes()))).await
        }
        other => phone.get(server, other).await,
    }
}

#[tokio::test]
async fn each_install_gets_at_each_route_what_the_table_says() {
    let there: Vec<&str> = routes()
        .into_iter()
        .filter(|(_, path): &(Method, &str)| path.starts_with("/v1/"))
        .map(|(_, path)| path)
        .collect();
    assert_eq!(DOORS.map(|(path, _)| path).to_vec(), there, "a route that the table does not have");
    for stands in ALL {
        for (path, door) in DOORS.into_iter().filter(|(_, door)| *door != Door::Open) {
            // Each in a house of its own: a hole that was declared is no business of the next.
            let (server, phone) = house(stands).await;
            let reply = knock(&server, &phone, path).await;
            let told = String::from_utf8_lossy(&reply.body).into_owned();
            assert_eq!(reply.status.as_u16(), allowed(stands, door), "{stands:?} at {path}: {told}");
            if reply.status.as_u16() != 200 {
                assert!(told.contains("urn:first-hours:problem:"), "{stands:?} at {path}: {told}");
            }
        }
    }
}

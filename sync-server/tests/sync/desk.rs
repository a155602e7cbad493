//! Acts at a desk, as a phone then reads them.

use firsthours_core::record::{Act, Actor, Kind, Refusal, Role};
use firsthours_core::wire::Page;
use firsthours_server::programme::audit::Source;
use firsthours_server::records::desk::{self, DeskError};

use crate::phone::{Phone, Server, encounter};

async fn opened(server: &Server) -> (Phone, Actor) {
    let mut ash = server.deputy("dep.ash").await;
    ash.open(encounter(1));
    ash.answer(encounter(1), "how", "tip");
    ash.upload_all(server).await;
    let person = server.person("supervisor", "sgt.vale");
    (ash, Actor { person, role: Role::Supervisor, agency: "north".into() })
}

fn comment(text: &str) -> Act {
    Act::Comment { step: Some("contact".to_owned()), text: text.to_owned() }
}

#[tokio::test]
async fn a_comment_is_signed_by_the_server_positioned_and_in_the_log() {
    let server = Server::new();
    let (ash, supervisor) = opened(&server).await;
    let first =
        desk::act(&server.app.records, &supervisor, encounter(1), 2, &comment("where?"), &Source::HERE)
            .expect("act");
    let second =
        desk::act(&server.app.records, &supervisor, encounter(1), 3, &comment("when?"), &Source::HERE)
            .expect("act");
    assert_eq!((first.pos, second.pos), (3, 4));
    assert_eq!(second.event.header.enc_prev, Some(first.event.id));
    assert_eq!((second.event.header.seq, second.event.header.enc_seq), (None, Some(2)));
    assert_eq!(second.event.header.stamp, first.event.header.stamp + 1);
    let page: Page = ash.page(&server, encounter(1), 2).await;
    let event = page.events[0].event.as_ref().expect("a whole event");
    let read = server.keyring().open_event(event).expect("signed by the server");
    assert!(matches!(read.kind(), Some(Kind::Commented { text, .. }) if text == "where?"));
    let told = server.rows("select replica, seq, text from audit where what = 'commented' order by seq");
    for (acted, entry) in [(&first, &told[0]), (&second, &told[1])] {
        let named = acted.event.body.as_ref().and_then(|body| body.audit.clone()).expect("names its entry");
        assert_eq!(
            (Ok(named.replica.as_str()), i64::try_from(named.seq)),
            (entry.text(0), Ok(entry.int(1).expect("a number")))
        );
        assert!(entry.text(2).expect("text").contains(&acted.event.id.to_string()), "which names it");
    }
    assert_eq!(told.len(), 2);
    let threads = server.rows("select threads_open from encounter");
    assert_eq!(threads[0].int(0), Ok(2));
}

#[tokio::test]
async fn an_act_supersedes_only_what_its_page_showed() {
    let server = Server::new();
    let (mut ash, supervisor) = opened(&server).await;
    let commented =
        desk::act(&server.app.records, &supervisor, encounter(1), 2, &comment("where?"), &Source::HERE)
            .expect("act");
    ash.stamp = commented.event.header.stamp;
    let reply =
        ash.write(encounter(1), Kind::Replied { thread: commented.event.id, text: "there".to_owned() });
    ash.upload_all(&server).await;
    let resolve = Act::Resolve { thread: commented.event.id };
    let blind =
        desk::act(&server.app.records, &supervisor, encounter(1), 3, &resolve, &Source::HERE).expect("act");
    assert!(
        !blind.event.body.as_ref().expect("a body").base.contains(&reply),
        "the reply was not on the page"
    );
    let seen =
        desk::act(&server.app.records, &supervisor, encounter(1), 5, &resolve, &Source::HERE).expect("act");
    let base = &seen.event.body.as_ref().expect("a body").base;
    assert!(base.contains(&reply) && base.contains(&blind.event.id));
}

#[tokio::test]
async fn a_refused_act_leaves_no_trace() {
    let server = Server::new();
    let (_, supervisor) = opened(&server).await;
    let entries = server.count("audit");
    let refused = desk::act(&server.app.records, &supervisor, encounter(1), 2, &comment("  "), &Source::HERE);
    assert!(matches!(refused, Err(DeskError::Refused(Refusal::EmptyText))), "{refused:?}");
    let deputy = Actor { role: Role::Deputy, ..supervisor.clone() };
    let refused = desk::act(&server.app.records, &deputy, encounter(1), 2, &comment("where?"), &Source::HERE);
    assert!(matches!(refused, Err(DeskError::Refused(Refusal::MayNot { .. }))), "{refused:?}");
    let nowhere =
        desk::act(&server.app.records, &supervisor, encounter(9), 2, &comment("where?"), &Source::HERE);
    assert!(matches!(nowhere, Err(DeskError::NoRecord)), "{nowhere:?}");
    assert_eq!((server.count("event"), server.count("audit")), (2, entries));
}

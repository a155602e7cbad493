//! Phones that ask without a code: what vouches for one, and for nobody else.

use firsthours_core::evidence::{Document, Tag};
use firsthours_core::record::InstallId;
use firsthours_core::wire::{EnrolReply, EnrolState, ProblemKind, Succession};

use crate::phone::{Phone, Server};

const REFUSED: (u16, ProblemKind) = (403, ProblemKind::NotEnrolled { state: EnrolState::Unknown });

/// The word of an install that another goes on from it.
fn word(old: &Phone, install: InstallId, key: &Phone) -> Document {
    let key = key.author.key.public();
    let said = Succession { follows: old.install, head: None, install, key };
    Document::sign(&said, Tag::Succession, &old.author.key)
}

async fn state(phone: &Phone, server: &Server, follows: Document) -> EnrolState {
    let reply: EnrolReply = phone.follow(server, follows).await.read();
    reply.state
}

/// The store was put back to before the phone was enrolled.
fn forgotten(server: &Server, phone: &Phone) {
    for table in ["certificate", "install"] {
        let sql = format!("delete from {table} where install = '{}'", phone.install);
        server
            .app
            .store
            .write(|tx| {
                tx.run("delete from enrolment", &[])?;
                tx.run(&sql, &[])
            })
            .expect("put back");
    }
}

#[tokio::test]
async fn a_word_of_succession_is_for_the_install_and_the_key_it_names() {
    let server = Server::new();
    let (old, other) = (server.deputy("dep.ash").await, server.deputy("dep.birch").await);
    let new = Phone::new(&old.author.actor.person);
    for wrong in [
        word(&old, other.install, &new),
        word(&old, new.install, &other),
        word(&old, other.install, &other),
        // Another phone's word for it, in the name of this one.
        word(&Phone { author: other.author.clone(), ..old.copy() }, new.install, &new),
    ] {
        assert_eq!(new.follow(&server, wrong).await.problem(), REFUSED);
    }
    let right = word(&old, new.install, &new);
    assert_eq!(state(&new, &server, right.clone()).await, EnrolState::Waiting);
    let asked =
        server.rows("select text from audit where what = 'enrolment_asked' order by seq desc limit 1");
    let follows = format!("\"follows\":\"{}\"", old.install);
    assert!(asked[0].text(0).expect("text").contains(&follows), "whom it follows is in the log");
    // It asks how it stands as often as it likes; under another key it is somebody else.
    assert_eq!(state(&new, &server, right.clone()).await, EnrolState::Waiting);
    server.approve(new.install);
    assert_eq!(state(&new, &server, right).await, EnrolState::Approved);
    let thief = new.with_key_of(&other);
    assert_eq!(thief.follow(&server, word(&old, new.install, &thief)).await.problem(), REFUSED);
}

#[tokio::test]
async fn nobody_goes_on_from_a_phone_that_was_shut_out() {
    let server = Server::new();
    let old = server.deputy("dep.ash").await;
    server.revoke(old.install);
    let new = Phone::new(&old.author.actor.person);
    assert_eq!(new.follow(&server, word(&old, new.install, &new)).await.problem(), REFUSED);
}

#[tokio::test]
async fn a_station_that_forgot_a_phone_knows_it_by_the_certificate_it_was_given_and_by_no_other() {
    let server = Server::new();
    let (ash, birch) = (server.deputy("dep.ash").await, server.deputy("dep.birch").await);
    let foreign = Server::new().deputy("dep.ash").await;
    forgotten(&server, &ash);
    let again =
        async |phone: &Phone, of: &Phone| phone.ask_again(&server, None, of.certificate.clone()).await;
    for (phone, of) in [
        // Without the key that the certificate names, of another install, of another programme.
        (&ash.with_key_of(&birch), &ash),
        (&Phone::new(&ash.author.actor.person).with_key_of(&ash), &ash),
        (&ash, &birch),
        (&foreign, &foreign),
    ] {
        assert_eq!(again(phone, of).await.problem(), REFUSED, "{} {}", phone.install, of.install);
    }
    let waiting: EnrolReply = again(&ash, &ash).await.read();
    assert_eq!(waiting.state, EnrolState::Waiting);
    let asked =
        server.rows("select text from audit where what = 'enrolment_asked' order by seq desc limit 1");
    assert!(!asked[0].text(0).expect("text").contains("follows"), "it goes on from nobody");
    server.approve(ash.install);
    let approved: EnrolReply = again(&ash, &ash).await.read();
    assert_eq!(approved.state, EnrolState::Approved);
    // And whoever goes on from a forgotten phone brings that one's certificate along.
    forgotten(&server, &birch);
    let new = Phone::new(&birch.author.actor.person);
    let follows = word(&birch, new.install, &new);
    assert_eq!(new.follow(&server, follows.clone()).await.problem(), REFUSED);
    let wrong = new.ask_again(&server, Some(follows.clone()), ash.certificate.clone()).await;
    assert_eq!(wrong.problem(), REFUSED);
    let waiting: EnrolReply = new.ask_again(&server, Some(follows), birch.certificate.clone()).await.read();
    assert_eq!(waiting.state, EnrolState::Waiting);
}

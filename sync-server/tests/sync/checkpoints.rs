//! The file of checkpoints beside the store: when a line is written, what a kill leaves of one, and how it is read again.

use firsthours_core::record::Epoch;
use firsthours_server::programme::audit::{self, Who};

use crate::phone::Server;

/// Writes an entry, so that there is something new to say of the log.
fn one_more_entry(server: &Server) {
    let entry = audit::Entry::new(server.app.now(), Who::Console, audit::What::LogRead);
    audit::record(&server.app.store, &entry).expect("written");
}

#[tokio::test]
async fn a_checkpoint_is_made_whenever_the_log_or_the_life_of_the_store_is_another() {
    let server = Server::new();
    let checkpoints = server.app.checkpoints();
    let make = || checkpoints.make(server.app.now()).expect("made").expect("one").text;
    let first = make();
    one_more_entry(&server);
    let second = make();
    let epoch = Epoch([9; 16]).to_string();
    server
        .app
        .store
        .write(|tx| tx.run("update meta set value = $1 where key = 'epoch'", &[(&epoch).into()]))
        .expect("another life");
    let third = make();
    assert_eq!(third, make(), "nothing new to say");
    assert!(first != second && second != third);
    assert_eq!(checkpoints.compare().expect("compared").1.checkpoints.len(), 3);
}

#[tokio::test]
async fn what_a_kill_left_of_a_line_is_taken_off_before_the_next_one() {
    let server = Server::new();
    let checkpoints = server.app.checkpoints();
    let make = || checkpoints.make(server.app.now()).expect("made").expect("one");
    for left in ["", "{", "{\"text\":\"half a line"] {
        make();
        let whole = std::fs::read_to_string(&checkpoints.file).expect("a file");
        std::fs::write(&checkpoints.file, format!("{whole}{left}")).expect("cut off");
        one_more_entry(&server);
        let last = serde_json::to_string(&make()).expect("json");
        let now = std::fs::read_to_string(&checkpoints.file).expect("a file");
        assert_eq!(now, format!("{whole}{last}\n"));
    }
}

#[tokio::test]
async fn a_checkpoint_of_a_thousand_replicas_is_read_again() {
    let server = Server::new();
    let copied = "with recursive n(n) as (select 1 union all select n + 1 from n where n < 1000) \
                  insert into audit (replica, seq, hash, prev, at_ms, what, who, text) \
                  select 'replica-' || n, 1, hash, prev, at_ms, what, who, text from audit, n where seq = 1";
    server.app.store.write(|tx| tx.run(copied, &[])).expect("copied");
    let checkpoints = server.app.checkpoints();
    checkpoints.make(server.app.now()).expect("made").expect("one");
    let (_, file) = checkpoints.compare().expect("compared");
    assert_eq!(file.faults, Vec::<String>::new());
    assert_eq!(file.checkpoints[0].heads.len(), 1_001);
}

#[tokio::test]
async fn no_file_of_checkpoints_is_an_empty_one_and_one_that_cannot_be_opened_is_a_fault() {
    let server = Server::new();
    let mut checkpoints = server.app.checkpoints();
    assert!(!checkpoints.file.exists());
    assert!(checkpoints.compare().expect("compared").1.checkpoints.is_empty());
    // A file stands where its folder should be.
    let other = server.folder.path().join("no-folder");
    std::fs::write(&other, "").expect("a file");
    checkpoints.file = other.join("checkpoints");
    assert!(checkpoints.compare().is_err());
}

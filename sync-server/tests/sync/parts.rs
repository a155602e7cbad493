//! What one author can pile up is taken in several transactions: however the work is cut, the same comes of it.

use std::collections::{BTreeMap, BTreeSet};

use firsthours_core::evidence::SignedEvent;
use firsthours_core::record::{EventId, Kind};
use firsthours_server::records::ingest::Together;

use crate::model::Dice;
use crate::phone::{Phone, Server, encounter};

const PHONES: usize = 3;
const RECORDS: u8 = 4;
const SCRIPTS: u64 = 40;
/// What somebody does in one script.
const TURNS: usize = 40;

/// One piece of work is all that a transaction does.
const LEAST: Together = Together { records: 1, held: 1, work: 1 };

/// An event by who wrote it and its number, the same on every server.
type Name = (usize, usize);

/// What a server has in the end.
#[derive(Debug, PartialEq, Eq)]
struct Kept {
    /// In each record.
    placed: BTreeMap<u8, BTreeSet<Name>>,
    waiting: BTreeSet<Name>,
    held: BTreeMap<Name, String>,
    /// How far each phone's line goes.
    through: Vec<u64>,
}

struct Night {
    server: Server,
    phones: Vec<Phone>,
    opened: BTreeSet<u8>,
}

impl Night {
    async fn begin(server: Server) -> Self {
        let mut phones = Vec::new();
        for name in ["dep.ash", "dep.birch", "dep.cedar"] {
            phones.push(server.deputy(name).await);
        }
        Self { server, phones, opened: BTreeSet::new() }
    }

    /// Somebody does something: most of it sensible.
    async fn turn(&mut self, dice: &mut Dice) {
        let (who, other) = (dice.below(PHONES), dice.below(PHONES));
        let n = u8::try_from(dice.below(usize::from(RECORDS))).expect("small");
        let record = encounter(n + 1);
        let to = self.phones[other].author.actor.person.clone();
        let phone = &mut self.phones[who];
        match dice.below(8) {
            // Now and then somebody else opens it as well.
            0 if usize::from(n) % PHONES == who || dice.one_in(6) => {
                self.opened.insert(n);
                phone.open(record);
            }
            1 => drop(phone.share(record, &to)),
            2 => drop(phone.write(record, Kind::Reopened { step: "nothing".to_owned() })),
            3 => drop(phone.write(record, Kind::Commented { step: None, text: "from a phone".to_owned() })),
            4 | 5 => drop(phone.answer(record, "address", "1 Example Road")),
            6 => drop(phone.upload_all(&self.server).await),
            _ => {
                let events = self.phones[other].events.clone();
                let of_record = |event: &SignedEvent| {
                    event.read().is_ok_and(|event| event.header.encounter == Some(record))
                };
                let events: Vec<SignedEvent> = events.into_iter().filter(of_record).collect();
                self.phones[who].offer(&self.server, record, Vec::new(), &events).await;
            }
        }
    }

    async fn end(self) -> Kept {
        let mut through = Vec::new();
        for phone in &self.phones {
            through.push(phone.upload_all(&self.server).await.received_through);
        }
        let name = |id: &EventId| {
            let found = self
                .phones
                .iter()
                .enumerate()
                .find_map(|(who, phone)| Some((who, phone.ids.iter().position(|known| known == id)?)));
            found.unwrap_or_else(|| panic!("nobody wrote {id}"))
        };
        let ids = |sql: &str| -> BTreeSet<Name> {
            let rows = self.server.rows(sql);
            rows.iter().map(|row| name(&row.text(0).expect("an id").parse().expect("an id"))).collect()
        };
        let placed = (0..RECORDS).map(|n| {
            let record = encounter(n + 1);
            self.server.kinds(record);
            let sql = format!("select id from event where encounter = '{record}' and seq is not null");
            (n, ids(&sql))
        });
        let held = self.server.rows("select id, why from held");
        let held = held.iter().map(|row| {
            let id = row.text(0).expect("an id").parse().expect("an id");
            (name(&id), row.string(1).expect("a reason"))
        });
        Kept {
            placed: placed.collect(),
            waiting: ids("select id from pending"),
            held: held.collect(),
            through,
        }
    }
}

#[tokio::test]
async fn however_the_work_is_cut_the_same_comes_of_it() {
    let (mut held, mut waiting, mut cut) = (0, 0, 0);
    for seed in 0..SCRIPTS {
        let mut ends = Vec::new();
        let mut writes = Vec::new();
        for together in [Together::default(), LEAST] {
            let mut night = Night::begin(Server::together(together)).await;
            let mut dice = Dice(seed);
            for _ in 0..TURNS {
                night.turn(&mut dice).await;
            }
            let store = night.server.app.store.clone();
            ends.push(night.end().await);
            writes.push(store.writes());
        }
        assert_eq!(ends[0], ends[1], "script {seed}");
        held += ends[0].held.len();
        waiting += ends[0].waiting.len();
        cut += usize::from(writes[1] > writes[0]);
    }
    assert!(
        held > 100 && waiting > 10 && cut == usize::try_from(SCRIPTS).expect("few"),
        "{held} {waiting} {cut}"
    );
}

/// Events that wait, the opening that they wait for, and the part that their author is given after all: as many as one
/// transaction takes, and one more.
#[tokio::test]
async fn what_waited_and_what_was_held_is_taken_in_by_the_hundred() {
    for (many, more) in [(98, 0), (100, 1), (300, 3)] {
        let server = Server::new();
        let mut ash = server.deputy("dep.ash").await;
        let mut birch = server.deputy("dep.birch").await;
        for n in 0..many {
            birch.answer(encounter(1), "address", &format!("{n} Example Road"));
        }
        birch.upload_all(&server).await;
        assert_eq!(server.count("pending"), many);
        ash.open(encounter(1));
        let before = server.app.store.writes();
        ash.upload_all(&server).await;
        let took = server.app.store.writes() - before;
        assert_eq!((server.count("pending"), server.count("held")), (0, many));
        assert!(took > more, "{many} events in {took} transactions");
        let before = server.app.store.writes();
        ash.share(encounter(1), &birch.author.actor.person);
        ash.upload_all(&server).await;
        assert_eq!(server.count("held"), 0, "all are released");
        assert!(server.app.store.writes() - before > more);
        let released = server.kinds(encounter(1)).iter().filter(|kind| *kind == "released").count();
        assert_eq!(i64::try_from(released), Ok(many));
    }
}

/// A request of which everything is held, and one that begins many records.
#[tokio::test]
async fn a_request_that_costs_much_is_taken_in_parts_in_its_order() {
    let server = Server::new();
    let mut ash = server.deputy("dep.ash").await;
    ash.open(encounter(1));
    for _ in 0..250 {
        ash.write(encounter(1), Kind::Commented { step: None, text: "from a phone".to_owned() });
    }
    let before = server.app.store.writes();
    let receipt = ash.upload_all(&server).await;
    assert_eq!(receipt.received_through, 251);
    assert_eq!(server.rows("select id from held where why = 'author_may_not'").len(), 250);
    assert!(server.app.store.writes() - before >= 3);
    let order = server.rows("select seq from event where seq is not null order by pos");
    let order: Vec<i64> = order.iter().map(|row| row.int(0).expect("a number")).collect();
    assert_eq!(order, (1..=251).collect::<Vec<i64>>());

    let mut birch = server.deputy("dep.birch").await;
    for n in 2..=100 {
        birch.open(encounter(n));
    }
    let before = server.app.store.writes();
    assert_eq!(birch.upload_all(&server).await.received_through, 99);
    assert!(server.app.store.writes() - before >= 4, "thirty-two records at a time");
    assert_eq!(server.count("encounter"), 100);

    // The same in what one offers of another's.
    let server = Server::new();
    let (mut ash, birch) = (server.deputy("dep.ash").await, server.deputy("dep.birch").await);
    ash.open(encounter(1));
    for _ in 0..150 {
        ash.write(encounter(1), Kind::Commented { step: None, text: "from a phone".to_owned() });
    }
    let before = server.app.store.writes();
    for (taken, known) in [(151, 0), (0, 151)] {
        let offered = birch.offer(&server, encounter(1), Vec::new(), &ash.events).await;
        assert_eq!((offered.taken, offered.known, offered.refused.len()), (taken, known, 0));
    }
    assert!(server.app.store.writes() - before >= 3);
    let told = server.rows("select text from audit where text like '%\"offered\":%'");
    assert!(told.len() >= 2, "each part has its entry");
}

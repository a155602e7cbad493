//! One run: two phones and a copy of one write and send at random; after each answer, station and model are compared.

use std::collections::{BTreeMap, BTreeSet};

use firsthours_core::evidence::{Hole, Receipt};
use firsthours_core::record::{EncounterId, EventId, HoldReason, InstallId, Kind};
use firsthours_core::wire::ProblemKind;
use firsthours_server::records::load;

use super::dice::Dice;
use super::station::{Answer, Item, Station};
use crate::phone::{Phone, Reply, Server};

/// Every shape that must occur, by the name under which it is counted.
pub(super) const SHAPES: [&str; 20] = [
    "upload taken",
    "upload again",
    "upload beyond the line",
    "upload altered",
    "upload altered, a repeat",
    "upload misplaced",
    "upload of several records",
    "upload of a copy",
    "original into a hole",
    "opening after the first",
    "hole",
    "hole that grew",
    "hole over what is here",
    "hole partly filled",
    "offer taken",
    "offer known",
    "offer refused",
    "offer of a copy's",
    "restart",
    "restore",
];

pub(super) struct World {
    server: Server,
    station: Station,
    /// The one who writes, and another, whose records it may know.
    pair: Vec<Phone>,
    copy: Option<Phone>,
}

type Seen = BTreeMap<&'static str, u64>;

impl World {
    pub(super) fn new() -> Self {
        Self { server: Server::in_memory(), station: Station::default(), pair: Vec::new(), copy: None }
    }

    pub(super) async fn new_pair(&mut self, run: u64) {
        self.copy = None;
        self.pair.clear();
        for name in ["ash", "birch"] {
            self.pair.push(self.server.deputy(&format!("dep.{name}.{run}")).await);
        }
    }

    pub(super) async fn run(mut self, run: u64, mut dice: Dice, seen: &mut Seen) -> Self {
        let records: Vec<EncounterId> = (0..3).map(|n| record(run, n)).collect();
        let back_up = dice.one_in(60).then(|| (copy_of(self.server.folder.path()), self.station.clone()));
        if self.copy.is_none() && dice.one_in(8) {
            self.copy = Some(self.pair[0].copy());
        }
        for _ in 0..3 + dice.below(5) {
            self.write(&records, &mut dice, seen);
            match dice.below(10) {
                0..=4 => self.upload(&mut dice, seen).await,
                5 => self.declare(&mut dice, seen).await,
                _ => self.offer(&records, &mut dice, seen).await,
            }
            self.compare(&records);
        }
        if let Some((files, station)) = back_up {
            count(seen, "restore");
            self.server = self.server.restarted(|folder| put_back(&files, folder));
            self.station = station;
            self.greet().await;
        } else if dice.one_in(80) {
            count(seen, "restart");
            self.server = self.server.restarted(|_| ());
        }
        self.compare(&records);
        self
    }

    /// Says hello again: a token is good for one life of a store.
    async fn greet(&mut self) {
        for phone in &mut self.pair {
            phone.hello(&self.server).await;
        }
        if let Some(copy) = &mut self.copy {
            copy.token.clone_from(&self.pair[0].token);
        }
    }

    fn write(&mut self, records: &[EncounterId], dice: &mut Dice, seen: &mut Seen) {
        let whose = dice.below(4);
        let phone = match (whose, &mut self.copy) {
            (0, Some(copy)) => copy,
            (1, _) => &mut self.pair[1],
            _ => &mut self.pair[0],
        };
        for _ in 0..dice.below(4) {
            let record = records[dice.below(records.len())];
            let begun = phone.author.last_in(record).is_some();
            match dice.below(8) {
                0..=2 if !begun => drop(phone.open(record)),
                // A second one, or the first after a remark.
                0 => {
                    count(seen, "opening after the first");
                    phone.open(record);
                }
                1 => drop(phone.answer(record, "how", "tip")),
                // It claims one before it that never was.
                2 if dice.one_in(6) => {
                    phone.skip(record, EventId([7; 32]));
                    phone.answer(record, "how", "other");
                }
                _ => drop(phone.write(record, Kind::Noted { step: None, text: "a remark".to_owned() })),
            }
        }
    }

    async fn upload(&mut self, dice: &mut Dice, seen: &mut Seen) {
        let by_copy = self.copy.is_some() && dice.one_in(4);
        let phone = match (by_copy, &self.copy) {
            (true, Some(copy)) => copy,
            _ => &self.pair[usize::from(dice.one_in(4))],
        };
        let install = phone.install;
        let line = self.station.line(install);
        let end = phone.events.len();
        let next = usize::try_from(line.through).expect("small").min(end);
        let from = match dice.below(6) {
            0 => dice.below(next + 1),
            1 => next.saturating_sub(dice.below(4)),
            2 => (next + dice.below(3)).min(end),
            _ => next,
        };
        let to = (from + 1 + dice.below(8)).min(end);
        let mut batch: Vec<Item> = phone.events[from.min(to)..to].iter().map(Item::of).collect();
        if batch.is_empty() {
            return;
        }
        for _ in 0..dice.below(6).saturating_sub(3) {
            let at = dice.below(batch.len());
            alter(&mut batch[at], dice);
        }
        let missing = self.station.missing(install);
        let fills = batch.iter().any(|item| missing.contains(&item.seq()));
        let several: BTreeSet<_> = batch.iter().map(|item| item.header.encounter).collect();
        let events: Vec<_> = batch.iter().map(|item| item.signed.clone()).collect();
        let before = self.station.clone();
        let mut expected = self.station.upload(install, &batch);
        let reply = phone.upload(&self.server, &events).await;
        let forks = reply.status == 409 && matches!(reply.problem().1, ProblemKind::Fork { .. });
        if forks && batch.iter().any(|item| line.is_forked(item.seq())) {
            // Both forms of a number are here, one of them by an offer, and the line may say which one is its own.
            self.station = before;
            expected = Answer::Fork;
        }
        if expected == Answer::Taken && reply.status != 200 {
            let batch: Vec<String> = batch.iter().map(|item| self.station.tell(item)).collect();
            panic!(
                "{:?} where all is to be taken: {batch:#?}; {:?}",
                reply.problem(),
                self.station.line(install)
            );
        }
        let repeat = batch[0].seq() <= line.through;
        match &expected {
            Answer::Taken => {
                count(
                    seen,
                    if batch.iter().all(|item| item.seq() <= line.through) {
                        "upload again"
                    } else {
                        "upload taken"
                    },
                );
                if several.len() > 1 {
                    count(seen, "upload of several records");
                }
                if fills {
                    count(seen, "original into a hole");
                }
                self.agrees(&reply, install);
            }
            Answer::Gap(expected) => {
                count(seen, "upload beyond the line");
                assert_eq!(reply.problem(), (409, ProblemKind::Gap { expected: *expected }));
            }
            Answer::NotAuthentic(expected) => {
                let altered = batch.iter().any(|item| item.bad && item.seq() == *expected);
                count(
                    seen,
                    match (altered, repeat) {
                        (true, true) => "upload altered, a repeat",
                        (true, false) => "upload altered",
                        (false, _) => "upload misplaced",
                    },
                );
                let (status, kind) = reply.problem();
                let ProblemKind::NotAuthentic { seq, .. } = kind else {
                    panic!("{kind:?}, not at {expected}")
                };
                assert_eq!((status, seq), (422, *expected), "the first bad number");
            }
            Answer::Fork => {
                count(seen, "upload of a copy");
                let (status, kind) = reply.problem();
                assert!(status == 409 && matches!(kind, ProblemKind::Fork { .. }), "{kind:?}, not a fork");
            }
        }
    }

    async fn declare(&mut self, dice: &mut Dice, seen: &mut Seen) {
        let phone = &self.pair[0];
        let end = u64::try_from(phone.ids.len()).expect("small");
        let line = self.station.line(phone.install);
        if line.through >= end {
            return;
        }
        let missing = self.station.missing(phone.install);
        let grows = missing.last().copied().filter(|last| dice.one_in(2) && *last < end);
        let from = match grows {
            Some(last) => {
                count(seen, "hole that grew");
                (0..=last).rev().take_while(|seq| missing.contains(seq)).last().unwrap_or(last)
            }
            None => (line.through + 1).saturating_sub(u64::try_from(dice.below(3)).expect("small")).max(1),
        };
        let least = grows.map_or(from, |last| last + 1);
        let to = (least + u64::try_from(dice.below(3)).expect("small")).min(end);
        count(seen, if from <= line.through { "hole over what is here" } else { "hole" });
        let id_of_to = phone.ids[usize::try_from(to).expect("small") - 1];
        let raw = dice.one_in(2).then(|| "7b7d".to_owned());
        let hole = Hole { install: phone.install, from, to, id_of_to, raw };
        self.station.declare(&hole);
        let reply = phone.declare(&self.server, &hole).await;
        self.agrees(&reply, phone.install);
    }

    async fn offer(&mut self, records: &[EncounterId], dice: &mut Dice, seen: &mut Seen) {
        let record = records[dice.below(records.len())];
        let mut batch: Vec<Item> = Vec::new();
        let mut of_copy = false;
        for (place, phone) in self.pair.iter().chain(&self.copy).enumerate() {
            if !dice.one_in(2) {
                continue;
            }
            let all = phone.events.iter().map(Item::of).filter(|item| item.header.encounter == Some(record));
            let some: Vec<Item> = all.filter(|_| !dice.one_in(5)).collect();
            of_copy |= place == 2 && !some.is_empty();
            batch.extend(some);
        }
        batch.dedup_by_key(|item| item.id);
        let mut ids = BTreeSet::new();
        batch.retain(|item| ids.insert(item.id));
        if batch.is_empty() {
            return;
        }
        if dice.one_in(4) {
            let at = dice.below(batch.len());
            alter(&mut batch[at], dice);
        }
        if of_copy {
            count(seen, "offer of a copy's");
        }
        let before = self.station.missing(self.pair[0].install);
        let was_open = self.station.is_open(record);
        let (taken, known, refused) = self.station.offer(&batch);
        if was_open || self.station.is_open(record) || taken == 0 {
            // Counted below by what came of it.
        }
        let by = &self.pair[dice.below(2)];
        let events: Vec<_> = batch.iter().map(|item| item.signed.clone()).collect();
        let reply = by.offer(&self.server, record, Vec::new(), &events).await;
        let got: BTreeSet<EventId> = reply.refused.iter().copied().collect();
        assert_eq!((reply.taken, reply.known, got), (taken, known, refused.clone()));
        for (shape, some) in
            [("offer taken", taken > 0), ("offer known", known > 0), ("offer refused", !refused.is_empty())]
        {
            if some {
                count(seen, shape);
            }
        }
        let after = self.station.missing(self.pair[0].install);
        if after.len() < before.len() && !after.is_empty() {
            count(seen, "hole partly filled");
        }
    }

    /// The receipt says what the model says.
    fn agrees(&self, reply: &Reply, install: InstallId) {
        let receipt = reply.receipt(&self.server);
        let line = self.station.line(install);
        assert_eq!((receipt.received_through, receipt.received_id), (line.through, line.id));
        let missing: BTreeSet<u64> = receipt.holes.iter().flat_map(|hole| hole.from..=hole.to).collect();
        assert_eq!(missing, self.station.missing(install), "what the receipt calls missing");
        self.held_agree(&receipt);
        for encounter in &receipt.encounters {
            let here = self.server.kinds(encounter.id).len();
            assert_eq!(encounter.pos, u64::try_from(here).expect("small"));
        }
    }

    /// What a receipt lists as held is what the records say is held.
    fn held_agree(&self, receipt: &Receipt) {
        let listed: BTreeMap<EventId, HoldReason> =
            receipt.held.iter().map(|held| (held.id, held.why)).collect();
        for id in listed.keys() {
            assert!(self.station.here.contains_key(id), "what is held was acknowledged");
        }
    }

    /// Everything acknowledged of these records is here once, byte for byte, and nothing else is.
    fn compare(&self, records: &[EncounterId]) {
        for record in records {
            let wanted: BTreeMap<EventId, &Item> = self
                .station
                .here
                .iter()
                .filter(|(_, item)| item.header.encounter == Some(*record))
                .map(|(id, item)| (*id, item))
                .collect();
            let found = self.server.stored(*record);
            for (id, item) in &wanted {
                let Some((header, signature)) = found.get(id) else {
                    panic!("{id} was acknowledged and is gone")
                };
                assert_eq!(
                    (header, signature),
                    (&item.signed.header, &item.signed.signature.to_bytes().to_vec())
                );
            }
            assert_eq!(found.len(), wanted.len(), "nothing is kept that was not acknowledged");
            self.reads_back(*record, &wanted);
        }
    }

    /// The bodies too, where the record has begun; what is held in it is what is listed.
    fn reads_back(&self, record: EncounterId, wanted: &BTreeMap<EventId, &Item>) {
        let app = &self.server.app;
        let loaded = app
            .store
            .read(|tx| {
                Ok::<_, firsthours_server::store::StoreError>(load::record(
                    tx,
                    &app.keys,
                    &app.records.definitions,
                    record,
                ))
            })
            .expect("a transaction")
            .expect("a record that can be read");
        assert_eq!(loaded.is_some(), self.station.is_open(record), "a record begins with its opening");
        let Some(loaded) = loaded else { return };
        for (id, item) in wanted {
            let Some(event) = loaded.state.event(id) else {
                let before = item.header.enc_prev.and_then(|prev| loaded.state.event(&prev));
                let its = |before: &std::sync::Arc<firsthours_core::record::Event>| {
                    before.header.install == item.header.install
                };
                assert!(!before.is_some_and(its), "{id} waits, though the one before it has a position");
                continue;
            };
            let body = event.body.as_ref().expect("a body");
            let written = item.signed.body.as_ref().expect("a body");
            assert_eq!(firsthours_core::record::Hash::of(written.as_bytes()), event.header.body_hash);
            assert!(!body.actor.person.0.is_empty());
        }
        let held: BTreeSet<String> = loaded
            .state
            .events()
            .filter(|event| loaded.state.held(&event.id).is_some())
            .map(|event| event.id.to_string())
            .collect();
        let listed: BTreeSet<String> = self
            .server
            .rows(&format!("select id from held where encounter = '{record}'"))
            .iter()
            .map(|row| row.string(0).expect("an id"))
            .collect();
        assert_eq!(held, listed);
    }
}

fn alter(item: &mut Item, dice: &mut Dice) {
    item.bad = true;
    match dice.below(4) {
        0 => item.signed.body = item.signed.body.take().map(|body| body.replacen('{', "{ ", 1)),
        1 => item.signed.body = None,
        2 => item.signed.header.push('}'),
        _ => item.signed.header = item.signed.header.replacen("\"stamp\":", "\"stamp\":9", 1),
    }
}

fn count(seen: &mut Seen, shape: &'static str) {
    *seen.entry(shape).or_default() += 1;
}

fn record(run: u64, n: u8) -> EncounterId {
    let mut id = [n; 16];
    id[..8].copy_from_slice(&run.to_be_bytes());
    EncounterId(id)
}

/// The files of a server that is down or between two transactions.
fn copy_of(folder: &std::path::Path) -> Vec<(std::ffi::OsString, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry"));
    entries.map(|entry| (entry.file_name(), std::fs::read(entry.path()).expect("a file"))).collect()
}

fn put_back(files: &[(std::ffi::OsString, Vec<u8>)], folder: &std::path::Path) {
    for entry in std::fs::read_dir(folder).expect("the folder") {
        std::fs::remove_file(entry.expect("an entry").path()).expect("removed");
    }
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).expect("written");
    }
}

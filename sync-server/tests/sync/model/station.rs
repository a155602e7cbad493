//! The model: what a station that keeps the law would say, in plain maps.

use std::collections::{BTreeMap, BTreeSet};

use firsthours_core::evidence::{Hole, SignedEvent};
use firsthours_core::record::{EncounterId, EventId, Header, InstallId, sha256};

/// An event as a batch carries it.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) signed: SignedEvent,
    /// As it was written, before anybody altered it.
    pub(super) header: Header,
    pub(super) id: EventId,
    /// Altered on its way.
    pub(super) bad: bool,
    pub(super) opens: bool,
}

impl Item {
    pub(super) fn of(signed: &SignedEvent) -> Self {
        let header = Header::read(&signed.header).expect("a header");
        let id = EventId(sha256(signed.header.as_bytes()));
        let opens = signed.body.as_ref().is_some_and(|body| body.contains("\"kind\":\"opened\""));
        Self { signed: signed.clone(), header, id, bad: false, opens }
    }

    pub(super) fn seq(&self) -> u64 {
        self.header.seq.expect("a phone's event")
    }

    fn encounter(&self) -> EncounterId {
        self.header.encounter.expect("of a record")
    }

    fn enc_seq(&self) -> u64 {
        self.header.enc_seq.expect("of a record")
    }
}

/// What an upload is to be answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Taken,
    Gap(u64),
    NotAuthentic(u64),
    Fork,
}

/// How far one install is.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    pub(super) through: u64,
    pub(super) id: Option<EventId>,
    /// What stands at each number: more than one where a copy's event was offered.
    numbers: BTreeMap<u64, BTreeSet<EventId>>,
    declared: Vec<Hole>,
}

/// Everything that was acknowledged.
#[derive(Clone, Default)]
pub(super) struct Station {
    lines: BTreeMap<InstallId, Line>,
    pub(super) here: BTreeMap<EventId, Item>,
    opened: BTreeSet<EncounterId>,
}

impl Station {
    pub(super) fn line(&self, install: InstallId) -> Line {
        self.lines.get(&install).cloned().unwrap_or_default()
    }

    pub(super) fn is_open(&self, encounter: EncounterId) -> bool {
        self.opened.contains(&encounter)
    }

    /// A run of an install's own events.
    pub(super) fn upload(&mut self, install: InstallId, batch: &[Item]) -> Answer {
        let line = self.line(install);
        let sound: Vec<&Item> = batch.iter().take_while(|item| !item.bad).collect();
        let bad = batch.get(sound.len()).map(|item| {
            // Where nothing of a run says a number, it is taken for what comes next.
            let says = |item: &Item| Header::read(&item.signed.header).is_ok();
            if batch.iter().any(says) { item.seq() } else { line.through + 1 }
        });
        if sound.first().is_some_and(|first| first.seq() > line.through + 1) {
            return Answer::Gap(line.through + 1);
        }
        if line.forks(&sound) {
            return Answer::Fork;
        }
        let mut then = self.clone();
        let mut misplaced = BTreeMap::new();
        for item in sound.iter().filter(|item| !self.here.contains_key(&item.id)) {
            // Of each record the first that has no place; what comes after it there is not looked at.
            if misplaced.contains_key(&item.encounter()) {
                continue;
            }
            if then.has_place(item) {
                then.keep(item);
            } else {
                misplaced.insert(item.encounter(), item.seq());
            }
        }
        if let Some(first) = misplaced.into_values().chain(bad).min() {
            return Answer::NotAuthentic(first);
        }
        *self = then;
        let line = self.lines.entry(install).or_default();
        if let Some(last) = sound.last().filter(|last| last.seq() > line.through) {
            (line.through, line.id) = (last.seq(), Some(last.id));
        }
        line.go_over_holes();
        Answer::Taken
    }

    /// Events of one record, offered by anybody. Gives which are taken, known, refused.
    pub(super) fn offer(&mut self, batch: &[Item]) -> (u32, u32, BTreeSet<EventId>) {
        let (mut taken, mut known, mut refused) = (0, 0, BTreeSet::new());
        let mut left: Vec<&Item> = Vec::new();
        for item in batch {
            if item.bad {
                refused.insert(EventId(sha256(item.signed.header.as_bytes())));
            } else {
                left.push(item);
            }
        }
        // Each author's in the order of their chain: what comes first may decide what a hole explains.
        left.sort_by_key(|item| (item.header.install, item.header.enc_seq, item.id));
        loop {
            let before = left.len();
            left.retain(|item| {
                if self.here.contains_key(&item.id) {
                    known += 1;
                } else if self.has_place(item) {
                    self.keep(item);
                    taken += 1;
                } else {
                    return true;
                }
                false
            });
            if left.is_empty() || left.len() == before {
                break;
            }
        }
        refused.extend(left.iter().map(|item| item.id));
        (taken, known, refused)
    }

    pub(super) fn declare(&mut self, hole: &Hole) {
        let line = self.lines.entry(hole.install).or_default();
        let same =
            |other: &Hole| (other.from, other.to, other.id_of_to) == (hole.from, hole.to, hole.id_of_to);
        if !line.declared.iter().any(same) {
            line.declared.push(hole.clone());
        }
        line.go_over_holes();
    }

    /// An event and its place, for whoever reads a failure.
    pub(super) fn tell(&self, item: &Item) -> String {
        let here = |id: &EventId| if self.here.contains_key(id) { "here" } else { "not here" };
        let Item { header, id, bad, opens, .. } = item;
        format!(
            "{} {id} {}: {:?} number {:?} after {:?} ({:?}){}{}",
            item.seq(),
            here(id),
            header.encounter,
            header.enc_seq,
            header.enc_prev,
            header.enc_prev.as_ref().map(here),
            if *opens { ", opens" } else { "" },
            if *bad { ", altered" } else { "" },
        )
    }

    /// The numbers that a receipt must call missing.
    pub(super) fn missing(&self, install: InstallId) -> BTreeSet<u64> {
        let line = self.line(install);
        let all = line.declared.iter().flat_map(|hole| hole.from..=hole.to);
        all.filter(|seq| !line.numbers.contains_key(seq)).collect()
    }

    fn keep(&mut self, item: &Item) {
        if item.opens {
            self.opened.insert(item.encounter());
        }
        let line = self.lines.entry(install_of(item)).or_default();
        line.numbers.entry(item.seq()).or_default().insert(item.id);
        self.here.insert(item.id, item.clone());
    }

    /// Whether the author's event before it in its record is here, or was declared lost.
    fn has_place(&self, item: &Item) -> bool {
        let Some(prev) = item.header.enc_prev else { return true };
        let of_author = |other: &&Item| {
            other.header.install == item.header.install && other.header.encounter == item.header.encounter
        };
        if self.here.get(&prev).filter(of_author).is_some_and(|other| other.enc_seq() + 1 == item.enc_seq()) {
            return true;
        }
        let before = self.here.values().filter(of_author);
        let before = before.filter(|other| other.enc_seq() < item.enc_seq() && other.seq() < item.seq());
        let (seq, enc_seq) = before.map(|other| (other.seq(), other.enc_seq())).max().unwrap_or((0, 0));
        let line = self.line(install_of(item));
        enc_seq + 1 < item.enc_seq()
            && seq + 1 < item.seq()
            && line.declared.iter().any(|hole| hole.to > seq && hole.from < item.seq())
    }
}

impl Line {
    /// Whether a number is here in more than one form.
    pub(super) fn is_forked(&self, seq: u64) -> bool {
        self.numbers.get(&seq).is_some_and(|ids| ids.len() > 1)
    }

    fn go_over_holes(&mut self) {
        while let Some(hole) = self
            .declared
            .iter()
            .filter(|hole| hole.from <= self.through + 1 && hole.to > self.through)
            .max_by_key(|hole| hole.to)
        {
            (self.through, self.id) = (hole.to, Some(hole.id_of_to));
        }
    }

    /// Whether a run tells another story than the line: at a number, at the end of a hole, or where the line ends.
    fn forks(&self, run: &[&Item]) -> bool {
        let ends =
            |seq: u64| self.declared.iter().filter(move |hole| hole.to == seq).map(|hole| hole.id_of_to);
        let differs = |item: &&&Item| {
            let (seq, id) = (item.seq(), item.id);
            match self.numbers.get(&seq) {
                Some(ids) => !ids.contains(&id),
                None => seq <= self.through && ends(seq).next().is_some() && !ends(seq).any(|end| end == id),
            }
        };
        let old = run.iter().filter(|item| item.seq() <= self.through);
        let at_end = run.iter().find_map(|item| match item.seq() {
            seq if seq == self.through => Some(Some(item.id)),
            seq if seq == self.through + 1 => Some(item.header.prev),
            _ => None,
        });
        old.clone().any(|item| differs(&item)) || (self.through > 0 && at_end.is_some_and(|id| id != self.id))
    }
}

fn install_of(item: &Item) -> InstallId {
    match item.header.install {
        firsthours_core::record::Install::Phone(install) => install,
        firsthours_core::record::Install::Server(_) => panic!("only phones write here"),
    }
}

//! The exchange: what to ask next, given what was answered. Pure; it neither sends nor stores.
//!
//! ```text
//! hello -> directory -> definitions -> offers -> upload -> pages -> done
//!   ^  |                                       |  |
//!   +--+ a fresh nonce, once                   |  +- a receipt raises the targets of the pages
//!                                              +- what cannot be verified is examined, and declared if it is damaged
//! ```
//! Trouble on the way up (a fork, a text that the server cannot verify) is kept for the end; the way down still goes on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::evidence::Receipt;
use crate::record::{EncounterId, Epoch, Hash};
use crate::wire::{EncounterCursor, HelloReply, Limits, ProblemKind, is_older};

/// What the exchange needs next. The caller does it and tells the exchange what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Sign a hello with this nonce (empty: none is known yet) and send it.
    Hello {
        nonce: String,
    },
    Protocol(Hash),
    Directory,
    Policy,
    /// Offer what is held of an encounter, other than this install's own events.
    Offers(Offer),
    /// Send own events after this number.
    Upload(Batch),
    /// The server could not verify this event: look whether it is damaged here, and if so declare it lost.
    Examine(u64),
    /// Read one page.
    Page {
        encounter: EncounterId,
        epoch: Epoch,
        after: u64,
    },
    Done(Ending),
}

/// How much to send at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    pub after: u64,
    pub events: u32,
    pub bytes: u32,
}

/// Which events of an encounter to offer at once, by their arrival on this phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    pub encounter: EncounterId,
    pub after: u64,
    pub events: u32,
}

/// What a phone has of what a server publishes.
#[derive(Debug, Clone, Copy)]
pub struct PublishedHere<'a> {
    /// Definitions.
    pub protocols: &'a BTreeSet<Hash>,
    /// The `ETag` of the directory,
    pub directory: Option<&'a str>,
    /// and of the policy.
    pub policy: Option<&'a str>,
}

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Everything is sent and read.
    Complete,
    /// The server does not know this install as approved.
    NotEnrolled,
    /// Sent what there was; the server lets this install read nothing more.
    SendOnly,
    /// Sent what there was; this app is too old to read.
    UpdateNeeded,
    /// The server knows this install with another history.
    Fork {
        seq: u64,
    },
    /// The server could not verify an event and asks for it again.
    NotAuthentic {
        seq: u64,
    },
    /// A page did not fit what is known here.
    HistoryDiffers {
        encounter: EncounterId,
    },
    /// The server answers in a way that makes no sense here.
    StationUnwell,
    TryLater {
        after_ms: i64,
    },
}

/// How far an encounter is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Where this phone is; `None` in a new epoch, where every cursor is void.
    pub from: Option<EncounterCursor>,
    pub to: u64,
}

/// What an exchange does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Everything,
    /// The server lets this install read nothing.
    Send,
    /// Nor does it let this app, which is too old.
    SendOutdated,
    /// Nothing but offers, in the name of an install that has ended.
    Offer,
}

/// One sync, from hello to the last page.
#[derive(Debug, Clone)]
pub struct Exchange {
    nonce: String,
    said_hello: bool,
    nonces_refused: u32,
    /// Own events: the last that the server has, and the last that is here.
    received: u64,
    head: u64,
    batch: u32,
    limits: Limits,
    mode: Mode,
    epoch: Option<Epoch>,
    protocols: VecDeque<Hash>,
    directory: bool,
    policy: bool,
    /// What is to be offered, and after which arrival the first of it goes on.
    offers: BTreeSet<EncounterId>,
    offered: u64,
    pages: BTreeMap<EncounterId, Target>,
    /// Of these the server tells another story than the one that is here: nothing of it is read over what is known.
    differing: BTreeSet<EncounterId>,
    /// An event that the server could not verify, and the last that was looked at for that.
    doubtful: Option<u64>,
    examined: u64,
    up: Option<Ending>,
    down: Option<Ending>,
    stop: Option<Ending>,
    backoff_ms: i64,
}

/// The longest that a server may keep a phone away: whatever it says, the next day it is asked again.
const LONGEST_WAIT_MS: i64 = 24 * 60 * 60 * 1_000;
/// The version of this app, as a hello says it.
pub const APP_VERSION: &str = env!("CARGO_PKG_VERSION");
const FIRST_BATCH: u32 = 100;
const BATCHES: (u32, u32) = (20, 1_000);
const BATCH_TARGET_MS: i64 = 5_000;

impl Exchange {
    /// An exchange of an install whose last own event is `head` and that heard of receipts through `received`.
    pub fn new(nonce: String, head: u64, received: u64) -> Self {
        Self {
            nonce,
            said_hello: false,
            nonces_refused: 0,
            received,
            head,
            batch: FIRST_BATCH,
            limits: Limits::default(),
            mode: Mode::Everything,
            epoch: None,
            protocols: VecDeque::new(),
            directory: false,
            policy: false,
            offers: BTreeSet::new(),
            offered: 0,
            pages: BTreeMap::new(),
            differing: BTreeSet::new(),
            doubtful: None,
            examined: 0,
            up: None,
            down: None,
            stop: None,
            backoff_ms: 0,
        }
    }

    /// An exchange that offers these encounters and does nothing else.
    pub fn offering(encounters: BTreeSet<EncounterId>) -> Self {
        Self { offers: encounters, mode: Mode::Offer, ..Self::new(String::new(), 0, 0) }
    }

    /// What to do now.
    pub fn next(&self) -> Ask {
        if let Some(ending) = &self.stop {
            return Ask::Done(ending.clone());
        }
        if !self.said_hello {
            return Ask::Hello { nonce: self.nonce.clone() };
        }
        // Before the definitions: whoever has one can begin a record, and the directory says of which station it is.
        if self.directory {
            return Ask::Directory;
        }
        if self.policy {
            return Ask::Policy;
        }
        if let Some(protocol) = self.protocols.front() {
            return Ask::Protocol(*protocol);
        }
        if let Some(encounter) = self.offers.first() {
            let (encounter, after) = (*encounter, self.offered);
            return Ask::Offers(Offer { encounter, after, events: self.batch.min(self.limits.batch_events) });
        }
        if let Some(seq) = self.doubtful {
            return Ask::Examine(seq);
        }
        if self.up.is_none() && self.mode != Mode::Offer && self.received < self.head {
            return Ask::Upload(Batch {
                after: self.received,
                events: self.batch.min(self.limits.batch_events),
                bytes: self.limits.batch_bytes,
            });
        }
        if let (Some(epoch), Some((encounter, target))) = (self.epoch, self.next_page()) {
            return Ask::Page { encounter, epoch, after: target.from.map_or(0, |cursor| cursor.pos) };
        }
        let ending = self.up.clone().or_else(|| self.down.clone());
        Ask::Done(ending.unwrap_or(match self.mode {
            Mode::Send => Ending::SendOnly,
            Mode::SendOutdated => Ending::UpdateNeeded,
            Mode::Everything | Mode::Offer => Ending::Complete,
        }))
    }

    /// Own events acknowledged, of those that are here.
    pub fn progress(&self) -> (u64, u64) {
        (self.received, self.head)
    }

    /// The nonce of the next hello.
    pub fn on_nonce(&mut self, nonce: &str) {
        nonce.clone_into(&mut self.nonce);
    }

    /// The hello is to be said again: there is more to say in it.
    pub fn say_hello_again(&mut self) {
        self.said_hello = false;
    }

    /// The server answered a hello. `held` = what was fetched before and is here, `cursors` = what was read,
    /// `adrift` = encounters of which others' events are here that the server is not known to have.
    pub fn on_hello(
        &mut self,
        reply: &HelloReply,
        receipt: &Receipt,
        held: PublishedHere<'_>,
        cursors: &BTreeMap<EncounterId, EncounterCursor>,
        adrift: BTreeSet<EncounterId>,
    ) {
        self.said_hello = true;
        self.nonce.clone_from(&reply.next_nonce);
        self.limits = reply.limits;
        if reply.send_only && self.mode == Mode::Everything {
            let outdated = is_older(APP_VERSION, &reply.min_app_version);
            self.mode = if outdated { Mode::SendOutdated } else { Mode::Send };
        }
        if reply.followed && self.mode == Mode::Send {
            // Somebody else goes on with what this phone wrote: one of the two is a copy.
            self.on_other_chain(receipt.received_through);
        }
        self.on_backoff(reply.backoff_ms);
        if self.epoch.replace(reply.epoch) != Some(reply.epoch) {
            // Where the pages stood is nowhere in another epoch, and what differed is told anew.
            self.pages.clear();
            self.differing.clear();
            self.down = self.down.take().filter(|down| !matches!(down, Ending::HistoryDiffers { .. }));
        }
        self.on_receipt(receipt);
        self.offers.extend(adrift);
        if self.mode != Mode::Everything {
            return;
        }
        self.protocols = reply
            .protocols
            .iter()
            .map(|notice| notice.sha256)
            .filter(|sha| !held.protocols.contains(sha))
            .collect();
        self.directory = held.directory != Some(reply.directory.as_str());
        self.policy = !reply.policy.is_empty() && held.policy != Some(reply.policy.as_str());
        for grant in &reply.grants {
            let from = cursors.get(&grant.encounter).filter(|cursor| cursor.epoch == reply.epoch).copied();
            if cursors.get(&grant.encounter).is_some() && from.is_none() {
                // A new epoch: what the server lost of others' events is perhaps only here.
                self.offers.insert(grant.encounter);
            }
            let ahead = |here: &EncounterCursor| {
                here.pos > grant.pos || (here.pos == grant.pos && here.rolling != grant.rolling)
            };
            if from.as_ref().is_some_and(ahead) {
                // It says less than it said, or something else, in the same life of its store.
                self.on_bad_page(grant.encounter);
                continue;
            }
            self.aim(grant.encounter, from, grant.pos);
        }
        let granted: BTreeSet<EncounterId> = reply.grants.iter().map(|grant| grant.encounter).collect();
        for (encounter, cursor) in cursors {
            if cursor.epoch != reply.epoch && !granted.contains(encounter) {
                self.offers.insert(*encounter);
            }
        }
    }

    /// The server asks not to be called again before so many milliseconds.
    pub fn on_backoff(&mut self, after_ms: i64) {
        self.backoff_ms = self.backoff_ms.max(after_ms.clamp(0, LONGEST_WAIT_MS));
    }

    /// For how long the server asked to be left alone; 0 if it did not.
    pub fn backoff_ms(&self) -> i64 {
        self.backoff_ms
    }

    /// A receipt acknowledges, as ours, an event that is not the one here: this phone or another is a copy. Nothing more
    /// is sent; the way down still goes on.
    pub fn on_other_chain(&mut self, seq: u64) {
        self.up = Some(Ending::Fork { seq });
    }

    /// A receipt came: own events through its number are held, and its encounters have moved.
    pub fn on_receipt(&mut self, receipt: &Receipt) {
        self.received = receipt.received_through.min(self.head);
        for encounter in &receipt.encounters {
            let from = self.pages.get(&encounter.id).and_then(|target| target.from);
            self.aim(encounter.id, from, encounter.pos);
        }
    }

    /// A batch of `sent` events was answered after `took_ms`; the receipt was given to [`Self::on_receipt`] first.
    pub fn on_uploaded(&mut self, before: u64, took_ms: i64) {
        if self.received <= before {
            // Neither an error nor progress: asking again would never end.
            self.up = Some(Ending::StationUnwell);
            return;
        }
        let fitting = i64::from(self.batch) * BATCH_TARGET_MS / took_ms.max(1);
        self.batch = u32::try_from(fitting)
            .unwrap_or(BATCHES.1)
            .clamp(BATCHES.0, BATCHES.1)
            .min(self.batch.saturating_mul(2));
    }

    /// The event that the server could not verify was looked at. A sound one is not lost: the server is wrong about it.
    pub fn on_examined(&mut self, seq: u64, sound: bool) {
        self.doubtful = None;
        self.examined = seq;
        if sound {
            self.up = Some(Ending::NotAuthentic { seq });
        }
    }

    /// A definition was fetched, or could not be.
    pub fn on_protocol(&mut self) {
        self.protocols.pop_front();
    }

    /// The directory was fetched, or could not be.
    pub fn on_directory(&mut self) {
        self.directory = false;
    }

    /// The policy was fetched, or could not be.
    pub fn on_policy(&mut self) {
        self.policy = false;
    }

    /// Offers of an encounter through this arrival were answered; `None`: nothing was left to offer of it.
    pub fn on_offers(&mut self, through: Option<u64>) {
        self.offered = through.unwrap_or(0);
        if through.is_none() {
            self.offers.pop_first();
        }
    }

    /// A page was taken up, and the cursor stands here now.
    pub fn on_page(&mut self, encounter: EncounterId, cursor: EncounterCursor, head: u64) {
        if let Some(target) = self.pages.get_mut(&encounter) {
            target.from = Some(cursor);
            target.to = target.to.max(head);
        }
    }

    /// A page could not be used; the others still can.
    pub fn on_bad_page(&mut self, encounter: EncounterId) {
        self.pages.remove(&encounter);
        self.differing.insert(encounter);
        self.down.get_or_insert(Ending::HistoryDiffers { encounter });
    }

    /// A page has an event of this install that is not here: this phone or another is a copy. Nothing more is sent.
    pub fn on_copied(&mut self, encounter: EncounterId) {
        self.pages.remove(&encounter);
        self.up = Some(Ending::Fork { seq: self.received });
    }

    /// The server refused what was asked last.
    pub fn on_problem(&mut self, problem: &ProblemKind) {
        match problem {
            ProblemKind::FreshNonce { next_nonce } if self.nonces_refused < 2 => {
                self.nonce.clone_from(next_nonce);
                self.nonces_refused += 1;
                self.said_hello = false;
            }
            ProblemKind::TokenExpired if self.nonces_refused < 2 => {
                self.nonces_refused += 1;
                self.said_hello = false;
            }
            ProblemKind::NotEnrolled { .. } => self.stop = Some(Ending::NotEnrolled),
            ProblemKind::UpdateNeeded { .. } => self.stop = Some(Ending::UpdateNeeded),
            ProblemKind::TryLater { after_ms } => {
                self.stop = Some(Ending::TryLater { after_ms: (*after_ms).clamp(0, LONGEST_WAIT_MS) });
            }
            ProblemKind::FreshNonce { .. }
            | ProblemKind::TokenExpired
            | ProblemKind::SendOnly
            | ProblemKind::NotFound
            | ProblemKind::Gap { .. }
            | ProblemKind::Fork { .. }
            | ProblemKind::TooLarge
            | ProblemKind::NotAuthentic { .. }
            | ProblemKind::Malformed { .. }
            | ProblemKind::Unknown => self.on_refusal(problem),
        }
    }

    /// A problem of what was asked last: that ends, and the rest goes on.
    fn on_refusal(&mut self, problem: &ProblemKind) {
        match self.next() {
            Ask::Upload(batch) => self.on_upload_refused(problem, batch),
            Ask::Examine(seq) => self.on_examined(seq, true),
            Ask::Page { encounter, .. } => self.on_page_refused(problem, encounter),
            Ask::Protocol(_) => self.on_protocol(),
            Ask::Directory => self.on_directory(),
            Ask::Policy => self.on_policy(),
            Ask::Offers(_) if *problem == ProblemKind::TooLarge && self.batch > 1 => self.batch /= 2,
            // What cannot be offered now is still here, and offered again.
            Ask::Offers(_) => {
                self.on_offers(None);
                self.down.get_or_insert(Ending::StationUnwell);
            }
            Ask::Hello { .. } | Ask::Done(_) => self.stop = Some(Ending::StationUnwell),
        }
    }

    fn on_upload_refused(&mut self, problem: &ProblemKind, batch: Batch) {
        match *problem {
            ProblemKind::Gap { expected } if expected != batch.after + 1 => {
                // The server has more or less than we heard of. It is right about itself.
                self.received = expected.saturating_sub(1).min(self.head);
                self.nonces_refused += 1;
                if self.nonces_refused > 4 {
                    self.up = Some(Ending::StationUnwell);
                }
            }
            ProblemKind::Fork { seq, .. } => self.up = Some(Ending::Fork { seq }),
            ProblemKind::NotAuthentic { seq, .. }
                if seq > batch.after && seq <= self.head && seq > self.examined =>
            {
                self.doubtful = Some(seq);
            }
            ProblemKind::NotAuthentic { seq, .. } => self.up = Some(Ending::NotAuthentic { seq }),
            ProblemKind::TooLarge if self.batch > 1 => self.batch /= 2,
            ProblemKind::Gap { .. }
            | ProblemKind::TooLarge
            | ProblemKind::FreshNonce { .. }
            | ProblemKind::TokenExpired
            | ProblemKind::NotEnrolled { .. }
            | ProblemKind::SendOnly
            | ProblemKind::NotFound
            | ProblemKind::Malformed { .. }
            | ProblemKind::TryLater { .. }
            | ProblemKind::UpdateNeeded { .. }
            | ProblemKind::Unknown => self.up = Some(Ending::StationUnwell),
        }
    }

    fn on_page_refused(&mut self, problem: &ProblemKind, encounter: EncounterId) {
        match problem {
            ProblemKind::SendOnly => {
                self.mode = Mode::Send;
                self.pages.clear();
            }
            // Access ended between hello and here: nothing is deleted, nothing more is read.
            ProblemKind::NotFound => {
                self.pages.remove(&encounter);
            }
            ProblemKind::FreshNonce { .. }
            | ProblemKind::TokenExpired
            | ProblemKind::NotEnrolled { .. }
            | ProblemKind::Gap { .. }
            | ProblemKind::Fork { .. }
            | ProblemKind::TooLarge
            | ProblemKind::NotAuthentic { .. }
            | ProblemKind::Malformed { .. }
            | ProblemKind::TryLater { .. }
            | ProblemKind::UpdateNeeded { .. }
            | ProblemKind::Unknown => {
                self.pages.remove(&encounter);
                self.down.get_or_insert(Ending::StationUnwell);
            }
        }
    }

    fn aim(&mut self, encounter: EncounterId, from: Option<EncounterCursor>, to: u64) {
        if self.differing.contains(&encounter) {
            return;
        }
        let target = self.pages.entry(encounter).or_insert(Target { from, to });
        target.to = target.to.max(to);
        target.from = target.from.or(from);
    }

    fn next_page(&self) -> Option<(EncounterId, Target)> {
        if self.mode != Mode::Everything {
            return None;
        }
        self.pages
            .iter()
            .find(|(_, target)| target.from.map_or(0, |cursor| cursor.pos) < target.to)
            .map(|(id, target)| (*id, *target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_keeps_a_phone_away_for_a_day_at_most_and_never_in_the_past() {
        for (asked, waits) in [(-1, 0), (5_000, 5_000), (i64::MAX, LONGEST_WAIT_MS)] {
            let mut exchange = Exchange::new("nonce".to_owned(), 0, 0);
            exchange.on_problem(&ProblemKind::TryLater { after_ms: asked });
            assert_eq!(exchange.next(), Ask::Done(Ending::TryLater { after_ms: waits }));
        }
    }
}

//! A whole sync against a station that answers whatever it likes: it ends, and it never waits for ever.
//!
//! The first line has two numbers: the last own event, and what the station had of them. Each line after it answers
//! what the phone asks next: `h` hello, `r` receipt, `g` page, `p` problem, and the message; `o` offers
//! were taken, `.` there is nothing; anything else is a refusal.

use std::collections::{BTreeMap, BTreeSet};

use firsthours_core::evidence::Receipt;
use firsthours_core::protocol::Instant;
use firsthours_core::record::{EventId, Hash, sha256};
pub use firsthours_core::sync::check_page;
use firsthours_core::sync::{Ask, Ending, Exchange, PublishedHere, next_call};
use firsthours_core::wire::{
    EncounterCursor, EventsReply, HelloReply, Page, Problem, ProblemKind, ReadMessage,
};

use crate::known;
use crate::support::{ENCOUNTER, EPOCH};
use crate::within;

/// A station may ask a phone to stay away for a day, and no longer.
const DAY_MS: i64 = 86_400_000;

/// Asks and is answered until the session is over.
pub fn check(input: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(input) else { return false };
    within(input.len(), 1 << 20, 600, || run(text))
}

fn run(text: &str) -> bool {
    let mut lines = text.lines();
    let mut numbers = lines.next().unwrap_or_default().split(' ').map(|n| n.parse::<u32>().unwrap_or(0));
    let (head, received) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let mut phone = Phone {
        session: Exchange::new("nonce".to_owned(), head.into(), received.min(head).into()),
        cursors: BTreeMap::from([(ENCOUNTER, here())]),
        // Each answer is one ask; what a hello lists is asked for one by one.
        asks_left: 64,
        understood: false,
    };
    loop {
        let ask = phone.session.next();
        let (received, head) = phone.session.progress();
        assert!(received <= head, "more is acknowledged than there is");
        if let Ask::Done(ending) = ask {
            ends_well(&ending);
            return phone.understood;
        }
        phone.asks_left = phone.asks_left.checked_sub(1).expect("a session ends");
        let line = lines.next();
        phone.asks_left += usize::from(line.is_some());
        phone.answer(&ask, line.unwrap_or_default());
    }
}

fn here() -> EncounterCursor {
    EncounterCursor { id: ENCOUNTER, epoch: EPOCH, pos: 0, rolling: Hash(sha256(&ENCOUNTER.0)) }
}

fn ends_well(ending: &Ending) {
    if let Ending::TryLater { after_ms } = ending {
        assert!((0..=DAY_MS).contains(after_ms), "told to stay away for {after_ms} ms");
        let now = Instant::default();
        assert!(next_call(now, 3, 5, *after_ms) >= now + *after_ms);
    }
}

struct Phone {
    session: Exchange,
    cursors: BTreeMap<firsthours_core::record::EncounterId, EncounterCursor>,
    asks_left: usize,
    understood: bool,
}

impl Phone {
    fn answer(&mut self, ask: &Ask, line: &str) {
        let mut letters = line.chars();
        let what = letters.next().unwrap_or('.');
        let message = letters.as_str().as_bytes();
        let understood = match (ask, what) {
            (Ask::Hello { .. }, 'h') => self.hello(message),
            (Ask::Upload(batch), 'r') => self.receipt(message, batch.after),
            (Ask::Page { .. }, 'g') => self.page(ask, message),
            (Ask::Protocol(_), '.') => {
                self.session.on_protocol();
                true
            }
            (Ask::Directory, '.') => {
                self.session.on_directory();
                true
            }
            (Ask::Policy, '.') => {
                self.session.on_policy();
                true
            }
            (Ask::Offers(_), '.') => {
                self.session.on_offers(None);
                true
            }
            (Ask::Offers(offer), 'o') => {
                self.session.on_offers(Some(offer.after + u64::from(offer.events)));
                true
            }
            (Ask::Examine(seq), 's' | 'd') => {
                self.session.on_examined(*seq, what == 's');
                true
            }
            _ => false,
        };
        self.understood |= understood;
        if !understood {
            let problem = Problem::read(message).map(|problem| problem.kind);
            self.understood |= problem.is_ok();
            let refused = ProblemKind::Malformed { detail: String::new() };
            self.session.on_problem(&problem.unwrap_or(refused));
        }
    }

    fn hello(&mut self, message: &[u8]) -> bool {
        let Ok(reply) = HelloReply::read(message) else { return false };
        let Ok(receipt) = reply.receipt.peek::<Receipt>() else { return false };
        self.asks_left += reply.protocols.len() + reply.grants.len() + receipt.encounters.len();
        self.session.on_hello(
            &reply,
            &receipt,
            PublishedHere { protocols: &BTreeSet::new(), directory: Some("held"), policy: Some("held") },
            &self.cursors,
            BTreeSet::new(),
        );
        true
    }

    fn receipt(&mut self, message: &[u8], before: u64) -> bool {
        let Ok(reply) = EventsReply::read(message) else { return false };
        let Ok(receipt) = reply.receipt.peek::<Receipt>() else { return false };
        self.asks_left += receipt.encounters.len();
        self.session.on_receipt(&receipt);
        self.session.on_uploaded(before, reply.backoff_ms);
        true
    }

    fn page(&mut self, ask: &Ask, message: &[u8]) -> bool {
        let Ask::Page { encounter, epoch, after } = ask else { return false };
        let Ok(page) = Page::read(message) else { return false };
        let id_of = |event: &firsthours_core::evidence::SignedEvent| EventId(sha256(event.header.as_bytes()));
        let from = self.cursors.get(encounter).copied();
        match check_page(&page, *encounter, *epoch, from, id_of) {
            Ok((cursor, _)) if from.is_none_or(|from| from.pos == *after) => {
                self.cursors.insert(*encounter, cursor);
                self.session.on_page(*encounter, cursor, page.head);
            }
            _ => self.session.on_bad_page(*encounter),
        }
        true
    }
}

/// Seeds: a whole sync, one that is refused, one that forks, one that is told to wait.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let wire = |name: &str| {
        let file = known::fixtures().join(format!("wire/{name}.json"));
        std::fs::read_to_string(file).expect("a fixture").trim_end().to_owned()
    };
    let hello = format!("h{}", wire("hello_reply"));
    let problem = |name: &str| format!("p{}", wire(&format!("problem_{name}")));
    let whole = [
        "9 3".to_owned(),
        hello.clone(),
        ".".into(),
        ".".into(),
        format!("r{}", wire("events_reply")),
        format!("g{}", wire("page")),
    ];
    let refused = [
        "9 3".to_owned(),
        problem("fresh_nonce"),
        hello.clone(),
        ".".into(),
        ".".into(),
        problem("not_authentic"),
        "d".into(),
        problem("gap"),
        problem("too_large"),
        problem("send_only"),
    ];
    let fork =
        ["9 7".to_owned(), hello.clone(), ".".into(), ".".into(), problem("fork"), problem("not_found")];
    let wait = ["9 7".to_owned(), hello, ".".into(), ".".into(), problem("try_later")];
    [
        ("whole", whole.join("\n")),
        ("refused", refused.join("\n")),
        ("fork", fork.join("\n")),
        ("wait", wait.join("\n")),
    ]
    .map(|(name, text)| (name.to_owned(), text.into_bytes()))
    .into()
}

//! What phones were told: every receipt is taken down before its phone hears it, and held against all that came before.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use firsthours_core::app::Connect;
use firsthours_core::evidence::{Document, Receipt};
use firsthours_core::record::{EncounterId, Epoch, EventId, Hash, InstallId};
use firsthours_core::sync::{Http, Request, Response, Transport, Unreachable};
use firsthours_tests::programme::Fault;

/// The receipts of all phones.
#[derive(Default)]
pub(crate) struct Heard {
    uploads: AtomicI64,
    told: Mutex<Told>,
}

/// What was told so far.
#[derive(Default)]
pub(crate) struct Told {
    epoch: Option<Epoch>,
    /// By install: numbers up to which it was acknowledged, and the ids that were named.
    pub(crate) acknowledged: BTreeMap<InstallId, BTreeMap<u64, EventId>>,
    /// By record: positions, and the rolling hashes that were named.
    pub(crate) positions: BTreeMap<EncounterId, BTreeMap<u64, Hash>>,
    /// By phone and record: the last position that it was told. Answers to two phones may overtake each other.
    last: BTreeMap<(InstallId, EncounterId), u64>,
    pub(crate) receipts: u64,
    /// Requests without an answer.
    pub(crate) cut: u64,
    /// Uploads that had been committed and whose answer was lost.
    pub(crate) unheard: u64,
    faults: Vec<String>,
}

impl Heard {
    /// How a phone connects when its receipts are taken down.
    pub(crate) fn connect(self: &Arc<Self>) -> Arc<Connect> {
        let heard = Arc::clone(self);
        Arc::new(move |address, ca| {
            Ok(Box::new(Line { http: Http::new(address, ca)?, heard: Arc::clone(&heard) }))
        })
    }

    /// Uploads that wait for an answer.
    pub(crate) fn uploads(&self) -> i64 {
        self.uploads.load(Ordering::SeqCst)
    }

    /// What was told so far.
    pub(crate) fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first thing that a receipt took back, if one did.
    pub(crate) fn fault(&self) -> Result<(), Fault> {
        self.told().faults.first().map_or(Ok(()), |fault| Err(fault.clone().into()))
    }
}

impl Told {
    fn receipt(&mut self, receipt: &Receipt, upload: bool) {
        self.receipts += 1;
        if *self.epoch.get_or_insert(receipt.epoch) != receipt.epoch {
            self.faults.push("the server has a new epoch".to_owned());
        }
        let Receipt { install, received_through, received_id, .. } = *receipt;
        let known = self.acknowledged.entry(install).or_default();
        let before = known.last_key_value().map_or(0, |(through, _)| *through);
        if received_through < before {
            self.faults.push(format!(
                "LOST: the phone {install} had a receipt through {before}, and is now told {received_through}"
            ));
        }
        if received_through > before && !upload {
            self.unheard += 1;
        }
        if let Some(id) = received_id
            && *known.entry(received_through).or_insert(id) != id
        {
            self.faults.push(format!("LOST: number {received_through} of {install} is another event now"));
        }
        for told in &receipt.encounters {
            let before = self.last.insert((install, told.id), told.pos).unwrap_or(0);
            if told.pos < before {
                self.faults
                    .push(format!("LOST: record {} was at {before}, and is now at {}", told.id, told.pos));
            }
            let known = self.positions.entry(told.id).or_default();
            if *known.entry(told.pos).or_insert(told.rolling) != told.rolling {
                self.faults.push(format!("LOST: record {} has another history up to {}", told.id, told.pos));
            }
        }
    }
}

struct Line {
    http: Http,
    heard: Arc<Heard>,
}

impl Transport for Line {
    fn send(&self, request: &Request) -> Result<Response, Unreachable> {
        let upload = request.path.ends_with("/sync/events");
        self.heard.uploads.fetch_add(i64::from(upload), Ordering::SeqCst);
        let answer = self.http.send(request);
        self.heard.uploads.fetch_sub(i64::from(upload), Ordering::SeqCst);
        let mut told = self.heard.told();
        match &answer {
            Ok(answer) if answer.status == 200 => {
                if let Some(receipt) = receipt_of(&answer.body) {
                    told.receipt(&receipt, upload);
                }
            }
            Ok(_) => {}
            Err(_) => told.cut += 1,
        }
        answer
    }
}

/// The receipt in an answer, if there is one. Its signature is the phone's to check.
fn receipt_of(body: &[u8]) -> Option<Receipt> {
    let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    let receipt: Document = serde_json::from_value(answer.get("receipt")?.clone()).ok()?;
    receipt.peek().ok()
}

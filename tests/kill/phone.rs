//! The phone's half: victims record on one phone after another, each life begins where the last was killed.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use firsthours_core::app::{Act, FirstHours, Outside};
use firsthours_core::protocol::Phase;
use firsthours_core::record::EventId;
use firsthours_core::store::StoreKey;
use firsthours_core::words::Language;
use firsthours_tests::programme::Fault;
use firsthours_tests::victim::{Chance, Order, Said};
use firsthours_tests::{Programme, SharedClock};

use crate::child::{PATIENCE, Victim};
use crate::held::Holds;
use crate::ledger::{Ledger, Totals};
use crate::{ENOUGH, moment, tell};

/// Kills of one phone; the next one begins with an empty folder and is killed while it is set up, too.
const LIVES: u64 = 60;
/// After so many kills the parent reads the store and checks everything.
const CHECK_EVERY: u64 = 10;
/// Phones at one time.
const WORKERS: u64 = 2;
/// How many syncs may be needed in the end.
const SYNCS: u32 = 10;

/// Kills phones so many times.
pub(crate) fn run(kills: u64, seed: u64) -> Result<(), Fault> {
    let began = Instant::now();
    let (next, totals) = (AtomicU64::new(0), Mutex::new(Totals::default()));
    let work = || -> Result<(), Fault> {
        loop {
            let index = next.fetch_add(1, Ordering::SeqCst);
            let lives = LIVES.min(kills.saturating_sub(index * LIVES));
            if lives == 0 {
                return Ok(());
            }
            let one = one_phone(lives, Chance::of(seed, index))
                .map_err(|fault| format!("phone {index} under FIRSTHOURS_SEED={seed}: {fault}"))?;
            totals.lock().expect("no worker panics while it adds").add(one);
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a worker panicked")?)
    })?;
    let totals = *totals.lock().expect("every worker has ended");
    report(&totals, seed, began.elapsed());
    if kills >= ENOUGH && (totals.during_an_act == 0 || totals.acknowledged == 0) {
        return Err("no kill hit an act: nothing was shown".into());
    }
    Ok(())
}

fn report(totals: &Totals, seed: u64, took: Duration) {
    let Totals { kills, while_opening, during_an_act, during_a_sync, while_closing, .. } = totals;
    let Totals { acts, acknowledged, refused, landed, events, checks, .. } = totals;
    tell(&format!(
        "kill loop, phones: {kills} kills in {} s, seed {seed}: {while_opening} while opening, {during_an_act} during an \
         act, {during_a_sync} during a sync, {while_closing} while closing\n\
         kill loop, phones: {acts} acts begun, {acknowledged} acknowledged, {refused} refused; {events} events, {landed} \
         of them of acts that were killed before they came back or of submitted drafts; {checks} full checks: \
         0 acknowledged lost, 0 doubled, 0 torn",
        took.as_secs(),
    ));
}

fn one_phone(lives: u64, mut chance: Chance) -> Result<Totals, Fault> {
    let programme = Programme::start(&SharedClock::running(0))?;
    let folder = tempfile::tempdir()?;
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| error.to_string())?;
    let mut order = Order {
        folder: folder.path().display().to_string(),
        key: hex::encode(key),
        address: programme.address.clone(),
        fingerprint: programme.fingerprint.clone(),
        code: programme.code("alvarez")?,
        seed: 0,
        first: 1,
    };
    let mut ledger = Ledger::default();
    for life in 1..=lives {
        (order.seed, order.first) = (chance.bits(), ledger.next());
        let last = life == lives;
        let early = !last && chance.one_in(4);
        live(&programme, &order, &mut ledger, moment(&mut chance, 8), early)
            .map_err(|fault| format!("life {life}: {fault}"))?;
        if last || life % CHECK_EVERY == 0 {
            check(&programme, folder.path(), &key, &mut ledger)
                .map_err(|fault| format!("after life {life}: {fault}"))?;
            review(&programme, folder.path(), &key)?;
        }
    }
    settle(&programme, folder.path(), &key, &mut ledger)?;
    Ok(ledger.totals)
}

/// One life: from its start, or from when it acts, the victim has so long.
fn live(
    programme: &Programme,
    order: &Order,
    ledger: &mut Ledger,
    moment: Duration,
    early: bool,
) -> Result<(), Fault> {
    let mut victim = Victim::start(&["phone"], &[])?;
    victim.tell(&serde_json::to_string(order)?);
    let mut until = Instant::now() + if early { moment } else { PATIENCE };
    let mut armed = early;
    let mut doing = Doing::default();
    while let Some(line) = victim.line(until)? {
        let said: Said = serde_json::from_str(&line)?;
        match &said {
            Said::Waiting => {
                programme.approve_all()?;
                victim.tell("approved");
            }
            Said::Ready if !armed => {
                armed = true;
                until = Instant::now() + moment;
            }
            _ => {}
        }
        doing.note(&said);
        ledger.note(said)?;
    }
    if !armed {
        return Err("the victim was not ready within a minute".into());
    }
    for line in victim.kill()? {
        let said: Said = serde_json::from_str(&line)?;
        doing.note(&said);
        ledger.note(said)?;
    }
    doing.count(&mut ledger.totals);
    Ok(())
}

/// What a victim was at when it was killed.
#[derive(Default)]
struct Doing {
    at: At,
    syncing: bool,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum At {
    #[default]
    Opening,
    Between,
    Acting,
    Closing,
}

impl Doing {
    fn note(&mut self, said: &Said) {
        match said {
            Said::Open | Said::Waiting | Said::Fault { .. } => self.at = At::Opening,
            Said::Ready | Said::Done { .. } | Said::Refused { .. } => self.at = At::Between,
            Said::Trying { .. } => self.at = At::Acting,
            Said::Closing => self.at = At::Closing,
            Said::Syncing => self.syncing = true,
            Said::Synced { .. } => self.syncing = false,
        }
    }

    fn count(&self, totals: &mut Totals) {
        totals.kills += 1;
        totals.during_a_sync += u64::from(self.syncing);
        match self.at {
            At::Opening => totals.while_opening += 1,
            At::Acting => totals.during_an_act += 1,
            At::Closing => totals.while_closing += 1,
            At::Between => {}
        }
    }
}

/// Reads the store past the app, then opens the app and folds everything again.
fn check(programme: &Programme, folder: &Path, key: &[u8; 32], ledger: &mut Ledger) -> Result<(), Fault> {
    let holds = Holds::read(folder, &StoreKey::new(*key), programme.app.trust.keyring())
        .map_err(|fault| format!("TORN: {fault}"))?;
    ledger.check(&holds)?;
    let app = open(folder, key)?;
    let stale = app.rebuild()?;
    app.shutdown();
    if stale > 0 {
        return Err(format!("TORN: {stale} summaries were not those of their events").into());
    }
    Ok(())
}

/// A supervisor comments on what has come in and sends back what was submitted, so that victims have something to read.
fn review(programme: &Programme, folder: &Path, key: &[u8; 32]) -> Result<(), Fault> {
    let holds = Holds::read(folder, &StoreKey::new(*key), programme.app.trust.keyring())?;
    for row in holds.rows.iter().filter(|row| row.cursor.is_some()).take(2) {
        let id = row.id.to_string();
        // A record that was opened in error takes neither; one that was not submitted cannot be sent back.
        let _ = programme.at_desk(
            "rivera",
            &id,
            &Act::Comment { step: None, text: "Please say more.".to_owned() },
        );
        let _ = programme.at_desk("rivera", &id, &Act::Return { phase: Phase::Scene });
    }
    Ok(())
}

/// A last quiet sync: then the station holds what the phone holds, each once.
fn settle(programme: &Programme, folder: &Path, key: &[u8; 32], ledger: &mut Ledger) -> Result<(), Fault> {
    let app = open(folder, key)?;
    let mut complete = false;
    for _ in 0..SYNCS {
        let report = app.sync_now()?;
        complete = report.complete && report.events_sent == 0 && report.events_received == 0;
        if complete {
            break;
        }
    }
    app.shutdown();
    if !complete {
        return Err("the phone does not come to rest with its station".into());
    }
    check(programme, folder, key, ledger)?;
    let holds = Holds::read(folder, &StoreKey::new(*key), programme.app.trust.keyring())?;
    let mut there: Vec<EventId> = programme.event_ids()?;
    there.sort_unstable();
    if !there.iter().eq(&holds.ids()) {
        let rows = programme.app.store.read(|tx| {
            tx.rows("select encounter, install, count(*) from event group by encounter, install", &[])
        })?;
        let at_station: Vec<String> = rows
            .iter()
            .map(|row| Ok(format!("{:.6} {:.12} {}", row.text(0)?, row.text(1)?, row.int(2)?)))
            .collect::<Result<_, firsthours_server::store::StoreError>>()?;
        let here: Vec<String> = holds
            .rows
            .iter()
            .map(|row| format!("{:.6} {} {:?}", row.id.to_string(), row.events, row.cursor))
            .collect();
        return Err(format!(
            "the station holds {} events, the phone {}; there: {at_station:?}; here: {here:?}",
            there.len(),
            holds.ids().len()
        )
        .into());
    }
    let held = programme.app.store.read(|tx| tx.rows("select id from held", &[]))?;
    if held.is_empty() { Ok(()) } else { Err(format!("the station holds {} events back", held.len()).into()) }
}

fn open(folder: &Path, key: &[u8; 32]) -> Result<FirstHours, Fault> {
    Ok(FirstHours::open(folder, &StoreKey::new(*key), Language::En, Outside::real())?)
}

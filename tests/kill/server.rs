//! The server's half: phones of this process record and sync without rest, and the server dies under them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use firsthours_core::app::{FirstHours, Outside, SystemClock, SystemRandom};
use firsthours_core::store::StoreKey;
use firsthours_core::words::{Language, SyncSentence};
use firsthours_tests::programme::Fault;
use firsthours_tests::victim::{Chance, Outcome, Player};
use tempfile::TempDir;

use crate::heard::Heard;
use crate::held::Holds;
use crate::station::{Station, Stock};
use crate::supervisor::Comments;
use crate::{ENOUGH, moment, tell};

/// Whose phones they are: two of one deputy show each other's records, and one who is asked to join shares others'.
const PHONES: [&str; 4] = ["alvarez", "alvarez", "brooks", "chen"];
/// After so many kills the folder is opened and checked.
const CHECK_EVERY: u64 = 50;
/// A phone without a server tries again so soon.
const PAUSE: Duration = Duration::from_millis(3);
/// One life in four lasts until at most so many receipts were heard, however slow the machine is: else phones would see
/// little of each other.
const ANSWERS: u64 = 8;
/// But no longer than this.
const PATIENCE: Duration = Duration::from_secs(2);
/// How many rounds of syncs may be needed in the end.
const ROUNDS: u32 = 20;

struct Phone {
    folder: TempDir,
    key: [u8; 32],
    app: FirstHours,
}

/// What is counted.
#[derive(Default)]
struct Totals {
    acts: AtomicU64,
    syncs: AtomicU64,
    complete: AtomicU64,
    /// Kills that hit while an upload waited for its answer.
    in_an_upload: AtomicU64,
    while_starting: AtomicU64,
}

/// Kills the server so many times.
pub(crate) fn run(kills: u64, seed: u64) -> Result<(), Fault> {
    let began = Instant::now();
    let station = Station::make()?;
    let heard = Arc::new(Heard::default());
    let phones = enrolled(&station, &heard)?;
    let token = station.sign_in("rivera")?;
    let (totals, stop) = (Totals::default(), AtomicBool::new(false));
    let mut chance = Chance::of(seed, u64::MAX);
    let comments = std::thread::scope(|scope| -> Result<Comments, Fault> {
        let deputies: Vec<_> = phones
            .iter()
            .map(|phone| {
                let chance = Chance::new(chance.bits());
                scope.spawn(|| record(&phone.app, chance, &totals, &stop))
            })
            .collect();
        let desk = Chance::new(chance.bits());
        let supervisor = scope.spawn(|| Comments::make(station.port, &token, &heard, desk, &stop));
        let killed = kill(&station, &heard, kills, &mut chance, &totals);
        stop.store(true, Ordering::SeqCst);
        let comments = supervisor.join().map_err(|_| "the supervisor panicked")?;
        for deputy in deputies {
            deputy.join().map_err(|_| "a deputy panicked")??;
        }
        killed?;
        Ok(comments)
    })
    .map_err(|fault| format!("under FIRSTHOURS_SEED={seed}: {fault}"))?;

    heal(&station, &phones)?;
    heard.fault()?;
    let stock = station.whole(&heard.told())?;
    comments.check(&stock.comments)?;
    same(&station, &phones, &stock)?;
    report(kills, seed, began.elapsed(), &totals, &heard, &comments, &stock);
    if kills >= ENOUGH && totals.in_an_upload.load(Ordering::SeqCst) == 0 {
        return Err("no kill hit an upload: nothing was shown".into());
    }
    Ok(())
}

fn report(
    kills: u64,
    seed: u64,
    took: Duration,
    totals: &Totals,
    heard: &Heard,
    comments: &Comments,
    stock: &Stock,
) {
    let read = |number: &AtomicU64| number.load(Ordering::SeqCst);
    let told = heard.told();
    let acknowledged: u64 = told
        .acknowledged
        .values()
        .filter_map(|known| known.last_key_value())
        .map(|(through, _)| through)
        .sum();
    let (accepted, unknown) = comments.counts();
    tell(&format!(
        "kill loop, server: {kills} kills in {} s, seed {seed}: {} while starting, {} while an upload waited for its \
         answer; {} of these had been committed unheard\n\
         kill loop, server: {} acts of {} phones, {acknowledged} events acknowledged by {} receipts in {} syncs ({} \
         complete, {} requests without an answer); {accepted} comments accepted, {unknown} without an answer; {} events \
         in {} records: 0 acknowledged lost, 0 doubled, 0 torn",
        took.as_secs(),
        read(&totals.while_starting),
        read(&totals.in_an_upload),
        told.unheard,
        read(&totals.acts),
        PHONES.len(),
        told.receipts,
        read(&totals.syncs),
        read(&totals.complete),
        told.cut,
        stock.ids.len(),
        stock.summaries.len(),
    ));
}

fn enrolled(station: &Station, heard: &Arc<Heard>) -> Result<Vec<Phone>, Fault> {
    let codes: Vec<String> = PHONES.iter().map(|person| station.code(person)).collect::<Result<_, _>>()?;
    let mut phones = Vec::new();
    let server = station.serve()?;
    for code in &codes {
        let phone = Phone::new(heard)?;
        phone.app.enrol(station.address(), code)?;
        phones.push(phone);
    }
    server.kill()?;
    station.approve_all()?;
    let server = station.serve()?;
    for (phone, code) in phones.iter().zip(&codes) {
        phone.app.enrol(station.address(), code)?;
        let report = phone.app.sync_now()?;
        if !report.complete {
            return Err(report.trouble.into());
        }
    }
    server.kill()?;
    Ok(phones)
}

impl Phone {
    fn new(heard: &Arc<Heard>) -> Result<Self, Fault> {
        let folder = tempfile::tempdir()?;
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| error.to_string())?;
        let app = open(folder.path(), key, heard)?;
        Ok(Self { folder, key, app })
    }
}

fn open(folder: &Path, key: [u8; 32], heard: &Arc<Heard>) -> Result<FirstHours, Fault> {
    let outside = Outside {
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        connect: heard.connect(),
        session_file: None,
    };
    Ok(FirstHours::open(folder, &StoreKey::new(key), Language::En, outside)?)
}

/// Starts the server and kills it, again and again.
fn kill(
    station: &Station,
    heard: &Heard,
    kills: u64,
    chance: &mut Chance,
    totals: &Totals,
) -> Result<(), Fault> {
    for kill in 1..=kills {
        let early = chance.one_in(8);
        let answers = if chance.one_in(4) { heard.told().receipts + 1 + chance.below(ANSWERS) } else { 0 };
        let victim = if early { station.start()? } else { station.serve()? };
        let mut listening = !early;
        let patience = Instant::now() + PATIENCE;
        while !early && heard.told().receipts < answers && Instant::now() < patience {
            victim.line(Instant::now() + PAUSE)?;
        }
        let until = Instant::now() + moment(chance, 4);
        while victim.line(until)?.is_some() {
            listening = true;
        }
        totals.while_starting.fetch_add(u64::from(!listening), Ordering::SeqCst);
        totals.in_an_upload.fetch_add(u64::from(heard.uploads() > 0), Ordering::SeqCst);
        victim.kill()?;
        heard.fault().map_err(|fault| format!("kill {kill}: {fault}"))?;
        if kill % CHECK_EVERY == 0 {
            // What is told while the folder is read was told by a server that is dead.
            let told = heard.told();
            station.keeps_its_word(&told).map_err(|fault| format!("kill {kill}: {fault}"))?;
        }
    }
    Ok(())
}

/// One deputy: some acts, a sync, and again.
fn record(app: &FirstHours, mut chance: Chance, totals: &Totals, stop: &AtomicBool) -> Result<(), Fault> {
    let mut player = Player::new(app, Chance::new(chance.bits()))?;
    let mut number = 0;
    let mut complete = true;
    while !stop.load(Ordering::SeqCst) {
        let acts = if complete || chance.one_in(4) { 1 + chance.below(4) } else { 0 };
        for _ in 0..acts {
            number += 1;
            let deed = player.plan(number);
            if let Outcome::Done { .. } = player.perform(&deed)? {
                totals.acts.fetch_add(1, Ordering::SeqCst);
            }
        }
        complete = app.sync_now()?.complete;
        totals.syncs.fetch_add(1, Ordering::SeqCst);
        totals.complete.fetch_add(u64::from(complete), Ordering::SeqCst);
        if !complete {
            std::thread::park_timeout(PAUSE);
        } else if chance.one_in(20) {
            player.turn_to_another()?;
        } else {
            player.look()?;
        }
    }
    Ok(())
}

/// The server lives; everybody syncs until nothing moves.
fn heal(station: &Station, phones: &[Phone]) -> Result<(), Fault> {
    let server = station.serve()?;
    let mut trouble = String::new();
    for _ in 0..ROUNDS {
        let mut quiet = true;
        for phone in phones {
            let report = phone.app.sync_now()?;
            quiet &= report.complete && report.events_sent == 0 && report.events_received == 0;
            trouble = report.trouble;
        }
        if quiet {
            server.kill()?;
            return Ok(());
        }
    }
    Err(format!("the phones do not come to rest with their station: {trouble}").into())
}

/// What the phones hold is together what the station holds, and each record is folded to the same bytes.
fn same(station: &Station, phones: &[Phone], stock: &Stock) -> Result<(), Fault> {
    let ring = station.open()?.trust.keyring();
    let mut union = std::collections::BTreeSet::new();
    for phone in phones {
        let stale = phone.app.rebuild()?;
        let kept = SyncSentence::StationHasIt.text(Language::En);
        let unconfirmed = phone.app.holdings()?.iter().filter(|holding| holding.kept != kept).count();
        phone.app.shutdown();
        if stale > 0 || unconfirmed > 0 {
            return Err(format!("{stale} summaries were stale, {unconfirmed} records unconfirmed").into());
        }
        let holds = Holds::read(phone.folder.path(), &StoreKey::new(phone.key), ring.clone())?;
        union.extend(holds.ids());
        for row in holds.rows {
            if stock.summaries.get(&row.id) != Some(&row.summary) {
                return Err(
                    format!("record {} is folded differently on a phone and at the station", row.id).into()
                );
            }
        }
    }
    if union == stock.ids {
        Ok(())
    } else {
        let (lost, new) = (union.difference(&stock.ids).count(), stock.ids.difference(&union).count());
        Err(format!("LOST: {lost} events are on phones only, {new} at the station only").into())
    }
}

//! The child processes of the kill loop: whoever starts one kills it.
//!
//! `victim phone` reads an order from its standard input and records on a phone until it is killed. Any other command
//! line is the server's own: `victim serve` runs what `firsthours-server serve` runs.

use std::io::{BufRead, Write};
use std::path::Path;
use std::process::ExitCode;

use firsthours_core::app::{FirstHours, Outside, ServerEndpoint};
use firsthours_core::store::StoreKey;
use firsthours_core::words::Language;
use firsthours_tests::programme::Fault;
use firsthours_tests::victim::{Chance, Order, Outcome, Player, Said};

/// At most so many acts before the app is closed and opened again: closing moves the log into the database.
const ACTS: u64 = 8;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() != Some("phone") {
        return firsthours_server::cli::main();
    }
    let ended = read_order().and_then(|order| record(&order));
    let detail = ended.err().map_or_else(|| "ended by itself".to_owned(), |fault| fault.to_string());
    let _ = say(&Said::Fault { detail });
    ExitCode::FAILURE
}

fn read_order() -> Result<Order, Fault> {
    Ok(serde_json::from_str(&read_line()?)?)
}

fn read_line() -> Result<String, Fault> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line)
}

/// One line, in one write: a kill leaves it whole or absent.
fn say(said: &Said) -> Result<(), Fault> {
    let mut line = serde_json::to_string(said)?;
    line.push('\n');
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes())?;
    Ok(out.flush()?)
}

fn record(order: &Order) -> Result<(), Fault> {
    let mut key = [0; 32];
    hex::decode_to_slice(&order.key, &mut key)?;
    let mut number = order.first;
    for opening in 0.. {
        let app =
            FirstHours::open(Path::new(&order.folder), &StoreKey::new(key), Language::En, Outside::real())?;
        say(&Said::Open)?;
        enrol(&app, order)?;
        say(&Said::Ready)?;
        let mut chance = Chance::of(order.seed, opening);
        let acts = 1 + chance.below(ACTS);
        let syncs = chance.one_in(2);
        let mut player = Player::new(&app, chance)?;
        let acted = std::thread::scope(|scope| {
            // Beside the acts, as the app of a shell does it.
            let sync = syncs.then(|| scope.spawn(|| sync(&app)));
            let acted = act(&mut player, &mut number, acts);
            let synced =
                sync.map_or(Ok(()), |sync| sync.join().unwrap_or_else(|_| Err("a sync panicked".into())));
            acted.and(synced)
        });
        acted?;
        say(&Said::Closing)?;
        app.shutdown();
    }
    Ok(())
}

/// Asks until somebody approved, and fetches what a record begins with.
fn enrol(app: &FirstHours, order: &Order) -> Result<(), Fault> {
    while !app.home()?.can_start {
        let station = ServerEndpoint {
            address: order.address.clone(),
            fingerprint: order.fingerprint.clone(),
            ca_pem: None,
        };
        if app.enrol(station, &order.code)?.approved {
            sync(app)?;
        } else {
            say(&Said::Waiting)?;
            read_line()?;
        }
    }
    Ok(())
}

fn sync(app: &FirstHours) -> Result<(), Fault> {
    say(&Said::Syncing)?;
    let report = app.sync_now()?;
    say(&Said::Synced { complete: report.complete })
}

fn act(player: &mut Player<'_>, number: &mut u64, acts: u64) -> Result<(), Fault> {
    for _ in 0..acts {
        let deed = player.plan(*number);
        let (encounter, place) = (deed.encounter.clone(), deed.place.clone());
        say(&Said::Trying { number: *number, what: deed.what, encounter, place })?;
        match player.perform(&deed)? {
            Outcome::Done { encounter, seen } => say(&Said::Done { number: *number, encounter, seen })?,
            Outcome::Refused => say(&Said::Refused { number: *number })?,
        }
        *number += 1;
    }
    Ok(())
}

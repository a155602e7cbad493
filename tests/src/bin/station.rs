//! A throwaway station for tests in other languages: a synthetic programme on loopback, gone when its standard input ends.
//!
//! It prints one line of JSON when it serves, `{"address": …, "fingerprint": …}`: with these a phone builds its `ServerEndpoint`
//! (without a certificate authority: clear text is accepted on loopback only). Then it reads commands, one a line, and
//! answers each with one line of JSON; `{"fault": …}` if it could not.
//!
//! | line | what it does | answer |
//! |---|---|---|
//! | `code alvarez` | makes a one-time code for a person; people: `alvarez`, `brooks` and `chen` are deputies | `{"code": …}` |
//! | `approve` | the administrator approves every phone that waits | `{"done": true}` |
//! | `events ENCOUNTER` | the ids of the events that it holds of a record, in the order of their positions, each as often as it is there, and the record's last position; `[]` and 0 if it holds none | `{"ids": […], "pos": …}` |
//! | `slow MS` | from now on waits so long before it takes an upload; 0 ends it | `{"done": true}` |
//! | `uploads` | how many uploads have arrived so far, the one that waits among them | `{"uploads": …}` |
//! | `quit` | ends | none |

use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use firsthours_core::record::EncounterId;
use firsthours_tests::programme::Fault;
use firsthours_tests::{Programme, SharedClock};
use serde_json::{Value, json};

fn main() -> ExitCode {
    let outcome = run();
    if let Err(fault) = &outcome {
        let _ = writeln!(std::io::stderr(), "station: {fault}");
    }
    if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What a test has asked of the way that uploads take.
#[derive(Default)]
struct Uploads {
    wait_ms: AtomicU64,
    arrived: AtomicU64,
}

fn run() -> Result<(), Fault> {
    let mut programme = Programme::set_up(&SharedClock::running(0))?;
    let uploads = Arc::new(Uploads::default());
    let _serving = serve(&mut programme, &uploads)?;
    say(&json!({ "address": programme.address, "fingerprint": programme.fingerprint }))?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if line.trim() == "quit" {
            break;
        }
        say(&obey(&programme, &uploads, &line).unwrap_or_else(|fault| json!({ "fault": fault.to_string() })))?;
    }
    Ok(())
}

/// Serves it on a free port of loopback, with a hand on the uploads. It is not stopped: it ends with this process.
fn serve(programme: &mut Programme, uploads: &Arc<Uploads>) -> Result<tokio::runtime::Runtime, Fault> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    programme.address = format!("http://{}", listener.local_addr()?);
    let uploads = Arc::clone(uploads);
    let router = firsthours_server::router(programme.app.clone()).layer(from_fn(
        move |request: Request, next: Next| {
            let uploads = Arc::clone(&uploads);
            async move {
                if request.uri().path() == "/v1/sync/events" {
                    uploads.arrived.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(uploads.wait_ms.load(Ordering::SeqCst))).await;
                }
                next.run(request).await
            }
        },
    ));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.spawn(async move {
        if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
            let _ = axum::serve(listener, router).await;
        }
    });
    Ok(runtime)
}

fn obey(programme: &Programme, uploads: &Uploads, line: &str) -> Result<Value, Fault> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["code", username] => {
            if programme.person(username).as_str().is_empty() {
                return Err(format!("nobody is called {username}").into());
            }
            Ok(json!({ "code": programme.code(username)? }))
        }
        ["approve"] => {
            programme.approve_all()?;
            Ok(json!({ "done": true }))
        }
        ["events", encounter] => events(programme, encounter),
        ["slow", ms] => {
            uploads.wait_ms.store(ms.parse()?, Ordering::SeqCst);
            Ok(json!({ "done": true }))
        }
        ["uploads"] => Ok(json!({ "uploads": uploads.arrived.load(Ordering::SeqCst) })),
        _ => Err(format!("this is no command: {line}").into()),
    }
}

fn events(programme: &Programme, encounter: &str) -> Result<Value, Fault> {
    let encounter: EncounterId = encounter.parse()?;
    let id = encounter.to_string();
    let sql = "select id, pos from event where encounter = $1 order by pos";
    let rows = programme.app.store.read(|tx| tx.rows(sql, &[(&id).into()]))?;
    let (mut ids, mut pos) = (Vec::new(), 0);
    for row in rows {
        ids.push(row.text(0)?.to_owned());
        pos = row.int(1)?;
    }
    Ok(json!({ "ids": ids, "pos": pos }))
}

fn say(line: &Value) -> Result<(), Fault> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

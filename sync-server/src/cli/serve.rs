//! Running the server until it is told to stop.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::CliError;
use super::out;
use crate::app::App;
use crate::http::listen::{self, Bounds};

pub(super) fn run(app: App) -> Result<(), CliError> {
    let level: tracing::Level = app.config.log.parse().expect("the settings were checked");
    tracing_subscriber::fmt().json().with_max_level(level).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(app))
}

/// How often the log is signed while it grows.
const CHECKPOINT_EVERY: Duration = Duration::from_mins(5);

/// Compares the log with what was told of it, which reads all of it, then signs how far it is, now and every few minutes.
async fn watch_log(app: App) {
    match app.aside(|app| app.checkpoints().check(app.now())).await {
        Ok(Ok(verdict)) => {
            tracing::info!(sound = verdict.is_sound(), "the log was compared with its checkpoints");
        }
        Ok(Err(error)) => tracing::error!(%error, "the log could not be compared with its checkpoints"),
        Err(error) => tracing::error!(%error, "the log could not be compared with its checkpoints"),
    }
    let mut ticks = tokio::time::interval(CHECKPOINT_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        sign_log(&app).await;
    }
}

async fn sign_log(app: &App) {
    match app.aside(|app| app.checkpoints().make(app.now())).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::error!(%error, "no checkpoint of the log could be made"),
        Err(error) => tracing::error!(%error, "no checkpoint of the log could be made"),
    }
}

async fn serve(app: App) -> Result<(), CliError> {
    let listener = TcpListener::bind(app.config.listen).await?;
    // The port may have been 0; whoever started us reads the real one here.
    out::line(format_args!("listening on http://{}", listener.local_addr()?));
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
    };
    let watching = tokio::spawn(watch_log(app.clone()));
    listen::serve(listener, crate::router(app.clone()), Bounds::default(), stop).await;
    watching.abort();
    sign_log(&app).await;
    Ok(())
}

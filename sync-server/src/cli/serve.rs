//! Running the server until it is told to stop.

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::CliError;
use crate::app::App;
use crate::listen::{self, Bounds};
use crate::out;

pub(super) fn run(app: App) -> Result<(), CliError> {
    let level: tracing::Level = app.config.log.parse().expect("the settings were checked");
    tracing_subscriber::fmt().json().with_max_level(level).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(app))
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
    listen::serve(listener, crate::router(app), Bounds::default(), stop).await;
    Ok(())
}

//! A second server on a copy of another one's folder: the same keys and the same records, for a test to spoil.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use firsthours_core::outside::SystemRandom;
use firsthours_server::App;
use firsthours_server::config::Config;
use firsthours_tests::programme::Fault;
use firsthours_tests::{Programme, SharedClock};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// A folder as it was at one moment, and how to open it.
pub(crate) struct Snapshot {
    folder: TempDir,
    config: Config,
    clock: SharedClock,
}

/// A running server on a copy.
pub(crate) struct Twin {
    pub(crate) app: App,
    pub(crate) address: SocketAddr,
    running: Option<(oneshot::Sender<()>, std::thread::JoinHandle<()>)>,
    /// Last, so that it is deleted after the server has ended.
    _folder: TempDir,
}

impl Snapshot {
    /// The programme's server as it is on disk; nothing may be writing to it.
    pub(crate) fn of(programme: &Programme) -> Result<Self, Fault> {
        let folder = tempfile::tempdir()?;
        copy(programme.folder(), folder.path())?;
        Ok(Self { folder, config: programme.app.config.clone(), clock: programme.clock.clone() })
    }

    /// A new server that starts from here.
    pub(crate) fn start(&self) -> Result<Twin, Fault> {
        let folder = tempfile::tempdir()?;
        copy(self.folder.path(), folder.path())?;
        let mut config = self.config.clone();
        folder.path().clone_into(&mut config.data);
        let app = App::open(config, Arc::new(self.clock.clone()), Arc::new(SystemRandom))?;
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let router = firsthours_server::router(app.clone());
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let thread = std::thread::spawn(move || {
            runtime.block_on(async move {
                let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
                let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
                    let _ = stopped.await;
                });
                let _ = serving.await;
            });
        });
        Ok(Twin { app, address, running: Some((stop, thread)), _folder: folder })
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.running.take() {
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

/// Copies a folder with all that is in it, but for the index of the write-ahead log, which `SQLite` makes anew.
pub(crate) fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else if !entry.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

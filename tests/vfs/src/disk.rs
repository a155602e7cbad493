//! A watched folder: counts the calls, decides which fail, and keeps the model.

use std::collections::BTreeMap;
use std::ffi::c_int;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::ffi;

use crate::image::Image;
use crate::platter::{Change, Content, Inode, Platter, Step};
use crate::trace::Trace;

/// The calls that change what is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// `xWrite`.
    Write,
    /// `xSync`.
    Sync,
    /// `xTruncate`.
    Truncate,
    /// `xDelete` of a file that is there.
    Delete,
    /// `xOpen` that makes a file.
    Create,
}

/// What goes wrong, once, at a call counted from 1 after [`Disk::plan`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The power goes before the n-th call of any kind: it and everything after it fails, reads too.
    Cut {
        /// Which call.
        at: u64,
    },
    /// The n-th call of a kind fails, and all later ones of that kind if `forever`.
    Fail {
        /// The kind.
        call: Call,
        /// Which.
        at: u64,
        /// Not only that one.
        forever: bool,
    },
    /// The n-th write writes a part and fails.
    Short {
        /// Which.
        at: u64,
    },
    /// There is no room for the n-th write, and for all later ones if `forever`.
    Full {
        /// Which.
        at: u64,
        /// Not only that one.
        forever: bool,
    },
}

/// Calls made, and faults that happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that were made, failed ones too.
    pub calls: BTreeMap<Call, u64>,
    /// Calls that failed because a fault said so; not those after a cut.
    pub faults: u64,
}

/// A watched folder. Dropped, it is a folder like any other.
pub struct Disk(Arc<Mutex<State>>);

pub(crate) struct State {
    folder: PathBuf,
    platter: Platter,
    counts: Counts,
    /// Since the plan was made.
    since: BTreeMap<Call, u64>,
    plan: Option<Fault>,
    /// Nothing works any more: the power is off, or the process is as good as dead.
    stopped: bool,
    open: usize,
    recording: Option<(Platter, Steps)>,
}

/// What was done since a recording began, each with the content that it wrote.
type Steps = Vec<(Step, Arc<Content>)>;

/// What a call is to do.
pub(crate) enum Verdict {
    Go,
    /// Fail with this code of SQLite.
    Fail(c_int),
    /// Write half of it, then fail.
    Half,
}

static DISKS: Mutex<Vec<Arc<Mutex<State>>>> = Mutex::new(Vec::new());

/// The watched folder in which a file lies, and the file's name in it.
pub(crate) fn watched(path: &Path) -> Option<(Arc<Mutex<State>>, String)> {
    let name = path.file_name()?.to_str()?;
    let disks = lock(&DISKS);
    let disk = disks.iter().find(|disk| path.parent() == Some(&lock(disk).folder))?;
    Some((Arc::clone(disk), name.to_owned()))
}

/// A panic of a test leaves counters and a model that nobody reads any more.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Disk {
    /// Watches a folder, made if it is not there. What it holds now counts as durable.
    pub fn watch(folder: &Path) -> std::io::Result<Self> {
        crate::install();
        std::fs::create_dir_all(folder)?;
        let folder = folder.canonicalize()?;
        let state = State {
            platter: Platter::of(read(&folder, Kind::Sqlite)?, read(&folder, Kind::Plain)?),
            folder,
            counts: Counts::default(),
            since: BTreeMap::new(),
            plan: None,
            stopped: false,
            open: 0,
            recording: None,
        };
        let state = Arc::new(Mutex::new(state));
        lock(&DISKS).push(Arc::clone(&state));
        Ok(Self(state))
    }

    /// From here on counts calls from 1, and at one of them does this.
    pub fn plan(&self, fault: Fault) {
        let mut state = lock(&self.0);
        state.since.clear();
        state.plan = Some(fault);
    }

    /// The disk works again. Not after a cut: that takes [`Disk::reboot`].
    pub fn lift(&self) {
        lock(&self.0).plan = None;
    }

    /// Calls and faults so far.
    pub fn counts(&self) -> Counts {
        lock(&self.0).counts.clone()
    }

    /// Calls of all kinds so far.
    pub fn calls(&self) -> u64 {
        lock(&self.0).counts.calls.values().sum()
    }

    /// Whether the planned cut has come, or the process was halted.
    pub fn is_stopped(&self) -> bool {
        lock(&self.0).stopped
    }

    /// Every call fails from here on: for the program as when the process is killed.
    pub fn halt(&self) {
        lock(&self.0).stop();
    }

    /// What is durable now, and what is not yet.
    pub fn platter(&self) -> Platter {
        let mut state = lock(&self.0);
        if !state.stopped {
            state.see_plain();
        }
        state.platter.clone()
    }

    /// Begins to keep every call.
    pub fn record(&self) {
        let mut state = lock(&self.0);
        state.see_plain();
        let start = state.platter.clone();
        state.recording = Some((start, Vec::new()));
    }

    /// What was kept since [`Disk::record`].
    pub fn trace(&self) -> Option<Trace> {
        let mut state = lock(&self.0);
        if !state.stopped {
            state.see_plain();
        }
        let plain = Arc::clone(&state.platter.plain);
        state.recording.take().map(|(start, steps)| Trace { start, steps, plain })
    }

    /// The power is back, and this is what the disk holds.
    ///
    /// # Panics
    ///
    /// When a file is still open: the program that lost the power is gone.
    pub fn reboot(&self, image: &Image) -> std::io::Result<()> {
        let mut state = lock(&self.0);
        assert_eq!(state.open, 0, "files are open across a loss of power");
        image.write_to(&state.folder)?;
        state.platter = Platter::of(read(&state.folder, Kind::Sqlite)?, read(&state.folder, Kind::Plain)?);
        state.stopped = false;
        state.plan = None;
        Ok(())
    }

    /// The process is started again after it was killed ([`Disk::halt`]); the system, and with it its page cache, went
    /// on all the time, so that what is not yet durable is still not.
    ///
    /// # Panics
    ///
    /// When a file is still open.
    pub fn restart(&self) -> std::io::Result<()> {
        let mut state = lock(&self.0);
        assert_eq!(state.open, 0, "files are open across the end of their process");
        // What the program wrote elsewhere after the halt it did not write.
        let plain = Arc::clone(&state.platter.plain);
        for name in read(&state.folder, Kind::Plain)?.keys().filter(|name| !plain.contains_key(*name)) {
            std::fs::remove_file(state.folder.join(name))?;
        }
        for (name, bytes) in &*plain {
            std::fs::write(state.folder.join(name), bytes)?;
        }
        state.stopped = false;
        state.plan = None;
        Ok(())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        lock(&DISKS).retain(|disk| !Arc::ptr_eq(disk, &self.0));
    }
}

impl State {
    /// Counts a call and says what becomes of it.
    pub(crate) fn verdict(&mut self, call: Call) -> Verdict {
        if self.stopped {
            return Verdict::Fail(failure(call));
        }
        *self.counts.calls.entry(call).or_default() += 1;
        *self.since.entry(call).or_default() += 1;
        let all: u64 = self.since.values().sum();
        let mine = self.since.get(&call).copied().unwrap_or_default();
        let hit = |at: u64, forever: bool| mine == at || forever && mine > at;
        let verdict = match self.plan {
            Some(Fault::Cut { at }) if all >= at => {
                // It did not happen.
                self.counts.calls.entry(call).and_modify(|made| *made -= 1);
                self.stop();
                return Verdict::Fail(failure(call));
            }
            Some(Fault::Fail { call: which, at, forever }) if which == call && hit(at, forever) => {
                Verdict::Fail(failure(call))
            }
            Some(Fault::Short { at }) if call == Call::Write && hit(at, false) => Verdict::Half,
            Some(Fault::Full { at, forever }) if call == Call::Write && hit(at, forever) => {
                Verdict::Fail(ffi::SQLITE_FULL)
            }
            _ => return Verdict::Go,
        };
        self.counts.faults += 1;
        verdict
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stopped
    }

    pub(crate) fn opened(&mut self) {
        self.open += 1;
    }

    pub(crate) fn closed(&mut self) {
        self.open -= 1;
    }

    /// The file of this name, if there is one.
    pub(crate) fn inode(&self, name: &str) -> Option<Inode> {
        self.platter.names.get(name).copied()
    }

    pub(crate) fn created(&mut self, name: &str) -> Inode {
        let inode = self.platter.next_inode();
        self.happened(Step::Create { name: name.to_owned(), inode });
        inode
    }

    pub(crate) fn changed(&mut self, inode: Inode, change: Change) {
        self.happened(Step::Change { inode, change });
    }

    pub(crate) fn synced(&mut self, inode: Inode, folder: bool) {
        self.happened(Step::Sync { inode, folder });
    }

    pub(crate) fn sync_failed(&mut self, inode: Inode) {
        // Stopped, there is no system left that could forget anything.
        if !self.stopped {
            let seed = self.counts.calls.values().sum();
            self.happened(Step::SyncFailed { inode, seed });
        }
    }

    pub(crate) fn deleted(&mut self, name: &str, folder: bool) {
        self.happened(Step::Delete { name: name.to_owned(), folder });
    }

    fn happened(&mut self, step: Step) {
        if self.recording.is_some() {
            self.see_plain();
        }
        self.platter.apply(&step);
        let plain = Arc::clone(&self.platter.plain);
        if let Some((_, steps)) = &mut self.recording {
            steps.push((step, plain));
        }
    }

    fn stop(&mut self) {
        if !self.stopped {
            self.see_plain();
            self.stopped = true;
        }
    }

    /// Looks at the files that are not SQLite's. A folder that cannot be listed is gone: then nothing has changed.
    fn see_plain(&mut self) {
        if let Ok(plain) = read(&self.folder, Kind::Plain)
            && plain != *self.platter.plain
        {
            self.platter.plain = Arc::new(plain);
        }
    }
}

fn failure(call: Call) -> c_int {
    match call {
        Call::Write => ffi::SQLITE_IOERR_WRITE,
        Call::Sync => ffi::SQLITE_IOERR_FSYNC,
        Call::Truncate => ffi::SQLITE_IOERR_TRUNCATE,
        Call::Delete => ffi::SQLITE_IOERR_DELETE,
        Call::Create => ffi::SQLITE_CANTOPEN,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sqlite,
    Plain,
}

/// The files of a folder that are SQLite's, or that are not. The shared-memory index is neither.
fn read(folder: &Path, kind: Kind) -> std::io::Result<Content> {
    let mut files = Content::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let sqlite = [".db", "-wal", "-journal"].iter().any(|end| name.ends_with(end));
        let wanted = !name.ends_with("-shm") && sqlite == (kind == Kind::Sqlite);
        if wanted && entry.file_type()?.is_file() {
            files.insert(name, std::fs::read(entry.path())?);
        }
    }
    Ok(files)
}

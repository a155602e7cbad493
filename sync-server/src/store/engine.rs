//! The narrow engine: transactions that read and write.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::error::{Result, StoreError};
use super::row::{Row, Value};

/// What a statement runs in.
pub trait Tx {
    /// Runs a statement that answers with rows.
    fn rows(&mut self, sql: &str, args: &[Value]) -> Result<Vec<Row>>;

    /// Runs a statement and gives the number of rows it touched.
    fn run(&mut self, sql: &str, args: &[Value]) -> Result<usize>;

    /// Which of the servers over one store this is: each keeps a chain of the log of its own. The embedded engine has one.
    fn replica(&self) -> &str;

    /// The first row, if there is one.
    fn row(&mut self, sql: &str, args: &[Value]) -> Result<Option<Row>> {
        Ok(self.rows(sql, args)?.into_iter().next())
    }
}

/// How a transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Make it durable.
    Commit,
    /// Leave no trace.
    RollBack,
}

/// What the schema's text is filled in with for one engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// The type of whole numbers.
    pub int: &'static str,
    /// The type of bytes.
    pub blob: &'static str,
    /// What follows the bracket of a `create table`.
    pub strict: &'static str,
}

/// A database that runs transactions. It may run `work` again from the start when the database asks for it,
/// so `work` has no effect but through its [`Tx`].
pub trait Engine: Send + Sync + 'static {
    /// Runs one transaction that may write. It is durable when this returns without an error.
    fn write(&self, work: &mut dyn FnMut(&mut dyn Tx) -> Outcome) -> Result<()>;

    /// Runs one transaction that only reads, on one snapshot.
    fn read(&self, work: &mut dyn FnMut(&mut dyn Tx)) -> Result<()>;

    /// The words that differ between engines in the schema's text.
    fn dialect(&self) -> Dialect;

    /// What a full check of the file finds; empty is sound. Slow.
    fn check(&self) -> Result<Vec<String>>;

    /// What it is built of, by name and version.
    fn built_of(&self) -> Result<Vec<String>>;
}

/// The store. Calls block: from async code use `tokio::task::spawn_blocking`.
#[derive(Clone)]
pub struct Store {
    engine: Arc<dyn Engine>,
    /// Microseconds of the longest write since it was last asked for.
    longest_us: Arc<AtomicU64>,
    /// Writes that were committed.
    writes: Arc<AtomicU64>,
    rehearses: bool,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// A store on this engine.
    pub fn new(engine: impl Engine) -> Self {
        Self {
            engine: Arc::new(engine),
            longest_us: Arc::default(),
            writes: Arc::default(),
            rehearses: false,
        }
    }

    /// The same store, but each write is run once before in a transaction that is rolled back, as databases do that ask for it:
    /// what a test finds then is what comes of a write that had to be run again.
    #[must_use]
    pub fn rehearsing(self) -> Self {
        Self { rehearses: true, ..self }
    }

    /// Runs `work` in one write transaction: committed when it returns `Ok`, without trace when `Err`.
    /// `work` may be run more than once and must take only pure inputs.
    pub fn write<T, E: From<StoreError>>(
        &self,
        mut work: impl FnMut(&mut dyn Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.rehearses {
            self.engine.write(&mut |tx| {
                drop(work(tx));
                Outcome::RollBack
            })?;
        }
        let mut result = None;
        let mut begun = None;
        let ended = self.engine.write(&mut |tx| {
            // From here on nobody else writes.
            begun = Some(Instant::now());
            let answer = work(tx);
            let outcome = if answer.is_ok() { Outcome::Commit } else { Outcome::RollBack };
            result = Some(answer);
            outcome
        });
        if let Some(begun) = begun {
            let took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.longest_us.fetch_max(took, Ordering::Relaxed);
        }
        ended?;
        if let Some(Ok(_)) = result {
            self.writes.fetch_add(1, Ordering::Relaxed);
        }
        result.unwrap_or_else(|| Err(unrun().into()))
    }

    /// How many writes were committed since this was opened.
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// How long one write held all others at most since this was last asked: what a metric and a bench want to know.
    pub fn take_longest_write(&self) -> Duration {
        Duration::from_micros(self.longest_us.swap(0, Ordering::Relaxed))
    }

    /// Runs `work` on one snapshot.
    pub fn read<T, E: From<StoreError>>(
        &self,
        mut work: impl FnMut(&mut dyn Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut result = None;
        self.engine.read(&mut |tx| result = Some(work(tx)))?;
        result.unwrap_or_else(|| Err(unrun().into()))
    }

    /// The words that differ between engines in the schema's text.
    pub fn dialect(&self) -> Dialect {
        self.engine.dialect()
    }

    /// What it is built of, by name and version.
    pub fn built_of(&self) -> Result<Vec<String>> {
        self.engine.built_of()
    }

    /// What a full check of the file finds; empty is sound. Slow.
    pub fn check(&self) -> Result<Vec<String>> {
        self.engine.check()
    }
}

/// An engine that reports success without having run the work is a fault of the engine.
fn unrun() -> StoreError {
    StoreError::Statement("the engine did not run the work".to_owned())
}

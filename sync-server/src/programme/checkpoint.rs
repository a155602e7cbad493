//! Checkpoints of the log: signed, told to phones and written to a file outside the store, and compared at each start.

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use firsthours_core::evidence::{CHECKPOINTS, Checkpoint, Document, LogHead, Tag};
use firsthours_core::protocol::Instant;

use super::audit::{self, Entry, Verdict, What, Who, verify};
use crate::programme::keys;
use crate::programme::trust::ServerKeys;
use crate::store::audit as rows;
use crate::store::meta::{self, get as fact, set as set_fact};
use crate::store::{Result, Store, StoreError, Tx, hash};

/// The last one that was made.
const LAST: &str = "checkpoint";
/// When, and in which words, the log was last found to differ from one.
const DIFFERS: &str = "log_differs";
/// The longest line that is read of the file: heads of a thousand replicas.
const LINE_BYTES: u64 = 256 * 1024;

/// Makes checkpoints and compares them with the log.
pub struct Checkpoints<'a> {
    /// The log.
    pub store: &'a Store,
    /// Signs, and knows what was signed.
    pub trust: &'a ServerKeys,
    /// The file outside the store, one checkpoint in a line.
    pub file: PathBuf,
}

/// What the file of checkpoints holds.
#[derive(Debug, Default)]
pub struct CheckpointFile {
    /// Those that this server signed, the oldest first.
    pub checkpoints: Vec<Checkpoint>,
    /// What is wrong with the file itself.
    pub faults: Vec<String>,
}

impl Checkpoints<'_> {
    /// Signs how far the log is now, if that is not what the last checkpoint says; gives the last one.
    pub fn make(&self, now: Instant) -> Result<Option<Document>> {
        let (epoch, heads, last) =
            self.store.read(|tx| Ok::<_, StoreError>((meta::epoch(tx)?, heads(tx)?, last(tx)?)))?;
        let same = |document: &Document| {
            document.peek::<Checkpoint>().is_ok_and(|said| said.epoch == epoch && said.heads == heads)
        };
        if heads.is_empty() || last.as_ref().is_some_and(same) {
            return Ok(last);
        }
        let server = self.trust.server.clone();
        let checkpoint = Checkpoint { v: 1, server, epoch, time: now, heads };
        let document = Document::sign(&checkpoint, Tag::Checkpoint, &self.trust.receipt);
        let text = text_of(&document)?;
        // The file first: what the store says was told must be found outside it.
        append_line(&self.file, &text)
            .map_err(|error| StoreError::NotAvailable(format!("{}: {error}", self.file.display())))?;
        self.store.write(|tx| set_fact(tx, LAST, &text))?;
        Ok(Some(document))
    }

    /// Reads the file, and compares the log with every checkpoint in it.
    pub fn compare(&self) -> Result<(Verdict, CheckpointFile)> {
        let mut told = self.told()?;
        let last = self.store.read(last)?;
        if let Some(last) = last.and_then(|last| Checkpoint::open(&last, &self.trust.keyring()).ok())
            && !told.checkpoints.contains(&last)
        {
            told.faults.push("it lacks the last checkpoint that was made".to_owned());
            told.checkpoints.push(last);
        }
        let epoch = self.store.read(meta::epoch)?;
        let verdict = audit::verify(self.store, &told.checkpoints, epoch)?;
        Ok((verdict, told))
    }

    /// Compares at a start, and writes down what differs: for whoever reads the log, and for the phones page.
    pub fn check(&self, now: Instant) -> Result<Verdict> {
        let (verdict, told) = self.compare()?;
        for fault in &told.faults {
            tracing::error!(fault, "the file of checkpoints");
        }
        for fault in &verdict.faults {
            tracing::error!(%fault, "the log");
            self.store.write(|tx| note(tx, &fault.to_string(), now))?;
        }
        Ok(verdict)
    }

    /// What the file holds. A last line without its end was cut off while it was written.
    fn told(&self) -> Result<CheckpointFile> {
        let mut told = CheckpointFile::default();
        let file = match std::fs::File::open(&self.file) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(told),
            Err(error) => return Err(StoreError::NotAvailable(format!("{}: {error}", self.file.display()))),
        };
        let keyring = self.trust.keyring();
        let mut reader = BufReader::new(file);
        for number in 1.. {
            let mut line = Vec::new();
            let read = (&mut reader).take(LINE_BYTES).read_until(b'\n', &mut line);
            let read =
                read.map_err(|error| StoreError::NotAvailable(format!("{}: {error}", self.file.display())))?;
            if read == 0 || line.last() != Some(&b'\n') {
                break;
            }
            let signed = serde_json::from_slice::<Document>(&line).ok();
            match signed.map(|document| Checkpoint::open(&document, &keyring)) {
                Some(Ok(checkpoint)) => told.checkpoints.push(checkpoint),
                _ => told.faults.push(format!("line {number} is not a checkpoint of this server")),
            }
        }
        Ok(told)
    }
}

/// The last checkpoint that was made: what phones are told.
pub(crate) fn last(tx: &mut dyn Tx) -> Result<Option<Document>> {
    let text = fact(tx, LAST)?;
    text.map(|text| {
        serde_json::from_str(&text).map_err(|_| StoreError::Corrupt("a checkpoint cannot be read".to_owned()))
    })
    .transpose()
}

/// Looks at checkpoints that a phone gives back. What is not ours is nothing to us.
pub(crate) fn given_back(
    store: &Store,
    trust: &ServerKeys,
    documents: &[Document],
    now: Instant,
) -> Result<()> {
    let (keyring, epoch) = (trust.keyring(), store.read(meta::epoch)?);
    let told: Vec<Checkpoint> = documents
        .iter()
        .take(CHECKPOINTS)
        .filter_map(|document| Checkpoint::open(document, &keyring).ok())
        // Of an earlier life of the store it is known that the log was put back with it.
        .filter(|told| told.server == trust.server && told.epoch == epoch)
        .collect();
    let differs = store.read(|tx| {
        for head in told.iter().flat_map(|told| &told.heads) {
            if rows::hash_at(tx, &head.replica, head.seq)? != Some(head.hash.to_string()) {
                let LogHead { replica, seq, .. } = head;
                return Ok(Some(format!(
                    "entry {seq} of {replica}: a checkpoint that a phone keeps says otherwise"
                )));
            }
        }
        Ok::<_, StoreError>(None)
    })?;
    match differs {
        Some(sentence) => {
            tracing::error!(sentence, "the log");
            store.write(|tx| note(tx, &sentence, now))
        }
        None => Ok(()),
    }
}

/// When the log was last found to differ from a checkpoint, and how.
pub fn differs_since(tx: &mut dyn Tx) -> Result<Option<(Instant, String)>> {
    let said = fact(tx, DIFFERS)?;
    Ok(said.and_then(|said| {
        let (at, sentence) = said.split_once(' ')?;
        Some((at.parse().ok()?, sentence.to_owned()))
    }))
}

/// Writes down that the log differs; the same finding once.
fn note(tx: &mut dyn Tx, sentence: &str, now: Instant) -> Result<()> {
    if differs_since(tx)?.is_some_and(|(_, before)| before == sentence) {
        return Ok(());
    }
    set_fact(tx, DIFFERS, &format!("{now} {sentence}"))?;
    audit::append(tx, &Entry::new(now, Who::Server, What::LogDiffers).with("found", sentence))?;
    Ok(())
}

fn heads(tx: &mut dyn Tx) -> Result<Vec<LogHead>> {
    let mut heads = Vec::new();
    for replica in verify::replicas(tx)? {
        let head = audit::head(tx, &replica)?;
        heads.push(LogHead { seq: head.seq, hash: hash(&head.hash)?, replica });
    }
    Ok(heads)
}

fn text_of(document: &Document) -> Result<String> {
    serde_json::to_string(document).map_err(|error| StoreError::Statement(error.to_string()))
}

/// Takes off what a write left that was cut off: nobody was told of it.
fn whole_lines(file: &mut std::fs::File) -> std::io::Result<()> {
    let length = file.seek(SeekFrom::End(0))?;
    let tail = length.min(LINE_BYTES);
    file.seek(SeekFrom::Start(length - tail))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let cut_off = bytes.iter().rev().take_while(|byte| **byte != b'\n').count();
    if cut_off > 0 {
        file.set_len(length - u64::try_from(cut_off).unwrap_or(0))?;
    }
    file.seek(SeekFrom::End(0)).map(|_| ())
}

fn append_line(path: &Path, text: &str) -> std::io::Result<()> {
    let is_new = !path.exists();
    let mut file = keys::open_private(path)?;
    whole_lines(&mut file)?;
    file.write_all(format!("{text}\n").as_bytes())?;
    file.sync_all()?;
    match path.parent() {
        Some(folder) if is_new => keys::sync_folder(folder),
        _ => Ok(()),
    }
}

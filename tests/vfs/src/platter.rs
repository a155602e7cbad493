//! What is certain to be on disk, and what has changed since: the model that images are made from.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::rng::Rng;

/// Files by name.
pub type Content = BTreeMap<String, Vec<u8>>;

/// A file, whatever its name: a name can be given to another file before the disk knows of it.
pub(crate) type Inode = u64;

/// A change that the program made and did not sync.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Write { at: usize, data: Arc<[u8]> },
    Truncate { len: usize },
}

/// One call that changes files, as it happened.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// A new, empty file.
    Create {
        name: String,
        inode: Inode,
    },
    Change {
        inode: Inode,
        change: Change,
    },
    /// The file is on disk; with `folder` also the names of its folder.
    Sync {
        inode: Inode,
        folder: bool,
    },
    /// The sync failed. The system calls the pages clean all the same: what of them is not on disk never will be,
    /// unless it is written again. `seed` chooses what is.
    SyncFailed {
        inode: Inode,
        seed: u64,
    },
    Delete {
        name: String,
        folder: bool,
    },
}

#[derive(Debug, Clone, Default)]
pub(crate) struct File {
    pub(crate) durable: Arc<Vec<u8>>,
    pub(crate) pending: Vec<Change>,
}

/// The model of one folder.
#[derive(Debug, Clone, Default)]
pub struct Platter {
    /// What the program sees.
    pub(crate) names: BTreeMap<String, Inode>,
    /// What the folder on disk is certain to hold.
    pub(crate) durable_names: BTreeMap<String, Inode>,
    /// Names given or taken since the folder was synced.
    pub(crate) name_changes: Vec<(String, Option<Inode>)>,
    pub(crate) files: BTreeMap<Inode, File>,
    /// Files that are not SQLite's: their writers sync them, and they are taken as they are.
    pub(crate) plain: Arc<Content>,
}

impl Change {
    pub(crate) fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Write { at, data } => put(file, *at, data),
            Self::Truncate { len } => file.resize(*len, 0),
        }
    }
}

/// Writes into a file; what lies between its end and the write reads as zeros.
pub(crate) fn put(file: &mut Vec<u8>, at: usize, data: &[u8]) {
    let end = at + data.len();
    if file.len() < end {
        file.resize(end, 0);
    }
    file[at..end].copy_from_slice(data);
}

impl Platter {
    /// A disk on which all of this is durable.
    pub(crate) fn of(files: Content, plain: Content) -> Self {
        let mut platter = Self { plain: Arc::new(plain), ..Self::default() };
        for (inode, (name, bytes)) in (1..).zip(files) {
            platter.names.insert(name, inode);
            platter.files.insert(inode, File { durable: Arc::new(bytes), pending: Vec::new() });
        }
        platter.durable_names = platter.names.clone();
        platter
    }

    /// The number of the next new file.
    pub(crate) fn next_inode(&self) -> Inode {
        self.files.last_key_value().map_or(1, |(last, _)| last + 1)
    }

    /// Whether anything would be lost if the power went now.
    pub fn is_clean(&self) -> bool {
        self.name_changes.is_empty() && self.files.values().all(|file| file.pending.is_empty())
    }

    pub(crate) fn apply(&mut self, step: &Step) {
        match step {
            Step::Create { name, inode } => {
                self.files.insert(*inode, File::default());
                self.names.insert(name.clone(), *inode);
                self.name_changes.push((name.clone(), Some(*inode)));
            }
            Step::Change { inode, change } => {
                if let Some(file) = self.files.get_mut(inode) {
                    file.pending.push(change.clone());
                }
            }
            Step::Sync { inode, folder } => {
                self.settle(*inode, |_| true);
                if *folder {
                    self.sync_folder();
                }
            }
            Step::SyncFailed { inode, seed } => {
                let mut rng = Rng::new(*seed);
                // All of it gone, or a part: both happen.
                let kept = if rng.of_64(32) { 0 } else { 24 };
                self.settle(*inode, |_| rng.of_64(kept));
            }
            Step::Delete { name, folder } => {
                self.names.remove(name);
                self.name_changes.push((name.clone(), None));
                if *folder {
                    self.sync_folder();
                }
            }
        }
    }

    /// Ends what is pending of a file: what `reached` the disk is durable, the rest is gone for good.
    fn settle(&mut self, inode: Inode, mut reached: impl FnMut(&Change) -> bool) {
        let Some(file) = self.files.get_mut(&inode) else { return };
        if file.pending.is_empty() {
            return;
        }
        let durable = Arc::make_mut(&mut file.durable);
        for change in file.pending.drain(..) {
            if reached(&change) {
                change.apply(durable);
            }
        }
    }

    fn sync_folder(&mut self) {
        for (name, inode) in self.name_changes.drain(..) {
            match inode {
                Some(inode) => self.durable_names.insert(name, inode),
                None => self.durable_names.remove(&name),
            };
        }
    }
}

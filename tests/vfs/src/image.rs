//! What a disk may hold after the power went.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use crate::platter::{Change, Content, File, Inode, Platter, put};
use crate::rng::Rng;

/// The unit in which a disk writes.
const SECTOR: usize = 512;

/// Which of the changes since the last sync reached the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Survivors {
    /// None of them.
    Nothing,
    /// All of them.
    Everything,
    /// A choice of sectors, in any order, some torn.
    Some {
        /// Chooses.
        seed: u64,
    },
}

/// What became of the changes that were not synced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Damage {
    /// Sectors, truncations and names that did not reach the disk.
    pub lost: u64,
    /// Sectors of which a part did.
    pub torn: u64,
    /// Sectors that hold neither the old nor the new.
    pub junk: u64,
    /// Files whose sectors reached the disk in another order.
    pub reordered: u64,
}

/// The files of a folder after the power came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// By name. The shared-memory index is never among them: it was memory.
    pub files: Content,
    /// What happened to them.
    pub damage: Damage,
}

impl Damage {
    /// Adds another image's.
    pub fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.torn += other.torn;
        self.junk += other.junk;
        self.reordered += other.reordered;
    }
}

impl Image {
    /// Makes these the only files of a folder.
    pub fn write_to(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if entry.file_type()?.is_file()
                && !name.to_str().is_some_and(|name| self.files.contains_key(name))
            {
                std::fs::remove_file(entry.path())?;
            }
        }
        for (name, bytes) in &self.files {
            std::fs::write(folder.join(name), bytes)?;
        }
        Ok(())
    }

    /// Tells equal images, so that none is tried twice.
    pub fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.files.hash(&mut hasher);
        hasher.finish()
    }
}

impl Platter {
    /// The disk after the power went now.
    pub fn image(&self, survivors: Survivors) -> Image {
        let mut damage = Damage::default();
        let mut lottery = match survivors {
            Survivors::Nothing => Lottery::fixed(0),
            Survivors::Everything => Lottery::fixed(64),
            Survivors::Some { seed } => Lottery::new(seed),
        };
        let names = lottery.names(self, &mut damage);
        let mut files = (*self.plain).clone();
        for (name, inode) in names {
            if let Some(file) = self.files.get(&inode) {
                files.insert(name, lottery.file(file, &mut damage));
            }
        }
        Image { files, damage }
    }
}

struct Lottery {
    rng: Rng,
    /// Of 64 changes so many survive.
    keep: usize,
    /// Of 64 sectors so many are torn.
    torn: usize,
    /// Of 64 sectors so many become junk.
    junk: usize,
    reorder: bool,
}

/// A change as the disk does it: by sectors.
struct Piece {
    change: Change,
    sector: bool,
}

impl Lottery {
    fn fixed(keep: usize) -> Self {
        Self { rng: Rng::new(0), keep, torn: 0, junk: 0, reorder: false }
    }

    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let keep = [8, 32, 60, 63][rng.below(4)];
        let torn = [0, 1, 8, 24][rng.below(4)];
        let junk = [0, 0, 1, 8][rng.below(4)];
        let reorder = rng.of_64(32);
        Self { rng, keep, torn, junk, reorder }
    }

    /// The names on disk. The changes of one name happen in order; those of several in any.
    fn names(&mut self, platter: &Platter, damage: &mut Damage) -> BTreeMap<String, Inode> {
        let mut names = platter.durable_names.clone();
        let mut by_name: BTreeMap<&str, Vec<Option<Inode>>> = BTreeMap::new();
        for (name, inode) in &platter.name_changes {
            by_name.entry(name).or_default().push(*inode);
        }
        for (name, changes) in by_name {
            let reached = changes.iter().take_while(|_| self.rng.of_64(self.keep)).count();
            damage.lost += count(changes.len() - reached);
            match changes[..reached].last() {
                Some(Some(inode)) => drop(names.insert(name.to_owned(), *inode)),
                Some(None) => drop(names.remove(name)),
                None => {}
            }
        }
        names
    }

    fn file(&mut self, file: &File, damage: &mut Damage) -> Vec<u8> {
        let mut bytes = (*file.durable).clone();
        let mut pieces = pieces(&file.pending);
        if self.reorder && pieces.len() > 1 {
            self.rng.shuffle(&mut pieces);
            damage.reordered += 1;
        }
        for piece in pieces {
            if !self.rng.of_64(self.keep) {
                damage.lost += 1;
            } else if piece.sector && self.rng.of_64(self.junk) {
                damage.junk += 1;
                self.scribble(&piece.change, &mut bytes);
            } else if piece.sector && self.rng.of_64(self.torn) {
                damage.torn += 1;
                self.tear(&piece.change, &mut bytes);
            } else {
                piece.change.apply(&mut bytes);
            }
        }
        bytes
    }

    /// A part of the sector, from one of its ends.
    fn tear(&mut self, change: &Change, bytes: &mut Vec<u8>) {
        let Change::Write { at, data } = change else { return };
        let cut = self.rng.below(data.len());
        if self.rng.of_64(32) {
            put(bytes, *at, &data[..cut]);
        } else {
            put(bytes, at + cut, &data[cut..]);
        }
    }

    /// Bytes that nobody wrote, or zeros. Never beside what was being written: the platform's layer promises that
    /// (`SQLITE_IOCAP_POWERSAFE_OVERWRITE`), and SQLite relies on it.
    fn scribble(&mut self, change: &Change, bytes: &mut Vec<u8>) {
        let Change::Write { at, data } = change else { return };
        let mut junk = vec![0; data.len()];
        if self.rng.of_64(32) {
            junk.fill_with(|| self.rng.draw().to_le_bytes()[0]);
        }
        put(bytes, *at, &junk);
    }
}

fn pieces(pending: &[Change]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for change in pending {
        let Change::Write { at, data } = change else {
            pieces.push(Piece { change: change.clone(), sector: false });
            continue;
        };
        let mut from = 0;
        while from < data.len() {
            let to = data.len().min(from + SECTOR - (at + from) % SECTOR);
            let change = Change::Write { at: at + from, data: data[from..to].into() };
            pieces.push(Piece { change, sector: true });
            from = to;
        }
    }
    pieces
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

//! What was done to the files of a disk, in order, and what of it a loss of power leaves behind.
//!
//! Deliberately absent: files, and the machine's own disk; this is a model in memory.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The unit, in bytes, that is written whole or not at all when the power goes.
pub const SECTOR: usize = 512;

/// What becomes of that which was not synced when the power went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Survival {
    /// All of it is gone.
    Nothing,
    /// All of it is there, as when a process is killed and the machine goes on.
    Everything,
    /// Some of it is there, torn at the bounds of sectors: the same part for the same seed.
    Torn {
        /// What the draw starts from.
        seed: u64,
    },
}

impl fmt::Display for Survival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing unsynced survives"),
            Self::Everything => f.write_str("everything unsynced survives"),
            Self::Torn { seed } => write!(f, "torn with seed {seed}"),
        }
    }
}

/// One thing done to a file.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// It was there before the disk was watched.
    Found { content: Vec<u8> },
    /// It was made.
    Made,
    /// Bytes were written.
    Written { offset: usize, bytes: Vec<u8> },
    /// It was made this long.
    Truncated { size: usize },
    /// It was synced, and perhaps its folder.
    Synced { folder: bool },
    /// Syncing it failed.
    SyncFailed,
    /// It was deleted, and perhaps its folder synced.
    Deleted { folder: bool },
}

/// Everything that was done.
#[derive(Debug, Default)]
pub(crate) struct History {
    changes: Vec<(Arc<Path>, Change)>,
}

impl History {
    pub(crate) fn push(&mut self, path: &Arc<Path>, change: Change) {
        self.changes.push((Arc::clone(path), change));
    }

    pub(crate) fn len(&self) -> usize {
        self.changes.len()
    }

    /// The files that are left when the power goes after the first `changes`.
    pub(crate) fn after_power_cut(
        &self,
        changes: usize,
        survival: Survival,
    ) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut platters = Platters::new(survival);
        for (path, change) in self.changes.iter().take(changes) {
            platters.apply(path, change);
        }
        platters.left()
    }
}

/// A file without its name.
#[derive(Debug, Default)]
struct Content {
    /// What is sure to be there.
    lasting: Vec<u8>,
    /// What may be lost: written or truncated since the last sync.
    pending: Vec<Pending>,
}

#[derive(Clone, Debug)]
enum Pending {
    Write { offset: usize, bytes: Vec<u8> },
    Size(usize),
}

/// A name that appeared or vanished since its folder was last synced.
#[derive(Debug)]
enum Naming {
    Made(Arc<Path>, usize),
    Deleted(Arc<Path>),
}

impl Naming {
    fn path(&self) -> &Path {
        match self {
            Self::Made(path, _) | Self::Deleted(path) => path,
        }
    }

    fn apply(self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Made(path, content) => names.insert(path.to_path_buf(), content),
            Self::Deleted(path) => names.remove(&*path),
        };
    }
}

/// What is on the disk itself, and what still waits in front of it.
struct Platters {
    contents: Vec<Content>,
    /// The names as the running program sees them.
    seen: BTreeMap<PathBuf, usize>,
    /// The names that are sure to be there.
    lasting: BTreeMap<PathBuf, usize>,
    namings: Vec<Naming>,
    luck: Luck,
}

impl Platters {
    fn new(survival: Survival) -> Self {
        Self {
            contents: Vec::new(),
            seen: BTreeMap::new(),
            lasting: BTreeMap::new(),
            namings: Vec::new(),
            luck: Luck::new(survival),
        }
    }

    fn add(&mut self, path: &Arc<Path>, lasting: Vec<u8>) -> usize {
        self.contents.push(Content { lasting, pending: Vec::new() });
        let content = self.contents.len() - 1;
        self.seen.insert(path.to_path_buf(), content);
        content
    }

    fn apply(&mut self, path: &Arc<Path>, change: &Change) {
        match change {
            Change::Found { content } => {
                let content = self.add(path, content.clone());
                self.lasting.insert(path.to_path_buf(), content);
            }
            Change::Made => {
                let content = self.add(path, Vec::new());
                self.namings.push(Naming::Made(Arc::clone(path), content));
            }
            Change::Deleted { folder } => {
                self.seen.remove(&**path);
                self.namings.push(Naming::Deleted(Arc::clone(path)));
                if *folder {
                    self.sync_folder_of(path);
                }
            }
            Change::Written { offset, bytes } => {
                let write = Pending::Write { offset: *offset, bytes: bytes.clone() };
                self.content(path).pending.push(write);
            }
            Change::Truncated { size } => self.content(path).pending.push(Pending::Size(*size)),
            Change::Synced { folder } => {
                self.content(path).settle(&mut Luck::All);
                if *folder {
                    self.sync_folder_of(path);
                }
            }
            Change::SyncFailed => {
                let content = self.content_index(path);
                self.contents[content].settle(&mut self.luck);
            }
        }
    }

    /// Every change of a file follows its being found or made; one that was deleted while it was
    /// open goes on without a name.
    fn content_index(&mut self, path: &Arc<Path>) -> usize {
        if let Some(content) = self.seen.get(&**path) {
            return *content;
        }
        self.contents.push(Content::default());
        self.contents.len() - 1
    }

    fn content(&mut self, path: &Arc<Path>) -> &mut Content {
        let content = self.content_index(path);
        &mut self.contents[content]
    }

    fn sync_folder_of(&mut self, path: &Path) {
        let folder = path.parent();
        for naming in self.namings.extract_if(.., |naming| naming.path().parent() == folder) {
            naming.apply(&mut self.lasting);
        }
    }

    fn left(mut self) -> BTreeMap<PathBuf, Vec<u8>> {
        let kept = self.luck.of_many(self.namings.len());
        for naming in self.namings.into_iter().take(kept) {
            naming.apply(&mut self.lasting);
        }
        for content in &mut self.contents {
            content.settle(&mut self.luck);
        }
        let mut contents: Vec<Vec<u8>> =
            self.contents.into_iter().map(|content| content.lasting).collect();
        self.lasting
            .into_iter()
            .map(|(path, content)| (path, std::mem::take(&mut contents[content])))
            .collect()
    }
}

impl Content {
    /// Writes what waits, as far as luck has it, and forgets the rest.
    fn settle(&mut self, luck: &mut Luck) {
        let mut seen = self.lasting.len();
        for pending in std::mem::take(&mut self.pending) {
            match pending {
                Pending::Size(size) => {
                    seen = size;
                    if luck.has_it() {
                        self.lasting.resize(size, 0);
                    }
                }
                Pending::Write { offset, bytes } => {
                    seen = seen.max(offset + bytes.len());
                    for (offset, piece) in sectors(offset, &bytes) {
                        if luck.has_it() {
                            let end = offset + piece.len();
                            if self.lasting.len() < end {
                                self.lasting.resize(end, 0);
                            }
                            self.lasting[offset..end].copy_from_slice(piece);
                        }
                    }
                }
            }
        }
        // A file system may note that a file has grown before it writes what it has grown by.
        if self.lasting.len() < seen && luck.has_it() {
            self.lasting.resize(seen, 0);
        }
    }
}

/// The parts of a write that fall into one sector each.
fn sectors(offset: usize, bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut offset = offset;
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, after) = rest.split_at((SECTOR - offset % SECTOR).min(rest.len()));
        let at = offset;
        offset += piece.len();
        rest = after;
        Some((at, piece))
    })
}

/// What decides over each thing that may be lost.
enum Luck {
    None,
    All,
    Drawn { draw: fastrand::Rng, odds: f64 },
}

impl Luck {
    fn new(survival: Survival) -> Self {
        match survival {
            Survival::Nothing => Self::None,
            Survival::Everything => Self::All,
            Survival::Torn { seed } => {
                let mut draw = fastrand::Rng::with_seed(seed);
                // Sometimes hardly anything survives, sometimes nearly all of it.
                let odds = draw.f64();
                Self::Drawn { draw, odds }
            }
        }
    }

    fn has_it(&mut self) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Drawn { draw, odds } => draw.f64() < *odds,
        }
    }

    /// How many of a row, from its start.
    fn of_many(&mut self, many: usize) -> usize {
        match self {
            Self::None => 0,
            Self::All => many,
            Self::Drawn { draw, .. } => draw.usize(..=many),
        }
    }
}

#[cfg(test)]
mod tests;

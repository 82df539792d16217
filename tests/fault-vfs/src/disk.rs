//! A folder that is watched, its history and the fault that waits in it.
//!
//! Deliberately absent: SQLite's C interface; see `vfs` and `file`.

#![forbid(unsafe_code)]

use std::collections::{BTreeMap, HashSet};
use std::ffi::c_int;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use libsqlite3_sys::SQLITE_OK;

use crate::history::{Change, History, Survival};
use crate::plan::{Failure, Fault, Operation};
use crate::vfs;

/// Why a disk could not be watched.
#[derive(Debug, thiserror::Error)]
pub enum FaultyDiskError {
    /// The folder cannot be looked at.
    #[error("{} cannot be watched: make the folder first", folder.display())]
    Folder {
        /// What was to be watched.
        folder: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// SQLite did not take the VFS.
    #[error("SQLite refused to register the VFS with code {0}: is its default VFS there?")]
    Refused(c_int),
}

/// A moment in the history of a disk: so many changes had been made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Moment(pub usize);

/// A folder whose databases, opened with [`FaultyDisk::VFS`], fail when they are told to. It is no
/// longer watched once this is dropped. Several may be watched at a time, but not one within
/// another; of those who watch the same folder, the last is told.
#[derive(Debug)]
pub struct FaultyDisk {
    disk: Arc<Disk>,
}

impl FaultyDisk {
    /// The name by which SQLite knows the VFS. It is registered once for the process.
    pub const VFS: &str = "indelible-faults";

    /// Watches a folder.
    ///
    /// # Errors
    /// When there is no such folder, or SQLite has no default VFS.
    pub fn over(folder: &Path) -> Result<Self, FaultyDiskError> {
        vfs::register().map_err(FaultyDiskError::Refused)?;
        // As SQLite names files: without symbolic links.
        let folder = folder
            .canonicalize()
            .map_err(|source| FaultyDiskError::Folder { folder: folder.to_owned(), source })?;
        let disk = Arc::new(Disk { folder: folder.clone(), state: Mutex::default() });
        watched().insert(folder, Arc::downgrade(&disk));
        Ok(Self { disk })
    }

    /// Arms a fault. Operations are counted anew from here; an earlier fault is disarmed.
    pub fn fail(&self, fault: Fault) {
        self.arm(Some(fault));
    }

    /// Disarms whatever fault was armed; operations are counted anew from here.
    pub fn mend(&self) {
        self.arm(None);
    }

    fn arm(&self, fault: Option<Fault>) {
        let mut state = self.disk.state();
        state.fault = fault;
        state.counts.clear();
        state.struck = 0;
    }

    /// How many operations of a kind there have been since the last fault was armed or disarmed.
    #[must_use]
    pub fn count(&self, operation: Operation) -> usize {
        self.disk.state().counts.get(&operation).copied().unwrap_or_default()
    }

    /// How many operations the fault that is armed has failed.
    #[must_use]
    pub fn struck(&self) -> usize {
        self.disk.state().struck
    }

    /// Now, to come back to with [`FaultyDisk::power_cut`].
    #[must_use]
    pub fn now(&self) -> Moment {
        Moment(self.disk.state().history.len())
    }

    /// Writes the files that a loss of power at that moment leaves behind into another folder.
    ///
    /// # Errors
    /// When they cannot be written there.
    pub fn power_cut(&self, at: Moment, survival: Survival, into: &Path) -> io::Result<()> {
        let left = self.disk.state().history.after_power_cut(at.0, survival);
        for (path, content) in left {
            let place = into.join(path.strip_prefix(&self.disk.folder).unwrap_or(&path));
            place.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::write(place, content)?;
        }
        Ok(())
    }
}

impl Drop for FaultyDisk {
    fn drop(&mut self) {
        let mut watched = watched();
        // Whoever has begun to watch the folder since goes on.
        if watched.get(&self.disk.folder).is_some_and(|it| it.as_ptr() == Arc::as_ptr(&self.disk)) {
            watched.remove(&self.disk.folder);
        }
    }
}

/// The folders that are watched.
static WATCHED: Mutex<BTreeMap<PathBuf, Weak<Disk>>> = Mutex::new(BTreeMap::new());

fn watched() -> MutexGuard<'static, BTreeMap<PathBuf, Weak<Disk>>> {
    WATCHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a file is opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening {
    /// Whether it is made where it is not there.
    pub(crate) creates: bool,
    /// Whether its first sync makes its name last as well.
    pub(crate) syncs_folder: bool,
}

#[derive(Debug)]
pub(crate) struct Disk {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    history: History,
    known: HashSet<Arc<Path>>,
    counts: BTreeMap<Operation, usize>,
    fault: Option<Fault>,
    struck: usize,
}

impl State {
    /// Counts an operation, and says which fault it meets.
    fn meet(&mut self, operation: Operation) -> Option<Fault> {
        let count = self.counts.entry(operation).or_default();
        *count += 1;
        let met = self.fault.filter(|fault| fault.strikes(operation, *count));
        self.struck += usize::from(met.is_some());
        met
    }
}

impl Disk {
    /// The disk that a file lies on.
    pub(crate) fn holding(path: &Path) -> Option<Arc<Self>> {
        let watched = watched();
        path.ancestors().find_map(|folder| watched.get(folder)?.upgrade())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a file by `really`, which makes it where it is not there. `content` is what is in it
    /// then, read by SQLite: were it opened here once more, closing that would drop every lock that
    /// the process has on it.
    pub(crate) fn open(
        self: Arc<Self>,
        path: &Path,
        how: Opening,
        really: impl FnOnce() -> c_int,
        content: impl FnOnce() -> Result<Vec<u8>, c_int>,
    ) -> Result<OpenFile, c_int> {
        let path: Arc<Path> = path.into();
        let mut state = self.state();
        let before = fs::metadata(&path).ok();
        if before.is_none()
            && how.creates
            && let Some(fault) = state.meet(Operation::Create)
        {
            return Err(fault.code());
        }
        let code = really();
        if code != SQLITE_OK {
            return Err(code);
        }
        match before {
            None => {
                state.known.insert(Arc::clone(&path));
                state.history.push(&path, Change::Made);
            }
            Some(before) => {
                if state.known.insert(Arc::clone(&path)) {
                    // An empty file was made just now, and nobody has synced its folder since.
                    let change = match before.len() {
                        0 => Change::Made,
                        _ => Change::Found { content: content()? },
                    };
                    state.history.push(&path, change);
                }
            }
        }
        drop(state);
        Ok(OpenFile { disk: self, path, syncs_folder: Mutex::new(how.syncs_folder) })
    }

    /// Deletes a file by `really`.
    pub(crate) fn delete(
        &self,
        path: &Path,
        folder: bool,
        really: impl FnOnce() -> c_int,
    ) -> c_int {
        let path: Arc<Path> = path.into();
        let mut state = self.state();
        if let Some(fault) = state.meet(Operation::Delete) {
            return fault.code();
        }
        let code = really();
        if code == SQLITE_OK && state.known.remove(&path) {
            state.history.push(&path, Change::Deleted { folder });
        }
        code
    }
}

/// An open file on a disk. What is `really` done is done while the disk is held, so that the
/// history has everything in the order it happened.
pub(crate) struct OpenFile {
    disk: Arc<Disk>,
    path: Arc<Path>,
    /// Whether the next sync makes its name last as well.
    syncs_folder: Mutex<bool>,
}

impl OpenFile {
    pub(crate) fn write(
        &self,
        offset: usize,
        bytes: &[u8],
        really: impl FnOnce(&[u8]) -> c_int,
    ) -> c_int {
        let mut state = self.disk.state();
        let fault = state.meet(Operation::Write);
        let part = match fault {
            None => bytes,
            Some(Fault { failure: Failure::Short, .. }) => &bytes[..bytes.len() / 2],
            Some(fault) => return fault.code(),
        };
        let code = really(part);
        if code != SQLITE_OK {
            return code;
        }
        let change = Change::Written { offset, bytes: part.to_vec() };
        state.history.push(&self.path, change);
        fault.map_or(SQLITE_OK, |fault| fault.code())
    }

    pub(crate) fn truncate(&self, size: usize, really: impl FnOnce() -> c_int) -> c_int {
        let mut state = self.disk.state();
        if let Some(fault) = state.meet(Operation::Truncate) {
            return fault.code();
        }
        let code = really();
        if code == SQLITE_OK {
            state.history.push(&self.path, Change::Truncated { size });
        }
        code
    }

    /// The machine's own disk is not asked: see the crate's documentation.
    pub(crate) fn sync(&self) -> c_int {
        let mut state = self.disk.state();
        if let Some(fault) = state.meet(Operation::Sync) {
            state.history.push(&self.path, Change::SyncFailed);
            return fault.code();
        }
        let mut syncs_folder = self.syncs_folder.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = std::mem::take(&mut *syncs_folder);
        state.history.push(&self.path, Change::Synced { folder });
        SQLITE_OK
    }
}

//! The VFS as SQLite sees it: a table of C functions over the default VFS's.
//!
//! What everything here rests on, and what SQLite promises of a VFS:
//!
//! - `pAppData` of our VFS is the default VFS, which SQLite never unregisters and never moves; our
//!   own is made once and never freed.
//! - SQLite calls a method with the VFS it found the method in, and with arguments that are valid
//!   for as long as the call lasts.
//! - A name is an absolute path, made by our own `xFullPathname`, that ends in a zero byte.
//! - Nothing unwinds into C: a panic in an `extern "C"` function ends the process.
//!
//! Deliberately absent: what happens to the files; see `disk`.

use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::mem::size_of;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::ptr;
use std::sync::OnceLock;

use libsqlite3_sys::{
    SQLITE_CANTOPEN, SQLITE_ERROR, SQLITE_IOERR, SQLITE_OK, SQLITE_OPEN_CREATE,
    SQLITE_OPEN_MAIN_JOURNAL, SQLITE_OPEN_SUPER_JOURNAL, SQLITE_OPEN_WAL, sqlite3_file,
    sqlite3_int64, sqlite3_vfs, sqlite3_vfs_find, sqlite3_vfs_register,
};

use crate::FaultyDisk;
use crate::disk::{Disk, Opening};
use crate::file;

/// [`FaultyDisk::VFS`] for C.
const NAME: &CStr = c"indelible-faults";
const _: () = assert!(NAME.to_bytes().len() == FaultyDisk::VFS.len());

/// Registers the VFS, the first time it is called.
pub(crate) fn register() -> Result<(), c_int> {
    static CODE: OnceLock<c_int> = OnceLock::new();
    match *CODE.get_or_init(register_once) {
        SQLITE_OK => Ok(()),
        code => Err(code),
    }
}

fn register_once() -> c_int {
    // SAFETY: no name asks for the default VFS; SQLite initialises itself for this call.
    let real = unsafe { sqlite3_vfs_find(ptr::null()) };
    // SAFETY: it is null, which `as_ref` tells, or a VFS that SQLite keeps for good. Nobody writes
    // to what is read from it here: SQLite itself only changes `pNext`.
    let Some(beneath) = (unsafe { real.as_ref() }) else { return SQLITE_ERROR };
    let Ok(size) = c_int::try_from(file::REAL_FILE_AT) else { return SQLITE_ERROR };
    let ours = sqlite3_vfs {
        // The second version's last method; the third's would replace system calls.
        iVersion: 2,
        szOsFile: size + beneath.szOsFile,
        mxPathname: beneath.mxPathname,
        pNext: ptr::null_mut(),
        zName: NAME.as_ptr(),
        pAppData: real.cast(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_pathname),
        xDlOpen: Some(dl_open),
        xDlError: Some(dl_error),
        xDlSym: Some(dl_sym),
        xDlClose: Some(dl_close),
        xRandomness: Some(randomness),
        xSleep: Some(sleep),
        xCurrentTime: Some(current_time),
        xGetLastError: Some(last_error),
        xCurrentTimeInt64: Some(current_time_int64),
        xSetSystemCall: None,
        xGetSystemCall: None,
        xNextSystemCall: None,
    };
    let ours = Box::leak(Box::new(ours));
    // SAFETY: it is never freed or moved, since it was leaked; every method it must have is there.
    unsafe { sqlite3_vfs_register(ours, 0) }
}

/// The default VFS beneath ours.
///
/// # Safety
/// `vfs` is the VFS that `register_once` made.
unsafe fn real(vfs: *mut sqlite3_vfs) -> *mut sqlite3_vfs {
    // SAFETY: the caller passes our VFS, which lives for good; `pAppData` is never written again.
    unsafe { (*vfs).pAppData }.cast()
}

/// The path in a name that SQLite passes.
///
/// # Safety
/// `name` is null or ends in a zero byte, and stays as it is while the path is in use.
unsafe fn path<'call>(name: *const c_char) -> Option<&'call Path> {
    if name.is_null() {
        return None;
    }
    // SAFETY: it is not null, and the caller vouches for the rest.
    let name = unsafe { CStr::from_ptr(name) };
    Some(Path::new(OsStr::from_bytes(name.to_bytes())))
}

/// Opens a file with the default VFS, behind our own head, and has the disk know of it.
unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    out: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite calls this with the VFS it belongs to.
    let real = unsafe { real(vfs) };
    // SAFETY: SQLite's name for this call; it is null for a temporary file.
    let path = unsafe { path(name) };
    // SAFETY: `out` points at `szOsFile` bytes that are ours to fill, and nobody else looks at yet.
    unsafe { file::prepare(out) };
    // SAFETY: a VFS that SQLite registered.
    let Some(method) = (unsafe { (*real).xOpen }) else { return SQLITE_CANTOPEN };
    let really = || {
        // SAFETY: `out` was prepared, so that the place for the real file lies behind the head.
        let inner = unsafe { file::real_file(out) };
        // SAFETY: the method and its own VFS; the rest is passed on as it came. The name is the very
        // pointer, since SQLite keeps parameters behind it. `inner` has the real VFS's `szOsFile`.
        unsafe { method(real, name, inner, flags, out_flags) }
    };
    // SAFETY: it is called once `really` has opened the file, and nobody else uses `out` yet.
    let content = || unsafe { file::content(out) };
    let disk = path.and_then(|path| Disk::holding(path).map(|disk| (disk, path)));
    let opened = match disk {
        Some((disk, path)) => disk.open(path, opening(flags), really, content).map(Some),
        None => match really() {
            SQLITE_OK => Ok(None),
            code => Err(code),
        },
    };
    match opened {
        Ok(on_disk) => {
            // SAFETY: prepared above, and the real file behind the head has just been opened.
            unsafe { file::finish(out, on_disk) };
            SQLITE_OK
        }
        Err(code) => {
            // SAFETY: prepared above; the real file is there or its methods are null.
            unsafe { file::abandon(out) };
            code
        }
    }
}

/// What the default VFS does with such flags: a new journal's folder is synced with the journal's
/// first sync.
fn opening(flags: c_int) -> Opening {
    const JOURNALS: c_int = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
    let creates = flags & SQLITE_OPEN_CREATE != 0;
    Opening { creates, syncs_folder: creates && flags & JOURNALS != 0 }
}

unsafe extern "C" fn delete(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    sync_folder: c_int,
) -> c_int {
    // SAFETY: SQLite calls this with the VFS it belongs to.
    let real = unsafe { real(vfs) };
    // SAFETY: a VFS that SQLite registered.
    let Some(method) = (unsafe { (*real).xDelete }) else { return SQLITE_IOERR };
    // SAFETY: the method and its own VFS; the rest is passed on as it came.
    let really = |sync_folder| unsafe { method(real, name, sync_folder) };
    // SAFETY: SQLite's name for this call.
    match unsafe { path(name) }.and_then(|path| Disk::holding(path).map(|disk| (disk, path))) {
        // Nothing is synced really on a disk that is watched.
        Some((disk, path)) => disk.delete(path, sync_folder != 0, || really(0)),
        None => really(sync_folder),
    }
}

/// A method that the default VFS answers; `$absent` where it has none.
macro_rules! forward {
    ($name:ident, $method:ident($($argument:ident: $type:ty),*) $(-> $returns:ty, $absent:expr)?) => {
        unsafe extern "C" fn $name(vfs: *mut sqlite3_vfs, $($argument: $type),*) $(-> $returns)? {
            // SAFETY: SQLite calls this with the VFS it belongs to.
            let real = unsafe { real(vfs) };
            // SAFETY: a VFS that SQLite registered.
            match unsafe { (*real).$method } {
                // SAFETY: the method and its own VFS; SQLite made the arguments for a method of
                // this very signature, and they are passed on as they came.
                Some(method) => unsafe { method(real, $($argument),*) },
                None => { $($absent)? }
            }
        }
    };
}

/// A function in a loaded library.
type Symbol = Option<unsafe extern "C" fn(*mut sqlite3_vfs, *mut c_void, *const c_char)>;

forward!(access, xAccess(name: *const c_char, flags: c_int, out: *mut c_int) -> c_int, SQLITE_IOERR);
forward!(full_pathname, xFullPathname(name: *const c_char, size: c_int, out: *mut c_char) -> c_int,
    SQLITE_CANTOPEN);
forward!(dl_open, xDlOpen(name: *const c_char) -> *mut c_void, ptr::null_mut());
forward!(dl_error, xDlError(size: c_int, out: *mut c_char));
forward!(dl_sym, xDlSym(library: *mut c_void, symbol: *const c_char) -> Symbol, None);
forward!(dl_close, xDlClose(library: *mut c_void));
forward!(randomness, xRandomness(size: c_int, out: *mut c_char) -> c_int, 0);
forward!(sleep, xSleep(microseconds: c_int) -> c_int, 0);
forward!(current_time, xCurrentTime(out: *mut f64) -> c_int, SQLITE_ERROR);
forward!(last_error, xGetLastError(size: c_int, out: *mut c_char) -> c_int, 0);
forward!(current_time_int64, xCurrentTimeInt64(out: *mut sqlite3_int64) -> c_int, SQLITE_ERROR);

/// The head that stands before the real file must not spoil its alignment.
const _: () = assert!(
    file::REAL_FILE_AT >= size_of::<sqlite3_file>() && file::REAL_FILE_AT.is_multiple_of(8)
);

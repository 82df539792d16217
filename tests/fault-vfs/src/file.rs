//! An open file as SQLite sees it: our head, and behind it the default VFS's own file.
//!
//! What everything here rests on, besides what `vfs` says:
//!
//! - SQLite gives `xOpen` memory of `szOsFile` bytes, aligned to 8, and does not move it until
//!   `xClose` has returned. Our `szOsFile` is [`REAL_FILE_AT`] more than the default VFS's.
//! - It calls a method only of a file whose `pMethods` is set, which [`finish`] does last.
//! - It does not call `xClose` while another method of the same file runs.
//!
//! Deliberately absent: what happens to the file; see `disk`.

use std::ffi::{c_int, c_void};
use std::mem::size_of;
use std::ptr;
use std::slice;

use libsqlite3_sys::{
    SQLITE_IOERR, SQLITE_IOERR_SHMMAP, SQLITE_IOERR_WRITE, SQLITE_NOTFOUND, SQLITE_OK,
    sqlite3_file, sqlite3_int64, sqlite3_io_methods,
};

use crate::disk::OpenFile;

/// What stands before the default VFS's file.
#[repr(C)]
struct Head {
    /// What SQLite looks at.
    base: sqlite3_file,
    /// From a box, or null for a file that no disk watches.
    on_disk: *mut OpenFile,
}

/// Where the default VFS's file begins, in bytes.
pub(crate) const REAL_FILE_AT: usize = size_of::<Head>().next_multiple_of(8);

/// Writes a head that says that nothing is open.
///
/// # Safety
/// `file` points at `szOsFile` bytes, aligned to 8, that nobody else uses.
pub(crate) unsafe fn prepare(file: *mut sqlite3_file) {
    let closed = sqlite3_file { pMethods: ptr::null() };
    let head = Head { base: closed, on_disk: ptr::null_mut() };
    // SAFETY: the memory is large enough for a head and what follows, aligned, and the caller's.
    unsafe { file.cast::<Head>().write(head) };
    // SAFETY: the head was just written.
    let inner = unsafe { real_file(file) };
    // SAFETY: behind the head there is room for the default VFS's file, which begins like any other.
    unsafe { inner.write(closed) };
}

/// Everything that is in the file, read through the default VFS.
///
/// # Safety
/// `file` was prepared, and the real file behind it is open.
pub(crate) unsafe fn content(file: *mut sqlite3_file) -> Result<Vec<u8>, c_int> {
    let mut size: sqlite3_int64 = 0;
    // SAFETY: the file is open, and `size` is a place for the answer.
    let code = unsafe { file_size(file, &raw mut size) };
    if code != SQLITE_OK {
        return Err(code);
    }
    let length = c_int::try_from(size).map_err(|_| SQLITE_IOERR)?;
    let mut content = vec![0; usize::try_from(size).map_err(|_| SQLITE_IOERR)?];
    // SAFETY: the file is open, and there is room for so many bytes.
    match unsafe { read(file, content.as_mut_ptr().cast(), length, 0) } {
        SQLITE_OK => Ok(content),
        code => Err(code),
    }
}

/// Opens the file for SQLite.
///
/// # Safety
/// `file` was prepared, and the real file behind it is open.
pub(crate) unsafe fn finish(file: *mut sqlite3_file, on_disk: Option<OpenFile>) {
    let on_disk = on_disk.map_or(ptr::null_mut(), |file| Box::into_raw(Box::new(file)));
    // SAFETY: the caller's file is prepared, and nobody else uses it yet.
    let head = unsafe { &mut *file.cast::<Head>() };
    head.on_disk = on_disk;
    // SAFETY: the file is prepared and the real one open.
    let has_shared_memory = unsafe { real_methods(file) }
        .is_some_and(|real| real.iVersion >= 2 && real.xShmMap.is_some());
    head.base.pMethods = if has_shared_memory { &raw const METHODS } else { &raw const PLAIN };
}

/// Leaves a file closed that could not be opened.
///
/// # Safety
/// `file` was prepared; the real file behind it is open, or its methods are null.
pub(crate) unsafe fn abandon(file: *mut sqlite3_file) {
    // SAFETY: as the caller says.
    unsafe { close_real(file) };
}

/// The default VFS's file behind ours.
///
/// # Safety
/// `file` was prepared.
pub(crate) unsafe fn real_file(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: the memory that SQLite gave us reaches beyond this place.
    unsafe { file.byte_add(REAL_FILE_AT) }
}

/// The methods of the real file, where it is open.
///
/// # Safety
/// `file` was prepared.
unsafe fn real_methods(file: *mut sqlite3_file) -> Option<&'static sqlite3_io_methods> {
    // SAFETY: as the caller says.
    let inner = unsafe { real_file(file) };
    // SAFETY: `prepare` wrote it, and the default VFS writes nothing there but its methods.
    let methods = unsafe { (*inner).pMethods };
    // SAFETY: null, which `as_ref` tells, or a table that is part of SQLite itself.
    unsafe { methods.as_ref() }
}

/// What the disk knows of the file, if one watches it.
///
/// # Safety
/// `file` was prepared, and is not closed while the answer is in use.
unsafe fn on_disk<'call>(file: *mut sqlite3_file) -> Option<&'call OpenFile> {
    // SAFETY: `prepare` wrote a head there.
    let on_disk = unsafe { (*file.cast::<Head>()).on_disk };
    // SAFETY: null, which `as_ref` tells, or from the box of `finish`, which `close` alone frees.
    // It is shared only: `OpenFile` changes behind a lock.
    unsafe { on_disk.as_ref() }
}

/// # Safety
/// `file` was prepared; the real file behind it is open, or its methods are null.
unsafe fn close_real(file: *mut sqlite3_file) -> c_int {
    // SAFETY: as the caller says.
    let Some(method) = (unsafe { real_methods(file) }).and_then(|real| real.xClose) else {
        return SQLITE_OK;
    };
    // SAFETY: as the caller says.
    let inner = unsafe { real_file(file) };
    // SAFETY: the file's own method, and it is open.
    unsafe { method(inner) }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file that it opened.
    let code = unsafe { close_real(file) };
    // SAFETY: no other method runs, so that nobody else uses the head.
    let head = unsafe { &mut *file.cast::<Head>() };
    head.base.pMethods = ptr::null();
    let on_disk = std::mem::replace(&mut head.on_disk, ptr::null_mut());
    if !on_disk.is_null() {
        // SAFETY: it came from a box in `finish`, and is freed once, since it was just replaced.
        drop(unsafe { Box::from_raw(on_disk) });
    }
    code
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    bytes: *const c_void,
    size: c_int,
    offset: sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite calls this of a file that is open.
    let Some(method) = (unsafe { real_methods(file) }).and_then(|real| real.xWrite) else {
        return SQLITE_IOERR_WRITE;
    };
    // SAFETY: as above.
    let inner = unsafe { real_file(file) };
    // SAFETY: as above; the file is not closed during this call.
    let Some(on_disk) = (unsafe { on_disk(file) }) else {
        // SAFETY: the file's own method, and the arguments as they came.
        return unsafe { method(inner, bytes, size, offset) };
    };
    let (Ok(size), Ok(place)) = (usize::try_from(size), usize::try_from(offset)) else {
        return SQLITE_IOERR_WRITE;
    };
    // SAFETY: SQLite passes so many bytes, and leaves them alone until this returns.
    let bytes = unsafe { slice::from_raw_parts(bytes.cast::<u8>(), size) };
    on_disk.write(place, bytes, |part| {
        let Ok(size) = c_int::try_from(part.len()) else { return SQLITE_IOERR_WRITE };
        // SAFETY: the file's own method, and a part of the bytes that SQLite passed.
        unsafe { method(inner, part.as_ptr().cast(), size, offset) }
    })
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    // SAFETY: SQLite calls this of a file that is open.
    let Some(method) = (unsafe { real_methods(file) }).and_then(|real| real.xTruncate) else {
        return SQLITE_IOERR;
    };
    // SAFETY: as above.
    let inner = unsafe { real_file(file) };
    // SAFETY: the file's own method, and the argument as it came.
    let really = || unsafe { method(inner, size) };
    // SAFETY: as above; the file is not closed during this call.
    match (unsafe { on_disk(file) }, usize::try_from(size)) {
        (Some(on_disk), Ok(size)) => on_disk.truncate(size, really),
        _ => really(),
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: SQLite calls this of a file that is open, and does not close it meanwhile.
    if let Some(on_disk) = unsafe { on_disk(file) } {
        return on_disk.sync();
    }
    // SAFETY: the same file.
    unsafe { sync_really(file, flags) }
}

/// Declines to map the file into memory: what is written there would go past the disk.
unsafe extern "C" fn fetch(
    _: *mut sqlite3_file,
    _: sqlite3_int64,
    _: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: SQLite passes a place for the answer.
    unsafe { out.write(ptr::null_mut()) };
    SQLITE_OK
}

/// Nothing was mapped, so that there is nothing to give back.
unsafe extern "C" fn unfetch(_: *mut sqlite3_file, _: sqlite3_int64, _: *mut c_void) -> c_int {
    SQLITE_OK
}

/// A method that the real file answers; `$absent` where it has none.
macro_rules! forward {
    ($name:ident, $method:ident($($argument:ident: $type:ty),*) $(-> $returns:ty, $absent:expr)?) => {
        unsafe extern "C" fn $name(file: *mut sqlite3_file, $($argument: $type),*) $(-> $returns)? {
            // SAFETY: SQLite calls this of a file that is open.
            match unsafe { real_methods(file) }.and_then(|real| real.$method) {
                Some(method) => {
                    // SAFETY: as above.
                    let inner = unsafe { real_file(file) };
                    // SAFETY: the file's own method; SQLite made the arguments for a method of this
                    // very signature, and they are passed on as they came.
                    unsafe { method(inner, $($argument),*) }
                }
                None => { $($absent)? }
            }
        }
    };
}

forward!(read, xRead(out: *mut c_void, size: c_int, offset: sqlite3_int64) -> c_int, SQLITE_IOERR);
forward!(sync_really, xSync(flags: c_int) -> c_int, SQLITE_IOERR);
forward!(file_size, xFileSize(out: *mut sqlite3_int64) -> c_int, SQLITE_IOERR);
forward!(lock, xLock(level: c_int) -> c_int, SQLITE_IOERR);
forward!(unlock, xUnlock(level: c_int) -> c_int, SQLITE_IOERR);
forward!(check_reserved_lock, xCheckReservedLock(out: *mut c_int) -> c_int, SQLITE_IOERR);
forward!(file_control, xFileControl(what: c_int, with: *mut c_void) -> c_int, SQLITE_NOTFOUND);
forward!(sector_size, xSectorSize() -> c_int, 0);
forward!(device_characteristics, xDeviceCharacteristics() -> c_int, 0);
forward!(shm_map, xShmMap(region: c_int, size: c_int, extend: c_int, out: *mut *mut c_void) -> c_int,
    SQLITE_IOERR_SHMMAP);
forward!(shm_lock, xShmLock(offset: c_int, n: c_int, flags: c_int) -> c_int, SQLITE_IOERR);
forward!(shm_barrier, xShmBarrier());
forward!(shm_unmap, xShmUnmap(delete: c_int) -> c_int, SQLITE_OK);

/// Where the real file has shared memory, as the write-ahead log needs it.
static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 3,
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: Some(fetch),
    xUnfetch: Some(unfetch),
    ..PLAIN_METHODS
};

/// Where it has none.
static PLAIN: sqlite3_io_methods = PLAIN_METHODS;
const PLAIN_METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 1,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: None,
    xShmLock: None,
    xShmBarrier: None,
    xShmUnmap: None,
    xFetch: None,
    xUnfetch: None,
};

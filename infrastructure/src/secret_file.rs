//! Files that hold a secret: readable by their owner only, whole or not there at all, and the same for
//! all processes that ask for one.
//!
//! Deliberately absent: what is in them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

/// What is in such a file; it is gone from memory when it is no longer used.
pub(crate) type Secret = Zeroizing<Vec<u8>>;

/// Why a file is of no use.
pub(crate) enum Problem {
    /// It is there and cannot be read.
    Unreadable(io::Error),
    /// It cannot be made.
    Unwritable(io::Error),
    /// Others than its owner may read it.
    Exposed {
        /// Its permissions.
        mode: u32,
    },
}

/// What is in a file, or one byte more than `limit` of it; `None` when it is not there.
pub(crate) fn read(file: &Path, limit: usize) -> Result<Option<Secret>, Problem> {
    let open = match OpenOptions::new().read(true).open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(Problem::Unreadable)?,
    };
    refuse_exposed(&open.metadata().map_err(Problem::Unreadable)?)?;
    // One byte more than is wanted, so that a longer file is seen to be one; and as much room from
    // the start, so that nothing is left behind where a smaller buffer was.
    let mut bytes = Secret::new(Vec::with_capacity(limit + 1));
    open.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(Problem::Unreadable)?;
    Ok(Some(bytes))
}

/// Makes a file with this secret in it, unless another process was faster: then it returns what that
/// one put there, as [`read`] does.
pub(crate) fn create(file: &Path, secret: &[u8], limit: usize) -> Result<Option<Secret>, Problem> {
    let unnamed = unnamed(file, secret).map_err(Problem::Unwritable)?;
    match unnamed.persist_noclobber(file) {
        Ok(_) => sync_folder(file),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            return match read(file, limit)? {
                Some(theirs) => Ok(Some(theirs)),
                None => Err(Problem::Unreadable(error.error)),
            };
        }
        Err(error) => return Err(Problem::Unwritable(error.error)),
    }
    Ok(None)
}

/// Puts another secret into a file. Whoever reads it meanwhile reads one or the other.
pub(crate) fn replace(file: &Path, secret: &[u8]) -> Result<(), Problem> {
    let unnamed = unnamed(file, secret).map_err(Problem::Unwritable)?;
    unnamed.persist(file).map_err(|error| Problem::Unwritable(error.error))?;
    sync_folder(file);
    Ok(())
}

/// The secret under another name first, whole and safe on disk.
fn unnamed(file: &Path, secret: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let folder = folder(file);
    fs::create_dir_all(folder)?;
    // Files made this way are readable by their owner only.
    let mut unnamed = tempfile::NamedTempFile::new_in(folder)?;
    unnamed.write_all(secret)?;
    unnamed.as_file().sync_all()?;
    Ok(unnamed)
}

/// Makes the name as durable as the bytes, where folders can be synced at all.
fn sync_folder(file: &Path) {
    let _ = File::open(folder(file)).and_then(|folder| folder.sync_all());
}

fn folder(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

#[cfg(unix)]
fn refuse_exposed(metadata: &fs::Metadata) -> Result<(), Problem> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 { Err(Problem::Exposed { mode }) } else { Ok(()) }
}

/// Elsewhere a file's folder decides who may read it.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
fn refuse_exposed(_: &fs::Metadata) -> Result<(), Problem> {
    Ok(())
}

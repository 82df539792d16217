//! The file of an archive: compressed, digested, synced, and only then given its name.
//!
//! Deliberately absent: what is in it.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::audit::retention::Prefix;
use domain::ports::{ArchiveError, ArchivePlace, Archived};
use domain::proof::Digest;
use sha2::{Digest as _, Sha256};
use tempfile::{NamedTempFile, TempDir};

/// What our temporary files and folders begin with: a dot, so that listings leave them out.
const TEMPORARY: &str = ".indelible-archive-";

/// What an archive's name ends with.
const EXTENSION: &str = "db.zst";

/// Where an archive goes.
pub(super) struct Target {
    pub(super) folder: PathBuf,
    pub(super) place: ArchivePlace,
}

/// The folder that an archive is to lie in, made where it is not there.
pub(super) fn folder(place: &ArchivePlace) -> Result<PathBuf, ArchiveError> {
    let folder = match place {
        ArchivePlace::Folder(folder) => folder.as_path(),
        ArchivePlace::File(file) => {
            // Said before the work is done. It is looked at once more when the file gets its name.
            if file.exists() {
                return Err(ArchiveError::Exists { file: file.clone() });
            }
            file.parent().unwrap_or(Path::new(""))
        }
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    std::fs::create_dir_all(folder).map_err(|error| unwritten(folder, error))?;
    Ok(folder.to_owned())
}

/// A folder that only this user may look into and that goes when it is dropped.
pub(super) fn workplace(folder: &Path) -> Result<TempDir, ArchiveError> {
    let made = tempfile::Builder::new().prefix(TEMPORARY).tempdir_in(folder);
    made.map_err(|error| unwritten(folder, error))
}

/// Makes the archive of a copy.
pub(super) fn pack(
    copy: &Path,
    target: &Target,
    stem: &OsStr,
    range: Prefix,
) -> Result<Archived, ArchiveError> {
    let folder = target.folder.as_path();
    let made = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder);
    let mut made = made.map_err(|error| unwritten(folder, error))?;
    let (digest, bytes) = compress(copy, &mut made).map_err(|error| unwritten(folder, error))?;
    let file = match &target.place {
        ArchivePlace::File(file) => {
            named(made, file).map_err(|(_, error)| match error.kind() {
                ErrorKind::AlreadyExists => ArchiveError::Exists { file: file.clone() },
                _ => unwritten(file, error),
            })?;
            file.clone()
        }
        ArchivePlace::Folder(_) => named_by_range(made, folder, stem, range)?,
    };
    sync_folder(folder).map_err(|error| unwritten(folder, error))?;
    Ok(Archived { range, file, digest, bytes })
}

/// Compresses a file into another, and syncs that; its digest and its length.
fn compress(from: &Path, to: &mut NamedTempFile) -> io::Result<(Digest, u64)> {
    let into = Digesting { into: to.as_file_mut(), digest: Sha256::new(), bytes: 0 };
    let mut encoder = zstd::Encoder::new(into, zstd::DEFAULT_COMPRESSION_LEVEL)?;
    encoder.include_checksum(true)?;
    io::copy(&mut File::open(from)?, &mut encoder)?;
    let Digesting { into, digest, bytes } = encoder.finish()?;
    into.sync_all()?;
    Ok((Digest(digest.finalize().into()), bytes))
}

/// Gives a file its name, unless something has it. The file comes back where it did not get it.
fn named(made: NamedTempFile, name: &Path) -> Result<(), (NamedTempFile, io::Error)> {
    match made.persist_noclobber(name) {
        Ok(_) => Ok(()),
        Err(refused) => Err((refused.file, refused.error)),
    }
}

/// Gives a file the name of what is in it. An archive of the same range may be there: one of a run that
/// was stopped before it removed anything. It stays, and this one gets a number.
fn named_by_range(
    mut made: NamedTempFile,
    folder: &Path,
    stem: &OsStr,
    range: Prefix,
) -> Result<PathBuf, ArchiveError> {
    let Prefix { from, through } = range;
    let stem = stem.to_string_lossy();
    for number in 1_u32.. {
        let number = if number == 1 { String::new() } else { format!("-{number}") };
        let name = format!("{stem}-{:012}-{:012}{number}.{EXTENSION}", from.0, through.0);
        let file = folder.join(name);
        match named(made, &file) {
            Ok(()) => return Ok(file),
            Err((unnamed, error)) if error.kind() == ErrorKind::AlreadyExists => made = unnamed,
            Err((_, error)) => return Err(unwritten(&file, error)),
        }
    }
    Err(ArchiveError::Exists { file: folder.to_owned() })
}

/// Has the file system keep a new name through a loss of power.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn unwritten(place: &Path, error: io::Error) -> ArchiveError {
    ArchiveError::Write { place: place.to_owned(), source: Arc::new(error) }
}

/// Digests what is written through it.
struct Digesting<W> {
    into: W,
    digest: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.into.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.into.flush()
    }
}

#[cfg(test)]
mod tests;

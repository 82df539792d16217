//! Files that nobody but their owner may read: how one is read, and how one is made.
//!
//! Deliberately absent: what is in them.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

/// Why a secret was not read.
#[derive(Debug)]
pub(crate) enum NotRead {
    /// The system does not let us.
    Unreadable(io::Error),
    /// Others may read it: its permissions.
    Exposed(u32),
}

impl From<io::Error> for NotRead {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

/// What is in the file, as far as `limit` bytes; `None` when there is no such file.
pub(crate) fn read(file: &Path, limit: u64) -> Result<Option<Vec<u8>>, NotRead> {
    let open = match OpenOptions::new().read(true).open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    refuse_exposed(&open.metadata()?)?;
    let mut bytes = Vec::new();
    open.take(limit).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Makes the file with its folders: under another name first, whole and safe on disk. It fails with
/// [`io::ErrorKind::AlreadyExists`] where somebody else was faster.
pub(crate) fn create(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let (unnamed, folder) = written(file, bytes)?;
    unnamed.persist_noclobber(file)?;
    sync(&folder)
}

/// Puts the file in the place of the one that is there, whole or not at all.
pub(crate) fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let (unnamed, folder) = written(file, bytes)?;
    unnamed.persist(file)?;
    sync(&folder)
}

fn written(file: &Path, bytes: &[u8]) -> io::Result<(tempfile::NamedTempFile, std::path::PathBuf)> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).to_owned();
    fs::create_dir_all(&folder)?;
    // Files made this way are readable by their owner only.
    let mut unnamed = tempfile::NamedTempFile::new_in(&folder)?;
    unnamed.write_all(bytes)?;
    unnamed.as_file().sync_all()?;
    Ok((unnamed, folder))
}

/// The name is as durable as the bytes, where folders can be synced at all.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).or(Ok(()))
}

#[cfg(unix)]
fn refuse_exposed(metadata: &Metadata) -> Result<(), NotRead> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 { Err(NotRead::Exposed(mode)) } else { Ok(()) }
}

/// Elsewhere a file's folder decides who may read it.
#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps)]
fn refuse_exposed(_: &Metadata) -> Result<(), NotRead> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_kept_whole_in_folders_that_are_made_for_it_and_never_in_place_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a").join("b").join("secret");
        assert!(read(&file, 9).unwrap().is_none());
        create(&file, b"first").unwrap();
        assert_eq!(create(&file, b"second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(read(&file, 9).unwrap().as_deref(), Some(&b"first"[..]));
        replace(&file, b"third").unwrap();
        assert_eq!(read(&file, 9).unwrap().as_deref(), Some(&b"third"[..]));
        assert_eq!(read(&file, 2).unwrap().as_deref(), Some(&b"th"[..]));
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_asked_for_is_not_taken_for_a_file_that_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        create(&file, b"first").unwrap();
        for wrong in [file.join("below"), folder.path().join("x".repeat(300))] {
            let refused = read(&wrong, 9).unwrap_err();
            assert!(matches!(refused, NotRead::Unreadable(_)), "{refused:?}");
        }
    }
}

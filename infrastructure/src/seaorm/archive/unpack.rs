//! Unpacking an archive, so that it can be read as the record that it is.
//!
//! Deliberately absent: keeping what was unpacked. It goes with the storage that was opened on it.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use crate::seaorm::OpenError;

/// What the first bytes of a Zstandard frame are.
pub(in crate::seaorm) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// What the unpacked record is called.
pub(in crate::seaorm) const NAME: &str = "audit.db";

/// Unpacks an archive into a folder that only this user may look into and that goes when it is dropped.
pub(in crate::seaorm) async fn unpack(archive: &Path) -> Result<TempDir, OpenError> {
    let file = archive.to_owned();
    let unpacked = tokio::task::spawn_blocking(move || {
        let folder = tempfile::Builder::new().prefix("indelible-").tempdir()?;
        let mut to = File::options().write(true).create_new(true).open(folder.path().join(NAME))?;
        zstd::stream::copy_decode(File::open(file)?, &mut to)?;
        Ok(folder)
    });
    let unpacked = unpacked.await.unwrap_or_else(|gone| Err(std::io::Error::other(gone)));
    unpacked
        .map_err(|error| OpenError::Unpack { file: archive.to_owned(), source: Arc::new(error) })
}

//! Checkpoints at the end of a file, one after the other.
//!
//! Deliberately absent: making its folder. An anchor is only worth something on another disk or another
//! machine's, and one that is not mounted must be noticed.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

use application::proof::checkpoints_of;
use async_trait::async_trait;
use domain::ports::{AnchorError, CheckpointAnchor};
use domain::proof::{Origin, SignedCheckpoint};

/// How much of the end of the file is read at first for the last checkpoints: hundreds of them.
const END: u64 = 1 << 16;

/// Keeps checkpoints at the end of a file, as signed notes one after the other.
#[derive(Debug, Clone)]
pub struct FileAnchor {
    file: PathBuf,
}

impl FileAnchor {
    /// An anchor at the end of this file, which is made when it is not there; its folder is not.
    #[must_use]
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into() }
    }

    async fn with_file<T: Send + 'static>(
        &self,
        work: impl FnOnce(File) -> io::Result<T> + Send + 'static,
    ) -> Result<T, AnchorError> {
        let file = self.file.clone();
        let unreachable = |source: Arc<dyn std::error::Error + Send + Sync>| {
            AnchorError::Unreachable { anchor: self.name(), source }
        };
        let done = tokio::task::spawn_blocking(move || {
            work(OpenOptions::new().create(true).read(true).append(true).open(file)?)
        });
        let done = done.await.map_err(|gone| unreachable(Arc::new(gone)))?;
        done.map_err(|error| unreachable(Arc::new(error)))
    }
}

#[async_trait]
impl CheckpointAnchor for FileAnchor {
    fn name(&self) -> String {
        self.file.display().to_string()
    }

    async fn keep(&self, note: &str) -> Result<(), AnchorError> {
        let note = note.to_owned();
        self.with_file(move |mut file| {
            // One write, so that those of several processes do not mingle.
            file.write_all(note.as_bytes())?;
            file.sync_all()
        })
        .await
    }

    async fn recent(&self, origin: &Origin) -> Result<Vec<SignedCheckpoint>, AnchorError> {
        let origin = origin.clone();
        self.with_file(move |mut file| {
            let length = file.metadata()?.len();
            let mut most = END;
            loop {
                let mut end = Vec::new();
                file.seek(SeekFrom::Start(length.saturating_sub(most)))?;
                file.read_to_end(&mut end)?;
                let found = checkpoints_of(&origin, &String::from_utf8_lossy(&end));
                // Other records may have written far more since this one did.
                if !found.is_empty() || most >= length {
                    return Ok(found);
                }
                most *= 4;
            }
        })
        .await
    }

    async fn probe(&self) -> Result<(), AnchorError> {
        self.with_file(|_| Ok(())).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn notes_follow_one_another_and_none_is_changed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("anchor");
        let anchor = FileAnchor::new(&file);
        anchor.probe().await.unwrap();
        anchor.keep("first\n").await.unwrap();
        FileAnchor::new(&file).keep("second\n").await.unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "first\nsecond\n");
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let anchor = FileAnchor::new(folder.path().join("missing").join("anchor"));
        for refused in [anchor.probe().await, anchor.keep("note\n").await] {
            let error = refused.unwrap_err();
            assert!(error.to_string().contains("missing"), "{error}");
        }
        assert!(!folder.path().join("missing").exists());
    }
}

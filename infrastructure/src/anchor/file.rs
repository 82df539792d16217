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

/// How much of the end of the file is read for the last checkpoints: tens of thousands of them, since other
/// records, and strangers, may have written there as well.
const END: u64 = 8 << 20;

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
        options: OpenOptions,
        work: impl FnOnce(File) -> io::Result<T> + Send + 'static,
    ) -> Result<T, AnchorError> {
        let file = self.file.clone();
        let unreachable = |source: Arc<dyn std::error::Error + Send + Sync>| {
            AnchorError::Unreachable { anchor: self.name(), source }
        };
        let done = tokio::task::spawn_blocking(move || work(options.open(file)?));
        let done = done.await.map_err(|gone| unreachable(Arc::new(gone)))?;
        done.map_err(|error| unreachable(Arc::new(error)))
    }
}

/// To be written to alone: a place may let nobody read what was put there.
fn at_the_end() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    options
}

#[async_trait]
impl CheckpointAnchor for FileAnchor {
    fn name(&self) -> String {
        self.file.display().to_string()
    }

    async fn keep(&self, note: &str) -> Result<(), AnchorError> {
        let note = note.to_owned();
        self.with_file(at_the_end(), move |mut file| {
            // One write, so that those of several processes do not mingle.
            file.write_all(note.as_bytes())?;
            file.sync_all()
        })
        .await
    }

    async fn recent(&self, origin: &Origin) -> Result<Vec<SignedCheckpoint>, AnchorError> {
        let origin = origin.clone();
        let mut options = at_the_end();
        options.read(true);
        self.with_file(options, move |mut file| {
            let length = file.metadata()?.len();
            let mut end = Vec::new();
            file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
            file.read_to_end(&mut end)?;
            Ok(checkpoints_of(&origin, &String::from_utf8_lossy(&end)))
        })
        .await
    }

    async fn probe(&self) -> Result<(), AnchorError> {
        self.with_file(at_the_end(), |_| Ok(())).await
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

//! `export --tiles`: the tree, published in a folder.
//!
//! Each file is written under another name, put on stable storage and renamed, so that whoever serves the
//! folder never serves a part of one.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;

use application::proof::{Publication, PublishedFiles, publish_tiles};
use domain::ports::StorageProblem;

use super::outcome::{events, sequences};
use super::proof::newest_checkpoint;
use crate::cli::{Context, Failure, interrupt};
use crate::wiring::{ToVerify, open_to_verify};

pub(super) async fn run(folder: &Path, context: Context<'_>) -> Result<(), Failure> {
    let opened = open_to_verify(&context.settings.settings).await;
    let ToVerify { tree, archive, .. } =
        opened.map_err(|error| Failure::because("the audit log cannot be read", error))?;
    if archive {
        return Err(Failure::plain(
            "an archive has a part of the entries and is not published: publish the record that it is from",
        ));
    }
    let checkpoint = newest_checkpoint(&*tree).await?;
    let mut files = Folder { path: folder.to_owned(), unsettled: BTreeSet::new() };
    let bar = context.console.progress(checkpoint.checkpoint().head.size);
    let outcome = {
        let progress = |done| bar.set_position(done);
        let mut run = pin!(publish_tiles(&*tree, &checkpoint, &mut files, progress));
        let mut interrupted = pin!(interrupt::requested());
        tokio::select! {
            outcome = &mut run => outcome,
            signal = &mut interrupted => {
                signal?;
                return Err(Failure::Interrupted);
            }
        }
    };
    bar.finish_and_clear();
    let unpublished = || format!("the tree was not published in `{}`", folder.display());
    let Publication { size, written, kept, without_bundle } =
        outcome.map_err(|error| Failure::because(unpublished(), error))?;
    let console = context.console;
    for range in without_bundle {
        console.explain_line(&format!(
            "without a bundle of entries: {}, since retention has removed some or all of them",
            sequences(range)
        ));
    }
    console.explain_line(&format!(
        "published the tree over {} in {}: {written} new files, {kept} were there",
        events(size),
        folder.display()
    ));
    Ok(())
}

/// A folder of published files.
struct Folder {
    path: PathBuf,
    /// Folders in which files were renamed since this was last put on stable storage.
    unsettled: BTreeSet<PathBuf>,
}

fn shared(error: io::Error) -> StorageProblem {
    Arc::new(error)
}

/// What is there, if it is.
fn there<T>(outcome: io::Result<T>) -> Result<Option<T>, StorageProblem> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(shared(error)),
    }
}

impl Folder {
    fn put(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let file = self.path.join(name);
        // Each name has a folder before it, if only the one of all.
        let folder = file.parent().unwrap_or(&self.path);
        if !self.unsettled.contains(folder) {
            fs::create_dir_all(folder)?;
            let within = folder.ancestors().take_while(|above| above.starts_with(&self.path));
            self.unsettled.extend(within.map(Path::to_owned));
        }
        let mut unfinished = tempfile::Builder::new().prefix(".unfinished-").tempfile_in(folder)?;
        unfinished.write_all(bytes)?;
        unfinished.as_file().sync_all()?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            // Others are to read it; a temporary file is its owner's alone.
            unfinished.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
        }
        unfinished.persist(file)?;
        Ok(())
    }
}

impl PublishedFiles for Folder {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StorageProblem> {
        there(fs::read(self.path.join(name)))
    }

    fn length(&self, name: &str) -> Result<Option<u64>, StorageProblem> {
        Ok(there(fs::metadata(self.path.join(name)))?.map(|found| found.len()))
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), StorageProblem> {
        self.put(name, bytes).map_err(shared)
    }

    fn settle(&mut self) -> Result<(), StorageProblem> {
        for folder in std::mem::take(&mut self.unsettled) {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(shared)?;
        }
        Ok(())
    }
}

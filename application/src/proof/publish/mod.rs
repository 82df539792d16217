//! Publishing the tree as C2SP tlog-tiles: hashes, entries and a checkpoint, as files that never change.
//!
//! What is there already is left as it is, so that a later run adds what is new; the checkpoint comes
//! last, once all it speaks of is there. What would not be the tree that is signed is not published.
//!
//! Deliberately absent: the file system, and taking files away: partial tiles of earlier checkpoints stay.

mod run;

use domain::ports::{StorageProblem, TreeError};
use domain::proof::{
    CHECKPOINT_FILE, InvalidOrigin, MissingHash, NotASignedCheckpoint, Origin, SignedCheckpoint,
    TILE_WIDTH, TreeHead, Unprovable, bundle_file, tile_file, tiles_of,
};
use domain::{AuditTree, Sequence};

use super::tree::{TreeReadError, head_at};
use run::Run;

/// Where a tree is published: files by name, with `/` between folders.
pub trait PublishedFiles: Send {
    /// What is in a file, if there is one.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StorageProblem>;

    /// How many bytes are in a file, if there is one.
    ///
    /// # Errors
    /// When nothing can be said of it.
    fn length(&self, name: &str) -> Result<Option<u64>, StorageProblem>;

    /// Puts a file in place, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), StorageProblem>;

    /// Sees to it that everything written so far outlasts a power cut.
    ///
    /// # Errors
    /// When that is not certain.
    fn settle(&mut self) -> Result<(), StorageProblem>;
}

/// What a run has published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Publication {
    /// How many leaves the checkpoint is about.
    pub size: u64,
    /// How many files are new.
    pub written: u64,
    /// How many were there already.
    pub kept: u64,
    /// Entries whose bundles could not be made, from first to last: retention has removed them, or some
    /// that belong to the same bundle.
    pub without_bundle: Vec<(Sequence, Sequence)>,
}

/// Why the tree was not published, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The tree cannot be read.
    #[error("the tree of the record cannot be read")]
    Tree(#[from] TreeReadError),
    /// The record's name is not one.
    #[error("the record has no name to publish under: run `indelible verify`")]
    Nameless(#[from] InvalidOrigin),
    /// The tree is not the one that was signed.
    #[error(
        "the record is not what the checkpoint says: it was changed from outside; run `indelible verify`"
    )]
    NotSigned,
    /// An entry is not the one whose hash is in the tree.
    #[error(
        "entry {sequence} is not the one in the tree: it was changed from outside; run `indelible verify`"
    )]
    Changed {
        /// The entry.
        sequence: Sequence,
        /// What is wrong with it, where that is known.
        #[source]
        source: Option<Unprovable>,
    },
    /// What is published there is of another log.
    #[error(
        "another log is published there, `{published}`, and this one is `{ours}`: name another place"
    )]
    AnotherLog {
        /// The log that is published there.
        published: Origin,
        /// This one.
        ours: Origin,
    },
    /// More is published there than was signed.
    #[error(
        "the {published} entries that are published there are more than the {signed} of the newest \
         checkpoint: the record is an older copy, or lacks its end; run `indelible verify`"
    )]
    Ahead {
        /// How many leaves the published checkpoint is about.
        published: u64,
        /// How many ours is about.
        signed: u64,
    },
    /// What is published there is not how this tree began.
    #[error(
        "the {size} entries that are published there are not the first ones of this record: one of the two \
         was changed; run `indelible verify --against` with the checkpoint there"
    )]
    Fork {
        /// How many leaves the published checkpoint is about.
        size: u64,
    },
    /// What lies there as a checkpoint is none.
    #[error("what is published there as `checkpoint` is none: name another place")]
    Unreadable(#[source] NotASignedCheckpoint),
    /// A file is there with something else in it.
    #[error(
        "`{name}` is there, and does not hold what this record has: move it away, or name another place"
    )]
    Foreign {
        /// The file.
        name: String,
    },
    /// A file cannot be read or written.
    #[error("`{name}` cannot be published")]
    File {
        /// The file.
        name: String,
        /// What went wrong.
        #[source]
        source: StorageProblem,
    },
}

impl From<TreeError> for PublishError {
    fn from(error: TreeError) -> Self {
        Self::Tree(error.into())
    }
}

impl From<MissingHash> for PublishError {
    fn from(error: MissingHash) -> Self {
        Self::Tree(error.into())
    }
}

/// Publishes the tree that a checkpoint of the record is about. `progress` is told how many entries are
/// done.
///
/// # Errors
/// See [`PublishError`]. Whatever was published before still holds then.
pub async fn publish_tiles(
    tree: &dyn AuditTree,
    checkpoint: &SignedCheckpoint,
    files: &mut dyn PublishedFiles,
    progress: impl Fn(u64),
) -> Result<Publication, PublishError> {
    let standing = tree.standing().await?;
    let origin = Origin::of_log(&standing.log_id)?;
    let signed = checkpoint.checkpoint();
    let head = signed.head;
    // All tiles that are not full follow from this, and each full one from the one above it.
    if signed.origin != origin || head_at(tree, head.size).await? != head {
        return Err(PublishError::NotSigned);
    }
    let before = published_before(tree, &origin, head.size, files).await?;
    let first = tree.entries(Sequence(0), 1).await?.pop().map(|entry| entry.sequence);
    let publication = Publication { size: head.size, ..Publication::default() };
    let mut run = Run { tree, standing, before: before.size, first, files, publication };
    for (id, width) in tiles_of(head.size) {
        let complete = run.was_published(id);
        let name = tile_file(id, width);
        let there = complete && run.has(&name, Some(32 * width as u64))?;
        let bundle = bundle_file(id.index, width);
        let bundle_there = id.level > 0 || (complete && run.has(&bundle, None)?);
        if !there || !bundle_there {
            let hashes = run.tile(id, width).await?;
            if !there {
                run.put(&name, &hashes)?;
            }
            if !bundle_there {
                run.bundle(&bundle, id.index, &hashes).await?;
            }
        }
        if id.level == 0 {
            progress(head.size.min((id.index + 1) * TILE_WIDTH as u64));
        }
    }
    run.settle()?;
    let there = run.read(CHECKPOINT_FILE)?;
    if there.as_deref() != Some(checkpoint.as_str().as_bytes()) {
        run.write(CHECKPOINT_FILE, checkpoint.as_str().as_bytes())?;
        run.settle()?;
    }
    Ok(run.publication)
}

/// What is published there: it must be how this tree began.
async fn published_before(
    tree: &dyn AuditTree,
    ours: &Origin,
    signed: u64,
    files: &dyn PublishedFiles,
) -> Result<TreeHead, PublishError> {
    let there = files.read(CHECKPOINT_FILE).map_err(failed(CHECKPOINT_FILE))?;
    let Some(there) = there else { return Ok(TreeHead::empty()) };
    let there = SignedCheckpoint::parse(&String::from_utf8_lossy(&there));
    let there = there.map_err(PublishError::Unreadable)?;
    let published = there.checkpoint();
    if published.origin != *ours {
        let published = published.origin.clone();
        return Err(PublishError::AnotherLog { published, ours: ours.clone() });
    }
    let head = published.head;
    if head.size > signed {
        return Err(PublishError::Ahead { published: head.size, signed });
    }
    if head_at(tree, head.size).await? != head {
        return Err(PublishError::Fork { size: head.size });
    }
    Ok(head)
}

fn failed(name: &str) -> impl FnOnce(StorageProblem) -> PublishError {
    let name = name.to_owned();
    move |source| PublishError::File { name, source }
}

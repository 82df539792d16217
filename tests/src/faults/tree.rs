//! The tree over what is left, held against the rows, against itself, and against what was signed about
//! it.
//!
//! Deliberately absent: signatures. A checkpoint is held to the root that it names.

use domain::ports::{AuditTree, KeptCheckpoint, TreeError};
use domain::proof::Digest;
use domain::{Clock, Sequence};

use super::ledger::Ledger;
use crate::contract::audit_tree::model::{self, Hash, Model, Tiles};
use crate::expect::chain;

/// Grows the tree and keeps a checkpoint that names its root.
pub(super) async fn checkpoint(
    tree: &dyn AuditTree,
    clock: &dyn Clock,
) -> Result<KeptCheckpoint, TreeError> {
    let size = tree.grow().await?.size;
    let root = Model::of(leaves(tree).await?).root(size).unwrap_or(Digest([0; 32]));
    let note = format!("torture\n{size}\n{root}\n");
    let checkpoint = KeptCheckpoint { size, note, kept_at: clock.now() };
    tree.keep_checkpoint(&checkpoint).await?;
    Ok(checkpoint)
}

/// What is wrong with the tree that is left.
pub(super) async fn problems(tree: &dyn AuditTree) -> Vec<String> {
    match examine(tree).await {
        Ok(problems) => problems,
        Err(error) => vec![format!("the tree cannot be read: {}", chain(&error))],
    }
}

/// Which checkpoints are missing, of those that were kept up to a moment.
pub(super) async fn lost(
    tree: &dyn AuditTree,
    ledger: &Ledger,
    at: indelible_fault_vfs::Moment,
) -> Vec<String> {
    let mut problems = Vec::new();
    for (_, kept) in ledger.checkpoints.iter().filter(|(when, _)| *when <= at) {
        let size = kept.size;
        // One of an empty tree is not listed after any other.
        let Some(before) = size.checked_sub(1) else { continue };
        // The first of its size is the one that is kept.
        match tree.checkpoints(before, 1).await.as_deref() {
            Ok([found]) if found.size == size => {}
            found => problems.push(format!("the checkpoint of {size} leaves is lost: {found:?}")),
        }
    }
    problems
}

/// Whether the tree goes on to the newest entry.
pub(super) async fn grows_to(tree: &dyn AuditTree, newest: Sequence) -> Vec<String> {
    let grown = match tree.grow().await {
        Ok(grown) => grown,
        Err(error) => return vec![format!("the tree cannot be grown: {}", chain(&error))],
    };
    if grown.genesis.0 + grown.size != newest.0 {
        return vec![format!("the tree grew to {grown:?}, and the newest entry is {newest}")];
    }
    problems(tree).await
}

async fn leaves(tree: &dyn AuditTree) -> Result<Vec<Hash>, TreeError> {
    let mut leaves = Vec::new();
    let mut index = 0;
    while let Some(hashes) = tree.tile(0, index).await? {
        leaves.extend(hashes.chunks_exact(32).filter_map(|hash| Hash::try_from(hash).ok()));
        index += 1;
    }
    Ok(leaves)
}

async fn examine(tree: &dyn AuditTree) -> Result<Vec<String>, TreeError> {
    let mut problems = Vec::new();
    let (standing, leaves) = (tree.standing().await?, leaves(tree).await?);
    let (size, genesis) = (standing.size, standing.genesis.0);
    if leaves.len() as u64 != size {
        problems.push(format!("the tree has {} leaves, and says {size}", leaves.len()));
        return Ok(problems);
    }
    let entries = tree.entries(Sequence(0), u32::MAX).await?;
    if let Some(first) = entries.first().filter(|first| first.sequence.0 > genesis + size + 1) {
        let first = first.sequence;
        problems.push(format!("the record begins at {first}, and the tree has {size} leaves"));
    }
    for entry in &entries {
        let sequence = entry.sequence;
        let Some(index) = standing.index_of(sequence) else { continue };
        let follows = entry.leaf().map(|leaf| leaf.hash().0.to_vec()).ok();
        if follows.is_none() || follows != entry.leaf_hash {
            problems.push(format!("the leaf of entry {sequence} is not the one that was stored"));
        }
        let taken = usize::try_from(index).ok().and_then(|index| leaves.get(index));
        if taken.is_some_and(|taken| Some(&taken[..]) != entry.leaf_hash.as_deref()) {
            problems.push(format!("entry {sequence} has another leaf in the tree"));
        }
    }
    let model = Model::of(leaves);
    let mut tiles = Tiles::default();
    for (level, index) in model::places(size) {
        if let Some(hashes) = tree.tile(level, index).await? {
            tiles.insert(level, index, &hashes);
        }
    }
    if tiles != model.tiles(size) {
        problems.push(format!("the tiles are not those of {size} leaves: {tiles:?}"));
    }
    for kept in tree.checkpoints(0, u32::MAX).await? {
        let names = |root: Digest| kept.note.contains(&root.to_string());
        if !model.root(kept.size).is_some_and(names) {
            let had = kept.size;
            problems.push(format!("the tree of {had} leaves is not the one of its checkpoint"));
        }
    }
    Ok(problems)
}

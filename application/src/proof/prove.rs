//! Proofs that leave the house: of one entry, of a query's answer, of growth between two checkpoints.
//!
//! Each is checked against its checkpoint's root before it is handed out: a proof that does not hold
//! would only be noticed by somebody else.

use std::collections::HashSet;

use domain::audit::{AuditFilter, Page};
use domain::ports::{QueryError, TreeError, TreeStanding};
use domain::proof::{
    AnswerProof, AnswerRow, Asked, ConsistencyProof, Disclosure, EntryProof, InvalidOrigin,
    LeafRecord, Origin, SignedCheckpoint, StoredEntry, Unprovable, check_consistency,
    check_inclusion, check_range, prove_consistency, prove_inclusion, prove_range,
    tiles_for_consistency, tiles_for_inclusion, tiles_for_range,
};
use domain::{AuditQuery, AuditTree, Sequence};

use super::tree::{TreeReadError, fetch};

/// How many entries are read at a time.
const PAGE: u32 = 1000;

/// Why something could not be proven.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// The tree cannot be read.
    #[error("the tree of the record cannot be read")]
    Tree(#[from] TreeReadError),
    /// The record cannot be asked.
    #[error("the record cannot be asked")]
    Query(#[from] QueryError),
    /// There is no such entry, or not any more.
    #[error(
        "there is no entry {sequence} whose contents could be proven: it was never recorded, or retention \
         has removed it; a proof that was made before still holds"
    )]
    Absent {
        /// The entry.
        sequence: Sequence,
    },
    /// No entry ever had that number.
    #[error("no entry {sequence} was ever recorded: the newest is {newest}, and the first was 1")]
    NeverRecorded {
        /// What was asked for.
        sequence: Sequence,
        /// The newest entry there is.
        newest: Sequence,
    },
    /// The checkpoint is one of another record.
    #[error(
        "the record is {record}, and the checkpoint is one of {named}: give one of this record"
    )]
    OtherRecord {
        /// The record's name.
        record: Origin,
        /// The name in the checkpoint.
        named: Origin,
    },
    /// The record's name is not one.
    #[error("the record has no name: it was changed from outside; run `indelible verify`")]
    Nameless(#[from] InvalidOrigin),
    /// It is from before the tree.
    #[error(
        "entry {sequence} is from before this record had a tree, and cannot be proven: that begins with \
         entry {}", .genesis.next()
    )]
    BeforeTree {
        /// The entry.
        sequence: Sequence,
        /// The last one that cannot be proven.
        genesis: Sequence,
    },
    /// The checkpoint does not reach so far.
    #[error(
        "the checkpoint is about entries up to {newest}, and so says nothing of {sequence}: make a newer \
         one with `indelible checkpoint`"
    )]
    AfterCheckpoint {
        /// The entry.
        sequence: Sequence,
        /// The last entry that the checkpoint is about.
        newest: Sequence,
    },
    /// A range without entries.
    #[error("nothing lies from entry {first} to entry {last}: name a range that has entries")]
    EmptyRange {
        /// The first entry asked for.
        first: Sequence,
        /// The last entry asked for.
        last: Sequence,
    },
    /// What is stored does not make sense.
    #[error("entry {sequence} cannot be proven: run `indelible verify`")]
    Changed {
        /// The entry.
        sequence: Sequence,
        /// What is wrong.
        #[source]
        source: Unprovable,
    },
    /// The tree is not the one that was signed.
    #[error(
        "the record is not what the checkpoint says: it was changed from outside; run `indelible verify`"
    )]
    NotSigned,
}

impl From<TreeError> for ProveError {
    fn from(error: TreeError) -> Self {
        Self::Tree(error.into())
    }
}

impl From<domain::proof::MissingHash> for ProveError {
    fn from(error: domain::proof::MissingHash) -> Self {
        Self::Tree(error.into())
    }
}

/// The proof that an entry is on record, with everything that is still there of it.
///
/// # Errors
/// See [`ProveError`].
pub async fn prove_entry(
    tree: &dyn AuditTree,
    sequence: Sequence,
    checkpoint: SignedCheckpoint,
) -> Result<EntryProof, ProveError> {
    let standing = of_record(tree, &[&checkpoint]).await?;
    let head = checkpoint.checkpoint().head;
    // What the tree has was recorded, also where it is not there any more.
    let in_tree = Sequence(standing.genesis.0.saturating_add(standing.size));
    let newest = tree.newest().await?.max(in_tree);
    if sequence == Sequence(0) || sequence > newest {
        return Err(ProveError::NeverRecorded { sequence, newest });
    }
    let index = place(&standing, sequence, head.size)?;
    let entry = tree.entries(sequence, 1).await?.pop().filter(|entry| entry.sequence == sequence);
    let entry = entry.ok_or(ProveError::Absent { sequence })?;
    let tiles = fetch(tree, tiles_for_inclusion(head.size, index)?).await?;
    let path = prove_inclusion(head.size, index, &tiles)?;
    let leaf = entry.leaf().map_err(|source| ProveError::Changed { sequence, source })?.hash();
    if !check_inclusion(&head, index, leaf, &path) {
        return Err(ProveError::NotSigned);
    }
    EntryProof::new(&entry, index, path, checkpoint)
        .map_err(|source| ProveError::Changed { sequence, source })
}

/// The proof that the tree of a later checkpoint begins with that of an earlier one.
///
/// # Errors
/// See [`ProveError`].
pub async fn prove_growth(
    tree: &dyn AuditTree,
    old: SignedCheckpoint,
    new: SignedCheckpoint,
) -> Result<ConsistencyProof, ProveError> {
    of_record(tree, &[&old, &new]).await?;
    let [before, after] = [&old, &new].map(|one| one.checkpoint().head);
    let tiles = fetch(tree, tiles_for_consistency(before.size, after.size)?).await?;
    let path = prove_consistency(before.size, after.size, &tiles)?;
    if !check_consistency(&before, &after, &path) {
        return Err(ProveError::NotSigned);
    }
    Ok(ConsistencyProof::new(old, new, path))
}

/// The answer to a query over the entries from `first` to `last`, with proof that each of its rows is
/// on record, and, as far as leaves tell what was asked, that none was left out. It holds a leaf for
/// every entry of the range.
///
/// # Errors
/// See [`ProveError`].
pub async fn prove_answer<L: AuditQuery + ?Sized>(
    tree: &dyn AuditTree,
    log: &L,
    filter: &AuditFilter,
    (first, last): (Sequence, Sequence),
    checkpoint: SignedCheckpoint,
) -> Result<AnswerProof, ProveError> {
    let standing = of_record(tree, &[&checkpoint]).await?;
    let head = checkpoint.checkpoint().head;
    let start = place(&standing, first, head.size)?;
    let end = place(&standing, last, head.size)? + 1;
    if end <= start {
        return Err(ProveError::EmptyRange { first, last });
    }
    let wanted = wanted(log, filter, first, last).await?;
    let (mut leaves, mut rows) = (Vec::new(), Vec::new());
    let mut next = first;
    while next <= last {
        let began = next;
        let page = tree.entries(next, PAGE).await?;
        for entry in page.iter().take_while(|entry| entry.sequence <= last) {
            if entry.sequence != next {
                return Err(ProveError::Absent { sequence: next });
            }
            let (leaf, row) = answered(entry, wanted.contains(&next))
                .map_err(|source| ProveError::Changed { sequence: next, source })?;
            leaves.push(leaf);
            rows.extend(row);
            next = next.next();
        }
        if next == began {
            return Err(ProveError::Absent { sequence: next });
        }
    }
    let tiles = fetch(tree, tiles_for_range(head.size, &(start..end))?).await?;
    let path = prove_range(head.size, &(start..end), &tiles)?;
    let hashes: Vec<_> = leaves.iter().map(LeafRecord::hash).collect();
    if !check_range(&head, start, &hashes, &path) {
        return Err(ProveError::NotSigned);
    }
    Ok(AnswerProof::new(Asked::of(filter), start, leaves, rows, path, checkpoint))
}

/// Where the tree stands, if these checkpoints are about it.
async fn of_record(
    tree: &dyn AuditTree,
    checkpoints: &[&SignedCheckpoint],
) -> Result<TreeStanding, ProveError> {
    let standing = tree.standing().await?;
    let record = Origin::of_log(&standing.log_id)?;
    let others = checkpoints.iter().map(|signed| &signed.checkpoint().origin);
    match others.into_iter().find(|named| **named != record) {
        Some(named) => Err(ProveError::OtherRecord { named: named.clone(), record }),
        None => Ok(standing),
    }
}

/// What an entry adds to an answer.
fn answered(
    entry: &StoredEntry,
    wanted: bool,
) -> Result<(LeafRecord, Option<AnswerRow>), Unprovable> {
    let leaf = LeafRecord::from(entry.leaf()?);
    let row = wanted.then(|| {
        let disclosures = Disclosure::all_of(entry)?;
        Ok(AnswerRow { sequence: entry.sequence, disclosures })
    });
    Ok((leaf, row.transpose()?))
}

/// The entries of a range that a filter means.
async fn wanted<L: AuditQuery + ?Sized>(
    log: &L,
    filter: &AuditFilter,
    first: Sequence,
    last: Sequence,
) -> Result<HashSet<Sequence>, QueryError> {
    let mut wanted = HashSet::new();
    let mut after = Sequence(first.0.saturating_sub(1));
    loop {
        let page = log.page(filter, Page::after(after, PAGE)).await?;
        let full = page.len() == PAGE as usize;
        for event in page {
            if event.sequence > last {
                return Ok(wanted);
            }
            after = event.sequence;
            wanted.insert(event.sequence);
        }
        if !full {
            return Ok(wanted);
        }
    }
}

/// The leaf of an entry in a tree of so many leaves.
fn place(standing: &TreeStanding, sequence: Sequence, size: u64) -> Result<u64, ProveError> {
    let genesis = standing.genesis;
    let index = standing.index_of(sequence).ok_or(ProveError::BeforeTree { sequence, genesis })?;
    if index >= size {
        let newest = Sequence(genesis.0.saturating_add(size));
        return Err(ProveError::AfterCheckpoint { sequence, newest });
    }
    Ok(index)
}

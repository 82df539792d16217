//! Whether an entry that is not the one in the tree is another one that was recorded: moved, or pushed
//! along by one that was put in or taken out.

use std::collections::{BTreeMap, BTreeSet};

use domain::ports::{TreeError, TreeStanding};
use domain::proof::{Digest, Leaf, StoredEntry};
use domain::{AuditTree, Sequence};

use super::finding::{Finding, FindingKind};
use super::tiles::KeptLeaves;

/// How many such entries are looked at.
const LOOKED_AT: usize = 256;

/// What is told of an entry that stands in another one's place.
struct Moved {
    from: Sequence,
}

/// Names the kind of change where it can be told: the rest stays what it is.
pub(super) async fn explain(
    tree: &dyn AuditTree,
    standing: &TreeStanding,
    mut findings: Vec<Finding>,
    suspects: &[Sequence],
) -> Result<Vec<Finding>, TreeError> {
    let moved = moved(tree, standing, suspects).await?;
    if moved.is_empty() {
        return Ok(findings);
    }
    let shifted = |by: i64| {
        let by_one = |(place, moved): (&Sequence, &Moved)| {
            (moved.from.0.checked_add_signed(by) == Some(place.0)).then_some(*place)
        };
        moved.iter().filter_map(by_one).collect::<BTreeSet<Sequence>>()
    };
    // An entry that was put in pushes all that follow to the next place; one that was taken out lets
    // them come forward.
    let (pushed, forward) = (shifted(1), shifted(-1));
    for finding in &mut findings {
        let Some(sequence) = finding.sequence.filter(|_| finding.kind == FindingKind::Content)
        else {
            continue;
        };
        if let Some(Moved { from }) = moved.get(&sequence) {
            finding.kind = FindingKind::Order;
            finding.message = format!("the entry is the one that was recorded as {from}");
        }
        let swapped =
            |other: &Moved| moved.get(&other.from).is_some_and(|one| one.from == sequence);
        if moved.get(&sequence).is_some_and(swapped) {
            continue;
        }
        let alone = !moved.contains_key(&sequence);
        if alone && pushed.contains(&sequence.next()) {
            finding.kind = FindingKind::Insertion;
            "the entry was put in, and those after it were pushed along"
                .clone_into(&mut finding.message);
        }
        let before = Sequence(sequence.0.saturating_sub(1));
        if forward.contains(&sequence) && !forward.contains(&before) && !moved.contains_key(&before)
        {
            finding.kind = FindingKind::Gap;
            "the entry was taken out, and those after it came forward"
                .clone_into(&mut finding.message);
        }
    }
    Ok(findings)
}

/// The suspects that were recorded in another place, and which.
async fn moved(
    tree: &dyn AuditTree,
    standing: &TreeStanding,
    suspects: &[Sequence],
) -> Result<BTreeMap<Sequence, Moved>, TreeError> {
    let suspects = &suspects[..suspects.len().min(LOOKED_AT)];
    let near =
        suspects.iter().flat_map(|one| [Sequence(one.0.saturating_sub(1)), *one, one.next()]);
    let places: BTreeSet<Sequence> = near.collect();
    let mut kept = KeptLeaves::default();
    let mut in_tree: BTreeMap<Digest, Sequence> = BTreeMap::new();
    for place in &places {
        let Some(index) = standing.index_of(*place) else { continue };
        if let Some(hash) = kept.at(tree, index).await? {
            in_tree.insert(hash, *place);
        }
    }
    let mut moved = BTreeMap::new();
    for suspect in suspects {
        let Some(entry) = tree.entries(*suspect, 1).await?.pop() else { continue };
        if let Some(from) = recorded_as(&entry, &places, &in_tree) {
            moved.insert(*suspect, Moved { from });
        }
    }
    Ok(moved)
}

/// The place that an entry was recorded in, if it is one of these.
fn recorded_as(
    entry: &StoredEntry,
    places: &BTreeSet<Sequence>,
    in_tree: &BTreeMap<Digest, Sequence>,
) -> Option<Sequence> {
    let leaf = entry.leaf().ok()?;
    let elsewhere = places.iter().filter(|place| **place != entry.sequence);
    elsewhere.copied().find(|place| {
        let hash = Leaf { sequence: *place, ..leaf }.hash();
        // One that is not in the tree yet still has the hash that it was recorded with.
        in_tree.get(&hash) == Some(place) || entry.leaf_hash.as_deref() == Some(&hash.0)
    })
}

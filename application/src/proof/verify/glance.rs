//! What is wrong with the proofs of a record and is seen at a glance, for whoever examines it.
//!
//! Deliberately absent: computing every entry anew, which verifying does; and the tiles and rows, which
//! [`domain::AuditInspect`] counts.

use domain::ports::{Fact, TreeError, TreeStanding};
use domain::proof::{SignedCheckpoint, VerifierKey};
use domain::{AuditLog, AuditTree, LegalHolds, Sequence};

use super::accounted;
use crate::causes::causes;
use crate::proof::head_at;

/// Whether the oldest entries are there, or a run of retention says that it removed them, whether the tree is
/// the one that was signed last, and which legal holds are on record and not in force. Of an archive, which has
/// a part of the entries, what was signed alone. Nothing where no tree is kept.
pub async fn inspect_proofs(
    log: &dyn AuditLog,
    tree: &dyn AuditTree,
    holds: &dyn LegalHolds,
    archive: bool,
) -> Vec<Fact> {
    let standing = match tree.standing().await {
        Ok(standing) => standing,
        Err(TreeError::NotKept | TreeError::NoTree) => return Vec::new(),
        Err(error) => {
            return vec![Fact::wrong("proofs", "not examined", causes(&error).join(": "))];
        }
    };
    let mut facts = Vec::new();
    if !archive {
        facts.push(oldest(log, tree, &standing).await);
        facts.extend(dangling(accounted::dangling(log, holds).await));
    }
    facts.push(signed(tree).await.unwrap_or_else(|error| {
        Fact::wrong("last checkpoint", "not examined", causes(&error).join(": "))
    }));
    facts
}

/// Whether what is gone from the beginning was removed by retention.
async fn oldest(log: &dyn AuditLog, tree: &dyn AuditTree, standing: &TreeStanding) -> Fact {
    const WHAT: &str = "oldest entries";
    let unread = |causes: Vec<String>| Fact::wrong(WHAT, "not examined", causes.join(": "));
    let first = match super::oldest(tree).await {
        Ok(first) => first,
        Err(error) => return unread(causes(&error)),
    };
    // Of a record without an entry the end is missing.
    let Some(removed) = first.map(|first| Sequence(first.0.saturating_sub(1))) else {
        return Fact::fine(WHAT, "none");
    };
    if removed <= standing.genesis {
        return Fact::fine(WHAT, "nothing that can be proven was removed");
    }
    match accounted::removed(log, standing.genesis, removed).await {
        Ok(None) => Fact::fine(WHAT, format!("removed by retention up to {removed}")),
        Ok(Some(found)) => {
            let first = found.sequence.unwrap_or_default();
            let found = format!("{first} to {removed}: {}", found.message);
            Fact::tampered(WHAT, found)
        }
        Err(error) => unread(causes(&error)),
    }
}

/// What is said of holds that keep nothing. They may have come with another record: that is no problem of
/// this one.
fn dangling(holds: Vec<Sequence>) -> Option<Fact> {
    let (first, more) = (holds.first()?, holds.len() - 1);
    let others = if more == 0 { String::new() } else { format!(", and {more} more") };
    let found = format!(
        "on record, and neither in force nor released: {first}{others}; if it is this record's, place it again, and \
         release this one with `indelible hold release {first}`"
    );
    Some(Fact::fine("holds that keep nothing", found))
}

/// Whether the tree is the one that the last checkpoint in the record is about.
async fn signed(tree: &dyn AuditTree) -> Result<Fact, TreeError> {
    const WHAT: &str = "last checkpoint";
    let wrong = |found: String| Ok(Fact::tampered(WHAT, found));
    let Some(newest) = tree.newest_checkpoint().await? else {
        return Ok(Fact::fine(WHAT, "nothing is signed yet"));
    };
    let signed = match SignedCheckpoint::parse(&newest.note) {
        Ok(signed) => signed,
        Err(error) => return wrong(format!("it cannot be read: {error}")),
    };
    let kept = tree.keys().await?;
    let keys: Vec<VerifierKey> =
        kept.iter().filter_map(|key| key.verifier_key.parse().ok()).collect();
    if let Err(flaw) = signed.verify(&keys) {
        return wrong(format!("it was not signed by a key of this record: {flaw}"));
    }
    let head = signed.checkpoint().head;
    // Asked after the checkpoint: others may have grown the tree and signed it meanwhile.
    let standing = tree.standing().await?;
    let through = Sequence(standing.genesis.0.saturating_add(head.size));
    if head.size > standing.size {
        let (size, has) = (head.size, standing.size);
        return wrong(format!("it is about {size} entries, and the tree has {has}"));
    }
    match head_at(tree, head.size).await {
        Ok(now) if now == head => {
            Ok(Fact::fine(WHAT, format!("the tree begins with it, up to {through}")))
        }
        Ok(_) => {
            wrong(format!("the entries up to {through} in the tree are not the ones it is about"))
        }
        Err(error) => wrong(format!("it cannot be compared: {}", causes(&error).join(": "))),
    }
}

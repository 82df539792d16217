//! What is promised of the rows that a leaf follows from.

use std::collections::HashSet;

use domain::proof::{Digest, StoredEntry};
use domain::{AppendError, AuditEntry, EventEnvelope, Sequence};

use super::{AuditTreeMaker, Stand, model};
use crate::contract::audit_log::{batch, entry, envelope, samples};
use crate::expect::must;

/// No places.
const NONE: [u64; 0] = [];

async fn entries(stand: &Stand, from: u64, limit: u32) -> Vec<StoredEntry> {
    must(stand.tree().entries(Sequence(from), limit).await)
}

async fn places(stand: &Stand, from: u64, limit: u32) -> Vec<u64> {
    entries(stand, from, limit).await.iter().map(|entry| entry.sequence.0).collect()
}

pub(super) async fn entries_are_read_as_they_are_stored(maker: &dyn AuditTreeMaker) {
    let mut stand = Stand::new(maker).await;
    let samples = samples();
    stand.append(&samples).await;
    let all = entries(&stand, 0, u32::MAX).await;
    assert_eq!(all.len(), samples.len(), "every entry is read");
    for (place, (read, sample)) in (1..).zip(all.into_iter().zip(&samples)) {
        let written = sample.envelope().clone();
        let moment = |at: chrono::DateTime<chrono::Utc>| at.format("%FT%T%.9fZ").to_string();
        let expected = StoredEntry {
            sequence: Sequence(place),
            recorded_at: moment(domain::Clock::now(&*stand.clock)),
            schema_version: written.schema_version.into(),
            event_id: written.event_id,
            source: written.source,
            event_type: written.event_type.as_str().to_owned(),
            occurred_at: moment(written.occurred_at),
            subject: written.subject,
            plan_id: written.plan_id,
            project_name: written.project_name,
            session_id: written.session_id,
            actor: written.actor.map(|actor| actor.to_string()),
            user_identity: written.user_identity,
            correlation_id: written.correlation_id,
            causation_id: written.causation_id,
            trace_id: written.trace_id,
            extensions: sample.extensions_json().map(ToOwned::to_owned),
            details: sample.details_json().to_owned(),
            // These follow from nothing that was given.
            leaf_hash: read.leaf_hash.clone(),
            personal_salt: read.personal_salt.clone(),
            details_salt: read.details_salt.clone(),
            erased: None,
        };
        assert_eq!(read, expected, "an entry is read as it is stored");
    }
    assert_eq!(places(&stand, 3, 4).await, [3, 4, 5, 6], "from a place on, and so many");
    let last = samples.len() as u64;
    assert_eq!(places(&stand, last, 4).await, [last], "as many as there are");
    assert_eq!(places(&stand, last + 1, 4).await, NONE, "none beyond the newest");
    assert_eq!(places(&stand, u64::MAX, 4).await, NONE, "none at the end of all numbers");
    assert_eq!(places(&stand, 1, 0).await, NONE, "none where none are asked for");
}

pub(super) async fn from_every_row_follows_the_leaf_whose_hash_is_stored(
    maker: &dyn AuditTreeMaker,
) {
    let mut stand = Stand::new(maker).await;
    stand.append(&samples()).await;
    // Each at a time of its own, and alone as well as among others.
    for round in 0..5 {
        stand.clock.advance(chrono::TimeDelta::nanoseconds(1));
        stand.append(&batch(&format!("more {round}"), 1 + 3 * round)).await;
        // Some of them are on record already, so that the others lie elsewhere than expected.
        let mut mixed = batch(&format!("more {round}"), 1 + 3 * round);
        mixed.insert(0, entry(&format!("first {round}")));
        mixed.push(entry(&format!("last {round}")));
        stand.append(&mixed).await;
    }
    for entry in entries(&stand, 1, u32::MAX).await {
        let follows = model::leaf_hash(&entry).to_vec();
        assert_eq!(entry.leaf_hash, Some(follows), "the leaf's hash of {entry:?}");
        let leaf = must(entry.leaf());
        assert_eq!(entry.leaf_hash, Some(leaf.hash().0.to_vec()), "and by our own rule");
    }
}

pub(super) async fn the_newest_entry_is_told(maker: &dyn AuditTreeMaker) {
    let mut stand = Stand::new(maker).await;
    assert_eq!(must(stand.tree().newest().await), Sequence(0), "of an empty record there is none");
    for (round, size) in [1, 5, 1].into_iter().enumerate() {
        stand.append(&batch(&format!("{round}"), size)).await;
        let newest = Sequence(stand.model.leaves());
        assert_eq!(must(stand.tree().newest().await), newest, "it is told at once");
        stand.grow().await;
        stand.remove(u64::MAX, u32::MAX).await;
        assert_eq!(must(stand.tree().newest().await), newest, "and stays the newest");
    }
}

pub(super) async fn leaves_are_computed_anew_from_what_is_stored(maker: &dyn AuditTreeMaker) {
    let mut stand = Stand::new(maker).await;
    stand.append(&samples()).await;
    for (from, limit) in [(0, u32::MAX), (3, 4), (3, 0), (stand.model.leaves() + 1, 9)] {
        let leaves = must(stand.tree().leaves(Sequence(from), limit).await);
        let entries = entries(&stand, from, limit).await;
        let places: Vec<_> = entries.iter().map(|entry| entry.sequence).collect();
        let found: Vec<_> = leaves.iter().map(|leaf| leaf.sequence).collect();
        assert_eq!(found, places, "they are those of the entries from {from} on");
        for (leaf, entry) in leaves.iter().zip(&entries) {
            let follows = Digest(model::leaf_hash(entry));
            assert_eq!(leaf.computed, Ok(follows), "the leaf that follows from {entry:?}");
            assert_eq!(leaf.stored, Some(follows), "and the one that was stored with it");
        }
    }
}

pub(super) async fn no_two_entries_share_a_salt(maker: &dyn AuditTreeMaker) {
    let mut stand = Stand::new(maker).await;
    stand.append(&batch("alone", 1)).await;
    stand.append(&batch("together", 40)).await;
    let (mut salts, mut digests, mut entries_read) = (HashSet::new(), HashSet::new(), 0);
    for entry in entries(&stand, 1, u32::MAX).await {
        for salt in [entry.personal_salt.clone(), entry.details_salt.clone()] {
            let Some(salt) = salt else { panic!("entry {} has no salt", entry.sequence) };
            assert!(salts.insert(salt), "entry {} has a salt of another", entry.sequence);
        }
        // All of these entries have the same values.
        digests.extend(must(entry.commitments()).iter().map(|(_, Digest(digest))| digest));
        entries_read += 1;
    }
    assert_eq!(digests.len(), 5 * entries_read, "no two digests of the same value are the same");
}

pub(super) async fn an_entry_with_too_long_a_leaf_is_refused(maker: &dyn AuditTreeMaker) {
    let mut stand = Stand::new(maker).await;
    let long = |letters: usize, letter: &str| {
        let plan = Some(letter.repeat(letters));
        AuditEntry::new(EventEnvelope { plan_id: plan, ..envelope("long") })
    };
    // What is written as six letters each in JSON counts as six.
    for too_long in [long(65_536, "p"), long(11_000, "\u{1}")] {
        let refused = stand.treed.log.append(&[entry("beside"), too_long]).await;
        let Err(AppendError::Storage(why)) = refused else { panic!("it is refused: {refused:?}") };
        let says = why.to_string();
        assert!(says.contains("can be proven") && says.contains("shorten"), "it says why: {says}");
        assert_eq!(places(&stand, 1, 9).await, NONE, "nothing of its batch is on record");
    }
    // Where the limit lies: with the plan alone left to fill it.
    stand.append(&[long(1, "p")]).await;
    let used = must(entries(&stand, 1, 1).await.remove(0).leaf()).encode().len();
    // A sequence that is longer by all the digits there can be has to fit in as well.
    let room = domain::proof::MAX_LEAF_BYTES - used - 18;
    let mut other = envelope("fits");
    other.plan_id = Some("p".repeat(1 + room));
    stand.append(&[AuditEntry::new(other.clone())]).await;
    assert_eq!(places(&stand, 1, 9).await, [1, 2], "what fits is recorded");
    "breaks".clone_into(&mut other.event_id);
    let refused = stand.treed.log.append(&[AuditEntry::new(other)]).await;
    assert!(refused.is_err(), "what has two letters more is refused: {refused:?}");
    stand.assert_grows_to_all().await;
}

//! What others do to a record at the very moment when it is verified: no finding, and counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use application::proof::{Verdict, Verification, VerifyAuditLog, VerifyError};
use async_trait::async_trait;
use domain::ports::{KeptCheckpoint, KeptKey, LeafCheck, QueryError, TreeError, TreeStanding};
use domain::proof::StoredEntry;
use domain::{AuditAppend, AuditEntry, AuditRetention, AuditTree, LegalHolds, Sequence};
use indelible_tests::contract::audit_log::{batch, start};
use indelible_tests::fakes::{ManualClock, UnreadableLog};
use infrastructure::memory::{InMemoryAuditLog, InMemoryLegalHolds};

use super::signed::short;

/// What somebody does when leaves are read for the n-th time: appends so many, and then removes the
/// oldest up to an entry.
#[derive(Clone, Copy)]
struct Meanwhile {
    reading: u64,
    appends: usize,
    removes: u64,
}

/// A record, and its tree, in whose reading somebody comes between.
struct Interrupted {
    log: Arc<InMemoryAuditLog>,
    tree: Arc<dyn AuditTree>,
    meanwhile: Option<Meanwhile>,
    readings: AtomicU64,
}

impl Interrupted {
    /// A record of these entries, all in the tree.
    async fn of(entries: &[AuditEntry], meanwhile: Option<Meanwhile>) -> Arc<Self> {
        let log = Arc::new(InMemoryAuditLog::new(Arc::new(ManualClock::at(start()))));
        log.append(entries).await.unwrap();
        let tree: Arc<dyn AuditTree> = Arc::new(log.tree());
        tree.grow().await.unwrap();
        Arc::new(Self { log, tree, meanwhile, readings: AtomicU64::new(0) })
    }

    async fn verify(self: &Arc<Self>) -> Verification {
        VerifyAuditLog::new(Arc::clone(self) as _).run(|_| {}).await.unwrap()
    }
}

#[async_trait]
impl AuditTree for Interrupted {
    async fn standing(&self) -> Result<TreeStanding, TreeError> {
        self.tree.standing().await
    }

    async fn newest(&self) -> Result<Sequence, TreeError> {
        self.tree.newest().await
    }

    async fn grow(&self) -> Result<TreeStanding, TreeError> {
        self.tree.grow().await
    }

    async fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, TreeError> {
        self.tree.tile(level, index).await
    }

    async fn entries(&self, from: Sequence, limit: u32) -> Result<Vec<StoredEntry>, TreeError> {
        self.tree.entries(from, limit).await
    }

    async fn leaves(&self, from: Sequence, limit: u32) -> Result<Vec<LeafCheck>, TreeError> {
        let reading = self.readings.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(it) = self.meanwhile.filter(|it| it.reading == reading) {
            self.log.append(&batch("meanwhile", it.appends)).await.unwrap();
            self.log.remove_oldest(Sequence(it.removes), u32::MAX).await.unwrap();
        }
        self.tree.leaves(from, limit).await
    }

    async fn keep_checkpoint(&self, checkpoint: &KeptCheckpoint) -> Result<(), TreeError> {
        self.tree.keep_checkpoint(checkpoint).await
    }

    async fn checkpoints(&self, after: u64, limit: u32) -> Result<Vec<KeptCheckpoint>, TreeError> {
        self.tree.checkpoints(after, limit).await
    }

    async fn newest_checkpoint(&self) -> Result<Option<KeptCheckpoint>, TreeError> {
        self.tree.newest_checkpoint().await
    }

    async fn keep_key(&self, key: &KeptKey) -> Result<(), TreeError> {
        self.tree.keep_key(key).await
    }

    async fn keys(&self) -> Result<Vec<KeptKey>, TreeError> {
        self.tree.keys().await
    }
}

#[tokio::test]
async fn what_retention_takes_from_between_two_pages_is_counted_and_no_finding() {
    // The first reading asks for the oldest entry, each later one for a page of a thousand.
    let between = Meanwhile { reading: 3, appends: 0, removes: 1_500 };
    let record = Interrupted::of(&batch("first", 2_400), Some(between)).await;
    let found = record.verify().await;
    assert_eq!((found.verdict, short(&found.findings)), (Verdict::Intact, vec![]));
    assert_eq!((found.entries, found.pruned), (1_900, 500));
}

#[tokio::test]
async fn a_record_of_which_all_is_replaced_while_it_is_read_is_intact() {
    for entries in [1, 10] {
        let all = Meanwhile { reading: 2, appends: 3, removes: entries as u64 };
        let record = Interrupted::of(&batch("first", entries), Some(all)).await;
        let found = record.verify().await;
        assert_eq!((found.verdict, short(&found.findings)), (Verdict::Intact, vec![]));
        assert_eq!((found.entries, found.pruned), (0, entries as u64));
    }
}

#[tokio::test]
async fn what_joins_the_tree_and_is_removed_while_the_record_is_read_is_counted_as_well() {
    // Retention takes what it is about to remove into the tree, whose last tile was read before.
    for in_the_tree in [990, 1_000] {
        let joins = Meanwhile { reading: 3, appends: 0, removes: 1_100 };
        let record = Interrupted::of(&batch("first", in_the_tree), Some(joins)).await;
        let others = batch("not in the tree", 1_300 - in_the_tree);
        record.log.append(&others).await.unwrap();
        let found = record.verify().await;
        assert_eq!((found.verdict, short(&found.findings)), (Verdict::Intact, vec![]));
        assert_eq!((found.entries, found.pruned), (1_200, 100));
    }
}

#[tokio::test]
async fn how_far_verifying_has_come_is_told_in_entries_that_are_there() {
    let record = Interrupted::of(&batch("first", 2_400), None).await;
    let told = async || {
        let told = Mutex::new(Vec::new());
        let verify = VerifyAuditLog::new(Arc::clone(&record) as _);
        verify.run(|entries| told.lock().unwrap().push(entries)).await.unwrap();
        told.into_inner().unwrap()
    };
    assert_eq!(told().await, [1_000, 2_000, 2_400]);
    record.log.remove_oldest(Sequence(500), u32::MAX).await.unwrap();
    assert_eq!(told().await, [1_000, 1_900]);
}

/// Verifies a record whose own account cannot be read.
async fn unaccounted(record: &Arc<Interrupted>) -> Result<Verification, VerifyError> {
    let log = Arc::new(UnreadableLog::new(Arc::clone(&record.log) as _));
    log.fail_pages(1);
    let holds: Arc<dyn LegalHolds> =
        Arc::new(InMemoryLegalHolds::new(Arc::clone(&record.log) as _));
    let verify = VerifyAuditLog::new(Arc::clone(record) as _).accounted_by(log, holds);
    verify.run(|_| {}).await
}

#[tokio::test]
async fn where_the_records_own_account_cannot_be_read_it_matters_if_something_is_gone() {
    let record = Interrupted::of(&batch("first", 9), None).await;
    let found = unaccounted(&record).await.unwrap();
    assert_eq!(found.verdict, Verdict::Intact, "nothing is gone that had to be accounted for");
    let holds = "what is said of legal holds cannot be looked up: ";
    assert!(found.notes.len() == 1 && found.notes[0].starts_with(holds), "{:?}", found.notes);
    assert!(found.notes[0].contains("this log was told to fail"), "{:?}", found.notes);

    record.log.remove_oldest(Sequence(3), u32::MAX).await.unwrap();
    let refused = unaccounted(&record).await.unwrap_err();
    assert!(matches!(refused, VerifyError::Account(QueryError::Unreadable { .. })), "{refused:?}");
}

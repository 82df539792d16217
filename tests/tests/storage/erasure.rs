//! What erasing leaves in the file: the tree as it was, and nothing of what was erased.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::place::Place;
use domain::audit::{Erasure, ErasureSelection, Page};
use domain::ports::ErasureError;
use domain::proof::{CommittedField, Digest, StoredEntry};
use domain::{
    Actor, AuditAppend, AuditEntry, AuditErasure, AuditFilter, AuditInspect, AuditQuery,
    AuditRetention, AuditTree, Details, EventEnvelope, Sequence,
};
use indelible_tests::contract::audit_log::envelope;
use infrastructure::clock::SystemClock;
use infrastructure::seaorm::{
    Access, AuditStorage, SeaOrmAuditErasure, SeaOrmAuditLog, SeaOrmAuditTree, StorageOptions,
};
use proptest::prelude::*;

/// What stands in every value that is to be erased, and nowhere else.
const ERASED: &str = "ann-7f3a";

/// What stands in values that stay.
const KEPT: &str = "bob-91cc";

struct Open {
    storage: AuditStorage,
    log: SeaOrmAuditLog,
    tree: SeaOrmAuditTree,
    erasure: SeaOrmAuditErasure,
}

async fn open(options: StorageOptions) -> Open {
    let storage = AuditStorage::connect(options).await.unwrap();
    Open {
        log: SeaOrmAuditLog::new(storage.clone(), Arc::new(SystemClock)),
        tree: SeaOrmAuditTree::new(storage.clone()),
        erasure: SeaOrmAuditErasure::new(storage.clone()),
        storage,
    }
}

/// An entry in which everything that can be erased names this person.
fn of(person: &str, id: &str, bytes: usize) -> AuditEntry {
    let object =
        |text: String| -> Details { [("text".to_owned(), text.into())].into_iter().collect() };
    AuditEntry::new(EventEnvelope {
        actor: Some(Actor::human(person)),
        user_identity: Some(person.to_owned()),
        subject: Some(format!("about {person}")),
        extensions: object(format!("from {person}")),
        details: object(format!("said {person} {}", "x".repeat(bytes))),
        ..envelope(id)
    })
}

fn ann(details: bool) -> Erasure {
    Erasure { selection: ErasureSelection::User(ERASED.to_owned()), details }
}

impl Open {
    async fn append(&self, entries: Vec<AuditEntry>) {
        for batch in entries.chunks(512) {
            self.log.append(batch).await.unwrap();
        }
    }

    async fn erase(&self, erasure: &Erasure) -> u64 {
        let (mut after, mut entries) = (Sequence(0), 0);
        loop {
            let chunk = self.erasure.erase(erasure, after, Sequence(u64::MAX), 500).await.unwrap();
            entries += chunk.entries;
            let Some(reached) = chunk.reached else { return entries };
            after = reached;
        }
    }

    async fn stored(&self) -> Vec<StoredEntry> {
        self.tree.entries(Sequence(1), u32::MAX).await.unwrap()
    }

    /// Every entry's leaf is the one whose hash was written with it.
    async fn assert_provable(&self) {
        for entry in self.stored().await {
            let hash = entry.leaf().unwrap().hash();
            let written = Digest::from_slice(entry.leaf_hash.as_deref().unwrap()).unwrap();
            assert_eq!(hash, written, "entry {}", entry.sequence);
        }
    }
}

/// How often some bytes stand in the files of a folder.
fn found(folder: &Path, bytes: &[u8]) -> usize {
    let files = std::fs::read_dir(folder).unwrap();
    let contents = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
    contents.map(|content| content.windows(bytes.len()).filter(|at| *at == bytes).count()).sum()
}

#[tokio::test]
async fn nothing_of_what_was_erased_is_found_in_the_files() {
    let place = Place::new();
    let record = open(place.options()).await;
    let folder = place.options().file.parent().unwrap().to_owned();
    // Long enough for rows to lie on pages of their own, to move between pages and to leave copies.
    let entries = (0..1200).map(|n| {
        let person = if n % 3 == 0 { KEPT } else { ERASED };
        let bytes = if n % 100 == 1 { 20_000 } else { n % 700 };
        of(person, &format!("e{n}"), bytes)
    });
    record.append(entries.collect()).await;
    while record.log.remove_oldest(Sequence(200), 50).await.unwrap().is_some() {}
    let salts: Vec<Vec<u8>> = record
        .stored()
        .await
        .into_iter()
        .filter(|entry| entry.user_identity.as_deref() == Some(ERASED))
        .flat_map(|entry| [entry.personal_salt.unwrap(), entry.details_salt.unwrap()])
        .collect();
    assert!(salts.len() > 1000);
    assert!(found(&folder, ERASED.as_bytes()) > 1000);

    let kept = found(&folder, KEPT.as_bytes());
    assert_eq!(record.erase(&ann(true)).await, salts.len() as u64 / 2);
    assert!(
        found(&folder, ERASED.as_bytes()) > 0,
        "erasing alone leaves copies, or this test would not see what scrubbing is for"
    );
    record.erasure.scrub().await.unwrap();

    assert_eq!(found(&folder, ERASED.as_bytes()), 0, "no value is left");
    for salt in salts.iter().step_by(40) {
        assert_eq!(found(&folder, salt), 0, "no salt is left");
    }
    assert!(kept > 0 && found(&folder, KEPT.as_bytes()) > 300, "what was not erased is there");
    record.assert_provable().await;
    let inspection = record.log.inspect().await.unwrap();
    assert!(inspection.is_healthy(), "{inspection:?}");
    record.storage.close().await;
    assert_eq!(found(&folder, ERASED.as_bytes()), 0);
}

#[tokio::test]
async fn whoever_reads_what_was_there_before_keeps_it_from_being_overwritten_and_is_told_of() {
    let place = Place::new();
    let mut options = place.options();
    options.lock_timeout = Duration::from_millis(50);
    let record = open(options).await;
    record.append(vec![of(ERASED, "e1", 10), of(KEPT, "e2", 10)]).await;
    let reader = place.raw();
    reader.execute_batch("BEGIN").unwrap();
    reader.query_row("SELECT count(*) FROM audit_log", (), |row| row.get::<_, i64>(0)).unwrap();

    record.erase(&ann(true)).await;
    let refused = record.erasure.scrub().await.unwrap_err();
    assert!(matches!(refused, ErasureError::InUse { .. }), "{refused:?}");
    assert!(refused.to_string().contains("end that, then erase again"), "{refused}");
    record.append(vec![of(KEPT, "e3", 10)]).await;

    reader.execute_batch("COMMIT").unwrap();
    record.erasure.scrub().await.unwrap();
    let folder = place.options().file.parent().unwrap().to_owned();
    assert_eq!(found(&folder, ERASED.as_bytes()), 0);
    record.assert_provable().await;
}

#[tokio::test]
async fn an_entry_from_before_the_tree_is_erased_without_digests() {
    let place = Place::new();
    let record = open(place.options()).await;
    record.append(vec![of(ERASED, "e1", 10), of(KEPT, "e2", 10)]).await;
    place
        .raw()
        .execute_batch(
            "CREATE TEMP TABLE kept AS SELECT sql FROM sqlite_schema \
             WHERE name = 'audit_log_is_never_changed'; \
             DROP TRIGGER audit_log_is_never_changed; DROP TRIGGER audit_tree_only_grows; \
             UPDATE audit_tree SET genesis = 2; \
             UPDATE audit_log SET leaf_hash = NULL, personal_salt = NULL, details_salt = NULL;",
        )
        .unwrap();
    assert_eq!(record.erase(&ann(true)).await, 1);
    assert_eq!(record.erase(&ann(true)).await, 0);
    let events = record.log.page(&AuditFilter::default(), Page::first(9)).await.unwrap();
    assert_eq!(events[0].erased, CommittedField::ALL.into_iter().collect());
    assert_eq!((&events[0].envelope.actor, events[0].envelope.details.len()), (&None, 0));
    assert!(events[1].erased.is_empty());
    // One that follows is compared with what the tree, which begins after them, has of it.
    record.append(vec![of(KEPT, "e3", 10), of(ERASED, "e4", 10)]).await;
    record.tree.grow().await.unwrap();
    assert_eq!(record.erase(&ann(true)).await, 1);
}

#[tokio::test]
async fn an_entry_that_is_not_as_it_was_written_is_named_and_its_chunk_is_left_alone() {
    let place = Place::new();
    let record = open(place.options()).await;
    record.append((1..=3).map(|n| of(ERASED, &format!("e{n}"), 10)).collect()).await;
    let raw = place.raw();
    // A permit that another program left behind does not stand in the way.
    raw.execute_batch(
        "DROP TRIGGER audit_log_is_never_changed; \
         UPDATE audit_log SET personal_salt = x'00' WHERE sequence = 2; \
         INSERT INTO audit_erasure_permit (id) VALUES (1);",
    )
    .unwrap();
    let before = record.stored().await;
    let refused = record.erasure.erase(&ann(false), Sequence(0), Sequence(3), 3).await.unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("entry 2 is not what was recorded"), "{text}");
    assert_eq!(record.stored().await, before);
    let first = record.erasure.erase(&ann(false), Sequence(0), Sequence(1), 3).await.unwrap();
    assert_eq!(first.entries, 1);
    let permits = "SELECT count(*) FROM audit_erasure_permit";
    assert_eq!(raw.query_row(permits, (), |row| row.get::<_, i64>(0)).unwrap(), 0);
    // Of one from before the tree nobody knows what was recorded; no digest can be made of such a value.
    raw.execute_batch(
        "DROP TRIGGER audit_tree_only_grows; UPDATE audit_tree SET genesis = 3; \
         UPDATE audit_log SET leaf_hash = NULL;",
    )
    .unwrap();
    let refused = record.erasure.erase(&ann(false), Sequence(0), Sequence(3), 3).await.unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("entry 2") && text.contains("personal_salt"), "{text}");
}

#[tokio::test]
async fn nothing_is_erased_of_what_is_opened_for_reading() {
    let place = Place::new();
    let record = open(place.options()).await;
    record.append(vec![of(ERASED, "e1", 10)]).await;
    record.storage.close().await;
    let mut options = place.options();
    options.access = Access::ReadOnly;
    let reader = open(options).await;
    assert_eq!(reader.erasure.count(&ann(false)).await.unwrap().entries, 1);
    let (from, to) = (Sequence(0), Sequence(9));
    let refused = reader.erasure.erase(&ann(false), from, to, 9).await.unwrap_err();
    assert!(matches!(refused, ErasureError::ReadOnly(_)), "{refused:?}");
    let refused = reader.erasure.scrub().await.unwrap_err();
    assert!(matches!(refused, ErasureError::ReadOnly(_)), "{refused:?}");
}

/// One thing that is done to a record.
#[derive(Clone, Debug)]
enum Step {
    Append(Vec<(bool, usize)>),
    Grow,
    Prune(u64),
    Erase { details: bool, limit: u32 },
    Scrub,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => proptest::collection::vec((any::<bool>(), 0..3000_usize), 1..40).prop_map(Step::Append),
        1 => Just(Step::Grow),
        1 => (1..60_u64).prop_map(Step::Prune),
        3 => (any::<bool>(), 1..30_u32)
            .prop_map(|(details, limit)| Step::Erase { details, limit }),
        1 => Just(Step::Scrub),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_appended_pruned_and_erased_leaves_every_leaf_as_it_was(
        steps in proptest::collection::vec(step(), 1..14),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let place = Place::new();
            let mut record = open(place.options()).await;
            let mut leaves: Vec<u8> = Vec::new();
            let mut ids = 0..;
            for step in steps {
                match step {
                    Step::Append(entries) => {
                        let entry = |((ann, bytes), id): ((bool, usize), i32)| {
                            of(if ann { ERASED } else { KEPT }, &id.to_string(), bytes)
                        };
                        record.append(entries.into_iter().zip(&mut ids).map(entry).collect()).await;
                    }
                    Step::Grow => drop(record.tree.grow().await.unwrap()),
                    Step::Prune(through) => {
                        record.log.remove_oldest(Sequence(through), 20).await.unwrap();
                    }
                    Step::Erase { details, limit } => {
                        let (from, to) = (Sequence(0), Sequence(u64::MAX));
                        record.erasure.erase(&ann(details), from, to, limit).await.unwrap();
                    }
                    Step::Scrub => record.erasure.scrub().await.unwrap(),
                    Step::Restart => {
                        record.storage.close().await;
                        record = open(place.options()).await;
                    }
                }
                record.assert_provable().await;
            }
            let standing = record.tree.grow().await.unwrap();
            for index in 0..standing.size.div_ceil(256) {
                leaves.extend(record.tree.tile(0, index).await.unwrap().unwrap());
            }
            for entry in record.stored().await {
                let place = usize::try_from(standing.index_of(entry.sequence).unwrap()).unwrap();
                let hash = entry.leaf().unwrap().hash();
                assert_eq!(leaves[32 * place..32 * place + 32], hash.0, "{}", entry.sequence);
            }
            record.storage.close().await;
        });
    }
}

//! The record that is verified: the events of the other benchmark, signed at the end.

use std::path::Path;
use std::sync::Arc;

use application::proof::SignCheckpoints;
use domain::{AuditAppend, AuditEntry};
use infrastructure::clock::SystemClock;
use infrastructure::seaorm::{AuditStorage, SeaOrmAuditLog, SeaOrmAuditTree, StorageOptions};
use infrastructure::signing::Ed25519Signer;

use crate::events::draft;

/// How many entries are appended at once.
const BATCH: usize = 512;

pub(crate) fn make(file: &Path, rows: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let storage = AuditStorage::connect(StorageOptions::new(file)).await.unwrap();
        let log = SeaOrmAuditLog::new(storage.clone(), Arc::new(SystemClock));
        for start in (0..rows).step_by(BATCH) {
            let batch: Vec<_> = (start..rows.min(start + BATCH)).map(entry).collect();
            log.append(&batch).await.unwrap();
        }
        let tree = Arc::new(SeaOrmAuditTree::new(storage.clone()));
        let signer = Arc::new(Ed25519Signer::generate().unwrap());
        SignCheckpoints::new(tree, signer, Arc::new(SystemClock)).run().await.unwrap();
        storage.close().await;
    });
}

fn entry(n: usize) -> AuditEntry {
    let id = || ulid::Ulid::generate().to_string();
    let envelope = draft(n % 512, n).seal(chrono::Utc::now(), id, "/bench").unwrap();
    AuditEntry::new(envelope)
}

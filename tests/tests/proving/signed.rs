//! A record that is signed now and then, and the file as somebody changes it who knows SQLite.

use std::path::PathBuf;
use std::sync::Arc;

use application::proof::{Finding, SignCheckpoints, Verification, VerifyAuditLog, VerifyError};
use domain::audit::legal_hold::{HoldId, HoldScope, LegalHold};
use domain::audit::{Erasure, ErasureSelection};
use domain::events::{AuditErasureStarted, AuditHoldPlaced, AuditPruneStarted};
use domain::ports::CheckpointSigner;
use domain::proof::{Origin, SignedCheckpoint, VerifierKey};
use domain::{
    Actor, AuditAppend, AuditEntry, AuditErasure, AuditRetention, AuditTree, DomainEvent,
    LegalHolds, Sequence,
};
use indelible_tests::contract::audit_log::{batch, envelope, start};
use indelible_tests::fakes::ManualClock;
use infrastructure::seaorm::{
    Access, AuditStorage, SeaOrmAuditErasure, SeaOrmAuditLog, SeaOrmAuditTree, SeaOrmLegalHolds,
    StorageOptions,
};
use infrastructure::signing::Ed25519Signer;

pub(crate) struct Record {
    folder: tempfile::TempDir,
    pub(crate) signer: Ed25519Signer,
}

impl Record {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, signer: Ed25519Signer::generate().unwrap() }
    }

    /// A record of so many entries, signed after each of these numbers of them.
    pub(crate) async fn of(entries: usize, signed: &[usize]) -> Self {
        let record = Self::new();
        let mut before = 0;
        for size in signed.iter().copied().chain([entries]) {
            record.append(&batch(&format!("from-{before}"), size - before)).await;
            if signed.contains(&size) {
                record.sign().await;
            }
            before = size;
        }
        record
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("audit.db")
    }

    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) async fn open(&self, access: Access) -> AuditStorage {
        let mut options = StorageOptions::new(self.file());
        options.access = access;
        AuditStorage::connect(options).await.unwrap()
    }

    pub(crate) async fn append(&self, entries: &[AuditEntry]) {
        let storage = self.open(Access::ReadWrite).await;
        log(&storage).append(entries).await.unwrap();
        storage.close().await;
    }

    /// As retention does it: it says so beforehand.
    pub(crate) async fn prune(&self, through: u64) {
        let storage = self.open(Access::ReadWrite).await;
        let newest = SeaOrmAuditTree::new(storage.clone()).newest().await.unwrap();
        let run = AuditPruneStarted {
            from_sequence: 1,
            to_sequence: through.min(newest.0),
            older_than_days: 1,
        };
        log(&storage).append(&[announced(run, &format!("run-{newest}"))]).await.unwrap();
        log(&storage).remove_oldest(Sequence(through).min(newest), u32::MAX).await.unwrap();
        storage.close().await;
    }

    /// Erases values of the first entries that still have any, as it is done on request: it is said
    /// beforehand.
    pub(crate) async fn erase(&self, details: bool, limit: u32) {
        let storage = self.open(Access::ReadWrite).await;
        let newest = SeaOrmAuditTree::new(storage.clone()).newest().await.unwrap();
        let count = SeaOrmAuditErasure::new(storage.clone()).count(&of_the_run(details)).await;
        let request = AuditErasureStarted {
            request_id: format!("request-{newest}"),
            reason: None,
            selected_by: "correlation".to_owned(),
            details,
            entries: count.unwrap().entries.min(limit.into()),
        };
        let mut request = announced(request, &format!("erasure-{newest}")).into_envelope();
        // It is none of what it is about.
        request.correlation_id = None;
        log(&storage).append(&[AuditEntry::new(request)]).await.unwrap();
        storage.close().await;
        self.erase_unasked(details, limit).await;
    }

    /// The same, and nobody says so.
    pub(crate) async fn erase_unasked(&self, details: bool, limit: u32) {
        let storage = self.open(Access::ReadWrite).await;
        let (erasure, all) = (SeaOrmAuditErasure::new(storage.clone()), Sequence(u64::MAX));
        let chunk = erasure.erase(&of_the_run(details), Sequence(0), all, limit).await.unwrap();
        assert!(chunk.entries <= limit.into());
        storage.close().await;
    }

    /// Places a hold on a plan.
    pub(crate) async fn hold(&self, event_id: &str) -> Sequence {
        let storage = self.open(Access::ReadWrite).await;
        let scope = HoldScope::Plan("p1".to_owned());
        let placed = AuditHoldPlaced {
            scope: scope.kind().to_owned(),
            plan: Some("p1".to_owned()),
            correlation: None,
            from_sequence: None,
            to_sequence: None,
            reason: "a case".to_owned(),
        };
        let receipts = log(&storage).append(&[announced(placed, event_id)]).await.unwrap();
        let id = receipts[0].sequence;
        let hold = LegalHold { id: HoldId(id), scope };
        SeaOrmLegalHolds::new(storage.clone()).place(&hold).await.unwrap();
        storage.close().await;
        id
    }

    /// Writes the file anew, as is done at the end of an erasure.
    pub(crate) async fn scrub(&self) {
        let storage = self.open(Access::ReadWrite).await;
        SeaOrmAuditErasure::new(storage.clone()).scrub().await.unwrap();
        storage.close().await;
    }

    /// Signs what is there now.
    pub(crate) async fn sign(&self) -> SignedCheckpoint {
        self.try_sign().await.unwrap().unwrap()
    }

    pub(crate) async fn try_sign(
        &self,
    ) -> Result<Option<SignedCheckpoint>, application::proof::CheckpointError> {
        let storage = self.open(Access::ReadWrite).await;
        let tree = Arc::new(SeaOrmAuditTree::new(storage.clone()));
        let signer = Arc::new(self.signer.clone());
        let clock = Arc::new(ManualClock::at(start()));
        let signed = SignCheckpoints::new(tree, signer, clock).run().await;
        storage.close().await;
        signed
    }

    /// The public key under which this record's checkpoints are verified.
    pub(crate) async fn key(&self) -> VerifierKey {
        let storage = self.open(Access::ReadOnly).await;
        let standing = SeaOrmAuditTree::new(storage.clone()).standing().await.unwrap();
        storage.close().await;
        self.signer.verifier_key(&Origin::of_log(&standing.log_id).unwrap()).unwrap()
    }

    /// Changes the file as somebody does who is not stopped by triggers, and puts them back.
    pub(crate) fn change(&self, statements: &str) {
        let raw = rusqlite::Connection::open(self.file()).unwrap();
        let triggers: Vec<(String, String)> = raw
            .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        for (name, _) in &triggers {
            raw.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
        }
        raw.execute_batch(statements).unwrap();
        for (_, sql) in &triggers {
            raw.execute_batch(sql).unwrap();
        }
    }

    /// What verifying finds, with the keys that lie in the record.
    pub(crate) async fn verify(&self) -> Verification {
        self.verify_against(Vec::new(), Vec::new()).await
    }

    pub(crate) async fn verify_against(
        &self,
        keys: Vec<VerifierKey>,
        against: Vec<SignedCheckpoint>,
    ) -> Verification {
        self.try_verify(keys, against).await.unwrap()
    }

    pub(crate) async fn try_verify(
        &self,
        keys: Vec<VerifierKey>,
        against: Vec<SignedCheckpoint>,
    ) -> Result<Verification, VerifyError> {
        let storage = self.open(Access::ReadOnly).await;
        let tree = Arc::new(SeaOrmAuditTree::new(storage.clone()));
        let log = Arc::new(log(&storage));
        let holds = Arc::new(SeaOrmLegalHolds::new(storage.clone()));
        let verify = VerifyAuditLog::new(tree).accounted_by(log, holds);
        let verify = verify.believing(keys).against(against);
        let verification = verify.run(|_| {}).await;
        storage.close().await;
        verification
    }
}

/// Values of what belongs to the run of work that all entries are of.
fn of_the_run(details: bool) -> Erasure {
    Erasure { selection: ErasureSelection::Correlation("c1".to_owned()), details }
}

/// What retention, or whoever erases, says of itself.
pub(crate) fn announced<E: DomainEvent>(event: E, event_id: &str) -> AuditEntry {
    let mut envelope = envelope(event_id);
    envelope.actor = Some(Actor::system("retention"));
    envelope.causation_id = None;
    envelope.event_type = E::DESCRIPTOR.name();
    envelope.details = event.into_details().unwrap();
    AuditEntry::new(envelope)
}

pub(crate) fn log(storage: &AuditStorage) -> SeaOrmAuditLog {
    SeaOrmAuditLog::new(storage.clone(), Arc::new(ManualClock::at(start())))
}

/// What was found, in short: kind, first and last entry, field.
pub(crate) fn short(findings: &[Finding]) -> Vec<String> {
    let short = |finding: &Finding| {
        let place = match (finding.sequence, finding.through) {
            (Some(first), Some(last)) => format!(" {first}-{last}"),
            (Some(only), None) => format!(" {only}"),
            _ => String::new(),
        };
        let field = finding.field.as_ref().map(|field| format!(" {field}")).unwrap_or_default();
        format!("{}{place}{field}", finding.kind)
    };
    findings.iter().map(short).collect()
}

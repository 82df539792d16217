//! A log with a tree and one flaw, over those in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::audit::retention::Prefix;
use domain::audit::{Page, Tally, TallyBy};
use domain::ports::{Inspection, KeptCheckpoint, KeptKey, LeafCheck, TreeError, TreeStanding};
use domain::proof::StoredEntry;
use domain::{
    AppendError, AuditAppend, AuditEntry, AuditFilter, AuditInspect, AuditQuery, AuditRetention,
    AuditTree, LogSpan, QueryError, Receipt, RecordedEvent, RetentionError, Sequence,
};
use indelible_tests::contract::audit_tree::Treed;

use super::Flaw;

pub(super) struct Flawed {
    inner: Treed,
    flaw: Flaw,
    /// Stands before the name of the record.
    named: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Whether a growth is under way.
    growing: bool,
    /// How many leaves there are, where the flaw counts by itself.
    size: Option<u64>,
    standing: Option<TreeStanding>,
    checkpoints: Vec<KeptCheckpoint>,
    keys: Vec<KeptKey>,
}

impl Flawed {
    pub(super) fn over(inner: Treed, flaw: Flaw, named: &str) -> Self {
        Self { inner, flaw, named: named.to_owned(), state: Mutex::default() }
    }

    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn first(&self) -> u64 {
        let span = self.inner.log.span().await.unwrap();
        span.first.map_or(1, |(first, _)| first.0)
    }

    async fn newest(&self) -> u64 {
        let span = self.inner.log.span().await.unwrap();
        span.last.map_or(0, |(newest, _)| newest.0)
    }

    fn shown(&self, mut entry: StoredEntry) -> StoredEntry {
        match self.flaw {
            Flaw::LosesTheTrace => entry.trace_id = None,
            Flaw::HashesWithoutAPrefix => {
                use sha2::Digest as _;
                let leaf = entry.leaf().unwrap().encode();
                entry.leaf_hash = Some(sha2::Sha256::digest(leaf).to_vec());
            }
            Flaw::LosesASalt if entry.sequence.0.is_multiple_of(2) => entry.details_salt = None,
            Flaw::SaltsAllAlike => salted(&mut entry, vec![7; 16], vec![8; 16]),
            Flaw::SaltsByTheEvent => {
                let salt = entry.details_salt.clone().unwrap();
                salted(&mut entry, salt.clone(), salt);
            }
            _ => {}
        }
        entry
    }
}

/// The entry with other salts, and the leaf that follows.
fn salted(entry: &mut StoredEntry, personal: Vec<u8>, details: Vec<u8>) {
    entry.personal_salt = Some(personal);
    entry.details_salt = Some(details);
    entry.leaf_hash = Some(entry.leaf().unwrap().hash().0.to_vec());
}

#[async_trait]
impl AuditTree for Flawed {
    async fn standing(&self) -> Result<TreeStanding, TreeError> {
        let mut standing = self.inner.tree.standing().await?;
        standing.log_id = match self.flaw {
            Flaw::HasTheNameOfAll => "log".to_owned(),
            _ => format!("{}{}", self.named, standing.log_id),
        };
        match self.flaw {
            Flaw::BeginsWhereTheRecordDoes => standing.genesis = Sequence(self.first().await - 1),
            Flaw::TakesWhatAnotherHasTaken | Flaw::CountsBeforeItGrows => {
                standing.size = self.state().size.unwrap_or(standing.size);
            }
            Flaw::RemovesWhatWasNeverTaken => standing.size = self.state().size.unwrap_or(0),
            Flaw::RemembersWhereItStood => {
                return Ok(self.state().standing.get_or_insert(standing).clone());
            }
            _ => {}
        }
        Ok(standing)
    }

    async fn newest(&self) -> Result<Sequence, TreeError> {
        if self.is(Flaw::TellsTheNewestOfTheTree) {
            return Ok(Sequence(self.inner.tree.standing().await?.size));
        }
        self.inner.tree.newest().await
    }

    async fn leaves(&self, from: Sequence, limit: u32) -> Result<Vec<LeafCheck>, TreeError> {
        let mut leaves: Vec<_> =
            self.entries(from, limit).await?.iter().map(LeafCheck::of).collect();
        if self.is(Flaw::ComputesOneLeafLess) {
            leaves.pop();
        }
        Ok(leaves)
    }

    async fn grow(&self) -> Result<TreeStanding, TreeError> {
        let before = self.inner.tree.standing().await?.size;
        match self.flaw {
            Flaw::GrowsNextTime => {
                let standing = self.inner.tree.standing().await;
                self.inner.tree.grow().await?;
                return standing;
            }
            Flaw::ForgetsTheNewest => {
                let mut grown = self.inner.tree.grow().await?;
                grown.size = grown.size.saturating_sub(1);
                return Ok(grown);
            }
            Flaw::LocksWhileGrowing => {
                self.state().growing = true;
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
                self.inner.tree.grow().await?;
                self.state().growing = false;
            }
            Flaw::TakesWhatAnotherHasTaken => {
                let new = self.newest().await - before;
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
                self.inner.tree.grow().await?;
                *self.state().size.get_or_insert(0) += new;
            }
            Flaw::CountsBeforeItGrows => {
                self.state().size = Some(self.newest().await);
                tokio::task::yield_now().await;
                self.inner.tree.grow().await?;
            }
            Flaw::RemembersWhereItStood => {
                let mut grown = self.inner.tree.grow().await?;
                grown.log_id = format!("{}{}", self.named, grown.log_id);
                self.state().standing = Some(grown.clone());
                return Ok(grown);
            }
            Flaw::RemovesWhatWasNeverTaken => {
                let grown = self.inner.tree.grow().await?;
                self.state().size = Some(grown.size);
            }
            _ => {
                self.inner.tree.grow().await?;
            }
        }
        self.standing().await
    }

    async fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<u8>>, TreeError> {
        let mut tile = self.inner.tree.tile(level, index).await?;
        let Some(hashes) = &mut tile else {
            let beside = self.is(Flaw::HasATileTooMany) && level == 0 && index == 1;
            return Ok(beside.then(Vec::new));
        };
        match self.flaw {
            Flaw::SwapsTwoLeaves if level == 0 && hashes.len() > 64 => {
                hashes[..64].rotate_left(32);
            }
            Flaw::HashesTilesWithoutAPrefix if level == 1 => {
                use sha2::Digest as _;
                let below = self.inner.tree.tile(0, index * 256).await?.unwrap();
                hashes[..32].copy_from_slice(&sha2::Sha256::digest(below));
            }
            Flaw::WritesTilesAnew if hashes.len() % 64 == 0 => hashes[0] ^= 1,
            Flaw::DropsTilesWithTheirEntries if level == 0 => {
                let last = 256 * index + hashes.len() as u64 / 32;
                if last < self.first().await {
                    return Ok(None);
                }
            }
            Flaw::RemovesWhatWasNeverTaken if level == 0 => {
                let taken = self.state().size.unwrap_or(0).saturating_sub(256 * index);
                hashes.truncate(32 * usize::try_from(taken).unwrap());
                return Ok(tile.filter(|hashes| !hashes.is_empty()));
            }
            _ => {}
        }
        Ok(tile)
    }

    async fn entries(&self, from: Sequence, limit: u32) -> Result<Vec<StoredEntry>, TreeError> {
        let from = if self.is(Flaw::BeginsAfterThePlace) { from.next() } else { from };
        let limit = limit.saturating_add(u32::from(self.is(Flaw::ReadsOneMore)));
        let entries = self.inner.tree.entries(from, limit).await?;
        Ok(entries.into_iter().map(|entry| self.shown(entry)).collect())
    }

    async fn keep_checkpoint(&self, checkpoint: &KeptCheckpoint) -> Result<(), TreeError> {
        self.state().checkpoints.push(checkpoint.clone());
        self.inner.tree.keep_checkpoint(checkpoint).await
    }

    async fn checkpoints(&self, after: u64, limit: u32) -> Result<Vec<KeptCheckpoint>, TreeError> {
        let after = after.saturating_sub(u64::from(self.is(Flaw::ListsThatOneToo)));
        let mut listed = self.inner.tree.checkpoints(after, limit).await?;
        let came = |kept: &KeptCheckpoint| kept.kept_at;
        match self.flaw {
            Flaw::ListsAsTheyCame => listed.sort_by_key(came),
            Flaw::LetsTheLastOneWin => {
                for kept in &mut listed {
                    let state = self.state();
                    let last = state.checkpoints.iter().rfind(|other| other.size == kept.size);
                    *kept = last.cloned().unwrap_or_else(|| kept.clone());
                }
            }
            _ => {}
        }
        Ok(listed)
    }

    async fn newest_checkpoint(&self) -> Result<Option<KeptCheckpoint>, TreeError> {
        if self.is(Flaw::TakesTheLastForTheNewest) {
            return Ok(self.state().checkpoints.last().cloned());
        }
        self.inner.tree.newest_checkpoint().await
    }

    async fn keep_key(&self, key: &KeptKey) -> Result<(), TreeError> {
        self.state().keys.push(key.clone());
        self.inner.tree.keep_key(key).await
    }

    async fn keys(&self) -> Result<Vec<KeptKey>, TreeError> {
        let mut keys = self.inner.tree.keys().await?;
        match self.flaw {
            Flaw::SortsItsKeys => keys.sort_by(|a, b| a.verifier_key.cmp(&b.verifier_key)),
            Flaw::DatesAKeyAnew => {
                for key in &mut keys {
                    let state = self.state();
                    let last =
                        state.keys.iter().rfind(|other| other.verifier_key == key.verifier_key);
                    *key = last.cloned().unwrap_or_else(|| key.clone());
                }
            }
            _ => {}
        }
        Ok(keys)
    }
}

#[async_trait]
impl AuditAppend for Flawed {
    async fn append(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, AppendError> {
        if self.is(Flaw::LocksWhileGrowing) && self.state().growing {
            return Err(AppendError::Locked { waited_secs: 5 });
        }
        if self.is(Flaw::CutsWhatIsTooLong) {
            let cut = batch.iter().map(|entry| {
                let mut envelope = entry.envelope().clone();
                envelope.plan_id = envelope.plan_id.map(|plan| plan.chars().take(99).collect());
                AuditEntry::new(envelope)
            });
            return self.inner.log.append(&cut.collect::<Vec<_>>()).await;
        }
        self.inner.log.append(batch).await
    }
}

#[async_trait]
impl AuditQuery for Flawed {
    async fn page(
        &self,
        filter: &AuditFilter,
        page: Page,
    ) -> Result<Vec<RecordedEvent>, QueryError> {
        self.inner.log.page(filter, page).await
    }

    async fn by_sequence(&self, sequence: Sequence) -> Result<Option<RecordedEvent>, QueryError> {
        self.inner.log.by_sequence(sequence).await
    }

    async fn by_event_id(&self, event_id: &str) -> Result<Vec<RecordedEvent>, QueryError> {
        self.inner.log.by_event_id(event_id).await
    }

    async fn span(&self) -> Result<LogSpan, QueryError> {
        self.inner.log.span().await
    }

    async fn tally(&self, filter: &AuditFilter, by: TallyBy) -> Result<Vec<Tally>, QueryError> {
        self.inner.log.tally(filter, by).await
    }

    async fn last_recorded_before(
        &self,
        moment: DateTime<Utc>,
    ) -> Result<Option<Sequence>, QueryError> {
        self.inner.log.last_recorded_before(moment).await
    }

    async fn newer_than(&self, sequence: Sequence) -> Result<Sequence, QueryError> {
        self.inner.log.newer_than(sequence).await
    }
}

#[async_trait]
impl AuditRetention for Flawed {
    async fn remove_oldest(
        &self,
        through: Sequence,
        limit: u32,
    ) -> Result<Option<Prefix>, RetentionError> {
        self.inner.log.remove_oldest(through, limit).await
    }
}

#[async_trait]
impl AuditInspect for Flawed {
    async fn inspect(&self) -> Result<Inspection, QueryError> {
        self.inner.log.inspect().await
    }
}

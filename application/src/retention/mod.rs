//! Removing what the retention policy lets go, in small chunks, on the record.
//!
//! Deliberately absent: the rule itself, which is the domain's.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::audit::retention::{Hold, Prefix, RetentionPolicy, holds, prefix_that_may_go};
use domain::events::AuditPruned;
use domain::ports::{EmitError, QueryError, RetentionError, SubscriptionStoreError};
use domain::{Actor, AuditLog, Clock, EventBus, EventDraft, Receipt, SubscriptionStore};

/// Entries removed in one transaction, and the pause after it. Measured: with these, emitters on
/// the same file see their 99th percentile grow by about an eighth; ten times the chunk makes it
/// eight times as long.
const CHUNK: u32 = 500;
const PAUSE: Duration = Duration::from_millis(2);

/// Why pruning stopped. What was removed until then is on record where that was possible.
#[derive(Debug, thiserror::Error)]
pub enum PruneError {
    /// The log could not be asked what may go.
    #[error("could not find out which entries may go")]
    Query(#[from] QueryError),
    /// It is not known what durable subscriptions still need. Nothing was removed.
    #[error("could not find out which entries durable subscriptions still need")]
    Subscriptions(#[from] SubscriptionStoreError),
    /// Entries could not be removed.
    #[error("stopped pruning after {removed} entries")]
    Remove {
        /// How many had been removed.
        removed: u64,
        /// What went wrong.
        #[source]
        source: RetentionError,
    },
    /// The run could not be put on record.
    #[error("{removed} entries were removed, but the run could not be put on record")]
    Announce {
        /// How many had been removed.
        removed: u64,
        /// What went wrong.
        #[source]
        source: EmitError,
    },
}

/// What a run removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PruneReport {
    /// The ranges that are gone: none when nothing was old enough, more than one when another run
    /// removed what lies between them.
    pub removed: Vec<Prefix>,
    /// The receipts of the `audit.pruned` events, one for each range.
    pub receipts: Vec<Receipt>,
    /// Which durable subscriptions keep entries that were old enough, the oldest need first.
    pub held_back: Vec<Hold>,
}

impl PruneReport {
    /// How many entries are gone.
    #[must_use]
    pub fn entries(&self) -> u64 {
        entries(&self.removed)
    }
}

fn entries(ranges: &[Prefix]) -> u64 {
    ranges.iter().map(Prefix::entries).sum()
}

/// Removes entries that are older than the policy keeps, and puts the run itself on record.
pub struct PruneAuditLog {
    log: Arc<dyn AuditLog>,
    subscriptions: Arc<dyn SubscriptionStore>,
    bus: Arc<dyn EventBus>,
    clock: Arc<dyn Clock>,
}

impl PruneAuditLog {
    /// The use case over these adapters.
    #[must_use]
    pub fn new(
        log: Arc<dyn AuditLog>,
        subscriptions: Arc<dyn SubscriptionStore>,
        bus: Arc<dyn EventBus>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { log, subscriptions, bus, clock }
    }

    /// Removes what `days` days of retention let go; 0 keeps everything.
    pub async fn run(&self, days: u32) -> Result<PruneReport, PruneError> {
        self.run_until(days, || false).await
    }

    /// The same, and stops after the chunk during which `stop` becomes true. What was removed
    /// until then is on record.
    pub async fn run_until(
        &self,
        days: u32,
        stop: impl Fn() -> bool + Send + Sync,
    ) -> Result<PruneReport, PruneError> {
        let policy = RetentionPolicy::from_days(days);
        let now = self.clock.now();
        let MayGo { prefix, held_back } =
            what_may_go(&*self.log, &*self.subscriptions, policy, now).await?;
        let Some(prefix) = prefix else {
            return Ok(PruneReport { held_back, ..PruneReport::default() });
        };
        let (removed, failure) = self.remove(prefix, stop).await;
        if removed.is_empty() && failure.is_none() {
            return Ok(PruneReport { held_back, ..PruneReport::default() });
        }
        // Said also after a failure: what is gone is gone, and a reader must be able to know.
        let announced = self.announce(&removed, days).await;
        if let Some(source) = failure {
            if let Err(error) = announced {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "what retention removed could not be put on record",
                );
            }
            return Err(PruneError::Remove { removed: entries(&removed), source });
        }
        announced.map(|receipts| PruneReport { removed, receipts, held_back })
    }

    /// Removes chunk by chunk; the ranges that are gone, and why it stopped early if it did.
    async fn remove(
        &self,
        prefix: Prefix,
        stop: impl Fn() -> bool + Send + Sync,
    ) -> (Vec<Prefix>, Option<RetentionError>) {
        let mut removed: Vec<Prefix> = Vec::new();
        while !stop() {
            match self.log.remove_oldest(prefix.through, CHUNK).await {
                Ok(None) => break,
                Ok(Some(chunk)) => match removed.last_mut() {
                    Some(last) if last.through.next() == chunk.from => last.through = chunk.through,
                    _ => removed.push(chunk),
                },
                Err(source) => return (removed, Some(source)),
            }
            self.clock.sleep(PAUSE).await;
        }
        (removed, None)
    }

    async fn announce(&self, removed: &[Prefix], days: u32) -> Result<Vec<Receipt>, PruneError> {
        let drafts = removed.iter().map(|range| {
            let event = AuditPruned {
                from_sequence: range.from.0,
                to_sequence: range.through.0,
                entries: range.entries(),
                older_than_days: u64::from(days),
            };
            EventDraft::from(event).by(Actor::system("retention"))
        });
        self.bus
            .emit_batch(drafts.collect())
            .await
            .map_err(|source| PruneError::Announce { removed: entries(removed), source })
    }
}

/// What a policy lets go at some moment, and what durable subscriptions keep of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MayGo {
    /// The entries that may go.
    pub prefix: Option<Prefix>,
    /// Who keeps entries that the policy would let go, the oldest need first.
    pub held_back: Vec<Hold>,
}

/// The entries that the policy lets go at this moment and nobody needs, without removing any.
///
/// # Errors
/// When the log or the store of subscriptions cannot be asked.
pub async fn what_may_go<L, S>(
    log: &L,
    subscriptions: &S,
    policy: RetentionPolicy,
    now: DateTime<Utc>,
) -> Result<MayGo, PruneError>
where
    L: AuditLog + ?Sized,
    S: SubscriptionStore + ?Sized,
{
    let Some(cutoff) = policy.cutoff(now) else {
        return Ok(MayGo::default());
    };
    let expired = log.last_recorded_before(cutoff).await?;
    // Cursors first: an event that becomes a dead letter meanwhile is kept by the earlier cursor.
    let standing = subscriptions.all().await?;
    let mut held_back = holds(&standing, &subscriptions.dead_letters(None).await?);
    let span = log.span().await?;
    let needed = held_back.first().map(|hold| hold.sequence);
    let unheld = prefix_that_may_go(&span, expired, None);
    held_back.retain(|hold| unheld.is_some_and(|prefix| hold.sequence <= prefix.through));
    Ok(MayGo { prefix: prefix_that_may_go(&span, expired, needed), held_back })
}

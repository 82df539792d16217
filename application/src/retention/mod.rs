//! Removing what the retention policy lets go, in small chunks, on the record.
//!
//! Deliberately absent: the rule itself, which is the domain's.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::audit::retention::{Prefix, RetentionPolicy, prefix_that_may_go};
use domain::events::AuditPruned;
use domain::ports::{EmitError, QueryError, RetentionError};
use domain::{Actor, AuditLog, Clock, Emit, EventBus, EventDraft, Receipt};

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
    /// The entries that are gone; `None` when none were old enough.
    pub removed: Option<Prefix>,
    /// The receipt of the `audit.pruned` event.
    pub receipt: Option<Receipt>,
}

/// Removes entries that are older than the policy keeps, and puts the run itself on record.
pub struct PruneAuditLog {
    log: Arc<dyn AuditLog>,
    bus: Arc<dyn EventBus>,
    clock: Arc<dyn Clock>,
}

impl PruneAuditLog {
    /// The use case over these adapters.
    #[must_use]
    pub fn new(log: Arc<dyn AuditLog>, bus: Arc<dyn EventBus>, clock: Arc<dyn Clock>) -> Self {
        Self { log, bus, clock }
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
        let Some(prefix) = what_may_go(&*self.log, policy, self.clock.now()).await? else {
            return Ok(PruneReport::default());
        };
        let outcome = self.remove(prefix, stop).await;
        let removed = match &outcome {
            Ok(removed) | Err(PruneError::Remove { removed, .. }) => *removed,
            Err(_) => 0,
        };
        if removed == 0 {
            return outcome.map(|_| PruneReport::default());
        }
        // Said also after a failure: what is gone is gone, and a reader must be able to know.
        let gone =
            Prefix { from: prefix.from, through: domain::Sequence(prefix.from.0 + removed - 1) };
        let receipt = self.announce(gone, days).await?;
        outcome.map(|_| PruneReport { removed: Some(gone), receipt: Some(receipt) })
    }

    async fn remove(
        &self,
        prefix: Prefix,
        stop: impl Fn() -> bool + Send + Sync,
    ) -> Result<u64, PruneError> {
        let mut removed = 0;
        while !stop() {
            match self.log.remove_oldest(prefix.through, CHUNK).await {
                Ok(None) => return Ok(removed),
                Ok(Some(chunk)) => removed += chunk.entries(),
                Err(source) => return Err(PruneError::Remove { removed, source }),
            }
            self.clock.sleep(PAUSE).await;
        }
        Ok(removed)
    }

    async fn announce(&self, gone: Prefix, days: u32) -> Result<Receipt, PruneError> {
        let event = AuditPruned {
            from_sequence: gone.from.0,
            to_sequence: gone.through.0,
            entries: gone.entries(),
            older_than_days: u64::from(days),
        };
        let draft = EventDraft::from(event).by(Actor::system("retention"));
        self.bus
            .emit(draft)
            .await
            .map_err(|source| PruneError::Announce { removed: gone.entries(), source })
    }
}

/// The entries that the policy lets go at this moment, without removing any.
pub async fn what_may_go<L: AuditLog + ?Sized>(
    log: &L,
    policy: RetentionPolicy,
    now: DateTime<Utc>,
) -> Result<Option<Prefix>, QueryError> {
    let Some(cutoff) = policy.cutoff(now) else {
        return Ok(None);
    };
    let expired = log.last_recorded_before(cutoff).await?;
    Ok(prefix_that_may_go(&log.span().await?, expired))
}

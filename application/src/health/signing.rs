//! Whether the record is signed, and kept so elsewhere.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ports::TreeError;
use domain::{AuditLog, Sequence};

use super::Condition;
use crate::causes::causes;
use crate::proof::{CheckpointError, SignCheckpoints, TreeReadError};

/// What is checked, and how long an entry may wait to be signed.
pub(super) struct Signing {
    pub(super) checkpoints: SignCheckpoints,
    /// `None` where nobody signs on a schedule.
    pub(super) patience: Option<TimeDelta>,
}

impl Signing {
    pub(super) async fn conditions(
        &self,
        log: &dyn AuditLog,
        now: DateTime<Utc>,
    ) -> Vec<Condition> {
        let mut conditions = vec![self.tree(log, now).await];
        match self.checkpoints.probe().await {
            Ok(()) | Err(CheckpointError::Tree(TreeReadError::Tree(TreeError::NotKept))) => {}
            Err(error) => {
                conditions.push(Condition::degraded("signing", causes(&error).join(": ")));
            }
        }
        for anchor in self.checkpoints.anchors() {
            let what = format!("anchor {}", anchor.name());
            conditions.push(match anchor.probe().await {
                Ok(()) => Condition::fine(what, "can be reached, as far as can be told"),
                Err(error) => Condition::degraded(what, causes(&error).join(": ")),
            });
        }
        conditions
    }

    /// The last checkpoint, and what waits to be signed.
    async fn tree(&self, log: &dyn AuditLog, now: DateTime<Utc>) -> Condition {
        match self.unsigned(log).await {
            Ok((signed, entries, since)) => {
                let found = format!("{signed}; {entries} entries since");
                let late = |(since, patience)| now - since > patience;
                if since.zip(self.patience).is_some_and(late) {
                    let found = format!(
                        "{found}, which have waited for too long: the program's log says why they are not \
                         signed, or run `indelible checkpoint`"
                    );
                    return Condition::degraded("tree", found);
                }
                Condition::fine("tree", found)
            }
            Err(TreeError::NotKept) => Condition::fine("tree", "none is kept of this record"),
            Err(error) => Condition::degraded("tree", causes(&error).join(": ")),
        }
    }

    /// What was signed last, how many entries have come since, and since when the oldest waits.
    async fn unsigned(
        &self,
        log: &dyn AuditLog,
    ) -> Result<(String, u64, Option<DateTime<Utc>>), TreeError> {
        let tree = self.checkpoints.tree();
        let standing = tree.standing().await?;
        let newest = tree.newest().await?;
        let checkpoint = tree.newest_checkpoint().await?;
        let signed = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
        let signed = Sequence(standing.genesis.0.saturating_add(signed));
        let told = checkpoint.map_or_else(
            || "nothing is signed yet".to_owned(),
            |checkpoint| {
                let when = checkpoint.kept_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
                format!("signed up to {signed} at {when}")
            },
        );
        let oldest = log.by_sequence(signed.next()).await.ok().flatten();
        let entries = newest.0.saturating_sub(signed.0);
        Ok((told, entries, oldest.map(|event| event.recorded_at)))
    }
}

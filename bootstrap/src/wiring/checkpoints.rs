//! Signing the tree on a schedule: after so many entries, or so much time, whichever comes first.
//!
//! Deliberately absent: signing what was signed. Where nothing is recorded, nothing happens.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use application::proof::{CheckpointError, SignCheckpoints, TreeReadError};
use domain::ports::TreeError;
use domain::{AuditLog, Clock, Sequence};
use tokio_util::sync::CancellationToken;

use super::schedule::Schedule;
use crate::settings::ProofSettings;

/// How long to wait after a failure, where no time is set.
const PAUSE: Duration = Duration::from_mins(1);

/// Signs what is new, unless the settings leave that to others.
pub(super) fn start(
    sign: SignCheckpoints,
    log: Arc<dyn AuditLog>,
    clock: Arc<dyn Clock>,
    settings: &ProofSettings,
) -> Option<Schedule> {
    let entries = Some(settings.checkpoint_entries).filter(|entries| *entries > 0);
    let time = Some(settings.checkpoint_secs).filter(|secs| *secs > 0).map(Duration::from_secs);
    if entries.is_none() && time.is_none() {
        return None;
    }
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let run = async move {
        // Signed before, as far as is known; at the start, that is found out by signing.
        let mut signed = Sequence(0);
        loop {
            // A record that cannot be read is looked at again after a pause, like one that cannot be signed.
            if log.newer_than(signed).await.is_ok() {
                let enough = async {
                    match entries {
                        Some(entries) => {
                            let _ = log.newer_than(Sequence(signed.0 + entries - 1)).await;
                        }
                        None => pending().await,
                    }
                };
                let late = async {
                    match time {
                        Some(time) => clock.sleep(time).await,
                        None => pending().await,
                    }
                };
                tokio::select! {
                    () = enough => {}
                    () = late => {}
                }
                match reach(&sign).await {
                    Ok(reached) => {
                        signed = reached.max(signed);
                        continue;
                    }
                    Err(error) => said(&error),
                }
            }
            clock.sleep(time.unwrap_or(PAUSE)).await;
        }
    };
    let task = tokio::spawn(async move {
        tokio::select! {
            () = stopped.cancelled() => {}
            () = run => {}
        }
    });
    Some(Schedule::of(stop, task))
}

/// Signs, and says up to which entry.
async fn reach(sign: &SignCheckpoints) -> Result<Sequence, CheckpointError> {
    let signed = sign.run().await?;
    let standing = sign.tree().standing().await?;
    let size = signed.map_or(0, |checkpoint| checkpoint.checkpoint().head.size);
    Ok(Sequence(standing.genesis.0.saturating_add(size)))
}

/// Signs what is new at the end. A record that is kept without a tree has nothing to sign.
pub(super) async fn finish(sign: &SignCheckpoints) {
    let Err(error) = sign.run().await else { return };
    if !matches!(error, CheckpointError::Tree(TreeReadError::Tree(TreeError::NotKept))) {
        said(&error);
    }
}

fn said(error: &CheckpointError) {
    let what = match error {
        CheckpointError::Anchor { .. } => {
            "what is new on record is signed, and not kept outside it"
        }
        _ => "what is new on record could not be signed",
    };
    tracing::error!(error = error as &dyn std::error::Error, "{what}");
}

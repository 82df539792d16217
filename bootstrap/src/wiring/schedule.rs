//! Pruning on a schedule, where the settings ask for retention.

use std::sync::Arc;
use std::time::Duration;

use application::PruneAuditLog;
use domain::Clock;
use domain::audit::retention::RetentionRules;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Retention is counted in days, so an hour more or less matters to nobody.
const EVERY: Duration = Duration::from_hours(1);

/// A running schedule.
pub(super) struct Schedule {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Schedule {
    /// A task that ends once it is told to stop.
    pub(super) const fn of(stop: CancellationToken, task: JoinHandle<()>) -> Self {
        Self { stop, task }
    }

    /// Stops, after the chunk that is under way if one is.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "a schedule ended badly");
        }
    }
}

/// Prunes now and every hour, unless everything is kept.
pub(super) fn start(
    prune: PruneAuditLog,
    clock: Arc<dyn Clock>,
    rules: RetentionRules,
) -> Option<Schedule> {
    if rules.keep_for_ever() {
        return None;
    }
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let task = tokio::spawn(async move {
        loop {
            match prune.run_until(rules.clone(), || stopped.is_cancelled()).await {
                Ok(report) => {
                    for prefix in report.removed {
                        tracing::info!(
                            from = prefix.from.0,
                            through = prefix.through.0,
                            "retention removed the oldest entries",
                        );
                    }
                    for held in report.held_back {
                        tracing::warn!(
                            held_by = held.kind(),
                            sequence = held.sequence().0,
                            "retention keeps entries that are old enough to go: {held}",
                        );
                    }
                    if let Some(archive) = report.archive {
                        tracing::info!(
                            file = %archive.file.display(),
                            from = archive.range.from.0,
                            through = archive.range.through.0,
                            "what retention removes was archived",
                        );
                    }
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "retention failed");
                }
            }
            tokio::select! {
                () = stopped.cancelled() => return,
                () = clock.sleep(EVERY) => {}
            }
        }
    });
    Some(Schedule { stop, task })
}

//! `prune`: removes what is older than the retention policy keeps.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};

use application::retention::{PruneError, PruneReport, what_may_go};
use chrono::Utc;
use domain::audit::retention::RetentionPolicy;

use super::outcome::{events, sequences};
use crate::cli::args::PruneArgs;
use crate::cli::{Context, Failure, interrupt};
use crate::wiring::App;

pub(super) async fn run(args: PruneArgs, context: Context<'_>) -> Result<(), Failure> {
    let mut settings = context.settings.settings.clone();
    let days = args.older_than_days.unwrap_or(settings.audit.retention_days);
    if days == 0 {
        return Err(Failure::Usage(
            "everything is kept: say --older-than-days N, or set audit.retention-days".to_owned(),
        ));
    }
    // The log is opened for reading first, so that a misspelt file is not made.
    let log = context.read_log().await?;
    let console = context.console;
    if args.dry_run {
        let policy = RetentionPolicy::from_days(days);
        let prefix = what_may_go(&*log, policy, Utc::now()).await.map_err(Failure::query)?;
        return console.print_line(&match prefix {
            None => format!("nothing is older than {days} days: nothing would be removed"),
            Some(prefix) => format!(
                "{} would be removed: {}",
                events(prefix.entries()),
                sequences((prefix.from, prefix.through))
            ),
        });
    }
    drop(log);
    // This run is the one that was asked for; the schedule would only race with it.
    settings.audit.retention_days = 0;
    let app = App::builder(settings).start().await.map_err(Failure::start)?;
    let (outcome, interrupted) = until_interrupted(&app, days).await;
    app.shutdown().await;
    let report = outcome.map_err(|error| Failure::because("pruning did not finish", error))?;
    let told = if report.removed.is_empty() {
        format!("nothing is older than {days} days: nothing was removed")
    } else {
        let ranges = report.removed.iter().map(|range| sequences((range.from, range.through)));
        let places = report.receipts.iter().map(|receipt| receipt.sequence.to_string());
        format!(
            "removed {}: {}; that is on record as {}",
            events(report.entries()),
            ranges.collect::<Vec<_>>().join(", "),
            places.collect::<Vec<_>>().join(", ")
        )
    };
    if interrupted {
        return Err(Failure::Interrupted.with_note(told));
    }
    console.print_line(&told)
}

/// Prunes; when somebody asks for it, stops after the chunk that is under way. Either way what was
/// removed is put on record.
async fn until_interrupted(app: &App, days: u32) -> (Result<PruneReport, PruneError>, bool) {
    let stop = AtomicBool::new(false);
    let prune = app.prune();
    let mut run = pin!(prune.run_until(days, || stop.load(Ordering::Relaxed)));
    tokio::select! {
        outcome = &mut run => (outcome, false),
        _ = interrupt::requested() => {
            stop.store(true, Ordering::Relaxed);
            (run.await, true)
        }
    }
}

//! `prune`: removes what is older than the retention policy keeps.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};

use application::retention::{MayGo, PruneError, PruneReport, what_may_go};
use chrono::Utc;
use domain::audit::retention::{Hold, RetentionPolicy};

use super::outcome::{events, sequences};
use crate::cli::args::PruneArgs;
use crate::cli::{Console, Context, Failure, interrupt};
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
    if args.dry_run {
        let subscriptions = context.read_subscriptions().await?;
        let console = context.console;
        let policy = RetentionPolicy::from_days(days);
        let may_go = what_may_go(&*log, &*subscriptions, policy, Utc::now()).await;
        let MayGo { prefix, held_back } =
            may_go.map_err(|error| Failure::because("nothing can be said of pruning", error))?;
        console.print_line(&match prefix {
            None => format!("{}: nothing would be removed", why_nothing(days, &held_back)),
            Some(prefix) => format!(
                "{} would be removed: {}",
                events(prefix.entries()),
                sequences((prefix.from, prefix.through))
            ),
        })?;
        return print_holds(&held_back, console);
    }
    drop(log);
    let console = context.console;
    // This run is the one that was asked for; the schedule would only race with it.
    settings.audit.retention_days = 0;
    let app = App::builder(settings).start().await.map_err(Failure::start)?;
    let (outcome, interrupted) = until_interrupted(&app, days).await;
    app.shutdown().await;
    let report = outcome.map_err(|error| Failure::because("pruning did not finish", error))?;
    let told = if report.removed.is_empty() {
        format!("{}: nothing was removed", why_nothing(days, &report.held_back))
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
    console.print_line(&told)?;
    print_holds(&report.held_back, console)
}

/// Why there is nothing to remove.
fn why_nothing(days: u32, held_back: &[Hold]) -> String {
    let age = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
    if held_back.is_empty() {
        format!("nothing is older than {age}")
    } else {
        format!("all that is older than {age} is still needed")
    }
}

/// Says who keeps what is old enough to go.
fn print_holds(held_back: &[Hold], console: &mut Console) -> Result<(), Failure> {
    held_back.iter().try_for_each(|hold| console.print_line(&hold.to_string()))
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

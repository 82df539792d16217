//! `prune`: removes what is older than the retention policy keeps.

use application::retention::what_may_go;
use chrono::Utc;
use domain::audit::retention::RetentionPolicy;

use crate::cli::args::PruneArgs;
use crate::cli::{Context, Failure};
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
                "{} events would be removed: sequences {} to {}",
                prefix.entries(),
                prefix.from,
                prefix.through
            ),
        });
    }
    drop(log);
    // This run is the one that was asked for; the schedule would only race with it.
    settings.audit.retention_days = 0;
    let app = App::builder(settings).start().await.map_err(Failure::start)?;
    let outcome = app.prune().run(days).await;
    app.shutdown().await;
    let report = outcome.map_err(|error| Failure::because("pruning did not finish", error))?;
    console.print_line(&match (report.removed, report.receipt) {
        (Some(prefix), Some(receipt)) => format!(
            "removed {} events: sequences {} to {}; the run is on record as {}",
            prefix.entries(),
            prefix.from,
            prefix.through,
            receipt.sequence
        ),
        _ => format!("nothing is older than {days} days: nothing was removed"),
    })
}

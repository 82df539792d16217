//! `stats`: counts what is on record: entries, or work that was begun and how it went.

use std::sync::Arc;

use application::work::{WorkBy, WorkReport};
use application::work_stats;
use chrono::Utc;
use domain::audit::TallyBy;
use domain::events::CATALOGUE;
use domain::{AuditFilter, AuditLog};

use crate::cli::args::{Count, StatsArgs};
use crate::cli::output::{Format, Printer, TallyRow, WorkRow};
use crate::cli::{Console, Context, Failure};

pub(super) async fn run(args: StatsArgs, context: Context<'_>) -> Result<(), Failure> {
    let log = context.read_log().await?;
    let console = context.console;
    let filter = args.filter.filter(Utc::now());
    let format = Format::or_default(args.output.format, console.person_reads_results);
    let printed = match args.by.into() {
        Count::Entries(by) => entries(log, &filter, by, format, console).await?,
        Count::Work(by) => work(log, &filter, by, format, console).await?,
    };
    if printed == 0 {
        args.filter.explain_nothing_found(console);
    }
    Ok(())
}

/// Counts entries; returns how many rows there were.
async fn entries(
    log: Arc<dyn AuditLog>,
    filter: &AuditFilter,
    by: TallyBy,
    format: Format,
    console: &mut Console,
) -> Result<u64, Failure> {
    let tallies = log.tally(filter, by).await.map_err(Failure::query)?;
    let total = tallies.iter().map(|tally| tally.entries).sum();
    let largest = tallies.iter().map(|tally| tally.entries).max().unwrap_or(0);
    let mut printer = Printer::of::<TallyRow>(format);
    for tally in &tallies {
        printer.row(&TallyRow { tally, total, largest }, console)?;
    }
    let printed = printer.printed();
    printer.finish(console)?;
    Ok(printed)
}

/// Counts work; returns how many rows there were.
async fn work(
    log: Arc<dyn AuditLog>,
    filter: &AuditFilter,
    by: WorkBy,
    format: Format,
    console: &mut Console,
) -> Result<u64, Failure> {
    let report = work_stats(log, CATALOGUE, filter, by).await.map_err(Failure::query)?;
    let mut printer = Printer::of::<WorkRow>(format);
    for (name, stats) in &report.rows {
        printer.row(&WorkRow { name, stats }, console)?;
    }
    let printed = printer.printed();
    printer.finish(console)?;
    explain(&report, format, console);
    Ok(printed)
}

/// Says what the figures rest on.
fn explain(report: &WorkReport, format: Format, console: &mut Console) {
    let durations = || report.rows.iter().map(|(_, stats)| &stats.durations);
    let total: u64 = durations().map(application::work::Durations::total).sum();
    let reported: u64 = durations().map(application::work::Durations::reported).sum();
    if format == Format::Table && total > 0 {
        console.explain_line(&if reported == total {
            "note: durations are as their producers reported them".to_owned()
        } else {
            format!(
                "note: {reported} of {total} durations are as their producers reported them, the \
                 others are the time between the two events"
            )
        });
    }
    if report.without_beginning > 0 {
        console.explain_line(&format!(
            "note: not counted: {} that ended work whose beginning is not on record",
            super::outcome::events(report.without_beginning)
        ));
    }
}

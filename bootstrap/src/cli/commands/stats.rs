//! `stats`: counts what is on record.

use chrono::Utc;

use crate::cli::args::StatsArgs;
use crate::cli::output::{Format, Printer, TallyRow};
use crate::cli::{Context, Failure};

pub(super) async fn run(args: StatsArgs, context: Context<'_>) -> Result<(), Failure> {
    let log = context.read_log().await?;
    let console = context.console;
    let filter = args.filter.filter(Utc::now());
    let tallies = log.tally(&filter, args.by.into()).await.map_err(Failure::query)?;
    let total = tallies.iter().map(|tally| tally.entries).sum();
    let largest = tallies.iter().map(|tally| tally.entries).max().unwrap_or(0);

    let format = Format::or_default(args.output.format, console.person_reads_results);
    let mut printer = Printer::of::<TallyRow>(format);
    for tally in &tallies {
        printer.row(&TallyRow { tally, total, largest }, console)?;
    }
    printer.finish(console)?;
    if tallies.is_empty() {
        args.filter.explain_nothing_found(console);
    }
    Ok(())
}

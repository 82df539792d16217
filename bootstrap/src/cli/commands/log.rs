//! `log`: lists what is on record.

use std::pin::pin;

use application::read_all;
use chrono::Utc;
use domain::audit::Page;
use futures::TryStreamExt;

use crate::cli::args::LogArgs;
use crate::cli::output::{EventRow, Format, Printer};
use crate::cli::{Context, Failure};

/// Rows in a table when nobody says how many: more scroll away before anyone reads them.
const TABLE_LIMIT: u64 = 100;

pub(super) async fn run(args: LogArgs, context: Context<'_>) -> Result<(), Failure> {
    let log = context.read_log().await?;
    let console = context.console;
    let format = Format::or_default(args.output.format, console.person_reads_results);
    let limit = match (args.limit, format) {
        (Some(0), _) => None,
        (None, Format::Table) => Some(TABLE_LIMIT),
        (limit, _) => limit,
    };
    let bounds = Page { after: args.after, before: None, limit: 0, reverse: args.reverse };

    let mut printer = Printer::of::<EventRow>(format);
    let mut events = pin!(read_all(log, args.filter.filter(Utc::now()), bounds, limit));
    let mut last = None;
    while let Some(event) = events.try_next().await.map_err(Failure::query)? {
        last = Some(event.sequence);
        printer.row(&EventRow(&event), console)?;
    }
    let printed = printer.printed();
    printer.finish(console)?;

    if printed == 0 {
        args.filter.explain_nothing_found(console);
    } else if let (Some(last), None, Some(limit)) = (last, args.limit, limit)
        && printed == limit
        && !args.reverse
    {
        console.explain_line(&format!(
            "the first {limit}; go on with --after {last}, or list all with --limit 0"
        ));
    }
    Ok(())
}

//! `tail`: the newest events, and those that follow.

use std::pin::pin;
use std::sync::Arc;

use application::{follow, read_all};
use chrono::Utc;
use domain::audit::Page;
use domain::ports::QueryError;
use futures::{FutureExt, StreamExt, TryStreamExt};

use super::outcome::sequences;
use crate::cli::args::TailArgs;
use crate::cli::output::{EventRow, Format, Printer};
use crate::cli::{Context, Failure, interrupt};

pub(super) async fn run(args: TailArgs, context: Context<'_>) -> Result<(), Failure> {
    let log = context.read_log().await?;
    let console = context.console;
    let filter = args.filter.filter(Utc::now());
    let format = Format::or_default(args.output.format, console.person_reads_results);
    if args.follow && format == Format::Json {
        return Err(Failure::Usage(
            "a JSON array has an end and `tail --follow` has none: use --format ndjson".to_owned(),
        ));
    }

    // Where following starts is fixed first, so that nothing falls between the two reads.
    let end = log.span().await.map_err(Failure::query)?.last.map(|(last, _)| last);
    let end = end.unwrap_or_default();
    let bounds = Page { before: Some(end.next()), ..Page::latest(0) };
    let newest = read_all(Arc::clone(&log), filter.clone(), bounds, Some(args.lines));
    let mut newest: Vec<_> = newest.try_collect().await.map_err(Failure::query)?;
    newest.reverse();
    let mut printer = Printer::of::<EventRow>(format);
    for event in &newest {
        printer.row(&EventRow(event), console)?;
    }
    if !args.follow {
        return printer.finish(console);
    }
    printer.flush(console)?;
    let mut events = pin!(follow(log, filter, end).ready_chunks(256));
    let mut interrupted = pin!(interrupt::requested().fuse());
    loop {
        tokio::select! {
            signal = &mut interrupted => {
                signal?;
                return Err(Failure::Interrupted);
            }
            chunk = events.next() => {
                for event in chunk.unwrap_or_default() {
                    match event {
                        Ok(event) => printer.row(&EventRow(&event), console)?,
                        Err(QueryError::Removed { from, through }) => {
                            // In its place among the rows, where both go to one terminal.
                            printer.flush(console)?;
                            console.explain_line(&format!(
                                "note: retention has removed {} before they could be shown",
                                sequences((from, through))
                            ));
                        }
                        Err(error) => return Err(Failure::query(error)),
                    }
                }
                printer.flush(console)?;
            }
        }
    }
}

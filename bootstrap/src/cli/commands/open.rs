//! `open`: what was begun and never ended.

use application::open_work;
use chrono::Utc;
use domain::events::CATALOGUE;

use crate::cli::args::OpenArgs;
use crate::cli::output::{Format, OpenRow, Printer};
use crate::cli::{Context, Failure};

pub(super) async fn run(args: OpenArgs, context: Context<'_>) -> Result<(), Failure> {
    let log = context.read_log().await?;
    let console = context.console;
    let now = Utc::now();
    let begun_before = args.older_than.map(|moment| moment.resolve(now));
    let filter = args.filter.filter(now);
    let open =
        open_work(log.clone(), CATALOGUE, &filter, begun_before).await.map_err(Failure::query)?;

    let format = Format::or_default(args.output.format, console.person_reads_results);
    let mut printer = Printer::of::<OpenRow>(format);
    for work in &open {
        printer.row(&OpenRow { work, now }, console)?;
    }
    printer.finish(console)?;

    if let Some(first) = open.first() {
        if format == Format::Table {
            let (program, first) = (context.program, first.sequence);
            console.explain_line(&format!(
                "next  {program} show {first}\n      {program} explain {first}"
            ));
        }
    } else if log.span().await.map_err(Failure::query)?.last.is_none() {
        console.explain_line("nothing is open: the record is empty");
    } else if args.filter.is_everything() && args.older_than.is_none() {
        console.explain_line("nothing is open: whatever was begun has ended");
    } else {
        args.filter.explain_nothing("nothing that fits is open", console);
    }
    Ok(())
}

//! `log`: lists what is on record.

use std::pin::pin;

use application::proof::prove_answer;
use application::read_all;
use chrono::Utc;
use domain::Sequence;
use domain::audit::Page;
use domain::proof::Proof;
use futures::TryStreamExt;

use super::proof::newest_checkpoint;
use super::prove::not_proven;
use crate::cli::args::LogArgs;
use crate::cli::output::{EventRow, Format, Printer};
use crate::cli::{Context, Failure};
use crate::wiring::{ToVerify, open_to_verify};

/// Rows in a table when nobody says how many: more scroll away before anyone reads them.
const TABLE_LIMIT: u64 = 100;

/// The answer with its proof. It is about the entries that can be proven, and says which.
async fn prove(args: LogArgs, context: Context<'_>) -> Result<(), Failure> {
    let opened = open_to_verify(&context.settings.settings).await;
    let ToVerify { log, tree, archive, .. } =
        opened.map_err(|error| Failure::because("the audit log cannot be read", error))?;
    let checkpoint = newest_checkpoint(&*tree).await?;
    let standing = tree.standing().await.map_err(Failure::tree)?;
    let there = log.span().await.map_err(Failure::query)?;
    let newest = there.last.map(|(newest, _)| newest).filter(|_| archive);
    let there = there.first.map(|(first, _)| first);
    let first = match args.after {
        Some(after) => after.next(),
        None => standing.genesis.next().max(there.unwrap_or_default()),
    };
    let signed = Sequence(standing.genesis.0.saturating_add(checkpoint.checkpoint().head.size));
    // What an archive's tree has besides is not there to be answered with.
    let last = args.answer.through.unwrap_or_else(|| newest.map_or(signed, |it| it.min(signed)));
    let filter = args.filter.filter(Utc::now());
    let proof = prove_answer(&*tree, &*log, &filter, (first, last), checkpoint).await;
    let proof = Proof::Answer(Box::new(proof.map_err(not_proven)?));
    context.console.print_line(&proof.to_json())
}

pub(super) async fn run(args: LogArgs, context: Context<'_>) -> Result<(), Failure> {
    if args.answer.prove {
        return prove(args, context).await;
    }
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

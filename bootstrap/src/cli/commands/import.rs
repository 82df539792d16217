//! `import`: brings in the audit log of the originating platform, in the order of its rows.

use std::pin::pin;

use application::import::{LegacyMapping, draft};
use domain::Catalogue;
use futures::FutureExt;
use infrastructure::legacy::LegacyAuditLog;

use super::outcome::Outcome;
use super::summary;
use crate::cli::args::ImportArgs;
use crate::cli::{Context, Failure, interrupt};
use crate::wiring::App;

/// Rows taken from the file at a time, and put on record as one batch.
const BATCH: u32 = 500;

pub(super) async fn run(args: ImportArgs, context: Context<'_>) -> Result<(), Failure> {
    let unreadable = |error| Failure::because("the file cannot be imported", error);
    let mapping = mapping(&args.mappings, &domain::events::CATALOGUE)?;
    let old = LegacyAuditLog::open(&args.file).await.map_err(unreadable)?;
    let names = old.event_types().await.map_err(unreadable)?;
    mapping
        .check(names.iter().map(|(name, rows)| (name.as_str(), *rows)))
        .map_err(|unmapped| Failure::Input(format!("{}: {unmapped}", args.file.display())))?;

    let settings = context.settings.settings.clone();
    let file = settings.audit.database_file();
    let app = App::builder(settings).start().await.map_err(Failure::start)?;
    let mut outcome = Outcome::default();
    let ended = transfer(&old, &mapping, &app, &mut outcome).await;
    app.shutdown().await;
    ended.map_err(|failure| failure.with_note(outcome.standing()))?;
    summary::still_there(&file)?;
    let text = summary::text(&outcome, None, &file, &context.program);
    let printed = context.console.print(&text).and_then(|()| context.console.flush());
    printed.map_err(|failure| failure.with_note(outcome.standing()))
}

/// Names that were given on the command line, over those that are known.
fn mapping(given: &[String], catalogue: &Catalogue) -> Result<LegacyMapping, Failure> {
    given.iter().try_fold(LegacyMapping::default(), |mapping, text| {
        let Some((old, new)) = text.split_once('=') else {
            return Err(Failure::Usage(format!(
                "--map {text}: write OLD=NEW, such as --map plan_made=plan.created"
            )));
        };
        mapping
            .with(old, new, catalogue)
            .map_err(|unknown| Failure::Usage(format!("--map {unknown}")))
    })
}

/// Puts every row on record, batch by batch, until the end, a bad row, or an interruption.
async fn transfer(
    old: &LegacyAuditLog,
    mapping: &LegacyMapping,
    app: &App,
    outcome: &mut Outcome,
) -> Result<(), Failure> {
    let unreadable = |error| Failure::because("the file cannot be read to its end", error);
    let mut interrupted = pin!(interrupt::requested().fuse());
    let mut after = None;
    loop {
        // Between batches only: what is under way is always finished.
        if let Some(signal) = (&mut interrupted).now_or_never() {
            signal?;
            return Err(Failure::Interrupted);
        }
        let rows = old.rows(after, BATCH).await.map_err(unreadable)?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = Some(last.position);
        let (mut batch, mut bad) = (Vec::with_capacity(rows.len()), None);
        for row in rows {
            match draft(row, mapping) {
                Ok(draft) => batch.push(draft),
                Err(error) => {
                    bad = Some(error);
                    break;
                }
            }
        }
        let types: Vec<_> = batch.iter().map(|draft| draft.event_type().clone()).collect();
        let receipts = app.bus().emit_batch(batch).await;
        let receipts = receipts.map_err(|error| Failure::because("recording failed", error))?;
        for (receipt, event_type) in receipts.iter().zip(types) {
            outcome.count(receipt, event_type);
        }
        if let Some(error) = bad {
            return Err(Failure::bad_input(&error));
        }
    }
}

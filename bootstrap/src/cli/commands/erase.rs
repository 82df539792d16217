//! `erase`: destroys values on request, and puts that on record.

use std::io::{BufRead as _, IsTerminal as _};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};

use application::erasure::{
    EraseError, ErasureReport, ErasureRequest, HeldFromErasure, refuse_changed,
};
use domain::audit::{Erasure, ErasureCount, ErasureSelection};
use domain::{Actor, AuditLog, Sequence};

use super::outcome::events;
use crate::cli::erase_args::{EraseArgs, EraseOf};
use crate::cli::{Console, Context, Failure, interrupt};
use crate::wiring::{App, open_erasure_for_reading};

pub(super) async fn run(args: EraseArgs, context: Context<'_>) -> Result<(), Failure> {
    let log = context.read_log().await?;
    let selection = selected(&args.of, &*log).await?;
    drop(log);
    let erasure = Erasure { selection, details: args.details };
    let count = counted(&erasure, &context).await?;
    if count.entries == 0 {
        context
            .console
            .explain_line("note: nothing on record matches, or all of it is erased already");
    }
    let what = if args.details { "all values" } else { "the personal fields" };
    if args.dry_run {
        return context.console.print_line(&format!("{what} of {count} would be erased"));
    }
    if !args.yes {
        confirm(&format!("{what} of {count} will be erased for good"), context.console)?;
    }
    let request = ErasureRequest { id: args.request, reason: args.reason };
    let app = context.start_on_record().await?;
    let by = args.by.actor();
    let outcome = until_interrupted(&app, &erasure, request, by, context.console).await;
    app.shutdown().await;
    let report = outcome.map_err(failed)?;
    let ErasureReport { request_id, entries, started, done } = report;
    match done {
        Some(done) => context.console.print_line(&format!(
            "erased {what} of {}, as request `{request_id}`; that is on record as {started} and {done}",
            events(entries)
        )),
        None => Err(Failure::Interrupted.with_note(format!(
            "erased {what} of {}, and not all: run it again with --request '{request_id}'",
            events(entries)
        ))),
    }
}

/// What an error means to whoever ran the command: asked for in a wrong way, or failed.
fn failed(error: EraseError) -> Failure {
    match error {
        EraseError::NamesThePerson(names) => Failure::Usage(names.to_string()),
        EraseError::Held { entries: 0, holds } => Failure::because("nothing was erased", holds),
        EraseError::Changed(changed) => Failure::because("nothing was erased", changed),
        other => Failure::because("not everything was erased", other),
    }
}

/// The entries that are meant.
async fn selected(of: &EraseOf, log: &dyn AuditLog) -> Result<ErasureSelection, Failure> {
    if let Some(selection) = of.selection() {
        return Ok(selection);
    }
    // The arguments name one or the other.
    let event = of.event.as_deref().unwrap_or_default();
    if let Ok(sequence) = event.parse()
        && log.by_sequence(sequence).await.map_err(Failure::query)?.is_some()
    {
        return Ok(ErasureSelection::Entry(sequence));
    }
    let found = log.by_event_id(event).await.map_err(Failure::query)?;
    match &found[..] {
        [] => Err(Failure::plain(format!(
            "no event with the sequence number or id `{event}` is on record"
        ))),
        [one] => Ok(ErasureSelection::Entry(one.sequence)),
        several => {
            let places = several.iter().map(|event| event.sequence.to_string());
            Err(Failure::Usage(format!(
                "several sources used the id `{event}`: name one of the sequence numbers {}",
                places.collect::<Vec<_>>().join(", ")
            )))
        }
    }
}

/// How many entries would lose values. Refused where legal holds keep any, so that nobody is asked for a
/// decision that could not be carried out.
async fn counted(erasure: &Erasure, context: &Context<'_>) -> Result<ErasureCount, Failure> {
    let reader = open_erasure_for_reading(&context.settings.settings).await;
    let reader = reader.map_err(|error| Failure::because("the audit log cannot be read", error))?;
    let (log, holds) = (context.read_log().await?, context.read_legal_holds().await?);
    let nothing = |error| Failure::because("nothing was erased", error);
    let count = reader.count(erasure).await.map_err(|error| nothing(EraseError::Count(error)))?;
    refuse_changed(&*reader, erasure, Sequence(u64::MAX)).await.map_err(failed)?;
    let held = HeldFromErasure::find(&*reader, &*holds, &*log, erasure).await.map_err(nothing)?;
    match held {
        Some(held) => Err(Failure::because("nothing can be erased of what is held", held)),
        None => Ok(count),
    }
}

/// Asks the person at the terminal.
fn confirm(what: &str, console: &mut Console) -> Result<(), Failure> {
    if !(std::io::stdin().is_terminal() && console.person_reads_explanations) {
        return Err(Failure::Usage(
            "what is erased cannot be brought back: say --yes if it is meant".to_owned(),
        ));
    }
    console.explain(&format!("{what}; type `yes` if that is meant: "));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| Failure::because("the answer cannot be read", error))?;
    if answer.trim() == "yes" {
        return Ok(());
    }
    Err(Failure::plain("nothing was erased: the answer was not `yes`"))
}

/// Erases; when somebody asks for it, stops after the chunk that is under way.
async fn until_interrupted(
    app: &App,
    erasure: &Erasure,
    request: ErasureRequest,
    by: Actor,
    console: &mut Console,
) -> Result<ErasureReport, EraseError> {
    let stop = AtomicBool::new(false);
    let erase = app.erase();
    let person = console.person_reads_explanations;
    let told = |done: u64, all: u64| {
        if person {
            let all = all.max(done);
            console.explain(&format!("\rerased {done} of {all} entries"));
            if done == all {
                console.explain("; writing the file anew\n");
            }
        }
    };
    let mut run =
        pin!(erase.run_until(erasure, request, by, told, || stop.load(Ordering::Relaxed)));
    tokio::select! {
        outcome = &mut run => outcome,
        _ = interrupt::requested() => {
            stop.store(true, Ordering::Relaxed);
            run.await
        }
    }
}

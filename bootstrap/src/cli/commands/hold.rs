//! `hold`: places, releases and lists legal holds.

use application::retention::{HoldError, HoldOnRecord};

use crate::cli::args::OutputArgs;
use crate::cli::output::{Format, HoldRow, Printer};
use crate::cli::retention_args::{HoldCommand, PlaceArgs};
use crate::cli::{Context, Failure};

pub(super) async fn run(command: HoldCommand, context: Context<'_>) -> Result<(), Failure> {
    if let HoldCommand::List(output) = command {
        return list(output, context).await;
    }
    let app = context.start_on_record().await?;
    let manage = app.manage_legal_holds();
    let done = match command {
        HoldCommand::Place(PlaceArgs { scope, reason, by }) => {
            let scope = scope.scope();
            // Asked before it is placed: the hold's own entry is held as well.
            let about_something = manage.anything_in(&scope).await;
            let placed = manage.place(scope, &reason, by.actor()).await;
            if placed.is_ok() && matches!(about_something, Ok(false)) {
                let note = "note: nothing on record matches yet; what is recorded later is held";
                context.console.explain_line(note);
            }
            placed.map(|id| format!("legal hold {id} is in force"))
        }
        HoldCommand::Release { id, reason, by } => {
            let released = manage.release(id, reason, by.actor()).await;
            released.map(|()| format!("legal hold {id} is released"))
        }
        // Listing is not an act.
        HoldCommand::List(_) => Ok(String::new()),
    };
    app.shutdown().await;
    context.console.print_line(&done.map_err(not_done)?)
}

async fn list(output: OutputArgs, context: Context<'_>) -> Result<(), Failure> {
    let (log, holds) = (context.read_log().await?, context.read_legal_holds().await?);
    let all = HoldOnRecord::all(&*holds, &*log).await;
    let all = all.map_err(|error| Failure::because("the legal holds cannot be read", error))?;
    let console = context.console;
    let format = Format::or_default(output.format, console.person_reads_results);
    let mut printer = Printer::of::<HoldRow<'_>>(format);
    for hold in &all {
        printer.row(&HoldRow(hold), console)?;
    }
    printer.finish(console)?;
    if all.is_empty() {
        console.explain_line("no legal hold is in force on this record");
    }
    Ok(())
}

fn not_done(error: HoldError) -> Failure {
    match error {
        HoldError::NoReason
        | HoldError::Nothing
        | HoldError::Backwards { .. }
        | HoldError::NamesThePerson => Failure::Usage(error.to_string()),
        error => Failure::because("it is not done", error),
    }
}

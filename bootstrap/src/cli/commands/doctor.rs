//! `doctor`: examines the record and the wiring; of a record that can only be read, what reading tells.

use std::error::Error;

use application::health::{Condition, Readiness};
use application::proof::inspect_proofs;
use domain::ports::{Fact, Inspection, QueryError};
use infrastructure::seaorm::OpenError;

use crate::cli::args::OutputArgs;
use crate::cli::output::{FactRow, Format, Printer};
use crate::cli::{Context, Failure};
use crate::wiring::{App, StartError, ToVerify, open_to_verify};

/// What is to be done about a damaged file.
const DAMAGED: &str = "the file is damaged, or no record at all: copy it away as it is, with what lies beside it, and put a backup in its \
     place; `indelible verify COPY` says what the copy is still worth";

pub(super) async fn run(args: OutputArgs, context: Context<'_>) -> Result<(), Failure> {
    // Opened for reading first: a file that does not exist is not made by looking for it.
    let opened = open_to_verify(&context.settings.settings).await;
    let ToVerify { log, tree, holds, .. } =
        opened.map_err(|error| failed("the audit log cannot be opened", error))?;
    let mut settings = context.settings.settings.clone();
    settings.audit = settings.audit.without_retention();
    let console = context.console;

    let facts = match App::builder(settings).start().await {
        Ok(app) => of_application(app).await?,
        Err(StartError::Open(
            refused @ (OpenError::ReadOnly { .. } | OpenError::Archive { .. }),
        )) => {
            let archive = matches!(refused, OpenError::Archive { .. });
            let mut facts = inspected(log.inspect().await)?;
            if is_whole(&facts) {
                facts.extend(inspect_proofs(&*log, &*tree, &*holds, archive).await);
            }
            let left_out = format!(
                "not examined, nor recording, signing and subscriptions at work, which takes writing: \
                 {refused}"
            );
            facts.push(Fact::fine("wiring", left_out));
            facts
        }
        Err(error) => return Err(failed("the application does not start", error)),
    };
    let problems = facts.iter().filter(|fact| fact.problem.is_some()).count();
    let format = Format::or_default(args.format, console.person_reads_results);
    let mut printer = Printer::of::<FactRow>(format);
    for fact in facts {
        let problem = fact.problem.as_deref().map(|problem| console.as_called(problem));
        let fact = Fact { value: console.as_called(&fact.value), problem, ..fact };
        printer.row(&FactRow(fact), console)?;
    }
    printer.finish(console)?;
    if problems > 0 {
        let things = match problems {
            1 => "1 thing is not as it should be".to_owned(),
            several => format!("{several} things are not as they should be"),
        };
        return Err(Failure::plain(things));
    }
    Ok(())
}

/// What the record says of itself, and the application that was started on it.
async fn of_application(app: App) -> Result<Vec<Fact>, Failure> {
    let inspection = app.log().inspect().await;
    let whole = inspection.as_ref().is_ok_and(|inspection| is_whole(&inspection.facts));
    if !whole {
        // Nothing more is written to a damaged file, and what works on it says nothing.
        app.shutdown_unsigned().await;
        let mut facts = inspected(inspection)?;
        facts.push(Fact::fine("wiring", "not examined, since the file is damaged"));
        return Ok(facts);
    }
    let types = app.catalogue().event_types().count();
    let proofs = inspect_proofs(&*app.log(), &*app.tree(), &*app.legal_holds(), false).await;
    let health = app.health().check().await;
    app.shutdown().await;

    let mut facts = inspected(inspection)?;
    facts.extend(proofs);
    facts.push(Fact::fine("wiring", format!("all {types} event types have a recorder")));
    facts.extend(health.conditions.into_iter().map(fact));
    Ok(facts)
}

/// Whether the file is sound, as a file.
fn is_whole(facts: &[Fact]) -> bool {
    facts.iter().all(|fact| fact.what != "integrity" || fact.problem.is_none())
}

fn inspected(inspection: Result<Inspection, QueryError>) -> Result<Vec<Fact>, Failure> {
    match inspection {
        Ok(inspection) => Ok(inspection.facts),
        // What that error advises is to run this command.
        Err(QueryError::Corrupt(source)) => Err(Failure::because(DAMAGED, source)),
        Err(error) => Err(Failure::query(error)),
    }
}

/// Why the file could not even be opened; where it is damaged, what to do.
fn failed(what: &str, error: impl Error + Send + Sync + 'static) -> Failure {
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    let mut damaged = false;
    while let Some(error) = cause {
        damaged |= matches!(error.downcast_ref(), Some(OpenError::NotADatabase { .. }))
            || matches!(error.downcast_ref(), Some(QueryError::Corrupt(_)));
        cause = error.source();
    }
    Failure::because(if damaged { DAMAGED } else { what }, error)
}

/// A condition of the application's health as one of the facts.
fn fact(condition: Condition) -> Fact {
    let Condition { what, readiness, found } = condition;
    match readiness {
        Readiness::Ready => Fact::fine(what, found),
        Readiness::Degraded | Readiness::NotReady => Fact::wrong(what, readiness, found),
    }
}

//! `doctor`: examines the record and the wiring; of a record that can only be read, what reading tells.

use application::health::{Condition, Readiness};
use domain::ports::Fact;
use infrastructure::seaorm::OpenError;

use crate::cli::args::OutputArgs;
use crate::cli::output::{FactRow, Format, Printer};
use crate::cli::{Context, Failure};
use crate::wiring::{App, StartError};

pub(super) async fn run(args: OutputArgs, context: Context<'_>) -> Result<(), Failure> {
    // Opened for reading first: a file that does not exist is not made by looking for it.
    let log = context.read_log().await?;
    let mut settings = context.settings.settings.clone();
    settings.audit = settings.audit.without_retention();
    let console = context.console;

    let facts = match App::builder(settings).start().await {
        Ok(app) => of_application(app).await?,
        Err(StartError::Open(
            refused @ (OpenError::ReadOnly { .. } | OpenError::Archive { .. }),
        )) => {
            let mut facts = log.inspect().await.map_err(Failure::query)?.facts;
            let left_out = format!(
                "not examined, nor recording, signing and subscriptions at work, which takes writing: \
                 {refused}"
            );
            facts.push(Fact::fine("wiring", left_out));
            facts
        }
        Err(error) => return Err(Failure::start(error)),
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
    let types = app.catalogue().event_types().count();
    let health = app.health().check().await;
    app.shutdown().await;

    let mut facts = inspection.map_err(Failure::query)?.facts;
    facts.push(Fact::fine("wiring", format!("all {types} event types have a recorder")));
    facts.extend(health.conditions.into_iter().map(fact));
    Ok(facts)
}

/// A condition of the application's health as one of the facts.
fn fact(condition: Condition) -> Fact {
    let Condition { what, readiness, found } = condition;
    match readiness {
        Readiness::Ready => Fact::fine(what, found),
        Readiness::Degraded | Readiness::NotReady => Fact::wrong(what, readiness, found),
    }
}

//! `explain`: what caused what in a run of work, as a tree.

mod document;
mod drawing;
mod graph;

use application::explain;
use application::explain::{ExplainError, Explanation, Limits, Meaning, Question};
use domain::RecordedEvent;
use domain::events::CATALOGUE;

use crate::cli::args::{ExplainArgs, TreeFormat};
use crate::cli::output::brief;
use crate::cli::{Console, Context, Failure};

/// Letters of an event's details.
const BRIEF: usize = 100;

pub(super) async fn run(args: ExplainArgs, context: Context<'_>) -> Result<(), Failure> {
    let log = context.read_log().await?;
    let console = context.console;
    let meaning = match (args.event, args.correlation) {
        (true, _) => Meaning::Event,
        (_, true) => Meaning::Correlation,
        _ => Meaning::Either,
    };
    let question =
        Question::find(&log, &args.what, meaning).await.map_err(|error| match error {
            ExplainError::Query(error) => Failure::query(error),
            ExplainError::NotFound { .. } => Failure::plain(error.to_string()),
        })?;
    for note in &question.notes {
        console.explain_line(&format!("note: {note}"));
    }
    let limits = Limits {
        events: Some(args.limit).filter(|limit| *limit > 0),
        scan: Some(args.scan).filter(|scan| *scan > 0),
    };
    let in_short = |event: &RecordedEvent| brief(event, BRIEF);
    let explanation =
        explain(log, CATALOGUE, question, limits, in_short).await.map_err(Failure::query)?;
    let default = if console.person_reads_results { TreeFormat::Tree } else { TreeFormat::Json };
    match args.format.unwrap_or(default) {
        TreeFormat::Tree => drawing::print(&explanation, console)?,
        TreeFormat::Json => document::print(&explanation, console)?,
        TreeFormat::Mermaid => graph::mermaid(&explanation, console)?,
        TreeFormat::Dot => graph::dot(&explanation, console)?,
    }
    say_what_is_missing(&explanation, args.scan, console);
    Ok(())
}

/// Says what is not shown: a tree that was cut must not look whole.
fn say_what_is_missing(explanation: &Explanation, scan: u64, console: &mut Console) {
    if explanation.omitted > 0 {
        console.explain_line(&format!(
            "note: left out: {} of this run; --limit 0 shows all",
            super::outcome::events(explanation.omitted)
        ));
    }
    if let Some(through) = explanation.sought_through {
        console.explain_line(&format!(
            "note: effects were sought in the {scan} entries up to {through}, and the record goes on; \
             --scan 0 looks at all of it"
        ));
    }
}

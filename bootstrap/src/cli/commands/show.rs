//! `show`: one event, whole.

use domain::RecordedEvent;
use domain::proof::CommittedField;
use serde_json::Value;

use crate::cli::args::ShowArgs;
use crate::cli::output::{ERASED, EventRow, Format, Printer, Row, harmless};
use crate::cli::{Console, Context, Failure};

pub(super) async fn run(args: ShowArgs, context: Context<'_>) -> Result<(), Failure> {
    let log = context.read_log().await?;
    let console = context.console;
    let mut found = Vec::new();
    if let Ok(sequence) = args.event.parse() {
        found.extend(log.by_sequence(sequence).await.map_err(Failure::query)?);
    }
    if found.is_empty() {
        found = log.by_event_id(&args.event).await.map_err(Failure::query)?;
    }
    if found.is_empty() {
        let span = log.span().await.map_err(Failure::query)?;
        let there = match (span.first, span.last) {
            (Some((first, _)), Some((last, _))) => {
                format!("the record holds sequences {first} to {last}")
            }
            _ => "the record is empty".to_owned(),
        };
        return Err(Failure::plain(format!(
            "no event with the sequence number or id `{}` is on record: {there}",
            args.event
        )));
    }
    let format = Format::or_default(args.output.format, console.person_reads_results);
    if format == Format::Table {
        return found.iter().try_for_each(|event| for_people(event, console));
    }
    let mut printer = Printer::of::<EventRow>(format);
    for event in &found {
        printer.row(&EventRow(event), console)?;
    }
    printer.finish(console)
}

/// Every field that is there on a line of its own, the details indented below.
fn for_people(event: &RecordedEvent, console: &mut Console) -> Result<(), Failure> {
    let bold = anstyle::Style::new().bold();
    for (name, value) in EventRow(event).fields() {
        let erased = CommittedField::named(&name).is_some_and(|one| event.erased.contains(one));
        let value = match value {
            _ if erased => ERASED.to_owned(),
            // Said field by field.
            Value::Null | Value::Array(_) => continue,
            Value::String(text) => harmless(&text),
            Value::Object(_) => {
                let text = serde_json::to_string_pretty(&value).unwrap_or_default();
                let lines: Vec<String> = text.lines().map(harmless).collect();
                lines.join("\n                ")
            }
            other => other.to_string(),
        };
        console.print_line(&format!("{bold}{name:<14}{bold:#}  {value}"))?;
    }
    console.print("\n")
}

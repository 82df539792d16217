//! `dead-letters`: lists what durable subscriptions could not handle, and does something about it.

use domain::ports::SubscriptionStoreError;
use domain::{Sequence, SubscriptionName};
use serde_json::Value;

use super::subscriptions::not_done;
use crate::cli::args::OutputArgs;
use crate::cli::durable_args::{DeadLettersArgs, DeadLettersCommand, DeadLettersOf, LettersArgs};
use crate::cli::output::{
    DeadLetterRow, EventRow, Format, Printer, Row, WholeDeadLetterRow, harmless,
};
use crate::cli::{Context, Failure};

pub(super) async fn run(args: DeadLettersArgs, context: Context<'_>) -> Result<(), Failure> {
    match args.command {
        None => list(args.list, context).await,
        Some(DeadLettersCommand::List(of)) => list(of, context).await,
        Some(DeadLettersCommand::Show { name, sequence, output }) => {
            show(&name, sequence, output, context).await
        }
        Some(DeadLettersCommand::Retry(letters)) => act(letters, true, context).await,
        Some(DeadLettersCommand::Discard(letters)) => act(letters, false, context).await,
    }
}

async fn list(args: DeadLettersOf, context: Context<'_>) -> Result<(), Failure> {
    let store = context.read_subscriptions().await?;
    if let Some(name) = &args.name
        && store.find(name).await.map_err(unread)?.is_none()
    {
        return Err(unread(SubscriptionStoreError::Unknown { name: name.clone() }));
    }
    let letters = store.dead_letters(args.name.as_ref()).await.map_err(unread)?;
    let console = context.console;
    let format = Format::or_default(args.output.format, console.person_reads_results);
    let mut printer = Printer::of::<DeadLetterRow<'_>>(format);
    for letter in &letters {
        printer.row(&DeadLetterRow(letter), console)?;
    }
    printer.finish(console)?;
    if letters.is_empty() {
        console.explain_line("there are no dead letters");
    }
    Ok(())
}

async fn show(
    name: &SubscriptionName,
    sequence: Sequence,
    output: OutputArgs,
    context: Context<'_>,
) -> Result<(), Failure> {
    let (log, store) = (context.read_log().await?, context.read_subscriptions().await?);
    if store.find(name).await.map_err(unread)?.is_none() {
        return Err(unread(SubscriptionStoreError::Unknown { name: name.clone() }));
    }
    let letters = store.dead_letters(Some(name)).await.map_err(unread)?;
    let Some(letter) = letters.iter().find(|letter| letter.sequence == sequence) else {
        let name = name.clone();
        return Err(unread(SubscriptionStoreError::NoDeadLetter { name, sequence }));
    };
    let event = log.by_sequence(sequence).await.map_err(Failure::query)?;
    let console = context.console;
    let format = Format::or_default(output.format, console.person_reads_results);
    if format != Format::Table {
        let mut printer = Printer::of::<WholeDeadLetterRow<'_>>(format);
        printer.row(&WholeDeadLetterRow { letter, event: event.as_ref() }, console)?;
        return printer.finish(console);
    }
    let bold = anstyle::Style::new().bold();
    let event = event.as_ref().map(|event| EventRow(event).fields()).unwrap_or_default();
    for (name, value) in DeadLetterRow(letter).fields().into_iter().chain(event) {
        let value = match value {
            Value::Null => continue,
            Value::String(text) => harmless(&text),
            Value::Array(fields) if name == "erased" => {
                fields.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
            }
            Value::Array(errors) => {
                let errors: Vec<String> =
                    errors.iter().filter_map(Value::as_str).map(harmless).collect();
                errors.join("\n                 because: ")
            }
            other => harmless(&other.to_string()),
        };
        console.print_line(&format!("{bold}{name:<15}{bold:#}  {value}"))?;
    }
    Ok(())
}

async fn act(args: LettersArgs, retry: bool, context: Context<'_>) -> Result<(), Failure> {
    let LettersArgs { name, sequence, by, .. } = args;
    let app = context.start_on_record().await?;
    let (manage, actor) = (app.manage_subscriptions(), by.actor());
    let outcome = async {
        let sequences: Vec<Sequence> = if let Some(sequence) = sequence {
            vec![sequence]
        } else {
            let letters = manage.dead_letters(Some(&name)).await?;
            letters.iter().map(|letter| letter.sequence).collect()
        };
        for sequence in &sequences {
            if retry {
                manage.retry(&name, *sequence, actor.clone()).await?;
            } else {
                manage.discard(&name, *sequence, actor.clone()).await?;
            }
        }
        Ok(sequences.len())
    }
    .await;
    app.shutdown().await;
    let count = super::outcome::events(outcome.map_err(not_done)? as u64);
    context.console.print_line(&if retry {
        format!("{count} will be tried again by whoever runs `{name}`")
    } else {
        format!("{count} will never be handled by `{name}`")
    })
}

fn unread(error: SubscriptionStoreError) -> Failure {
    Failure::because("the dead letters cannot be read", error)
}

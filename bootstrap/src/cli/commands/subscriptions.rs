//! `subscriptions`: lists durable subscriptions, and does something to one.

use application::delivery::{ManageError, SubscriptionLag};
use chrono::Utc;

use crate::cli::args::OutputArgs;
use crate::cli::durable_args::{ActArgs, SubscriptionsArgs, SubscriptionsCommand};
use crate::cli::output::{Format, Printer, SubscriptionRow};
use crate::cli::{Context, Failure};

pub(super) async fn run(args: SubscriptionsArgs, context: Context<'_>) -> Result<(), Failure> {
    match args.command {
        None => list(args.output, context).await,
        Some(SubscriptionsCommand::List(output)) => list(output, context).await,
        Some(command) => act(command, context).await,
    }
}

async fn list(args: OutputArgs, context: Context<'_>) -> Result<(), Failure> {
    let (log, store) = (context.read_log().await?, context.read_subscriptions().await?);
    let console = context.console;
    let now = Utc::now();
    let all = SubscriptionLag::of_all(&*store, &*log, now).await.map_err(unread)?;
    let format = Format::or_default(args.format, console.person_reads_results);
    let mut printer = Printer::of::<SubscriptionRow<'_>>(format);
    for lag in &all {
        printer.row(&SubscriptionRow { lag, now }, console)?;
    }
    printer.finish(console)?;
    if all.is_empty() {
        console.explain_line("there is no durable subscription on this record");
    }
    Ok(())
}

async fn act(command: SubscriptionsCommand, context: Context<'_>) -> Result<(), Failure> {
    let app = context.start_on_record().await?;
    let manage = app.manage_subscriptions();
    let done = match command {
        SubscriptionsCommand::Pause(ActArgs { name, by }) => {
            manage.pause(&name, by.actor()).await.map(|()| format!("paused `{name}`"))
        }
        SubscriptionsCommand::Resume(ActArgs { name, by }) => {
            manage.resume(&name, by.actor()).await.map(|()| format!("resumed `{name}`"))
        }
        SubscriptionsCommand::Rewind { act: ActArgs { name, by }, to } => {
            let to = to.resolve(Utc::now());
            let rewound = manage.rewind(&name, to, by.actor()).await;
            rewound.map(|cursor| format!("`{name}` goes on with {}", cursor.next()))
        }
        SubscriptionsCommand::Remove(ActArgs { name, by }) => {
            let removed = manage.remove(&name, by.actor()).await;
            removed.map(|letters| {
                let letters = match letters {
                    0 => String::new(),
                    1 => " and its dead letter".to_owned(),
                    several => format!(" and its {several} dead letters"),
                };
                format!("removed `{name}`{letters}")
            })
        }
        // Listing is not an act.
        SubscriptionsCommand::List(_) => Ok(String::new()),
    };
    app.shutdown().await;
    context.console.print_line(&done.map_err(not_done)?)
}

/// Something was not done to a subscription.
pub(super) fn not_done(error: ManageError) -> Failure {
    // Who writes a place here means the first that is wanted, and not the last that is not.
    if let ManageError::NotOnRecord { asked, newest } = error {
        return Failure::plain(format!(
            "nothing is on record as {} yet: the newest entry is {newest}; say a sequence up to {}, \
             or `now`",
            asked.next(),
            newest.next()
        ));
    }
    Failure::because("nothing was done", error)
}

/// The subscriptions were not read.
pub(super) fn unread(error: ManageError) -> Failure {
    Failure::because("the durable subscriptions cannot be read", error)
}

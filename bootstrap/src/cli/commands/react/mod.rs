//! `react`: runs a command for each event, as a durable subscription.

mod command;
mod process;
mod program;
mod waiting;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use application::delivery::{BeginError, DurableSubscription, RetryPolicy};
use chrono::{DateTime, SecondsFormat, Utc};
use domain::ports::SubscriptionStoreError;
use domain::subscription::SubscriptionStatus;
use domain::{EventFilter, Sequence, SubscriptionName};
use tokio::sync::mpsc::{self, UnboundedReceiver};

use self::command::CommandHandler;
use self::waiting::Waiting;
use super::outcome::events;
use crate::cli::durable_args::{Order, Place, ReactArgs};
use crate::cli::{Console, Context, Failure, interrupt};
use crate::wiring::{App, SubscribeError};

/// How much longer than its command a handler may take: to kill it, and to hear its last words.
const AFTERMATH: Duration = Duration::from_secs(10);

pub(super) async fn run(args: ReactArgs, context: Context<'_>) -> Result<(), Failure> {
    let command = args.command.first().cloned().unwrap_or_default();
    program::find(&command, std::env::var_os("PATH").as_deref())
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let app = context.start_on_record().await?;
    let (sender, broken) = mpsc::unbounded_channel();
    let handler = Arc::new(CommandHandler::new(
        args.name.to_string(),
        args.command.clone(),
        args.timeout,
        app.services().resolve(),
        sender,
    ));
    let console = context.console;
    let subscribed = Arc::clone(&handler);
    let ended = react(&app, subscribed, broken, args, console).await;
    let abandoned = app.shutdown().await.abandoned;
    let (handled, failed) = handler.counts();
    let attempts = if failed == 1 { "attempt" } else { "attempts" };
    let told = format!("{} handled, {failed} {attempts} failed", events(handled));
    if !abandoned.is_empty() {
        let killed =
            "a command did not end in time and was killed; its event comes again".to_owned();
        return ended.and(Err(Failure::Interrupted)).map_err(|failure| failure.with_note(killed));
    }
    ended.map_err(|failure| failure.with_note(told.clone()))?;
    console.explain_line(&told);
    Ok(())
}

/// Returns when there is no more to do, or somebody asks for it.
async fn react(
    app: &App,
    handler: Arc<CommandHandler>,
    mut broken: UnboundedReceiver<Failure>,
    args: ReactArgs,
    console: &mut Console,
) -> Result<(), Failure> {
    let now = Utc::now();
    let filter = EventFilter::matching(args.filter.filter(now));
    let durable = DurableSubscription::handling(args.name.as_str(), filter, handler)
        .starting(args.from.unwrap_or(Place::Now).resolve(now))
        .ordered_by(args.by.into())
        .with_width(args.width)
        .retrying(RetryPolicy::attempts(args.attempts))
        .on_exhausted(args.on_exhausted.into())
        .with_deadline(args.timeout.saturating_add(AFTERMATH));
    let letters = dead_letters(app, &args.name).await?;
    let known = app.subscriptions().find(&args.name).await.map_err(unread)?;
    let guard = app.subscribe_durably(durable).await.map_err(|error| {
        if let SubscribeError::Begin(BeginError::Invalid(error)) = error {
            return Failure::Usage(error.to_string());
        }
        Failure::because("the events cannot be reacted to", error)
    })?;
    if let Some(known) = known {
        console.explain_line(&goes_on(&known, args.from.is_some()));
    }
    if args.width > 1 && args.by == Order::Total {
        console.explain_line(
            "note: --width changes nothing while all events are handled one after the other: say \
             --by plan or --by correlation",
        );
    }
    let waiting = Waiting { app, guard: &guard };
    let done = async {
        if args.until_caught_up {
            app.settled().await.map_err(Failure::query)
        } else {
            waiting.tell(console).await;
            Ok(())
        }
    };
    tokio::select! {
        asked = interrupt::requested() => {
            asked?;
            return Err(Failure::Interrupted);
        }
        Some(failure) = broken.recv() => {
            guard.give_up();
            return Err(failure);
        }
        settled = done => settled?,
        () = guard.ended() => {}
    }
    waiting.failure().await?;
    let new = dead_letters(app, &args.name).await?.difference(&letters).count() as u64;
    if new > 0 {
        let (are, them) =
            if new == 1 { ("is a dead letter", "it") } else { ("are dead letters", "them") };
        return Err(Failure::plain(format!(
            "{} could not be handled and {are} now: `indelible dead-letters {}` lists {them}",
            events(new),
            args.name
        )));
    }
    Ok(())
}

/// What becomes of a subscription that is there: nothing of how it was begun is asked for again.
fn goes_on(known: &SubscriptionStatus, from: bool) -> String {
    let SubscriptionStatus { name, cursor, created_at, .. } = known;
    let begun = created_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let from = if from { "; --from is for a name that is new" } else { "" };
    format!(
        "note: `{name}`, begun {begun}, goes on with {}, by the filters of this call{from}: to go on from \
         elsewhere, run `indelible subscriptions rewind {name} --to PLACE`, and to begin anew, first \
         `indelible subscriptions remove {name}`",
        cursor.next()
    )
}

fn unread(error: SubscriptionStoreError) -> Failure {
    Failure::because("the durable subscriptions cannot be read", error)
}

/// The dead letters there are, each with when it became one, so that another failure is told apart.
async fn dead_letters(
    app: &App,
    name: &SubscriptionName,
) -> Result<HashSet<(Sequence, DateTime<Utc>)>, Failure> {
    let letters = app.subscriptions().dead_letters(Some(name)).await.map_err(unread)?;
    Ok(letters.into_iter().map(|letter| (letter.sequence, letter.failed_at)).collect())
}

//! `react`: runs a command for each event, as a durable subscription.

mod command;

use std::sync::Arc;

use application::delivery::{DurableSubscription, RetryPolicy, Standing};
use chrono::Utc;
use domain::EventFilter;

use self::command::CommandHandler;
use super::outcome::events;
use crate::cli::durable_args::ReactArgs;
use crate::cli::{Context, Failure, interrupt};
use crate::wiring::{App, DurableGuard};

pub(super) async fn run(args: ReactArgs, context: Context<'_>) -> Result<(), Failure> {
    let now = Utc::now();
    let handler = Arc::new(CommandHandler::new(args.name.to_string(), args.command));
    let filter = EventFilter::matching(args.filter.filter(now));
    let subscribed: Arc<CommandHandler> = Arc::clone(&handler);
    let durable = DurableSubscription::handling(args.name.as_str(), filter, subscribed)
        .starting(args.from.resolve(now))
        .ordered_by(args.by.into())
        .with_width(args.width)
        .retrying(RetryPolicy::attempts(args.attempts))
        .on_exhausted(args.on_exhausted.into())
        .with_deadline(args.timeout);
    if let Err(error) = durable.check() {
        return Err(Failure::Usage(error.to_string()));
    }
    let app = context.start_on_record().await?;
    let guard = app
        .subscribe_durably(durable)
        .await
        .map_err(|error| Failure::because("the events cannot be reacted to", error))?;
    let ended = react(&app, &guard, args.until_caught_up).await;
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
    context.console.explain_line(&told);
    Ok(())
}

/// Returns when there is no more to do, or somebody asks for it.
async fn react(app: &App, guard: &DurableGuard, until_caught_up: bool) -> Result<(), Failure> {
    let caught_up = async {
        if until_caught_up {
            app.settled().await.map_err(Failure::query)
        } else {
            std::future::pending().await
        }
    };
    tokio::select! {
        asked = interrupt::requested() => {
            asked?;
            return Err(Failure::Interrupted);
        }
        settled = caught_up => settled?,
        () = guard.ended() => {}
    }
    let name = guard.name();
    match guard.standing() {
        Standing::Halted(failure) => {
            let why = failure.map(|failure| failure.errors.join(": ")).unwrap_or_default();
            Err(Failure::plain(format!(
                "`{name}` has halted: {why}; mend that, and say `indelible subscriptions resume {name}`"
            )))
        }
        Standing::Paused => Err(Failure::plain(format!(
            "`{name}` is paused: `indelible subscriptions resume {name}` lets it go on"
        ))),
        Standing::StandingBy => Err(Failure::plain(format!(
            "another process runs `{name}`, or was killed and its lease has not run out yet: \
             `indelible subscriptions` says which"
        ))),
        Standing::Ended => Err(Failure::plain(format!("somebody has removed `{name}`"))),
        Standing::Starting | Standing::Working { .. } => Ok(()),
    }
}

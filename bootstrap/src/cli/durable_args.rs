//! The arguments of what is about durable subscriptions: `react`, `subscriptions`, `dead-letters`.

use std::ffi::OsString;
use std::time::Duration;

use application::delivery::{OnExhausted, OrderBy};
use application::query::Moment;
use chrono::{DateTime, Utc};
use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use domain::{Actor, Sequence, StartAt, SubscriptionName};

use super::args::OutputArgs;
use super::filters::FilterArgs;

/// A place on record as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Beginning,
    Now,
    At(Sequence),
    Since(Moment),
}

impl Place {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "beginning" => return Ok(Self::Beginning),
            "now" => return Ok(Self::Now),
            _ => {}
        }
        if let Ok(sequence) = text.parse() {
            return Ok(Self::At(sequence));
        }
        let advice = |_| {
            "write `beginning`, `now`, a sequence number such as 17, a time such as \
             2026-07-01T09:00:00Z, a date, or how long ago, such as 2h"
                .to_owned()
        };
        Moment::parse(text).map(Self::Since).map_err(advice)
    }

    /// The place, given what time it is. A sequence is the first that is wanted.
    pub(super) fn resolve(self, now: DateTime<Utc>) -> StartAt {
        match self {
            Self::Beginning => StartAt::Beginning,
            Self::Now => StartAt::Now,
            Self::At(sequence) => StartAt::After(Sequence(sequence.0.saturating_sub(1))),
            Self::Since(moment) => StartAt::Time(moment.resolve(now)),
        }
    }
}

/// Which events wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Order {
    /// All of them
    Total,
    /// Those of one plan
    Plan,
    /// Those of one run of work
    Correlation,
}

impl From<Order> for OrderBy {
    fn from(order: Order) -> Self {
        match order {
            Order::Total => Self::Total,
            Order::Plan => Self::Plan,
            Order::Correlation => Self::Correlation,
        }
    }
}

/// What is done about an event that could not be handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Exhausted {
    /// Keep it as a dead letter, and go on
    DeadLetter,
    /// Halt until somebody says `subscriptions resume`
    Halt,
}

impl From<Exhausted> for OnExhausted {
    fn from(then: Exhausted) -> Self {
        match then {
            Exhausted::DeadLetter => Self::DeadLetter,
            Exhausted::Halt => Self::Halt,
        }
    }
}

/// Arguments of `react`.
#[derive(Debug, Args)]
#[command(after_help = "The command is run once for each event, with the event as a line of \
                        CloudEvents JSON on its standard input, and INDELIBLE_EVENT_ID, _TYPE, \
                        _SEQUENCE, _ATTEMPT and _REPEATED in its environment. Exit status 0 means \
                        that the event is handled; anything else that it is to be tried again. \
                        It may be run twice for one event, when it is killed before that could be \
                        noted: _REPEATED is `true` then.")]
pub(super) struct ReactArgs {
    /// What its progress is kept under: run again with this name, it goes on where it was
    #[arg(value_name = "NAME")]
    pub(super) name: SubscriptionName,
    /// Where a new name begins: `beginning`, `now`, a sequence number, or a time; without it, now. One that is
    /// there goes on where it was
    #[arg(long, value_name = "PLACE", value_parser = Place::parse)]
    pub(super) from: Option<Place>,
    /// Which events are handled one after the other
    #[arg(long, value_enum, default_value = "total")]
    pub(super) by: Order,
    /// How many commands are run at once, for events that need not wait for each other
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) width: usize,
    /// How often an event is tried
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(super) attempts: u32,
    /// What is done about an event after the last attempt
    #[arg(long, value_enum, default_value = "dead-letter")]
    pub(super) on_exhausted: Exhausted,
    /// How long the command may take before it is killed, with whatever it has started
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = time_limit)]
    pub(super) timeout: Duration,
    /// End once everything on record is handled, with exit code 1 where some of it could not be
    #[arg(long)]
    pub(super) until_caught_up: bool,
    #[command(flatten)]
    pub(super) filter: FilterArgs,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(super) command: Vec<OsString>,
}

/// A span of time in which something can be done.
fn time_limit(text: &str) -> Result<Duration, String> {
    let limit = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if limit.is_zero() {
        return Err("nothing can be done in no time: say how long, such as 30s".to_owned());
    }
    Ok(limit)
}

/// Who does something, for the record.
#[derive(Clone, Debug, Args)]
pub(super) struct ByArgs {
    /// Who does it, as in `human:ann`; without it, the person whose name is in USER
    #[arg(long = "actor", value_name = "KIND:ID")]
    actor: Option<Actor>,
}

impl ByArgs {
    /// Who does it.
    pub(super) fn actor(self) -> Actor {
        self.actor.unwrap_or_else(|| {
            let user = std::env::var("USER").ok().filter(|user| !user.is_empty());
            user.map_or_else(|| Actor::system("command-line"), Actor::human)
        })
    }
}

/// Arguments of `subscriptions`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct SubscriptionsArgs {
    /// What to do instead of listing.
    #[command(subcommand)]
    pub(super) command: Option<SubscriptionsCommand>,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// What `subscriptions` can do.
#[derive(Debug, Subcommand)]
pub(super) enum SubscriptionsCommand {
    /// List them: how far each is, who runs it, and what went wrong last
    List(OutputArgs),
    /// Have one hand nothing out until it is resumed
    Pause(ActArgs),
    /// Have one go on that was paused or has halted
    Resume(ActArgs),
    /// Have one go on from another place
    Rewind {
        #[command(flatten)]
        act: ActArgs,
        /// From where: `beginning`, `now`, a sequence number, or a time
        #[arg(long, value_name = "PLACE", value_parser = Place::parse)]
        to: Place,
    },
    /// Forget one, and its dead letters
    Remove(ActArgs),
}

/// Which subscription, and who does something to it.
#[derive(Debug, Args)]
pub(super) struct ActArgs {
    /// The subscription
    #[arg(value_name = "NAME")]
    pub(super) name: SubscriptionName,
    #[command(flatten)]
    pub(super) by: ByArgs,
}

/// Arguments of `dead-letters`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct DeadLettersArgs {
    /// What to do instead of listing.
    #[command(subcommand)]
    pub(super) command: Option<DeadLettersCommand>,
    #[command(flatten)]
    pub(super) list: DeadLettersOf,
}

/// Arguments of `dead-letters list`.
#[derive(Debug, Args)]
pub(super) struct DeadLettersOf {
    /// Those of this subscription alone
    #[arg(value_name = "NAME")]
    pub(super) name: Option<SubscriptionName>,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// What `dead-letters` can do.
#[derive(Debug, Subcommand)]
pub(super) enum DeadLettersCommand {
    /// List them, of one subscription or of all
    List(DeadLettersOf),
    /// Show one, with its event
    Show {
        /// The subscription
        #[arg(value_name = "NAME")]
        name: SubscriptionName,
        /// The event's sequence number
        #[arg(value_name = "SEQ")]
        sequence: Sequence,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Have whoever runs the subscription try one again, or all
    Retry(LettersArgs),
    /// Give one up for good, or all
    Discard(LettersArgs),
}

/// Which dead letters, and who does something about them.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("letters").required(true))]
pub(super) struct LettersArgs {
    /// The subscription
    #[arg(value_name = "NAME")]
    pub(super) name: SubscriptionName,
    /// The event's sequence number
    #[arg(value_name = "SEQ", group = "letters")]
    pub(super) sequence: Option<Sequence>,
    /// All of this subscription
    #[arg(long, group = "letters")]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) by: ByArgs,
}

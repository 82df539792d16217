//! Which events are meant, as arguments.

use chrono::{DateTime, Utc};
use clap::Args;
use domain::audit::TimeSpan;
use domain::{Actor, AuditFilter, TypePattern};

use super::Console;
use application::query::Moment;

/// Which events are meant: those that fit everything that is given.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Which events")]
pub(super) struct FilterArgs {
    /// Of this type, `*` standing for any letters, as in `tool.*`; may be given several times
    #[arg(long = "type", short = 't', value_name = "TYPE")]
    types: Vec<String>,
    /// Of this context, the part of the type before the dot; may be given several times
    #[arg(long = "context", value_name = "CONTEXT")]
    contexts: Vec<String>,
    /// Of this plan
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    /// Of this project
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// Of this session
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// By this actor, as in `agent:planner`
    #[arg(long, value_name = "KIND:ID")]
    actor: Option<Actor>,
    /// On behalf of this human
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// Of this run of work
    #[arg(long, value_name = "ID")]
    correlation: Option<String>,
    /// Recorded at this time or later: a time, a date, or how long ago, as in `2h`
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    since: Option<Moment>,
    /// Recorded before this time
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    until: Option<Moment>,
    /// Have --since and --until mean when it happened, not when it was recorded
    #[arg(long)]
    occurred: bool,
    /// With this text in its details, letter by letter
    #[arg(long, value_name = "TEXT")]
    contains: Option<String>,
}

impl FilterArgs {
    /// The question to the record, given what time it is.
    pub(super) fn filter(&self, now: DateTime<Utc>) -> AuditFilter {
        let span = TimeSpan {
            since: self.since.map(|moment| moment.resolve(now)),
            until: self.until.map(|moment| moment.resolve(now)),
        };
        let everything = TimeSpan::default();
        let (recorded, occurred) =
            if self.occurred { (everything, span) } else { (span, everything) };
        AuditFilter {
            types: self.types.iter().map(TypePattern::new).collect(),
            contexts: self.contexts.clone(),
            plan_id: self.plan.clone(),
            project_name: self.project.clone(),
            session_id: self.session.clone(),
            actor: self.actor.as_ref().map(ToString::to_string),
            user_identity: self.user.clone(),
            correlation_id: self.correlation.clone(),
            recorded,
            occurred,
            contains: self.contains.clone(),
        }
    }

    /// Whether every event is meant.
    pub(super) fn is_everything(&self) -> bool {
        self.filter(DateTime::UNIX_EPOCH) == AuditFilter::default()
    }

    /// Says that nothing was found, and what may be the reason.
    pub(super) fn explain_nothing_found(&self, console: &mut Console) {
        self.explain_nothing("nothing on record fits", console);
    }

    /// Says that there is nothing, in these words, and what may be the reason.
    pub(super) fn explain_nothing(&self, said: &str, console: &mut Console) {
        console.explain_line(said);
        if let Some(hint) = self.hint() {
            console.explain_line(&hint);
        }
    }

    /// What to say when nothing was found and a type was named that does not exist.
    fn hint(&self) -> Option<String> {
        let known: Vec<&str> =
            domain::events::CATALOGUE.events().map(|event| event.event_type).collect();
        let stranger = self.types.iter().find(|name| {
            let pattern = TypePattern::new(name.as_str());
            !known.iter().any(|known| pattern.matches(known))
        })?;
        let suggestion = application::nearest::did_you_mean(stranger, known.iter().copied());
        Some(format!(
            "note: no event type is called `{stranger}`{suggestion}; `indelible catalog` lists all"
        ))
    }
}

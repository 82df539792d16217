//! What `react` waits for when it is not the record: told once, whenever it is something else.

use application::delivery::Standing;
use domain::SubscriptionName;

use crate::cli::output::holder;
use crate::cli::{Console, Failure};
use crate::wiring::{App, DurableGuard};

/// What `react` waits for, for the one subscription that it runs.
pub(super) struct Waiting<'a> {
    pub(super) app: &'a App,
    pub(super) guard: &'a DurableGuard,
}

/// What is waited for, as far as it is worth a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    Record,
    Holder,
    Resuming,
    Mending,
}

impl For {
    /// `None` while nobody knows.
    fn of(standing: &Standing) -> Option<Self> {
        match standing {
            Standing::Starting | Standing::Ended => None,
            Standing::Working { .. } => Some(Self::Record),
            Standing::StandingBy => Some(Self::Holder),
            Standing::Paused => Some(Self::Resuming),
            Standing::Halted(_) => Some(Self::Mending),
        }
    }
}

impl Waiting<'_> {
    /// Says so on standard error, each time it changes. Never returns.
    pub(super) async fn tell(&self, console: &mut Console) {
        let name = self.guard.name();
        let mut waits = For::Record;
        loop {
            let another = |standing: &Standing| For::of(standing).is_some_and(|it| it != waits);
            let standing = self.guard.standing_where(another).await;
            waits = For::of(&standing).unwrap_or(waits);
            let told = self.what_holds_it_up(&standing).await;
            let told = match (waits, told) {
                (For::Holder, Some(told)) => format!("{told}; this one takes over after that"),
                (_, Some(told)) => format!("{told}; until then this one waits"),
                (_, None) => format!("`{name}` is run here from now on"),
            };
            console.explain_line(&format!("note: {told}"));
        }
    }

    /// Why nothing is handed out, where somebody has to do something about it.
    pub(super) async fn failure(&self) -> Result<(), Failure> {
        let standing = self.guard.standing();
        if standing == Standing::Ended {
            return Err(Failure::plain(format!("somebody has removed `{}`", self.guard.name())));
        }
        self.what_holds_it_up(&standing).await.map_or(Ok(()), |told| Err(Failure::plain(told)))
    }

    async fn what_holds_it_up(&self, standing: &Standing) -> Option<String> {
        let name = self.guard.name();
        let resume = format!("`indelible subscriptions resume {name}`");
        Some(match standing {
            Standing::Starting | Standing::Ended | Standing::Working { .. } => return None,
            Standing::Paused => format!("`{name}` is paused: {resume} lets it go on"),
            Standing::StandingBy => format!(
                "another process{} runs `{name}`, or was killed and its lease has not run out yet",
                self.holder(name).await
            ),
            Standing::Halted(failure) => {
                let why = failure.as_ref().map(|failure| failure.errors.join(": "));
                let why = why.map_or(String::new(), |why| format!(": {why}"));
                format!("`{name}` has halted{why}; mend that, and say {resume}")
            }
        })
    }

    /// The other process, where it can be found out.
    async fn holder(&self, name: &SubscriptionName) -> String {
        let status = self.app.subscriptions().find(name).await.ok().flatten();
        let held = status.and_then(|status| status.holder);
        held.map_or(String::new(), |(owner, _)| format!(" ({})", holder(&owner)))
    }
}

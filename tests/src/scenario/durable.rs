//! What is expected of a durable subscription: how it stands, and what it could not handle.
//!
//! Deliberately absent: which events it handled, and how often. That is expected of the events:
//! `app.expect::<PlanCreated>().handled_by("billing").once()`.

use application::delivery::Standing;
use domain::SubscriptionName;
use domain::subscription::{
    DeadLetter, SubscriptionFailure, SubscriptionState, SubscriptionStatus,
};

use super::scene::Scene;
use super::{Outcome, ScenarioError, explain};

/// What is expected of one durable subscription: `app.expect_subscription("billing").caught_up()`.
#[must_use = "nothing is checked before it is said what is expected, and awaited"]
pub struct SubscriptionExpectation {
    scene: Scene,
    name: String,
}

impl SubscriptionExpectation {
    pub(super) fn new(scene: Scene, name: &str) -> Self {
        Self { scene, name: name.to_owned() }
    }

    /// It goes on, and has nothing more to do: all that it wants is handled or kept as a dead letter.
    /// How it stands.
    ///
    /// # Errors
    /// When it is not so once the application is at rest.
    pub async fn caught_up(self) -> Outcome<SubscriptionStatus> {
        let (standing, status) = self.look().await?;
        match (&standing, &status) {
            (Some(Standing::Working { .. }), Some(status))
                if status.state == SubscriptionState::Active =>
            {
                Ok(status.clone())
            }
            _ => Err(self.unmet("to have caught up", standing, status)),
        }
    }

    /// It has halted. Why it has.
    ///
    /// # Errors
    /// When it is not so once the application is at rest.
    pub async fn halted(self) -> Outcome<SubscriptionFailure> {
        let (standing, status) = self.look().await?;
        let halted = status.as_ref().filter(|it| it.state == SubscriptionState::Halted);
        match halted.and_then(|status| status.failure.clone()) {
            Some(failure) => Ok(failure),
            None => Err(self.unmet("to have halted", standing, status)),
        }
    }

    /// Somebody has paused it.
    ///
    /// # Errors
    /// When it is not so once the application is at rest.
    pub async fn paused(self) -> Outcome<SubscriptionStatus> {
        let (standing, status) = self.look().await?;
        match status {
            Some(status) if status.state == SubscriptionState::Paused => Ok(status),
            _ => Err(self.unmet("to be paused", standing, status)),
        }
    }

    /// Another instance runs it, and this one waits to take over.
    ///
    /// # Errors
    /// When it is not so once the application is at rest.
    pub async fn standing_by(self) -> Outcome {
        match self.look().await? {
            (Some(Standing::StandingBy), _) => Ok(()),
            (standing, status) => Err(self.unmet("to stand by", standing, status)),
        }
    }

    /// It has so many dead letters. Which.
    ///
    /// # Errors
    /// When it has not once the application is at rest.
    pub async fn dead_letters(self, count: usize) -> Outcome<Vec<DeadLetter>> {
        let (standing, status) = self.look().await?;
        let name = SubscriptionName::new(self.name.as_str());
        let letters = match &name {
            Ok(name) => self.scene.subscriptions.dead_letters(Some(name)).await?,
            Err(_) => Vec::new(),
        };
        if letters.len() == count {
            return Ok(letters);
        }
        let has: Vec<String> = letters
            .iter()
            .map(|it| {
                format!(
                    "event {}, tried {} times: {}",
                    it.sequence,
                    it.attempts,
                    it.errors.join(": ")
                )
            })
            .collect();
        let has = if has.is_empty() { "none".to_owned() } else { has.join("; ") };
        let expected = format!("to have {count} dead letters, and it has {has}");
        Err(self.unmet(&expected, standing, status))
    }

    async fn look(&self) -> Outcome<(Option<Standing>, Option<SubscriptionStatus>)> {
        self.scene.settled().await?;
        let standings = self.scene.durable.standings();
        let here = standings.into_iter().find(|(name, _)| name.as_str() == self.name);
        let all = self.scene.subscriptions.all().await?;
        let status = all.into_iter().find(|status| status.name.as_str() == self.name);
        Ok((here.map(|(_, standing)| standing), status))
    }

    fn unmet(
        &self,
        expected: &str,
        standing: Option<Standing>,
        status: Option<SubscriptionStatus>,
    ) -> ScenarioError {
        let found = match standing {
            None => "one that is not run by this application".to_owned(),
            Some(standing) => format!("{standing:?}"),
        };
        let because = match status {
            None => format!("There is no subscription `{}`.", self.name),
            Some(it) => {
                let failure = it.failure.map_or_else(String::new, |failure| {
                    format!(", last failure: {}", failure.errors.join(": "))
                });
                format!(
                    "It is {}, done with everything up to {}, with {} dead letters{failure}.",
                    it.state.as_str(),
                    it.cursor,
                    it.dead_letters
                )
            }
        };
        ScenarioError::Unmet {
            expected: format!("the durable subscription `{}` {expected}", self.name),
            found,
            because,
            timeline: explain::titled(&self.scene.timeline),
        }
    }
}

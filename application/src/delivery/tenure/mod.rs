//! Moving a subscription on for as long as one lease is good.
//!
//! Everything that takes time is a step; this says what follows from each. When the lease turns out to
//! be another's, everything under way is dropped: what comes of it is never noted.

mod letters;
mod outcomes;

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::Sequence;
use domain::ports::{QueryError, SubscriptionStoreError};
use domain::subscription::{
    Lease, Progress, RetriedLetter, SubscriptionFailure, SubscriptionStatus,
};
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;

use super::retry::{Pauses, patience};
use super::second_chance::SecondChances;
use super::steps::{Step, Stretch, Work};
use super::window::Window;
use super::{Standing, causes};

/// How many events are read ahead at most.
const READ_AHEAD: usize = 512;

/// How many entries that nobody wants are passed over before that is noted, unless the lease is to be
/// renewed earlier.
const UNWANTED: u64 = 10_000;

/// A pause where patience has run out, which it does not.
const LONG_PAUSE: Duration = Duration::from_secs(5);

/// How a tenure ended.
pub(super) enum End {
    /// It was to stop; so many handlers were given up.
    Stopped { given_up: usize },
    /// The lease is no longer good.
    Fenced,
    /// It must not go on.
    Halted(SubscriptionFailure),
}

/// Why nothing more is handed out.
enum Closing {
    Stop,
    Halt(SubscriptionFailure),
}

/// What is being noted.
struct Noting {
    cursor: Sequence,
    reach: Sequence,
    /// Dead letters of which something is noted.
    letters: Vec<Sequence>,
    failure: Option<SubscriptionFailure>,
}

/// One lease, and what is done under it.
pub(super) struct Tenure {
    work: Work,
    lease: Lease,
    /// At least until then nobody else can have a lease. Past it nothing is handed out before the lease
    /// has been renewed: another may have taken over while this process slept.
    good_until: DateTime<Utc>,
    window: Window,
    second: SecondChances,
    /// Up to here an earlier tenure may have handed events out.
    repeated_through: Sequence,
    /// Up to here events may be dead letters from before, as after a rewind.
    letters_through: Sequence,
    steps: FuturesUnordered<BoxFuture<'static, Step>>,
    reading: bool,
    /// Where the record ended when it was last read.
    newest: Sequence,
    noting: Option<Noting>,
    /// No progress is noted before a pause after a failure is over.
    noting_pauses: bool,
    overdue: bool,
    /// What went wrong last, and what is noted of it.
    failure: Option<SubscriptionFailure>,
    noted_failure: Option<SubscriptionFailure>,
    /// Events have been removed that this subscription had not come to.
    gap: Option<SubscriptionFailure>,
    closing: Option<Closing>,
    given_up: usize,
    /// Nudges that have not been looked into.
    attending: usize,
    log_pauses: Pauses,
    store_pauses: Pauses,
    told: Option<Standing>,
}

impl Tenure {
    pub(super) fn new(
        work: Work,
        lease: Lease,
        good_until: DateTime<Utc>,
        status: SubscriptionStatus,
    ) -> Self {
        let mut second = SecondChances::default();
        let window = Window::new(status.cursor, status.reach, work.subscription.retry);
        let steps = FuturesUnordered::new();
        steps.push(work.stop());
        steps.push(work.nudged());
        steps.push(work.after(work.subscription.renewal(), Step::Tick));
        if status.dead_letters > 0 {
            steps.push(work.look(second.look(), true));
        }
        Self {
            work,
            lease,
            good_until,
            window,
            second,
            repeated_through: status.reach,
            letters_through: if status.dead_letters > 0 { status.reach } else { Sequence(0) },
            steps,
            reading: false,
            newest: status.cursor,
            noting: None,
            noting_pauses: false,
            overdue: false,
            failure: status.failure.clone(),
            noted_failure: status.failure,
            gap: None,
            closing: None,
            given_up: 0,
            attending: usize::from(status.dead_letters > 0),
            log_pauses: patience(),
            store_pauses: patience(),
            told: None,
        }
    }

    /// Moves the subscription on.
    pub(super) async fn run(mut self) -> End {
        loop {
            self.hand_out();
            self.read_on();
            self.note();
            self.tell();
            if self.is_closed() {
                return match self.closing {
                    Some(Closing::Halt(failure)) => End::Halted(failure),
                    _ => End::Stopped { given_up: self.given_up },
                };
            }
            // There is always one: the next renewal.
            let Some(step) = self.steps.next().await else { return End::Fenced };
            if let Err(Fenced) = self.take(step) {
                return End::Fenced;
            }
        }
    }

    fn hand_out(&mut self) {
        if self.closing.is_some() || self.work.ports.clock.now() >= self.good_until {
            return;
        }
        self.hand_out_letter();
        while self.at_work() < self.work.subscription.width {
            let Some((event, attempt)) = self.window.hand_out() else { break };
            let repeated = event.sequence <= self.repeated_through;
            self.steps.push(self.work.attempt(event, attempt, repeated));
        }
    }

    fn read_on(&mut self) {
        let room = READ_AHEAD.saturating_sub(self.window.len());
        if let Some(gap) = self.gap.take_if(|_| self.window.len() == 0) {
            self.closing.get_or_insert(Closing::Halt(gap));
        }
        if self.closing.is_none() && self.gap.is_none() && !self.reading && room > READ_AHEAD / 2 {
            self.reading = true;
            let limit = u32::try_from(room).unwrap_or(u32::MAX);
            self.steps.push(self.work.read(self.window.looked(), limit));
        }
    }

    /// Notes progress, when there is reason to and none is being noted.
    fn note(&mut self) {
        if self.noting.is_some() || self.noting_pauses {
            return;
        }
        let done = self.window.done();
        let passed = done.cursor.0 - self.window.noted().0;
        // Nothing more is handed out by one that closes.
        let wanted = match self.closing {
            None => self.window.wanted_reach(),
            Some(_) => self.window.reach(),
        };
        let due = done.events > 0
            || wanted > self.window.reach()
            || self.second.outcomes() > 0
            || self.failure != self.noted_failure
            || passed >= UNWANTED
            || (passed > 0 && (self.overdue || self.closing.is_some()));
        if !due {
            return;
        }
        self.overdue = false;
        let retried = self.second.to_note();
        let resolved = self.resolved(done.handled);
        let reach = wanted.max(done.cursor);
        let of_retried = retried.iter().map(RetriedLetter::sequence);
        self.noting = Some(Noting {
            cursor: done.cursor,
            reach,
            letters: of_retried.chain(resolved.iter().copied()).collect(),
            failure: self.failure.clone(),
        });
        let progress = Progress {
            cursor: done.cursor,
            reach,
            effects: done.effects,
            dead_letters: done.dead_letters,
            resolved,
            retried,
            failure: self.failure.clone(),
        };
        self.steps.push(self.work.note(&self.lease, progress));
    }

    fn tell(&mut self) {
        let standing = Standing::Working {
            looked: self.window.looked(),
            // One that closes is not at rest before it has closed.
            under_way: self.window.len()
                + self.second.len()
                + self.attending
                + usize::from(self.gap.is_some() || self.closing.is_some()),
        };
        if self.told.as_ref() != Some(&standing) {
            self.work.supervision.stands(standing.clone());
            self.told = Some(standing);
        }
    }

    /// Whether nothing is under way any more, and all that is known is noted.
    fn is_closed(&self) -> bool {
        self.closing.is_some() && self.at_work() == 0 && self.noting.is_none()
    }

    fn take(&mut self, step: Step) -> Result<(), Fenced> {
        match step {
            Step::Attempted(sequence, outcome) => self.attempted(sequence, outcome),
            Step::PauseOver(sequence) => self.window.again(sequence),
            Step::Found(event) => self.found(event),
            Step::Retried(sequence, outcome) => self.retried(sequence, outcome),
            Step::Read(stretch) => self.read(stretch),
            Step::ReadAgain => self.reading = false,
            Step::Noted(outcome) => return self.noted(outcome),
            Step::NoteAgain => self.noting_pauses = false,
            Step::Tick => {
                self.overdue = true;
                self.steps.push(self.work.renew(&self.lease, false));
            }
            Step::Renewed { because_of_nudge, until, status } => {
                if status.is_ok() {
                    self.good_until = self.good_until.max(until);
                }
                return self.renewed(because_of_nudge, status);
            }
            Step::Looked { because_of_nudge, look, letters } => {
                self.attending -= usize::from(because_of_nudge);
                let letters = letters.unwrap_or_else(|error| {
                    self.warn(&error, "the dead letters cannot be looked at");
                    Vec::new()
                });
                self.looked(look, letters);
            }
            Step::Nudged => {
                self.attending += 1;
                self.steps.push(self.work.nudged());
                self.steps.push(self.work.renew(&self.lease, true));
            }
            Step::Stop => {
                self.closing.get_or_insert(Closing::Stop);
            }
        }
        Ok(())
    }

    /// What was read.
    fn read(&mut self, stretch: Result<Stretch, QueryError>) {
        match stretch {
            Ok(Stretch { events, looked, newest }) => {
                self.newest = newest;
                self.reading = false;
                self.log_pauses = patience();
                self.window.read(events, looked);
                self.measure();
            }
            Err(error) => {
                let at = self.work.ports.clock.now();
                let errors = causes(&error);
                let failure = SubscriptionFailure { sequence: None, errors, at };
                self.failure = Some(failure.clone());
                if let QueryError::Removed { through, .. } = error {
                    // It goes on after what is missing, once somebody has let it.
                    self.reading = false;
                    self.window.read([], through);
                    self.gap = Some(failure);
                    return;
                }
                self.warn(&error, "the record cannot be read; trying again after a pause");
                let pause = self.log_pauses.next().unwrap_or(LONG_PAUSE);
                self.steps.push(self.work.after(pause, Step::ReadAgain));
            }
        }
    }

    fn measure(&self) {
        self.work.measures.stands(self.window.noted(), self.newest);
    }

    fn noted(&mut self, outcome: Result<(), SubscriptionStoreError>) -> Result<(), Fenced> {
        let Some(noting) = self.noting.take() else { return Ok(()) };
        match outcome {
            Ok(()) => {
                self.store_pauses = patience();
                self.window.note(noting.cursor, noting.reach);
                self.second.note(&noting.letters);
                self.noted_failure = noting.failure;
                self.measure();
            }
            Err(SubscriptionStoreError::Fenced { .. } | SubscriptionStoreError::Unknown { .. }) => {
                return Err(Fenced);
            }
            Err(error @ SubscriptionStoreError::Effect { sequence, .. }) => {
                self.refused(sequence, &error);
            }
            Err(error @ SubscriptionStoreError::NoEffects) => {
                let first = self.window.done().effects.first().map(|it| it.sequence);
                if let Some(sequence) = self.second.with_effects().or(first) {
                    self.refused(sequence, &error);
                }
            }
            Err(error) => {
                self.warn(&error, "progress cannot be noted; trying again after a pause");
                let pause = self.store_pauses.next().unwrap_or(LONG_PAUSE);
                self.noting_pauses = true;
                self.steps.push(self.work.after(pause, Step::NoteAgain));
            }
        }
        Ok(())
    }

    fn renewed(
        &mut self,
        because_of_nudge: bool,
        status: Result<SubscriptionStatus, SubscriptionStoreError>,
    ) -> Result<(), Fenced> {
        if !because_of_nudge {
            let next = self.work.subscription.renewal();
            self.steps.push(self.work.after(next, Step::Tick));
        }
        let look = match status {
            // Whoever pauses it takes the lease away.
            Ok(status) => status.dead_letters > 0,
            Err(SubscriptionStoreError::Fenced { .. } | SubscriptionStoreError::Unknown { .. }) => {
                return Err(Fenced);
            }
            Err(error) => {
                self.warn(&error, "the lease cannot be renewed");
                false
            }
        };
        if look {
            self.steps.push(self.work.look(self.second.look(), because_of_nudge));
        } else {
            self.attending -= usize::from(because_of_nudge);
        }
        Ok(())
    }
}

/// The lease is no longer good.
struct Fenced;

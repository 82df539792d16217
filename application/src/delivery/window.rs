//! The part of the record between what is noted as done and what has been read: which events of it may
//! be handed out next, and how far everything is done without a gap.
//!
//! Deliberately absent: time, handlers and the store. This is bookkeeping, and pure.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use domain::subscription::{Effect, EventEffects, NewDeadLetter};
use domain::{RecordedEvent, Sequence};

use super::order::Key;
use super::retry::{Pauses, RetryPolicy};

/// How one event stands.
enum State {
    /// It waits for its turn, or for the end of a pause.
    Waiting,
    /// It is being handled.
    Running,
    /// It is handled, and this is to be changed because of it.
    Handled(Vec<Effect>),
    /// It is to be kept as a dead letter.
    Dead(NewDeadLetter),
}

struct Slot {
    event: Arc<RecordedEvent>,
    key: Key,
    attempts: u32,
    pauses: Pauses,
    state: State,
}

/// What follows from a failed attempt.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is tried again after this pause.
    Again(Duration),
    /// It has been tried so often, and is not tried again.
    Exhausted(u32),
}

/// How far everything is done without a gap.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Done {
    pub(super) cursor: Sequence,
    /// How many events were handled or became dead letters since that was last noted.
    pub(super) events: usize,
    /// Which of them were handled.
    pub(super) handled: Vec<Sequence>,
    pub(super) effects: Vec<EventEffects>,
    pub(super) dead_letters: Vec<NewDeadLetter>,
}

/// The part of the record that is being worked on.
pub(super) struct Window {
    retry: RetryPolicy,
    /// Up to here everything is noted as done.
    noted: Sequence,
    /// Up to here it is noted that events may have been handed out.
    reach: Sequence,
    /// Up to here the record has been read.
    looked: Sequence,
    /// The events that are wanted, from after `noted`.
    slots: BTreeMap<Sequence, Slot>,
    /// The unfinished events of each key, in order.
    queues: HashMap<Key, VecDeque<Sequence>>,
    /// Those that may be handed out: at most one of each key, but for those whose effects were refused.
    ready: BTreeSet<Sequence>,
    running: usize,
    /// Nothing of this key is handed out.
    held: Option<Key>,
}

impl Window {
    pub(super) fn new(cursor: Sequence, reach: Sequence, retry: RetryPolicy) -> Self {
        Self {
            retry,
            noted: cursor,
            reach,
            looked: cursor,
            slots: BTreeMap::new(),
            queues: HashMap::new(),
            ready: BTreeSet::new(),
            running: 0,
            held: None,
        }
    }

    pub(super) fn noted(&self) -> Sequence {
        self.noted
    }

    pub(super) fn reach(&self) -> Sequence {
        self.reach
    }

    pub(super) fn looked(&self) -> Sequence {
        self.looked
    }

    /// Events that are not noted as done yet.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Events that are being handled.
    pub(super) fn running(&self) -> usize {
        self.running
    }

    /// Takes in what was read: all that is wanted up to `looked`, in order.
    pub(super) fn read(
        &mut self,
        events: impl IntoIterator<Item = (Key, Arc<RecordedEvent>)>,
        looked: Sequence,
    ) {
        for (key, event) in events {
            let sequence = event.sequence;
            let queue = self.queues.entry(key.clone()).or_default();
            queue.push_back(sequence);
            if queue.len() == 1 {
                self.ready.insert(sequence);
            }
            let pauses = self.retry.pauses();
            let slot = Slot { event, key, attempts: 0, pauses, state: State::Waiting };
            self.slots.insert(sequence, slot);
        }
        self.looked = looked;
    }

    /// Up to here events are to be handed out.
    pub(super) fn wanted_reach(&self) -> Sequence {
        self.slots.last_key_value().map_or(self.reach, |(last, _)| *last).max(self.reach)
    }

    /// The next event to be handed out, and for the how many-th time; `None` when none may be.
    pub(super) fn hand_out(&mut self) -> Option<(Arc<RecordedEvent>, u32)> {
        let held = |next: &&Sequence| {
            let key = self.slots.get(next).map(|slot| &slot.key);
            self.held.is_some() && self.held.as_ref() == key
        };
        let next = *self.ready.iter().find(|next| !held(next))?;
        if next > self.reach {
            return None;
        }
        self.ready.remove(&next);
        let slot = self.slots.get_mut(&next)?;
        slot.state = State::Running;
        slot.attempts += 1;
        self.running += 1;
        Some((Arc::clone(&slot.event), slot.attempts))
    }

    /// Hands out nothing more of this key, until another is held or none.
    pub(super) fn hold(&mut self, key: Option<Key>) {
        self.held = key;
    }

    /// Whether an event of the key that is held is being handled.
    pub(super) fn holds_up(&self) -> bool {
        let of_held = |slot: &Slot| {
            matches!(slot.state, State::Running) && self.held.as_ref() == Some(&slot.key)
        };
        self.running > 0 && self.slots.values().any(of_held)
    }

    /// Notes that an event is handled.
    pub(super) fn handled(&mut self, sequence: Sequence, effects: Vec<Effect>) {
        self.finish(sequence, State::Handled(effects));
    }

    /// Notes that an event is to be kept as a dead letter.
    pub(super) fn dead(&mut self, letter: NewDeadLetter) {
        self.finish(letter.sequence, State::Dead(letter));
    }

    /// Notes that an attempt has failed, or that the effects of a handled event were refused.
    pub(super) fn failed(&mut self, sequence: Sequence) -> Verdict {
        self.leave(sequence);
        let Some(slot) = self.slots.get_mut(&sequence) else { return Verdict::Exhausted(0) };
        slot.state = State::Waiting;
        slot.pauses.next().map_or(Verdict::Exhausted(slot.attempts), Verdict::Again)
    }

    /// Notes that an attempt was given up, as if it had not been made.
    pub(super) fn given_up(&mut self, sequence: Sequence) {
        self.leave(sequence);
    }

    /// Lets an event be handed out again whose pause is over.
    pub(super) fn again(&mut self, sequence: Sequence) {
        self.ready.insert(sequence);
    }

    /// Whether an event of this place is wanted and not done.
    pub(super) fn is_open(&self, sequence: Sequence) -> bool {
        let open = |slot: &Slot| matches!(slot.state, State::Waiting | State::Running);
        self.slots.get(&sequence).is_some_and(open)
    }

    /// Whether an event of this place has effects that wait to be noted.
    pub(super) fn has_effects(&self, sequence: Sequence) -> bool {
        self.slots.get(&sequence).is_some_and(
            |slot| matches!(&slot.state, State::Handled(effects) if !effects.is_empty()),
        )
    }

    /// How far everything is done without a gap.
    pub(super) fn done(&self) -> Done {
        let mut done = Done { cursor: self.looked, ..Done::default() };
        for (sequence, slot) in &self.slots {
            match &slot.state {
                State::Handled(effects) => {
                    done.handled.push(*sequence);
                    if !effects.is_empty() {
                        let effects = effects.clone();
                        done.effects.push(EventEffects { sequence: *sequence, effects });
                    }
                }
                State::Dead(letter) => done.dead_letters.push(letter.clone()),
                State::Waiting | State::Running => {
                    done.cursor = Sequence(sequence.0 - 1);
                    break;
                }
            }
            done.events += 1;
        }
        done
    }

    /// Forgets what is noted now.
    pub(super) fn note(&mut self, cursor: Sequence, reach: Sequence) {
        self.noted = self.noted.max(cursor);
        self.reach = self.reach.max(reach);
        self.slots = self.slots.split_off(&self.noted.next());
    }

    /// Moves an event out of the hands of its handler.
    fn leave(&mut self, sequence: Sequence) {
        let running = |slot: &Slot| matches!(slot.state, State::Running);
        if self.slots.get(&sequence).is_some_and(running) {
            self.running -= 1;
        }
    }

    /// Lets the next event of its key follow.
    fn finish(&mut self, sequence: Sequence, state: State) {
        self.leave(sequence);
        let Some(slot) = self.slots.get_mut(&sequence) else { return };
        slot.state = state;
        let Some(queue) = self.queues.get_mut(&slot.key) else { return };
        // It is not the first when it was handled before and its effects were refused.
        if queue.front() == Some(&sequence) {
            queue.pop_front();
            match queue.front() {
                Some(next) => {
                    self.ready.insert(*next);
                }
                None => {
                    self.queues.remove(&slot.key);
                }
            }
        }
    }
}

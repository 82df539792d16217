//! What is open under one key, and which of it an event is about.
//!
//! Mostly that is one thing or a few, and they are looked through. But producers that number their calls
//! anew and never end them have thousands of one key; then each is put on shelves, by what it names of a
//! plan, a session and a run and by what it leaves open, so that the newest that fits is one step away.
//!
//! Deliberately absent: what begins and ends work; that is the rule's.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use domain::EventEnvelope;

/// How much is looked through at most.
const FEW: usize = 8;

/// A name of a plan, a session or a run, where there is one.
type Name = Option<Arc<str>>;

/// What is looked for of a plan or a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Wanted {
    /// Any, or none.
    Any,
    /// This very one, or the lack of one.
    Exactly(Name),
}

/// Where something is found: by plan and session, and by its run or whatever that is.
type Shelf = (Wanted, Wanted, Name);

/// Where work belongs.
struct Place {
    plan: Name,
    session: Name,
    run: Name,
}

impl Place {
    fn of(envelope: &EventEnvelope) -> Self {
        let name = |text: &Option<String>| text.as_deref().map(Arc::from);
        Self {
            plan: name(&envelope.plan_id),
            session: name(&envelope.session_id),
            run: name(&envelope.correlation_id),
        }
    }

    /// Whether what belongs here and there may be the same: neither contradicts the other.
    fn admits(&self, other: &Self) -> bool {
        let agree = |a: &Name, b: &Name| a.is_none() || b.is_none() || a == b;
        agree(&self.plan, &other.plan) && agree(&self.session, &other.session)
    }

    /// Every shelf that what belongs here stands on.
    fn shelves(&self) -> Vec<Shelf> {
        let either = |name: &Name| [Wanted::Any, Wanted::Exactly(name.clone())];
        // What is of no run stands once, where the run does not matter.
        let runs = [Some(None), self.run.clone().map(Some)];
        let mut shelves = Vec::with_capacity(8);
        for plan in either(&self.plan) {
            for session in either(&self.session) {
                let runs = runs.iter().flatten();
                shelves.extend(runs.map(|run| (plan.clone(), session.clone(), run.clone())));
            }
        }
        shelves
    }

    /// The shelves on which all stands that an event of here does not contradict, on those of `run` if
    /// that is given.
    fn admitting(&self, run: &Name) -> Vec<Shelf> {
        let fitting = |name: &Name| match name {
            None => vec![Wanted::Any],
            named => vec![Wanted::Exactly(named.clone()), Wanted::Exactly(None)],
        };
        let mut shelves = Vec::with_capacity(4);
        for plan in fitting(&self.plan) {
            for session in fitting(&self.session) {
                shelves.push((plan.clone(), session, run.clone()));
            }
        }
        shelves
    }
}

/// What is open under one key, each with what is kept of its beginning.
pub(super) struct OpenUnderKey<T> {
    /// By the order in which it began.
    all: BTreeMap<u64, (Place, T)>,
    /// All of it, once it has been too much to be looked through.
    shelves: Option<HashMap<Shelf, BTreeSet<u64>>>,
    next: u64,
}

impl<T> Default for OpenUnderKey<T> {
    fn default() -> Self {
        Self { all: BTreeMap::new(), shelves: None, next: 0 }
    }
}

impl<T> OpenUnderKey<T> {
    /// Adds what an event began.
    pub(super) fn add(&mut self, envelope: &EventEnvelope, begun: T) {
        let (number, place) = (self.next, Place::of(envelope));
        self.next += 1;
        if let Some(shelves) = &mut self.shelves {
            put(shelves, &place, number);
        }
        self.all.insert(number, (place, begun));
        if self.shelves.is_none() && self.all.len() > FEW {
            let mut shelves = HashMap::new();
            self.all.iter().for_each(|(number, (place, _))| put(&mut shelves, place, *number));
            self.shelves = Some(shelves);
        }
    }

    /// The number of the newest that an event does not contradict; of those that are of its run, if
    /// there is such a one.
    pub(super) fn find(&self, envelope: &EventEnvelope) -> Option<u64> {
        let place = Place::of(envelope);
        let newest = |run: &Name| match &self.shelves {
            None => {
                let of_run = |it: &Place| run.is_none() || it.run == *run;
                let fits = |(_, (it, _)): &(&u64, &(Place, T))| it.admits(&place) && of_run(it);
                self.all.iter().rev().find(fits).map(|(number, _)| *number)
            }
            Some(shelves) => {
                let standing = place.admitting(run).into_iter();
                let standing = standing.filter_map(|shelf| shelves.get(&shelf));
                standing.filter_map(|numbers| numbers.last().copied()).max()
            }
        };
        let of_the_run = place.run.is_some().then(|| newest(&place.run)).flatten();
        of_the_run.or_else(|| newest(&None))
    }

    /// Takes out what has this number.
    pub(super) fn take(&mut self, number: u64) -> Option<T> {
        let (place, begun) = self.all.remove(&number)?;
        if let Some(shelves) = &mut self.shelves {
            for shelf in place.shelves() {
                if let Some(numbers) = shelves.get_mut(&shelf) {
                    numbers.remove(&number);
                    if numbers.is_empty() {
                        shelves.remove(&shelf);
                    }
                }
            }
        }
        Some(begun)
    }

    /// Whether nothing is open.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All that is open, the oldest first.
    pub(super) fn into_all(self) -> impl Iterator<Item = T> {
        self.all.into_values().map(|(_, begun)| begun)
    }
}

fn put(shelves: &mut HashMap<Shelf, BTreeSet<u64>>, place: &Place, number: u64) {
    for shelf in place.shelves() {
        shelves.entry(shelf).or_default().insert(number);
    }
}

#[cfg(test)]
mod tests {
    use domain::events::ToolInvoked;
    use domain::{DomainEvent, EventDraft};
    use proptest::prelude::*;

    use super::*;

    fn of(plan: Option<&str>, session: Option<&str>, run: Option<&str>) -> EventEnvelope {
        let draft = EventDraft::from(ToolInvoked::sample());
        let mut envelope = draft.seal(chrono::DateTime::UNIX_EPOCH, String::new, "/tests").unwrap();
        envelope.plan_id = plan.map(str::to_owned);
        envelope.session_id = session.map(str::to_owned);
        envelope.correlation_id = run.map(str::to_owned);
        envelope
    }

    #[test]
    fn what_is_over_leaves_nothing_behind() {
        let envelope = of(Some("p"), None, Some("r"));
        let mut open = OpenUnderKey::default();
        assert!(open.is_empty());
        for n in 0..=FEW {
            assert!(open.shelves.is_none(), "{n} are few");
            open.add(&envelope, n);
        }
        assert_eq!(open.shelves.as_ref().map(HashMap::len), Some(8));
        for n in (0..=FEW).rev() {
            assert!(!open.is_empty());
            assert_eq!(open.find(&envelope).and_then(|newest| open.take(newest)), Some(n));
        }
        assert!(open.is_empty() && open.shelves.as_ref().is_some_and(HashMap::is_empty));
        assert_eq!((open.find(&envelope), open.take(0)), (None, None));
    }

    proptest! {
        #[test]
        fn the_newest_that_fits_is_found_whether_few_are_open_or_many(
            steps in prop::collection::vec(
                (0..4_u8, [name("p"), name("s"), name("r")]),
                0..80,
            ),
        ) {
            let mut open = OpenUnderKey::default();
            let mut live: Vec<(usize, EventEnvelope)> = Vec::new();
            for (at, (kind, [plan, session, run])) in steps.into_iter().enumerate() {
                let event = of(plan.as_deref(), session.as_deref(), run.as_deref());
                if kind > 0 {
                    open.add(&event, at);
                    live.push((at, event));
                    continue;
                }
                let agree = |a: &Option<String>, b: &Option<String>| {
                    a.is_none() || b.is_none() || a == b
                };
                let fits = |(_, begun): &&(usize, EventEnvelope)| {
                    agree(&begun.plan_id, &event.plan_id)
                        && agree(&begun.session_id, &event.session_id)
                };
                let same_run = |(_, begun): &&(usize, EventEnvelope)| {
                    run.is_some() && begun.correlation_id == run
                };
                let fitting = || live.iter().rev().filter(fits);
                let chosen = fitting().find(same_run).or_else(|| fitting().next());
                let chosen = chosen.map(|(at, _)| *at);
                prop_assert_eq!(open.find(&event).and_then(|found| open.take(found)), chosen);
                live.retain(|(at, _)| Some(*at) != chosen);
            }
            let left: Vec<usize> = live.into_iter().map(|(at, _)| at).collect();
            prop_assert_eq!(open.into_all().collect::<Vec<_>>(), left);
        }
    }

    fn name(kind: &'static str) -> impl Strategy<Value = Option<String>> {
        prop::option::of((0..2_u8).prop_map(move |n| format!("{kind}{n}")))
    }
}

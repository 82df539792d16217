//! What is left on record, held against what was promised while it was written.
//!
//! Deliberately absent: opening and reading it; see `run`.

use std::collections::{BTreeMap, BTreeSet};

use domain::RecordedEvent;
use indelible_fault_vfs::Moment;

use super::breach::{Breach, Found};
use super::ledger::{Emission, Ledger};

/// What is wrong with the entries that were left when everything stopped at a moment.
pub(super) fn problems(ledger: &Ledger, at: Moment, left: &[RecordedEvent]) -> Vec<Found> {
    let mut problems = Vec::new();
    let starts = ledger.starts(at);
    let first = left.first().map_or(starts[0], |event| event.sequence.0);
    if !starts.contains(&first) {
        let what = format!("the record begins at {first}, and not at one of {starts:?}");
        problems.push(Breach::Gap.of(what));
    }
    for (place, event) in (first..).zip(left) {
        if event.sequence.0 != place {
            let what = format!("the record has a gap: {} follows {}", event.sequence, place - 1);
            problems.push(Breach::Gap.of(what));
            break;
        }
    }
    let mut found: BTreeMap<&str, &RecordedEvent> = BTreeMap::new();
    for event in left {
        if let Some(other) = found.insert(&event.envelope.event_id, event) {
            let id = &event.envelope.event_id;
            let what = format!("{id} is there twice: {} and {}", other.sequence, event.sequence);
            problems.push(Breach::NotOnce.of(what));
        }
    }
    for (envelope, receipt) in ledger.acked(at).filter(|(_, receipt)| receipt.sequence.0 >= first) {
        let id = &envelope.event_id;
        match found.get(&**id) {
            None => problems.push(
                Breach::Lost.of(format!("{id}, acknowledged at {}, is lost", receipt.sequence)),
            ),
            Some(event) if event.sequence != receipt.sequence => problems.push(Breach::NotOnce.of(
                format!("{id}, acknowledged at {}, is at {}", receipt.sequence, event.sequence),
            )),
            Some(event) if event.recorded_at != receipt.recorded_at => {
                problems.push(Breach::OtherTime.of(format!(
                    "{id} was recorded at {}, and its receipt says {}",
                    event.recorded_at, receipt.recorded_at
                )));
            }
            Some(_) => {}
        }
    }
    let mut known = BTreeSet::new();
    for emission in ledger.emissions.iter().filter(|emission| emission.begun < at) {
        known.extend(emission.events.iter().map(|event| &*event.event_id));
        problems.extend(problem_with_batch(emission, &found, first));
    }
    for id in found.keys().filter(|id| !known.contains(**id)) {
        problems
            .push(Breach::NotOnce.of(format!("{id} is on record, and nobody had emitted it yet")));
    }
    problems
}

/// A batch is there whole, in its order and as it was emitted, or not at all; but its beginning may
/// have been removed as old.
fn problem_with_batch(
    emission: &Emission,
    found: &BTreeMap<&str, &RecordedEvent>,
    first: u64,
) -> Option<Found> {
    let there: Vec<(usize, &RecordedEvent)> = emission
        .events
        .iter()
        .enumerate()
        .filter_map(|(place, event)| Some((place, *found.get(&*event.event_id)?)))
        .collect();
    let (begin, earliest) = there.first()?;
    let id = &earliest.envelope.event_id;
    if there.len() != emission.events.len() - begin {
        let (there, of) = (there.len(), emission.events.len());
        let what = format!("of the batch from {id} on only {there} of {of} events are there");
        return Some(Breach::Torn.of(what));
    }
    if *begin > 0 && earliest.sequence.0 != first {
        let what = format!("the batch that {id} belongs to lacks its beginning");
        return Some(Breach::Torn.of(what));
    }
    let torn = there.iter().find(|(place, event)| {
        event.envelope != emission.events[*place]
            || event.sequence.0 != earliest.sequence.0 + (place - begin) as u64
    });
    torn.map(|(_, event)| {
        let id = &event.envelope.event_id;
        let what = format!("{id} is not what was emitted, or not where it belongs: it is torn");
        Breach::Torn.of(what)
    })
}

#[cfg(test)]
mod tests;

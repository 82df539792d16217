//! Why an expectation was not met: which edge is missing on an event's way from its emitter to the
//! row and to a subscriber, and what comes closest to what was expected.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use application::delivery::Standing;
use domain::{EmitError, EventEnvelope, Receipt, RecordedEvent, Sequence, SubscriptionName};

use super::conditions::Conditions;
use super::counted::Place;
use super::timeline::{EmitNumber, Handling, Happening, Offered, SubscriptionNumber, Timeline};
use super::told::not_told;
use crate::expect::chain;

/// A timeline under its heading.
pub(super) fn titled(timeline: &Timeline) -> String {
    format!("what happened:\n{timeline}")
}

/// Every handler that did not return, in words, of a scenario that is at rest: one that was handed
/// an event and has neither returned nor failed was given up.
pub(super) fn failures(happenings: &[Happening]) -> Vec<String> {
    let mut failed: BTreeMap<(SubscriptionNumber, Sequence), String> = BTreeMap::new();
    for happening in happenings {
        match happening {
            Happening::Handed { subscription, event, .. } => {
                failed
                    .insert((*subscription, event.sequence), format!("{happening}, and given up"));
            }
            Happening::Handled { subscription, event, outcome, .. } => {
                let call = (*subscription, event.sequence);
                match outcome {
                    Handling::Done => failed.remove(&call),
                    _ => failed.insert(call, happening.to_string()),
                };
            }
            _ => {}
        }
    }
    failed.into_values().collect()
}

/// What has begun and not ended.
pub(super) fn under_way(
    happenings: &[Happening],
    durable: &[(SubscriptionName, Standing)],
) -> String {
    let mut emits: BTreeMap<EmitNumber, String> = BTreeMap::new();
    let mut calls: BTreeMap<(SubscriptionNumber, Sequence), String> = BTreeMap::new();
    for happening in happenings {
        match happening {
            Happening::Emitted { emit, events } => {
                let types: Vec<&str> = events.iter().map(|one| one.event_type.as_str()).collect();
                emits.insert(*emit, format!("emit {emit} of {} waits", types.join(", ")));
            }
            Happening::Acknowledged { emit, .. }
            | Happening::Refused { emit, .. }
            | Happening::GivenUp { emit } => {
                emits.remove(emit);
            }
            Happening::Handed { subscription, name, event, .. } => {
                let text = format!("`{name}` has not returned from event {}", event.sequence);
                calls.insert((*subscription, event.sequence), text);
            }
            Happening::Handled { subscription, event, .. } => {
                calls.remove(&(*subscription, event.sequence));
            }
            _ => {}
        }
    }
    // Which of them lag is not known here; one that works is where to look.
    let working = durable.iter().filter_map(|(name, standing)| match standing {
        Standing::Working { looked, under_way } => Some(format!(
            "the durable subscription `{name}` has looked at the record up to {looked}, with \
             {under_way} under way"
        )),
        Standing::Starting => Some(format!("the durable subscription `{name}` has not begun")),
        _ => None,
    });
    let all: Vec<String> = emits.into_values().chain(calls.into_values()).chain(working).collect();
    if all.is_empty() { "events are waiting for a subscriber".to_owned() } else { all.join("; ") }
}

/// Events that were refused, and whether they are meant.
pub(super) struct Refusals<'a> {
    /// Those that are: what was handed to `emit`, where that can be written down, and the reason.
    pub(super) meant: Vec<(Option<&'a EventEnvelope>, &'a EmitError)>,
    /// How many of the type cannot be written down, so that no condition can be asked of them.
    pub(super) unclear: usize,
}

/// The events of the type that were refused.
pub(super) fn refusals<'a>(conditions: &Conditions, happenings: &'a [Happening]) -> Refusals<'a> {
    let (mut meant, mut unclear) = (Vec::new(), 0);
    for (events, end) in emits(happenings) {
        let Some(End::Refused(error)) = end else { continue };
        for event in events.iter().filter(|it| it.event_type.as_str() == conditions.event_type()) {
            match &event.envelope {
                Some(envelope) if conditions.meet(envelope) => meant.push((Some(envelope), error)),
                Some(_) => {}
                None if conditions.are_none() => meant.push((None, error)),
                None => unclear += 1,
            }
        }
    }
    Refusals { meant, unclear }
}

/// How an emit ended.
enum End<'a> {
    Acknowledged(&'a [Receipt]),
    Refused(&'a EmitError),
    GivenUp,
}

/// Every emit and how it ended.
fn emits(happenings: &[Happening]) -> impl Iterator<Item = (&[Offered], Option<End<'_>>)> {
    let mut ends: HashMap<EmitNumber, End<'_>> = HashMap::new();
    for happening in happenings {
        match happening {
            Happening::Acknowledged { emit, receipts } => {
                ends.insert(*emit, End::Acknowledged(receipts));
            }
            Happening::Refused { emit, error } => {
                ends.insert(*emit, End::Refused(error));
            }
            Happening::GivenUp { emit } => {
                ends.insert(*emit, End::GivenUp);
            }
            _ => {}
        }
    }
    happenings.iter().filter_map(move |happening| match happening {
        Happening::Emitted { emit, events } => Some((&**events, ends.remove(emit))),
        _ => None,
    })
}

/// Why events are not where they were expected, or are there too often.
pub(super) fn missing(
    conditions: &Conditions,
    place: &Place,
    rows: &[RecordedEvent],
    happenings: &[Happening],
) -> String {
    let meant: Vec<&RecordedEvent> =
        rows.iter().filter(|row| conditions.meet(&row.envelope)).collect();
    let mut lines = Vec::new();
    if meant.is_empty() {
        lines.extend(not_on_record(conditions, rows, happenings));
    } else {
        let places: Vec<String> = meant.iter().map(|row| row.sequence.to_string()).collect();
        lines.push(format!("On record as {}.", places.join(", ")));
        // What was acknowledged and is not there is missing however many others are.
        lines.extend(acknowledged_without_a_row(conditions, rows, happenings));
    }
    if let Place::HandledBy(who) | Place::FailedIn(who) = place {
        lines.extend(not_told(who, &meant, happenings));
    }
    lines.join("\n")
}

/// Why there is no such row.
fn not_on_record(
    conditions: &Conditions,
    rows: &[RecordedEvent],
    happenings: &[Happening],
) -> Vec<String> {
    let mut lines = Vec::new();
    let mut offered = 0;
    for (events, end) in emits(happenings) {
        let meant = events
            .iter()
            .filter(|event| event.envelope.as_ref().is_some_and(|it| conditions.meet(it)))
            .count();
        offered += meant;
        match end {
            Some(End::Refused(error)) if meant > 0 => lines.push(format!(
                "Missing edge: event → row. It was emitted, and refused: {}.",
                chain(error)
            )),
            Some(End::GivenUp) if meant > 0 => lines.push(
                "Missing edge: event → row. Its emitter went away before it was on record."
                    .to_owned(),
            ),
            None if meant > 0 => {
                lines.push("Missing edge: event → row. Its emit has not returned.".to_owned());
            }
            _ => {}
        }
    }
    lines.extend(acknowledged_without_a_row(conditions, rows, happenings));
    if offered == 0 {
        lines.push(format!("Missing edge: emitter → event. No {conditions} was emitted."));
        lines.extend(closest(conditions, rows, happenings));
    } else if lines.is_empty() {
        lines.push(
            "Missing edge: event → row. It was emitted and recorded, but what is on record differs."
                .to_owned(),
        );
        lines.extend(closest(conditions, rows, &[]));
    }
    lines
}

/// Events that meet the conditions, for which there is a receipt, and no row of that id.
fn acknowledged_without_a_row(
    conditions: &Conditions,
    rows: &[RecordedEvent],
    happenings: &[Happening],
) -> Vec<String> {
    let there: BTreeSet<(Sequence, &str)> =
        rows.iter().map(|row| (row.sequence, row.envelope.event_id.as_str())).collect();
    let mut lines = Vec::new();
    for (events, end) in emits(happenings) {
        let Some(End::Acknowledged(receipts)) = end else { continue };
        for (event, receipt) in events.iter().zip(receipts) {
            let meant = event.envelope.as_ref().is_some_and(|it| conditions.meet(it));
            if meant && !there.contains(&(receipt.sequence, receipt.event_id.as_str())) {
                lines.push(format!(
                    "Missing edge: event → row. It was acknowledged as {}, and the audit log has \
                     no such row: the audit log lost it, or retention removed it.",
                    receipt.sequence
                ));
            }
        }
    }
    lines
}

/// Events of the type that lack something, on record or merely emitted.
fn closest(
    conditions: &Conditions,
    rows: &[RecordedEvent],
    happenings: &[Happening],
) -> Vec<String> {
    let on_record = rows
        .iter()
        .filter_map(|row| {
            let misfits = conditions.misfits(&row.envelope)?;
            Some((misfits, format!("on record as {}", row.sequence)))
        })
        .filter(|(misfits, _)| !misfits.is_empty());
    let emitted = emits(happenings)
        .filter(|(_, end)| !matches!(end, Some(End::Acknowledged(_))))
        .flat_map(|(events, _)| events)
        .filter_map(|event| conditions.misfits(event.envelope.as_ref()?))
        .map(|misfits| (misfits, "emitted, and not on record".to_owned()));
    let mut near: Vec<_> = on_record.chain(emitted).collect();
    near.sort_by_key(|(misfits, _)| misfits.len());
    let line = |(misfits, place): &(Vec<String>, String)| {
        format!("Close to it: a `{}` {place}, but {}.", conditions.event_type(), misfits.join(", "))
    };
    near.iter().take(3).map(line).collect()
}

/// Why something was not refused.
pub(super) fn not_refused(
    conditions: &Conditions,
    rows: &[RecordedEvent],
    happenings: &[Happening],
) -> String {
    let on_record = rows.iter().find(|row| conditions.meet(&row.envelope));
    match on_record {
        Some(row) => format!("It was not refused: it is on record as {}.", row.sequence),
        None => not_on_record(conditions, rows, happenings).join("\n"),
    }
}

//! Why a subscriber was not told of what is on record, or what came of it.

use std::collections::{BTreeMap, BTreeSet};

use domain::{AuditFilter, RecordedEvent, Sequence};

use super::timeline::{Handling, Happening, SubscriptionNumber};

/// A subscription, as the timeline tells of it.
struct Told<'a> {
    wants: &'a AuditFilter,
    has_predicate: bool,
    left: bool,
    handed: BTreeMap<Sequence, Option<&'a Handling>>,
}

/// Why a subscriber was not told of these rows, or what came of it.
pub(super) fn not_told(
    who: &str,
    meant: &[&RecordedEvent],
    happenings: &[Happening],
) -> Vec<String> {
    let mut subscriptions: BTreeMap<SubscriptionNumber, Told<'_>> = BTreeMap::new();
    let mut names = BTreeSet::new();
    for happening in happenings {
        match happening {
            Happening::Subscribed { subscription, name, wants, has_predicate } => {
                names.insert(name.as_str());
                if name == who {
                    let (has_predicate, left, handed) = (*has_predicate, false, BTreeMap::new());
                    subscriptions
                        .insert(*subscription, Told { wants, has_predicate, left, handed });
                }
            }
            Happening::Left { subscription, .. } => {
                if let Some(told) = subscriptions.get_mut(subscription) {
                    told.left = true;
                }
            }
            Happening::Handed { subscription, event, .. } => {
                if let Some(told) = subscriptions.get_mut(subscription) {
                    told.handed.insert(event.sequence, None);
                }
            }
            Happening::Handled { subscription, event, outcome, .. } => {
                if let Some(told) = subscriptions.get_mut(subscription) {
                    told.handed.insert(event.sequence, Some(outcome));
                }
            }
            _ => {}
        }
    }
    if subscriptions.is_empty() {
        let names: Vec<&str> = names.into_iter().collect();
        let known = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
        return vec![format!(
            "Missing edge: event → subscriber. Nobody named `{who}` has subscribed; {known} has."
        )];
    }
    let mut lines = Vec::new();
    for row in meant {
        for (number, told) in &subscriptions {
            lines.push(format!(
                "Event {} and `{who}` (#{number}): {}",
                row.sequence,
                told.fate(row)
            ));
        }
    }
    lines
}

impl Told<'_> {
    /// What became of a row here.
    fn fate(&self, row: &RecordedEvent) -> String {
        match self.handed.get(&row.sequence) {
            Some(Some(Handling::Done)) => "handled.".to_owned(),
            Some(Some(Handling::Failed(why))) => format!("handed over, and it failed: {why}."),
            Some(Some(Handling::Panicked(why))) => format!("handed over, and it panicked: {why}."),
            Some(Some(Handling::Abandoned)) => {
                "handed over, and given up in the middle.".to_owned()
            }
            Some(None) => "handed over, and it has not returned.".to_owned(),
            None if !self.wants.matches(row) => {
                "missing edge: event → subscriber. Its filter does not want it.".to_owned()
            }
            None if self.left => "missing edge: event → subscriber. It was not told of it before \
                                  it left."
                .to_owned(),
            None if self.has_predicate => "missing edge: event → subscriber. It subscribed after \
                                           it, or its predicate does not accept it."
                .to_owned(),
            None => "missing edge: event → subscriber. It subscribed after it.".to_owned(),
        }
    }
}

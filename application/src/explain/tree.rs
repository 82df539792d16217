//! The tree that follows from what the events of a run say of their causes.
//!
//! An event's cause is known by its id alone, and an id is unique within its source only. Of several
//! events with that id, one of the same source is taken, then the nearest before the effect.
//!
//! Deliberately absent: recursion. A run may be a chain of a million events.

use std::collections::HashMap;

use domain::Sequence;

use super::Node;

/// What is known of an event's cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It names none.
    None,
    /// It is this node.
    Known(usize),
    /// It is this node, which in turn follows from it: somebody lied. The event stands as a root.
    Circle(usize),
    /// It is on record, and not among the nodes: it belongs to another run, or was left out.
    Elsewhere {
        /// The cause's place on record.
        sequence: Sequence,
        /// The run that it belongs to.
        correlation_id: Option<String>,
    },
    /// It is not on record: it was pruned, or never recorded.
    NotOnRecord,
}

/// How a node stands below the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It is nobody's effect.
    Root,
    /// It is its cause's only effect.
    Only,
    /// It is one of several effects, and not the last.
    Middle,
    /// It is the last of several effects.
    Last,
}

/// Which node stands below which, by their places in the list of nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    /// For each node, its cause.
    pub causes: Vec<Cause>,
    /// For each node, its effects in the order of the record.
    pub effects: Vec<Vec<usize>>,
    /// The nodes that are nobody's effect, in the order of the record.
    pub roots: Vec<usize>,
}

impl Tree {
    /// The tree of these nodes, which are in the order of the record. `elsewhere` says what is known
    /// of a cause that is not among them.
    #[must_use]
    pub fn of(nodes: &[Node], elsewhere: impl Fn(&Node, &str) -> Cause) -> Self {
        let mut by_id: HashMap<&str, Vec<usize>> = HashMap::new();
        for (n, node) in nodes.iter().enumerate() {
            by_id.entry(&node.event_id).or_default().push(n);
        }
        let cause = |node: &Node| {
            let Some(id) = node.causation_id.as_deref() else { return Cause::None };
            let called = by_id.get(id).map_or(&[][..], Vec::as_slice);
            let candidates = called.iter().map(|n| (&*nodes[*n].source, nodes[*n].sequence, *n));
            nearest(candidates, node).map_or_else(|| elsewhere(node, id), Cause::Known)
        };
        let mut causes: Vec<Cause> = nodes.iter().map(cause).collect();
        break_circles(&mut causes);
        let mut effects = vec![Vec::new(); nodes.len()];
        let mut roots = Vec::new();
        for (n, cause) in causes.iter().enumerate() {
            match cause {
                Cause::Known(cause) => effects[*cause].push(n),
                _ => roots.push(n),
            }
        }
        Self { causes, effects, roots }
    }

    /// The nodes as they are written one below the other: a cause before its effects, and the effects
    /// of one before those of the next. With each its depth, in which an only effect is as deep as
    /// its cause, so that a long chain stays in sight.
    pub fn walk(&self) -> impl Iterator<Item = (usize, usize, Place)> + '_ {
        let mut left: Vec<_> = self.roots.iter().rev().map(|n| (*n, 0, Place::Root)).collect();
        std::iter::from_fn(move || {
            let (node, depth, place) = left.pop()?;
            match &*self.effects[node] {
                [] => {}
                [only] => left.push((*only, depth, Place::Only)),
                [before @ .., last] => {
                    left.push((*last, depth + 1, Place::Last));
                    let before = before.iter().rev();
                    left.extend(before.map(|n| (*n, depth + 1, Place::Middle)));
                }
            }
            Some((node, depth, place))
        })
    }
}

/// Of candidates, each with its source and its place on record, the one that an effect means.
pub(super) fn nearest<'a, C>(
    candidates: impl Iterator<Item = (&'a str, Sequence, C)>,
    effect: &Node,
) -> Option<C> {
    let likeness = |(source, sequence, _): &(&str, Sequence, C)| {
        let before = *sequence < effect.sequence;
        let distance = sequence.0.abs_diff(effect.sequence.0);
        (*source == effect.source, before, std::cmp::Reverse(distance))
    };
    candidates.max_by_key(likeness).map(|(_, _, candidate)| candidate)
}

/// Makes the first event of every circle a root.
fn break_circles(causes: &mut [Cause]) {
    /// Not looked at, on the way that is being gone, or known to lead to a root.
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        OnTheWay,
        Done,
    }
    let mut states = vec![State::New; causes.len()];
    for start in 0..causes.len() {
        let mut way = Vec::new();
        let mut here = start;
        while states[here] == State::New {
            states[here] = State::OnTheWay;
            way.push(here);
            let Cause::Known(cause) = causes[here] else { break };
            here = cause;
        }
        let closes = matches!(causes[here], Cause::Known(_)) && states[here] == State::OnTheWay;
        if closes {
            let circle = way.iter().skip_while(|n| **n != here);
            // The circle holds `here` at least.
            let first = circle.min().copied().unwrap_or(here);
            if let Cause::Known(cause) = causes[first] {
                causes[first] = Cause::Circle(cause);
            }
        }
        for n in way {
            states[n] = State::Done;
        }
    }
}

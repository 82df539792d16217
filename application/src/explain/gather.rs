//! Gathering the events of one run of work, and what became of the work in it.
//!
//! Deliberately absent: more than the caller allows. What is left out is counted.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

use domain::audit::Page;
use domain::ports::QueryError;
use domain::{AuditQuery, Catalogue, RecordedEvent, Sequence};
use futures::TryStreamExt;

use super::question::of_run;
use super::tree::nearest;
use super::{Cause, Node, Outcome, Question, Tree, causes};
use crate::read_all;
use crate::work::{Matching, Step, Took};

/// How much is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Events of the run that are kept, the first on record; all where `None`. The event that was
    /// asked for is kept in any case.
    pub events: Option<usize>,
    /// Entries after an event in which its effects are sought where it belongs to no run; all where
    /// `None`.
    pub scan: Option<u64>,
}

/// A run of work and its tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The run, where it has a name.
    pub correlation: Option<String>,
    /// The event that was asked for, where it was one.
    pub asked: Option<Sequence>,
    /// Its events, in the order of the record.
    pub nodes: Vec<Node>,
    /// Which of them caused which, by their places in `nodes`.
    pub tree: Tree,
    /// Events of the run beyond the limit.
    pub omitted: u64,
    /// The last entry in which effects were sought, where the record goes on after it.
    pub sought_through: Option<Sequence>,
}

/// A run as it is being gathered.
struct Run<F> {
    matching: Matching<Sequence>,
    nodes: Vec<Node>,
    places: HashMap<Sequence, usize>,
    limit: usize,
    asked: Option<Sequence>,
    omitted: u64,
    brief: F,
}

impl<F: Fn(&RecordedEvent) -> String> Run<F> {
    /// Takes the next event of the run, in the order of the record.
    fn take(&mut self, event: &RecordedEvent) {
        if self.places.contains_key(&event.sequence) {
            return;
        }
        let mut node = None;
        match self.matching.take(event, |_| event.sequence) {
            Step::Opened | Step::Reopened => node = Some(Outcome::Open),
            Step::Ended { begun, completed } => {
                if let Some(begun) = self.places.get(&begun).map(|n| &mut self.nodes[*n]) {
                    let took = Took::between(begun.occurred_at, &event.envelope);
                    begun.outcome = Some(Outcome::Ended { by: event.sequence, completed, took });
                }
            }
            Step::Continued | Step::Unmatched { .. } | Step::Unrelated => {}
        }
        if self.nodes.len() >= self.limit && self.asked != Some(event.sequence) {
            self.omitted += 1;
            return;
        }
        self.places.insert(event.sequence, self.nodes.len());
        self.nodes.push(Node { outcome: node, ..Node::of(event, (self.brief)(event)) });
    }
}

/// The run of work that a question is about. `brief` puts a payload in short.
///
/// An event that belongs to no run is explained by its causes, upwards, and by its effects, which are
/// sought in the entries after it.
///
/// # Errors
/// When the record cannot be read.
pub async fn explain<L: AuditQuery + ?Sized>(
    log: Arc<L>,
    catalogue: Catalogue,
    question: Question,
    limits: Limits,
    brief: impl Fn(&RecordedEvent) -> String,
) -> Result<Explanation, QueryError> {
    let asked = question.event.as_ref().map(|event| event.sequence);
    let limit = limits.events.unwrap_or(usize::MAX).max(1);
    let mut run = Run {
        matching: Matching::new(catalogue),
        nodes: Vec::new(),
        places: HashMap::new(),
        limit,
        asked,
        omitted: 0,
        brief,
    };
    let mut sought_through = None;
    if let Some(correlation) = &question.correlation {
        // The event that the run is named after began it, and may say of no run that it is its own.
        let first = log.by_event_id(correlation).await?;
        first
            .iter()
            .filter(|event| event.envelope.correlation_id.is_none())
            .for_each(|event| run.take(event));
        let mut events =
            pin!(read_all(Arc::clone(&log), of_run(correlation), Page::first(0), None));
        while let Some(event) = events.try_next().await? {
            run.take(&event);
        }
    } else if let Some(event) = question.event {
        for event in causes::upwards(&log, event.clone(), limit).await? {
            run.take(&event);
        }
        sought_through =
            causes::downwards(&log, &event, limits.scan, |event| run.take(event)).await?;
    }
    let Run { mut nodes, omitted, .. } = run;
    nodes.sort_by_key(|node| node.sequence);
    let elsewhere = causes_elsewhere(&log, &nodes).await?;
    let tree = Tree::of(&nodes, |effect, cause| {
        let called = elsewhere.get(cause).map_or(&[][..], Vec::as_slice);
        let candidates = called.iter().map(|cause| (&*cause.source, cause.sequence, cause));
        nearest(candidates, effect).map_or(Cause::NotOnRecord, |cause| Cause::Elsewhere {
            sequence: cause.sequence,
            correlation_id: cause.correlation_id.clone(),
        })
    });
    Ok(Explanation {
        correlation: question.correlation,
        asked,
        nodes,
        tree,
        omitted,
        sought_through,
    })
}

/// The causes that are named and are not among the nodes, by their ids, as far as they are on record.
async fn causes_elsewhere<L: AuditQuery + ?Sized>(
    log: &Arc<L>,
    nodes: &[Node],
) -> Result<HashMap<String, Vec<Node>>, QueryError> {
    let mut found: HashMap<String, Vec<Node>> =
        nodes.iter().map(|node| (node.event_id.clone(), Vec::new())).collect();
    for cause in nodes.iter().filter_map(|node| node.causation_id.as_ref()) {
        if !found.contains_key(cause) {
            let called = log.by_event_id(cause).await?;
            let called = called.iter().map(|event| Node::of(event, String::new())).collect();
            found.insert(cause.clone(), called);
        }
    }
    Ok(found)
}

//! The one task that decides the order: it takes what waits and has it recorded.
//!
//! Deliberately absent: a timer. A lone emitter waits for nobody; while one batch is being recorded
//! the next one gathers by itself.

use std::ops::Range;
use std::sync::Arc;

use super::committing::{Group, Job};
use super::growth::Growth;
use super::shared::Shared;
use crate::sync::mpsc::Receiver;
use crate::sync::{CancellationToken, yield_now};

/// How often emitters that could run are let in before a batch is recorded.
const ROUNDS: usize = 3;

/// Records what comes until `stop`, or until the bus is dropped; then what was accepted, and then
/// tells every reader that nothing more will come.
pub(super) async fn run(
    shared: Arc<Shared>,
    mut queue: Receiver<Job>,
    stop: CancellationToken,
    max_batch: usize,
) {
    let _closing = Closing(&shared);
    let mut growth = Growth::default();
    let mut carried = None;
    loop {
        let first = match carried.take() {
            Some(job) => job,
            None => match next(&mut queue, &stop, &shared, &mut growth).await {
                Some(job) => job,
                None => break,
            },
        };
        let (batch, left) = gather(first, &mut queue, max_batch).await;
        carried = left;
        shared.counts.measures.waiting(queue.len());
        for group in Group::divide(batch) {
            group.commit(&shared, &mut growth.newest).await;
        }
    }
}

/// Tells every reader that nothing more will come, however the sequencer ends.
struct Closing<'a>(&'a Shared);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.readers.close();
    }
}

/// Waits for an emit; `None` when none will come. Streams are told meanwhile of what others have
/// added to the record: here and nowhere else, since here everything of this bus has been handed on.
async fn next(
    queue: &mut Receiver<Job>,
    stop: &CancellationToken,
    shared: &Shared,
    growth: &mut Growth,
) -> Option<Job> {
    while !queue.is_closed() {
        tokio::select! {
            biased;
            () = stop.cancelled() => queue.close(),
            job = queue.recv() => return job,
            () = growth.noticed_soundly(shared) => {}
        }
    }
    // Closed: what emitters have already put in, or have a place for, still comes.
    queue.recv().await
}

/// Takes what waits, up to `max_batch` events, and what did not fit. As long as more arrives,
/// emitters that could run are let in, a few times.
async fn gather(
    first: Job,
    queue: &mut Receiver<Job>,
    max_batch: usize,
) -> (Vec<Job>, Option<Job>) {
    let mut events = first.entries.len();
    let mut batch = vec![first];
    for round in 0..=ROUNDS {
        let before = batch.len();
        while events < max_batch {
            let Ok(job) = queue.try_recv() else { break };
            events += job.entries.len();
            if events > max_batch {
                return (batch, Some(job));
            }
            batch.push(job);
        }
        if !lets_in_more(round, before..batch.len(), events < max_batch) {
            break;
        }
        yield_now().await;
    }
    (batch, None)
}

/// Whether emitters that could run are let in once more, after a round in which these have come: those
/// of the first had waited already.
fn lets_in_more(round: usize, came: Range<usize>, has_room: bool) -> bool {
    has_room && round < ROUNDS && (round == 0 || !came.is_empty())
}

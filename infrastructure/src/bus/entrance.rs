//! The way in: an emit from its draft to its receipts.
//!
//! Deliberately absent: the order, which the sequencer makes, and everybody who is told afterwards.

use std::sync::Arc;

use async_trait::async_trait;
use domain::ports::EmitBatch;
use domain::{EmitError, EventDraft, Receipt};
use tracing::{Instrument, Span};

use super::committing::{Answer, Job};
use super::recorders::Recorders;
use super::sealing::Sealer;
use super::shared::Shared;
use super::spans::emit_span;
use crate::sync::{CancellationToken, mpsc, oneshot};

/// The way in. It holds the only sending end of the queue, so that the sequencer and with it
/// everything else ends when it goes.
pub(super) struct Entrance {
    pub(super) shared: Arc<Shared>,
    pub(super) queue: mpsc::Sender<Job>,
    pub(super) recorders: Recorders,
    pub(super) sealer: Sealer,
    /// Once it is cancelled, nothing is let in any more.
    pub(super) stop: CancellationToken,
}

/// A job, and where its answer will come.
type Sealed = (Job, oneshot::Receiver<Answer>);

impl Entrance {
    /// Seals a batch; `None` when there is nothing in it.
    fn seal(&self, drafts: Vec<EventDraft>, span: Span) -> Result<Option<Sealed>, EmitError> {
        if self.stop.is_cancelled() {
            return Err(EmitError::ShutDown);
        }
        let Some(attached) = self.recorders.of_batch(&drafts)? else { return Ok(None) };
        let now = self.shared.clock.now();
        let entries = drafts
            .into_iter()
            .map(|draft| self.sealer.seal(draft, now, &attached))
            .collect::<Result<_, _>>()?;
        let (answer, receipts) = oneshot::channel();
        let busy = self.shared.rest.begin();
        Ok(Some((Job { attached, entries, answer, busy, span }, receipts)))
    }
}

#[async_trait]
impl EmitBatch for Entrance {
    async fn emit_batch(&self, drafts: Vec<EventDraft>) -> Result<Vec<Receipt>, EmitError> {
        let span = emit_span(&drafts);
        self.emit_sealed(drafts, span.clone()).instrument(span).await
    }
}

impl Entrance {
    async fn emit_sealed(
        &self,
        drafts: Vec<EventDraft>,
        span: Span,
    ) -> Result<Vec<Receipt>, EmitError> {
        let events = drafts.len();
        self.shared.counts.measures.emitted(events);
        let refuse = |error| {
            self.shared.counts.refused.add(events);
            error
        };
        let Some((job, receipts)) = self.seal(drafts, span).map_err(refuse)? else {
            return Ok(Vec::new());
        };
        self.queue.send(job).await.map_err(|_| refuse(EmitError::ShutDown))?;
        // Without an answer only when the runtime under the bus has been torn down.
        receipts.await.unwrap_or(Err(EmitError::ShutDown))
    }
}

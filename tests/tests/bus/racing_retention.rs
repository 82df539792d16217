//! Retention at the worst of moments: between two questions that a reader which has fallen behind
//! asks the record.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::audit::{Page, Tally, TallyBy};
use domain::ports::Inspection;
use domain::{
    AppendError, AuditAppend, AuditEntry, AuditFilter, AuditInspect, AuditLog, AuditQuery,
    AuditRetention, Emit, EventFilter, LogSpan, QueryError, Receipt, RecordedEvent, RetentionError,
    Sequence, StartAt,
};
use futures::StreamExt;
use indelible_tests::expect::{must, soon};
use indelible_tests::stage::{Stage, memory_log, plan, tool};
use infrastructure::bus::BusSettings;

/// A log that loses its entries up to 8 just before it answers the second question, and that may be
/// told to fail over its ends once.
struct Racing {
    inner: Arc<dyn AuditLog>,
    asked: AtomicUsize,
    ends_fail: AtomicBool,
}

impl Racing {
    async fn before_answering(&self) {
        if self.asked.fetch_add(1, Ordering::SeqCst) == 1 {
            must(self.inner.remove_oldest(Sequence(8), 100).await);
        }
    }
}

#[async_trait]
impl AuditQuery for Racing {
    async fn page(
        &self,
        filter: &AuditFilter,
        page: Page,
    ) -> Result<Vec<RecordedEvent>, QueryError> {
        self.before_answering().await;
        self.inner.page(filter, page).await
    }

    async fn by_sequence(&self, sequence: Sequence) -> Result<Option<RecordedEvent>, QueryError> {
        self.inner.by_sequence(sequence).await
    }

    async fn by_event_id(&self, event_id: &str) -> Result<Vec<RecordedEvent>, QueryError> {
        self.inner.by_event_id(event_id).await
    }

    async fn span(&self) -> Result<LogSpan, QueryError> {
        // Who opens a stream asks for the ends as well; it is the reader that is raced.
        if self.asked.load(Ordering::SeqCst) == 0 {
            return self.inner.span().await;
        }
        self.before_answering().await;
        if self.ends_fail.swap(false, Ordering::SeqCst) {
            return Err(QueryError::Storage(Arc::new(std::fmt::Error)));
        }
        self.inner.span().await
    }

    async fn tally(&self, filter: &AuditFilter, by: TallyBy) -> Result<Vec<Tally>, QueryError> {
        self.inner.tally(filter, by).await
    }

    async fn last_recorded_before(
        &self,
        moment: DateTime<Utc>,
    ) -> Result<Option<Sequence>, QueryError> {
        self.inner.last_recorded_before(moment).await
    }

    async fn newer_than(&self, sequence: Sequence) -> Result<Sequence, QueryError> {
        self.inner.newer_than(sequence).await
    }
}

#[async_trait]
impl AuditAppend for Racing {
    async fn append(&self, batch: &[AuditEntry]) -> Result<Vec<Receipt>, AppendError> {
        self.inner.append(batch).await
    }
}

#[async_trait]
impl AuditRetention for Racing {
    async fn remove_oldest(
        &self,
        through: Sequence,
        limit: u32,
    ) -> Result<Option<domain::audit::retention::Prefix>, RetentionError> {
        self.inner.remove_oldest(through, limit).await
    }
}

#[async_trait]
impl AuditInspect for Racing {
    async fn inspect(&self) -> Result<Inspection, QueryError> {
        self.inner.inspect().await
    }
}

/// What a stream is told that has 1 in its buffer and 2 to 20 to read on record, of which it does
/// not want 2, so that the ends of the record are asked for: the events, the ends of what was
/// removed, and how often it failed otherwise.
async fn told(ends_fail: bool) -> (Vec<u64>, Vec<(u64, u64)>, usize) {
    let log = Racing {
        inner: memory_log().1,
        asked: AtomicUsize::new(0),
        ends_fail: AtomicBool::new(ends_fail),
    };
    let settings = BusSettings { reader_buffer: 1, ..BusSettings::default() };
    let stage = Stage::over(Arc::new(log), settings);
    stage.record_all();
    let mut stream = stage.bus.stream(EventFilter::context("tool"), StartAt::Now);
    must(stage.bus.emit(tool(1)).await);
    let mut batch: Vec<_> = (2..=20).map(tool).collect();
    batch[0] = plan(2);
    must(stage.bus.emit_batch(batch).await);
    let (mut events, mut removed, mut errors) = (Vec::new(), Vec::new(), 0);
    while events.last() != Some(&20) {
        match soon("the stream goes on", stream.next()).await {
            Some(Ok(event)) => events.push(event.sequence.0),
            Some(Err(QueryError::Removed { from, through })) => removed.push((from.0, through.0)),
            Some(Err(_)) => errors += 1,
            None => panic!("the stream ended"),
        }
    }
    (events, removed, errors)
}

#[tokio::test]
async fn what_was_read_before_it_was_removed_is_not_called_lost() {
    let (events, removed, errors) = told(false).await;
    assert_eq!(events, [1].into_iter().chain(3..=20).collect::<Vec<_>>());
    // Whether 2, which is not wanted, was still there cannot be told from what was found.
    assert_eq!((removed, errors), (vec![(2, 2)], 0));
}

#[tokio::test]
async fn a_record_whose_ends_cannot_be_read_is_asked_again_and_nothing_is_passed_over() {
    let (events, removed, errors) = told(true).await;
    // The page was read in vain: when it is asked for again, they are gone, and that is said.
    assert_eq!(events, [1].into_iter().chain(9..=20).collect::<Vec<_>>());
    assert_eq!((removed, errors), (vec![(2, 8)], 1));
}

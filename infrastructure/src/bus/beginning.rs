//! Where a stream begins, found out from the record.
//!
//! Deliberately absent: the end of the record as it is now, unless the log can tell it at once. Only
//! the sequencer can ask for it later and still say what came first, see `growth`.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use chrono::{DateTime, Utc};
use domain::{AuditLog, QueryError, Sequence, StartAt};
use futures::FutureExt;

use crate::sync::Handle;

/// A place in the past, and how to find it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Past {
    /// Before the oldest entry.
    Beginning,
    /// After this entry.
    After(Sequence),
    /// Before the first entry that was recorded then or later.
    Time(DateTime<Utc>),
}

/// Where a stream begins that begins in the past.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begin {
    /// With what follows this.
    pub(super) after: Sequence,
    /// The newest entry, read after the stream was opened.
    pub(super) end: Sequence,
}

impl Past {
    /// The place in the past that is meant; `None` for what begins now.
    pub(super) fn of(start: StartAt) -> Option<Self> {
        match start {
            StartAt::Now => None,
            StartAt::Beginning => Some(Self::Beginning),
            StartAt::After(sequence) => Some(Self::After(sequence)),
            StartAt::Time(moment) => Some(Self::Time(moment)),
        }
    }

    /// The moment before which nothing is wanted, also when it lies in the future.
    pub(super) fn not_before(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Time(moment) => Some(moment),
            Self::Beginning | Self::After(_) => None,
        }
    }

    /// Asks the record for it.
    pub(super) async fn find(self, log: &dyn AuditLog) -> Result<Begin, QueryError> {
        let known = match self {
            Self::Beginning => None,
            Self::After(sequence) => Some(sequence),
            Self::Time(moment) => log.last_recorded_before(moment).await?,
        };
        let span = log.span().await?;
        let end = span.last.map_or(Sequence(0), |(last, _)| last);
        let before_all = span.first.map_or(end, |(first, _)| Sequence(first.0.saturating_sub(1)));
        Ok(Begin { after: known.unwrap_or(before_all), end })
    }
}

/// The end of the record, where the log tells it without waiting, as one in memory does.
pub(super) fn end_at_once(log: &Arc<dyn AuditLog>, runtime: &Handle) -> Option<Sequence> {
    // A log may want to set a timer, wherever this is called from.
    let _within = runtime.enter();
    match log.span().poll_unpin(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(span)) => Some(span.last.map_or(Sequence(0), |(last, _)| last)),
        Poll::Ready(Err(_)) | Poll::Pending => None,
    }
}

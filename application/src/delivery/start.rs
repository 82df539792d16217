//! From where a subscription goes on, as a place on record.

use domain::ports::QueryError;
use domain::{AuditLog, Sequence, StartAt};

/// The entry after which a subscription goes on that is to begin `at`; never before what retention has
/// left, nor after the newest.
pub(super) async fn cursor(log: &dyn AuditLog, at: StartAt) -> Result<Sequence, QueryError> {
    let span = log.span().await?;
    let newest = span.last.map_or(Sequence(0), |(last, _)| last);
    let before_all = span.first.map_or(newest, |(first, _)| Sequence(first.0.saturating_sub(1)));
    Ok(match at {
        StartAt::Now => newest,
        StartAt::Beginning => before_all,
        StartAt::After(sequence) => sequence.clamp(before_all, newest.max(before_all)),
        StartAt::Time(moment) => {
            log.last_recorded_before(moment).await?.unwrap_or(before_all).max(before_all)
        }
    })
}

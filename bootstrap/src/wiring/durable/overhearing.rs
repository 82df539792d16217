//! Hearing of what people have other processes do to the subscriptions that run here.
//!
//! It is on the record before it is done, so that whoever listens to the record hears of it, and a
//! runner that has nothing to do need not ask its store time and again.
//!
//! Deliberately absent: doing it. A runner is nudged, and looks at its subscription for itself; one that
//! is never nudged does so when it renews its lease.

use std::sync::{Arc, Weak};
use std::time::Duration;

use domain::audit::Page;
use domain::ports::QueryError;
use domain::{AuditFilter, AuditLog, RecordedEvent, Sequence, SubscriptionName};

use super::DurableRunners;

/// How many entries are read at a time; there are hardly ever any.
const PAGE: u32 = 256;

/// How long nothing is heard after the record could not be read.
const DEAF: Duration = Duration::from_secs(1);

/// When a runner looks at its subscription after something was put on record about it, each counted from
/// the one before. What was put on record is done right after, by another process, which may be held up.
const LOOKS: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(20),
    Duration::from_millis(80),
    Duration::from_millis(400),
    Duration::from_millis(1500),
];

/// Nudges the runners that something on record after `seen` is about, until the record is closed.
pub(super) async fn overhear(
    runners: Weak<DurableRunners>,
    log: Arc<dyn AuditLog>,
    mut seen: Sequence,
) {
    loop {
        match heard(&*log, seen).await {
            Ok((through, names)) => {
                seen = through;
                for name in names {
                    tokio::spawn(nudge(Weak::clone(&runners), name));
                }
            }
            Err(QueryError::Closed) => return,
            Err(error) => {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "what other processes do to subscriptions is not heard of for the moment"
                );
                tokio::time::sleep(DEAF).await;
            }
        }
    }
}

/// Whom the entries after `seen` are about, once there are any, and how far they were read.
async fn heard(
    log: &dyn AuditLog,
    seen: Sequence,
) -> Result<(Sequence, Vec<SubscriptionName>), QueryError> {
    let newest = log.newer_than(seen).await?;
    let contexts = ["subscription", "dead_letter"].map(str::to_owned).to_vec();
    let filter = AuditFilter { contexts, ..AuditFilter::default() };
    let page = Page { before: Some(newest.next()), ..Page::after(seen, PAGE) };
    let entries = log.page(&filter, page).await?;
    let through = match entries.last() {
        Some(last) if entries.len() == PAGE as usize => last.sequence,
        _ => newest,
    };
    let mut names: Vec<SubscriptionName> = entries.iter().filter_map(about).collect();
    names.sort_unstable();
    names.dedup();
    Ok((through, names))
}

/// The subscription that an entry is about.
fn about(event: &RecordedEvent) -> Option<SubscriptionName> {
    let details = &event.envelope.details;
    let name = details.get("name").or_else(|| details.get("subscription"))?;
    name.as_str()?.parse().ok()
}

async fn nudge(runners: Weak<DurableRunners>, name: SubscriptionName) {
    for pause in LOOKS {
        tokio::time::sleep(pause).await;
        let Some(runners) = runners.upgrade() else { return };
        runners.nudge(&name);
    }
}

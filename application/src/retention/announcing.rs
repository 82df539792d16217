//! What is said on record of a run of retention: beforehand, and when it is over.
//!
//! Deliberately absent: removing anything.

use std::fmt::Write as _;

use domain::audit::retention::{Prefix, RetentionPolicy, RetentionRules};
use domain::events::{AuditPruneStarted, AuditPruned};
use domain::ports::{Archived, EmitError};
use domain::{Actor, Emit, EventBus, EventDraft, Receipt, Sequence};

/// Who says so.
pub(crate) fn actor() -> Actor {
    Actor::system("retention")
}

/// Said beforehand: what is gone then was removed by a run that is on record, also where the run is
/// killed, or goes on, while somebody looks.
pub(super) async fn begin(
    bus: &dyn EventBus,
    prefix: Prefix,
    rules: &RetentionRules,
) -> Result<Receipt, EmitError> {
    let event = AuditPruneStarted {
        from_sequence: prefix.from.0,
        to_sequence: prefix.through.0,
        older_than_days: shortest(rules),
    };
    bus.emit(EventDraft::from(event).by(actor())).await
}

/// Said of each range that is gone, or that nothing is, once the run is over. What was said beforehand is the
/// cause: where several are at work, it is known which of them is over.
pub(super) async fn over(
    bus: &dyn EventBus,
    (begun, announced): (Prefix, &Receipt),
    removed: &[Prefix],
    rules: &RetentionRules,
    archive: Option<&Archived>,
) -> Result<Vec<Receipt>, EmitError> {
    let ranges = removed.iter().map(|range| (range.from, range.through, range.entries()));
    // A run that has removed nothing is over as well.
    let nothing = (begun.from, Sequence(begun.from.0.saturating_sub(1)), 0);
    let nothing = removed.is_empty().then_some(nothing);
    let drafts = ranges.chain(nothing).map(|(from, through, entries)| {
        let event = AuditPruned {
            from_sequence: from.0,
            to_sequence: through.0,
            entries,
            older_than_days: shortest(rules),
            archive: archive.map(name),
            archive_digest: archive.map(|archive| hexadecimal(&archive.digest.0)),
        };
        EventDraft::from(event).by(actor()).caused_by(announced.event_id.as_str())
    });
    bus.emit_batch(drafts.collect()).await
}

/// How many days old whatever goes is at least: what the shortest policy lets go.
fn shortest(rules: &RetentionRules) -> u64 {
    match rules.policies().first() {
        Some(RetentionPolicy::KeepDays(days)) => u64::from(*days),
        Some(RetentionPolicy::KeepForEver) | None => 0,
    }
}

/// The name of an archive, without the folder it happens to lie in.
fn name(archive: &Archived) -> String {
    let name = archive.file.file_name().unwrap_or(archive.file.as_os_str());
    name.to_string_lossy().into_owned()
}

/// Bytes as `sha256sum` prints them.
fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

//! Intent and outcome: what was begun on the record, how it ended, and what never ended.
//!
//! Which types open and end work is declared with them; here it is folded over the record, page by
//! page, with nothing in memory but what is open and the sums.
//!
//! Deliberately absent: any state of its own. What is open follows from the record, each time it is
//! asked for.

mod durations;
mod matching;
mod open;
mod stats;

#[cfg(test)]
mod tests;

pub use durations::{Durations, Took};
pub use matching::{Matching, Step};
pub use open::{OpenWork, open_work};
pub use stats::{WorkBy, WorkReport, WorkStats, work_stats};

use domain::audit::{TimeSpan, TypePattern};
use domain::{AuditFilter, Catalogue};

/// The entries to read in order to tell what became of work whose beginning `filter` means: those of
/// the types that take part in it, whatever else they say. An end need not look like its beginning.
///
/// What was recorded before `filter` begins cannot be meant, nor end what is.
fn entries_of_work(
    catalogue: Catalogue,
    filter: &AuditFilter,
    opener: Option<&str>,
) -> AuditFilter {
    let takes_part = |work: domain::Work| opener.is_none_or(|opener| work.opener == opener);
    let types = catalogue
        .events()
        .filter(|event| event.work.is_some_and(takes_part))
        .map(|event| TypePattern::new(event.event_type))
        .collect();
    let recorded = TimeSpan { since: filter.recorded.since, until: None };
    AuditFilter { types, recorded, ..AuditFilter::default() }
}

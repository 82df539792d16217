//! Whether values that are gone from entries were erased on request: each request is on record before
//! anything of it is done, with how many entries have something to lose.
//!
//! Deliberately absent: which request an entry's values were erased by. Whose they were must not be found
//! out again by way of it.

use domain::events::{AuditErased, AuditErasureRefused, AuditErasureStarted};
use domain::{RecordedEvent, Sequence};

use super::super::finding::{Finding, FindingKind};

/// The requests that are on record, the oldest first.
#[derive(Default)]
pub(super) struct Requests(Vec<Request>);

struct Request {
    id: String,
    /// What is recorded from here on is another request's.
    at: Sequence,
    /// Of how many entries it said that it would erase values.
    entries: u64,
    /// Of how many it said at its ends that it had. One that was interrupted is ended by the run that goes on,
    /// which says nothing of what was erased before.
    ended: u64,
}

impl Request {
    /// Of how many entries it may have erased values.
    const fn granted(&self) -> u64 {
        let interrupted = self.ended < self.entries;
        if interrupted { self.entries.saturating_add(self.ended) } else { self.ended }
    }
}

impl Requests {
    /// Takes what may be a request, or its end.
    pub(super) fn take(&mut self, event: &RecordedEvent) {
        if event.is::<AuditErasureStarted>() {
            // What it said may have been erased as well.
            let (id, entries) = event
                .decode::<AuditErasureStarted>()
                .map_or((String::new(), u64::MAX), |it| (it.request_id, it.entries));
            self.0.push(Request { id, at: event.sequence, entries, ended: 0 });
        } else if let Ok(ended) = event.decode::<AuditErased>() {
            self.ended(&ended.request_id, ended.entries);
        } else if let Ok(ended) = event.decode::<AuditErasureRefused>() {
            self.ended(&ended.request_id, ended.entries);
        }
    }

    fn ended(&mut self, id: &str, entries: u64) {
        if let Some(request) = self.0.iter_mut().rev().find(|request| request.id == id) {
            request.ended = request.ended.saturating_add(entries);
        }
    }

    /// Where a reader finds who asked for it.
    pub(super) fn note(&self) -> Option<String> {
        let last = self.0.last()?.at;
        Some(match self.0.len() {
            1 => format!("values erased by a request that is on record as entry {last}"),
            all => format!(
                "values erased by {all} requests that are on record; the last is entry {last}"
            ),
        })
    }

    /// What of the entries that values are gone of, by sequence, is more than all requests account for
    /// that came after them.
    pub(super) fn unaccounted(&self, erased: &[Sequence]) -> Option<Finding> {
        let mut requests = self.0.iter().rev().peekable();
        let (mut gone, mut granted, mut excess) = (0_u64, 0_u64, 0);
        let mut worst = None;
        for entry in erased.iter().rev() {
            while let Some(request) = requests.next_if(|request| request.at > *entry) {
                granted = granted.saturating_add(request.granted());
            }
            gone += 1;
            if gone.saturating_sub(granted) > excess {
                excess = gone - granted;
                worst = Some((*entry, gone, granted));
            }
        }
        let (from, gone, granted) = worst?;
        let through = erased.last().copied().unwrap_or(from);
        let message = format!(
            "values are gone of {}, and requests for erasure that are on record account for {granted}",
            if gone == 1 { "1 entry".to_owned() } else { format!("{gone} entries") },
        );
        let finding = Finding::at(FindingKind::Content, from, message).field("erased");
        Some(finding.through(through))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(all: &[(u64, u64)]) -> Requests {
        let request = |&(at, entries): &(u64, u64)| Request {
            id: at.to_string(),
            at: Sequence(at),
            entries,
            ended: 0,
        };
        Requests(all.iter().map(request).collect())
    }

    /// The entries of the finding, where there is one.
    fn found(all: &[(u64, u64)], erased: &[u64]) -> Option<(u64, Option<u64>)> {
        let erased: Vec<_> = erased.iter().copied().map(Sequence).collect();
        let finding = requests(all).unaccounted(&erased)?;
        Some((finding.sequence.unwrap().0, finding.through.map(|last| last.0)))
    }

    #[test]
    fn an_entry_loses_values_by_a_request_that_came_after_it_and_each_request_by_as_many_as_it_named()
     {
        assert_eq!(found(&[], &[]), None);
        assert_eq!(found(&[], &[3]), Some((3, None)));
        assert_eq!(found(&[(5, 1)], &[3]), None);
        assert_eq!(found(&[(5, 1)], &[5]), Some((5, None)), "not itself");
        assert_eq!(found(&[(5, 1)], &[6]), Some((6, None)));
        for granted in 1..3 {
            assert_eq!(found(&[(5, granted)], &[1, 2, 3]), Some((1, Some(3))));
        }
        assert_eq!(
            found(&[(5, 9)], &[1, 6]),
            Some((6, None)),
            "what is left over is for older ones"
        );
        assert_eq!(found(&[(5, 1), (9, 2)], &[1, 6, 7]), None);
        assert_eq!(found(&[(5, 2), (9, 1)], &[1, 6, 7]), Some((6, Some(7))));
        assert_eq!(found(&[(5, u64::MAX), (9, u64::MAX)], &[1, 2, 6]), None);
        assert_eq!(
            found(&[(5, 1)], &[2, 8]),
            Some((8, None)),
            "the first that nothing is left for"
        );
    }

    #[test]
    fn a_request_that_was_interrupted_may_have_erased_more_than_it_said_at_its_end() {
        let mut all = requests(&[(5, 2), (9, 4), (12, 3)]);
        all.ended("5", 3);
        all.ended("another", 9);
        all.ended("9", 1);
        all.ended("9", 2);
        all.ended("12", 3);
        let granted: Vec<_> = all.0.iter().map(Request::granted).collect();
        assert_eq!(granted, [3, 7, 3]);
    }
}

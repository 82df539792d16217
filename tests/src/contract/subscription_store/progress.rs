//! What is promised of progress.

use domain::Sequence;

use super::{Progress, SubscriptionStoreMaker, failure, leased, standing, up_to};
use crate::expect::must;

pub(super) async fn cursor_and_reach_never_go_back(maker: &dyn SubscriptionStoreMaker) {
    let (store, _, lease) = leased(maker).await;
    for (cursor, reach, expected, says) in [
        (12, 20, (12, 20), "it moves on"),
        (12, 20, (12, 20), "the same again changes nothing"),
        (11, 25, (12, 25), "the reach alone"),
        (15, 3, (15, 25), "the cursor alone"),
        (0, 0, (15, 25), "neither"),
        (40, 0, (40, 40), "a cursor beyond the reach takes it along"),
    ] {
        let progress =
            Progress { cursor: Sequence(cursor), reach: Sequence(reach), ..Progress::default() };
        must(store.advance(&lease, progress).await);
        let status = standing(&*store, "billing").await;
        assert_eq!((status.cursor.0, status.reach.0), expected, "{says}");
    }
}

pub(super) async fn progress_notes_the_last_failure_or_that_there_is_none(
    maker: &dyn SubscriptionStoreMaker,
) {
    let (store, clock, lease) = leased(maker).await;
    for told in [
        Some(failure(11, &clock)),
        Some(super::SubscriptionFailure { sequence: None, ..failure(0, &clock) }),
        None,
        Some(failure(12, &clock)),
    ] {
        must(store.advance(&lease, Progress { failure: told.clone(), ..up_to(11) }).await);
        assert_eq!(standing(&*store, "billing").await.failure, told, "the last word counts");
    }
}

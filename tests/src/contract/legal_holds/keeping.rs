//! What is promised of holds that are kept with the record: nothing that is held goes.

use domain::audit::legal_hold::HoldScope;
use domain::{AuditLog, Sequence};

use super::{LegalHoldsMaker, append, fresh, place, plain, plan, release};
use crate::contract::Tried;
use crate::expect::must;

const APART: Tried = Tried::Not(
    "these holds are kept apart from the record: say `keeps_the_record`, or leave out \
     `WITHIN_THE_RECORD`",
);

/// Removes all that may go, and says how far that was.
async fn removed(log: &dyn AuditLog, limit: u32) -> Option<u64> {
    let removed = must(log.remove_oldest(Sequence(u64::MAX), limit).await);
    removed.map(|prefix| prefix.through.0)
}

/// Makes an entry unlike the others.
type Differ = fn(&mut domain::EventEnvelope);

/// Appends entries, of which one alone is as `differ` makes it.
async fn entries(log: &dyn AuditLog, special: usize, differ: Differ) {
    for n in 1..=10 {
        let mut envelope = plain(n);
        if n == special {
            differ(&mut envelope);
        }
        append(log, envelope).await;
    }
}

pub(super) async fn what_is_held_is_not_removed(maker: &dyn LegalHoldsMaker) -> Tried {
    if !maker.keeps_the_record() {
        return APART;
    }
    let name = || "special".to_owned();
    let scopes: [(HoldScope, Differ); 5] = [
        (plan("special"), |it| it.plan_id = Some("special".to_owned())),
        (HoldScope::Correlation(name()), |it| it.correlation_id = Some("special".to_owned())),
        (HoldScope::User(name()), |it| it.user_identity = Some("special".to_owned())),
        (HoldScope::User(name()), |it| it.actor = Some(domain::Actor::human("special"))),
        (HoldScope::Sequences { from: Sequence(6), through: Sequence(7) }, |_| {}),
    ];
    for (scope, differ) in scopes {
        let held = fresh(maker).await;
        let (log, _) = &held;
        entries(&**log, 6, differ).await;
        let hold = place(&held, scope.clone()).await;
        append(&**log, plain(99)).await;
        assert_eq!(
            removed(&**log, 100).await,
            Some(5),
            "up to what {scope:?} holds, and no further"
        );
        assert_eq!(removed(&**log, 100).await, None, "also when it is asked for again");
        release(&held, hold.id).await;
        assert_eq!(removed(&**log, 100).await, Some(12), "and the rest once it is released");
    }
    Tried::Holds
}

pub(super) async fn a_hold_placed_meanwhile_holds_the_rest(maker: &dyn LegalHoldsMaker) -> Tried {
    if !maker.keeps_the_record() {
        return APART;
    }
    let held = fresh(maker).await;
    let (log, _) = &held;
    entries(&**log, 0, |_| ()).await;
    assert_eq!(removed(&**log, 4).await, Some(4), "a first chunk goes");
    place(&held, plan("p1")).await;
    assert_eq!(removed(&**log, 4).await, None, "what is left is held");
    let left = must(log.span().await).first.map(|(first, _)| first);
    assert_eq!(left, Some(Sequence(5)), "from where the chunk ended");
    Tried::Holds
}

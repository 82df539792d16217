//! What is promised of placing and releasing.

use std::sync::Arc;

use domain::Sequence;
use domain::audit::legal_hold::{HoldId, HoldScope, LegalHold};
use domain::ports::LegalHoldError;

use super::{
    LegalHoldsMaker, announce_release, announced, append, assert_unknown, fresh, place, plain,
    plan, release,
};
use crate::contract::Tried;
use crate::contract::audit_log::start;
use crate::expect::must;
use crate::fakes::ManualClock;

pub(super) async fn a_hold_is_in_force_until_it_is_released(maker: &dyn LegalHoldsMaker) {
    let held = fresh(maker).await;
    let (_, holds) = &held;
    assert_eq!(must(holds.in_force().await), [], "no hold is in force on a new record");
    let scopes = [
        plan("p1"),
        HoldScope::Correlation("c'1".to_owned()),
        HoldScope::User("ada@example.org".to_owned()),
        HoldScope::Sequences { from: Sequence(2), through: Sequence(900) },
    ];
    let mut placed = Vec::new();
    for scope in scopes {
        placed.push(place(&held, scope).await);
    }
    assert_eq!(must(holds.in_force().await), placed, "all are in force as they were placed, by id");
    release(&held, placed[1].id).await;
    placed.remove(1);
    assert_eq!(must(holds.in_force().await), placed, "all but the one that was released");
}

pub(super) async fn a_hold_that_is_not_on_record_is_refused(maker: &dyn LegalHoldsMaker) {
    let held = fresh(maker).await;
    let (log, holds) = &held;
    let other = append(&**log, plain(1)).await;
    for id in [HoldId(other), HoldId(other.next())] {
        let refused = holds.place(&LegalHold { id, scope: plan("p1") }).await;
        let said = matches!(&refused, Err(LegalHoldError::NotOnRecord { id: told }) if *told == id);
        assert!(said, "a hold of which nothing is on record must be refused, not {refused:?}");
    }
    assert_eq!(must(holds.in_force().await), [], "what was refused is not in force");
    let (one, two) = (place(&held, plan("p1")).await, place(&held, plan("p2")).await);
    announce_release(&**log, two.id).await;
    let refused = holds.release(one.id).await;
    assert!(
        matches!(&refused, Err(LegalHoldError::NotOnRecord { id }) if *id == one.id),
        "a release of which nothing is on record must be refused, not {refused:?}"
    );
    assert_eq!(must(holds.in_force().await), [one, two], "and both are in force");
}

pub(super) async fn a_hold_is_placed_once_and_released_once(maker: &dyn LegalHoldsMaker) {
    let held = fresh(maker).await;
    let (log, holds) = &held;
    let hold = announced(&**log, plan("p1")).await;
    assert_unknown(holds.release(hold.id).await, hold.id, "releasing what was not placed");
    must(holds.place(&hold).await);
    let other = LegalHold { id: hold.id, scope: plan("p2") };
    for again in [&hold, &other] {
        let refused = holds.place(again).await;
        assert!(
            matches!(&refused, Err(LegalHoldError::Placed { id }) if *id == hold.id),
            "placing one that is in force must be refused, not {refused:?}"
        );
    }
    assert_eq!(must(holds.in_force().await), std::slice::from_ref(&hold), "and it stays as it was");
    release(&held, hold.id).await;
    assert_unknown(holds.release(hold.id).await, hold.id, "releasing what was released");
    let nobody = HoldId(Sequence(u64::MAX));
    assert_unknown(holds.release(nobody).await, nobody, "releasing what there never was");
}

pub(super) async fn holds_outlive_a_restart(maker: &dyn LegalHoldsMaker) -> Tried {
    let held = fresh(maker).await;
    let (one, two) = (place(&held, plan("p1")).await, place(&held, plan("p2")).await);
    release(&held, one.id).await;
    let clock = Arc::new(ManualClock::at(start()));
    let Some((_, holds)) = maker.reopen(&held, clock).await else {
        return Tried::Not(
            "these holds cannot be opened again: implement `reopen`, or leave out `BEYOND_THE_PROCESS`",
        );
    };
    assert_eq!(must(holds.in_force().await), [two], "what is in force is so after a restart");
    Tried::Holds
}

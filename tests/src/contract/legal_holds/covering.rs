//! What is promised of what a hold covers.

use domain::audit::Page;
use domain::audit::legal_hold::{HeldEntry, HoldScope};
use domain::{Actor, AuditFilter, RecordedEvent, Sequence, TypePattern};

use super::{Held, LegalHoldsMaker, append, fresh, holding, place, plain, plan, release};
use crate::expect::must;

const NAMES: [&str; 3] = ["ann", "bob", "p'1"];

/// A record in which every name stands in every place, and in which there are holds of every kind.
async fn mixed(maker: &dyn LegalHoldsMaker) -> Held {
    let held = fresh(maker).await;
    let user = |name: &str| HoldScope::User(name.to_owned());
    for n in 0..27 {
        let mut envelope = plain(n);
        let name = |place: usize| Some(NAMES[n / place % 3].to_owned());
        (envelope.plan_id, envelope.correlation_id) = (name(1), name(3));
        envelope.user_identity = name(9).filter(|_| n % 4 != 0);
        let who = NAMES[(n + 1) % 3];
        envelope.actor = Some(if n % 2 == 0 { Actor::human(who) } else { Actor::agent(who) });
        append(&*held.0, envelope).await;
        match n {
            // Placed in between, so that each is about what is there and about what comes.
            4 => drop(place(&held, plan("ann")).await),
            8 => drop(place(&held, HoldScope::Correlation("bob".to_owned())).await),
            11 => drop(place(&held, user("p'1")).await),
            14 => drop(place(&held, user("ann")).await),
            17 => drop(place(&held, range(3, 9)).await),
            20 => drop(place(&held, range(40, 50)).await),
            21 => drop(place(&held, plan("nobody's")).await),
            _ => {}
        }
    }
    held
}

fn range(from: u64, through: u64) -> HoldScope {
    HoldScope::Sequences { from: Sequence(from), through: Sequence(through) }
}

pub(super) async fn what_is_held_agrees_with_what_a_hold_covers(maker: &dyn LegalHoldsMaker) {
    let (log, holds) = mixed(maker).await;
    let all = must(log.page(&AuditFilter::default(), Page::first(u32::MAX)).await);
    let in_force = must(holds.in_force().await);
    let filters = [
        AuditFilter::default(),
        AuditFilter { plan_id: Some("bob".to_owned()), ..AuditFilter::default() },
        AuditFilter { user_identity: Some("ann".to_owned()), ..AuditFilter::default() },
        AuditFilter { types: vec![TypePattern::new("audit.*")], ..AuditFilter::default() },
        AuditFilter { contains: Some("nowhere".to_owned()), ..AuditFilter::default() },
    ];
    for filter in &filters {
        for (from, through) in [(0, u64::MAX), (1, 6), (7, 7), (10, 20), (30, 34), (35, 90)] {
            let within = Sequence(from)..=Sequence(through);
            let meant =
                |event: &&RecordedEvent| within.contains(&event.sequence) && filter.matches(event);
            let mut expected: Vec<HeldEntry> = Vec::new();
            for hold in &in_force {
                let oldest = all.iter().filter(meant).find(|event| hold.covers(event));
                let entry =
                    |event: &RecordedEvent| HeldEntry { hold: hold.id, sequence: event.sequence };
                expected.extend(oldest.map(entry));
            }
            expected.sort_by_key(|held| (held.sequence, held.hold));
            let told = must(holds.holding(filter, within.clone()).await);
            assert_eq!(told, expected, "of {filter:?} within {within:?}");
        }
    }
}

pub(super) async fn a_released_hold_holds_nothing(maker: &dyn LegalHoldsMaker) {
    let held = fresh(maker).await;
    let (log, holds) = &held;
    let first = append(&**log, plain(1)).await;
    let (one, two) = (place(&held, plan("p1")).await, place(&held, plan("p1")).await);
    let by =
        |hold: &domain::audit::legal_hold::LegalHold| HeldEntry { hold: hold.id, sequence: first };
    assert_eq!(holding(&**holds).await, [by(&one), by(&two)], "both hold the same, by their ids");
    release(&held, one.id).await;
    assert_eq!(holding(&**holds).await, [by(&two)], "the other one holds it still");
    release(&held, two.id).await;
    assert_eq!(holding(&**holds).await, [], "and then nothing does");
}

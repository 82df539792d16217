//! How long entries are kept by what they are about, and which are under a legal hold.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use indelible_domain::audit::legal_hold::{HeldEntry, HoldId, HoldScope, LegalHold};
use indelible_domain::audit::retention::{
    BelowFloor, HeldBack, Hold, Need, RetentionPolicy, RetentionRules,
};
use indelible_domain::{
    Actor, AuditCategory, Details, EventEnvelope, EventType, RecordedEvent, Sequence,
};
use proptest::prelude::*;

const DAY: RetentionPolicy = RetentionPolicy::KeepDays(1);
const YEAR: RetentionPolicy = RetentionPolicy::KeepDays(365);

fn rules(
    otherwise: RetentionPolicy,
    by_category: &[(AuditCategory, RetentionPolicy)],
    floor_days: u32,
) -> RetentionRules {
    RetentionRules { otherwise, by_category: by_category.iter().copied().collect(), floor_days }
}

#[test]
fn a_category_is_kept_by_its_own_policy_and_all_others_by_the_one_for_all() {
    let rules = rules(DAY, &[(AuditCategory::Security, YEAR)], 0);
    assert_eq!(rules.policy(Some(AuditCategory::Security)), YEAR);
    assert_eq!(rules.policy(Some(AuditCategory::Cost)), DAY);
    assert_eq!(rules.policy(None), DAY, "what the catalogue does not know");
    assert_eq!(rules.policies(), [DAY, YEAR], "the shortest first, each once");
    let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(400);
    let keep = |category, days| rules.keep(category, now - TimeDelta::days(days), now);
    assert!(keep(Some(AuditCategory::Security), 365), "to the day");
    assert!(!keep(Some(AuditCategory::Security), 366));
    assert!(keep(None, 1));
    assert!(!keep(None, 2));
}

#[test]
fn nothing_goes_where_every_policy_is_for_ever() {
    assert!(RetentionRules::from(0).keep_for_ever());
    assert!(!RetentionRules::from(1).keep_for_ever());
    assert!(!rules(RetentionPolicy::KeepForEver, &[(AuditCategory::Cost, DAY)], 0).keep_for_ever());
    assert!(!rules(DAY, &[(AuditCategory::Cost, RetentionPolicy::KeepForEver)], 0).keep_for_ever());
}

#[test]
fn a_floor_lies_under_every_policy_and_who_is_below_it_is_told() {
    let low = rules(DAY, &[(AuditCategory::Cost, YEAR)], 30);
    assert_eq!(low.policy(None), RetentionPolicy::KeepDays(30));
    assert_eq!(low.given(None), DAY);
    assert_eq!(low.policy(Some(AuditCategory::Cost)), YEAR);
    let below = BelowFloor { category: None, days: 1, floor: 30 };
    assert_eq!(low.above_floor(), Err(below));
    assert!(below.to_string().contains("audit.retention-floor-days"), "{below}");
    let cost = rules(YEAR, &[(AuditCategory::Cost, RetentionPolicy::KeepDays(29))], 30);
    let category = Some(AuditCategory::Cost);
    assert_eq!(cost.above_floor(), Err(BelowFloor { category, days: 29, floor: 30 }));
    let fine = rules(
        RetentionPolicy::KeepForEver,
        &[(AuditCategory::Cost, RetentionPolicy::KeepDays(30))],
        30,
    );
    assert_eq!(fine.above_floor(), Ok(()), "for ever is above every floor, and so is the floor");
}

#[test]
fn what_holds_something_back_says_where_and_what_can_be_done() {
    let subscription = "billing".parse().unwrap_or_else(|error| panic!("{error}"));
    let sequence = Sequence(7);
    let all = [
        (
            HeldBack::Subscription(Hold { subscription, sequence, need: Need::DeadLetter }),
            "dead-letter",
            "retry or discard it",
        ),
        (
            HeldBack::LegalHold(HeldEntry { hold: HoldId(Sequence(3)), sequence }),
            "legal-hold",
            "legal hold 3 at 7",
        ),
        (
            HeldBack::Category { category: Some(AuditCategory::Cost), policy: YEAR, sequence },
            "category",
            "an entry of cost at 7, which is kept 365 days",
        ),
        (
            HeldBack::Category { category: None, policy: RetentionPolicy::KeepForEver, sequence },
            "category",
            "every other category at 7, which is kept for ever",
        ),
        (HeldBack::Floor { days: 30, sequence }, "floor", "everything is kept 30 days"),
        (HeldBack::Newest { sequence }, "newest", "7 is the newest entry"),
    ];
    for (held, kind, says) in all {
        assert_eq!((held.sequence(), held.kind()), (sequence, kind));
        assert!(held.to_string().contains(says), "{held}");
    }
}

fn entry(sequence: u64) -> RecordedEvent {
    RecordedEvent {
        sequence: Sequence(sequence),
        recorded_at: DateTime::UNIX_EPOCH,
        erased: indelible_domain::audit::ErasedFields::NONE,
        envelope: EventEnvelope {
            event_id: "e".to_owned(),
            event_type: EventType::from_static("plan.created"),
            schema_version: 1,
            occurred_at: DateTime::UNIX_EPOCH,
            source: "/tests".to_owned(),
            subject: None,
            plan_id: Some("p".to_owned()),
            project_name: None,
            session_id: None,
            actor: Some(Actor::human("ann")),
            user_identity: Some("bob".to_owned()),
            correlation_id: Some("c".to_owned()),
            causation_id: None,
            trace_id: None,
            extensions: Details::new(),
            details: Details::new(),
        },
    }
}

fn covers(scope: HoldScope, event: &RecordedEvent) -> bool {
    LegalHold { id: HoldId(Sequence(99)), scope }.covers(event)
}

#[test]
fn a_hold_covers_what_it_names_and_the_entry_that_put_it_on_record() {
    let event = entry(5);
    let text = |text: &str| text.to_owned();
    assert!(covers(HoldScope::Plan(text("p")), &event));
    assert!(!covers(HoldScope::Plan(text("c")), &event));
    assert!(covers(HoldScope::Correlation(text("c")), &event));
    assert!(!covers(HoldScope::Correlation(text("p")), &event));
    assert!(covers(HoldScope::User(text("bob")), &event), "on whose behalf");
    assert!(covers(HoldScope::User(text("ann")), &event), "who did it");
    assert!(!covers(HoldScope::User(text("p")), &event));
    let mut by_agent = entry(5);
    by_agent.envelope.actor = Some(Actor::agent("ann"));
    assert!(!covers(HoldScope::User(text("ann")), &by_agent), "an agent is no human");
    let range =
        |from, through| HoldScope::Sequences { from: Sequence(from), through: Sequence(through) };
    assert!(covers(range(5, 5), &event));
    assert!(covers(range(1, 5), &event));
    assert!(!covers(range(1, 4), &event));
    assert!(!covers(range(6, 9), &event));
    assert!(covers(range(1, 1), &entry(99)), "its own entry, which says who and why");
    assert_eq!(range(1, 4).value(), "1-4");
    assert_eq!("12".parse(), Ok(HoldId(Sequence(12))));
    for (scope, kind) in [
        (HoldScope::Plan(text("x")), "plan"),
        (HoldScope::Correlation(text("x")), "correlation"),
        (HoldScope::User(text("x")), "user"),
    ] {
        assert_eq!((scope.kind(), scope.value()), (kind, text("x")));
    }
    assert_eq!(range(1, 2).kind(), "sequences");
}

fn policy() -> impl Strategy<Value = RetentionPolicy> {
    (0..6_u32).prop_map(RetentionPolicy::from_days)
}

proptest! {
    #[test]
    fn the_longer_policy_is_the_greater_one_and_lets_go_no_more(
        one in policy(), other in policy(), age in 0..8_i64,
    ) {
        let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(100);
        let goes = |policy: RetentionPolicy| {
            policy.cutoff(now).is_some_and(|cutoff| now - TimeDelta::days(age) < cutoff)
        };
        let (shorter, longer) = if one <= other { (one, other) } else { (other, one) };
        prop_assert!(!goes(longer) || goes(shorter));
        prop_assert_eq!(one == other, one.cmp(&other).is_eq());
    }

    #[test]
    fn a_floor_lets_nothing_go_that_is_younger(
        policies in prop::collection::btree_map(prop::sample::select(&AuditCategory::ALL[..]), policy(), 0..4),
        otherwise in policy(),
        floor_days in 0..6_u32,
        age in 0..8_i64,
    ) {
        let by_category: BTreeMap<_, _> = policies;
        let rules = RetentionRules { otherwise, by_category, floor_days };
        let now = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(100);
        for category in AuditCategory::ALL.into_iter().map(Some).chain([None]) {
            let kept = rules.keep(category, now - TimeDelta::days(age), now);
            prop_assert!(kept || age > i64::from(floor_days));
            let given = rules.given(category).cutoff(now);
            let by_policy = given.is_none_or(|cutoff| now - TimeDelta::days(age) >= cutoff);
            prop_assert!(kept >= by_policy, "a floor keeps more, never less");
            prop_assert!(rules.policies().contains(&rules.policy(category)));
        }
        let fine = rules.above_floor().is_ok();
        prop_assert_eq!(fine, AuditCategory::ALL.into_iter().map(Some).chain([None])
            .all(|category| rules.given(category) == rules.policy(category)));
    }
}

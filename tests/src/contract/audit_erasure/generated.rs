//! Histories of appending, removing and erasing, compared with a plain list.

use domain::audit::{Erasure, ErasureSelection};
use domain::{Actor, EventEnvelope, RecordedEvent, Sequence};
use proptest::prelude::*;

use super::trials::{EVERYTHING, append, everything, fresh};
use super::{AuditErasureMaker, ErasableRecord};
use crate::contract::audit_log::envelope;
use crate::contract::cases::for_all;
use crate::expect::must;

#[derive(Clone, Debug)]
enum Step {
    Append(Vec<EventEnvelope>),
    Remove { through: u64 },
    Erase { erasure: Erasure, after: u64, limit: u32 },
}

/// Few people, so that they meet.
fn person() -> impl Strategy<Value = String, Tree: Send> {
    prop_oneof![Just("ann".to_owned()), Just("bob".to_owned())]
}

fn event() -> impl Strategy<Value = EventEnvelope, Tree: Send> {
    let actor = prop_oneof![person().prop_map(Actor::human), person().prop_map(Actor::agent)];
    let of = || proptest::option::of(person());
    (proptest::option::of(actor), of(), of(), of()).prop_map(
        |(actor, user_identity, subject, correlation_id)| EventEnvelope {
            actor,
            user_identity,
            subject,
            correlation_id,
            ..envelope("")
        },
    )
}

fn step() -> impl Strategy<Value = Step, Tree: Send> {
    let selection = prop_oneof![
        person().prop_map(ErasureSelection::User),
        person().prop_map(ErasureSelection::Subject),
        person().prop_map(ErasureSelection::Correlation),
        (0..20_u64).prop_map(|place| ErasureSelection::Entry(Sequence(place))),
    ];
    let erasure =
        (selection, any::<bool>()).prop_map(|(selection, details)| Erasure { selection, details });
    prop_oneof![
        2 => proptest::collection::vec(event(), 1..6).prop_map(Step::Append),
        1 => (0..10_u64).prop_map(|through| Step::Remove { through }),
        3 => (erasure, 0..5_u64, 1..6_u32)
            .prop_map(|(erasure, after, limit)| Step::Erase { erasure, after, limit }),
    ]
}

pub(super) async fn any_history_agrees_with_a_plain_list(maker: &dyn AuditErasureMaker) {
    for_all(24, proptest::collection::vec(step(), 1..12), |steps| {
        Box::pin(async move {
            let (record, _) = fresh(maker).await;
            let (mut model, mut ids) = (Vec::new(), 0..);
            for step in steps {
                take(&record, &mut model, &mut ids, step).await;
            }
        })
    })
    .await;
}

/// Takes a step on the record and on the list.
async fn take(
    record: &ErasableRecord,
    model: &mut Vec<RecordedEvent>,
    ids: &mut std::ops::RangeFrom<u32>,
    step: Step,
) {
    match step {
        Step::Append(events) => {
            let named = events.into_iter().zip(ids);
            let events = named.map(|(event, n)| EventEnvelope { event_id: n.to_string(), ..event });
            append(record, events.collect()).await;
            let known = model.last().map_or(0, |event| event.sequence.0);
            let found = everything(record).await;
            model.extend(found.into_iter().filter(|event| event.sequence.0 > known));
        }
        Step::Remove { through } => {
            must(record.log.remove_oldest(Sequence(through), u32::MAX).await);
            let newest = model.last().map_or(0, |event| event.sequence.0);
            model.retain(|event| event.sequence.0 > through || event.sequence.0 == newest);
        }
        Step::Erase { erasure, after, limit } => {
            let counted = must(record.erasure.count(&erasure).await);
            let meant = model.iter().filter(|event| !erasure.of(event).is_empty());
            assert_eq!(counted.entries, meant.count() as u64, "the count of {erasure:?}");
            let after = Sequence(after);
            let chunk = must(record.erasure.erase(&erasure, after, EVERYTHING, limit).await);
            let meant = model
                .iter_mut()
                .filter(|event| event.sequence > after && !erasure.of(event).is_empty());
            let (mut entries, mut reached) = (0, None);
            for event in meant.take(limit as usize) {
                erasure.apply(event);
                (entries, reached) = (entries + 1, Some(event.sequence));
            }
            assert_eq!((chunk.entries, chunk.reached), (entries, reached), "{erasure:?}");
        }
    }
    assert_eq!(everything(record).await, *model, "the record");
}

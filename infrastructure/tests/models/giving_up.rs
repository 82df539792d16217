//! Emits that are given up, at whatever moment.

use std::sync::Arc;

use domain::{Emit, EventBus};
use futures::future::{AbortHandle, Abortable};
use shuttle::future::{block_on, spawn};

use crate::explore::{Model, Seen};
use crate::stage::{PATIENT, cramped, plan};

pub(crate) const MODELS: &[Model] = &[Model {
    name: "an_emit_that_is_given_up_is_on_record_whole_or_not_at_all_and_hinders_nobody",
    play: giving_up,
    must_see: &["answered", "recorded all the same", "not recorded"],
}];

fn giving_up(seen: &Seen) {
    block_on(async {
        let stage = cramped();
        let (told, _subscription) = stage.watch("told");
        let emit = |number| {
            let bus = Arc::clone(&stage.bus);
            spawn(async move { bus.emit(plan(number)).await.map(|receipt| receipt.sequence.0) })
        };
        let (one, two) = (emit(10), emit(20));
        let (handle, registration) = AbortHandle::new_pair();
        let bus = Arc::clone(&stage.bus);
        let given_up = spawn(Abortable::new(
            async move { bus.emit_batch(vec![plan(1), plan(2), plan(3)]).await },
            registration,
        ));
        let abort = spawn(async move { handle.abort() });
        let answered = given_up.await.unwrap();
        abort.await.unwrap();
        let (one, two) = (one.await.unwrap().unwrap(), two.await.unwrap().unwrap());
        stage.bus.shutdown(PATIENT).await;

        let record = stage.log.now();
        let whole = record.iter().filter(|(_, number)| number.len() == 1);
        let whole: Vec<u64> = whole.map(|(place, _)| *place).collect();
        if let Some(&first) = whole.first() {
            assert_eq!(whole, [first, first + 1, first + 2], "the batch was torn");
        }
        seen.note("answered", answered.is_ok());
        seen.note("recorded all the same", answered.is_err() && !whole.is_empty());
        seen.note("not recorded", whole.is_empty());
        if let Ok(answer) = answered {
            let receipts: Vec<u64> = answer.unwrap().iter().map(|r| r.sequence.0).collect();
            assert_eq!(receipts, whole, "the receipts are not of what is on record");
        }
        let on_record = |place: u64, number: &str| record.contains(&(place, number.to_owned()));
        assert!(on_record(one, "10") && on_record(two, "20"), "an acked emit is not on record");
        let places: Vec<u64> = (1..=record.len() as u64).collect();
        assert_eq!(record.len(), whole.len() + 2, "something is on record twice");
        assert_eq!(stage.log.places(), places, "there is a gap");
        assert_eq!(told.done(), places, "not everything on record was handed on");
    });
}

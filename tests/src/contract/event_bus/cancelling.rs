//! Emits whose caller does not wait for the end.

use std::sync::Arc;

use domain::{Emit, EventDraft};
use futures::FutureExt;

use crate::expect::must;
use crate::fakes::StallingRecorder;
use crate::stage::{Stage, plan, tool};

/// A batch of three that can be found again.
fn marked(run: usize) -> Vec<EventDraft> {
    (0..3).map(|at| plan(at).with_id(format!("{run}-{at}"))).collect()
}

pub(super) async fn an_emit_given_up_is_recorded_whole_or_not_at_all(stage: Stage) {
    stage.record_all();
    let (probe, _subscription) = stage.watch("probe");
    let runs = 60;
    for run in 0..runs {
        let mut emit = stage.bus.emit_batch(marked(run));
        // Polled between 0 and 9 times, with others running in between: or not.
        for poll in 0..run % 10 {
            if (&mut emit).now_or_never().is_some() {
                break;
            }
            if (run + poll) % 3 != 0 {
                tokio::task::yield_now().await;
            }
        }
        drop(emit);
    }
    // Comes after all of them, so that whatever is recorded is recorded by then.
    must(stage.bus.emit(tool(1)).await);

    for run in 0..runs {
        let mut found = 0;
        for at in 0..3 {
            found += must(stage.log.by_event_id(&format!("{run}-{at}")).await).len();
        }
        assert!(found == 0 || found == 3, "run {run} left {found} of 3 on record");
        if run % 10 == 0 {
            assert_eq!(found, 0, "run {run} was never polled");
        }
    }
    let record = stage.sequences().await;
    probe.told(record.len()).await;
    assert_eq!(probe.sequences(), record, "what is recorded is handed on all the same");
}

pub(super) async fn an_emit_given_up_while_it_is_recorded_is_recorded_and_handed_on(stage: Stage) {
    let recorder = Arc::new(StallingRecorder::new(stage.plain()));
    stage.record_all_with(Arc::clone(&recorder) as _);
    let (probe, _subscription) = stage.watch("probe");
    let mut emit = stage.bus.emit_batch(marked(1));
    assert!((&mut emit).now_or_never().is_none());
    recorder.gate.arrived(1).await;
    drop(emit);
    recorder.gate.open();
    probe.told(3).await;
    assert_eq!(stage.on_record().await.len(), 3);
    assert_eq!(stage.bus.counters().recorded, 3);
}

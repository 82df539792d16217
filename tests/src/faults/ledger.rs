//! What a run was told, written down as it happened: what was offered, what was acknowledged, and
//! when. What is left afterwards is held against it; see `check`.

use domain::ports::KeptCheckpoint;
use domain::{EventEnvelope, Receipt, ReceiptStatus, RecordedEvent};
use indelible_fault_vfs::Moment;

use super::breach::{Breach, Found};

/// One emit: its events, and what became of it.
#[derive(Debug)]
pub(super) struct Emission {
    pub(super) events: Vec<EventEnvelope>,
    /// No change before this one was made for it.
    pub(super) begun: Moment,
    /// What it got, and when; every change it rests on was made before. `None`: it was refused.
    pub(super) answer: Option<(Moment, Vec<Receipt>)>,
}

/// One removal.
#[derive(Debug)]
pub(super) struct Pruning {
    pub(super) through: u64,
    pub(super) begun: Moment,
    /// When it said that it was done, and up to where; `None`: it failed.
    pub(super) answer: Option<(Moment, u64)>,
}

/// Everything a run was told.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) emissions: Vec<Emission>,
    pub(super) prunings: Vec<Pruning>,
    /// Checkpoints of the tree that were kept, and when.
    pub(super) checkpoints: Vec<(Moment, KeptCheckpoint)>,
    /// What subscribers were told, over all the buses of the run, in the order they were told.
    pub(super) told: Vec<RecordedEvent>,
    /// What went wrong in the run itself, such as an emit that never came back.
    pub(super) wrong: Vec<Found>,
    /// Whether an emit after all that happened was taken; `None` while it is under way.
    pub(super) recovered: Option<bool>,
}

impl Ledger {
    /// The events acknowledged up to a moment, with their receipts.
    pub(super) fn acked(&self, at: Moment) -> impl Iterator<Item = (&EventEnvelope, &Receipt)> {
        self.emissions
            .iter()
            .filter_map(move |emission| {
                let (when, receipts) = emission.answer.as_ref()?;
                (*when <= at).then(|| emission.events.iter().zip(receipts))
            })
            .flatten()
    }

    /// Where the record may begin at a moment: after what was removed for certain, or after what
    /// may have been.
    pub(super) fn starts(&self, at: Moment) -> Vec<u64> {
        let answered = |pruning: &&Pruning| pruning.answer.is_some_and(|(when, _)| when <= at);
        let sure = self.prunings.iter().filter(answered).filter_map(|pruning| pruning.answer);
        let sure = sure.map(|(_, through)| through).max().unwrap_or_default();
        let mut starts = vec![sure + 1];
        starts.extend(
            self.prunings
                .iter()
                .filter(|pruning| pruning.begun < at && !answered(pruning))
                .map(|pruning| pruning.through + 1)
                .filter(|start| *start > sure),
        );
        starts
    }

    /// What subscribers were told, held against what emitters were: nobody is told of an event that
    /// was refused, and everybody of every other one, once and in order.
    pub(super) fn problems_with_what_was_told(&self) -> Vec<Found> {
        let mut problems = Vec::new();
        let recorded: Vec<(&EventEnvelope, &Receipt)> = self
            .acked(Moment(usize::MAX))
            .filter(|(_, receipt)| receipt.status == ReceiptStatus::Recorded)
            .collect();
        let places = |events: &[u64]| format!("{events:?}");
        let told: Vec<u64> = self.told.iter().map(|event| event.sequence.0).collect();
        if !told.is_sorted_by(|one, next| one < next) {
            let what = format!("subscribers were told out of order: {}", places(&told));
            problems.push(Breach::ToldOtherwise.of(what));
        }
        for event in &self.told {
            let known = recorded.iter().find(|(_, receipt)| receipt.sequence == event.sequence);
            if known.is_none_or(|(envelope, _)| **envelope != event.envelope) {
                let id = &event.envelope.event_id;
                let what = format!("subscribers were told of {id}, which was not acknowledged");
                problems.push(Breach::ToldOtherwise.of(what));
            }
        }
        for (envelope, receipt) in recorded {
            if !told.contains(&receipt.sequence.0) {
                let id = &envelope.event_id;
                let what = format!("subscribers were not told of {id}, which was acknowledged");
                problems.push(Breach::ToldOtherwise.of(what));
            }
        }
        problems
    }
}

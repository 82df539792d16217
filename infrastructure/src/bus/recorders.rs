//! Which recorder records which type.

use std::collections::HashMap;
use std::sync::Arc;

use domain::ports::RecordError;
use domain::{EmitError, EventDraft, EventRecorder, EventType};

use crate::sync::ArcSwap;

/// A recorder, and the name it gave when it was attached.
pub(super) struct Attached {
    pub(super) name: String,
    pub(super) recorder: Arc<dyn EventRecorder>,
}

impl Attached {
    /// The error for a promise this recorder broke.
    pub(super) fn misbehaved(&self, how: impl Into<String>) -> RecordError {
        RecordError::Misbehaved { recorder: self.name.clone(), how: how.into() }
    }
}

/// Events of two recorders were emitted as one batch, which could not be recorded all or none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the batch has events of two recorders, `{one}` for `{one_type}` and `{other}` for \
     `{other_type}`, which cannot record all of it or none: emit one batch for each"
)]
pub struct MixedRecorders {
    /// The recorder of the first event.
    pub one: String,
    /// The type of the first event.
    pub one_type: EventType,
    /// The recorder that is not the same.
    pub other: String,
    /// The first type that is recorded by it.
    pub other_type: EventType,
}

/// The recorders by type. Emitters read it all the time; it is written at start.
#[derive(Default)]
pub(super) struct Recorders {
    by_type: ArcSwap<HashMap<EventType, Arc<Attached>>>,
}

impl Recorders {
    /// Has `recorder` record these types from now on.
    pub(super) fn attach(&self, types: &[EventType], recorder: Arc<dyn EventRecorder>) {
        let attached = Arc::new(Attached { name: recorder.name().to_owned(), recorder });
        self.by_type.rcu(|by_type| {
            let mut by_type = HashMap::clone(by_type);
            by_type.extend(types.iter().map(|name| (name.clone(), Arc::clone(&attached))));
            by_type
        });
    }

    /// Which of these types nobody records.
    pub(super) fn without(&self, types: &[EventType]) -> Vec<EventType> {
        let by_type = self.by_type.load();
        types.iter().filter(|name| !by_type.contains_key(name)).cloned().collect()
    }

    /// The one recorder of a batch; `None` when the batch is empty.
    ///
    /// # Errors
    /// When one of its types has no recorder, or its types have different ones.
    pub(super) fn of_batch(
        &self,
        drafts: &[EventDraft],
    ) -> Result<Option<Arc<Attached>>, EmitError> {
        let by_type = self.by_type.load();
        let mut found: Option<(&Arc<Attached>, &EventType)> = None;
        for draft in drafts {
            let event_type = draft.event_type();
            let attached = by_type
                .get(event_type)
                .ok_or_else(|| EmitError::NoRecorder { event_type: event_type.clone() })?;
            let (one, one_type) = *found.get_or_insert((attached, event_type));
            if !Arc::ptr_eq(&one.recorder, &attached.recorder) {
                return Err(EmitError::NotRecorded {
                    event_type: one_type.clone(),
                    source: RecordError::Refused(Arc::new(MixedRecorders {
                        one: one.name.clone(),
                        one_type: one_type.clone(),
                        other: attached.name.clone(),
                        other_type: event_type.clone(),
                    })),
                });
            }
        }
        Ok(found.map(|(attached, _)| Arc::clone(attached)))
    }
}

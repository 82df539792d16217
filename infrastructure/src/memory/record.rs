//! What a log in memory and the tree over it share: the entries, and the tiles.
//!
//! Deliberately absent: any way for a value to be changed once it is on record, but for erasing it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use chrono::{DateTime, Utc};
use domain::audit::Erasure;
use domain::ports::{KeptCheckpoint, KeptKey};
use domain::proof::{Digest, MAX_LEAF_BYTES, Salt, StoredEntry, TileGrowth, leaf_hash};
use domain::{AuditEntry, ErasedFields, Receipt, ReceiptStatus, RecordedEvent, Sequence};
use tokio::sync::watch;
use ulid::Ulid;

use crate::moment::{self, UnwritableMoment};
use crate::unwritable::Unwritable;

/// A record in memory, without entries at first. Clones are the same record: a log and its tree have one
/// each.
#[derive(Clone, Default)]
pub struct InMemoryRecord(Arc<Shared>);

#[derive(Default)]
struct Shared {
    record: RwLock<Record>,
    /// The newest entry's place.
    newest: watch::Sender<Sequence>,
}

impl InMemoryRecord {
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Record> {
        // Nothing that can panic runs while the record is half changed.
        self.0.record.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Record> {
        self.0.record.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells where the newest entry is, for ever.
    pub(super) fn newest(&self) -> &watch::Sender<Sequence> {
        &self.0.newest
    }
}

/// An entry that has no place yet.
pub(super) struct NewRow {
    event: RecordedEvent,
    stored: StoredEntry,
}

impl NewRow {
    /// The rows of a batch; refused as on disk, before the first is placed.
    pub(super) fn of(batch: &[AuditEntry]) -> Result<Vec<Self>, Unwritable> {
        batch.iter().map(Self::new).collect()
    }

    fn new(entry: &AuditEntry) -> Result<Self, Unwritable> {
        let mut salts = [[0; Salt::BYTES]; 2];
        getrandom::fill(salts.as_flattened_mut())?;
        let [personal, details] = salts.map(|salt| salt.to_vec());
        let envelope = entry.envelope().clone();
        let actor = envelope.actor.as_ref().map(ToString::to_string);
        let is_personal =
            actor.is_some() || envelope.subject.is_some() || envelope.user_identity.is_some();
        let event = RecordedEvent {
            sequence: Sequence(i64::MAX.cast_unsigned()),
            recorded_at: envelope.occurred_at,
            envelope: envelope.clone(),
            erased: ErasedFields::NONE,
        };
        let stored = StoredEntry {
            // The longest there can be, until it is placed.
            sequence: event.sequence,
            recorded_at: moment::text(envelope.occurred_at)?,
            schema_version: envelope.schema_version.into(),
            event_id: envelope.event_id,
            source: envelope.source,
            event_type: envelope.event_type.as_str().to_owned(),
            occurred_at: moment::text(envelope.occurred_at)?,
            subject: envelope.subject,
            plan_id: envelope.plan_id,
            project_name: envelope.project_name,
            session_id: envelope.session_id,
            actor,
            user_identity: envelope.user_identity,
            correlation_id: envelope.correlation_id,
            causation_id: envelope.causation_id,
            trace_id: envelope.trace_id,
            extensions: entry.extensions_json().map(ToOwned::to_owned),
            details: entry.details_json().to_owned(),
            leaf_hash: None,
            personal_salt: is_personal.then_some(personal),
            details_salt: Some(details),
            erased: None,
        };
        let bytes = leaf(&stored).len();
        if bytes > MAX_LEAF_BYTES {
            Err(Unwritable::TooLong { bytes })
        } else {
            Ok(Self { event, stored })
        }
    }
}

/// The leaf of a row of ours.
fn leaf(stored: &StoredEntry) -> Vec<u8> {
    // Everything that has to be as it was written has been written here.
    stored.leaf().map(|leaf| leaf.encode()).unwrap_or_default()
}

/// An entry: as it is answered, as it is stored, and its leaf's hash.
pub(super) struct Row {
    pub(super) event: RecordedEvent,
    pub(super) stored: StoredEntry,
    leaf: Digest,
}

impl Row {
    /// Erases what is meant, both ways in which it is kept; the leaf stays.
    pub(super) fn erase(&mut self, erasure: &Erasure) {
        erasure.apply(&mut self.event);
        // All of it is as we have written it.
        let _ = self.stored.erase(erasure.details);
    }
}

/// A contiguous range of entries, where the events are that were ever identified in it, and the tree.
#[derive(Default)]
pub(super) struct Record {
    pub(super) entries: VecDeque<Row>,
    places: HashMap<(String, String), Sequence>,
    log_id: LogId,
    /// All of its tiles, since it has grown from nothing.
    pub(super) tree: TileGrowth,
    pub(super) checkpoints: BTreeMap<u64, KeptCheckpoint>,
    pub(super) keys: Vec<KeptKey>,
}

/// What names a record among all others.
struct LogId(String);

impl Default for LogId {
    fn default() -> Self {
        Self(Ulid::generate().to_string().to_lowercase())
    }
}

impl Record {
    /// What names it among all others.
    pub(super) fn log_id(&self) -> &str {
        &self.log_id.0
    }

    pub(super) fn events(&self) -> impl DoubleEndedIterator<Item = &RecordedEvent> {
        self.entries.iter().map(|row| &row.event)
    }

    pub(super) fn first(&self) -> Option<Sequence> {
        self.entries.front().map(|row| row.event.sequence)
    }

    pub(super) fn newest(&self) -> Sequence {
        self.entries.back().map_or(Sequence(0), |row| row.event.sequence)
    }

    fn index(&self, sequence: Sequence) -> Option<usize> {
        usize::try_from(sequence.0.checked_sub(self.first()?.0)?).ok()
    }

    pub(super) fn at(&self, sequence: Sequence) -> Option<&RecordedEvent> {
        self.entries.get(self.index(sequence)?).map(|row| &row.event)
    }

    /// Appends an entry, or finds it on record.
    pub(super) fn place(
        &mut self,
        row: NewRow,
        now: DateTime<Utc>,
    ) -> Result<Receipt, UnwritableMoment> {
        let NewRow { mut event, mut stored } = row;
        let event_id = event.envelope.event_id.clone();
        let identity = (event.envelope.source.clone(), event_id.clone());
        if let Some(known) = self.places.get(&identity).and_then(|place| self.at(*place)) {
            return Ok(Receipt {
                event_id,
                sequence: known.sequence,
                recorded_at: known.recorded_at,
                status: ReceiptStatus::AlreadyOnRecord,
            });
        }
        event.sequence = self.newest().next();
        event.recorded_at =
            self.entries.back().map_or(now, |newest| newest.event.recorded_at.max(now));
        stored.sequence = event.sequence;
        stored.recorded_at = moment::text(event.recorded_at)?;
        let leaf = leaf_hash(&leaf(&stored));
        stored.leaf_hash = Some(leaf.0.to_vec());
        let receipt = Receipt {
            event_id,
            sequence: event.sequence,
            recorded_at: event.recorded_at,
            status: ReceiptStatus::Recorded,
        };
        self.places.insert(identity, event.sequence);
        self.entries.push_back(Row { event, stored, leaf });
        Ok(receipt)
    }

    /// Takes the entries up to and including this one into the tree.
    pub(super) fn grow(&mut self, through: Sequence) {
        // There was nothing before the tree, so that the leaf of entry 1 is the first.
        while Sequence(self.tree.size()) < through.min(self.newest()) {
            let next = self.index(Sequence(self.tree.size() + 1));
            let Some(row) = next.and_then(|index| self.entries.get(index)) else { return };
            self.tree.push(row.leaf);
        }
    }

    /// Removes the first entry; its leaf is in the tree then.
    pub(super) fn remove_first(&mut self) -> Option<Sequence> {
        let first = self.first()?;
        self.grow(first);
        let RecordedEvent { sequence, envelope, .. } = self.entries.pop_front()?.event;
        self.places.remove(&(envelope.source, envelope.event_id));
        Some(sequence)
    }
}

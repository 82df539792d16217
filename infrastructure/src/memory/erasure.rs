//! Erasing from the log in memory: the values are dropped, and nothing is left to overwrite.
//!
//! Deliberately absent: keeping what is held. The use case of erasing asks before each chunk.

use async_trait::async_trait;
use domain::audit::legal_hold::{HeldEntry, LegalHold};
use domain::audit::{Erasure, ErasureCount};
use domain::ports::{ErasedChunk, ErasureError};
use domain::{AuditErasure, Sequence};

use super::InMemoryAuditLog;

#[async_trait]
impl AuditErasure for InMemoryAuditLog {
    async fn count(&self, erasure: &Erasure) -> Result<ErasureCount, ErasureError> {
        let record = self.record.read();
        let meant = record.events().filter(|event| !erasure.of(event).is_empty());
        let mut count = ErasureCount::default();
        for sequence in meant.map(|event| event.sequence) {
            count.entries += 1;
            count.range = Some((count.range.map_or(sequence, |(first, _)| first), sequence));
        }
        Ok(count)
    }

    async fn held(
        &self,
        erasure: &Erasure,
        holds: &[LegalHold],
        through: Sequence,
    ) -> Result<Vec<HeldEntry>, ErasureError> {
        let record = self.record.read();
        let oldest = |hold: &LegalHold| {
            let mut held = record.events().filter(|event| {
                event.sequence <= through && hold.covers(event) && !erasure.of(event).is_empty()
            });
            held.next().map(|event| HeldEntry { hold: hold.id, sequence: event.sequence })
        };
        let mut held: Vec<HeldEntry> = holds.iter().filter_map(oldest).collect();
        held.sort_by_key(|held| (held.sequence, held.hold));
        Ok(held)
    }

    async fn erase(
        &self,
        erasure: &Erasure,
        after: Sequence,
        through: Sequence,
        limit: u32,
    ) -> Result<ErasedChunk, ErasureError> {
        let mut record = self.record.write();
        let within = |sequence| sequence > after && sequence <= through;
        let meant = record.entries.iter_mut().filter(|row| within(row.event.sequence));
        let meant = meant.filter(|row| !erasure.of(&row.event).is_empty());
        let mut chunk = ErasedChunk::default();
        for row in meant.take(limit as usize) {
            row.erase(erasure);
            chunk.entries += 1;
            chunk.reached = Some(row.event.sequence);
        }
        Ok(chunk)
    }

    async fn scrub(&self) -> Result<(), ErasureError> {
        Ok(())
    }
}

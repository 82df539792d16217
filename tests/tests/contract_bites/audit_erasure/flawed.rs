//! Erasing with a flaw, over erasing without one.

use async_trait::async_trait;
use domain::audit::legal_hold::{HeldEntry, LegalHold};
use domain::audit::{Erasure, ErasureCount, ErasureSelection};
use domain::ports::{ErasedChunk, ErasureError};
use domain::{AuditErasure, Sequence};
use indelible_tests::contract::audit_erasure::ErasableRecord;

use super::Flaw;

pub(super) struct Flawed {
    pub(super) inner: ErasableRecord,
    pub(super) flaw: Flaw,
}

impl Flawed {
    fn distorted(&self, erasure: &Erasure) -> Erasure {
        let mut erasure = erasure.clone();
        match self.flaw {
            Flaw::ErasesDetailsAlways => erasure.details = true,
            Flaw::NeverErasesDetails => erasure.details = false,
            Flaw::TakesUsersForSubjects => {
                if let ErasureSelection::User(user) = erasure.selection {
                    erasure.selection = ErasureSelection::Subject(user);
                }
            }
            _ => {}
        }
        erasure
    }
}

#[async_trait]
impl AuditErasure for Flawed {
    async fn count(&self, erasure: &Erasure) -> Result<ErasureCount, ErasureError> {
        let mut count = self.inner.erasure.count(erasure).await?;
        match self.flaw {
            Flaw::ErasesWhileItCounts => {
                let (from, to) = (Sequence(0), Sequence(u64::MAX));
                self.inner.erasure.erase(erasure, from, to, u32::MAX).await?;
            }
            Flaw::CountsWithoutARange => count.range = None,
            _ => {}
        }
        Ok(count)
    }

    async fn held(
        &self,
        erasure: &Erasure,
        holds: &[LegalHold],
        through: Sequence,
    ) -> Result<Vec<HeldEntry>, ErasureError> {
        if self.flaw == Flaw::KnowsOfNoHolds {
            return Ok(Vec::new());
        }
        self.inner.erasure.held(erasure, holds, through).await
    }

    async fn erase(
        &self,
        erasure: &Erasure,
        after: Sequence,
        through: Sequence,
        limit: u32,
    ) -> Result<ErasedChunk, ErasureError> {
        let (mut from, mut to, mut most) = (after, through, limit);
        match self.flaw {
            Flaw::ErasesNothing => return Ok(ErasedChunk::default()),
            Flaw::IgnoresTheLimit => most = u32::MAX,
            Flaw::GoesBeyond => to = Sequence(u64::MAX),
            Flaw::BeginsAtTheStart => from = Sequence(0),
            _ => {}
        }
        let mut chunk = self.inner.erasure.erase(&self.distorted(erasure), from, to, most).await?;
        match self.flaw {
            Flaw::CountsWhatIsGone if after == Sequence(0) => chunk.entries = 2,
            Flaw::ReachesOneMore => chunk.reached = chunk.reached.map(Sequence::next),
            _ => {}
        }
        Ok(chunk)
    }

    async fn scrub(&self) -> Result<(), ErasureError> {
        if self.flaw == Flaw::PrunesWhenItScrubs {
            let _ = self.inner.log.remove_oldest(Sequence(1), 1).await;
        }
        self.inner.erasure.scrub().await
    }
}

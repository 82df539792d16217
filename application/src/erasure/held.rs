//! Legal holds in the way of an erasure: found before anything is begun, and told with who placed them and
//! why.
//!
//! Deliberately absent: erasing what no hold covers and leaving the rest. A request that is done in part
//! would be on record as done.

use std::fmt;

use domain::audit::Erasure;
use domain::audit::legal_hold::HeldEntry;
use domain::events::AuditHoldPlaced;
use domain::{Actor, AuditErasure, AuditLog, LegalHolds, Sequence};

use super::EraseError;

/// A legal hold that keeps an entry from being erased, and what the record says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldInTheWay {
    /// The hold, and the oldest entry that it keeps from being erased.
    pub held: HeldEntry,
    /// Who placed it.
    pub by: Option<Actor>,
    /// Why.
    pub reason: Option<String>,
}

impl fmt::Display for HoldInTheWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HeldEntry { hold, sequence } = self.held;
        write!(f, "entry {sequence} is under legal hold {hold}")?;
        if let Some(by) = &self.by {
            write!(f, ", placed by {by}")?;
        }
        if let Some(reason) = &self.reason {
            write!(f, " for `{reason}`")?;
        }
        write!(
            f,
            ": release it with `indelible hold release {hold}` once that may be, then erase again"
        )
    }
}

/// Legal holds keep what is to be erased.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct HeldFromErasure(pub Vec<HoldInTheWay>);

impl HeldFromErasure {
    /// The holds that keep any of what would be erased now; `None` where there are none.
    ///
    /// # Errors
    /// When the holds or the record cannot be asked.
    pub async fn find(
        erasure: &dyn AuditErasure,
        holds: &dyn LegalHolds,
        log: &dyn AuditLog,
        what: &Erasure,
    ) -> Result<Option<Self>, EraseError> {
        let in_force = holds.in_force().await?;
        if in_force.is_empty() {
            return Ok(None);
        }
        let held = erasure.held(what, &in_force, Sequence(u64::MAX)).await;
        let held = held.map_err(EraseError::Count)?;
        if held.is_empty() { Ok(None) } else { Self::told(held, log).await.map(Some) }
    }

    /// What the record says of these holds.
    pub(super) async fn told(held: Vec<HeldEntry>, log: &dyn AuditLog) -> Result<Self, EraseError> {
        let mut told = Vec::new();
        for held in held {
            let event = log.by_sequence(held.hold.0).await?;
            let placed = event.as_ref().and_then(|it| it.decode::<AuditHoldPlaced>().ok());
            told.push(HoldInTheWay {
                held,
                by: event.and_then(|it| it.envelope.actor),
                reason: placed.map(|placed| placed.reason),
            });
        }
        Ok(Self(told))
    }
}

//! What was changed behind the program's back is evidence, and no request destroys it.
//!
//! Deliberately absent: what was changed about it, which verifying finds.

use domain::audit::Erasure;
use domain::ports::ErasureError;
use domain::{AuditErasure, Sequence};

use super::EraseError;

/// Refuses what would destroy evidence: an entry that is meant and is not what was recorded.
///
/// # Errors
/// When there is one, or the record cannot be asked.
pub async fn refuse_changed(
    erasure: &dyn AuditErasure,
    what: &Erasure,
    through: Sequence,
) -> Result<(), EraseError> {
    match erasure.changed(what, through).await.map_err(EraseError::Count)? {
        Some(sequence) => Err(EraseError::Changed(ErasureError::Changed { sequence })),
        None => Ok(()),
    }
}

//! That the record is signed with another key than before is on record before anything is signed with it,
//! however the key came to be there.
//!
//! Deliberately absent: whether that may be. Whoever verifies knows the keys to believe.

use domain::audit::{AuditFilter, Page, TypePattern};
use domain::events::AuditKeyRotated;
use domain::ports::{CheckpointSigner, EmitError, QueryError, TreeError};
use domain::proof::{Origin, VerifierKey};
use domain::{Actor, AuditLog, AuditTree, DomainEvent, Emit, EventBus, EventDraft, Receipt};

/// How many rotations are looked at: those of other records may have been recorded here as well.
const ROTATIONS: u32 = 100;

/// Why it is not on record that another key is in use.
#[derive(Debug, thiserror::Error)]
pub enum KeyInUseError {
    /// The keys that were used before cannot be read.
    #[error("the keys that this record was signed with cannot be read")]
    Tree(#[source] TreeError),
    /// The record cannot be asked.
    #[error("the record cannot be asked which key it is signed with")]
    Query(#[from] QueryError),
    /// It could not be put on record.
    #[error(
        "another key is in use than the one this record was signed with, and that could not be put on record"
    )]
    Emit(#[from] EmitError),
}

/// Puts on record that another key is in use than before: another one than the last rotation on record
/// named or, where there is none, the last that has signed. Where nothing was ever signed, or there is no
/// key, there is nothing to say.
///
/// # Errors
/// When it cannot be found out, or not be put on record.
pub async fn announce_key(
    tree: &dyn AuditTree,
    log: &dyn AuditLog,
    signer: &dyn CheckpointSigner,
    bus: &dyn EventBus,
) -> Result<Option<Receipt>, KeyInUseError> {
    let standing = match tree.standing().await {
        Ok(standing) => standing,
        // Whoever signs or verifies says so.
        Err(TreeError::NotKept | TreeError::NoTree | TreeError::Gone) => return Ok(None),
        Err(error) => return Err(KeyInUseError::Tree(error)),
    };
    let Ok(origin) = Origin::of_log(&standing.log_id) else { return Ok(None) };
    let Ok(own) = signer.verifier_key(&origin) else { return Ok(None) };
    let own = own.to_string();
    let Some(kept) = tree.keys().await.map_err(KeyInUseError::Tree)?.pop() else { return Ok(None) };
    let before = rotated_to(log, &origin).await?.unwrap_or(kept.verifier_key);
    if before == own {
        return Ok(None);
    }
    let event = AuditKeyRotated { old_verifier: before, new_verifier: own };
    Ok(Some(bus.emit(EventDraft::from(event).by(Actor::system("indelible"))).await?))
}

/// The key that the last rotation of this record's was to.
async fn rotated_to(log: &dyn AuditLog, origin: &Origin) -> Result<Option<String>, QueryError> {
    let types = vec![TypePattern::new(AuditKeyRotated::DESCRIPTOR.event_type)];
    let rotations = AuditFilter { types, ..AuditFilter::default() };
    let page = log.page(&rotations, Page::latest(ROTATIONS)).await?;
    let mut keys = page.iter().filter_map(|event| event.decode::<AuditKeyRotated>().ok());
    let ours = |key: &VerifierKey| key.name() == origin;
    Ok(keys
        .find(|it| it.new_verifier.parse().is_ok_and(|key| ours(&key)))
        .map(|it| it.new_verifier))
}

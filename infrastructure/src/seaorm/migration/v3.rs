//! Version 3: the tree over the record, what was signed about it, and erasing.
//!
//! Deliberately absent: any change to it once it was released; a new step follows instead.

use sea_orm_migration::prelude::*;

/// The step.
pub(super) struct CreateTree;

impl MigrationName for CreateTree {
    fn name(&self) -> &'static str {
        "v0003_create_tree"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateTree {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(CREATE_TREE).await?;
        Ok(())
    }
}

/// An entry that is there already stays as it is and cannot be proven: the tree begins after it, which
/// is what `genesis` says. Nothing in the tree is ever changed but by growing.
pub(super) const CREATE_TREE: &str = "
ALTER TABLE audit_log ADD COLUMN leaf_hash BLOB;
ALTER TABLE audit_log ADD COLUMN personal_salt BLOB;
ALTER TABLE audit_log ADD COLUMN details_salt BLOB;
-- The digests of what was erased: a JSON object.
ALTER TABLE audit_log ADD COLUMN erased TEXT;

CREATE TABLE audit_tree (
    id      INTEGER PRIMARY KEY CHECK (id = 1),
    log_id  TEXT NOT NULL,
    genesis INTEGER NOT NULL CHECK (genesis >= 0),
    size    INTEGER NOT NULL CHECK (size >= 0)
) STRICT;
INSERT INTO audit_tree (id, log_id, genesis, size)
SELECT 1, lower(hex(randomblob(16))), coalesce(max(sequence), 0), 0 FROM audit_log;

CREATE TABLE audit_tile (
    level  INTEGER NOT NULL CHECK (level >= 0),
    place  INTEGER NOT NULL CHECK (place >= 0),
    hashes BLOB NOT NULL CHECK (length(hashes) % 32 = 0 AND length(hashes) BETWEEN 32 AND 8192),
    PRIMARY KEY (level, place)
) STRICT;

CREATE TABLE audit_checkpoint (
    size    INTEGER PRIMARY KEY CHECK (size >= 0),
    note    TEXT NOT NULL,
    kept_at TEXT NOT NULL
) STRICT;

CREATE TABLE audit_signing_key (
    id           INTEGER PRIMARY KEY,
    verifier_key TEXT NOT NULL UNIQUE,
    kept_at      TEXT NOT NULL
) STRICT;

-- Holds one row while values are erased, inside the same transaction.
CREATE TABLE audit_erasure_permit (
    id INTEGER PRIMARY KEY CHECK (id = 1)
) STRICT;

DROP TRIGGER audit_log_is_never_changed;
CREATE TRIGGER audit_log_is_never_changed BEFORE UPDATE ON audit_log
WHEN NOT EXISTS (SELECT 1 FROM audit_erasure_permit)
    OR NEW.sequence IS NOT OLD.sequence
    OR NEW.event_id IS NOT OLD.event_id
    OR NEW.event_type IS NOT OLD.event_type
    OR NEW.schema_version IS NOT OLD.schema_version
    OR NEW.occurred_at IS NOT OLD.occurred_at
    OR NEW.source IS NOT OLD.source
    OR NEW.plan_id IS NOT OLD.plan_id
    OR NEW.project_name IS NOT OLD.project_name
    OR NEW.session_id IS NOT OLD.session_id
    OR NEW.correlation_id IS NOT OLD.correlation_id
    OR NEW.causation_id IS NOT OLD.causation_id
    OR NEW.trace_id IS NOT OLD.trace_id
    OR NEW.recorded_at IS NOT OLD.recorded_at
    OR NEW.leaf_hash IS NOT OLD.leaf_hash
    OR coalesce(NEW.subject, OLD.subject) IS NOT OLD.subject
    OR coalesce(NEW.actor, OLD.actor) IS NOT OLD.actor
    OR coalesce(NEW.user_identity, OLD.user_identity) IS NOT OLD.user_identity
    OR coalesce(NEW.extensions, OLD.extensions) IS NOT OLD.extensions
    OR coalesce(NEW.personal_salt, OLD.personal_salt) IS NOT OLD.personal_salt
    OR coalesce(NEW.details_salt, OLD.details_salt) IS NOT OLD.details_salt
    OR NEW.details NOT IN (OLD.details, '{}')
    OR (OLD.erased IS NOT NULL AND NEW.erased IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only: record a correcting event instead of changing one');
END;

DROP TRIGGER audit_log_is_pruned_by_retention_only;
CREATE TRIGGER audit_log_is_pruned_by_retention_only BEFORE DELETE ON audit_log
WHEN NOT EXISTS (SELECT 1 FROM audit_retention_permit WHERE through_sequence >= OLD.sequence)
    OR OLD.sequence <> (SELECT min(sequence) FROM audit_log)
    OR OLD.sequence = (SELECT max(sequence) FROM audit_log)
    OR OLD.sequence > (SELECT genesis + size FROM audit_tree)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only: remove its oldest entries with `indelible prune`');
END;

DROP TRIGGER audit_log_has_no_gaps;
CREATE TRIGGER audit_log_has_no_gaps BEFORE INSERT ON audit_log
WHEN NEW.sequence <> (SELECT coalesce(max(sequence), 0) + 1 FROM audit_log)
    OR coalesce(length(NEW.leaf_hash), 0) <> 32
    OR NEW.erased IS NOT NULL
BEGIN
    SELECT CASE WHEN NEW.sequence = (SELECT coalesce(max(sequence), 0) + 1 FROM audit_log)
    THEN RAISE(ABORT, 'every entry has the hash of its leaf: append through an AuditLog')
    ELSE RAISE(ABORT, 'the audit log has no gaps: append at the sequence after its newest entry') END;
END;

CREATE TRIGGER audit_tree_only_grows BEFORE UPDATE ON audit_tree
WHEN NEW.id <> OLD.id OR NEW.log_id <> OLD.log_id OR NEW.genesis <> OLD.genesis OR NEW.size < OLD.size
BEGIN
    SELECT RAISE(ABORT, 'the tree of the audit log only grows');
END;
CREATE TRIGGER audit_tree_is_begun_once BEFORE INSERT ON audit_tree
WHEN EXISTS (SELECT 1 FROM audit_tree)
BEGIN
    SELECT RAISE(ABORT, 'the tree of the audit log is there already');
END;
CREATE TRIGGER audit_tree_is_kept BEFORE DELETE ON audit_tree
BEGIN
    SELECT RAISE(ABORT, 'the tree of the audit log is kept: without it nothing can be proven');
END;

CREATE TRIGGER audit_tile_only_grows BEFORE UPDATE ON audit_tile
WHEN NEW.level <> OLD.level OR NEW.place <> OLD.place
    OR substr(NEW.hashes, 1, length(OLD.hashes)) <> OLD.hashes
BEGIN
    SELECT RAISE(ABORT, 'a tile of the tree only grows: no hash in it is ever changed');
END;
CREATE TRIGGER audit_tile_is_not_replaced BEFORE INSERT ON audit_tile
WHEN EXISTS (SELECT 1 FROM audit_tile WHERE level = NEW.level AND place = NEW.place)
BEGIN
    SELECT RAISE(ABORT, 'the tile is there already: append to it');
END;
CREATE TRIGGER audit_tile_is_kept BEFORE DELETE ON audit_tile
BEGIN
    SELECT RAISE(ABORT, 'the tree of the audit log is kept: without it nothing can be proven');
END;

CREATE TRIGGER audit_checkpoint_is_never_changed BEFORE UPDATE ON audit_checkpoint
BEGIN
    SELECT RAISE(ABORT, 'a checkpoint is never changed: make another one');
END;
CREATE TRIGGER audit_checkpoint_is_not_replaced BEFORE INSERT ON audit_checkpoint
WHEN EXISTS (SELECT 1 FROM audit_checkpoint WHERE size = NEW.size)
BEGIN
    SELECT RAISE(ABORT, 'there is a checkpoint of this size already');
END;
CREATE TRIGGER audit_checkpoint_is_kept BEFORE DELETE ON audit_checkpoint
BEGIN
    SELECT RAISE(ABORT, 'a checkpoint is kept: it is what later ones are compared with');
END;

CREATE TRIGGER audit_signing_key_is_never_changed BEFORE UPDATE ON audit_signing_key
BEGIN
    SELECT RAISE(ABORT, 'a signing key is never changed: add another one');
END;
CREATE TRIGGER audit_signing_key_is_not_replaced BEFORE INSERT ON audit_signing_key
WHEN EXISTS (SELECT 1 FROM audit_signing_key
    WHERE verifier_key = NEW.verifier_key OR id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'the signing key is there already');
END;
CREATE TRIGGER audit_signing_key_is_kept BEFORE DELETE ON audit_signing_key
BEGIN
    SELECT RAISE(ABORT, 'a signing key is kept: checkpoints were signed with it');
END;

PRAGMA user_version = 3;
";

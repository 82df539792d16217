//! Version 4: legal holds, and guards that trust nothing but what is on record.
//!
//! Deliberately absent: any change to it once it was released; a new step follows instead.

use sea_orm_migration::prelude::*;

/// The step.
pub(super) struct CreateHolds;

impl MigrationName for CreateHolds {
    fn name(&self) -> &'static str {
        "v0004_create_holds"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateHolds {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(CREATE_HOLDS).await?;
        Ok(())
    }
}

/// Whoever removes or erases an entry, by whatever program: one that is held stays as it is. Who placed a
/// hold and why stands in the entry whose sequence is the hold's id, which the hold covers as well.
pub(super) const CREATE_HOLDS: &str = "
CREATE TABLE audit_hold (
    id               INTEGER PRIMARY KEY,
    scope            TEXT NOT NULL CHECK (scope IN ('plan', 'correlation', 'user', 'sequences')),
    value            TEXT,
    from_sequence    INTEGER,
    through_sequence INTEGER,
    CHECK ((scope = 'sequences') = (value IS NULL)),
    CHECK ((scope = 'sequences') = (from_sequence IS NOT NULL)),
    CHECK ((scope = 'sequences') = (through_sequence IS NOT NULL)),
    CHECK (from_sequence <= through_sequence)
) STRICT;

CREATE TRIGGER audit_hold_is_on_record BEFORE INSERT ON audit_hold
WHEN EXISTS (SELECT 1 FROM audit_hold WHERE id = NEW.id) OR NOT EXISTS (
    SELECT 1 FROM audit_log WHERE sequence = NEW.id AND event_type = 'audit.hold_placed')
BEGIN
    SELECT RAISE(ABORT, 'a legal hold is put on record first: place it with `indelible hold place`');
END;
CREATE TRIGGER audit_hold_is_never_changed BEFORE UPDATE ON audit_hold
BEGIN
    SELECT RAISE(ABORT, 'a legal hold is never changed: place another one, then release this one');
END;
CREATE TRIGGER audit_hold_is_released_on_record BEFORE DELETE ON audit_hold
WHEN NOT EXISTS (SELECT 1 FROM audit_log WHERE event_type = 'audit.hold_released'
    AND sequence > OLD.id AND json_extract(details, '$.hold') = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'a legal hold is in force until it is released: `indelible hold release`');
END;

CREATE TRIGGER audit_log_keeps_what_is_held BEFORE DELETE ON audit_log
WHEN EXISTS (SELECT 1 FROM audit_hold AS hold WHERE OLD.sequence = hold.id
    OR (hold.scope = 'plan' AND OLD.plan_id = hold.value)
    OR (hold.scope = 'correlation' AND OLD.correlation_id = hold.value)
    OR (hold.scope = 'user'
        AND (OLD.user_identity = hold.value OR OLD.actor = 'human:' || hold.value))
    OR (hold.scope = 'sequences'
        AND OLD.sequence BETWEEN hold.from_sequence AND hold.through_sequence))
BEGIN
    SELECT RAISE(ABORT, 'the entry is under a legal hold: see `indelible hold list`');
END;
CREATE TRIGGER audit_log_erases_nothing_held BEFORE UPDATE ON audit_log
WHEN EXISTS (SELECT 1 FROM audit_hold AS hold WHERE OLD.sequence = hold.id
    OR (hold.scope = 'plan' AND OLD.plan_id = hold.value)
    OR (hold.scope = 'correlation' AND OLD.correlation_id = hold.value)
    OR (hold.scope = 'user'
        AND (OLD.user_identity = hold.value OR OLD.actor = 'human:' || hold.value))
    OR (hold.scope = 'sequences'
        AND OLD.sequence BETWEEN hold.from_sequence AND hold.through_sequence))
BEGIN
    SELECT RAISE(ABORT, 'the entry is under a legal hold: see `indelible hold list`');
END;

-- An entry goes only where its leaf's hash is in the tree, whatever the tree is said to hold.
DROP TRIGGER audit_log_is_pruned_by_retention_only;
CREATE TRIGGER audit_log_is_pruned_by_retention_only BEFORE DELETE ON audit_log
WHEN NOT EXISTS (SELECT 1 FROM audit_retention_permit WHERE through_sequence >= OLD.sequence)
    OR OLD.sequence <> (SELECT min(sequence) FROM audit_log)
    OR OLD.sequence = (SELECT max(sequence) FROM audit_log)
    OR OLD.sequence > (SELECT genesis + size FROM audit_tree)
    OR (OLD.sequence > (SELECT genesis FROM audit_tree) AND (
        coalesce(length(OLD.leaf_hash), 0) <> 32
        OR OLD.leaf_hash IS NOT (
            SELECT substr(tile.hashes, 1 + 32 * ((OLD.sequence - tree.genesis - 1) % 256), 32)
            FROM audit_tree AS tree CROSS JOIN audit_tile AS tile
            WHERE tile.level = 0 AND tile.place = (OLD.sequence - tree.genesis - 1) / 256)))
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only: remove its oldest entries with `indelible prune`');
END;

-- Tiles grow first, and the tree with them.
CREATE TRIGGER audit_tree_is_no_larger_than_its_tiles BEFORE UPDATE ON audit_tree
WHEN NEW.size > coalesce((SELECT place * 256 + length(hashes) / 32 FROM audit_tile
    WHERE level = 0 ORDER BY place DESC LIMIT 1), 0)
BEGIN
    SELECT RAISE(ABORT, 'the tree of the audit log only grows with its tiles: see `indelible checkpoint`');
END;

-- What comes into the lowest tiles is the hash of an entry on record, in its place; what comes into
-- others, the hash of a full tile.
CREATE TRIGGER audit_tile_is_begun_in_its_turn BEFORE INSERT ON audit_tile
WHEN NOT EXISTS (SELECT 1 FROM audit_tile WHERE level = NEW.level AND place = NEW.place) AND (
    (NEW.place > 0 AND NOT EXISTS (SELECT 1 FROM audit_tile
        WHERE level = NEW.level AND place = NEW.place - 1 AND length(hashes) = 8192))
    OR (NEW.level = 0 AND length(NEW.hashes) / 32 <> (
        SELECT count(*) FROM audit_tree AS tree CROSS JOIN audit_log AS entry
        WHERE entry.sequence > tree.genesis + 256 * NEW.place
        AND entry.sequence <= tree.genesis + 256 * NEW.place + length(NEW.hashes) / 32
        AND entry.leaf_hash = substr(NEW.hashes,
            1 + 32 * (entry.sequence - tree.genesis - 1 - 256 * NEW.place), 32)))
    OR (NEW.level > 0 AND length(NEW.hashes) / 32 > (
        SELECT count(*) FROM audit_tile WHERE level = NEW.level - 1
        AND place BETWEEN 256 * NEW.place AND 256 * NEW.place + 255 AND length(hashes) = 8192)))
BEGIN
    SELECT RAISE(ABORT, 'a tile of the tree holds what is on record: see `indelible checkpoint`');
END;
CREATE TRIGGER audit_tile_takes_what_is_on_record BEFORE UPDATE ON audit_tile
WHEN length(NEW.hashes) > length(OLD.hashes) AND (
    (NEW.level = 0 AND length(NEW.hashes) / 32 - length(OLD.hashes) / 32 <> (
        SELECT count(*) FROM audit_tree AS tree CROSS JOIN audit_log AS entry
        WHERE entry.sequence > tree.genesis + 256 * NEW.place + length(OLD.hashes) / 32
        AND entry.sequence <= tree.genesis + 256 * NEW.place + length(NEW.hashes) / 32
        AND entry.leaf_hash = substr(NEW.hashes,
            1 + 32 * (entry.sequence - tree.genesis - 1 - 256 * NEW.place), 32)))
    OR (NEW.level > 0 AND length(NEW.hashes) / 32 > (
        SELECT count(*) FROM audit_tile WHERE level = NEW.level - 1
        AND place BETWEEN 256 * NEW.place AND 256 * NEW.place + 255 AND length(hashes) = 8192)))
BEGIN
    SELECT RAISE(ABORT, 'a tile of the tree holds what is on record: see `indelible checkpoint`');
END;

-- The digests of what was erased are what is left to prove it by.
CREATE TRIGGER audit_log_keeps_what_tells_of_the_erased BEFORE UPDATE ON audit_log
WHEN EXISTS (SELECT 1 FROM json_each(OLD.erased) AS was
    WHERE json_type(NEW.erased, was.fullkey) IS NOT was.type
    OR json_extract(NEW.erased, was.fullkey) IS NOT was.value)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only: the digests of what was erased stay as they are');
END;

PRAGMA user_version = 4;
";

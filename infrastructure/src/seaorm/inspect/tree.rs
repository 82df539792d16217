//! Whether the tree beside the record has the parts that it says it has, and the record the entries that
//! the tree knows of.
//!
//! Deliberately absent: computing a leaf or a tile anew, and what was signed. `verify` does both, and takes
//! longer.

use std::sync::Arc;

use domain::QueryError;
use domain::ports::Fact;
use rusqlite::{Connection, OptionalExtension as _};

use crate::seaorm::problem::query_error;
use crate::seaorm::storage::AuditStorage;

/// How many hashes a tile has, and how many bytes a hash.
const WIDTH: i64 = 256;
const HASH: usize = 32;

/// Looks at the tree, in a file that has one.
pub(super) async fn inspect_tree(storage: &AuditStorage) -> Result<Vec<Fact>, QueryError> {
    let archive = storage.is_archive();
    let scans = Arc::clone(storage.scans());
    scans.run(move |rows| facts(rows, archive)).await.map_err(query_error)
}

fn facts(rows: &Connection, archive: bool) -> Result<Vec<Fact>, rusqlite::Error> {
    // Of one moment: what is appended, signed and pruned meanwhile is no finding.
    let rows = rows.unchecked_transaction()?;
    let standing = rows
        .query_row("SELECT genesis, size FROM audit_tree", (), |row| {
            Ok(Standing { genesis: row.get(0)?, size: row.get(1)? })
        })
        .optional()?;
    let Some(standing) = standing else {
        return Ok(vec![Fact::tampered("genesis", "it is gone where the tree stands")]);
    };
    let tiles = standing.tiles(&rows)?;
    let hashes = standing.hashes(&rows)?;
    let mut facts = vec![standing.genesis(&rows)?, tiles, hashes];
    // An archive has a part of the entries, and the tree of all.
    if !archive {
        facts.push(standing.end(&rows)?);
    }
    Ok(facts)
}

/// Where the tree is said to stand.
struct Standing {
    genesis: i64,
    size: i64,
}

impl Standing {
    /// What is from before the tree has no hash, and all that follows has one.
    fn genesis(&self, rows: &Connection) -> Result<Fact, rusqlite::Error> {
        let genesis = self.genesis;
        let question = "SELECT (SELECT min(sequence) FROM audit_log \
                        WHERE sequence <= ?1 AND leaf_hash IS NOT NULL), \
                        (SELECT min(sequence) FROM audit_log WHERE sequence > ?1 AND leaf_hash IS NULL)";
        let found: (Option<i64>, Option<i64>) =
            rows.query_row(question, [genesis], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let wrong = |found: String| Fact::tampered("genesis", found);
        Ok(match found {
            (Some(hashed), _) => wrong(format!(
                "the tree is said to begin after {genesis}, and entry {hashed} was in it"
            )),
            (None, Some(bare)) => wrong(format!(
                "the tree is said to begin after {genesis}, and entry {bare} has no hash"
            )),
            (None, None) => {
                Fact::fine("genesis", format!("provable from {} on", genesis.saturating_add(1)))
            }
        })
    }

    /// Each level has a hash for every full tile below it, in tiles that are full but for the last.
    fn tiles(&self, rows: &Connection) -> Result<Fact, rusqlite::Error> {
        // Tiles may hold more than was due when the tree last grew, and then not less.
        let kept = "SELECT count(*), coalesce(sum(min(length(hashes) / 32, ?1 - 256 * place)), 0) \
                    FROM audit_tile WHERE level = ?2 AND place >= 0 AND 256 * place < ?1";
        let mut kept = rows.prepare(kept)?;
        let (mut level, mut due, mut tiles) = (0, self.size, 0);
        while due > 0 {
            let (count, hashes): (i64, i64) =
                kept.query_row([due, level], |row| Ok((row.get(0)?, row.get(1)?)))?;
            if hashes != due {
                let found = format!(
                    "of the {due} hashes of level {level} only {hashes} are there, in {count} tiles"
                );
                return Ok(Fact::tampered("tiles", found));
            }
            (level, due, tiles) = (level + 1, due / WIDTH, tiles + count);
        }
        Ok(Fact::fine("tiles", format!("{tiles}, of {} entries", self.size)))
    }

    /// The hash beside each entry is the one in the tree.
    fn hashes(&self, rows: &Connection) -> Result<Fact, rusqlite::Error> {
        let mut tile =
            rows.prepare("SELECT hashes FROM audit_tile WHERE level = 0 AND place = ?")?;
        let mut entries = rows.prepare(
            "SELECT sequence, leaf_hash FROM audit_log WHERE sequence > ? AND sequence <= ? \
             ORDER BY sequence",
        )?;
        let newest = self.genesis.saturating_add(self.size);
        let mut entries = entries.query([self.genesis, newest])?;
        let (mut read, mut hashes) = (None, Vec::new());
        while let Some(entry) = entries.next()? {
            let sequence: i64 = entry.get(0)?;
            let index = sequence - self.genesis - 1;
            let place = index / WIDTH;
            if read != Some(place) {
                read = Some(place);
                hashes = tile.query_row([place], |row| row.get(0)).optional()?.unwrap_or_default();
            }
            // Below 256.
            let start = HASH * usize::try_from(index % WIDTH).unwrap_or_default();
            // Of a tile that is not there, or not whole, the count tells.
            let Some(kept) = hashes.get(start..start + HASH) else { continue };
            if entry.get_ref(1)?.as_bytes_or_null().ok().flatten() != Some(kept) {
                let found = format!("that of entry {sequence} is not the one in the tree");
                return Ok(Fact::tampered("hashes", found));
            }
        }
        Ok(Fact::fine("hashes", "beside the entries as in the tree"))
    }

    /// The record has the newest entry that the tree has: that one is never removed.
    fn end(&self, rows: &Connection) -> Result<Fact, rusqlite::Error> {
        let newest = "SELECT coalesce(max(sequence), 0) FROM audit_log";
        let newest: i64 = rows.query_row(newest, (), |row| row.get(0))?;
        let due = self.genesis.saturating_add(self.size);
        Ok(if newest < due {
            let found = format!("the tree has entries up to {due}, and the record up to {newest}");
            Fact::tampered("newest entries", found)
        } else {
            Fact::fine("newest entries", format!("{} not in the tree yet", newest - due))
        })
    }
}

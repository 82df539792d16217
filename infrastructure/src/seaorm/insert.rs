//! Entries as values for fixed statements: few texts that repeat, so that the statement cache hits.

use std::sync::{Arc, LazyLock};

use domain::proof::{Commitments, CommittedField, Leaf, MAX_LEAF_BYTES, Salt, leaf_hash};
use domain::{AuditEntry, Sequence};
use sea_orm::sqlx::sqlite::SqliteArguments;
use sea_orm::sqlx::{self, Arguments};

use crate::moment;
use crate::unwritable::Unwritable;

/// The columns, in the order of [`arguments`].
const COLUMNS: &str = "sequence, recorded_at, schema_version, leaf_hash, personal_salt, \
                       details_salt, event_id, source, event_type, occurred_at, subject, plan_id, \
                       project_name, session_id, actor, user_identity, correlation_id, \
                       causation_id, trace_id, extensions, details";

/// How many columns hold something else than the entry's own texts.
const OTHERS: usize = 6;

/// How many columns hold text that comes with the entry.
const TEXTS: usize = 15;

/// The sizes that statements come in, largest first.
pub(super) const LADDER: [usize; 10] = [512, 256, 128, 64, 32, 16, 8, 4, 2, 1];

/// A statement for every size of the ladder.
static INSERTS: LazyLock<[String; LADDER.len()]> = LazyLock::new(|| {
    let row = format!("({})", vec!["?"; OTHERS + TEXTS].join(", "));
    LADDER.map(|size| {
        format!("INSERT INTO audit_log ({COLUMNS}) VALUES {}", vec![&*row; size].join(", "))
    })
});

/// Finds which of some events are on record; for every size of the ladder.
static LOOKUPS: LazyLock<[String; LADDER.len()]> = LazyLock::new(|| {
    LADDER.map(|size| {
        format!(
            "WITH wanted (place, event_id, source) AS (VALUES {}) \
             SELECT place, sequence, recorded_at \
             FROM wanted CROSS JOIN audit_log USING (event_id, source)",
            vec!["(?, ?, ?)"; size].join(", ")
        )
    })
});

/// An entry's values, shared rather than copied: a batch may have to be written twice.
#[derive(Clone, Debug)]
pub(super) struct NewRow {
    schema_version: u32,
    texts: [Option<Arc<str>>; TEXTS],
    /// Of what says who somebody is, where the entry says so.
    personal_salt: Option<Salt>,
    details_salt: Salt,
    commitments: Commitments,
}

/// Where the fields that a leaf holds digests of are among the texts.
const COMMITTED: [(CommittedField, usize); 5] = [
    (CommittedField::Actor, 8),
    (CommittedField::Details, 14),
    (CommittedField::Extensions, 13),
    (CommittedField::Subject, 4),
    (CommittedField::UserIdentity, 9),
];

impl NewRow {
    /// The rows of a batch.
    pub(super) fn of(batch: &[AuditEntry]) -> Result<Vec<Self>, Unwritable> {
        // All the randomness of a batch at once: asking the system costs as much as hashing.
        let mut salts = vec![[0; Salt::BYTES]; 2 * batch.len()];
        getrandom::fill(salts.as_flattened_mut())?;
        let mut rows: Vec<Self> = Vec::with_capacity(batch.len());
        for (entry, salts) in batch.iter().zip(salts.chunks_exact(2)) {
            let envelope = entry.envelope();
            let occurred_at = moment::text(envelope.occurred_at)?;
            let actor = envelope.actor.as_ref().map(ToString::to_string);
            let texts = [
                Some(envelope.event_id.as_str()),
                Some(&*envelope.source),
                Some(envelope.event_type.as_str()),
                Some(&*occurred_at),
                envelope.subject.as_deref(),
                envelope.plan_id.as_deref(),
                envelope.project_name.as_deref(),
                envelope.session_id.as_deref(),
                actor.as_deref(),
                envelope.user_identity.as_deref(),
                envelope.correlation_id.as_deref(),
                envelope.causation_id.as_deref(),
                envelope.trace_id.as_deref(),
                entry.extensions_json(),
                Some(entry.details_json()),
            ];
            // Neighbours often share their plan, source and type: share the text as well.
            let before = rows.last();
            let texts = std::array::from_fn(|column| {
                let text = texts[column]?;
                let shared = before.and_then(|row| row.texts[column].as_ref());
                Some(match shared {
                    Some(shared) if **shared == *text => Arc::clone(shared),
                    _ => Arc::from(text),
                })
            });
            let (personal, details_salt) = (Salt(salts[0]), Salt(salts[1]));
            let mut row = Self {
                schema_version: envelope.schema_version,
                texts,
                personal_salt: None,
                details_salt,
                commitments: Commitments::default(),
            };
            for (field, column) in COMMITTED {
                let Some(value) = &row.texts[column] else { continue };
                let salt = if field.is_personal() { personal } else { details_salt };
                row.commitments.set(field, salt.commit(field, value));
                if field.is_personal() {
                    row.personal_salt = Some(personal);
                }
            }
            row.refuse_too_long()?;
            rows.push(row);
        }
        Ok(rows)
    }

    /// An entry whose leaf is too long could never be published.
    fn refuse_too_long(&self) -> Result<(), Unwritable> {
        // JSON needs at most six letters for one, and the keys, digests and numbers fit into the rest.
        let in_leaf = self.texts[..13].iter().flatten().map(|text| text.len()).sum::<usize>();
        if in_leaf.saturating_mul(6) <= MAX_LEAF_BYTES - 2048 {
            return Ok(());
        }
        let bytes = self.leaf(i64::MAX, "2026-01-01T00:00:00.000000000Z").encode().len();
        if bytes > MAX_LEAF_BYTES { Err(Unwritable::TooLong { bytes }) } else { Ok(()) }
    }

    /// What the tree is to hold of the row.
    fn leaf<'a>(&'a self, sequence: i64, recorded_at: &'a str) -> Leaf<'a> {
        let text = |column: usize| self.texts[column].as_deref();
        Leaf {
            sequence: Sequence(sequence.cast_unsigned()),
            recorded_at,
            schema_version: self.schema_version,
            event_id: text(0).unwrap_or_default(),
            source: text(1).unwrap_or_default(),
            event_type: text(2).unwrap_or_default(),
            occurred_at: text(3).unwrap_or_default(),
            plan_id: text(5),
            project_name: text(6),
            session_id: text(7),
            correlation_id: text(10),
            causation_id: text(11),
            trace_id: text(12),
            commitments: self.commitments,
        }
    }

    /// What an event is unique by: its id and its source.
    pub(super) fn identity(&self) -> (&str, &str) {
        let text = |column: usize| self.texts[column].as_deref().unwrap_or_default();
        (text(0), text(1))
    }
}

/// A part of a batch that one statement takes: where it starts, how many, and which statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) start: usize,
    pub(super) size: usize,
    rung: usize,
}

impl Chunk {
    /// The fewest statements for so many rows.
    pub(super) fn cover(rows: usize) -> Vec<Self> {
        let mut chunks = Vec::new();
        let mut start = 0;
        for (rung, size) in LADDER.into_iter().enumerate() {
            while rows - start >= size {
                chunks.push(Self { start, size, rung });
                start += size;
            }
        }
        chunks
    }

    pub(super) fn insert(self) -> &'static str {
        &INSERTS[self.rung]
    }

    pub(super) fn lookup(self) -> &'static str {
        &LOOKUPS[self.rung]
    }
}

/// The values of an insert: rows at the sequences from `first` on, all recorded at one moment.
pub(super) fn insert_arguments<'a>(
    rows: impl ExactSizeIterator<Item = &'a NewRow>,
    first: i64,
    recorded_at: &Arc<str>,
) -> Result<SqliteArguments, sqlx::Error> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(rows.len() * (OTHERS + TEXTS), 0);
    let mut leaf = Vec::with_capacity(1024);
    let fill = || {
        for (sequence, row) in (first..).zip(rows) {
            // Only now is it known where the entry comes to lie.
            row.leaf(sequence, recorded_at).encode_into(&mut leaf);
            arguments.add(sequence)?;
            arguments.add(Arc::clone(recorded_at))?;
            arguments.add(i64::from(row.schema_version))?;
            arguments.add(leaf_hash(&leaf).0.to_vec())?;
            arguments.add(row.personal_salt.map(|salt| salt.0.to_vec()))?;
            arguments.add(row.details_salt.0.to_vec())?;
            for text in &row.texts {
                arguments.add(text.clone())?;
            }
        }
        Ok(())
    };
    fill().map_err(sqlx::Error::Encode)?;
    Ok(arguments)
}

/// The values of a lookup: the places of the rows in their batch, and their identities.
pub(super) fn lookup_arguments(
    rows: &[NewRow],
    first_place: usize,
) -> Result<SqliteArguments, sqlx::Error> {
    let mut arguments = SqliteArguments::default();
    let mut fill = || {
        for (place, row) in (first_place..).zip(rows) {
            arguments.add(i64::try_from(place)?)?;
            arguments.add(row.texts[0].clone())?;
            arguments.add(row.texts[1].clone())?;
        }
        Ok(())
    };
    fill().map_err(sqlx::Error::Encode)?;
    Ok(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_covered_whole_in_order_by_the_fewest_statements() {
        for (rows, sizes) in [
            (0, vec![]),
            (1, vec![1]),
            (7, vec![4, 2, 1]),
            (512, vec![512]),
            (1300, vec![512, 512, 256, 16, 4]),
        ] {
            let chunks = Chunk::cover(rows);
            assert_eq!(chunks.iter().map(|chunk| chunk.size).collect::<Vec<_>>(), sizes);
            let mut next = 0;
            for chunk in chunks {
                assert_eq!(chunk.start, next);
                next += chunk.size;
                assert_eq!(chunk.insert().matches('(').count(), chunk.size + 1);
            }
            assert_eq!(next, rows);
        }
    }
}

//! Whether the tables, indexes and triggers are as they were made.
//!
//! Deliberately absent: what is in the tables.

use domain::QueryError;
use domain::ports::Fact;
use sea_orm::sqlx;
use sea_orm_migration::MigratorTrait;

use crate::seaorm::migration::Migrator;
use crate::seaorm::problem::query_error;
use crate::seaorm::storage::in_memory;

/// A table, an index or a trigger, and the statement that made it, as SQLite keeps it.
struct Object {
    name: String,
    /// The table it belongs to; a table belongs to itself.
    table: String,
    sql: String,
}

/// What there should be, and what there is.
pub(super) struct Schema {
    ours: Vec<Object>,
    found: Vec<Object>,
}

impl Schema {
    pub(super) async fn read(pool: &sqlx::SqlitePool, version: i64) -> Result<Self, QueryError> {
        Ok(Self { ours: schema_as_made(version).await?, found: schema(pool).await? })
    }

    /// Whether there is something of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.found.iter().any(|found| found.name == name)
    }

    /// Whether there is something of this name, as it was made.
    pub(super) fn has_as_made(&self, name: &str) -> bool {
        let made = self.ours.iter().find(|made| made.name == name);
        let as_made = |made: &Object| {
            self.found.iter().any(|found| found.name == name && found.sql == made.sql)
        };
        made.is_some_and(as_made)
    }

    /// What is missing, differs, or was added.
    pub(super) fn facts(&self) -> Vec<Fact> {
        let (ours, found) = (&self.ours, &self.found);
        let mut facts = Vec::new();
        let changed: Vec<String> = ours
            .iter()
            .filter_map(|made| match found.iter().find(|found| found.name == made.name) {
                None => Some(format!("{} is missing", made.name)),
                Some(found) if found.sql != made.sql => Some(format!("{} differs", made.name)),
                Some(_) => None,
            })
            .collect();
        facts.push(match &changed[..] {
            [] => Fact::fine("schema", format!("all {} objects as made", ours.len())),
            changed => Fact::wrong(
                "schema",
                changed.join(", "),
                "it may no longer keep the log append-only: restore the file from a copy",
            ),
        });

        // A product's handlers keep tables of their own beside the record. What somebody puts on the
        // record's own is another matter.
        let (foreign, beside): (Vec<&Object>, Vec<&Object>) = found
            .iter()
            .filter(|found| ours.iter().all(|made| made.name != found.name))
            .partition(|found| ours.iter().any(|made| made.name == found.table));
        facts.push(match &foreign[..] {
            [] => Fact::fine("foreign objects", "none"),
            foreign => Fact::wrong(
                "foreign objects",
                names(foreign),
                "another program added them: remove them with `DROP`, or ask who made them",
            ),
        });
        if !beside.is_empty() {
            facts.push(Fact::fine("kept beside the record", names(&beside)));
        }
        facts
    }
}

fn names(objects: &[&Object]) -> String {
    objects.iter().map(|object| &*object.name).collect::<Vec<_>>().join(", ")
}

/// What there is, in the order in which it was made, but for the books that SQLite and the
/// migrator keep for themselves.
async fn schema(pool: &sqlx::SqlitePool) -> Result<Vec<Object>, QueryError> {
    let question = "SELECT name, tbl_name, coalesce(sql, '') FROM sqlite_schema \
                    WHERE name <> 'seaql_migrations' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'";
    let rows: Vec<(String, String, String)> =
        sqlx::query_as(question).fetch_all(pool).await.map_err(query_error)?;
    Ok(rows.into_iter().map(|(name, table, sql)| Object { name, table, sql }).collect())
}

/// What there should be at this version: made anew in memory, to compare with.
async fn schema_as_made(version: i64) -> Result<Vec<Object>, QueryError> {
    let database = in_memory();
    // Each step makes one version.
    Migrator::up(&database, u32::try_from(version).ok()).await.map_err(query_error)?;
    let pool = database.get_sqlite_connection_pool();
    let made = schema(pool).await;
    pool.close().await;
    made
}

//! Version 2: durable subscriptions, what they could not handle, and the number of the last lease.
//!
//! Deliberately absent: any change to it once it was released; a new step follows instead.

use sea_orm_migration::prelude::*;

/// The step.
pub(super) struct CreateSubscriptions;

impl MigrationName for CreateSubscriptions {
    fn name(&self) -> &'static str {
        "v0002_create_subscriptions"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for CreateSubscriptions {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(CREATE_SUBSCRIPTIONS).await?;
        Ok(())
    }
}

/// The names begin as those of the log do, since handlers keep tables of their own in this file and
/// would name one `subscription` sooner or later.
pub(super) const CREATE_SUBSCRIPTIONS: &str = "
CREATE TABLE audit_subscription (
    name            TEXT NOT NULL PRIMARY KEY,
    cursor          INTEGER NOT NULL CHECK (cursor >= 0),
    reach           INTEGER NOT NULL CHECK (reach >= cursor),
    state           TEXT NOT NULL CHECK (state IN ('active', 'paused', 'halted')),
    token           INTEGER NOT NULL DEFAULT 0,
    holder          TEXT,
    lease_until     TEXT,
    failed_at       TEXT,
    failed_sequence INTEGER,
    failed_errors   TEXT,
    created_at      TEXT NOT NULL,
    CHECK ((holder IS NULL) = (lease_until IS NULL)),
    CHECK ((failed_at IS NULL) = (failed_errors IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_dead_letter (
    subscription    TEXT NOT NULL,
    sequence        INTEGER NOT NULL,
    attempts        INTEGER NOT NULL,
    errors          TEXT NOT NULL,
    failed_at       TEXT NOT NULL,
    retry_requested INTEGER NOT NULL DEFAULT 0 CHECK (retry_requested IN (0, 1)),
    PRIMARY KEY (subscription, sequence)
) STRICT, WITHOUT ROWID;

-- One counter for all subscriptions, so that no token comes again when one of them is removed.
CREATE TABLE audit_lease_token (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    last INTEGER NOT NULL
) STRICT;
INSERT INTO audit_lease_token (id, last) VALUES (1, 0);

PRAGMA user_version = 2;
";

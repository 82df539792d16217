//! One `SeaORM` insert per event: what most programs do.

use std::path::Path;
use std::sync::Arc;

use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, ConnectOptions, ConnectionTrait, Database};

use crate::events::{EVENT_TYPE, row, stamp};
use crate::ours::schema_without_triggers;
use crate::turn::Turn;

/// The row, as a program of its own would declare it.
#[allow(unreachable_pub, reason = "the derive needs its items public")]
mod audit_log {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_log")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub sequence: i64,
        pub event_id: String,
        pub event_type: String,
        pub schema_version: i64,
        pub occurred_at: String,
        pub source: String,
        pub plan_id: Option<String>,
        pub project_name: Option<String>,
        pub session_id: Option<String>,
        pub actor: Option<String>,
        pub user_identity: Option<String>,
        pub correlation_id: Option<String>,
        pub details: String,
        pub recorded_at: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) async fn run(file: &Path, turn: &Turn) -> (usize, f64) {
    let schema = schema_without_triggers(file.parent().unwrap()).await;
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", file.display()));
    // One connection: with several, SQLite's writers would only wait for each other.
    options.max_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(|sqlite| {
        sqlite.pragma("journal_mode", "WAL").pragma("synchronous", "FULL")
    });
    let database = Database::connect(options).await.unwrap();
    for sql in schema {
        database.execute_unprepared(&sql).await.unwrap();
    }
    let measured = turn
        .drive(Arc::new(database.clone()), |database, emitter, n| async move {
            let row = row(emitter, n);
            let model = audit_log::ActiveModel {
                event_id: Set(row.envelope.event_id),
                event_type: Set(EVENT_TYPE.to_owned()),
                schema_version: Set(1),
                occurred_at: Set(row.occurred_at),
                source: Set(row.envelope.source),
                plan_id: Set(row.envelope.plan_id),
                project_name: Set(row.envelope.project_name),
                session_id: Set(row.envelope.session_id),
                actor: Set(row.envelope.actor.map(|actor| actor.to_string())),
                user_identity: Set(row.envelope.user_identity),
                correlation_id: Set(row.envelope.correlation_id),
                details: Set(row.details),
                recorded_at: Set(stamp(chrono::Utc::now())),
                ..Default::default()
            };
            model.insert(&*database).await.unwrap();
        })
        .await;
    database.close().await.unwrap();
    measured
}

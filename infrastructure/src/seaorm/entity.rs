//! The table `audit_log` as an entity: what questions are built from.
//!
//! Deliberately absent: the columns of the proof, which `tree` and `erasure` read; relations, and active models in use. Rows are written by fixed statements
//! (see `insert`) and never changed.

#![allow(unreachable_pub)] // The derive writes `pub` items; this module is private.

use sea_orm::entity::prelude::*;

/// A row. Times are RFC 3339 text of fixed width, `details` and `extensions` JSON text.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_log")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    pub event_id: String,
    pub event_type: String,
    pub schema_version: i64,
    pub occurred_at: String,
    pub source: String,
    pub subject: Option<String>,
    pub plan_id: Option<String>,
    pub project_name: Option<String>,
    pub session_id: Option<String>,
    pub actor: Option<String>,
    pub user_identity: Option<String>,
    pub correlation_id: Option<String>,
    pub causation_id: Option<String>,
    pub trace_id: Option<String>,
    pub extensions: Option<String>,
    pub details: String,
    pub recorded_at: String,
}

impl ActiveModelBehavior for ActiveModel {}

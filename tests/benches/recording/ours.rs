//! The bus, in its real container.

use std::path::Path;

use domain::Emit;
use indelible::{App, Settings};

use crate::events::draft;
use crate::turn::Turn;

fn settings(file: &Path) -> Settings {
    let mut settings = Settings::default();
    settings.audit.database_url = file.display().to_string();
    settings
}

pub(crate) async fn run(file: &Path, turn: &Turn) -> (usize, f64) {
    let app = App::builder(settings(file)).start().await.unwrap();
    let measured = turn
        .drive(std::sync::Arc::new(app.bus()), |bus, emitter, n| async move {
            bus.emit(draft(emitter, n)).await.unwrap();
        })
        .await;
    app.shutdown().await;
    measured
}

/// What the writing connection says about its own settings.
pub(crate) fn pragmas(file: &Path) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let app = App::builder(settings(file)).start().await.unwrap();
        let facts = app.log().inspect().await.unwrap().facts;
        app.shutdown().await;
        let wanted = ["SQLite version", "journal mode", "synchronous"];
        let said: Vec<String> = facts
            .iter()
            .filter(|fact| wanted.iter().any(|name| fact.what.eq_ignore_ascii_case(name)))
            .map(|fact| format!("{} {}", fact.what, fact.value))
            .collect();
        said.join(", ")
    })
}

/// The schema of a fresh record without its triggers, for the other ways to use.
pub(crate) async fn schema_without_triggers(dir: &Path) -> Vec<String> {
    let file = dir.join("schema.db");
    let app = App::builder(settings(&file)).start().await.unwrap();
    app.shutdown().await;
    let database = rusqlite::Connection::open(&file).unwrap();
    let mut statement = database
        .prepare(
            "SELECT sql FROM sqlite_master \
             WHERE type IN ('table', 'index') AND tbl_name = 'audit_log' AND sql IS NOT NULL",
        )
        .unwrap();
    let sql = statement.query_map([], |row| row.get(0)).unwrap();
    sql.collect::<Result<_, _>>().unwrap()
}

//! `import`: the audit log of the originating platform comes in once, whole.

use std::path::Path;

use crate::support::{Sandbox, bytes, sequences};

/// Makes a file as the originating platform leaves it, with these rows.
fn platform_file(path: &Path, rows: &[&str]) {
    let database = rusqlite::Connection::open(path).unwrap();
    database
        .execute_batch(
            "CREATE TABLE audit_log (id INTEGER PRIMARY KEY, event_type TEXT, plan_id TEXT, \
             project_name TEXT, actor_name TEXT, user_identity TEXT, details TEXT, \
             created_at TEXT)",
        )
        .unwrap();
    for row in rows {
        database.execute_batch(&format!("INSERT INTO audit_log VALUES {row}")).unwrap();
    }
}

const APPLIED: &str = "(1, 'plan_applied', 'p1', 'shop', 'planner', 'ann@example.org', \
    '{\"projects\": [\"shop\"], \"files_changed\": 3, \"validation_results\": []}', \
    '2026-06-01 10:00:00')";
const SUCCESS: &str = "(2, 'auth_success', NULL, NULL, NULL, 'ann@example.org', \
    '{\"method\": \"passkey\", \"from\": \"10.0.0.7\"}', '2026-06-01T10:00:01Z')";
const STRANGE: &str = "(3, 'plan_exploded', 'p1', NULL, NULL, NULL, '{}', '2026-06-01 10:00:02')";

#[test]
fn what_the_platform_recorded_comes_in_with_its_own_times_and_only_once() {
    let sandbox = Sandbox::new();
    let file = sandbox.path("old.db");
    platform_file(&file, &[APPLIED, SUCCESS]);
    let before = bytes(&file);
    let file = file.to_str().unwrap();
    sandbox.run(&["import", file]).success().prints(&["Recorded 2 events of 2 types"]);
    sandbox.run(&["import", file]).success().prints(&["Nothing new: all 2 events"]);
    assert_eq!(bytes(Path::new(file)), before, "the platform's own file is only read");

    let rows = sandbox.log(&[]);
    assert_eq!(sequences(&rows), [1, 2]);
    assert_eq!(rows[0]["event_type"], "plan.applied");
    assert_eq!(rows[0]["occurred_at"], "2026-06-01T10:00:00Z");
    assert_eq!(rows[0]["plan_id"], "p1");
    assert_eq!(rows[0]["project_name"], "shop");
    assert_eq!(rows[0]["actor"], "agent:planner");
    assert_eq!(rows[0]["details"]["files_changed"], 3);
    assert_eq!(rows[1]["event_type"], "auth.succeeded");
    assert_eq!(rows[1]["details"]["principal"], "ann@example.org");
    assert_eq!(rows[1]["details"]["from"], "10.0.0.7", "what our type does not know is kept");
}

#[test]
fn another_file_with_the_same_row_ids_is_not_taken_for_the_first() {
    let sandbox = Sandbox::new();
    let (one, two) = (sandbox.path("one.db"), sandbox.path("two.db"));
    platform_file(&one, &[APPLIED]);
    platform_file(&two, &[&SUCCESS.replace("(2,", "(1,")]);
    sandbox.run(&["import", one.to_str().unwrap()]).success();
    sandbox.run(&["import", two.to_str().unwrap()]).success().prints(&["Recorded 1 event"]);
    assert_eq!(sandbox.recorded(), 2);
}

#[test]
fn names_without_a_counterpart_are_listed_and_refused_unless_they_are_mapped() {
    let sandbox = Sandbox::new();
    let file = sandbox.path("old.db");
    platform_file(&file, &[APPLIED, STRANGE]);
    let file = file.to_str().unwrap();
    sandbox.run(&["import", file]).with_code(3).explains(&["`plan_exploded` (1 row)", "--map"]);
    assert!(!sandbox.database().exists(), "nothing is recorded before all names are known");
    for (map, says) in
        [("plan_exploded", "OLD=NEW"), ("plan_exploded=plan.errord", "did you mean `plan.errored`")]
    {
        sandbox.run(&["import", file, "--map", map]).with_code(2).explains(&[says]);
    }
    sandbox.run(&["import", file, "--map", "plan_exploded=plan.errored"]).success();
    assert_eq!(sandbox.log(&[])[1]["event_type"], "plan.errored");
}

#[test]
fn a_bad_row_stops_the_import_by_id_and_what_came_before_is_on_record() {
    let sandbox = Sandbox::new();
    let file = sandbox.path("old.db");
    platform_file(&file, &[APPLIED, &SUCCESS.replace("2026-06-01T10:00:01Z", "yesterday")]);
    sandbox.run(&["import", file.to_str().unwrap()]).with_code(3).explains(&[
        "row 2",
        "yesterday",
        "on record before that: 1 event",
    ]);
    assert_eq!(sandbox.recorded(), 1);
}

#[test]
fn what_is_no_log_of_the_platform_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.run(&["import", "nowhere.db"]).with_code(1).explains(&["nowhere.db"]);
    let file = sandbox.path("other.db");
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE letters (id)").unwrap();
    drop(other);
    sandbox
        .run(&["import", file.to_str().unwrap()])
        .with_code(1)
        .explains(&["no table `audit_log`"]);
}

//! `prune`, `doctor`, `completions`, `man`, help.

use crate::support::{Finished, Sandbox, ndjson, record_old, sequences};
#[cfg(unix)]
use crate::support::{allow, bytes};

#[test]
fn nothing_young_is_pruned_and_nothing_at_all_without_a_policy() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..10).as_bytes()).success();
    sandbox.run(&["prune"]).with_code(2).explains(&["--older-than-days"]);
    for args in [
        &["prune", "--older-than-days", "1"][..],
        &["prune", "--older-than-days", "1", "--dry-run"],
    ] {
        sandbox.run(args).success().prints(&["nothing is older than 1 day: "]);
    }
    assert_eq!(sandbox.recorded(), 10);
}

#[test]
fn doctor_finds_a_sound_record_sound() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..10).as_bytes()).success();
    let rows = sandbox.run(&["doctor"]).success().rows();
    assert!(rows.iter().all(|row| row["problem"].is_null()), "{rows:?}");
    sandbox.run(&["doctor", "--format", "table"]).success().prints(&[
        "audit.db",
        "schema version",
        "wal",
        "all 58 event types have a recorder",
    ]);
}

#[test]
fn doctor_says_how_many_legal_holds_stand() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..3).as_bytes()).success();
    let holds = || {
        let rows = sandbox.run(&["doctor"]).success().rows();
        rows.into_iter().find(|row| row["what"] == "legal holds").unwrap()["value"].clone()
    };
    assert_eq!(holds(), "none");
    for plan in ["plan-1", "plan-2"] {
        sandbox.run(&["hold", "place", "--plan", plan, "--reason", "case 7"]).success();
    }
    let told = holds();
    assert!(told.as_str().unwrap().starts_with("2 in force"), "{told}");
}

/// What `doctor` says of a record that it can only read, where that is all there is to say.
fn examined_by_reading(doctor: &Finished) {
    let rows = doctor.rows();
    let value = |what: &str| rows.iter().find(|row| row["what"] == what).unwrap()["value"].clone();
    assert!(rows.iter().all(|row| row["problem"].is_null()), "{rows:?}");
    assert_eq!((value("integrity"), value("legal holds")), ("ok".into(), "none".into()));
    assert!(value("wiring").as_str().unwrap().starts_with("not examined"), "{rows:?}");
}

#[test]
fn doctor_examines_an_archive_as_far_as_reading_goes() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], b"").success();
    record_old(&sandbox, 1..=5);
    sandbox.feed(&["record"], ndjson(0..2).as_bytes()).success();
    let prune = ["prune", "--older-than-days", "30", "--archive", "old.db.zst"];
    sandbox.run(&prune).success().prints(&["removed 5 events"]);
    examined_by_reading(&sandbox.run(&["doctor", "--database", "old.db.zst"]).success());
}

#[cfg(unix)]
#[test]
fn doctor_examines_a_file_and_a_folder_that_it_may_only_read_and_leaves_both_alone() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..3).as_bytes()).success();
    let (folder, file) = sandbox.read_only();
    let mut doctor = sandbox.without_rights(&["doctor", "--database", file.to_str().unwrap()]);
    let before = bytes(&file);
    examined_by_reading(&Finished::of(doctor.output().unwrap()).success());
    assert_eq!(bytes(&file), before);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing was made beside it");
    allow(&folder, 0o755);
}

#[test]
fn retention_in_the_settings_prunes_by_itself_and_keeps_what_is_young() {
    let sandbox = Sandbox::new();
    let args = ["record", "--audit-retention-days", "30"];
    sandbox.feed(&args, ndjson(0..10).as_bytes()).success();
    assert_eq!(sequences(&sandbox.log(&[])), (1..=10).collect::<Vec<_>>());
}

#[test]
fn the_program_documents_itself() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        sandbox.run(&["completions", shell]).success().prints(&["indelible"]);
    }
    sandbox.run(&["man"]).success().prints(&[".TH indelible 1"]);
    sandbox.run(&["man", "--dir", "pages"]).success().explains(&["pages"]);
    assert!(sandbox.path("pages").join("indelible-record.1").exists());
    sandbox.file("not-a-folder", "");
    sandbox.run(&["man", "--dir", "not-a-folder"]).with_code(1).explains(&["not-a-folder"]);
    sandbox.run(&["--help"]).success().prints(&["record", "--database", "Exit codes"]);
    sandbox.run(&["--version"]).success().prints(&["indelible 0.1.0"]);
    sandbox.run(&[]).with_code(2).explains(&["Usage"]);
    sandbox.run(&["frobnicate"]).with_code(2).explains(&["frobnicate"]);
}

#[test]
fn what_is_old_is_pruned_from_the_start_and_the_run_is_on_record() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], b"").success();
    record_old(&sandbox, 1..=5);
    sandbox.feed(&["record"], ndjson(0..2).as_bytes()).success();

    let dry = ["prune", "--older-than-days", "30", "--dry-run"];
    sandbox.run(&dry).success().prints(&["5 events would be removed: sequences 1 to 5"]);
    assert_eq!(sandbox.recorded(), 7);
    for (cursor, would, did) in [
        (
            0,
            "all that is older than 30 days is still needed: nothing would be removed",
            "was removed",
        ),
        (2, "2 events would be removed: sequences 1 to 2", "removed 2 events: sequences 1 to 2"),
    ] {
        subscribe(&sandbox, cursor);
        let held = format!("held back by subscription `billing` at {}", cursor + 1);
        sandbox.run(&dry).success().prints(&[would, &held, "resume or remove it"]);
        let prune = ["prune", "--older-than-days", "30"];
        sandbox.run(&prune).success().prints(&[did, &held]);
    }
    assert_eq!(sandbox.log(&[]).len(), 7, "three of five stay, and the run is on record");
    let settings = ["record", "--audit-retention-days", "30"];
    let by_itself = sandbox.feed(&settings, b"").success();
    by_itself.explains(&["retention keeps entries", "held back by subscription `billing` at 3"]);
    subscribe(&sandbox, 7);
    sandbox
        .run(&["prune", "--older-than-days", "30"])
        .success()
        .prints(&["removed 3 events: sequences 3 to 5; that is on record as 11"]);
    let rows = sandbox.log(&[]);
    assert_eq!(sequences(&rows), [6, 7, 8, 9, 10, 11]);
    assert_eq!(rows[4]["event_type"], "audit.prune_started");
    assert_eq!(rows[5]["event_type"], "audit.pruned");
    assert_eq!(rows[5]["details"]["entries"], 3);
    sandbox.run(&["verify"]).success();
    sandbox.run(&["doctor"]).success();
}

/// Has a durable subscription come so far.
fn subscribe(sandbox: &Sandbox, cursor: u32) {
    let database = rusqlite::Connection::open(sandbox.database()).unwrap();
    let sql = "INSERT OR REPLACE INTO audit_subscription (name, cursor, reach, state, created_at) \
               VALUES ('billing', ?1, ?1, 'paused', '2020-01-01T00:00:00.000000000Z')";
    database.execute(sql, [cursor]).unwrap();
}

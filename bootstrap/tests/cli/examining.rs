//! `doctor`, of a record that somebody has changed and of a file that is damaged.

use serde_json::Value;

use crate::support::{Finished, Sandbox, ndjson, record_old};
use crate::tampering::{change, damage, root_of};

/// A record with a tree of several tiles, signed.
fn recorded() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..600).as_bytes()).success();
    sandbox
}

/// What is wrong with a thing that `doctor` looks at.
#[track_caller]
fn problem(doctor: &Finished, what: &str) -> String {
    let rows = doctor.rows();
    let row = rows.iter().find(|row| row["what"] == what);
    let row = row.unwrap_or_else(|| panic!("nothing is said of `{what}`: {rows:?}"));
    assert!(row["problem"].is_string(), "{row}");
    row["value"].as_str().unwrap().to_owned()
}

#[test]
fn doctor_sees_what_is_missing_or_was_changed_about_the_proofs() {
    for (change_to, what, said) in [
        (
            "DELETE FROM audit_tile WHERE level = 0 AND place = 1",
            "tiles",
            "of the 600 hashes of level 0 only 344 are there, in 2 tiles",
        ),
        (
            "DELETE FROM audit_tile WHERE level = 1",
            "tiles",
            "of the 2 hashes of level 1 only 0 are there, in 0 tiles",
        ),
        ("DELETE FROM audit_tile", "tiles", "of the 600 hashes of level 0 only 0 are there"),
        (
            "UPDATE audit_tile SET hashes = substr(hashes, 1, 8160) WHERE level = 0 AND place = 0",
            "tiles",
            "of the 600 hashes of level 0 only 599 are there, in 3 tiles",
        ),
        ("UPDATE audit_tree SET genesis = 3, size = 597", "genesis", "entry 1 was in it"),
        (
            "UPDATE audit_log SET leaf_hash = NULL WHERE sequence = 7",
            "genesis",
            "entry 7 has no hash",
        ),
        ("DELETE FROM audit_tree", "genesis", "gone where the tree stands"),
        (
            "UPDATE audit_log SET leaf_hash = zeroblob(32) WHERE sequence = 300",
            "hashes",
            "that of entry 300 is not the one in the tree",
        ),
        (
            "DELETE FROM audit_log WHERE sequence > 590",
            "newest entries",
            "the tree has entries up to 600, and the record up to 590",
        ),
        (
            "DELETE FROM audit_log WHERE sequence < 5",
            "oldest entries",
            "1 to 4: removed, and no run of retention on record says that it did so",
        ),
        (
            "UPDATE audit_tree SET size = 599",
            "last checkpoint",
            "it is about 600 entries, and the tree has 599",
        ),
        (
            "UPDATE audit_tile SET hashes = zeroblob(length(hashes)) WHERE level = 1",
            "last checkpoint",
            "are not the ones it is about",
        ),
        (
            "UPDATE audit_checkpoint SET note = replace(note, '600', '599')",
            "last checkpoint",
            "not signed by a key of this record",
        ),
    ] {
        let sandbox = recorded();
        sandbox.run(&["doctor"]).success();
        change(&sandbox, change_to);
        let doctor = sandbox.run(&["doctor"]).with_code(1);
        let found = problem(&doctor, what);
        assert!(found.contains(said), "{change_to}: {found}");
    }
}

#[test]
fn doctor_takes_what_retention_removed_and_what_an_archive_lacks_for_what_it_is() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], b"").success();
    record_old(&sandbox, 1..=5);
    sandbox.feed(&["record"], ndjson(0..300).as_bytes()).success();
    let prune = ["prune", "--older-than-days", "30", "--archive", "old.db.zst"];
    sandbox.run(&prune).success().prints(&["removed 5 events"]);
    let value = |doctor: &Finished, what: &str| {
        let rows = doctor.rows();
        rows.iter().find(|row| row["what"] == what).map(|row| row["value"].clone())
    };
    let doctor = sandbox.run(&["doctor"]).success();
    assert_eq!(value(&doctor, "oldest entries"), Some("removed by retention up to 5".into()));
    let archive = sandbox.run(&["doctor", "--database", "old.db.zst"]).success();
    assert_eq!(value(&archive, "oldest entries"), None, "it never had the others");
    assert_eq!(value(&archive, "newest entries"), None);
    assert!(matches!(value(&archive, "last checkpoint"), Some(Value::String(_))));
}

#[test]
fn of_a_damaged_file_doctor_says_what_to_do_and_does_not_send_to_itself() {
    for what in ["audit_log", "audit_log_type", "the header"] {
        let sandbox = recorded();
        if what == "the header" {
            std::fs::write(sandbox.database(), [0xff; 8192]).unwrap();
        } else {
            let page = root_of(&sandbox, what);
            damage(&sandbox, page..page + 1);
        }
        let doctor = sandbox.run(&["doctor"]).with_code(1);
        let said = format!("{}{}", doctor.out, doctor.err);
        assert!(said.contains("copy it away") && said.contains(" verify COPY`"), "{what}: {said}");
        assert!(!said.contains(" doctor`"), "{what}: {said}");
    }
}

#[test]
fn doctor_names_a_legal_hold_that_is_on_record_and_keeps_nothing() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], b"").success();
    let place = ["hold", "place", "--plan", "plan-1", "--reason", "case 12"];
    sandbox.run(&place).success();
    let value = |doctor: &Finished| {
        let rows = doctor.rows();
        rows.iter().find(|row| row["what"] == "holds that keep nothing").cloned()
    };
    assert_eq!(value(&sandbox.run(&["doctor"]).success()), None);
    change(&sandbox, "DELETE FROM audit_hold");
    let found = value(&sandbox.run(&["doctor"])).unwrap()["value"].to_string();
    assert!(found.contains("nor released: 1;") && found.contains("hold release 1`"), "{found}");
}

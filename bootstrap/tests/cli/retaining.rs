//! `hold`, `retention plan`, and `prune` with floors, categories and archives.

use std::path::Path;

use serde_json::Value;

use domain::proof::StoredEntry;

use crate::support::{self, Sandbox, ndjson, put_old, sequences};

/// A record whose first events are years old, each of a plan of its own, and the last two are not.
fn old(types: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], b"").success();
    let database = rusqlite::Connection::open(sandbox.database()).unwrap();
    for (n, event_type) in (1..).zip(types) {
        let (plan_id, user_identity) = (Some(format!("plan-{n}")), Some(format!("user-{n}")));
        put_old(&database, StoredEntry { plan_id, user_identity, ..support::old(n, event_type) });
    }
    drop(database);
    sandbox.feed(&["record"], ndjson(0..2).as_bytes()).success();
    sandbox
}

/// The plan: what goes, and what is held back, each with its range.
fn plan(sandbox: &Sandbox, args: &[&str]) -> Vec<(String, u64, u64)> {
    let rows = sandbox.run(&[&["retention", "plan"], args].concat()).success().rows();
    let row = |row: &Value| {
        let what = row["held_by"].as_str().or(row["what"].as_str()).unwrap().to_owned();
        (what, row["from"].as_u64().unwrap(), row["through"].as_u64().unwrap())
    };
    rows.iter().map(row).collect()
}

fn told(what: &str, from: u64, through: u64) -> (String, u64, u64) {
    (what.to_owned(), from, through)
}

const OLDER: [&str; 2] = ["--older-than-days", "30"];

#[test]
fn a_hold_keeps_what_it_is_about_and_all_after_it_until_it_is_released() {
    let sandbox = old(&["entity.deleted"; 5]);
    sandbox
        .run(&["hold", "place", "--user", "user-3", "--reason", "case 12", "--actor", "human:ann"])
        .success()
        .prints(&["legal hold 8 is in force"]);
    let placed = sandbox.log(&["--type", "audit.hold_placed"]);
    assert_eq!(placed[0]["actor"], "human:ann");
    assert!(!placed[0].to_string().contains("user-3"), "the record does not say who: {placed:?}");
    let listed = sandbox.run(&["hold", "list"]).success().rows();
    assert_eq!((&listed[0]["hold"], &listed[0]["scope"]), (&8.into(), &"user".into()));
    assert_eq!((&listed[0]["value"], &listed[0]["by"]), (&"user-3".into(), &"human:ann".into()));
    assert_eq!(listed[0]["reason"], "case 12");
    sandbox.run(&["hold", "list", "--format", "table"]).success().prints(&["user-3", "case 12"]);

    let plan = plan(&sandbox, &OLDER);
    assert_eq!(plan, [told("goes", 1, 2), told("legal-hold", 3, 5)]);
    let dry = [&["prune", "--dry-run"], &OLDER[..]].concat();
    let says = ["2 events would be removed: sequences 1 to 2", "held back by legal hold 8 at 3"];
    sandbox.run(&dry).success().prints(&says);
    let prune = [&["prune"], &OLDER[..]].concat();
    sandbox.run(&prune).success().prints(&["removed 2 events: sequences 1 to 2", "legal hold 8"]);
    sandbox.run(&prune).success().prints(&["still needed: nothing was removed"]);

    let release = ["hold", "release", "8", "--reason", "closed"];
    sandbox.run(&release).success().prints(&["legal hold 8 is released"]);
    let listed = sandbox.run(&["hold", "list"]).success();
    listed.explains(&["no legal hold is in force"]);
    sandbox.run(&prune).success().prints(&["removed 3 events: sequences 3 to 5"]);
    sandbox.run(&["doctor"]).success();
}

#[test]
fn a_hold_that_makes_no_sense_is_refused() {
    let sandbox = old(&["entity.deleted"]);
    for (args, says) in [
        (&["hold", "place", "--reason", "why"][..], "--plan"),
        (&["hold", "place", "--plan", "p"], "--reason"),
        (
            &["hold", "place", "--plan", "p", "--user", "u", "--reason", "why"],
            "cannot be used with",
        ),
        (&["hold", "place", "--plan", "p", "--reason", " "], "needs a reason"),
        (&["hold", "place", "--plan", "", "--reason", "why"], "on nothing"),
        (&["hold", "place", "--sequences", "5-4", "--reason", "why"], "ends before it begins"),
        (&["hold", "place", "--sequences", "5", "--reason", "why"], "as in 17-42"),
        (&["hold", "release", "x"], "invalid"),
        (&["hold", "place", "--user", "user-1", "--reason", "case of User-1"], "name the case"),
    ] {
        sandbox.run(args).with_code(2).explains(&[says]);
    }
    sandbox.run(&["hold", "release", "2"]).with_code(1).explains(&["no legal hold 2 is in force"]);
    assert_eq!(sandbox.recorded(), 3, "and nothing is put on record");
    let nowhere = ["hold", "list", "--database", "nowhere.db"];
    sandbox.run(&nowhere).with_code(1).explains(&["no audit log"]);
}

#[test]
fn every_kind_of_hold_is_placed_from_the_command_line() {
    let sandbox = old(&["entity.deleted"; 4]);
    for (scope, from) in [
        (&["--sequences", "2-3"][..], 2),
        (&["--plan", "plan-4"], 4),
        (&["--correlation", "run-1"], 6),
    ] {
        let place = [&["hold", "place", "--reason", "why"], scope].concat();
        sandbox.run(&place).success();
        let held = plan(&sandbox, &OLDER);
        let expected = held.contains(&told("legal-hold", from, 4));
        assert_eq!(expected, from <= 4, "{scope:?} of {held:?}");
    }
    let listed = sandbox.run(&["hold", "list", "--format", "json"]).success().out;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!((&listed[0]["from_sequence"], &listed[0]["to_sequence"]), (&2.into(), &3.into()));
    assert_eq!(listed[2]["value"], "run-1");
}

#[test]
fn a_category_that_is_kept_for_longer_holds_back_what_follows_it() {
    let sandbox = old(&["entity.deleted", "tool.invoked", "auth.failed", "tool.invoked"]);
    let longer = ["--audit-retention-days", "30", "--audit-retention-security-days", "9999"];
    let expected = [told("goes", 1, 2), told("category", 3, 4)];
    assert_eq!(plan(&sandbox, &longer), expected);
    let for_ever = ["--older-than-days", "30", "--audit-retention-security-days", "0"];
    assert_eq!(plan(&sandbox, &for_ever), expected, "an argument is for all that have no own");
    let prune = [&["prune"], &for_ever[..]].concat();
    let says =
        ["removed 2 events", "held back by an entry of security at 3, which is kept for ever"];
    sandbox.run(&prune).success().prints(&says);
    let alone = ["--audit-retention-security-days", "30"];
    assert_eq!(plan(&sandbox, &alone)[0], told("goes", 3, 3), "others are kept for ever");
}

#[test]
fn nothing_is_pruned_below_the_floor() {
    let sandbox = old(&["entity.deleted"; 3]);
    let floor = ["--audit-retention-floor-days", "60"];
    for args in [&OLDER[..], &["--older-than-days", "59", "--dry-run"]] {
        let prune = [&["prune"], &floor[..], args].concat();
        sandbox.run(&prune).with_code(2).explains(&["60 is the least", "retention-floor-days"]);
    }
    let said = sandbox.run(&[&["retention", "plan"], &floor[..], &OLDER].concat()).success();
    said.explains(&["`prune` refuses"]);
    let settings = [&["prune", "--audit-retention-days", "30"], &floor[..]].concat();
    sandbox.run(&settings).with_code(2).explains(&["audit.retention-days", "below"]);
    let category = [&["prune", "--audit-retention-cost-days", "3"], &floor[..]].concat();
    sandbox.run(&category).with_code(2).explains(&["audit.retention.cost-days"]);
    assert_eq!(sandbox.recorded(), 5);
    let prune = [&["prune", "--older-than-days", "60"], &floor[..]].concat();
    sandbox.run(&prune).success().prints(&["removed 3 events"]);
}

#[test]
fn a_plan_says_why_nothing_goes() {
    let sandbox = old(&[]);
    sandbox.run(&["retention", "plan"]).success().explains(&["everything is kept"]);
    let young = [&["retention", "plan"], &OLDER[..]].concat();
    sandbox.run(&young).success().explains(&["nothing is old enough"]);
    let sandbox = old(&["entity.deleted"; 2]);
    let table = [&["retention", "plan", "--format", "table"], &OLDER[..]].concat();
    sandbox.run(&table).success().prints(&["BECAUSE", "goes", "old enough"]);
}

#[test]
fn what_is_pruned_is_archived_first_and_the_archive_is_read_as_the_record_is() {
    let sandbox = old(&["entity.deleted"; 5]);
    let prune = [&["prune", "--archive", "kept/"], &OLDER[..]].concat();
    let file = "audit-000000000001-000000000005.db.zst";
    sandbox.run(&prune).success().prints(&["removed 5 events", "archived sequences 1 to 5", file]);
    let run = sandbox.log(&["--type", "audit.pruned"]).pop().unwrap();
    assert_eq!(run["details"]["archive"], file);
    assert_eq!(run["details"]["archive_digest"].as_str().unwrap().len(), 64);

    let archive = sandbox.path("kept").join(file);
    let archive = archive.to_str().unwrap();
    let of = |args: &[&str]| sandbox.run(&[&["--database", archive], args].concat());
    assert_eq!(sequences(&of(&["log"]).success().rows()), [1, 2, 3, 4, 5]);
    of(&["show", "old-3"]).success().prints(&["plan-3"]);
    assert_eq!(of(&["stats", "--by", "plan"]).success().rows().len(), 5);
    assert_eq!(of(&["export", "--plan", "plan-2"]).success().rows()[0]["id"], "old-2");
    for args in [&["record"][..], &["hold", "release", "1"]] {
        of(args).with_code(1).explains(&["is an archive"]);
    }
    assert!(!sandbox.path("kept").join(format!("{file}.redaction-key")).exists());
}

#[test]
fn an_archive_is_verified_as_one_also_unpacked_and_a_record_in_its_form_is_none() {
    let sandbox = old(&["entity.deleted"; 5]);
    let cut = sandbox.path("cut.db");
    sandbox.run(&["checkpoint"]).success();
    std::fs::copy(sandbox.database(), &cut).unwrap();
    let prune = [&["prune", "--archive", "kept.db.zst"], &OLDER[..]].concat();
    sandbox.run(&prune).success();
    let archive = sandbox.path("kept.db.zst");
    let verify = |file: &Path| sandbox.run(&["verify", file.to_str().unwrap(), "--format", "text"]);
    let said = ["as far as it is in this archive", "5 events computed anew", "`audit.pruned`"];
    verify(&archive).success().prints(&said);
    let unpacked = sandbox.path("unpacked.db");
    let bytes = zstd::decode_all(std::fs::File::open(&archive).unwrap()).unwrap();
    std::fs::write(&unpacked, bytes).unwrap();
    verify(&unpacked).success().prints(&said);
    let recorded = ["--database", unpacked.to_str().unwrap(), "record"];
    sandbox.run(&recorded).with_code(1).explains(&["is an archive"]);

    let of =
        |args: &[&str]| sandbox.run(&[&["--database", archive.to_str().unwrap()], args].concat());
    let answer = sandbox.file("answer", of(&["log", "--prove"]).success().out);
    let key = sandbox.file("key", sandbox.run(&["key", "show"]).success().out);
    let check = ["verify-proof", answer.to_str().unwrap(), "--key", key.to_str().unwrap()];
    sandbox.run(&check).success().prints(&["\"last\": 5"]);
    of(&["export", "--tiles", "tiles"]).with_code(1).explains(&["publish the record"]);

    // The newest entries are taken away, and what is left is written as an archive is.
    let raw = rusqlite::Connection::open(&cut).unwrap();
    let guards: Vec<String> = raw
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map((), |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for guard in guards {
        raw.execute_batch(&format!("DROP TRIGGER {guard}")).unwrap();
    }
    raw.execute_batch(
        "DELETE FROM audit_log WHERE sequence > 3; PRAGMA journal_mode = DELETE; VACUUM",
    )
    .unwrap();
    drop(raw);
    let compressed = sandbox.path("cut.db.zst");
    let bytes = zstd::encode_all(std::fs::File::open(&cut).unwrap(), 1).unwrap();
    std::fs::write(&compressed, bytes).unwrap();
    verify(&compressed).with_code(1).prints(&["truncation at 4"]);
}

#[test]
fn nothing_is_pruned_where_no_archive_can_be_made() {
    let sandbox = old(&["entity.deleted"; 5]);
    sandbox.file("mine.zst", "mine");
    for archive in ["mine.zst", "mine.zst/"] {
        let prune = [&["prune", "--archive", archive], &OLDER[..]].concat();
        sandbox.run(&prune).with_code(1).explains(&["nothing was removed", "mine.zst"]);
    }
    assert_eq!(sandbox.recorded(), 7);
}

#[test]
fn what_is_pruned_is_archived_where_the_settings_name_a_folder() {
    let sandbox = old(&["entity.deleted"; 5]);
    let settings = ["prune", "--audit-retention-days", "30", "--audit-archive-dir", "kept"];
    sandbox.run(&settings).success().prints(&["removed 5 events", "archived"]);
    assert!(sandbox.path("kept/audit-000000000001-000000000005.db.zst").exists());
}

#[test]
fn an_entry_that_was_changed_is_neither_removed_nor_archived() {
    let sandbox = old(&["entity.deleted"; 5]);
    let database = rusqlite::Connection::open(sandbox.database()).unwrap();
    let guard = "SELECT sql FROM sqlite_schema WHERE name = 'audit_log_is_never_changed'";
    let guard: String = database.query_row(guard, (), |row| row.get(0)).unwrap();
    let change = "UPDATE audit_log SET recorded_at = '2020-01-02' || substr(recorded_at, 11) \
                  WHERE sequence = 3";
    database
        .execute_batch(&format!("DROP TRIGGER audit_log_is_never_changed; {change}; {guard}"))
        .unwrap();
    drop(database);
    // A run that is refused has said that it begins and is over, unless it is refused before.
    for (archive, recorded) in [(&[][..], 9), (&["--archive", "kept/"], 9)] {
        let prune = [&["prune"], archive, &OLDER[..]].concat();
        let says = ["entry 3 is not what was recorded", "indelible verify"];
        sandbox.run(&prune).with_code(1).explains(&says);
        assert_eq!(sandbox.recorded(), recorded, "what shows it is still there");
    }
    assert_eq!(std::fs::read_dir(sandbox.path("kept")).unwrap().count(), 0);
    sandbox.run(&["verify"]).with_code(1).prints(&["content"]);
}

#[test]
fn a_hold_on_what_is_not_on_record_yet_says_so_and_is_in_force() {
    let sandbox = old(&["entity.deleted"; 2]);
    let place = |plan| ["hold", "place", "--plan", plan, "--reason", "case 12"];
    let placed = sandbox.run(&place("later")).success();
    placed.prints(&["is in force"]).explains(&["nothing on record matches yet"]);
    let placed = sandbox.run(&place("plan-1")).success().prints(&["is in force"]);
    assert!(!placed.err.contains("matches"), "{placed:?}");
}

#[test]
fn what_a_prune_cannot_mean_and_what_it_makes_on_the_way_are_said() {
    let sandbox = old(&["entity.deleted"; 3]);
    let zero = ["prune", "--older-than-days", "0"];
    sandbox.run(&zero).with_code(2).explains(&["--older-than-days 0 keeps everything"]);
    sandbox.run(&["prune"]).with_code(2).explains(&["set audit.retention-days"]);
    let prune = [&["prune", "--archive", "some/where/else/"], &OLDER[..]].concat();
    sandbox.run(&prune).success().explains(&["made the folder some,", "not there"]);
    let again = [&["prune", "--archive", "some/where/mine.zst"], &OLDER[..]].concat();
    let said = sandbox.run(&again).success();
    assert!(!said.err.contains("made the folder"), "it is there already: {said:?}");
}

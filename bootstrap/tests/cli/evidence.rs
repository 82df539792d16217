//! What somebody changed behind the program's back is evidence: neither `erase` nor `prune` destroys it, and
//! a dry run of either says so.

use crate::support::{Finished, Sandbox, ndjson, record_old};
use crate::tampering::change;

const ERASE: [&str; 5] = ["erase", "--actor", "human:officer", "--reason", "asked by letter"];
const PERSON: &str = "person@example.org";

#[test]
fn nothing_is_erased_of_entries_of_which_one_is_not_what_was_recorded() {
    for (changed, signed) in [
        // In the tree: whoever changes the entry can change the hash beside it, and not the one there.
        ("UPDATE audit_log SET details = '{}' WHERE sequence = 7", true),
        ("UPDATE audit_log SET leaf_hash = zeroblob(32) WHERE sequence = 7", true),
        ("UPDATE audit_tile SET hashes = zeroblob(length(hashes)) WHERE level = 0", true),
        ("UPDATE audit_log SET plan_id = 'other' WHERE sequence = 12", false),
    ] {
        let sandbox = Sandbox::new();
        sandbox.feed(&["record"], ndjson(0..10).as_bytes()).success();
        if !signed {
            // Without its key what is recorded is not signed, and comes into the tree later.
            std::fs::remove_file(sandbox.path("audit.db.signing-key")).unwrap();
            sandbox.feed(&["record"], ndjson(10..14).as_bytes()).success();
        }
        change(&sandbox, changed);
        let before = sandbox.log(&[]);
        for how in ["--dry-run", "--yes"] {
            let erase = [&ERASE[..], &["--user", PERSON, "--details", how]].concat();
            sandbox.run(&erase).with_code(1).explains(&[
                "nothing was erased",
                "is not what was recorded, and nothing of it is erased",
                "indelible",
                "verify",
            ]);
        }
        assert_eq!(sandbox.log(&[]), before, "nothing is gone, and no request is on record");
        if signed && !changed.contains("audit_tile") {
            // What was not changed can be erased.
            let other = [&ERASE[..], &["--event", "3", "--yes"]].concat();
            sandbox.run(&other).success().prints(&["of 1 event"]);
        }
    }
}

#[test]
fn a_dry_run_of_prune_refuses_what_the_run_refuses_in_its_words() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], b"").success();
    record_old(&sandbox, 1..=5);
    sandbox.feed(&["record"], ndjson(0..2).as_bytes()).success();
    let prune =
        |more: &[&str]| sandbox.run(&[&["prune", "--older-than-days", "30"], more].concat());
    prune(&["--dry-run"]).success().prints(&["5 events would be removed: sequences 1 to 5"]);
    change(&sandbox, "UPDATE audit_log SET details = '{}' WHERE sequence = 3");
    let why = |finished: Finished| {
        let finished = finished.with_code(1);
        assert_eq!(finished.out, "");
        let last = finished.err.lines().last().unwrap().to_owned();
        assert!(last.contains("entry 3 is not what was recorded"), "{last}");
        last
    };
    let dry = why(prune(&["--dry-run"]));
    assert_eq!(why(prune(&[])), dry);
    assert_eq!(sandbox.log(&["--limit", "1"])[0]["sequence"], 1, "nothing is gone");
}

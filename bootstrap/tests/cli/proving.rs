//! `checkpoint`, `verify`, `prove`, `verify-proof`, `key` and `log --prove`, as somebody uses them who
//! keeps a record, and somebody who does not believe her.

use crate::support::{Sandbox, bytes, json, ndjson, recorded};
use crate::tampering::change;

/// The record's public key, in a file.
fn public_key(sandbox: &Sandbox) -> String {
    let key = sandbox.run(&["key", "show"]).success().out;
    sandbox.file("record.pub", key).display().to_string()
}

#[test]
fn what_was_recorded_is_signed_when_the_program_ends_and_verifies() {
    let sandbox = recorded();
    let verified = json(&sandbox.run(&["verify"]).success());
    assert_eq!(verified["verdict"], "intact");
    assert_eq!((&verified["entries"], &verified["signed_through"]), (&30.into(), &30.into()));
    assert_eq!(verified["keys_from_elsewhere"], false);
    let newest = sandbox.run(&["checkpoint", "--newest"]).success().out;
    assert_eq!(
        sandbox.run(&["checkpoint"]).success().out,
        newest,
        "nothing was added, nothing is signed"
    );
    let key = public_key(&sandbox);
    let kept = sandbox.file("kept", format!("{newest}{newest}"));
    let kept = kept.to_str().unwrap();
    sandbox
        .run(&["verify", "--against", kept, "--key", &key, "--format", "text"])
        .success()
        .prints(&[
            "intact: indelible/",
            "30 events computed anew",
            "1 of the record and 2 from elsewhere",
        ]);
}

#[test]
fn a_copy_is_verified_in_its_place_and_not_changed() {
    let sandbox = recorded();
    let copy = sandbox.path("copy.db");
    std::fs::copy(sandbox.database(), &copy).unwrap();
    let before = bytes(&copy);
    sandbox.run(&["verify", copy.to_str().unwrap()]).success();
    assert_eq!(bytes(&copy), before);
}

#[test]
fn a_change_is_named_and_the_exit_code_says_whether_it_could_be_checked() {
    let sandbox = recorded();
    let key = public_key(&sandbox);
    change(&sandbox, "UPDATE audit_log SET plan_id = 'other' WHERE sequence = 7");
    let verified = sandbox.run(&["verify"]).with_code(1);
    let found = &json(&verified)["findings"][0];
    assert_eq!((&found["kind"], &found["sequence"]), (&"content".into(), &7.into()));
    assert_eq!(verified.err, "", "the verdict is the result");
    sandbox.run(&["verify", "--format", "text"]).with_code(1).prints(&["tampered", "content at 7"]);
    sandbox.run(&["prove", "7"]).with_code(1).explains(&["indelible", "verify"]);
    sandbox.run(&["prove", "8"]).success();

    sandbox.run(&["verify", "missing.db"]).with_code(2).explains(&["missing.db"]);
    let none = sandbox.file("none", "no record at all, and long enough to be looked at");
    sandbox.run(&["verify", none.to_str().unwrap()]).with_code(2).explains(&["none"]);
    sandbox.run(&["verify", "--against", "missing"]).with_code(2).explains(&["missing"]);
    sandbox
        .run(&["verify", "--against", none.to_str().unwrap()])
        .with_code(2)
        .explains(&["line 1"]);
    sandbox.run(&["verify", "--key", "missing"]).with_code(2).explains(&["missing"]);
    sandbox.run(&["verify", "--key", "a+b+c"]).with_code(2).explains(&["NAME+HASH+KEY"]);
    let private = sandbox.path("audit.db.signing-key");
    let refused = sandbox.run(&["verify", "--key", private.to_str().unwrap()]).with_code(2);
    let secret = std::fs::read_to_string(&private).unwrap();
    let secret = secret.trim().rsplit('+').next().unwrap().to_owned();
    assert!(refused.err.contains("private") && !refused.err.contains(&secret), "{}", refused.err);
    let text = std::fs::read_to_string(&key).unwrap();
    let changed = text.trim().replace("+A", "+B");
    sandbox.run(&["verify", "--key", &changed]).with_code(2).explains(&["copy it again"]);
}

#[test]
fn a_proof_is_checked_without_the_record_and_a_changed_one_is_refused() {
    let sandbox = recorded();
    let key = public_key(&sandbox);
    let proof = sandbox.run(&["prove", "event-000004"]).success().out;
    let file = sandbox.file("proof.json", &proof);
    let elsewhere = Sandbox::new();
    let check = |proof: &std::path::Path, key: &str| {
        elsewhere.run(&["verify-proof", proof.to_str().unwrap(), "--key", key])
    };
    let proven = json(&check(&file, &key).success());
    assert_eq!((&proven["verdict"], &proven["entry"]["sequence"]), (&"proven".into(), &5.into()));
    assert_eq!(proven["entry"]["actor"], "agent:tester");
    assert!(proven["entry"]["details"].is_object());
    assert!(!elsewhere.path("data").exists(), "no record is made by looking at a proof");

    let changed = sandbox.file("changed.json", proof.replace("agent:tester", "agent:tasters"));
    let flawed = json(&check(&changed, &key).with_code(1));
    assert_eq!((&flawed["verdict"], &flawed["kind"]), (&"flawed".into(), &"content".into()));
    let stranger = public_key(&recorded());
    let unknown = std::fs::read_to_string(&stranger).unwrap_or_default();
    assert!(unknown.is_empty(), "its folder is gone");
    let other = recorded();
    let other_key = public_key(&other);
    assert_eq!(json(&check(&file, &other_key).with_code(1))["kind"], "unknown-key");
    let nothing = sandbox.file("nothing.json", "{}");
    let unread = json(&check(&nothing, &key).with_code(2));
    assert_eq!((&unread["verdict"], &unread["kind"]), (&"unknown".into(), &"malformed".into()));
    elsewhere.run(&["verify-proof", file.to_str().unwrap()]).with_code(2).explains(&["--key"]);
    elsewhere.run(&["verify-proof", "missing", "--key", &key]).with_code(2).explains(&["missing"]);

    let hidden =
        sandbox.run(&["prove", "5", "--without-personal", "--without-details"]).success().out;
    let file = sandbox.file("hidden.json", hidden);
    let proven = json(&check(&file, &key).success());
    assert!(proven["entry"].get("actor").is_none() && proven["entry"].get("details").is_none());
    sandbox.run(&["prove", "99"]).with_code(1).explains(&["no entry 99", "30"]);
    sandbox.run(&["prove", "nothing"]).with_code(1).explains(&["`nothing`"]);
}

#[test]
fn what_could_not_be_checked_is_neither_intact_nor_tampered() {
    let (sandbox, other) = (recorded(), recorded());
    let (key, others_key) = (public_key(&sandbox), public_key(&other));
    sandbox.run(&["verify", "--key", &others_key]).with_code(2).explains(&["are those of"]);
    let others = other.run(&["checkpoint", "--newest"]).success().out;
    let others = sandbox.file("others", others).display().to_string();
    let against = ["verify", "--against", &others, "--key", &key];
    sandbox.run(&against).with_code(2).explains(&["give those of this record"]);
    sandbox
        .run(&["prove", "5", "--checkpoint", &others])
        .with_code(1)
        .explains(&["the checkpoint is one of", "give one of this"]);
    for never in ["0", "99999"] {
        sandbox.run(&["prove", never]).with_code(1).explains(&["the newest is 30"]);
    }
    change(&sandbox, "DELETE FROM audit_checkpoint");
    let unknown = json(&sandbox.run(&["verify", "--key", &key]).with_code(2));
    assert_eq!(unknown["verdict"], "unknown");
    assert!(unknown["unknown"].as_str().unwrap().contains("signed with a key"));
    let told = sandbox.run(&["verify", "--key", &key, "--format", "text"]).with_code(2);
    assert!(told.out.starts_with("not known: indelible/"), "{}", told.out);
    sandbox.run(&["verify"]).success();
    change(&sandbox, "DELETE FROM audit_tree");
    sandbox.run(&["verify"]).with_code(2).explains(&["changed from outside"]);
    let erase = ["erase", "--user", "u-1", "--reason", "asked", "--yes"];
    sandbox.run(&erase).with_code(1).explains(&["gone where the tree of the record stands"]);
}

#[test]
fn growth_and_answers_are_proven() {
    let sandbox = recorded();
    let key = public_key(&sandbox);
    let old = sandbox.run(&["checkpoint", "--newest"]).success().out;
    let old = sandbox.file("old", old);
    sandbox.feed(&["record"], ndjson(30..37).as_bytes()).success();
    let check = |text: String| {
        let file = sandbox.file("proof.json", text);
        json(&sandbox.run(&["verify-proof", file.to_str().unwrap(), "--key", &key]).success())
    };
    for (old, new) in [(old.to_str().unwrap(), "37"), ("30", "37"), ("37", "37")] {
        let grown = check(sandbox.run(&["prove", "--consistency", old, new]).success().out);
        assert_eq!((&grown["verdict"], &grown["new"]["size"]), (&"proven".into(), &37.into()));
    }
    sandbox.run(&["prove", "--consistency", "29", "37"]).with_code(1).explains(&["up to 29"]);

    let all = check(sandbox.run(&["log", "--prove"]).success().out);
    assert_eq!(all["entries"].as_array().unwrap().len(), 37);
    let some = ["log", "--context", "plan", "--after", "10", "--through", "20", "--prove"];
    let some = check(sandbox.run(&some).success().out);
    assert_eq!((&some["first"], &some["last"]), (&11.into(), &20.into()));
    assert_eq!(some["complete"], true);
    let plain = sandbox.log(&["--context", "plan", "--after", "10"]);
    let within = plain.iter().filter(|row| row["sequence"].as_u64().unwrap() <= 20).count();
    assert_eq!(some["entries"].as_array().unwrap().len(), within);
    let by_actor = check(sandbox.run(&["log", "--actor", "agent:tester", "--prove"]).success().out);
    assert_eq!(by_actor["complete"], false);
    let long_ago = ["log", "--until", "2001-01-01", "--prove"];
    let none = check(sandbox.run(&long_ago).success().out);
    assert_eq!((&none["complete"], none["entries"].as_array().unwrap().len()), (&true.into(), 0));
    sandbox.run(&["log", "--prove", "--limit", "3"]).with_code(2);
}

#[test]
fn a_new_key_signs_from_then_on_and_the_change_is_on_record() {
    let sandbox = recorded();
    let first = sandbox.run(&["key", "show"]).success().out;
    let told = sandbox.run(&["key", "rotate"]).success();
    let keys = sandbox.run(&["key", "show"]).success().out;
    assert_eq!(keys, format!("{first}{}", told.out));
    let rows = sandbox.log(&["--type", "audit.key_rotated"]);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["details"]["old_verifier"], first.trim());
    assert_eq!(rows[0]["details"]["new_verifier"], told.out.trim());
    let both = sandbox.file("both", &keys);
    sandbox.run(&["verify", "--key", both.to_str().unwrap()]).success();
    // Each key vouches for what it has signed, and for nothing else.
    let verified = json(&sandbox.run(&["verify", "--key", first.trim()]).with_code(1));
    assert_eq!(verified["findings"][0]["kind"], "unknown-key");
    let mut named = sandbox.command(&["key", "rotate"]);
    let key = std::fs::read_to_string(sandbox.path("audit.db.signing-key")).unwrap();
    let refused = named.env("INDELIBLE_PROOF_KEY", &key).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(!String::from_utf8_lossy(&refused.stderr).contains(key.trim()));
}

#[test]
fn a_key_that_somebody_puts_in_the_place_of_another_is_on_record_before_it_signs() {
    let (sandbox, other) = (recorded(), recorded());
    let own = sandbox.run(&["key", "show"]).success().out;
    let key = sandbox.path("audit.db.signing-key");
    let kept = std::fs::read(&key).unwrap();
    let rotations = || {
        let rows = sandbox.log(&["--type", "audit.key_rotated"]);
        let key =
            |row: &serde_json::Value, name: &str| row["details"][name].as_str().unwrap().to_owned();
        let named = |row| (key(row, "old_verifier"), key(row, "new_verifier"));
        rows.iter().map(named).collect::<Vec<_>>()
    };
    assert_eq!(rotations(), []);
    std::fs::write(&key, std::fs::read(other.path("audit.db.signing-key")).unwrap()).unwrap();
    // What the first one signed last is beside the file.
    std::fs::remove_file(sandbox.path("audit.db.signing-key.signed")).unwrap();
    for event in [30, 31] {
        sandbox.feed(&["record"], ndjson(event..event + 1).as_bytes()).success();
    }
    let keys = sandbox.run(&["key", "show"]).success().out;
    let strangers = keys.strip_prefix(&own).unwrap().trim().to_owned();
    assert_eq!(rotations(), [(own.trim().to_owned(), strangers.clone())], "and once");
    std::fs::write(&key, kept).unwrap();
    sandbox.feed(&["record"], ndjson(32..33).as_bytes()).success();
    let back = (strangers.clone(), own.trim().to_owned());
    assert_eq!(
        rotations(),
        [(own.trim().to_owned(), strangers), back],
        "also one that was in use before"
    );
}

#[test]
fn a_record_whose_key_is_gone_goes_on_and_is_signed_again_once_somebody_has_said_how() {
    let sandbox = recorded();
    let key = sandbox.path("audit.db.signing-key");
    let first = sandbox.run(&["key", "show"]).success().out;
    let away = sandbox.path("away");
    std::fs::rename(&key, &away).unwrap();
    // What happens meanwhile is on record, and waits.
    let recorded = sandbox.feed(&["record"], ndjson(30..33).as_bytes()).success();
    assert!(recorded.err.contains("signing-key") && recorded.err.contains("key rotate"));
    let refused = sandbox.run(&["checkpoint"]).with_code(1);
    assert!(refused.err.contains("audit.db.signing-key"), "{}", refused.err);
    sandbox.run(&["doctor"]).with_code(1).prints(&["key rotate"]);
    assert!(!key.exists() && sandbox.run(&["key", "show"]).success().out == first);

    std::fs::rename(&away, &key).unwrap();
    let signed = sandbox.run(&["checkpoint"]).success().out;
    assert_eq!(signed.lines().nth(1), Some("33"), "{signed}");
    std::fs::remove_file(&key).unwrap();
    let second = sandbox.run(&["key", "rotate"]).success().out;
    let rows = sandbox.log(&["--type", "audit.key_rotated"]);
    assert_eq!(rows[0]["details"]["old_verifier"], first.trim());
    assert_eq!(rows[0]["details"]["new_verifier"], second.trim());
    let both = sandbox.file("both", format!("{first}{second}"));
    sandbox.run(&["verify", "--key", both.to_str().unwrap()]).success();
    sandbox.run(&["doctor"]).success();
}

#[test]
fn checkpoints_are_kept_elsewhere_and_show_what_the_record_alone_does_not() {
    let sandbox = recorded();
    let anchor = sandbox.path("anchor");
    let anchored = ["--proof-anchor-file", anchor.to_str().unwrap()];
    let record = |events: std::ops::Range<usize>| {
        let args = [&["record"][..], &anchored].concat();
        sandbox.feed(&args, ndjson(events).as_bytes()).success();
    };
    let copy = sandbox.path("copy.db");
    record(30..33);
    std::fs::copy(sandbox.database(), &copy).unwrap();
    record(33..40);
    let key = public_key(&sandbox);
    let verify = ["verify", "--against", anchor.to_str().unwrap(), "--key", &key];
    assert_eq!(json(&sandbox.run(&verify).success())["against"], 2);
    std::fs::copy(&copy, sandbox.database()).unwrap();
    sandbox.run(&["verify"]).success();
    let found = json(&sandbox.run(&verify).with_code(1));
    assert_eq!(found["findings"][0]["kind"], "truncation");
    assert_eq!(found["findings"][0]["sequence"], 34);

    // The older copy is not signed, since beside the key and in the anchor stands what was signed since.
    let refused = sandbox.run(&["checkpoint"]).with_code(1);
    assert!(refused.err.contains("40 entries") && refused.err.contains("signing-key.signed"));
    sandbox.run(&["doctor"]).with_code(1).prints(&["signing-key.signed"]);
    std::fs::remove_file(sandbox.path("audit.db.signing-key.signed")).unwrap();
    let refused = sandbox.run(&[&["checkpoint"][..], &anchored].concat()).with_code(1);
    assert!(refused.err.contains("40 entries") && refused.err.contains(anchor.to_str().unwrap()));
    let doctor = sandbox.run(&["doctor", "--proof-anchor-file", "missing/anchor"]).with_code(1);
    assert!(doctor.out.contains("missing/anchor"), "{}", doctor.out);
    sandbox.run(&["doctor"]).success().prints(&["signed up to"]);
    let command = format!("cat > '{}'", sandbox.path("handed").display());
    sandbox
        .feed(&["record", "--proof-anchor-command", &command], ndjson(50..51).as_bytes())
        .success();
    let newest = sandbox.run(&["checkpoint", "--newest"]).success().out;
    assert_eq!(bytes(&sandbox.path("handed")), newest.into_bytes());
}

#[test]
fn what_is_proven_is_told_to_people_as_well() {
    let sandbox = recorded();
    let key = public_key(&sandbox);
    let told = |name: &str, proof: String| {
        let file = sandbox.file(name, proof);
        sandbox.run(&["verify-proof", file.to_str().unwrap(), "--key", &key, "--format", "text"])
    };
    let proof = sandbox.run(&["prove", "5"]).success().out;
    told("entry", proof.clone()).success().prints(&["proven: entry 5", "actor: agent:tester"]);
    let hidden = sandbox.run(&["prove", "5", "--without-personal"]).success().out;
    told("hidden", hidden).success().prints(&["not shown, or erased: actor"]);
    let changed = proof.replace("agent:tester", "agent:tasters");
    told("changed", changed).with_code(1).prints(&["flawed", "content"]);
    let grown = sandbox.run(&["prove", "--consistency", "30", "30"]).success().out;
    told("grown", grown).success().prints(&["has only grown, from 30 to 30"]);
    let answer = sandbox.run(&["log", "--context", "plan", "--prove"]).success().out;
    told("answer", answer).success().prints(&["of the entries 1 to 30", "no other one"]);
    let answer = sandbox.run(&["log", "--actor", "agent:tester", "--prove"]).success().out;
    told("part", answer.clone()).success().prints(&["is not proven"]);
    let fed = sandbox.feed(&["verify-proof", "-", "--key", &key], answer.as_bytes()).success();
    assert_eq!(json(&fed)["complete"], false);
    let growth = sandbox.run(&["prove", "--consistency", "30", "30"]).success().out;
    let fed = sandbox.feed(&["verify-proof", "-", "--key", &key], growth.as_bytes()).success();
    assert_eq!(json(&fed)["old"]["size"], 30);
    let checkpoint = sandbox.run(&["checkpoint"]).success().out;
    let file = sandbox.file("checkpoint", checkpoint);
    sandbox.run(&["prove", "5", "--checkpoint", file.to_str().unwrap()]).success();
    sandbox.run(&["prove", "5", "--checkpoint", "missing"]).with_code(2).explains(&["missing"]);
    let empty = sandbox.file("empty", "\n");
    let empty = empty.to_str().unwrap();
    sandbox
        .run(&["prove", "5", "--checkpoint", empty])
        .with_code(2)
        .explains(&["no checkpoint in"]);
    sandbox.run(&["verify", "--key", empty]).with_code(2).explains(&["no public key in"]);
}

#[test]
fn what_has_never_been_signed_says_so_and_who_is_removed_is_counted() {
    let sandbox = recorded();
    change(&sandbox, "DELETE FROM audit_checkpoint; DELETE FROM audit_signing_key");
    sandbox.run(&["key", "show"]).with_code(1).explains(&["nothing of this record is signed yet"]);
    sandbox.run(&["prove", "5"]).with_code(1).explains(&["nothing of this record is signed yet"]);
    sandbox
        .run(&["verify", "--format", "text"])
        .success()
        .prints(&["no checkpoint to compare with"]);
    change(&sandbox, "DELETE FROM audit_log WHERE sequence <= 4");
    sandbox
        .run(&["verify", "--format", "text"])
        .with_code(1)
        .prints(&["26 events computed anew", "4 events removed from the beginning"])
        .prints(&["gap at 1 to 4: removed, and no run of retention on record says that it did so"]);
    sandbox.run(&["prove", "5"]).with_code(1);
    change(
        &sandbox,
        "UPDATE audit_log SET plan_id = 'other' WHERE sequence > 10; DELETE FROM audit_log \
                      WHERE sequence IN (6, 7)",
    );
    let told = sandbox.run(&["verify", "--format", "text"]).with_code(1);
    assert!(told.out.contains("gap at 6 to 7"), "{}", told.out);
}

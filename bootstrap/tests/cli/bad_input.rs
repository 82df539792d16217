//! Bad input: a clear error that names place, value and fix, and nothing recorded is lost.

use std::io::Write as _;
use std::process::Stdio;

use crate::support::{Finished, Sandbox, bytes, event, finish, ndjson};

/// Puts one bad line behind three good ones, and checks what is said and kept.
#[track_caller]
fn refused(bad: impl AsRef<[u8]>, says: &[&str]) {
    let sandbox = Sandbox::new();
    let mut input = ndjson(0..3).into_bytes();
    input.extend_from_slice(bad.as_ref());
    input.extend_from_slice(b"\n");
    input.extend_from_slice(ndjson(3..5).as_bytes());
    sandbox
        .feed(&["record"], &input)
        .with_code(3)
        .explains(&["line 4", "on record before that: 3 events (sequences 1 to 3)"])
        .explains(says);
    assert_eq!(sandbox.recorded(), 3, "what came before is on record, what came after is not");
}

fn changed(change: impl FnOnce(&mut serde_json::Value)) -> String {
    let mut event = event(3);
    change(&mut event);
    event.to_string()
}

#[test]
fn broken_json_is_refused() {
    refused("{\"specversion\": \"1.0\", ", &["JSON"]);
}

#[test]
fn a_wrong_specversion_is_refused() {
    refused(changed(|event| event["specversion"] = "0.3".into()), &["specversion", "1.0"]);
}

#[test]
fn an_unknown_type_is_refused_with_the_nearest_names() {
    refused(
        changed(|event| event["type"] = "plan.creatd".into()),
        &["plan.creatd", "plan.created"],
    );
}

#[test]
fn a_missing_detail_is_refused_by_name() {
    // Event 3 is `plan.applied`.
    let lacking = changed(|event| {
        event["data"].as_object_mut().unwrap().remove("files_changed");
    });
    refused(lacking, &["files_changed", "missing"]);
}

#[test]
fn a_mistyped_detail_is_refused_by_name_and_value() {
    refused(
        changed(|event| event["data"]["files_changed"] = "many".into()),
        &["files_changed", "whole number", "many"],
    );
}

#[test]
fn a_malformed_id_time_or_actor_is_refused() {
    refused(changed(|event| event["id"] = 7.into()), &["id", "7"]);
    refused(changed(|event| event["id"] = "".into()), &["id"]);
    refused(changed(|event| event["time"] = "yesterday".into()), &["time", "yesterday"]);
    refused(changed(|event| event["actor"] = "planner".into()), &["actor", "agent:"]);
}

#[test]
fn invalid_utf8_is_refused() {
    refused(b"{\"specversion\": \"1.0\", \"id\": \"\xff\xfe\"}", &["UTF-8"]);
}

#[test]
fn a_line_of_a_hundred_megabytes_is_refused_without_being_kept() {
    let mut line = b"{\"specversion\": \"1.0\", \"id\": \"".to_vec();
    line.resize(100 * 1024 * 1024, b'x');
    refused(line, &["longer than"]);
}

#[test]
fn an_unknown_detail_is_kept_as_it_came() {
    let sandbox = Sandbox::new();
    let more = changed(|event| event["data"]["thought"] = "1e3 ways".into());
    sandbox.feed(&["record"], more.as_bytes()).success();
    assert_eq!(sandbox.log(&[])[0]["details"]["thought"], "1e3 ways");
}

#[test]
fn skipping_keeps_what_was_skipped_and_records_the_rest() {
    let sandbox = Sandbox::new();
    let input = format!("{}{{broken\n{}", ndjson(0..3), ndjson(3..5));
    let rejects = sandbox.path("rejects");
    let skip = ["record", "--on-invalid", "skip", "--rejects", rejects.to_str().unwrap()];
    sandbox.feed(&skip, input.as_bytes()).success().prints(&["1 skipped"]).explains(&["line 4"]);
    assert_eq!(sandbox.recorded(), 5);
    assert_eq!(std::fs::read_to_string(&rejects).unwrap(), "{broken\n");

    sandbox.feed(&["record", "--on-invalid", "skip"], b"").with_code(2).explains(&["--rejects"]);
    sandbox.feed(&["record", "--rejects", "x"], b"").with_code(2).explains(&["--on-invalid skip"]);
    let nowhere = ["record", "--on-invalid", "skip", "--rejects", "no/such/folder"];
    sandbox.feed(&nowhere, b"").with_code(1).explains(&["no/such/folder"]);
}

#[test]
fn a_line_too_long_is_skipped_and_said_not_to_be_kept() {
    let sandbox = Sandbox::new();
    let mut input = vec![b'x'; 17 * 1024 * 1024];
    input.push(b'\n');
    input.extend_from_slice(ndjson(0..2).as_bytes());
    let skip = ["record", "--on-invalid", "skip", "--rejects", "rejects"];
    sandbox.feed(&skip, &input).success().explains(&["too long to be kept"]);
    assert_eq!(sandbox.recorded(), 2);
}

#[test]
fn a_truncated_array_is_an_error_and_its_events_are_on_record() {
    let sandbox = Sandbox::new();
    let input = format!("[{},{},", event(0), event(1));
    sandbox
        .feed(&["record"], input.as_bytes())
        .with_code(3)
        .explains(&["on record before that: 2 events"]);
    assert_eq!(sandbox.recorded(), 2);
}

#[test]
fn a_folder_or_a_missing_file_is_refused_before_anything_is_recorded() {
    let sandbox = Sandbox::new();
    let good = sandbox.file("good", ndjson(0..2));
    let good = good.to_str().unwrap();
    sandbox.run(&["record", good, "."]).with_code(1).explains(&["is a folder", "*.ndjson"]);
    sandbox.run(&["record", good, "nowhere"]).with_code(1).explains(&["nowhere", "cannot be read"]);
    assert!(!sandbox.database().exists());
}

#[test]
fn reading_a_record_that_does_not_exist_makes_none() {
    let sandbox = Sandbox::new();
    for command in [
        &["log"][..],
        &["show", "1"],
        &["tail"],
        &["stats"],
        &["stats", "--by", "tool"],
        &["open"],
        &["explain", "1"],
        &["export"],
        &["doctor"],
        &["prune", "--older-than-days", "1"],
    ] {
        sandbox.run(command).with_code(1).explains(&["audit.db"]);
        assert!(!sandbox.database().exists(), "{command:?} made a file");
    }
}

#[test]
fn a_file_that_is_no_record_is_refused_and_left_as_it_is() {
    let sandbox = Sandbox::new();
    let content = b"This is not a database, but a letter of some length to somebody.".repeat(40);
    sandbox.file("audit.db", &content);
    for command in [&["record"][..], &["log"], &["doctor"]] {
        sandbox.feed(command, ndjson(0..1).as_bytes()).with_code(1).explains(&["audit.db"]);
    }
    assert_eq!(bytes(&sandbox.database()), content);
}

#[test]
fn a_damaged_record_is_reported() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..500).as_bytes()).success();
    let mut content = bytes(&sandbox.database());
    let middle = content.len() / 2;
    content[middle..middle + 20_000].fill(0xA5);
    std::fs::write(sandbox.database(), content).unwrap();
    let finished = sandbox.run(&["doctor"]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
}

#[cfg(unix)]
#[test]
fn a_closed_standard_output_ends_the_program_quietly() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..3000).as_bytes()).success();
    let mut child =
        sandbox.command(&["export"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let finished = finish(child).with_code(141);
    assert_eq!(finished.err, "");
}

#[cfg(unix)]
#[test]
fn receipts_that_nobody_reads_stop_the_recording_truthfully() {
    let sandbox = Sandbox::new();
    let mut child = sandbox.spawn(&["record", "--receipts"]);
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    let _ = stdin.write_all(ndjson(0..2000).as_bytes());
    drop(stdin);
    let finished = finish(child).with_code(141).explains(&["on record before that"]);
    let recorded = sandbox.recorded();
    finished.explains(&[&format!("on record before that: {recorded} event")]);
}

#[test]
fn rejects_never_go_into_an_input_and_are_their_owners_alone() {
    let sandbox = Sandbox::new();
    let input = sandbox.file("input", "{broken\n");
    let (input, rejects) = (input.to_str().unwrap(), sandbox.path("rejects"));
    let skip = |rejects| ["record", "--on-invalid", "skip", "--rejects", rejects, input];
    sandbox.run(&skip(input)).with_code(2).explains(&["is an input as well"]);
    assert_eq!(std::fs::read_to_string(input).unwrap(), "{broken\n");
    sandbox.run(&skip(rejects.to_str().unwrap())).success();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&rejects).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn what_stands_in_the_input_cannot_steer_the_terminal() {
    let said = Sandbox::new()
        .feed(&["record"], changed(|event| event["type"] = "plan\u{1b}[31mevil".into()).as_bytes());
    assert!(!said.with_code(3).err.contains('\u{1b}'));
}

#[test]
fn a_locked_record_is_waited_for_and_then_named() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..1).as_bytes()).success();
    let holder = rusqlite::Connection::open(sandbox.database()).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    sandbox
        .feed(&["record", "--audit-lock-timeout-secs", "1"], ndjson(1..2).as_bytes())
        .with_code(1)
        .explains(&["locked by another process", "nothing of this input"]);
    assert_eq!(sandbox.recorded(), 1, "a record that is being written can be read");
    holder.execute_batch("ROLLBACK").unwrap();
    sandbox.feed(&["record"], ndjson(1..2).as_bytes()).success();
    assert_eq!(sandbox.recorded(), 2);
}

#[cfg(unix)]
#[test]
fn a_record_that_is_removed_meanwhile_is_noticed() {
    use std::io::{BufRead as _, BufReader};
    let sandbox = Sandbox::new();
    let mut child = sandbox.spawn(&["record", "--receipts"]);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(ndjson(0..1).as_bytes()).unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    assert!(out.read_line(&mut line).unwrap() > 0);
    std::fs::remove_file(sandbox.database()).unwrap();
    drop(stdin);
    finish(child).with_code(1).explains(&["audit.db is gone", "record the same input again"]);
}

/// Only Linux makes the index of the write-ahead log within the limit on files' sizes in this way.
#[cfg(target_os = "linux")]
#[test]
fn where_there_is_no_room_beside_the_record_it_is_said_what_to_make_room_for() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..3).as_bytes()).success();
    // As small as a full disk: what would be larger is refused, and does not kill the program.
    let shell = "trap '' XFSZ; ulimit -f 8; exec \"$0\" log --database \"$1\"";
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", shell, env!("CARGO_BIN_EXE_indelible")]).arg(sandbox.database());
    let refused = Finished::of(limited.env("HOME", sandbox.path("home")).output().unwrap());
    refused.with_code(1).explains(&["there is no room on its disk", "audit.db-shm", "make room"]);
}

//! `record`: what goes in is on record, in order, once.

use std::fmt::Write as _;

use serde_json::json;

use crate::support::{Sandbox, event, ndjson, sequences};

#[test]
fn what_is_recorded_is_there_for_the_next_process_in_order() {
    let sandbox = Sandbox::new();
    let run = sandbox.file("run.ndjson", ndjson(0..100));
    sandbox.run(&["record", run.to_str().unwrap()]).success().prints(&[
        "Recorded 100 events of 58 types",
        "sequences 1 to 100",
        "audit.db",
        "next  ",
    ]);
    let rows = sandbox.log(&[]);
    assert_eq!(sequences(&rows), (1..=100).collect::<Vec<_>>());
    for (n, row) in rows.iter().enumerate() {
        assert_eq!(row["event_id"], format!("event-{n:06}"));
        assert_eq!(row["event_type"], event(n)["type"]);
        assert_eq!(row["plan_id"], event(n)["planid"]);
        assert_eq!(row["actor"], "agent:tester");
        assert_eq!(row["user_identity"], "person@example.org");
        assert_eq!(row["occurred_at"], "2026-07-01T09:00:00.003Z");
    }
}

#[test]
fn recording_the_same_input_again_adds_nothing_and_says_so() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..60).as_bytes()).success();
    sandbox
        .feed(&["record", "-"], ndjson(0..60).as_bytes())
        .success()
        .prints(&["Nothing new: all 60 events are on record already (sequences 1 to 60)."]);
    sandbox.feed(&["record"], ndjson(50..62).as_bytes()).success().prints(&[
        "Recorded 2 events",
        "10 more were on record already",
        "sequences 61 to 62",
    ]);
    assert_eq!(sandbox.recorded(), 62);
}

#[test]
fn a_receipt_names_the_event_its_place_and_whether_it_is_new() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..1).as_bytes()).success();
    let finished = sandbox
        .feed(&["record", "--receipts"], ndjson(0..3).as_bytes())
        .success()
        .explains(&["Recorded 2 events"]);
    let receipts = finished.rows();
    assert_eq!(sequences(&receipts), [1, 2, 3]);
    assert_eq!(receipts[0]["status"], "already_on_record");
    assert_eq!(receipts[1]["status"], "recorded");
    assert_eq!(receipts[1]["event_id"], "event-000001");
    assert!(receipts[1]["recorded_at"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn a_json_array_is_recorded_as_the_lines_it_stands_for() {
    let sandbox = Sandbox::new();
    let batch = json!([event(0), event(1), event(2)]);
    sandbox.feed(&["record"], format!("{batch:#}").as_bytes()).success();
    assert_eq!(sandbox.recorded(), 3);
}

#[test]
fn several_files_are_recorded_in_the_order_given() {
    let sandbox = Sandbox::new();
    let (a, b) = (sandbox.file("a", ndjson(5..8)), sandbox.file("b", ndjson(0..5)));
    sandbox.run(&["record", a.to_str().unwrap(), b.to_str().unwrap()]).success();
    let ids: Vec<String> =
        sandbox.log(&[]).iter().map(|row| row["event_id"].as_str().unwrap().to_owned()).collect();
    let expected: Vec<String> =
        [5, 6, 7, 0, 1, 2, 3, 4].iter().map(|n| format!("event-{n:06}")).collect();
    assert_eq!(ids, expected);
}

#[test]
fn an_empty_input_is_no_error() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], b"\n\n").success().prints(&["Nothing to record"]);
}

#[test]
fn what_is_exported_can_be_recorded_elsewhere_and_is_the_same() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..88).as_bytes()).success();
    let exported = sandbox.run(&["export"]).success();
    for (n, row) in exported.rows().iter().enumerate() {
        assert_eq!(*row, event(n));
    }
    let elsewhere = Sandbox::new();
    elsewhere.feed(&["record"], exported.out.as_bytes()).success();
    assert_eq!(elsewhere.run(&["export"]).success().out, exported.out);
}

#[test]
fn a_payload_of_an_earlier_version_is_recorded_as_it_was_sent_beside_those_of_today() {
    let sandbox = Sandbox::new();
    let rows = sandbox.run(&["catalog"]).success().rows();
    let listed = rows.iter().find(|row| row["event_type"] == "budget.warning").unwrap();
    assert_eq!(listed["version"], json!(2), "{listed}");

    let earlier = json!({"scope": "run", "limit_usd": 0.50, "spent_usd": 0.4});
    let today = json!({"scope": "run", "limit_micro_usd": 500_000, "spent_micro_usd": 400_000});
    let mut events = String::new();
    for (id, version, data) in [("1", None, &earlier), ("2", Some(2), &today)] {
        let mut event = event(0);
        event["id"] = json!(id);
        event["type"] = json!("budget.warning");
        event["data"] = data.clone();
        event["schemaversion"] = json!(version);
        writeln!(events, "{event}").unwrap();
    }
    sandbox.feed(&["record"], events.as_bytes()).success().prints(&["Recorded 2 events"]);
    let rows = sandbox.log(&[]);
    assert_eq!((&rows[0]["schema_version"], &rows[0]["details"]), (&json!(1), &earlier));
    assert_eq!((&rows[1]["schema_version"], &rows[1]["details"]), (&json!(2), &today));

    let exported = sandbox.run(&["export"]).success();
    let elsewhere = Sandbox::new();
    elsewhere.feed(&["record"], exported.out.as_bytes()).success();
    assert_eq!(elsewhere.run(&["export"]).success().out, exported.out);
}

#[test]
fn a_secret_never_reaches_the_file() {
    let sandbox = Sandbox::new();
    let mut leaking = event(0);
    leaking["data"]["goal"] = json!("deploy with --password hunter2-hunter2 and go on");
    leaking["data"]["api_key"] = json!("abcdefghijkl-9000");
    sandbox.feed(&["record"], leaking.to_string().as_bytes()).success();
    let rows = sandbox.log(&[]);
    let details = rows[0]["details"].to_string();
    assert!(details.contains("[redacted:"), "{details}");
    for name in ["audit.db", "audit.db-wal"] {
        let bytes = crate::support::bytes(&sandbox.path(name));
        for secret in ["hunter2-hunter2", "abcdefghijkl-9000"] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} stands in {name}");
        }
    }
}

#[test]
fn the_shipped_sample_is_recorded_as_the_readme_says() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/agent-run.ndjson");
    let sandbox = Sandbox::new();
    let lines = std::fs::read_to_string(sample).unwrap().lines().count();
    sandbox.run(&["record", sample]).success().prints(&[&format!("Recorded {lines} events of ")]);
    sandbox.run(&["record", sample]).success().prints(&["Nothing new"]);
    assert_eq!(sandbox.recorded(), lines);
}

#[cfg(unix)]
#[test]
fn being_asked_to_stop_says_truthfully_what_is_on_record() {
    use std::io::{BufRead as _, BufReader, Write as _};
    for signal in ["-INT", "-TERM"] {
        let sandbox = Sandbox::new();
        let mut child = sandbox.spawn(&["record", "--receipts"]);
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(ndjson(0..5).as_bytes()).unwrap();
        stdin.flush().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        for _ in 0..5 {
            assert!(out.read_line(&mut line).unwrap() > 0);
        }
        // The input stays open: the program is waiting for more of it.
        let pid = child.id().to_string();
        std::process::Command::new("kill").args([signal, &pid]).status().unwrap();
        crate::support::finish(child)
            .with_code(130)
            .explains(&["interrupted; on record before that: 5 events (sequences 1 to 5)"]);
        drop(stdin);
        assert_eq!(sandbox.recorded(), 5);
    }
}

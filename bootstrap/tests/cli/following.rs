//! `tail`: the newest events, and those that other processes record.

use std::io::{BufRead as _, BufReader};
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use chrono::{DateTime, Utc};

use serde_json::Value;

use crate::support::{DEADLINE, Sandbox, finish, ndjson, record_old, sequences};

/// The rows a process prints, as they come, each with the moment it came.
fn rows(child: &mut Child) -> Receiver<(Value, DateTime<Utc>)> {
    let out = BufReader::new(child.stdout.take().unwrap());
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            let _ = sender.send((serde_json::from_str(&line).unwrap(), Utc::now()));
        }
    });
    receiver
}

#[test]
fn the_newest_events_come_last() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..30).as_bytes()).success();
    let tail = |args: &[&str]| sequences(&sandbox.run(args).success().rows());
    assert_eq!(tail(&["tail"]), (21..=30).collect::<Vec<_>>());
    assert_eq!(tail(&["tail", "-n", "2"]), [29, 30]);
    assert_eq!(tail(&["tail", "-n", "5", "--type", "plan.created"]), [1]);
    assert_eq!(tail(&["tail", "-n", "0"]), Vec::<u64>::new());
}

#[test]
fn what_another_process_records_is_seen_within_a_tenth_of_a_second() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..3).as_bytes()).success();
    let mut tail = sandbox.spawn(&["tail", "--follow", "-n", "1"]);
    let rows = rows(&mut tail);
    assert_eq!(rows.recv_timeout(DEADLINE).unwrap().0["sequence"], 3);

    let mut delays = Vec::new();
    for n in 3..13 {
        let finished = sandbox.feed(&["record", "--receipts"], ndjson(n..n + 1).as_bytes());
        let recorded_at = finished.success().rows()[0]["recorded_at"].as_str().unwrap().to_owned();
        let recorded_at: DateTime<Utc> = recorded_at.parse().unwrap();
        let (row, seen_at) = rows.recv_timeout(DEADLINE).unwrap();
        assert_eq!(row["sequence"], n as u64 + 1);
        delays.push((seen_at - recorded_at).to_std().unwrap_or_default());
    }
    // From the stamp on the record to the printed row. What the machine does besides may delay any one
    // of them, and so the best is held to the promise and the middle one to less than it would take to
    // notice by the slow look alone.
    delays.sort();
    assert!(delays[0] < Duration::from_millis(100), "the fastest took {:?}", delays[0]);
    assert!(delays[4] < Duration::from_millis(400), "the middle one took {:?}", delays[4]);
    tail.kill().unwrap();
    finish_killed(tail);
}

#[cfg(unix)]
#[test]
fn being_asked_to_stop_ends_the_following() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..1).as_bytes()).success();
    for (n, signal) in [(1, "-INT"), (2, "-TERM")] {
        let mut tail = sandbox.spawn(&["tail", "-f", "-n", "1"]);
        let rows = rows(&mut tail);
        rows.recv_timeout(DEADLINE).unwrap();
        // Signals are waited for from the first look on; a followed event shows that it was.
        sandbox.feed(&["record"], ndjson(n..n + 1).as_bytes()).success();
        rows.recv_timeout(DEADLINE).unwrap();
        let pid = tail.id().to_string();
        std::process::Command::new("kill").args([signal, &pid]).status().unwrap();
        assert_eq!(finish(tail).with_code(130).err, "");
    }
}

#[cfg(unix)]
#[test]
fn what_retention_removes_before_it_is_shown_is_said_in_its_place() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], b"").success();
    record_old(&sandbox, 1..=1);
    let mut tail = sandbox.spawn(&["tail", "-f", "-n", "1"]);
    let rows = rows(&mut tail);
    assert_eq!(rows.recv_timeout(DEADLINE).unwrap().0["sequence"], 1);
    let pid = tail.id().to_string();
    let signal = |signal: &str| {
        std::process::Command::new("kill").args([signal, &pid]).status().unwrap();
    };

    // It is slower than retention, as it can be on a machine with much to do.
    signal("-STOP");
    record_old(&sandbox, 2..=5);
    sandbox.feed(&["record"], ndjson(0..2).as_bytes()).success();
    sandbox.run(&["prune", "--older-than-days", "30"]).success().prints(&["sequences 1 to 5"]);
    signal("-CONT");
    for expected in 6..=8 {
        assert_eq!(rows.recv_timeout(DEADLINE).unwrap().0["sequence"], expected);
    }
    signal("-TERM");
    let said = "note: retention has removed sequences 2 to 5 before they could be shown\n";
    assert_eq!(finish(tail).with_code(130).err, said);
}

#[test]
fn an_endless_array_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..1).as_bytes()).success();
    sandbox.run(&["tail", "-f", "--format", "json"]).with_code(2).explains(&["ndjson"]);
}

fn finish_killed(child: Child) {
    let _ = child.wait_with_output();
}

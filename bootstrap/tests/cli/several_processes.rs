//! Several processes record into one file at once.

use std::collections::HashSet;

use crate::support::{Sandbox, finish, ndjson, sequences};

const PROCESSES: usize = 4;
const EVENTS: usize = 400;

#[test]
fn four_processes_on_a_fresh_file_record_everything_once_without_a_gap() {
    let sandbox = Sandbox::new();
    let children: Vec<_> = (0..PROCESSES)
        .map(|process| {
            let events = ndjson(process * EVENTS..(process + 1) * EVENTS);
            let file = sandbox.file(&format!("part-{process}"), events);
            sandbox.spawn(&["record", "--receipts", file.to_str().unwrap()])
        })
        .collect();
    let receipts: Vec<_> =
        children.into_iter().map(|child| finish(child).success().rows()).collect();

    let rows = sandbox.log(&[]);
    assert_eq!(sequences(&rows), (1..=(PROCESSES * EVENTS) as u64).collect::<Vec<_>>());
    let ids: HashSet<&str> = rows.iter().map(|row| row["event_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), PROCESSES * EVENTS);
    let times: Vec<&str> = rows.iter().map(|row| row["recorded_at"].as_str().unwrap()).collect();
    let moment = |text: &&str| chrono::DateTime::parse_from_rfc3339(text).unwrap();
    assert!(times.iter().map(moment).is_sorted(), "recorded_at goes back");
    for receipts in &receipts {
        assert!(sequences(receipts).is_sorted(), "a process's own order is kept");
        for receipt in receipts {
            let place = usize::try_from(receipt["sequence"].as_u64().unwrap()).unwrap();
            assert_eq!(rows[place - 1]["event_id"], receipt["event_id"]);
        }
    }
}

#[test]
fn processes_that_record_the_same_events_agree_on_their_places() {
    let sandbox = Sandbox::new();
    let file = sandbox.file("same", ndjson(0..200));
    let children: Vec<_> = (0..PROCESSES)
        .map(|_| sandbox.spawn(&["record", "--receipts", file.to_str().unwrap()]))
        .collect();
    let mut places = Vec::new();
    let mut new = 0;
    for child in children {
        let receipts = finish(child).success().rows();
        new += receipts.iter().filter(|receipt| receipt["status"] == "recorded").count();
        places.push(sequences(&receipts));
    }
    assert_eq!(new, 200, "each event is new for one process alone");
    assert!(places.iter().all(|place| *place == places[0]));
    assert_eq!(sandbox.recorded(), 200);
}

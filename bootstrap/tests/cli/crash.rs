//! Killed in the middle: every receipt that was printed is on record, nothing is torn.

use std::io::{BufRead as _, BufReader, Write as _};

use serde_json::Value;

use crate::support::{Sandbox, ndjson, sequences};

/// Rounds of one run of this test. Set `INDELIBLE_TEST_CRASH_ROUNDS` for a longer one.
const ROUNDS: usize = 20;

/// Events offered in each round; many more than are recorded before the process is killed.
const OFFERED: usize = 20_000;

#[test]
fn whatever_is_acknowledged_survives_being_killed() {
    let rounds = std::env::var("INDELIBLE_TEST_CRASH_ROUNDS")
        .map_or(ROUNDS, |text| text.parse().expect("a number of rounds"));
    let sandbox = Sandbox::new();
    let (mut acknowledged, mut offered) = (Vec::new(), 0);
    for round in 0..rounds {
        acknowledged.extend(killed_in_the_middle(&sandbox, offered, round));
        offered += OFFERED;
        let rows = sandbox.log(&[]);
        assert_eq!(
            sequences(&rows),
            (1..=rows.len() as u64).collect::<Vec<_>>(),
            "round {round}: the record has a gap"
        );
        for receipt in &acknowledged {
            let place = usize::try_from(receipt["sequence"].as_u64().unwrap()).unwrap();
            let row =
                rows.get(place - 1).unwrap_or_else(|| panic!("round {round}: {receipt} lost"));
            assert_eq!(row["event_id"], receipt["event_id"], "round {round}");
            assert!(row["details"].is_object(), "round {round}: {row} is torn");
        }
    }
    assert!(acknowledged.len() >= rounds, "the rounds were too short to show anything");
    sandbox.run(&["doctor"]).success();
}

/// Records from `first` on, kills the process after some receipts, and returns those.
fn killed_in_the_middle(sandbox: &Sandbox, first: usize, round: usize) -> Vec<Value> {
    let mut child = sandbox.spawn(&["record", "--receipts"]);
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        // In small pieces, so that the kill falls into many different moments of many batches.
        for piece in 0..OFFERED / 10 {
            let from = first + piece * 10;
            if stdin.write_all(ndjson(from..from + 10).as_bytes()).is_err() {
                return;
            }
        }
    });
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut receipts = Vec::new();
    let enough = 1 + round * 37 % 400;
    let mut line = String::new();
    while receipts.len() < enough && out.read_line(&mut line).unwrap() > 0 {
        receipts.push(serde_json::from_str(&line).unwrap());
        line.clear();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What had been printed before the kill counts as well, but for a line cut in the middle.
    for line in out.lines().map_while(Result::ok) {
        receipts.extend(serde_json::from_str::<Value>(&line));
    }
    writer.join().unwrap();
    receipts
}

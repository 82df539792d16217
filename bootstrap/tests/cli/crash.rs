//! Killed in the middle: every receipt that was printed is on record, nothing is torn.

use std::io::{BufRead as _, BufReader, Write as _};

use serde_json::{Value, json};

use crate::support::{DEADLINE, Sandbox, bytes, ndjson, sequences};

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

/// Entries of one person; of more than one chunk.
const OF_ONE: usize = 1_800;

#[test]
fn an_erasure_that_is_killed_is_open_on_record_and_ends_when_it_is_asked_for_again() {
    let mut interrupted = 0;
    // Begun and nothing erased yet; within the chunks; and while the file is written anew.
    for erased in [0, 1, 900, OF_ONE] {
        let sandbox = Sandbox::new();
        sandbox.feed(&["record"], of_one().as_bytes()).success();
        let erase = [
            &["erase", "--user", "person@example.org", "--details", "--yes"][..],
            &["--reason", "asked by letter", "--request", "R-7"],
        ]
        .concat();
        let mut child = sandbox.spawn(&erase);
        await_erased(&sandbox, erased);
        child.kill().unwrap();
        child.wait().unwrap();

        sandbox.run(&["verify"]).success();
        sandbox.run(&["doctor"]).success();
        let ends = sandbox.log(&["--type", "audit.erased"]).len();
        let open = sandbox.run(&["open", "--format", "ndjson"]).success().rows();
        assert_eq!(open.len() + ends, 1, "what was begun is open until it is done: {open:?}");
        interrupted += open.len();
        if !open.is_empty() {
            sandbox.run(&erase).success().prints(&["as request `R-7`"]);
        }
        sandbox.run(&["open"]).success().explains(&["nothing is open"]);
        sandbox.run(&["verify"]).success();
        assert_eq!(sandbox.log(&["--type", "audit.erasure_started"]).len(), 1);
        let gone = |row: &&Value| row["erased"].is_array();
        assert_eq!(sandbox.log(&[]).iter().filter(gone).count(), OF_ONE);
        for file in ["audit.db", "audit.db-wal"] {
            let bytes = bytes(&sandbox.path(file));
            let found = bytes.windows(18).filter(|at| *at == b"person@example.org").count();
            assert_eq!(found, 0, "{file} holds nothing of what was erased");
        }
    }
    assert!(interrupted > 0, "the process was never killed in the middle");
}

fn of_one() -> String {
    let event = |n: usize| {
        json!({
            "specversion": "1.0", "id": format!("e{n}"), "source": "/tests", "type": "entity.deleted",
            "time": "2026-07-01T09:00:00Z", "useridentity": "person@example.org",
            "actor": "agent:tester", "data": {"entity_kind": "note", "entity_id": n.to_string()},
        })
    };
    (0..OF_ONE).map(|n| event(n).to_string()).collect::<Vec<_>>().join("\n")
}

/// Waits until an erasure is begun and this many entries have lost their values.
fn await_erased(sandbox: &Sandbox, entries: usize) {
    let entries = i64::try_from(entries).unwrap();
    let database = rusqlite::Connection::open(sandbox.database()).unwrap();
    let question = "SELECT (SELECT count(*) FROM audit_log WHERE erased IS NOT NULL) >= ?1 AND EXISTS \
                    (SELECT 1 FROM audit_log WHERE event_type = 'audit.erasure_started')";
    let started = std::time::Instant::now();
    // Somebody may hold the file for a moment.
    let there = || database.query_row(question, [entries], |row| row.get(0)).unwrap_or(false);
    while !there() {
        assert!(started.elapsed() < DEADLINE, "nothing was erased");
        std::thread::yield_now();
    }
}

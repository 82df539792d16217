//! `erase`: values go for good, on record, and everything else goes on.

use serde_json::{Value, json};

use crate::support::{Sandbox, bytes, event, ndjson};

/// A record of ten events on behalf of one person, and one of another's.
fn recorded() -> Sandbox {
    let sandbox = Sandbox::new();
    let mut other = event(10);
    other["useridentity"] = json!("bob");
    let input = format!("{}{other}\n", ndjson(0..10));
    sandbox.feed(&["record"], input.as_bytes()).success();
    sandbox
}

const ERASE: [&str; 5] = ["erase", "--actor", "human:officer", "--reason", "asked by letter"];
const PERSON: &str = "person@example.org";

fn found(sandbox: &Sandbox, text: &str) -> bool {
    ["audit.db", "audit.db-wal", "audit.db-shm"]
        .iter()
        .any(|file| bytes(&sandbox.path(file)).windows(text.len()).any(|at| at == text.as_bytes()))
}

#[test]
fn a_persons_values_go_for_good_and_the_act_is_on_record_without_the_person() {
    let sandbox = recorded();
    let erase = |more: &[&str]| sandbox.run(&[&ERASE, &["--user", PERSON][..], more].concat());
    erase(&[]).with_code(2).explains(&["cannot be brought back", "--yes"]);
    erase(&["--dry-run"])
        .success()
        .prints(&["the personal fields of 10 entries between sequences 1 and 10 would be erased"]);
    assert!(found(&sandbox, PERSON));
    assert_eq!(sandbox.recorded(), 11);

    erase(&["--yes", "--request", "R-7"]).success().prints(&[
        "erased the personal fields of 10 events, as request `R-7`; that is on record as 12 and 13",
    ]);
    assert!(!found(&sandbox, PERSON), "nothing is left in the files");
    assert!(found(&sandbox, "bob"));

    let rows = sandbox.log(&[]);
    for row in &rows[..10] {
        assert_eq!((&row["actor"], &row["user_identity"]), (&Value::Null, &Value::Null));
        assert_eq!(row["erased"], json!(["actor", "user_identity"]));
        assert!(row["details"].is_object() && row["plan_id"].is_string());
    }
    assert_eq!((&rows[10]["user_identity"], &rows[10]["erased"]), (&json!("bob"), &Value::Null));
    assert_eq!(rows[11]["event_type"], "audit.erasure_started");
    assert_eq!(rows[11]["details"]["reason"], "asked by letter");
    assert_eq!(rows[12]["details"], json!({"request_id": "R-7", "entries": 10}));
    assert_eq!(rows[12]["actor"], "human:officer");
    sandbox.run(&["open"]).success().explains(&["nothing is open"]);
    sandbox.run(&["doctor"]).success();

    erase(&["--yes"]).success().prints(&["of 0 events"]);
    sandbox.feed(&["record"], ndjson(0..10).as_bytes()).success();
    assert_eq!(
        sandbox.log(&["--user", PERSON]).len(),
        0,
        "what is on record is not recorded again"
    );
}

#[test]
fn what_was_erased_is_shown_as_erased() {
    let sandbox = recorded();
    let all = [&ERASE[..], &["--event", "event-000003", "--details", "--yes"]].concat();
    sandbox.run(&all).success().prints(&["erased all values of 1 event"]);
    let show = sandbox.run(&["show", "4", "--format", "table"]).success();
    for line in ["actor           erased", "details         erased", "user_identity   erased"] {
        assert!(show.out.contains(line), "`{line}` is not in:\n{}", show.out);
    }
    assert!(!show.out.contains("subject"), "it never had one:\n{}", show.out);
    let log = sandbox.run(&["log", "--format", "table"]).success();
    let line = log.out.lines().find(|line| line.starts_with("4 ")).unwrap();
    assert_eq!(line.matches("erased").count(), 2, "{line}");

    let exported = sandbox.run(&["export"]).success();
    let event: Value = serde_json::from_str(exported.out.lines().nth(3).unwrap()).unwrap();
    assert_eq!(event["erasedfields"], "actor,details,extensions,user_identity");
    assert_eq!((&event["data"], &event["actor"]), (&json!({}), &Value::Null));
    sandbox.run(&["stats", "--by", "user"]).success();
    sandbox.run(&["explain", "4"]).success();
}

#[test]
fn a_command_is_handed_an_event_whose_values_were_erased() {
    let sandbox = recorded();
    let all = [&ERASE[..], &["--correlation", "run-0", "--details", "--yes"]].concat();
    sandbox.run(&all).success().prints(&["of 4 events"]);
    let react = ["react", "all", "--from", "beginning", "--until-caught-up", "--", "cat"];
    let handed = sandbox.run(&react).success();
    let events: Vec<Value> = handed.rows();
    let erased = events.iter().filter(|event| event["erasedfields"].is_string());
    assert_eq!((events.len(), erased.count()), (13, 4));
}

#[test]
fn what_is_asked_for_in_a_wrong_way_is_refused_and_erases_nothing() {
    let sandbox = recorded();
    let before = sandbox.log(&[]);
    for (args, said) in [
        (&["erase", "--yes"][..], "--user"),
        (&["erase", "--user", "", "--yes", "--reason", "r"], "it is empty"),
        (&["erase", "--user", "a", "--subject", "b", "--yes", "--reason", "r"], "cannot be used"),
        (&["erase", "--user", PERSON, "--yes"], "--reason"),
        (
            &["erase", "--user", PERSON, "--yes", "--reason", "Person@example.org asked"],
            "the reason of the request names",
        ),
    ] {
        sandbox.run(args).with_code(2).explains(&[said]);
    }
    let unknown = [&ERASE[..], &["--event", "nobody-knows", "--yes"]].concat();
    sandbox.run(&unknown).with_code(1).explains(&["`nobody-knows` is on record"]);
    let mut twin = event(3);
    twin["source"] = json!("/another");
    sandbox.feed(&["record"], twin.to_string().as_bytes()).success();
    let several = [&ERASE[..], &["--event", "event-000003", "--yes"]].concat();
    sandbox.run(&several).with_code(2).explains(&["several sources", "4, 12"]);
    assert_eq!(sandbox.log(&[])[..11], before[..]);
}

#[test]
fn whoever_reads_what_was_there_before_is_named() {
    let sandbox = recorded();
    let reader = rusqlite::Connection::open(sandbox.database()).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let one = "SELECT count(*) FROM audit_log";
    assert_eq!(reader.query_row(one, (), |row| row.get::<_, i64>(0)).unwrap(), 11);
    let erase = [
        &ERASE[..],
        &["--user", PERSON, "--request", "R-7", "--yes", "--audit-lock-timeout-secs", "1"],
    ]
    .concat();
    let this = format!("process {}", std::process::id());
    sandbox.run(&erase).with_code(1).explains(&["somebody reads", &this, "`R-7` again"]);
    assert_eq!(sandbox.run(&["open", "--format", "ndjson"]).success().rows().len(), 1);

    reader.execute_batch("COMMIT").unwrap();
    sandbox.run(&erase).success().prints(&["of 0 events, as request `R-7`", "as 12 and 13"]);
    assert!(!found(&sandbox, PERSON));
    assert_eq!(sandbox.log(&["--user", PERSON]).len(), 0);
}

#[test]
fn what_is_under_a_legal_hold_is_refused_before_it_is_begun_and_the_hold_is_named() {
    let sandbox = recorded();
    let place =
        ["hold", "place", "--sequences", "3-4", "--reason", "case 12", "--actor", "human:carl"];
    sandbox.run(&place).success().prints(&["legal hold 12 is in force"]);
    let before = sandbox.log(&[]);
    let erase = |more: &[&str]| sandbox.run(&[&ERASE, &["--user", PERSON][..], more].concat());
    for how in ["--dry-run", "--yes"] {
        let refused = erase(&[how]).with_code(1);
        let refused = refused.explains(&[
            "nothing can be erased",
            "entry 3 is under legal hold 12, placed by human:carl for `case 12`",
            "indelible hold release 12",
        ]);
        assert!(!refused.err.contains("1811") && refused.out.is_empty(), "{refused:?}");
    }
    assert_eq!(sandbox.log(&[]), before, "nothing is erased, and nothing begun");
    sandbox.run(&["hold", "release", "12"]).success();
    erase(&["--yes"]).success().prints(&["of 10 events"]);
}

#[test]
fn an_erasure_that_matches_nothing_says_so_and_is_on_record_all_the_same() {
    let sandbox = recorded();
    let nobody = [&ERASE[..], &["--user", "nobody@example.org"]].concat();
    let dry = sandbox.run(&[&nobody[..], &["--dry-run"]].concat()).success();
    dry.explains(&["nothing on record matches"]);
    let done = sandbox.run(&[&nobody[..], &["--yes"]].concat()).success();
    done.prints(&["of 0 events", "as 12 and 13"]).explains(&["nothing on record matches"]);
    let some = sandbox.run(&[&ERASE[..], &["--user", PERSON, "--dry-run"]].concat()).success();
    assert!(!some.err.contains("nothing on record"), "{some:?}");
}

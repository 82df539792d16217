//! `react`, `subscriptions`, `dead-letters`: durable subscriptions without a line of Rust.
#![cfg(unix)]

use std::time::Instant;

use serde_json::Value;

use crate::support::{DEADLINE, Finished, Sandbox, finish, ndjson, record_old};

/// A sandbox with so many events on record.
pub(crate) fn with_events(count: usize) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..count).as_bytes()).success();
    sandbox
}

/// Runs a shell command for all that is on record.
pub(crate) fn react(sandbox: &Sandbox, flags: &[&str], shell: &str) -> Finished {
    let react = ["react", "billing", "--from", "beginning", "--until-caught-up"];
    sandbox.run(&[&react[..], flags, &["--", "sh", "-c", shell]].concat())
}

pub(crate) fn lines(sandbox: &Sandbox, file: &str) -> Vec<String> {
    let text = std::fs::read_to_string(sandbox.path(file)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

pub(crate) fn one(sandbox: &Sandbox, args: &[&str]) -> Value {
    let rows = sandbox.run(args).success().rows();
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0].clone()
}

#[test]
fn a_command_is_run_once_for_each_event_in_order_and_goes_on_where_it_was() {
    let sandbox = with_events(5);
    let note = "cat >>in; echo $INDELIBLE_EVENT_SEQUENCE $INDELIBLE_EVENT_TYPE \
                $INDELIBLE_EVENT_ID $INDELIBLE_EVENT_ATTEMPT $INDELIBLE_EVENT_REPEATED >>out";
    react(&sandbox, &[], note).success().explains(&["5 events handled, 0 attempts failed"]);
    let rows = sandbox.log(&[]);
    let expected: Vec<String> = rows
        .iter()
        .map(|row| {
            let text = |field: &str| row[field].as_str().unwrap().to_owned();
            format!("{} {} {} 1 false", row["sequence"], text("event_type"), text("event_id"))
        })
        .collect();
    assert_eq!(lines(&sandbox, "out"), expected);
    let exported = sandbox.run(&["export"]).success().out;
    assert_eq!(lines(&sandbox, "in").join("\n"), exported.trim_end());

    sandbox.feed(&["record"], ndjson(5..7).as_bytes()).success();
    react(&sandbox, &[], note).success().explains(&["2 events handled"]);
    assert_eq!(lines(&sandbox, "out").len(), 7);
    let row = one(&sandbox, &["subscriptions"]);
    assert_eq!(
        (&row["name"], &row["cursor"], &row["lag_events"]),
        (&"billing".into(), &7.into(), &0.into())
    );
    assert_eq!((&row["state"], &row["holder"]), (&"active".into(), &Value::Null));
    sandbox
        .run(&["subscriptions", "list", "--format", "table"])
        .success()
        .prints(&["NAME", "RUN BY", "billing", "active"]);
}

#[test]
fn filters_choose_the_events_and_a_command_may_be_this_very_program() {
    let sandbox = with_events(14);
    let program = env!("CARGO_BIN_EXE_indelible");
    let shell = format!("{program} show $INDELIBLE_EVENT_SEQUENCE >>out");
    react(&sandbox, &["--plan", "plan-3", "--by", "plan", "--width", "2"], &shell)
        .success()
        .explains(&["2 events handled"]);
    assert_eq!(lines(&sandbox, "out").len(), 2);
    let in_vain = react(&sandbox, &["--width", "2"], "true").success();
    in_vain.explains(&["note: --width changes nothing", "--by plan or --by correlation"]);
}

#[test]
fn what_fails_to_the_end_is_a_dead_letter_with_what_the_command_said() {
    let sandbox = with_events(3);
    let fails = "[ $INDELIBLE_EVENT_SEQUENCE != 2 ] || { echo no such customer >&2; exit 7; }";
    react(&sandbox, &["--attempts", "2"], fails).with_code(1).explains(&[
        "2 events handled, 2 attempts failed",
        "no such customer",
        "1 event could not be handled and is a dead letter now",
        "dead-letters billing` lists it",
    ]);
    let letter = one(&sandbox, &["dead-letters"]);
    assert_eq!((&letter["sequence"], &letter["attempts"]), (&2.into(), &2.into()));
    assert_eq!(letter["errors"][0], "the command ended with exit status: 7");
    assert_eq!(letter["errors"][1], "no such customer");
    assert_eq!(one(&sandbox, &["dead-letters", "list", "billing"]), letter);
    assert_eq!(one(&sandbox, &["dead-letters", "billing"]), letter);
    let mut shown = one(&sandbox, &["dead-letters", "show", "billing", "2"]);
    let event = one(&sandbox, &["show", "2"]);
    assert_eq!(shown.as_object_mut().unwrap().remove("event"), Some(event.clone()));
    assert_eq!(shown, letter);
    let csv = ["dead-letters", "show", "billing", "2", "--format", "csv"];
    sandbox.run(&csv).success().prints(&["errors,event\n", event["event_id"].as_str().unwrap()]);
    sandbox
        .run(&["dead-letters", "show", "billing", "2", "--format", "table"])
        .success()
        .prints(&["attempts", "because: no such customer", "event_id"]);
    sandbox.run(&["dead-letters", "--format", "table"]).success().prints(&["exit status: 7"]);

    sandbox.run(&["dead-letters", "retry", "billing", "2"]).success().prints(&["1 event will be"]);
    let asked = one(&sandbox, &["dead-letters"]);
    assert_eq!(asked["retry_requested"], true);
    react(&sandbox, &[], "true").success().explains(&["handled"]);
    sandbox.run(&["dead-letters"]).success().explains(&["there are no dead letters"]);
    let acts = sandbox.log(&["--type", "dead_letter.retried"]);
    assert_eq!(acts[0]["details"]["event_sequence"], 2);
}

#[test]
fn all_dead_letters_of_a_subscription_are_retried_or_discarded_at_once() {
    let sandbox = with_events(3);
    let said = ["3 events could not be handled and are dead letters now", "lists them"];
    react(&sandbox, &["--attempts", "1"], "exit 1").with_code(1).explains(&said);
    react(&sandbox, &[], "exit 1").success().explains(&["0 events handled, 0 attempts failed"]);
    sandbox.run(&["dead-letters", "retry", "billing", "--all"]).success().prints(&["3 events"]);
    sandbox
        .run(&["dead-letters", "discard", "billing", "--all", "--actor", "human:ann"])
        .success()
        .prints(&["3 events will never be handled by `billing`"]);
    let acts = sandbox.log(&["--type", "dead_letter.discarded"]);
    assert_eq!(acts.len(), 3);
    assert_eq!(acts[0]["actor"], "human:ann");
}

#[test]
fn one_that_halts_ends_with_an_error_that_says_how_to_go_on() {
    let sandbox = with_events(3);
    let fails = "[ $INDELIBLE_EVENT_SEQUENCE != 2 ]";
    react(&sandbox, &["--attempts", "1", "--on-exhausted", "halt"], fails).with_code(1).explains(
        &[
            "`billing` has halted: the command ended with exit status: 1",
            "indelible subscriptions resume billing",
        ],
    );
    let row = one(&sandbox, &["subscriptions"]);
    assert_eq!((&row["state"], &row["failed_sequence"]), (&"halted".into(), &2.into()));
    react(&sandbox, &[], "true").with_code(1).explains(&["has halted"]);
    sandbox
        .run(&["subscriptions", "pause", "billing"])
        .with_code(1)
        .explains(&["`billing` has halted, and hands nothing out until it is resumed"]);
    assert_eq!(one(&sandbox, &["subscriptions"])["state"], "halted", "that is not forgotten");
    let doctor = sandbox.run(&["doctor"]).with_code(1);
    doctor.explains(&["error: 1 thing is not as it should be"]);
    sandbox.run(&["subscriptions", "resume", "billing"]).success().prints(&["resumed `billing`"]);
    react(&sandbox, &[], "true").success();
    assert_eq!(sandbox.log(&["--type", "subscription.halted"]).len(), 1);
}

#[test]
fn being_asked_to_stop_ends_it_after_what_is_in_flight() {
    for signal in ["-INT", "-TERM"] {
        let sandbox = with_events(2);
        let shell = "echo begun >>out; while [ ! -e go ]; do sleep 0.02; done; echo done >>out";
        let react = ["react", "billing", "--from", "beginning", "--", "sh", "-c", shell];
        let child = sandbox.spawn(&react);
        let began = Instant::now();
        while lines(&sandbox, "out").is_empty() {
            assert!(began.elapsed() < DEADLINE, "the command is not run");
            std::thread::yield_now();
        }
        let pid = child.id().to_string();
        std::process::Command::new("kill").args([signal, &pid]).status().unwrap();
        sandbox.file("go", "");
        finish(child).with_code(130).explains(&["interrupted; "]);
        let out = lines(&sandbox, "out");
        assert_eq!(out.len() % 2, 0, "one was not let finish: {out:?}");
        let row = one(&sandbox, &["subscriptions"]);
        assert_eq!(row["cursor"], out.len() / 2, "what was handled is noted");
        assert_eq!(row["holder"], Value::Null, "the lease is given back");
    }
}

#[test]
fn killed_outright_it_leaves_its_command_and_hands_the_event_out_again_as_a_repetition() {
    let sandbox = with_events(1);
    let shell = "echo \"begun $INDELIBLE_EVENT_REPEATED\" >>out; \
                 test $INDELIBLE_EVENT_REPEATED = true || while [ ! -e go ]; do sleep 0.02; done; \
                 echo \"done $INDELIBLE_EVENT_REPEATED\" >>out";
    let mut child =
        sandbox.spawn(&["react", "billing", "--from", "beginning", "--", "sh", "-c", shell]);
    let began = Instant::now();
    while lines(&sandbox, "out").is_empty() {
        assert!(began.elapsed() < DEADLINE, "the command is not run");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // As if the lease of the one that is gone had run out: the command that it has left is not waited for.
    let database = rusqlite::Connection::open(sandbox.database()).unwrap();
    let late = "UPDATE audit_subscription SET lease_until = '2020-01-01T00:00:00.000000000Z'";
    assert_eq!(database.execute(late, ()).unwrap(), 1);
    react(&sandbox, &[], shell).success().explains(&["1 event handled"]);
    assert_eq!(lines(&sandbox, "out"), ["begun false", "begun true", "done true"]);
    sandbox.file("go", "");
    while lines(&sandbox, "out").len() < 4 {
        assert!(began.elapsed() < DEADLINE, "the command did not go on");
        std::thread::yield_now();
    }
    assert_eq!(lines(&sandbox, "out")[3], "done false");
}

#[test]
fn pausing_rewinding_and_removing_are_on_record_by_whom() {
    let sandbox = with_events(4);
    react(&sandbox, &[], "true").success();
    let act = |args: &[&str]| {
        sandbox.run(&[&["subscriptions"], args, &["--actor", "human:ann"]].concat()).success()
    };
    act(&["pause", "billing"]).prints(&["paused `billing`"]);
    react(&sandbox, &[], "true").with_code(1).explains(&["is paused", "subscriptions resume"]);
    act(&["resume", "billing"]);
    for (to, with) in [("beginning", "1"), ("3", "3"), ("now", "9"), ("2020-01-01", "1")] {
        let told = format!("`billing` goes on with {with}\n");
        act(&["rewind", "billing", "--to", to]).prints(&[&told]);
    }
    act(&["remove", "billing"]).prints(&["removed `billing`\n"]);
    sandbox.run(&["subscriptions"]).success().explains(&["there is no durable subscription"]);
    let acts = sandbox.log(&["--context", "subscription"]);
    let types: Vec<&str> = acts.iter().map(|act| act["event_type"].as_str().unwrap()).collect();
    let rewound = ["subscription.rewound"; 4];
    assert_eq!(types[..2], ["subscription.paused", "subscription.resumed"]);
    assert_eq!(types[2..6], rewound);
    assert_eq!(types[6..], ["subscription.removed"]);
    assert!(acts.iter().all(|act| act["actor"] == "human:ann"));
}

#[test]
fn who_acts_without_a_name_is_the_user_or_the_command_line() {
    let sandbox = with_events(1);
    react(&sandbox, &[], "true").success();
    for (user, actor) in [("ann", "human:ann"), ("", "system:command-line")] {
        let mut command = sandbox.command(&["subscriptions", "pause", "billing"]);
        assert!(command.env("USER", user).output().unwrap().status.success());
        let acts = sandbox.log(&["--type", "subscription.paused", "--reverse"]);
        assert_eq!(acts[0]["actor"], actor);
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_what_can_be_written() {
    let sandbox = with_events(1);
    let react = |args: &[&str]| sandbox.run(&[&["react"], args, &["--", "true"]].concat());
    react(&["Billing"]).with_code(2).explains(&["such as `billing.invoices`"]);
    react(&["billing", "--width", "0"]).with_code(2).explains(&["a width of 1 or more"]);
    react(&["billing", "--attempts", "0"]).with_code(2).explains(&["1 attempt or more"]);
    react(&["billing", "--timeout", "0s"]).with_code(2).explains(&["--timeout", "such as 30s"]);
    react(&["billing", "--timeout", "soon"]).with_code(2).explains(&["--timeout"]);
    react(&["billing", "--from", "someday"]).with_code(2).explains(&["`beginning`, `now`"]);
    sandbox.run(&["react", "billing"]).with_code(2).explains(&["COMMAND"]);
    sandbox.run(&["subscriptions", "rewind", "billing"]).with_code(2).explains(&["--to"]);
    for act in ["retry", "discard"] {
        sandbox.run(&["dead-letters", act, "billing"]).with_code(2).explains(&["<SEQ|--all>"]);
        let both = ["dead-letters", act, "billing", "1", "--all"];
        sandbox.run(&both).with_code(2).explains(&["cannot be used with"]);
    }

    let lists = format!("`{} subscriptions` lists", env!("CARGO_BIN_EXE_indelible"));
    let unknown = ["there is no subscription `billing`", &lists];
    for args in [
        &["subscriptions", "pause", "billing"][..],
        &["subscriptions", "rewind", "billing", "--to", "now"],
        &["dead-letters", "billing"],
        &["dead-letters", "show", "billing", "1"],
        &["dead-letters", "discard", "billing", "1"],
        &["dead-letters", "retry", "billing", "--all"],
    ] {
        sandbox.run(args).with_code(1).explains(&unknown);
    }
    self::react(&sandbox, &[], "true").success();
    sandbox
        .run(&["dead-letters", "show", "billing", "1"])
        .with_code(1)
        .explains(&["event 1 is no dead letter of `billing`"]);
    sandbox.run(&["subscriptions", "rewind", "billing", "--to", "99"]).with_code(1).explains(&[
        "nothing is on record as 99 yet: the newest entry is 1; say a sequence up to 2",
    ]);
    assert_eq!(sandbox.recorded(), 1, "what is refused is not recorded");

    let nowhere = Sandbox::new();
    nowhere.run(&["react", "billing", "--", "true"]).with_code(1).explains(&["audit.db"]);
    assert!(!nowhere.database().exists(), "a misspelt file is not made");
}

#[test]
fn what_is_suggested_is_about_the_record_that_was_asked_for() {
    let sandbox = with_events(1);
    let elsewhere = Sandbox::new();
    let database = sandbox.database();
    let flags = ["--database", database.to_str().unwrap()];
    let program = format!("`{} --database {}", env!("CARGO_BIN_EXE_indelible"), database.display());
    let says = |args: &[&str], what: &str| {
        let said = elsewhere.run(&[args, &flags].concat()).with_code(1).err;
        let expected = format!("{program} {what}");
        assert!(said.contains(&expected), "`{expected}` is not in:\n{said}");
    };
    says(&["subscriptions", "pause", "billing"], "subscriptions` lists");
    react(&sandbox, &["--attempts", "1", "--on-exhausted", "halt"], "exit 1").with_code(1);
    says(&["dead-letters", "show", "billing", "1"], "dead-letters` lists");
    let doctor = elsewhere.run(&[&["doctor"], &flags[..]].concat()).with_code(1);
    doctor.prints(&[&format!("{program} subscriptions resume billing`")]);
}

#[test]
fn an_age_is_written_as_that_of_open_work_is() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], b"").success();
    record_old(&sandbox, 1..=1);
    react(&sandbox, &["--type", "entity.*"], "true").success();
    sandbox.run(&["subscriptions", "rewind", "billing", "--to", "1"]).success();
    let table = sandbox.run(&["subscriptions", "--format", "table"]).success();
    table.prints(&["years", " active "]);
}

//! The commands that `react` runs: how they are found, what they leave behind, and how they are killed.
#![cfg(unix)]

use std::process::Command;
use std::time::{Duration, Instant};

use crate::reacting::{lines, one, react, with_events};
use crate::support::{DEADLINE, Sandbox, finish};

/// Waits until something is so.
pub(crate) fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < DEADLINE, "not within the deadline: {what}");
        std::thread::yield_now();
    }
}

#[test]
fn a_command_that_can_never_be_run_is_refused_and_no_event_is_lost_to_it() {
    let sandbox = with_events(2);
    sandbox.file("script", "#!/bin/sh");
    for (command, says) in [
        ("no-such-command", "there is no program `no-such-command` in any folder of PATH"),
        ("./script", "`./script` must not be executed: `chmod +x`"),
        ("./missing", "there is no program `./missing`: check how it is spelt"),
        ("/", "`/` is no file"),
        ("", "there is no program ``"),
    ] {
        let react = ["react", "billing", "--from", "1", "--until-caught-up", "--", command];
        sandbox.run(&react).with_code(2).explains(&["error: ", says]);
    }
    sandbox.run(&["subscriptions"]).success().explains(&["there is no durable subscription"]);
}

#[test]
fn a_command_that_cannot_be_run_although_it_was_found_ends_it_and_the_event_comes_again() {
    let sandbox = with_events(1);
    let began = Instant::now();
    sandbox.file("script", "#!/no/such/interpreter");
    Command::new("chmod").args(["+x", "script"]).current_dir(sandbox.path("")).status().unwrap();
    let react = ["react", "billing", "--from", "1", "--until-caught-up", "--attempts", "1"];
    let told =
        ["error: the command `./script` cannot be run: ", "its event comes again", "0 events"];
    let failed = sandbox.run(&[&react[..], &["--", "./script"]].concat()).with_code(1);
    assert!(!failed.explains(&told).err.contains("WARN"), "that is no surprise");
    assert!(began.elapsed() < Duration::from_secs(8), "nobody waits for it");
    assert_eq!(sandbox.run(&["dead-letters"]).success().out, "");
    self::react(&sandbox, &[], "true").success().explains(&["1 event handled"]);
}

#[test]
fn a_command_that_takes_too_long_is_killed_with_whatever_it_has_started() {
    let sandbox = with_events(1);
    let began = Instant::now();
    let slow = "echo working >&2; sleep 600 >/dev/null 2>&1 & echo $! >child; wait";
    react(&sandbox, &["--attempts", "1", "--timeout", "300ms"], slow)
        .with_code(1)
        .explains(&["0 events handled, 1 attempt failed"]);
    assert!(began.elapsed() < DEADLINE, "it was waited for");
    let letter = one(&sandbox, &["dead-letters"]);
    let error = letter["errors"][0].as_str().unwrap();
    assert_eq!(
        error,
        "the command did not end within 300ms and was killed: --timeout gives it longer"
    );
    assert_eq!(letter["errors"][1], "working", "what it said until then is kept");
    let child = lines(&sandbox, "child").concat();
    let alive = || {
        let status = std::fs::read_to_string(format!("/proc/{child}/status")).unwrap_or_default();
        // One that nobody has waited for yet is dead all the same.
        !status.is_empty() && !status.contains("State:\tZ")
    };
    until("what the command started is killed", || !alive());
}

#[test]
fn a_command_that_leaves_something_running_has_ended_when_it_ends() {
    let sandbox = with_events(2);
    // What is left running holds on to all three streams.
    let leaves = "echo said at the end >&2; \
                  { while [ ! -e go ]; do sleep 0.02; done; echo later >&2; echo >>later; } &";
    let child = sandbox.spawn(&["react", "billing", "--from", "1", "--", "sh", "-c", leaves]);
    until("both are handled", || {
        let rows = sandbox.run(&["subscriptions"]).success().rows();
        rows.first().is_some_and(|row| row["cursor"] == 2)
    });
    assert_eq!(sandbox.run(&["dead-letters"]).success().out, "");
    sandbox.file("go", "");
    until("what was left running goes on", || lines(&sandbox, "later").len() == 2);
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    let said = finish(child).with_code(130).err;
    assert!(said.contains("2 events handled, 0 attempts failed"), "{said}");
    let times = |text: &str| said.lines().filter(|line| *line == text).count();
    assert_eq!((times("said at the end"), times("later")), (2, 2), "{said}");
}

#[test]
fn a_command_that_reads_nothing_has_handled_an_event_that_no_pipe_holds() {
    let sandbox = Sandbox::new();
    let mut long = crate::support::event(0);
    long["data"]["goal"] = "x".repeat(300_000).into();
    long["type"] = "plan.created".into();
    long["data"]["name"] = "long".into();
    sandbox.feed(&["record"], long.to_string().as_bytes()).success();
    react(&sandbox, &[], "exec sleep 0").success().explains(&["1 event handled"]);
    react(&sandbox, &[], "true").success();
    sandbox.run(&["subscriptions", "rewind", "billing", "--to", "beginning"]).success();
    react(&sandbox, &["--type", "plan.created"], "wc -c >>size").success();
    assert!(lines(&sandbox, "size").concat().trim().parse::<usize>().unwrap() > 300_000);
}

#[test]
fn a_secret_that_a_command_says_is_not_kept_where_its_last_words_begin() {
    let sandbox = with_events(1);
    // The last 2,048 letters begin in the middle of the secret.
    let secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let words = "w ".repeat(1014);
    sandbox.file("said", format!("token {secret} {words}\n"));
    react(&sandbox, &["--attempts", "1"], "cat said >&2; exit 1").with_code(1);
    let letter = one(&sandbox, &["dead-letters"]);
    let said = letter["errors"][1].as_str().unwrap();
    assert!(!said.contains("ABCDEFGHIJ") && !said.contains("012345"), "{said:.120}");
    assert!(said.starts_with('…') && said.ends_with("w w"), "{said:.120}");
    assert!(said.chars().count() <= 2049, "{}", said.len());
}

#[test]
fn what_it_waits_for_is_said_when_it_is_not_the_record() {
    let sandbox = with_events(1);
    let begin = |said: &str, shell: &str| {
        let mut command = sandbox.command(&["react", "billing", "--from", "1", "--attempts", "1"]);
        let said = std::fs::File::create(sandbox.path(said)).unwrap();
        let halts = ["--on-exhausted", "halt", "--", "sh", "-c", shell];
        command.args(halts).stderr(said).spawn().unwrap()
    };
    let says = |file: &str, text: &str| {
        until(text, || lines(&sandbox, file).iter().any(|line| line.contains(text)));
    };
    let end = |mut child: std::process::Child| {
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
    };

    let first = begin("first", "true");
    until("it has begun", || !sandbox.run(&["subscriptions"]).out.is_empty());
    let second = begin("second", "true");
    says("second", &format!(":{}) runs `billing`", first.id()));
    says("second", "; this one takes over after that");
    end(first);
    says("second", "note: `billing` is run here from now on");
    end(second);
    assert!(
        !lines(&sandbox, "first").iter().any(|line| line.starts_with("note")),
        "it ran at once"
    );

    sandbox.run(&["subscriptions", "pause", "billing"]).success();
    let paused = begin("paused", "true");
    let resume =
        format!("--database {} subscriptions resume billing`", sandbox.database().display());
    says("paused", "note: `billing` is paused: `");
    end(paused);
    let elsewhere = sandbox.database();
    let flags = ["--database", elsewhere.to_str().unwrap()];
    react(&sandbox, &flags, "true").with_code(1).explains(&["error: `billing` is paused", &resume]);
    sandbox.run(&["subscriptions", "resume", "billing"]).success();

    let halted = begin("halted", "exit 1");
    says("halted", "note: `billing` has halted: the command ended with exit status: 1; mend that");
    end(halted);
}

#[test]
fn a_closed_standard_output_ends_it_and_no_event_is_lost_to_it() {
    let sandbox = with_events(5);
    let mut child = sandbox.spawn(&["react", "billing", "--from", "1", "--", "echo", "hello"]);
    drop(child.stdout.take());
    let told = ["standard output was closed; 0 events handled, 0 attempts failed"];
    finish(child).with_code(141).explains(&told);
    let row = one(&sandbox, &["subscriptions"]);
    assert_eq!((&row["cursor"], &row["holder"]), (&0.into(), &serde_json::Value::Null));
    assert_eq!(sandbox.run(&["dead-letters"]).success().out, "");
    react(&sandbox, &[], "true").success().explains(&["5 events handled"]);
}

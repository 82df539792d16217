//! The command line, killed in the middle by the library that does it; and a program that says it
//! has recorded what it has not, which is found out.
//!
//! Started by [`Killing`], which leaves its mark and names a record of its own, this is the program
//! that is killed, with the very command line of the real one. Whoever else starts it gets tests, by
//! whatever words: nothing is recorded where a person's own events are.

// A test, though with a harness that clippy does not know as one.
#![allow(clippy::unwrap_used)]

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use indelible::cli::{self, Console};
use indelible_tests::faults::{KillReport, Killing};
use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    if is_set(Killing::MARK) && is_set("INDELIBLE_AUDIT_DATABASE_URL") {
        return cli::run(env::args_os(), &mut Console::of_process());
    }
    let tests: [(&str, fn()); 3] = [
        (
            "what_processes_acknowledge_survives_their_being_killed",
            what_processes_acknowledge_survives_their_being_killed,
        ),
        (
            "a_program_that_acknowledges_what_it_does_not_record_is_found_out",
            a_program_that_acknowledges_what_it_does_not_record_is_found_out,
        ),
        (
            "whoever_runs_tests_by_the_name_of_a_command_records_nothing",
            whoever_runs_tests_by_the_name_of_a_command_records_nothing,
        ),
    ];
    let trial = |(name, test): (&str, fn())| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    };
    let mut arguments = Arguments::from_args();
    // One after the other, unless told otherwise: each has processes that race each other already.
    arguments.test_threads.get_or_insert(1);
    libtest_mimic::run(&arguments, tests.map(trial).into()).exit_code()
}

fn killed(program: &Path, rounds: usize) -> KillReport {
    let killing = Killing { program: program.to_owned(), rounds, recorders: 2, seed: 1 };
    killing.run(|_| ()).unwrap_or_else(|error| panic!("{}: {error}", program.display()))
}

fn what_processes_acknowledge_survives_their_being_killed() {
    let this = env::current_exe().unwrap();
    let mut report = killed(&this, 3);
    if report.violations.is_empty() && report.pruned == 0 {
        // On a busy machine all processes may have been killed before one came to prune.
        report = killed(&this, 30);
    }
    assert!(report.violations.is_empty(), "{report}");
    assert!(report.acked >= 3 && report.killed >= 6, "too little happened: {report}");
    assert!(report.pruned > 0, "nothing was pruned meanwhile: {report}");
}

fn a_program_that_acknowledges_what_it_does_not_record_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("liar");
    let script = "#!/bin/sh\n\
                  [ \"$1\" = record ] || exit 0\n\
                  n=6000\n\
                  while read -r line; do\n\
                  n=$((n + 1))\n\
                  echo \"{\\\"event_id\\\":\\\"event-$n\\\",\\\"sequence\\\":$n}\"\n\
                  done\n";
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let report = killed(&program, 1);
    let lost = |violation: &String| violation.contains("is lost");
    assert!(report.violations.iter().any(lost), "it was not found out: {report}");
}

fn whoever_runs_tests_by_the_name_of_a_command_records_nothing() {
    let home = tempfile::tempdir().unwrap();
    let record = home.path().join("audit.db");
    for (set, to) in [
        ("INDELIBLE_AUDIT_DATABASE_URL", record.as_os_str()),
        (Killing::MARK, "1".as_ref()),
        ("HOME", home.path().as_os_str()),
    ] {
        for command in ["record", "prune"] {
            // Of those in its list, no test has such a name: a harness runs none.
            let mut this = Command::new(env::current_exe().unwrap());
            this.args([command, "--exact"]).current_dir(home.path());
            this.env_remove("INDELIBLE_AUDIT_DATABASE_URL").env_remove(Killing::MARK);
            this.env("HOME", home.path()).env("XDG_DATA_HOME", home.path());
            let said = this.env(set, to).output().unwrap();
            let said = String::from_utf8_lossy(&said.stdout);
            assert!(said.contains("test result: ok. 0 passed"), "`{command}` with {set}: {said}");
        }
    }
    let left: Vec<_> = fs::read_dir(home.path()).unwrap().flatten().collect();
    assert!(left.is_empty(), "it was the program that ran, and it left {left:?}");
}

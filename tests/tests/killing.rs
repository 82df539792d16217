//! The command line, killed in the middle by the library that does it; and a program that says it
//! has recorded what it has not, which is found out.
//!
//! This test has no harness: started as `record` or `prune` it is the program that is killed, with
//! the very command line of the real one.

#![allow(clippy::print_stdout)] // Where there is no harness, the test says itself how it went.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::ExitCode;

use indelible::cli::{self, Console};
use indelible_tests::faults::{KillReport, Killing};

fn main() -> ExitCode {
    if std::env::args().nth(1).is_some_and(|command| command == "record" || command == "prune") {
        return cli::run(std::env::args_os(), &mut Console::of_process());
    }
    what_processes_acknowledge_survives_their_being_killed();
    println!("test what_processes_acknowledge_survives_their_being_killed ... ok");
    a_program_that_acknowledges_what_it_does_not_record_is_found_out();
    println!("test a_program_that_acknowledges_what_it_does_not_record_is_found_out ... ok");
    ExitCode::SUCCESS
}

fn killed(program: &Path, rounds: usize) -> KillReport {
    let killing = Killing { program: program.to_owned(), rounds, recorders: 2, seed: 1 };
    killing.run(|_| ()).unwrap_or_else(|error| panic!("{}: {error}", program.display()))
}

fn what_processes_acknowledge_survives_their_being_killed() {
    let this = std::env::current_exe().unwrap_or_else(|error| panic!("{error}"));
    let report = killed(&this, 3);
    assert!(report.violations.is_empty(), "{report}");
    assert!(report.acked >= 3 && report.killed >= 6, "too little happened: {report}");
    assert!(report.pruned > 0, "nothing was pruned meanwhile: {report}");
}

fn a_program_that_acknowledges_what_it_does_not_record_is_found_out() {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let program = folder.path().join("liar");
    let script = "#!/bin/sh\n\
                  [ \"$1\" = record ] || exit 0\n\
                  n=6000\n\
                  while read -r line; do\n\
                  n=$((n + 1))\n\
                  echo \"{\\\"event_id\\\":\\\"event-$n\\\",\\\"sequence\\\":$n}\"\n\
                  done\n";
    fs::write(&program, script)
        .and_then(|()| fs::set_permissions(&program, fs::Permissions::from_mode(0o700)))
        .unwrap_or_else(|error| panic!("{error}"));
    let report = killed(&program, 1);
    let lost = |violation: &String| violation.contains("is lost");
    assert!(report.violations.iter().any(lost), "it was not found out: {report}");
}

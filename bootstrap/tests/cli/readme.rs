//! The README's console blocks, run as they stand: each command by a shell, with the program
//! under test where the README has its own, and what comes out compared with what is shown.
//!
//! What differs from run to run (times, ids, sizes, marks of secrets) is compared by its shape. A
//! line `…` stands for any lines, `…` at the end of a line for its rest, and a block that ends
//! with it goes on.
//!
//! Deliberately absent: the blocks on [`NOT_RUN`], and other shells than the POSIX one.
#![cfg(target_os = "linux")]

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use snapbox::{Assert, Redactions};

use crate::support::{Sandbox, finish};

/// Commands that are shown and not run, by what they begin with, and why.
const NOT_RUN: &[(&str, &str)] = &[
    ("cargo test ", "runs this very test"),
    ("tests/containers/build-image.sh", "`tests/tests/containers` runs it, where Docker is"),
    ("docker ", "`tests/tests/containers` runs it, where Docker is"),
];

/// What the README's owner calls her home.
const HOME: &str = "/home/ann";

/// A command and what the README shows of its output.
struct Shown {
    line: usize,
    command: String,
    output: String,
}

#[test]
fn every_command_in_the_readme_does_what_is_shown() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let all = shown(&readme);
    let (skipped, run): (Vec<_>, Vec<_>) = all.iter().partition(|shown| not_run(shown).is_some());
    assert!(run.len() >= 3, "only {} commands of the README are run", run.len());
    for (beginning, _) in NOT_RUN {
        let used = skipped.iter().any(|shown| shown.command.starts_with(beginning));
        assert!(used, "`{beginning}` is not in the README: take it off NOT_RUN");
    }

    let sandbox = house(root);
    let variable = variable_parts(&sandbox);
    for Shown { line, command, output } in run {
        let actual = printed(&sandbox, command);
        // The same for both sides, so that the README can show real values.
        let (actual, output) = (variable.redact(&actual), variable.redact(output));
        let name = format!("README.md, line {line}: $ {command}");
        let verdict = Assert::new().try_eq(Some(&name), actual.into(), output.into());
        if let Err(difference) = verdict {
            panic!("{difference}\nIf the new output is right, show it in the README.");
        }
    }
}

fn not_run(shown: &Shown) -> Option<&'static str> {
    NOT_RUN.iter().find(|(beginning, _)| shown.command.starts_with(beginning)).map(|(_, why)| *why)
}

/// The commands in the console blocks of a Markdown text, in order.
fn shown(markdown: &str) -> Vec<Shown> {
    let mut all: Vec<Shown> = Vec::new();
    let mut inside = false;
    for (line, text) in (1..).zip(markdown.lines()) {
        if text.starts_with("```") {
            inside = !inside && text == "```console";
        } else if !inside {
        } else if let Some(command) = text.strip_prefix("$ ") {
            all.push(Shown { line, command: command.to_owned(), output: String::new() });
        } else if let Some(more) = text.strip_prefix("> ") {
            let last = all.last_mut().expect("a continuation line continues a command");
            last.command = format!("{}\n{more}", last.command);
        } else {
            let last = all.last_mut().unwrap_or_else(|| {
                panic!("README.md, line {line}: a console block begins with a `$ ` line")
            });
            last.output.push_str(&expected_line(text));
        }
    }
    for shown in &mut all {
        // Cut off in the middle of a line, and of the output.
        if shown.output.ends_with("[..]\n") {
            shown.output.push_str("...\n");
        }
    }
    all
}

/// A line of the README in snapbox's words for what may be anything.
fn expected_line(text: &str) -> String {
    match text.strip_suffix('…') {
        Some("") => "...\n".to_owned(),
        Some(beginning) => format!("{beginning}[..]\n"),
        None => format!("{text}\n"),
    }
}

/// A folder like the repository after its first build, as far as the README's commands look.
fn house(root: &Path) -> Sandbox {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.path("target/release")).unwrap();
    std::fs::create_dir_all(sandbox.path("bin")).unwrap();
    symlink(env!("CARGO_BIN_EXE_indelible"), sandbox.path("target/release/indelible")).unwrap();
    symlink(env!("CARGO_BIN_EXE_indelible"), sandbox.path("bin/indelible")).unwrap();
    symlink(root.join("bootstrap"), sandbox.path("bootstrap")).unwrap();
    sandbox
}

/// What a command prints, on both its outputs, as on a terminal.
fn printed(sandbox: &Sandbox, command: &str) -> String {
    let command = command.replace("cargo run --release --", "target/release/indelible");
    let program = command.split([' ', '|']).next().unwrap_or_default();
    assert!(
        program.ends_with("indelible") || program == "cat",
        "`{command}` is neither run nor on the list of those that are not: say on NOT_RUN why"
    );
    let path = std::env::var("PATH").unwrap_or_default();
    let child = Command::new("sh")
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(sandbox.path(""))
        .env_clear()
        .env("PATH", format!("{}:{path}", sandbox.path("bin").display()))
        .env("HOME", sandbox.path(""))
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    finish(child).success().out
}

/// What differs from run to run.
fn variable_parts(sandbox: &Sandbox) -> Redactions {
    let regex = |pattern: &str| regex::Regex::new(pattern).unwrap();
    let mut parts = Redactions::new();
    let home = sandbox.path("").display().to_string();
    parts.insert("[HOME]", home.trim_end_matches('/').to_owned()).unwrap();
    parts.insert("[HOME]", HOME).unwrap();
    parts
        .extend([
            ("[TIME]", regex(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+Z)?")),
            ("[ULID]", regex(r"\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b")),
            ("[TOOK]", regex(r" in (?<redacted>\d+\.\d+ s)\b")),
            ("[SIZE]", regex(r"\((?<redacted>\d+\.\d+ [KM]iB)\)")),
            ("[MARK]", regex(r":(?<redacted>[0-9a-f]{8})\]")),
        ])
        .unwrap();
    parts
}

#[test]
fn every_command_and_flag_in_the_readmes_table_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let rows = readme.lines().skip_while(|line| *line != "| command | what it does |").skip(2);
    let sandbox = Sandbox::new();
    let mut flags = 0;
    for row in rows.take_while(|line| line.starts_with("| `")) {
        let names = row.split(" | ").next().unwrap_or_default();
        for name in names.split('`').skip(1).step_by(2) {
            let command: Vec<&str> = name
                .split_whitespace()
                .take_while(|word| !word.starts_with('-'))
                .take_while(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-'))
                .collect();
            let help = sandbox.run(&[&command[..], &["--help"]].concat()).success();
            for flag in row.split(|c: char| !c.is_ascii_alphanumeric() && c != '-') {
                if flag.starts_with("--") {
                    flags += 1;
                    help_has(&help.out, flag, name);
                }
            }
        }
    }
    assert!(flags > 15, "only {flags} flags were found in the table");
}

#[track_caller]
fn help_has(help: &str, flag: &str, command: &str) {
    let known = help.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|w| w == flag);
    assert!(known, "README.md says that `{command}` takes {flag}; its help does not");
}

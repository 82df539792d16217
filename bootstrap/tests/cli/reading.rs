//! `log`, `show`, `stats`, `export`, `catalog`: what is asked is answered.

use crate::support::{Sandbox, event, ndjson, sequences};

fn filled() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..88).as_bytes()).success();
    sandbox
}

#[test]
fn every_filter_finds_what_it_names_and_nothing_else() {
    let sandbox = filled();
    let expected = |fits: &dyn Fn(&serde_json::Value) -> bool| -> Vec<u64> {
        (0..88_u64).filter(|n| fits(&event(usize::try_from(*n).unwrap()))).map(|n| n + 1).collect()
    };
    let is = |field: &'static str, value: &'static str| {
        expected(&move |event: &serde_json::Value| event[field] == value)
    };
    let all = || expected(&|_| true);
    for (args, fits) in [
        (&["--type", "plan.created"][..], is("type", "plan.created")),
        (
            &["--type", "tool.*", "--type", "plan.created"],
            expected(&|event| {
                let name = event["type"].as_str().unwrap();
                name.starts_with("tool.") || name == "plan.created"
            }),
        ),
        (
            &["--context", "plan"],
            expected(&|event| event["type"].as_str().unwrap().starts_with("plan.")),
        ),
        (&["--plan", "plan-3"], is("planid", "plan-3")),
        (&["--correlation", "run-2"], is("correlationid", "run-2")),
        (&["--project", "project"], all()),
        (&["--project", "another"], Vec::new()),
        (&["--session", "session"], all()),
        (&["--actor", "agent:tester"], all()),
        (&["--actor", "human:tester"], Vec::new()),
        (&["--user", "person@example.org"], all()),
        (&["--since", "1h"], all()),
        (&["--until", "1h"], Vec::new()),
        (&["--occurred", "--since", "2026-07-01T09:00:00.003Z", "--until", "2026-07-02"], all()),
        (&["--occurred", "--until", "2026-07-01T09:00:00.003Z"], Vec::new()),
        (
            &["--contains", "sample goal"],
            expected(&|event| event["data"].to_string().contains("sample goal")),
        ),
        (&["--plan", "plan-3", "--context", "tool", "--correlation", "run-0"], {
            expected(&|event| {
                event["planid"] == "plan-3"
                    && event["correlationid"] == "run-0"
                    && event["type"].as_str().unwrap().starts_with("tool.")
            })
        }),
    ] {
        assert_eq!(sequences(&sandbox.log(args)), fits, "{args:?}");
    }
}

#[test]
fn pages_continue_where_the_last_one_ended_in_both_directions() {
    let sandbox = filled();
    let page = |args: &[&str]| sequences(&sandbox.log(args));
    assert_eq!(page(&["--limit", "3"]), [1, 2, 3]);
    assert_eq!(page(&["--limit", "3", "--after", "3"]), [4, 5, 6]);
    assert_eq!(page(&["--limit", "2", "--reverse"]), [88, 87]);
    assert_eq!(page(&["--after", "88"]), Vec::<u64>::new());
    assert_eq!(page(&["--limit", "0"]).len(), 88);
}

#[test]
fn each_format_holds_every_row() {
    let sandbox = filled();
    let args = |format| ["log", "--limit", "2", "--format", format];
    let json: serde_json::Value =
        serde_json::from_str(&sandbox.run(&args("json")).success().out).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 2);
    assert_eq!(json[1]["sequence"], 2);

    let csv = sandbox.run(&args("csv")).success().out;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("sequence,recorded_at,event_id,event_type,"));
    assert!(lines[1].starts_with("1,"));

    let table = sandbox.run(&args("table")).success().out;
    assert!(table.starts_with("SEQ"), "{table}");
    assert_eq!(table.lines().count(), 3);

    for (format, nothing) in [("json", "[]\n"), ("ndjson", "")] {
        let none = ["log", "--plan", "none", "--format", format];
        assert_eq!(sandbox.run(&none).success().explains(&["nothing on record fits"]).out, nothing);
    }
    let none = ["log", "--plan", "none", "--format", "csv"];
    assert_eq!(sandbox.run(&none).success().out.lines().count(), 1);
}

#[test]
fn a_program_gets_what_is_on_record_letter_by_letter() {
    let sandbox = Sandbox::new();
    let mut event = crate::support::event(0);
    event["source"] = "/tests".into();
    event["type"] = "plan.created".into();
    let name = "a \u{1b}[31mred\u{1b}[0m\u{9b}1m name";
    event["data"] = serde_json::json!({ "name": name, "goal": "g" });
    event["subject"] = name.into();
    sandbox.feed(&["record"], event.to_string().as_bytes()).success();
    assert_eq!(sandbox.log(&[])[0]["subject"], name);
    sandbox.run(&["log", "--format", "csv"]).success().prints(&[&format!(",{name},")]);
    let exported: serde_json::Value =
        serde_json::from_str(&sandbox.run(&["export"]).success().out).unwrap();
    assert_eq!(exported["subject"], name);
    assert!(!sandbox.run(&["log", "--format", "table"]).success().out.contains('\u{1b}'));
}

#[test]
fn a_long_table_says_how_to_go_on() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..120).as_bytes()).success();
    sandbox
        .run(&["log", "--format", "table"])
        .success()
        .explains(&["the first 100; go on with --after 100"]);
    sandbox.run(&["log", "--format", "table", "--limit", "0"]).success().prints(&["120  "]);
}

#[test]
fn a_misspelt_type_is_pointed_out_when_nothing_was_found() {
    let sandbox = filled();
    sandbox
        .run(&["log", "--type", "plan.creatd"])
        .success()
        .explains(&["nothing on record fits", "did you mean `plan.created`"]);
    sandbox.run(&["stats", "--type", "plan.creatd"]).success().explains(&["plan.created"]);
}

#[test]
fn one_event_is_shown_whole_by_sequence_or_id() {
    let sandbox = filled();
    for wanted in ["1", "event-000000"] {
        let rows = sandbox.run(&["show", wanted, "--format", "ndjson"]).success().rows();
        assert_eq!(rows[0]["details"], event(0)["data"]);
    }
    sandbox.run(&["show", "1", "--format", "table"]).success().prints(&[
        "event_type      plan.created",
        "\"goal\": \"sample goal\"",
        "source          /tests",
    ]);
    sandbox
        .run(&["show", "999"])
        .with_code(1)
        .explains(&["`999`", "the record holds sequences 1 to 88"]);
}

#[test]
fn counts_add_up_whatever_they_are_by() {
    let sandbox = filled();
    for by in ["type", "context", "plan", "project", "actor", "user", "hour", "day"] {
        let rows = sandbox.run(&["stats", "--by", by, "--format", "ndjson"]).success().rows();
        let total: u64 = rows.iter().map(|row| row["events"].as_u64().unwrap()).sum();
        assert_eq!(total, 88, "{by}");
    }
    let table = sandbox.run(&["stats", "--by", "plan", "--format", "table"]).success();
    table.prints(&["EVENTS", "plan-0", "█"]);
}

#[test]
fn an_export_goes_to_a_new_file_and_never_over_an_old_one() {
    let sandbox = filled();
    let args = ["export", "--output", "out.ndjson", "--after", "80", "--limit", "5"];
    sandbox.run(&args).success().explains(&["wrote 5 events"]);
    let text = std::fs::read_to_string(sandbox.path("out.ndjson")).unwrap();
    assert_eq!(text.lines().count(), 5);
    sandbox.run(&args).with_code(1).explains(&["out.ndjson cannot be written"]);
}

#[test]
fn the_catalogue_lists_every_type_and_gives_its_schema() {
    let sandbox = Sandbox::new();
    let rows = sandbox.run(&["catalog"]).success().rows();
    assert_eq!(rows.len(), 58);
    assert!(rows.iter().all(|row| row["summary"].as_str().unwrap().len() > 10));
    sandbox.run(&["catalog", "--format", "table"]).success().prints(&["budget.exceeded", "cost"]);
    let schema = sandbox.run(&["catalog", "schema", "plan.created"]).success().out;
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(schema["required"], serde_json::json!(["name", "goal"]));
    sandbox
        .run(&["catalog", "schema", "plan.creatd"])
        .with_code(2)
        .explains(&["did you mean `plan.created`"]);
}

#[cfg(unix)]
#[test]
fn a_record_that_may_be_read_and_not_written_is_read() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    let sandbox = filled();
    let archive = sandbox.path("archive");
    std::fs::create_dir(&archive).unwrap();
    let record = archive.join("audit.db");
    std::fs::copy(sandbox.database(), &record).unwrap();
    let allow = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    allow(&record, 0o444);
    allow(&archive, 0o555);
    allow(&sandbox.path("."), 0o755);
    // The superuser may write anywhere: have somebody else read, with a copy of the program in
    // reach.
    let program = sandbox.path("indelible");
    std::fs::copy(env!("CARGO_BIN_EXE_indelible"), &program).unwrap();
    allow(&program, 0o755);
    let mut reading = std::process::Command::new(&program);
    reading.args(["stats", "--by", "project", "-d"]).arg(&record).env("HOME", &archive);
    let superuser = std::fs::metadata("/proc/self").is_ok_and(|own| {
        use std::os::unix::fs::MetadataExt as _;
        own.uid() == 0
    });
    if superuser {
        reading.uid(65_534).gid(65_534);
    }
    let output = reading.output().unwrap();
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{err}");
    assert!(out.contains("88"), "{out}");
    // It cannot be followed from there, and says so rather than to show nothing for ever.
    let mut following = std::process::Command::new(&program);
    following.args(["tail", "-f", "-d"]).arg(&record).env("HOME", &archive);
    if superuser {
        following.uid(65_534).gid(65_534);
    }
    let output = following.output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("it cannot be followed") && err.contains("right to write"), "{err}");
    allow(&archive, 0o755);
}

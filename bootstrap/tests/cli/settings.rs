//! Settings: a default, a file, the environment, a flag, each over the one before.

use crate::support::{Finished, Sandbox, ndjson};

fn shown(finished: &Finished, name: &str) -> (String, String) {
    let rows = finished.rows();
    let row = rows.iter().find(|row| row["setting"] == name).expect(name);
    (row["value"].as_str().unwrap().to_owned(), row["from"].as_str().unwrap().to_owned())
}

#[test]
fn each_layer_wins_over_the_one_below_and_says_where_it_is() {
    let sandbox = Sandbox::new();
    let show = |args: &[&str], variable: Option<&str>| {
        let mut command = sandbox.command(args);
        if let Some(value) = variable {
            command.env("INDELIBLE_AUDIT_MAX_BATCH", value);
        }
        let output = command.output().unwrap();
        Finished {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
        .success()
    };
    let batch = |finished| shown(&finished, "audit.max-batch");
    let (value, from) = batch(show(&["config", "show"], None));
    assert_eq!((value.as_str(), from.as_str()), ("512", "default"));

    let file = sandbox
        .file("settings.toml", "[audit]\nmax-batch = 64\n[redaction]\nextra-keys = ['a', 'b']");
    let file = file.to_str().unwrap();
    let finished = show(&["config", "show", "--config", file], None);
    assert_eq!(shown(&finished, "redaction.extra-keys").0, "a,b");
    let (value, from) = batch(finished);
    assert_eq!(value, "64");
    assert!(from.contains("settings.toml"), "{from}");

    let (value, from) = batch(show(&["config", "show", "--config", file], Some("65")));
    assert_eq!(
        (value.as_str(), from.as_str()),
        ("65", "environment variable INDELIBLE_AUDIT_MAX_BATCH")
    );

    let args = ["config", "show", "--config", file, "--audit-max-batch", "66"];
    let (value, from) = batch(show(&args, Some("65")));
    assert_eq!((value.as_str(), from.as_str()), ("66", "flag --audit-max-batch"));

    sandbox
        .run(&["config", "show", "--format", "table"])
        .success()
        .prints(&["SETTING", "log.level"]);
}

#[test]
fn the_platforms_own_file_and_the_variable_that_names_one_are_used() {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.path("config/indelible")).unwrap();
    sandbox.file("config/indelible/config.toml", "[stream]\nrecent = 1\n");
    let finished = sandbox.run(&["config", "show"]).success();
    if cfg!(target_os = "linux") {
        assert_eq!(shown(&finished, "stream.recent").0, "1");
    }
    let file = sandbox.file("other.toml", "[stream]\nrecent = 2\n");
    let output = sandbox
        .command(&["config", "show", "--format", "ndjson"])
        .env("INDELIBLE_CONFIG", &file)
        .output()
        .unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("\"2\""));
}

#[test]
fn an_unknown_or_malformed_setting_is_named_with_its_place() {
    let sandbox = Sandbox::new();
    let toml = |text: &str| sandbox.file("settings.toml", text).to_str().unwrap().to_owned();
    for (text, says) in [
        ("[audit]\nmax-bach = 1", &["settings.toml", "audit.max-bach", "audit.max-batch"][..]),
        ("[audti]\nx = 1", &["settings.toml", "audti"]),
        ("[audit]\nmax-batch = 'many'", &["settings.toml", "audit.max-batch", "many"]),
        ("[audit]\nmax-batch = 0", &["settings.toml", "audit.max-batch", "1 or more"]),
        ("[audit]\ndurability = 'some'", &["settings.toml", "audit.durability", "full"]),
        ("[audit\n", &["settings.toml", "cannot be read"]),
        ("[audit]\ndatabase-url = 'postgres://x'", &["audit.database-url", "postgres"]),
        ("[redaction]\nextra-patterns = ['x']", &["redaction.extra-patterns", "KIND=REGEX"]),
    ] {
        let args = ["config", "show", "--config", &toml(text)];
        // The environment of the sandbox names the database, so only the file's own value counts.
        let output =
            sandbox.command(&args).env_remove("INDELIBLE_AUDIT_DATABASE_URL").output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}: {err}");
        for said in says {
            assert!(err.contains(said), "{text}: `{said}` is not in:\n{err}");
        }
    }
    sandbox
        .run(&["config", "show", "--config", "nowhere.toml"])
        .with_code(2)
        .explains(&["nowhere.toml"]);
    let variable = |name: &str, value: &str| {
        let output = sandbox.command(&["config", "show"]).env(name, value).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let err = variable("INDELIBLE_AUDIT_MAX_BACH", "1");
    assert!(err.contains("INDELIBLE_AUDIT_MAX_BATCH"), "{err}");
    let err = variable("INDELIBLE_AUDIT_MAX_BATCH", "many");
    assert!(err.contains("INDELIBLE_AUDIT_MAX_BATCH") && err.contains("many"), "{err}");
    let err = variable("INDELIBLE_LOG_EVENTS", "perhaps");
    assert!(err.contains("neither true nor false"), "{err}");
    let err = variable("INDELIBLE_AUDIT_SOURCE", "");
    assert!(err.contains("must not be empty"), "{err}");
    for level in ["a=b=c", "foo", "indelible=loud"] {
        let args = ["config", "show", "--log-level", level];
        sandbox.run(&args).with_code(2).explains(&["--log-level", "log.level", "is no level"]);
    }
    sandbox
        .run(&["config", "show", "--database", "sqlite://x.db?mode=rwc"])
        .with_code(2)
        .explains(&["audit.database-url", "takes no parameters"]);
    sandbox
        .run(&["config", "show", "--audit-max-bach", "1"])
        .with_code(2)
        .explains(&["--audit-max-bach"]);
}

#[test]
fn a_bad_redaction_rule_or_key_stops_the_start() {
    let sandbox = Sandbox::new();
    let args = ["record", "--redaction-extra-patterns", "code=("];
    sandbox.feed(&args, b"").with_code(2).explains(&["--redaction-extra-patterns", "code"]);
    assert!(!sandbox.database().exists(), "a bad rule is found before anything is made");
    sandbox.file("short-key", "x");
    let args = ["record", "--redaction-key-file", "short-key"];
    sandbox.feed(&args, ndjson(0..1).as_bytes()).with_code(1).explains(&["redaction key"]);
}

#[test]
fn a_redaction_key_in_the_place_of_one_that_is_gone_is_told_of() {
    let sandbox = Sandbox::new();
    let record = |range| sandbox.feed(&["record"], ndjson(range).as_bytes()).success();
    let said = "the redaction key was gone";
    assert!(!record(0..1).err.contains(said) && !record(1..2).err.contains(said));
    std::fs::remove_file(sandbox.path("audit.db.redaction-key")).unwrap();
    record(2..3).explains(&[said, "bring the old key back"]);
    assert!(!record(3..4).err.contains(said));
}

#[test]
fn every_event_can_be_logged_as_well_in_either_format() {
    let sandbox = Sandbox::new();
    for (format, range) in [("text", 0..2), ("json", 2..4)] {
        let args =
            ["record", "--log-events", "true", "--log-level", "info", "--log-format", format];
        sandbox.feed(&args, ndjson(range).as_bytes()).success().explains(&["plan."]);
    }
}

#[test]
fn a_name_that_means_something_else_to_sqlite_is_a_file_all_the_same() {
    let sandbox = Sandbox::new();
    for name in [":memory:", "file:x.db", "sqlite:y.db"] {
        sandbox.feed(&["record", "-d", name], ndjson(0..3).as_bytes()).success();
        let rows = sandbox.run(&["log", "-d", name]).success().rows();
        assert_eq!(rows.len(), 3, "{name}");
    }
    assert!(sandbox.path(":memory:").is_file() && sandbox.path("y.db").is_file());
}

#[test]
fn a_pattern_given_as_a_flag_may_hold_commas() {
    let sandbox = Sandbox::new();
    let args = ["record", "--redaction-extra-patterns", "badge=B-[0-9]{3,4}"];
    let event = crate::support::event(0).to_string().replace("sample goal", "badge B-1234 shown");
    sandbox.feed(&args, event.as_bytes()).success();
    let goal = sandbox.log(&[])[0]["details"]["goal"].as_str().unwrap().to_owned();
    assert!(goal.starts_with("badge [redacted:badge:"), "{goal}");
}

#[test]
fn how_far_reactions_may_go_is_a_setting_and_0_means_that_none_may() {
    let sandbox = Sandbox::new();
    let shown = |sandbox: &Sandbox, args: &[&str]| {
        let args = [&["config", "show", "--format", "ndjson"], args].concat();
        let rows = sandbox.run(&args).success().rows();
        rows.into_iter().find(|row| row["setting"] == "reactions.max-depth").unwrap()
    };
    assert_eq!(shown(&sandbox, &[])["value"], "16");
    assert_eq!(shown(&sandbox, &["--reactions-max-depth", "0"])["value"], "0");
    sandbox
        .run(&["config", "show", "--reactions-max-depth=-1"])
        .with_code(2)
        .explains(&["reactions.max-depth"]);
}

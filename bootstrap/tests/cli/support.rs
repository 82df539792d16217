//! A folder of its own for each test, the program in it, and events to feed it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use domain::Sequence;
use domain::events::CATALOGUE;
use domain::proof::{Salt, StoredEntry};
use serde_json::{Value, json};

/// How long anything may take before the test gives up on it.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// A folder with a record in it, and the program that works on it.
pub(crate) struct Sandbox {
    dir: tempfile::TempDir,
}

/// What a finished process left.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path("audit.db")
    }

    /// Writes a file and returns its path.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The program, with nothing of the outside in its environment.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_indelible"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("INDELIBLE_") {
                command.env_remove(name);
            }
        }
        command
            .args(args)
            .current_dir(self.dir.path())
            .env("HOME", self.dir.path())
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("INDELIBLE_AUDIT_DATABASE_URL", self.database());
        command
    }

    /// The program, run by somebody who may not write where he has no right to: the superuser may write
    /// anywhere, and has somebody else run it, with a copy of the program in reach.
    #[cfg(unix)]
    pub(crate) fn without_rights(&self, args: &[&str]) -> Command {
        use std::os::unix::fs::MetadataExt as _;
        use std::os::unix::process::CommandExt as _;
        let program = self.path("indelible");
        std::fs::copy(env!("CARGO_BIN_EXE_indelible"), &program).unwrap();
        allow(&program, 0o755);
        allow(&self.path("."), 0o755);
        let mut command = Command::new(&program);
        command.args(args).env("HOME", self.path("nobody"));
        if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
            command.uid(65_534).gid(65_534);
        }
        command
    }

    /// A copy of the record that may only be read, and the folder, in which there is nothing else and
    /// nothing can be made.
    #[cfg(unix)]
    pub(crate) fn read_only(&self) -> (PathBuf, PathBuf) {
        let folder = self.path("read-only");
        std::fs::create_dir(&folder).unwrap();
        let file = folder.join("audit.db");
        std::fs::copy(self.database(), &file).unwrap();
        allow(&file, 0o444);
        allow(&folder, 0o555);
        (folder, file)
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Finished {
        self.feed(args, b"")
    }

    /// Runs the program to its end, with this on its standard input.
    pub(crate) fn feed(&self, args: &[&str], input: &[u8]) -> Finished {
        let mut child = self.spawn(args);
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // Written from a thread: a program that stops reading must not stop the test.
        let writer = std::thread::spawn(move || {
            let _ = stdin.write_all(&input);
        });
        let finished = finish(child);
        writer.join().unwrap();
        finished
    }

    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        self.command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// The rows that `log` prints for these arguments.
    pub(crate) fn log(&self, args: &[&str]) -> Vec<Value> {
        self.run(&[&["log", "--format", "ndjson"], args].concat()).success().rows()
    }

    /// How many events are on record, according to a process of its own.
    pub(crate) fn recorded(&self) -> usize {
        self.log(&[]).len()
    }
}

/// Sets who may do what with it.
#[cfg(unix)]
pub(crate) fn allow(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Waits for a process to end.
pub(crate) fn finish(child: Child) -> Finished {
    Finished::of(child.wait_with_output().unwrap())
}

impl Finished {
    pub(crate) fn of(Output { status, stdout, stderr }: Output) -> Self {
        Self {
            code: status.code(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn success(self) -> Self {
        self.with_code(0)
    }

    #[track_caller]
    pub(crate) fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "exit code\nout: {}\nerr: {}", self.out, self.err);
        self
    }

    /// Asserts that every one of these stands in what was explained.
    #[track_caller]
    pub(crate) fn explains(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.err.contains(text), "`{text}` is not in:\n{}", self.err);
        }
        self
    }

    /// Asserts that every one of these stands in the result.
    #[track_caller]
    pub(crate) fn prints(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.out.contains(text), "`{text}` is not in:\n{}", self.out);
        }
        self
    }

    /// The result as JSON, one value a line.
    #[track_caller]
    pub(crate) fn rows(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The `n`-th of any number of different events, over all types.
pub(crate) fn event(n: usize) -> Value {
    let types: Vec<_> = CATALOGUE.events().collect();
    let event_type = types[n % types.len()];
    let mut event = json!({
        "specversion": "1.0",
        "id": format!("event-{n:06}"),
        "source": "/tests",
        "type": event_type.event_type,
        "time": "2026-07-01T09:00:00.003Z",
        "datacontenttype": "application/json",
        "planid": format!("plan-{}", n % 7),
        "projectname": "project",
        "sessionid": "session",
        "actor": "agent:tester",
        "useridentity": "person@example.org",
        "correlationid": format!("run-{}", n % 3),
        "data": (event_type.sample)(),
    });
    if event_type.version > 1 {
        event["schemaversion"] = json!(event_type.version);
    }
    event
}

/// The events in a range as NDJSON.
pub(crate) fn ndjson(range: std::ops::Range<usize>) -> String {
    range.fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "{}", event(n));
        text
    })
}

/// Where thirty events are on record.
pub(crate) fn recorded() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..30).as_bytes()).success();
    sandbox
}

/// What was printed, which is one JSON document.
pub(crate) fn json(finished: &Finished) -> Value {
    serde_json::from_str(&finished.out).unwrap()
}

/// Puts rows on record as they were recorded years ago.
pub(crate) fn record_old(sandbox: &Sandbox, sequences: std::ops::RangeInclusive<u32>) {
    let database = rusqlite::Connection::open(sandbox.database()).unwrap();
    for n in sequences {
        let details = r#"{"entity_kind":"note","entity_id":"n"}"#.to_owned();
        put_old(&database, StoredEntry { details, ..old(n, "entity.deleted") });
    }
}

/// An entry of this type from years ago, without details.
pub(crate) fn old(sequence: u32, event_type: &str) -> StoredEntry {
    let moment = "2020-01-01T00:00:00.000000000Z";
    StoredEntry {
        sequence: Sequence(sequence.into()),
        recorded_at: moment.to_owned(),
        schema_version: 1,
        event_id: format!("old-{sequence}"),
        source: "/old".to_owned(),
        event_type: event_type.to_owned(),
        occurred_at: moment.to_owned(),
        details: "{}".to_owned(),
        personal_salt: Some(vec![1; Salt::BYTES]),
        details_salt: Some(vec![2; Salt::BYTES]),
        ..StoredEntry::default()
    }
}

/// Puts an entry on record, with the hash of its leaf; the guards let it in, as it follows the head.
pub(crate) fn put_old(database: &rusqlite::Connection, entry: StoredEntry) {
    let leaf_hash = entry.leaf().unwrap().hash().0;
    let sql = "INSERT INTO audit_log (sequence, event_id, event_type, schema_version, occurred_at, \
               source, plan_id, user_identity, details, recorded_at, leaf_hash, personal_salt, \
               details_salt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = rusqlite::params![
        i64::try_from(entry.sequence.0).unwrap(),
        entry.event_id,
        entry.event_type,
        entry.schema_version,
        entry.occurred_at,
        entry.source,
        entry.plan_id,
        entry.user_identity,
        entry.details,
        entry.recorded_at,
        leaf_hash,
        entry.personal_salt,
        entry.details_salt,
    ];
    database.execute(sql, values).unwrap();
}

/// The sequences of rows.
pub(crate) fn sequences(rows: &[Value]) -> Vec<u64> {
    rows.iter().map(|row| row["sequence"].as_u64().unwrap()).collect()
}

/// Bytes of a file, or nothing where there is none.
pub(crate) fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_default()
}

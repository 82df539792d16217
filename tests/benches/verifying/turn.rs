//! One turn: a way, and the cores it may use.

use std::path::Path;
use std::process::Command;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Instant;

use application::proof::{Verdict, VerifyAuditLog};
use infrastructure::seaorm::{Access, AuditStorage, SeaOrmAuditTree, StorageOptions};
use rusqlite::types::ValueRef;
use sha2::{Digest, Sha256};

/// A way to go through the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    Verify,
    Plain,
}

impl FromStr for Way {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "Verify" => Ok(Self::Verify),
            "Plain" => Ok(Self::Plain),
            _ => Err(()),
        }
    }
}

/// The cores that a turn may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cores {
    One,
    All,
}

/// Has a process of its own take the turn, and returns how many entries it did a second.
pub(crate) fn run(way: Way, cores: Cores, file: &Path, rows: usize) -> f64 {
    let program = std::env::current_exe().unwrap();
    let mut command = match cores {
        Cores::All => Command::new(program),
        Cores::One => {
            let mut command = Command::new("taskset");
            command.args(["--cpu-list", "0"]).arg(program);
            command
        }
    };
    let output = command.arg("--turn").arg(format!("{way:?}")).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let (done, seconds) = said.trim().split_once(' ').unwrap();
    assert_eq!(done.parse(), Ok(rows), "every entry is gone through");
    rows as f64 / seconds.parse::<f64>().unwrap()
}

/// Takes the turn in this process: how many entries, and in how many seconds.
pub(crate) fn take(way: Way, file: &Path) -> (u64, f64) {
    let started = Instant::now();
    let rows = match way {
        Way::Verify => verify(file),
        Way::Plain => plain(file),
    };
    (rows, started.elapsed().as_secs_f64())
}

/// As the program does it.
fn verify(file: &Path) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut options = StorageOptions::new(file);
        options.access = Access::ReadOnly;
        let storage = AuditStorage::connect(options).await.unwrap();
        let tree = Arc::new(SeaOrmAuditTree::new(storage.clone()));
        let found = VerifyAuditLog::new(tree).run(|_| {}).await.unwrap();
        assert_eq!((found.verdict, found.checkpoints), (Verdict::Intact, 1));
        storage.close().await;
        found.entries
    })
}

fn plain(file: &Path) -> u64 {
    let database = rusqlite::Connection::open(file).unwrap();
    let mut all = database
        .prepare(
            "SELECT sequence, recorded_at, schema_version, event_id, source, event_type, \
             occurred_at, subject, plan_id, project_name, session_id, actor, user_identity, \
             correlation_id, causation_id, trace_id, extensions, details, leaf_hash, \
             personal_salt, details_salt, erased FROM audit_log ORDER BY sequence",
        )
        .unwrap();
    let columns = all.column_count();
    let mut rows = all.query([]).unwrap();
    let mut done = 0;
    while let Some(row) = rows.next().unwrap() {
        let mut hash = Sha256::new();
        for column in 0..columns {
            match row.get_ref(column).unwrap() {
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => hash.update(bytes),
                ValueRef::Integer(number) => hash.update(number.to_be_bytes()),
                _ => {}
            }
        }
        std::hint::black_box(hash.finalize());
        done += 1;
    }
    done
}

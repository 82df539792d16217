//! The record as somebody outside finds it: the files copied out of a container that has ended,
//! opened on this machine; or the volume, mounted into another container.

use std::collections::HashSet;
use std::path::Path;

use application::query::read_all;
use domain::audit::Page;
use domain::{AuditFilter, RecordedEvent};
use futures::TryStreamExt as _;
use indelible::wiring::open_for_reading;
use indelible_tests::boot::settings_in;
use infrastructure::seaorm::OpenError;
use testcontainers::ImageExt as _;
use testcontainers::core::wait::ExitWaitStrategy;
use testcontainers::core::{AccessMode, Mount, WaitFor};
use testcontainers::runners::AsyncRunner as _;

use crate::engine::{Image, Volume};
use crate::recorder::{Recorder, hardened};
use crate::told::{Told, details, number};

/// Everything that was on record at one moment.
pub(crate) struct Evidence(Vec<RecordedEvent>);

impl Evidence {
    /// Copies the record out of a container that has ended, and reads it here.
    pub(crate) async fn seized(recorder: &Recorder) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("audit.db");
        if !copied(recorder, "/data/audit.db", &database).await {
            return Self(Vec::new());
        }
        // What was committed last may be in the write-ahead log alone. It is absent after a clean
        // end; were it missing for another reason, receipts would be missing below.
        copied(recorder, "/data/audit.db-wal", &dir.path().join("audit.db-wal")).await;
        let log = match open_for_reading(&settings_in(dir.path())).await {
            Ok(log) => log,
            // Killed before there was a table: a file without a record.
            Err(OpenError::Missing { .. }) => return Self(Vec::new()),
            Err(error) => panic!("the record does not open: {error:?}"),
        };
        let everything = read_all(log, AuditFilter::default(), Page::first(1), None);
        Self(everything.try_collect().await.expect("the record can be read"))
    }

    /// The ids of all events, in their order.
    pub(crate) fn event_ids(&self) -> Vec<String> {
        self.0.iter().map(|row| row.envelope.event_id.clone()).collect()
    }

    /// Asserts that the record is whole and holds every receipt. `offered` events were offered in
    /// each round, one after the other.
    #[track_caller]
    pub(crate) fn holds(&self, receipts: &[Told], offered: usize, when: &str) {
        let mut seen = HashSet::new();
        let mut expected = 0;
        for (place, row) in (1..).zip(&self.0) {
            assert_eq!(row.sequence.0, place, "{when}: the sequence has a gap");
            let n = number(&row.envelope.event_id);
            assert!(seen.insert(n), "{when}: event {n} is on record twice");
            // What is on record of a round is the beginning of what was offered in it.
            assert!(
                n == expected || n.is_multiple_of(offered) && n > expected,
                "{when}: event {n} is on record where event {expected} belongs"
            );
            expected = n + 1;
            let stored = serde_json::Value::Object(row.envelope.details.clone());
            assert_eq!(stored, details(n), "{when}: event {n} is torn");
        }
        for Told { event_id, sequence } in receipts {
            let row = usize::try_from(sequence - 1).ok().and_then(|place| self.0.get(place));
            assert_eq!(
                row.map(|row| &row.envelope.event_id),
                Some(event_id),
                "{when}: sequence {sequence} was acknowledged and is not on record ({} rows)",
                self.0.len()
            );
        }
    }
}

/// Copies a file out of a container; whether it was there.
async fn copied(recorder: &Recorder, from: &str, to: &Path) -> bool {
    match recorder.container.copy_file_from(from, to).await {
        Ok(()) => true,
        Err(error) if format!("{error:?}").contains("status_code: 404") => false,
        Err(error) => panic!("{from} cannot be copied out: {error}"),
    }
}

/// Runs the program in a container of its own over a volume, and returns what it printed.
pub(crate) async fn other_container(
    image: &Image,
    volume: &Volume,
    access: AccessMode,
    args: &[&str],
) -> String {
    let mount = Mount::volume_mount(&volume.name, "/data").with_access_mode(access);
    let ended = ExitWaitStrategy::new().with_exit_code(0);
    let container = hardened(image)
        .with_cmd(args.iter().copied())
        .with_mount(mount)
        .with_ready_conditions(vec![WaitFor::exit(ended)])
        .start()
        .await
        .unwrap_or_else(|error| panic!("`{}` over a volume: {error}", args.join(" ")));
    let bytes = container.stdout_to_vec().await.expect("the engine keeps what was printed");
    String::from_utf8(bytes).expect("what it prints is UTF-8")
}

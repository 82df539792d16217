//! The README's commands with containers, run as they stand, but for the names of the image and
//! the volume, which must not be those of the person who runs the tests.
//!
//! Deliberately absent: the README's other commands, which `bootstrap/tests/cli/readme.rs` runs.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::engine::{Image, Volume, run};

/// What is recorded in the README.
pub(crate) const SAMPLE: &str = "bootstrap/examples/agent-run.ndjson";

/// The folder the README lies in.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap()
}

/// Runs them one after the other, and returns what each has printed.
pub(crate) fn run_as_shown(image: &Image, volume: &Volume) -> Vec<String> {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    readme
        .lines()
        .filter_map(|line| line.strip_prefix("$ "))
        .filter(|command| command.starts_with("docker ") || command.contains("build-image.sh"))
        .map(|command| {
            let image = format!(" {} ", image.full_name());
            let ours = format!("{command} ")
                .replace(" indelible ", &image)
                .replace(" record:", &format!(" {}:", volume.name));
            run(Command::new("sh").args(["-c", &ours]).current_dir(root()))
        })
        .collect()
}

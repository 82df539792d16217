//! The Docker engine: the image under test and a volume, both gone when the test ends, however it
//! ends.
//!
//! Deliberately absent: containers, which testcontainers makes and removes.

use std::path::Path;
use std::process::{Command, Output};

use ulid::Ulid;

/// What everything that is made here is called, so that leftovers can be found.
pub(crate) const NAME: &str = "indelible-under-test";

/// An image that was built from this repository.
pub(crate) struct Image {
    pub(crate) tag: String,
}

impl Image {
    /// Builds it with the script that users have.
    pub(crate) fn build() -> Self {
        let image = Self::unmade();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("containers/build-image.sh");
        run(Command::new(script).arg(image.full_name()));
        image
    }

    /// The name of one that somebody else builds, and that is removed here.
    pub(crate) fn unmade() -> Self {
        Self { tag: unique() }
    }

    pub(crate) fn full_name(&self) -> String {
        format!("{NAME}:{}", self.tag)
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        remove(&["image", "rm", "--force", &self.full_name()]);
    }
}

/// A volume for a record.
pub(crate) struct Volume {
    pub(crate) name: String,
}

impl Volume {
    pub(crate) fn create() -> Self {
        let volume = Self::unmade();
        run(Command::new("docker").args(["volume", "create", "--label", NAME, &volume.name]));
        volume
    }

    /// The name of one that somebody else makes, and that is removed here.
    pub(crate) fn unmade() -> Self {
        Self { name: format!("{NAME}-{}", unique()) }
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        remove(&["volume", "rm", "--force", &self.name]);
    }
}

fn unique() -> String {
    Ulid::generate().to_string().to_lowercase()
}

/// Runs a command that has to succeed, and returns what it printed.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}. Is Docker installed?"));
    let (out, err) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(
        status.success(),
        "{command:?} failed: {status}\n{out}{err}\n\
         These tests need a Docker engine: start one, or leave out `--features containers`."
    );
    out.into_owned()
}

/// Clears up. A failure is told and no more: it must not hide why the test failed.
#[expect(clippy::print_stderr, reason = "told beside the test's own outcome")]
fn remove(args: &[&str]) {
    let outcome = Command::new("docker").args(args).output();
    if !outcome.as_ref().is_ok_and(|output| output.status.success()) {
        eprintln!("left behind, remove it with `docker {}`: {outcome:?}", args.join(" "));
    }
}

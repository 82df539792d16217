//! Proofs and tiles, checked by an implementation that is not ours: `tests/independent/check.go`, which
//! is built on Go's own `golang.org/x/mod/sumdb`.
//!
//! Deliberately absent: fetching Go or its modules. Debian has both: `golang-go` and
//! `golang-golang-x-mod-dev`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Where Debian keeps the source of Go's modules.
const MODULES: &str = "/usr/share/gocode";

/// The checking program, built.
pub struct Checker {
    folder: tempfile::TempDir,
}

/// What the program said of one file: what is wrong with it, if anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The file, or the folder.
    pub file: PathBuf,
    /// What is wrong.
    pub flaw: Option<String>,
}

impl Checker {
    /// Builds the program.
    ///
    /// # Errors
    /// When Go or its module is missing; the error says how to get them.
    pub fn build() -> io::Result<Self> {
        let checker = Self { folder: tempfile::tempdir()? };
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("independent/check.go");
        let mut go = Command::new("go");
        go.args(["build", "-o"]).arg(checker.program()).arg(source);
        // As Debian's packages are used: by their source, and without asking the network.
        go.env("GO111MODULE", "off").env("GOPATH", MODULES).env("GOPROXY", "off");
        go.env("GOCACHE", checker.folder.path().join("cache"));
        let built = go.output().map_err(|error| missing(&error.to_string()))?;
        if built.status.success() {
            return Ok(checker);
        }
        Err(missing(&String::from_utf8_lossy(&built.stderr)))
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("check")
    }

    /// What Go says of each of these proofs.
    ///
    /// # Errors
    /// When it says nothing of them.
    pub fn proofs(&self, key: &str, files: &[PathBuf]) -> io::Result<Vec<Verdict>> {
        let output = Command::new(self.program()).args(["proof", key]).args(files).output()?;
        verdicts(&output, files)
    }

    /// What Go says of a folder of tiles.
    ///
    /// # Errors
    /// When it says nothing of it.
    pub fn tiles(&self, key: &str, folder: &Path) -> io::Result<Verdict> {
        let output = Command::new(self.program()).args(["tiles", key]).arg(folder).output()?;
        let verdicts = verdicts(&output, &[folder.to_owned()])?;
        verdicts.into_iter().next().ok_or_else(|| io::Error::other("nothing was said"))
    }
}

fn missing(error: &str) -> io::Error {
    io::Error::other(format!(
        "the checking program could not be built: install golang-go and golang-golang-x-mod-dev: {error}"
    ))
}

/// A line for each file, in their order.
fn verdicts(output: &Output, files: &[PathBuf]) -> io::Result<Vec<Verdict>> {
    let said = String::from_utf8_lossy(&output.stdout);
    let nothing = || io::Error::other(format!("not a line for each file: {output:?}"));
    let mut lines = said.lines();
    let verdict = |file: &PathBuf| {
        let line = lines.next().ok_or_else(nothing)?;
        let flaw = line.strip_prefix(&format!("{}: ", file.display())).ok_or_else(nothing)?;
        Ok(Verdict { file: file.clone(), flaw: (flaw != "ok").then(|| flaw.to_owned()) })
    };
    files.iter().map(verdict).collect()
}

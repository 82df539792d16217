//! Whether the command that is to be run is there at all: one that is misspelt would make a dead
//! letter of every event on record.
//!
//! Deliberately absent: a promise. What is there now may be gone when it is run.

use std::ffi::OsStr;
#[cfg(unix)]
use std::path::{Path, PathBuf};

/// Why a command can never be run.
#[derive(Debug, thiserror::Error, PartialEq)]
pub(super) enum NoProgram {
    #[error(
        "there is no program `{name}` in any folder of PATH: check how it is spelt, or give its path"
    )]
    NotFound {
        /// What was asked for.
        name: String,
    },
    #[error("there is no program `{path}`: check how it is spelt")]
    Missing {
        /// What was asked for.
        path: String,
    },
    #[error("`{path}` is no file: name the program in it that is to be run")]
    NoFile {
        /// What was asked for.
        path: String,
    },
    #[error(
        "`{path}` must not be executed: `chmod +x` permits it, or name its interpreter before it, \
         as in `sh {path}`"
    )]
    NotExecutable {
        /// What was found.
        path: String,
    },
}

/// Looks for a program as the system will: a name in the folders of `path`, a path where it leads.
#[cfg(unix)]
pub(super) fn find(program: &OsStr, path: Option<&OsStr>) -> Result<(), NoProgram> {
    let name = program.to_string_lossy().into_owned();
    if name.is_empty() {
        return Err(NoProgram::NotFound { name });
    }
    if name.contains('/') {
        return look(Path::new(program));
    }
    // What the system takes where nothing is said.
    let folders = path.unwrap_or(OsStr::new("/bin:/usr/bin"));
    let candidates: Vec<PathBuf> =
        std::env::split_paths(folders).map(|folder| folder.join(program)).collect();
    let mut forbidden = None;
    for candidate in candidates {
        match look(&candidate) {
            Ok(()) => return Ok(()),
            // The search goes on: another folder may have one that may be run.
            Err(error @ NoProgram::NotExecutable { .. }) => forbidden = forbidden.or(Some(error)),
            Err(_) => {}
        }
    }
    Err(forbidden.unwrap_or(NoProgram::NotFound { name }))
}

/// Elsewhere than on Unix the system adds endings of its own to a name; it says itself what it misses.
#[cfg(not(unix))]
pub(super) fn find(_: &OsStr, _: Option<&OsStr>) -> Result<(), NoProgram> {
    Ok(())
}

#[cfg(unix)]
fn look(file: &Path) -> Result<(), NoProgram> {
    let path = file.display().to_string();
    let Ok(found) = file.metadata() else { return Err(NoProgram::Missing { path }) };
    if !found.is_file() {
        return Err(NoProgram::NoFile { path });
    }
    // The system is asked: what the permissions mean depends on who we are.
    rustix::fs::access(file, rustix::fs::Access::EXEC_OK)
        .map_err(|_| NoProgram::NotExecutable { path })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_program_is_found_where_the_system_would_find_it() {
        let dir = tempfile::tempdir().unwrap();
        let [first, second] = ["first", "second"].map(|name| dir.path().join(name));
        for folder in [&first, &second] {
            std::fs::create_dir(folder).unwrap();
        }
        let path = std::env::join_paths([&first, &second]).unwrap();
        let search = |name: &str| find(OsStr::new(name), Some(&path));
        let lost = || Err(NoProgram::NotFound { name: "tool".into() });
        assert_eq!(search("tool"), lost());
        std::fs::create_dir(first.join("tool")).unwrap();
        assert_eq!(search("tool"), lost(), "a folder is no program");
        let file = second.join("tool");
        std::fs::write(&file, "").unwrap();
        let shown = file.display().to_string();
        let forbidden = Err(NoProgram::NotExecutable { path: shown.clone() });
        assert_eq!(search("tool"), forbidden);
        assert_eq!(search(&shown), forbidden);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!((search("tool"), search(&shown)), (Ok(()), Ok(())));
        let folder = second.display().to_string();
        assert_eq!(search(&folder), Err(NoProgram::NoFile { path: folder.clone() }));
        let missing = format!("{folder}/other");
        assert_eq!(search(&missing), Err(NoProgram::Missing { path: missing.clone() }));
        assert_eq!(search(""), Err(NoProgram::NotFound { name: String::new() }));
        assert_eq!(find(OsStr::new("sh"), None), Ok(()), "where PATH is not set");
    }
}

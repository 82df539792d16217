//! Which processes have a file open, so that a person can be told whom to end.
//!
//! Deliberately absent: any other system than Linux, and processes of other users, which the system does
//! not show: what is not found out is not said.

use std::path::Path;

/// The other processes that have the file open, as far as can be told.
pub(super) fn readers_of(file: &Path) -> Vec<String> {
    let (Ok(file), Ok(processes)) = (file.canonicalize(), std::fs::read_dir("/proc")) else {
        return Vec::new();
    };
    let mut readers = Vec::new();
    for process in processes.flatten() {
        let id = process.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        let Some(id) = id.filter(|id| *id != std::process::id()) else { continue };
        let Ok(mut open) = std::fs::read_dir(process.path().join("fd")) else { continue };
        let has_it = |one: std::fs::DirEntry| {
            std::fs::read_link(one.path()).is_ok_and(|target| target == file)
        };
        if open.any(|one| one.is_ok_and(has_it)) {
            let name = std::fs::read_to_string(process.path().join("comm")).unwrap_or_default();
            readers.push(format!("{}, process {id}", name.trim()));
        }
    }
    readers
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn another_process_that_has_the_file_open_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(readers_of(file.path()).is_empty(), "this process is not another");
        let mut reader = std::process::Command::new("sleep")
            .arg("60")
            .stdin(std::fs::File::open(file.path()).unwrap())
            .spawn()
            .unwrap();
        let named = readers_of(file.path());
        reader.kill().unwrap();
        reader.wait().unwrap();
        assert_eq!(named.len(), 1, "{named:?}");
        assert!(named[0].ends_with(&format!(", process {}", reader.id())), "{named:?}");
        assert!(readers_of(Path::new("/nowhere/at/all")).is_empty());
    }
}

//! What was signed last, in a file beside the private key: whoever changes the record and takes its
//! checkpoints out of it does not reach it without reaching the key as well.
//!
//! Deliberately absent: what follows from it. Whoever signs compares it with the record.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use application::proof::{BadNote, read_checkpoints};
use domain::ports::Remembered;
use domain::proof::{Origin, SignedCheckpoint};

use crate::secret_file::{self, NotRead};

/// One note of some hundred bytes for each log that is signed with the key.
const MOST_BYTES: u64 = 1_048_576;

/// Why it is not known what was signed last.
#[derive(Debug, thiserror::Error)]
pub(super) enum MemoryError {
    #[error(
        "{}, in which stands what was signed last, cannot be read: make it a file that you may read",
        .file.display()
    )]
    Unreadable {
        file: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(
        "{}, in which stands what was signed last, may be read by others (mode {mode:o}): run `chmod \
         600 {}` and then `indelible verify`",
        .file.display(), .file.display()
    )]
    Exposed { file: PathBuf, mode: u32 },
    #[error(
        "{}, in which stands what was signed last, was changed: compare the record with a checkpoint that \
         is kept elsewhere, by `indelible verify --against`, and then remove the file",
        .file.display()
    )]
    Damaged {
        file: PathBuf,
        /// None where there is nothing in it, which is never written.
        #[source]
        source: Option<BadNote>,
    },
    #[error(
        "in {} stands another checkpoint of {size} entries: somebody signs another copy of the record with \
         this key; run `indelible verify --against {}` on both",
        .file.display(), .file.display()
    )]
    Forked { file: PathBuf, size: u64 },
    #[error(
        "what was signed cannot be kept in {}: its folder has to be one that you may write to",
        .file.display()
    )]
    Unwritable {
        file: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// The file in which stands what was signed last, given the key's: checkpoints, one after the other, one of
/// each log.
#[must_use]
pub fn signed_beside(key_file: &Path) -> PathBuf {
    let mut file = key_file.as_os_str().to_owned();
    file.push(".signed");
    PathBuf::from(file)
}

/// The last checkpoint of each log that is signed with the key in a file.
#[derive(Debug, Clone)]
pub(super) struct SignedMemory {
    key_file: PathBuf,
    file: PathBuf,
}

impl SignedMemory {
    /// What is remembered beside this key.
    pub(super) fn beside(key_file: &Path) -> Self {
        Self { key_file: key_file.to_owned(), file: signed_beside(key_file) }
    }

    pub(super) fn last(&self, origin: &Origin) -> Result<Option<Remembered>, MemoryError> {
        let last = self.read()?.into_iter().find(|kept| kept.checkpoint().origin == *origin);
        let place = self.file.display().to_string();
        Ok(last.map(|checkpoint| Remembered { checkpoint, place }))
    }

    /// Keeps it in place of a smaller one of its log.
    pub(super) fn keep(&self, signed: &SignedCheckpoint) -> Result<(), MemoryError> {
        let unwritable = |source| MemoryError::Unwritable { file: self.file.clone(), source };
        // Held by whoever is about to replace the file; the file itself is another one afterwards.
        let turn = File::open(&self.key_file).map_err(unwritable)?;
        turn.lock().map_err(unwritable)?;
        let mut kept = self.read()?;
        let new = signed.checkpoint();
        let same = |kept: &SignedCheckpoint| kept.checkpoint().origin == new.origin;
        if let Some(last) = kept.iter().find(|kept| same(kept)) {
            let (last, new) = (last.checkpoint().head, new.head);
            if last.size == new.size && last.root != new.root {
                return Err(MemoryError::Forked { file: self.file.clone(), size: new.size });
            }
            if last.size > new.size {
                return Ok(());
            }
        }
        kept.retain(|kept| !same(kept));
        kept.push(signed.clone());
        let text: String = kept.iter().map(SignedCheckpoint::as_str).collect();
        match secret_file::replace(&self.file, text.as_bytes()) {
            // A key that was put where nobody can write, such as a volume of secrets, signs all the same.
            Err(error) if is_read_only(&error) => {
                tracing::warn!(
                    place = %self.file.display(),
                    "what is signed cannot be remembered beside the key: have an anchor keep it",
                );
                Ok(())
            }
            replaced => replaced.map_err(unwritable),
        }
    }

    fn read(&self) -> Result<Vec<SignedCheckpoint>, MemoryError> {
        let file = || self.file.clone();
        let read = secret_file::read(&self.file, MOST_BYTES).map_err(|error| match error {
            NotRead::Unreadable(source) => MemoryError::Unreadable { file: file(), source },
            NotRead::Exposed(mode) => MemoryError::Exposed { file: file(), mode },
        })?;
        let Some(text) = read else { return Ok(Vec::new()) };
        let damaged = |source| MemoryError::Damaged { file: file(), source };
        let kept = read_checkpoints(&String::from_utf8_lossy(&text));
        let kept = kept.map_err(|error| damaged(Some(error)))?;
        if kept.is_empty() { Err(damaged(None)) } else { Ok(kept) }
    }
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use domain::ports::CheckpointSigner;
    use domain::proof::{Checkpoint, Digest, TreeHead};

    use super::super::Ed25519Signer;
    use super::*;

    fn origin(log: &str) -> Origin {
        Origin::of_log(log).unwrap()
    }

    fn signed(log: &str, size: u64) -> SignedCheckpoint {
        let head = TreeHead { size, root: Digest([9; 32]) };
        let signer = Ed25519Signer::generate().unwrap();
        signer.sign(&Checkpoint { origin: origin(log), head }).unwrap()
    }

    fn memory(folder: &tempfile::TempDir) -> SignedMemory {
        let key = folder.path().join("key");
        secret_file::create(&key, b"key").unwrap();
        SignedMemory::beside(&key)
    }

    fn size(memory: &SignedMemory, log: &str) -> Option<u64> {
        let last = memory.last(&origin(log)).unwrap();
        last.map(|last| last.checkpoint.checkpoint().head.size)
    }

    #[test]
    fn the_largest_of_each_log_is_remembered_and_never_a_smaller_one() {
        let folder = tempfile::tempdir().unwrap();
        let memory = memory(&folder);
        assert_eq!(size(&memory, "a"), None);
        for (log, entries) in [("a", 3), ("b", 9), ("a", 5), ("a", 4)] {
            memory.keep(&signed(log, entries)).unwrap();
        }
        assert_eq!((size(&memory, "a"), size(&memory, "b")), (Some(5), Some(9)));
        assert_eq!(size(&memory, "c"), None);
        // The same again is what the same program signs after a crash, or with a new key.
        let again = signed("a", 5);
        memory.keep(&again).unwrap();
        let kept = memory.last(&origin("a")).unwrap().unwrap().checkpoint;
        assert_eq!(kept.as_str(), again.as_str());
    }

    #[test]
    fn many_at_once_leave_the_largest() {
        let folder = tempfile::tempdir().unwrap();
        let memory = memory(&folder);
        std::thread::scope(|scope| {
            for size in 1..=24 {
                let memory = &memory;
                scope.spawn(move || memory.keep(&signed("a", size)).unwrap());
            }
        });
        assert_eq!(size(&memory, "a"), Some(24));
    }

    #[test]
    fn another_one_of_as_many_entries_is_refused_and_does_not_take_the_place_of_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let memory = memory(&folder);
        memory.keep(&signed("a", 5)).unwrap();
        let before = fs::read(&memory.file).unwrap();
        let head = TreeHead { size: 5, root: Digest([8; 32]) };
        let signer = Ed25519Signer::generate().unwrap();
        let other = signer.sign(&Checkpoint { origin: origin("a"), head }).unwrap();
        let said = memory.keep(&other).unwrap_err().to_string();
        assert!(said.contains("key.signed") && said.contains("5 entries"), "{said}");
        assert_eq!(fs::read(&memory.file).unwrap(), before);
    }

    #[test]
    fn what_was_damaged_or_opened_to_others_is_refused_with_the_place_and_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let memory = memory(&folder);
        memory.keep(&signed("a", 3)).unwrap();
        let text = fs::read_to_string(&memory.file).unwrap();
        // Also one with nothing in it: that is none that was never made.
        for left in [&text[..20], "", "\n"] {
            fs::write(&memory.file, left).unwrap();
            for refused in [memory.last(&origin("a")).map(|_| ()), memory.keep(&signed("a", 4))] {
                let said = refused.unwrap_err().to_string();
                assert!(said.contains("key.signed") && said.contains("--against"), "{said}");
            }
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&memory.file, fs::Permissions::from_mode(0o666)).unwrap();
            let said = memory.last(&origin("a")).unwrap_err().to_string();
            assert!(said.contains("chmod 600"), "{said}");
        }
    }

    #[test]
    fn what_cannot_be_kept_is_said_and_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let memory = memory(&folder);
        fs::create_dir(&memory.file).unwrap();
        assert!(memory.last(&origin("a")).unwrap_err().to_string().contains("key.signed"));
        let elsewhere = SignedMemory::beside(&folder.path().join("none"));
        let said = elsewhere.keep(&signed("a", 3)).unwrap_err().to_string();
        assert!(said.contains("none.signed"), "{said}");
    }

    #[test]
    fn beside_a_key_that_cannot_be_written_to_nothing_is_kept_and_signing_goes_on() {
        for (kind, read_only) in [
            (io::ErrorKind::ReadOnlyFilesystem, true),
            (io::ErrorKind::PermissionDenied, true),
            (io::ErrorKind::StorageFull, false),
            (io::ErrorKind::NotFound, false),
        ] {
            assert_eq!(is_read_only(&kind.into()), read_only, "{kind}");
        }
        #[cfg(target_os = "linux")]
        {
            // Folders in which nobody can make a file: one is not to be written to, one has no place.
            let folder = tempfile::tempdir().unwrap();
            let memory = memory(&folder);
            let at = |file: &str| SignedMemory { file: PathBuf::from(file), ..memory.clone() };
            assert!(at("/sys/kernel/key.signed").keep(&signed("a", 3)).is_ok());
            let full = at("/proc/key.signed").keep(&signed("a", 3)).unwrap_err();
            assert!(matches!(full, MemoryError::Unwritable { .. }), "{full}");
        }
    }
}

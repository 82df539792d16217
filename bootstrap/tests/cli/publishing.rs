//! The tree in a folder, as `export --tiles` leaves it.

use std::path::{Path, PathBuf};

use crate::support::{Sandbox, bytes, ndjson};

/// The files below a folder, by their names from there.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_record_is_published_in_a_folder_and_what_is_new_is_added() {
    let sandbox = Sandbox::new();
    let publish = ["export", "--tiles", "public/log"];
    sandbox.feed(&["record"], ndjson(0..3).as_bytes()).success();
    let first = sandbox.run(&["checkpoint"]).success();
    let published = sandbox.run(&publish).success();
    published
        .explains(&["published the tree over 3 events in public/log: 2 new files, 0 were there"]);
    let folder = sandbox.path("public/log");
    let names = ["checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3"];
    assert_eq!(files(&folder), names, "nothing else is left there");
    assert_eq!(bytes(&folder.join("checkpoint")), first.out.as_bytes());

    let published = sandbox.run(&publish).success();
    assert_eq!(published.out, "", "there is no result but the files");
    published.explains(&["0 new files, 2 were there"]);

    sandbox.feed(&["record"], ndjson(3..300).as_bytes()).success();
    let second = sandbox.run(&["checkpoint"]).success();
    sandbox.run(&publish).success().explains(&["over 300 events", "5 new files, 0 were there"]);
    assert_eq!(bytes(&folder.join("checkpoint")), second.out.as_bytes());
    assert_eq!(bytes(&folder.join("tile/0/000")).len(), 256 * 32);
    assert_eq!(bytes(&folder.join("tile/1/000.p/1")).len(), 32);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let readable = std::fs::metadata(folder.join("checkpoint")).unwrap().permissions().mode();
        assert_eq!(readable & 0o777, 0o644, "a server of another user reads it");
    }
}

#[test]
fn a_record_is_not_published_over_another_one_nor_unsigned_nor_with_a_filter() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..3).as_bytes()).success();
    sandbox.run(&["export", "--tiles", "public"]).success();
    let other = sandbox.path("other.db").display().to_string();
    sandbox.feed(&["--database", &other, "record"], ndjson(0..3).as_bytes()).success();
    let before = bytes(&sandbox.path("public/checkpoint"));
    let refused = sandbox.run(&["--database", &other, "export", "--tiles", "public"]);
    refused.with_code(1).explains(&["another log is published there", "name another place"]);
    assert_eq!(bytes(&sandbox.path("public/checkpoint")), before);

    for with in [&["--after", "1"][..], &["-n", "1"], &["-o", "file"], &["--type", "tool.*"]] {
        let refused = sandbox.run(&[&["export", "--tiles", "elsewhere"], with].concat());
        refused.with_code(2).explains(&["cannot be used with"]);
    }
    assert!(!sandbox.path("elsewhere").exists());

    let blocked = sandbox.file("blocked", "");
    let refused = sandbox.run(&["export", "--tiles", blocked.to_str().unwrap()]);
    refused.with_code(1).explains(&["was not published", "cannot be published"]);
}

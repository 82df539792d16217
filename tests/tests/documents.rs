//! What the documents name exists: the files, the links, the commands' packages, targets, features
//! and tests, the gate's stages, and the variables that the program and the tests listen to.
//!
//! Deliberately absent: what the commands do. The README's are run, in
//! `bootstrap/tests/cli/readme.rs`, and its code is compiled, by `bootstrap/src/lib.rs`.

#![allow(clippy::unwrap_used, reason = "a test may give up")]

#[path = "documents/markdown.rs"]
mod markdown;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand, Package};
use indelible::settings::known::KNOWN;
use markdown::{Document, after};

/// The documents, from the root.
const DOCUMENTS: &[&str] = &["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "tests/README.md"];

/// Folders that are not there before something is built, found, or broken.
const MADE_LATER: &[&str] = &["target/", "tests/fuzz/artifacts/", "tests/fuzz/regressions/"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap()
}

fn documents() -> Vec<Document> {
    DOCUMENTS.iter().map(|name| Document::read(&root(), name)).collect()
}

/// Every file of the repository, from the root, with `/` between the folders.
fn files() -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap_or_default();
            if !path.is_dir() {
                let from_root = path.strip_prefix(root()).unwrap();
                files.insert(from_root.to_string_lossy().replace('\\', "/"));
            } else if name != "target" && name != ".git" {
                folders.push(path);
            }
        }
    }
    assert!(files.len() > 200, "only {} files: is this the repository?", files.len());
    files
}

/// Those of them that are Rust, with what is in them.
fn sources() -> Vec<(String, String)> {
    let rust = |file: &String| Path::new(file).extension().is_some_and(|end| end == "rs");
    let read = |file: String| fs::read_to_string(root().join(&file)).ok().map(|text| (file, text));
    files().into_iter().filter(rust).filter_map(read).collect()
}

/// Fails with everything that was found, unless nothing was.
#[track_caller]
fn nothing_in(missing: Vec<String>, looked_at: usize, at_least: usize) {
    assert!(looked_at >= at_least, "only {looked_at} places were looked at");
    assert!(missing.is_empty(), "mend the document, or what it names:\n{}", missing.join("\n"));
}

#[test]
fn every_path_in_the_documents_exists() {
    let files = files();
    let (mut missing, mut looked_at) = (Vec::new(), 0);
    for document in documents() {
        for (line, span) in document.code() {
            for path in span.split_whitespace().filter(|word| is_path(word)) {
                looked_at += 1;
                if !files.iter().any(|file| names(path, file)) {
                    missing.push(format!("{}:{line}: no file is called `{path}`", document.name));
                }
            }
        }
    }
    nothing_in(missing, looked_at, 30);
}

/// Whether a word in code is meant as a path into the repository.
fn is_path(word: &str) -> bool {
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-*".contains(c));
    let known = [".rs", ".md", ".sh", ".toml", ".ndjson", ".yml", "/"];
    plain
        && word.contains('/')
        && !word.starts_with(['/', '.'])
        && !MADE_LATER.iter().any(|folder| word.starts_with(folder))
        && known.iter().any(|ending| word.ends_with(ending))
}

/// Whether a path that may be cut off at its beginning, may hold `*`, and may be a folder's, means
/// this file.
fn names(path: &str, file: &str) -> bool {
    let slashed = format!("/{file}");
    let (path, is_folder) = (format!("/{path}"), path.ends_with('/'));
    if is_folder {
        return slashed.contains(&path);
    }
    match path.split_once('*') {
        None => slashed.ends_with(&path),
        Some((before, after)) => slashed.find(before).is_some_and(|at| {
            let rest = &slashed[at + before.len()..];
            rest.ends_with(after) && !rest[..rest.len() - after.len()].contains('/')
        }),
    }
}

#[test]
fn every_link_in_the_documents_leads_somewhere() {
    let (mut missing, mut looked_at) = (Vec::new(), 0);
    for document in documents() {
        for (line, target) in document.links() {
            looked_at += 1;
            let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let goal =
                if path.is_empty() { root().join(document.name) } else { document.beside(path) };
            if target.contains("://") {
                continue;
            }
            let there = goal.exists()
                && (anchor.is_empty()
                    || Document::at(&goal).anchors().contains(&anchor.to_owned()));
            if !there {
                missing.push(format!("{}:{line}: `{target}` leads nowhere", document.name));
            }
        }
    }
    nothing_in(missing, looked_at, 10);
}

#[test]
fn every_cargo_command_in_the_documents_names_what_exists() {
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec();
    let metadata = metadata.unwrap_or_else(|error| panic!("cargo metadata: {error}"));
    let (mut missing, mut looked_at) = (Vec::new(), 0);
    for document in documents() {
        for (line, span) in document.code() {
            if let Some(words) = after("cargo", &span) {
                looked_at += 1;
                for what in unknown(&words, &metadata) {
                    missing.push(format!("{}:{line}: `{span}`: {what}", document.name));
                }
            }
        }
    }
    nothing_in(missing, looked_at, 8);
}

/// What of a cargo command's arguments does not exist.
fn unknown(words: &[&str], metadata: &Metadata) -> Vec<String> {
    let values = |flags: &[&str]| -> Vec<String> {
        let pairs = words.windows(2).filter(|pair| flags.contains(&pair[0]));
        pairs.map(|pair| pair[1].to_owned()).collect()
    };
    let wanted = values(&["-p", "--package"]);
    let all = metadata.workspace_packages();
    let packages: Vec<&&Package> = all
        .iter()
        .filter(|package| wanted.is_empty() || wanted.contains(&package.name.to_string()))
        .collect();
    let mut missing = Vec::new();
    if packages.len() < wanted.len() {
        missing.push(format!("not all of {wanted:?} are packages"));
    }
    for kind in ["test", "bench", "example", "bin"] {
        for name in values(&[&format!("--{kind}")]) {
            let known = packages.iter().flat_map(|package| &package.targets).any(|target| {
                target.name == name && target.kind.iter().any(|k| k.to_string() == kind)
            });
            if !known {
                missing.push(format!("no {kind} is called `{name}`"));
            }
        }
    }
    for feature in values(&["--features"]).iter().flat_map(|list| list.split(',')) {
        if !packages.iter().any(|package| package.features.contains_key(feature)) {
            missing.push(format!("no feature is called `{feature}`"));
        }
    }
    // A test is chosen by a word in its name or in its module's.
    let flags_with_value = ["-p", "--package", "--test", "--bench", "--example", "--features"];
    if words.first() == Some(&"test") {
        for (before, word) in words.iter().zip(words.iter().skip(1)) {
            if word.starts_with('-') || flags_with_value.contains(before) || is_path(word) {
                continue;
            }
            let asked = |package: &&&Package| {
                let folder = package.manifest_path.parent().map(|p| p.as_std_path().to_owned());
                folder.is_some_and(|folder| has_test(&folder, word))
            };
            if !packages.iter().any(asked) {
                missing.push(format!("no test is called `{word}`"));
            }
        }
    }
    missing
}

/// Whether a Rust file in this folder is called so, or holds a function that is.
fn has_test(folder: &Path, word: &str) -> bool {
    let last = word.rsplit("::").next().unwrap_or(word);
    let from_root = folder.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
    sources().iter().filter(|(file, _)| file.starts_with(&from_root)).any(|(file, text)| {
        let module = file.split('/').any(|part| part.trim_end_matches(".rs").contains(last));
        module
            || text.lines().any(|line| {
                let name = line.trim_start().trim_start_matches("async ").strip_prefix("fn ");
                name.and_then(|name| name.split('(').next()).is_some_and(|n| n.contains(last))
            })
    })
}

#[test]
fn every_stage_of_the_gate_that_the_documents_name_exists() {
    let gate = fs::read_to_string(root().join(".ci/run")).unwrap();
    let (mut missing, mut looked_at) = (Vec::new(), 0);
    for document in documents() {
        for (line, span) in document.code() {
            for stage in after(".ci/run", &span).unwrap_or_default() {
                looked_at += 1;
                if !gate.contains(&format!("\nstage_{stage}() {{")) {
                    missing.push(format!("{}:{line}: no stage is called `{stage}`", document.name));
                }
            }
        }
    }
    nothing_in(missing, looked_at, 2);
}

#[test]
fn every_variable_in_the_documents_is_listened_to() {
    let sources = sources();
    let setting = |variable: &str| KNOWN.iter().any(|setting| setting.variable() == variable);
    let (mut missing, mut looked_at) = (Vec::new(), 0);
    for document in documents() {
        for (line, span) in document.code() {
            let words = span.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            for variable in words.filter(|word| word.starts_with("INDELIBLE_")) {
                looked_at += 1;
                let read = format!("\"{variable}\"");
                if !setting(variable) && !sources.iter().any(|(_, text)| text.contains(&read)) {
                    missing.push(format!("{}:{line}: nobody reads {variable}", document.name));
                }
            }
        }
    }
    nothing_in(missing, looked_at, 3);
}

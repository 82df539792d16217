//! The architecture as a test: which layer may know what, and how the house is kept.
//!
//! Every rule fails as well when it matches nothing, so that none of them becomes empty without
//! anyone noticing.

#[path = "architecture/allowed_dependencies.rs"]
mod allowed_dependencies;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use allowed_dependencies::{ALLOWED, LAYERS, PACKAGES, TOOLS};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// What the top level of the repository holds, and why.
const TOP_LEVEL: &[(&str, &str)] = &[
    ("Cargo.toml", "the workspace"),
    ("Cargo.lock", "the versions that were tested together"),
    ("domain", "a layer"),
    ("application", "a layer"),
    ("infrastructure", "a layer"),
    ("bootstrap", "a layer"),
    ("tests", "contract suites, integration tests and benchmarks"),
    ("README.md", "what it is and how to start"),
    ("ARCHITECTURE.md", "the invariants"),
    ("CHANGELOG.md", "what changed"),
    ("CONTRIBUTING.md", "how to change it"),
    ("LICENSE-MIT", "a licence"),
    ("LICENSE-APACHE", "a licence"),
    ("docs", "what is too long for the README"),
    ("rustfmt.toml", "read by cargo fmt from here only"),
    ("clippy.toml", "read by cargo clippy from here only"),
    ("deny.toml", "read by cargo deny from here only"),
    ("target", "what cargo builds; not in the repository"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

fn workspace() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .unwrap_or_else(|error| panic!("cargo metadata: {error}"))
}

/// The name of a package in this house: `indelible-domain` is `domain`.
fn short(package: &str) -> &str {
    PACKAGES.iter().find(|(name, _)| *name == package).map_or(package, |(_, short)| short)
}

/// Direct dependencies that end up in the product, by their names in the registry.
fn shipped(package: &Package) -> BTreeSet<&str> {
    let kinds = [DependencyKind::Normal, DependencyKind::Build];
    let direct = package.dependencies.iter().filter(|dependency| kinds.contains(&dependency.kind));
    direct.map(|dependency| short(&dependency.name)).collect()
}

#[test]
fn every_direct_dependency_is_allowed_for_a_reason_and_every_allowance_is_used() {
    let metadata = workspace();
    let mut unused: BTreeSet<(&str, &str)> =
        ALLOWED.iter().map(|(layer, dependency, _)| (*layer, *dependency)).collect();
    assert_eq!(unused.len(), ALLOWED.len(), "an allowance is listed twice");
    let mut surprises = Vec::new();
    for package in metadata.workspace_packages() {
        let layer = short(package.name.as_str());
        for dependency in shipped(package) {
            if !unused.remove(&(layer, dependency)) {
                surprises.push((layer.to_owned(), dependency.to_owned()));
            }
        }
    }
    assert!(
        surprises.is_empty() && unused.is_empty(),
        "not on the list: {surprises:?}. Does the layer have to know it? Then add a line with the \
         reason to tests/tests/architecture/allowed_dependencies.rs; otherwise use it further out.\n\
         allowed but not used: {unused:?}. Remove these lines from the same file."
    );
    let unreasoned: Vec<_> = ALLOWED.iter().filter(|(_, _, why)| why.trim().len() < 8).collect();
    assert!(unreasoned.is_empty(), "say why: {unreasoned:?}");
}

#[test]
fn dependencies_between_layers_point_inward_only() {
    let metadata = workspace();
    let rank = |name: &str| LAYERS.iter().position(|layer| *layer == name);
    let mut arrows = 0;
    for package in metadata.workspace_packages() {
        let layer = short(package.name.as_str());
        let is_tool = TOOLS.iter().any(|(tool, _)| *tool == layer);
        let from = rank(layer).unwrap_or_else(|| {
            assert!(is_tool, "`{layer}` is neither a layer nor a tool: name its rank or its user");
            0
        });
        // Also for tests: a layer whose tests need an outer one is not tested by itself.
        for dependency in &package.dependencies {
            let known = short(&dependency.name);
            if let Some((tool, user)) = TOOLS.iter().find(|(tool, _)| *tool == known) {
                assert_eq!(layer, *user, "`{tool}` is there for `{user}` alone");
            }
            if let Some(to) = rank(known) {
                assert!(to < from, "`{layer}` must not know `{}`", LAYERS[to]);
                arrows += 1;
            }
        }
    }
    assert!(arrows >= LAYERS.len() - 1, "the layers do not know each other at all");
}

#[test]
fn unsafe_code_is_forbidden_everywhere_but_in_the_disk_that_fails() {
    let metadata = workspace();
    let allowed: Vec<&str> = metadata
        .workspace_packages()
        .into_iter()
        .filter(|package| {
            let manifest = fs::read_to_string(&package.manifest_path).unwrap_or_default();
            !manifest.contains("[lints]\nworkspace = true")
        })
        .map(|package| short(package.name.as_str()))
        .collect();
    assert_eq!(allowed, ["fault-vfs"], "give the others `[lints]` with `workspace = true`");
    let root = fs::read_to_string(root().join("Cargo.toml")).unwrap_or_default();
    assert!(root.contains("unsafe_code = \"forbid\""), "the workspace no longer forbids it");
}

#[test]
fn the_domain_has_no_runtime_and_no_database_not_even_indirectly() {
    // For this machine alone, since the others' packages need not have been fetched.
    let rustc = Command::new("rustc").arg("-vV").output().unwrap();
    let version = String::from_utf8(rustc.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(["--filter-platform".to_owned(), host.to_owned()])
        .exec()
        .unwrap_or_else(|error| panic!("cargo metadata: {error}"));
    let resolve = metadata.resolve.as_ref().unwrap();
    let mut seen = BTreeSet::new();
    let domain = metadata.packages.iter().find(|package| short(package.name.as_str()) == "domain");
    let mut todo = vec![&domain.unwrap().id];
    while let Some(id) = todo.pop() {
        if seen.insert(id) {
            let node = resolve.nodes.iter().find(|node| node.id == *id).unwrap();
            todo.extend(node.deps.iter().filter_map(|dependency| {
                let kinds = &dependency.dep_kinds;
                kinds.iter().any(|k| k.kind == DependencyKind::Normal).then_some(&dependency.pkg)
            }));
        }
    }
    let names: BTreeSet<&str> = metadata
        .packages
        .iter()
        .filter(|package| seen.contains(&package.id))
        .map(|package| package.name.as_str())
        .collect();
    assert!(names.contains("serde_json") && names.contains("chrono"), "{names:?}");
    for outside in ["tokio", "sea-orm", "sqlx", "libsqlite3-sys", "clap", "tracing", "rand"] {
        assert!(!names.contains(outside), "the domain reaches `{outside}`");
    }
}

/// Every Rust file of the house but the compile-fail cases, which are read by the compiler alone.
fn rust_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = LAYERS.iter().map(|layer| root().join(layer)).collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.unwrap_or_else(|error| panic!("{error}")).path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() {
                if !["target", "compile_fail", "compile_pass"].contains(&name) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 50, "only {} Rust files: is this the repository?", files.len());
    files
}

/// The Rust files that break a rule, each with what is wrong with it.
fn offenders(rule: impl Fn(&Path, &str) -> Option<String>) -> Vec<String> {
    let judge = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap_or_default();
        rule(&path, &text).map(|what| format!("{}: {what}", path.display()))
    };
    rust_files().into_iter().filter_map(judge).collect()
}

/// Whether a file holds tests, by its place.
fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "benches")
        || path.file_stem().is_some_and(|stem| stem == "tests")
}

#[test]
fn every_file_opens_by_saying_what_it_is() {
    let silent = offenders(|_, text| {
        (!text.starts_with("//! ")).then(|| "begin it with `//! ` and what it is".to_owned())
    });
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn no_file_is_longer_than_a_reader_likes() {
    let long = offenders(|path, text| {
        let (lines, most) = (text.lines().count(), if is_test(path) { 600 } else { 400 });
        (lines > most)
            .then(|| format!("{lines} lines, at most {most}: which second idea moved in?"))
    });
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not find itself.
    let marks =
        ["TO-DO", "FIX-ME", "to-do!(", "unimple-mented!("].map(|mark| mark.replace('-', ""));
    let unfinished = offenders(|_, text| {
        let found = marks.iter().find(|mark| text.contains(mark.as_str()));
        found.map(|mark| format!("`{mark}`: finish it, or leave it out"))
    });
    assert!(unfinished.is_empty(), "{}", unfinished.join("\n"));
}

#[test]
fn the_top_level_holds_what_was_agreed_and_nothing_else() {
    for entry in fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(
            name.starts_with('.') || TOP_LEVEL.iter().any(|(agreed, _)| *agreed == name),
            "`{name}` does not belong at the top level: put it into a layer or into docs"
        );
    }
    for layer in LAYERS {
        assert!(root().join(layer).join("Cargo.toml").is_file(), "`{layer}` is missing");
    }
}

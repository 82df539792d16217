//! Anchors of checkpoints, where several are set.
#![cfg(unix)]

use crate::support::{Sandbox, ndjson};

#[test]
fn what_is_signed_is_kept_with_every_anchor_that_is_set() {
    let sandbox = Sandbox::new();
    sandbox.feed(&["record"], ndjson(0..30).as_bytes()).success();
    let (file, handed) = (sandbox.path("anchor"), sandbox.path("handed"));
    let command = format!("cat > '{}'", handed.display());
    let both = |file: &str, command: &str| {
        ["--proof-anchor-file", file, "--proof-anchor-command", command].map(str::to_owned)
    };
    let run = |what: &str, anchors: [String; 4], events: std::ops::Range<usize>| {
        let anchors = anchors.iter().map(String::as_str);
        let args: Vec<&str> = [what].into_iter().chain(anchors).collect();
        sandbox.feed(&args, ndjson(events).as_bytes())
    };
    let newest = || sandbox.run(&["checkpoint", "--newest"]).success().out;
    let kept = |file: &std::path::Path| std::fs::read_to_string(file).unwrap_or_default();
    let anchors = both(file.to_str().unwrap(), &command);
    run("record", anchors.clone(), 30..33).success();
    assert_eq!((kept(&file), kept(&handed)), (newest(), newest()));
    let doctor = run("doctor", anchors, 0..0).success();
    doctor.prints(&[&format!("anchor {}", file.display()), "anchor cat > "]);

    // One that cannot be reached keeps no other from it, and is told of.
    let recorded = run("record", both("missing/anchor", &command), 33..34).success();
    assert!(recorded.err.contains("missing/anchor"), "{}", recorded.err);
    assert_eq!(kept(&handed), newest());
    let recorded = run("record", both(file.to_str().unwrap(), "exit 3"), 34..35).success();
    assert!(recorded.err.contains("exit 3"), "{}", recorded.err);
    assert!(kept(&file).ends_with(&newest()));
}

//! `explain`: what caused what, in every format, also where what was said of causes is odd.

use serde_json::{Value, json};

use crate::support::sequences;
use crate::work::{completed, errored, event, invoked, record_of, sample, with_open_calls};

#[test]
fn an_event_is_explained_by_the_whole_of_its_run() {
    let sandbox = sample();
    let tree = sandbox.run(&["explain", "28", "--format", "tree"]).success();
    assert!(!tree.out.contains('\u{1b}'), "no colours where nobody looks: {}", tree.out);
    assert_eq!(tree.out.lines().count(), 61, "its title and every event");
    tree.prints(&[
        "run run-invoice-rounding-1\n1 auth.failed  ",
        "\n↳ 3 session.created  +35ms  completed by 60 in 5m 47s 366ms  ",
        "\n│  ├─ 5 invariant.reconciled  ",
        "28 tool.invoked  ← asked for  +110ms  failed by 29 in 1m 20ms  ",
        "↳ 30 tool.retried  +1s  completed by 31 in 7s 330ms  ",
        "\n└─ 60 session.closed  ",
    ]);
    let by_run = sandbox.run(&["explain", "run-invoice-rounding-1"]).success();
    let document: Value = serde_json::from_str(&by_run.out).unwrap();
    assert_eq!(document["events"].as_array().unwrap().len(), 60);
    assert_eq!((&document["asked"], &document["omitted"]), (&Value::Null, &json!(0)));
    let call = &document["events"][27];
    assert_eq!((&call["cause"], &call["cause_state"]), (&json!(27), &json!("known")));
    assert_eq!(call["after_ms"], 110);
    let failed =
        json!({ "state": "failed", "by": 29, "duration_ms": 60020, "duration_reported": false });
    assert_eq!(call["outcome"], failed);
}

#[test]
fn a_long_run_is_cut_where_it_is_said_and_the_event_asked_for_stays() {
    let sandbox = sample();
    let cut = sandbox.run(&["explain", "28", "--limit", "3"]).success();
    let document: Value = serde_json::from_str(&cut.out).unwrap();
    assert_eq!(sequences(document["events"].as_array().unwrap()), [1, 2, 3, 28]);
    assert_eq!((&document["omitted"], &document["asked"]), (&json!(56), &json!(28)));
    let call = &document["events"][3];
    assert_eq!((&call["cause"], &call["cause_state"]), (&json!(27), &json!("elsewhere")));
    assert_eq!(call["outcome"]["by"], 29, "its end is found beyond the cut");
    cut.explains(&["left out: 56 events of this run; --limit 0 shows all"]);
    sandbox
        .run(&["explain", "28", "-n", "3", "--format", "tree"])
        .success()
        .prints(&["? cause 01KWXTAJDP9MH9S64SPCGFZ5ZX is event 27, which is not shown\n28 "]);
}

#[test]
fn an_event_of_no_run_is_explained_by_its_causes_and_by_effects_within_reach() {
    let caused = |id: &str, cause: &str| invoked(id, id, json!({ "causationid": cause }));
    let sandbox = record_of(&[
        caused("a", "pruned"),
        caused("b", "a"),
        caused("other", "elsewhere"),
        caused("c", "b"),
        caused("d", "c"),
        caused("side", "a"),
    ]);
    let explained = sandbox.run(&["explain", "b"]).success();
    let document: Value = serde_json::from_str(&explained.out).unwrap();
    assert_eq!(sequences(document["events"].as_array().unwrap()), [1, 2, 4, 5]);
    assert_eq!(document["sought_through"], Value::Null);
    let near = sandbox.run(&["explain", "b", "--scan", "2", "--format", "tree"]).success();
    near.prints(&[
        "? cause pruned is not on record (pruned or never recorded)\n1 tool.invoked  not ended",
        "\n↳ 2 tool.invoked  ← asked for  +0s  not ended",
        "\n↳ 4 tool.invoked  ",
    ])
    .explains(&["sought in the 2 entries up to 4, and the record goes on; --scan 0"]);
    let all = sandbox.run(&["explain", "b", "--scan", "0"]).success();
    assert_eq!(all.err, "");
}

#[test]
fn causes_in_a_circle_are_said_and_end() {
    let caused = |id: &str, cause: &str| {
        invoked(id, id, json!({ "causationid": cause, "correlationid": "r" }))
    };
    let sandbox = record_of(&[caused("a", "c"), caused("b", "a"), caused("c", "b")]);
    sandbox.run(&["explain", "r", "--format", "tree"]).success().prints(&[
        "? cause c follows from this event in turn: the causes go in a circle\n1 tool.invoked",
        "\n↳ 2 ",
        "\n↳ 3 ",
    ]);
    let document = sandbox.run(&["explain", "r"]).success().out;
    let document: Value = serde_json::from_str(&document).unwrap();
    let first = &document["events"][0];
    assert_eq!((&first["cause"], &first["cause_state"]), (&json!(3), &json!("circle")));
    for format in ["mermaid", "dot"] {
        sandbox.run(&["explain", "r", "--format", format]).success().prints(&["go in a circle"]);
    }
}

#[test]
fn a_text_that_names_two_things_is_resolved_and_that_is_said() {
    let run = |run: &str| json!({ "correlationid": run });
    let sandbox = record_of(&[
        invoked("x", "1", run("r")),
        invoked("b", "2", run("x")),
        invoked("c", "3", json!({ "source": "/other", "correlationid": "s" })),
        invoked("c", "4", run("t")),
        invoked("1", "5", run("u")),
        event("root", "plan.created", json!({ "name": "n", "goal": "g" }), json!({})),
        invoked("answer", "6", json!({ "correlationid": "root", "causationid": "root" })),
    ]);
    let asked = |args: &[&str]| {
        let finished = sandbox.run(&[&["explain"], args].concat()).success();
        let document: Value = serde_json::from_str(&finished.out).unwrap();
        (sequences(document["events"].as_array().unwrap()), finished)
    };
    let (events, said) = asked(&["x"]);
    assert_eq!(events, [1]);
    said.explains(&["`x` names a run of work as well; this is event 1, --correlation shows"]);
    assert_eq!(asked(&["x", "--correlation"]).0, [2]);
    let (events, said) = asked(&["x", "--event"]);
    assert_eq!((events, &*said.err), (vec![1], ""));
    let (events, said) = asked(&["c"]);
    assert_eq!(events, [3]);
    said.explains(&["several sources used the id `c`; this is event 3", "its sequence: 4"]);
    let (events, said) = asked(&["1"]);
    assert_eq!(events, [1]);
    said.explains(&["`1` is the id of event 5 as well; this is the event in place 1"]);
    // An event that its run is named after is no second meaning.
    for name in ["root", "6", "7", "answer"] {
        let (events, said) = asked(&[name]);
        assert_eq!((events, &*said.err), (vec![6, 7], ""), "{name}");
    }
}

#[test]
fn a_cause_in_another_run_is_named_with_its_run() {
    let sandbox = record_of(&[
        invoked("a", "1", json!({ "correlationid": "r" })),
        invoked("b", "2", json!({ "correlationid": "s", "causationid": "a" })),
    ]);
    let tree = sandbox.run(&["explain", "s", "--format", "tree"]).success();
    tree.prints(&["? cause a is event 1 of run r, which is not shown\n2 "]);
}

#[test]
fn what_names_nothing_is_said_with_what_there_is() {
    let sandbox = with_open_calls();
    let nope = |args: &[&str]| sandbox.run(&[&["explain"], args].concat());
    nope(&["nope"]).with_code(1).explains(&["no run of work, `nope`", "it holds sequences 1 to 4"]);
    nope(&["p", "--event"]).with_code(1).explains(&["no event with the sequence number or id `p`"]);
    nope(&["a", "--correlation"]).with_code(1).explains(&["no run of work `a` is on record"]);
    nope(&["a", "--event", "--correlation"]).with_code(2).explains(&["cannot be used with"]);
    nope(&["a", "--format", "svg"]).with_code(2).explains(&["mermaid", "dot"]);
    nope(&["a", "--limit", "-1"]).with_code(2);
    nope(&[]).with_code(2).explains(&["SEQ|EVENT_ID|CORRELATION"]);
    record_of(&[]).run(&["explain", "a"]).with_code(1).explains(&["it is empty"]);
}

#[test]
fn graphs_hold_every_event_and_foreign_text_does_not_break_out_of_its_label() {
    let hostile = "\"]; x --> y\n`<b>\\";
    let sandbox = record_of(&[
        invoked("a", hostile, json!({ "correlationid": "r", "causationid": hostile })),
        errored("b", hostile, json!({ "correlationid": "r", "causationid": "a" })),
        invoked("c", "open", json!({ "correlationid": "r", "causationid": "a" })),
        completed("d", "other", json!({ "correlationid": "r", "causationid": "c" })),
        invoked("e", "done", json!({ "correlationid": "r" })),
        completed("f", "done", json!({ "correlationid": "r" })),
    ]);
    let mermaid = sandbox.run(&["explain", "r", "--format", "mermaid"]).success().out;
    let edges = ["  g1([", "  e1 --> e2\n", "  e1 --> e3\n", "  e3 --> e4\n"];
    for (part, kind) in edges.iter().zip(["gap", "", "", ""]) {
        assert!(mermaid.contains(part) && mermaid.contains(kind), "{part}: {mermaid}");
    }
    for class in [":::failed\n", ":::open\n", ":::completed\n", ":::event\n", ":::gap -.-> e1\n"] {
        assert!(mermaid.contains(class), "{class}: {mermaid}");
    }
    for line in mermaid.lines().filter(|line| line.contains("[\"")) {
        let label = line.split_once("[\"").unwrap().1.rsplit_once("\"]").unwrap().0;
        let label = label.replace("<br/>", "");
        assert!(!label.contains(['"', '[', ']', '<', '>', '`', '\\']), "{line}");
    }
    let dot = sandbox.run(&["explain", "r", "--format", "dot"]).success().out;
    assert!(dot.starts_with("digraph run {\n") && dot.ends_with("}\n"), "{dot}");
    for part in ["  e1 -> e2;\n", "  g1 -> e1 [style=dashed];\n", "#cc2222", "#cc9900", "#22aa22"] {
        assert!(dot.contains(part), "{part}: {dot}");
    }
    for line in dot.lines().filter(|line| line.contains("label=")) {
        // Within a label, what is escaped is two letters, and no quote stands alone.
        let label = line.split_once("label=\"").unwrap().1.replace("\\\\", "").replace("\\\"", "");
        let after = label.split_once('"').unwrap().1;
        assert!(after.starts_with([']', ',']) && !label.contains('\n'), "{line}");
    }
}

#[test]
fn a_deep_run_says_how_deep_it_is_and_stays_narrow() {
    // Every event has two effects, of which one goes on.
    let mut events = Vec::new();
    for depth in 0..60 {
        let cause = format!("n{}", depth - 1);
        let more = json!({ "correlationid": "r", "causationid": cause });
        events.push(invoked(&format!("leaf{depth}"), "k", more.clone()));
        events.push(invoked(&format!("n{depth}"), "k", more));
    }
    let sandbox = record_of(&events);
    let tree = sandbox.run(&["explain", "r", "--format", "tree"]).success();
    assert_eq!(tree.out.lines().filter(|line| line.contains("tool.invoked")).count(), 120);
    let lead = |line: &str| line.split("tool.invoked").next().unwrap().chars().count();
    assert!(tree.out.lines().map(lead).max().unwrap() < 100, "{}", tree.out);
    tree.prints(&["\n…34 "]);
}

//! What `verify`, `prove` and `key` say beside the verdict: to programs, about the file, of what was given in
//! the wrong order, and to whoever has to be given more.

use serde_json::Value;

use crate::support::{Finished, json, ndjson, recorded};
use crate::tampering::{change, damage, root_of};

#[test]
fn a_file_that_is_damaged_where_no_entry_lies_is_intact_and_says_so() {
    let sandbox = recorded();
    assert_eq!(json(&sandbox.run(&["verify"]).success())["damage"], Value::Array(Vec::new()));
    let page = root_of(&sandbox, "audit_log_type");
    damage(&sandbox, page..page + 1);
    let verified = json(&sandbox.run(&["verify"]).success());
    assert_eq!((&verified["verdict"], &verified["entries"]), (&"intact".into(), &30.into()));
    let said = verified["damage"][0].as_str().unwrap();
    assert!(said.contains(&page.to_string()), "{said}");
    sandbox.run(&["verify", "--format", "text"]).success().prints(&[
        "intact: ",
        "warning: the file is damaged",
        said,
        "put a backup in its place",
    ]);
    // Of several damages each is told.
    let other = root_of(&sandbox, "audit_log_session");
    damage(&sandbox, other..other + 1);
    let verified = json(&sandbox.run(&["verify"]).success());
    let damages = verified["damage"].as_array().unwrap();
    assert!(damages.len() > 1, "{damages:?}");
    let told = sandbox.run(&["verify", "--format", "text"]).success();
    told.prints(&damages.iter().filter_map(Value::as_str).collect::<Vec<_>>());

    let page = root_of(&sandbox, "audit_log");
    damage(&sandbox, page..page + 1);
    sandbox.run(&["verify"]).with_code(2).explains(&["was not verified"]);
}

#[test]
fn a_program_is_told_as_well_that_nothing_could_be_checked_and_why() {
    let sandbox = recorded();
    let none = sandbox.file("none", "no record at all, and long enough to be looked at");
    let none = none.to_str().unwrap();
    for (args, why) in [
        (&["verify", "missing.db"][..], "missing.db"),
        (&["verify", none], "none"),
        (&["verify", "--against", "missing"], "missing"),
        (&["verify", "--against", none], "line 1"),
        (&["verify", "--key", "missing"], "missing"),
    ] {
        let unchecked = sandbox.run(args).with_code(2);
        let told = json(&unchecked);
        assert_eq!(told["verdict"], "unknown", "{told}");
        assert!(told["unknown"].as_str().unwrap().contains(why), "{told}");
        assert!(
            unchecked.err.contains("error:"),
            "a person reads it where errors are: {unchecked:?}"
        );
        let text = sandbox.run(&[args, &["--format", "text"]].concat()).with_code(2);
        assert_eq!(text.out, "", "a person is told once");
    }
    let key = sandbox.run(&["key", "show"]).success().out;
    let unread = sandbox.run(&["verify-proof", "missing", "--key", key.trim()]).with_code(2);
    assert_eq!(
        (&json(&unread)["verdict"], &json(&unread)["kind"]),
        (&"unknown".into(), &"unread".into())
    );
    assert!(json(&unread)["message"].as_str().unwrap().contains("missing"));
}

#[test]
fn what_a_signer_remembers_beside_a_key_is_compared_like_an_anchor() {
    let sandbox = recorded();
    let key = sandbox.file("record.pub", sandbox.run(&["key", "show"]).success().out);
    let verify = ["verify", "--key", key.to_str().unwrap()];
    assert_eq!(json(&sandbox.run(&verify).success())["against"], 0);
    let copy = sandbox.path("copy.db");
    std::fs::copy(sandbox.database(), &copy).unwrap();
    sandbox.feed(&["record"], ndjson(30..40).as_bytes()).success();

    // One key may sign several records, and remembers the last of each.
    let other = recorded().run(&["checkpoint", "--newest"]).success().out;
    let own = std::fs::read_to_string(sandbox.path("audit.db.signing-key.signed")).unwrap();
    let beside = sandbox.file("record.pub.signed", format!("{other}{own}"));
    assert_eq!(json(&sandbox.run(&verify).success())["against"], 1);
    std::fs::copy(&copy, sandbox.database()).unwrap();
    let found = json(&sandbox.run(&verify).with_code(1));
    let found = &found["findings"][0];
    assert_eq!((&found["kind"], &found["sequence"]), (&"truncation".into(), &31.into()));

    std::fs::write(&beside, "something else").unwrap();
    sandbox.run(&verify).with_code(2).explains(&["record.pub.signed"]);
    std::fs::remove_file(&beside).unwrap();
    sandbox.run(&verify).success();
}

#[test]
fn growth_that_is_asked_for_backwards_is_refused_with_the_command_that_was_meant() {
    let sandbox = recorded();
    let old = sandbox.run(&["checkpoint", "--newest"]).success().out;
    sandbox.file("an old one", old);
    sandbox.feed(&["record"], ndjson(30..37).as_bytes()).success();
    sandbox
        .run(&["prove", "--consistency", "37", "an old one"])
        .with_code(2)
        .explains(&["older checkpoint first", "prove --consistency 'an old one' 37`"]);
    sandbox.run(&["prove", "--consistency", "an old one", "37"]).success();
}

#[cfg(unix)]
#[test]
fn a_command_that_is_suggested_names_the_record_once() {
    use std::os::unix::process::CommandExt as _;
    let sandbox = recorded();
    change(&sandbox, "DELETE FROM audit_checkpoint; DELETE FROM audit_signing_key");
    for args in
        [&["checkpoint", "--newest"][..], &["key", "show"], &["prove", "5"], &["log", "--prove"]]
    {
        let mut command = sandbox.command(&[args, &["--database", "audit.db"]].concat());
        let told = Finished::of(command.arg0("indelible").output().unwrap()).with_code(1);
        told.explains(&["run `indelible --database audit.db checkpoint`"]);
    }
}

#[test]
fn a_new_key_comes_with_advice_to_hand_on_both() {
    let sandbox = recorded();
    sandbox.run(&["key", "rotate"]).success().explains(&[
        "by the old public key",
        " key show`",
        " verify --key FILE`",
    ]);
    let both = sandbox.file("both", sandbox.run(&["key", "show"]).success().out);
    sandbox.run(&["verify", "--key", both.to_str().unwrap()]).success();
}

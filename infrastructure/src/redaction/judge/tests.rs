//! What is judged to be a secret, word by word.

use super::*;

/// An assignment of which nothing speaks for or against a secret but the word.
fn plain(name: &str) -> Context<'_> {
    Context {
        name,
        before: None,
        in_call: false,
        starts_line: false,
        ends_line: false,
        ended_by: None,
    }
}

fn judged(style: Style, context: &Context<'_>, secret: &[&str], none: &[&str]) {
    for (words, expected) in [(secret, true), (none, false)] {
        for word in words {
            let name = context.name;
            assert_eq!(is_secret(word, style, context), expected, "{style:?} {name} {word}");
        }
    }
}

#[test]
fn what_stands_in_for_a_secret_is_a_reference_and_half_of_it_is_none() {
    for text in [
        "", "  ", "$PASS", " $_x1 ", "${PASS}", "$(cat a)", "{pass}", "<pass>", "%(pass)s",
        "%PASS%", "%s", "Basic", "Bearer", "***", "...", "xxx", "XXX", "---", "???",
    ] {
        assert!(is_reference(text), "{text}");
        assert!(!is_literal(text), "{text}");
    }
    for text in [
        "$1abc", "$", "PASS$", "${PASS", "PASS}", "$(cat", "cat)", "{pass", "<pass", "pass>",
        "%(pass)", "(pass)s", "%PASS", "PASS%", "%d", "basic", "Digest", "**x", "..x", "xxX",
        "xx*", "--x", "??x",
    ] {
        assert!(!is_reference(text), "{text}");
        assert!(is_literal(text), "{text}");
    }
    assert!(!is_literal("None") && !is_literal("null"));
}

#[test]
fn a_folder_is_no_password_of_the_name_that_shells_give_it() {
    for (name, value, folder) in [
        ("PWD", "/home", true),
        ("OLDPWD", "~/x", true),
        ("pwd", "./x", true),
        ("PWD", "home", false),
        ("wd", "/home", false),
        ("password", "/home", false),
        ("\u{e9}\u{e9}", "/home", false),
    ] {
        assert_eq!(is_path_of(name, value), folder, "{name}={value}");
    }
}

#[test]
fn numbers_of_tokens_are_counts_and_no_secrets() {
    judged(
        Style::Colon,
        &plain("session_tokens"),
        &["a184320", "184320a", "1,84320"],
        &["184320", "184320,", "184320;", "184320)", "184320."],
    );
    judged(Style::Tight, &plain("session_token"), &["184320", "184320."], &[]);
}

#[test]
fn after_an_equals_sign_of_a_flag_everything_but_a_placeholder_is_a_secret() {
    judged(
        Style::Strong,
        &plain("--token"),
        &["abc", "self.token", "token", "-abc", "next(x", "flag", "ABCd"],
        &[
            "TOKEN",
            "MY_TOKEN",
            "MY-TOKEN",
            "TOKEN]",
            "[TOKEN",
            "${TOKEN:-x",
            "$(cat",
            "none",
            "none?",
        ],
    );
    judged(Style::Strong, &plain("--token"), &[], &["next()", "next(", "x[", "f(x),", "x[0]x,"]);
}

#[test]
fn what_follows_a_flag_is_a_secret_but_for_prose_other_flags_and_placeholders() {
    judged(
        Style::Flag,
        &plain("--token"),
        &["abc", "self.token", "a-b", "tokens", "next(x"],
        &[
            "-v",
            "--verbose",
            "TOKEN",
            "[TOKEN",
            "flag",
            "Flag",
            "or",
            "null",
            "next()",
            "tokens[0],",
        ],
    );
}

#[test]
fn a_variable_of_the_environment_holds_a_literal() {
    judged(
        Style::Tight,
        &plain("DB_PASSWORD"),
        &["abc", "a.b", "password", "DB_PASSWORD", "f(x", "_"],
        &["f(x)", "f(", "x[0][", "$HOME", "None"],
    );
}

#[test]
fn what_others_stand_beside_with_their_own_separators_is_a_secret() {
    for (before, ended_by) in [
        (Some(b';'), None),
        (Some(b'&'), None),
        (Some(b'?'), None),
        (None, Some(b';')),
        (None, Some(b'&')),
    ] {
        let context = Context { before, ended_by, ..plain("password") };
        judged(Style::Tight, &context, &["password", "a.b", "abc"], &["none", "f(x"]);
        let context = Context { in_call: true, ..context };
        judged(Style::Tight, &context, &["abc"], &[]);
    }
    let context = Context { before: Some(b','), ended_by: Some(b','), ..plain("password") };
    judged(Style::Tight, &context, &["abc"], &["password", "a.b"]);
}

#[test]
fn a_name_assigned_to_itself_or_to_a_member_is_code() {
    judged(
        Style::Tight,
        &plain("access_token"),
        &["abc", "tokens", "xtoken", "3", "a.1b", "a.b1.c2", "1.2", "a:b", ".a-"],
        &[
            "token",
            "token2",
            "Token,",
            "token)",
            "token;",
            "access_token",
            "self.token",
            "a::b",
            "a.b1.c",
            "A::B,",
            "a.b.",
            "_a._b",
        ],
    );
    judged(
        Style::Spaced,
        &plain("access_token"),
        &["abc123", "token12x", "abc_d1_e2"],
        &["token", "token2", "access_token1", "abc", "abc12", "tokens", "a.b123", "abc_d12"],
    );
}

#[test]
fn in_a_list_of_arguments_only_what_looks_random_is_a_secret() {
    let context = Context { in_call: true, ..plain("password") };
    judged(
        Style::Tight,
        &context,
        &["hunter2", "p4ss_w0rd", "hunter!x"],
        &[
            "hunter",
            "settings.key1",
            "my_key1",
            "(abc123",
            "[abc123",
            "{abc123",
            "*abc123",
            "&abc123",
            "!abc123",
            "|abc123",
            "hunt2",
        ],
    );
}

#[test]
fn what_no_language_has_for_a_word_looks_random() {
    for word in [
        "abcde1",
        "123456",
        "abcd!x",
        "a@bcde",
        "a#bcde",
        "a$bcde",
        "a%bcde",
        "a^bcde",
        "a~bcde",
        "a+bcde",
        "a=bcde",
        "a?bcde",
        "a*bcde",
        "Ab/cde",
        "ab/c!e",
        "abcdefghijklmnopqrsT",
    ] {
        assert!(looks_random(word), "{word}");
    }
    for word in [
        "",
        "abcd1",
        "12345",
        "abcdef",
        "abc!x",
        "path/to/file",
        "./a_b-c.d",
        "a/b/",
        "Abcdefghijklmnopqrstuvw",
        "abcdefghijklmnopqrS",
        "ABCDEFGHIJKLMNOPQRSTUV",
    ] {
        assert!(!looks_random(word), "{word}");
    }
}

#[test]
fn after_a_colon_a_type_is_none_where_one_may_stand() {
    let types = ["Sha256", "uint64", "Base64"];
    judged(Style::Colon, &plain("password"), &types, &["string", "Token", "u64"]);
    judged(Style::Colon, &Context { in_call: true, ..plain("password") }, &["abc1d2"], &types);
    for end in [b',', b')', b';', b'<'] {
        let context = Context { ended_by: Some(end), ..plain("password") };
        judged(Style::Colon, &context, &["abc1d2", "sha-256", "256sha"], &types);
    }
    let context = Context { ended_by: Some(b'x'), ..plain("password") };
    judged(Style::Colon, &context, &types, &["self.sha256", "my_sha256", "(abc123", "password"]);
}

#[test]
fn a_line_of_its_own_holds_a_secret_after_a_colon() {
    let line = Context { starts_line: true, ends_line: true, ..plain("password") };
    judged(
        Style::Colon,
        &line,
        &["correct", "abcd", "a-bc", "Abc1", "ab-1", "ABc1"],
        &[
            "abc", "ab1", "Correct", "ABC1", "a_bc", "a.bc1", "self.x1", "my_x1", "(ab1",
            "password", "12345",
        ],
    );
    judged(Style::Colon, &Context { starts_line: false, ..line }, &[], &["correct", "Abc1"]);
    let line = Context { starts_line: true, ends_line: true, ..plain("password") };
    judged(Style::Colon, &Context { ends_line: false, ..line }, &[], &["correct", "Abc1"]);
}

#[test]
fn a_call_an_index_and_a_block_are_code_and_a_mark_is_none() {
    for word in ["next()", "a.b(", "x[0", "vec![1", "m!(x", "a{", "x->y", "_f(", "$a.b(", "a::b("] {
        assert_eq!(is_call(word), !word.starts_with('$'), "{word}");
    }
    for word in ["next", "(x)", "[x]", "1f(", "$f(", "", "x-y", "x!y", "x-", "x![", "x!{"] {
        assert_eq!(is_call(word), word == "x![", "{word}");
    }
    assert!(!is_call("abc[redacted:x:01234567]") && is_call("abc[redacted:x"));
}

#[test]
fn digits_are_counted_by_their_runs() {
    for (word, runs) in [("", 0), ("a", 0), ("1", 1), ("12a", 1), ("a1b22", 2), ("1-2.3", 3)] {
        assert_eq!(digit_runs(word), runs, "{word}");
    }
}

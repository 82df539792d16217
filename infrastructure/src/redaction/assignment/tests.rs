//! What is read as the value of a name, and where it ends.

use super::*;

/// What is found to be assigned to the first `password`, `token`, `PASSWORD` or the like of a text.
fn found(text: &str) -> Option<&str> {
    let stems = ["password", "PASSWORD", "Password", "token", "Api-Key", "credentials", "pwd"];
    let stem = stems.iter().filter_map(|stem| Some((text.find(stem)?, stem.len())));
    let (start, length) = stem.min().unwrap();
    let name = name_around(text, start..start + length).unwrap();
    value_of(text, &name).map(|value| &text[value])
}

/// `«…»` marks what must be found; without it, nothing must be.
fn check(marked: &[&str]) {
    let mut wrong = Vec::new();
    for marked in marked {
        let plain = marked.replace(['«', '»'], "");
        let expected = marked.split_once('«').map(|(_, rest)| rest.split_once('»').unwrap().0);
        let found = found(&plain);
        if found != expected {
            wrong.push(format!("{marked}: {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_name_is_as_long_as_its_letters_and_too_long_is_none() {
    let around =
        |text: &str, part: Range<usize>| name_around(text, part).map(|at| text[at].to_owned());
    for (text, name) in [
        ("password", "password"),
        ("(my_password.x-1)", "my_password.x-1"),
        ("a password b", "password"),
        ("\u{e9}password\u{e9}", "password"),
        ("--my-password=", "--my-password"),
    ] {
        let at = text.find("password").unwrap();
        assert_eq!(around(text, at..at + 8).as_deref(), Some(name));
    }
    for (before, after, whole) in
        [(127, 0, true), (128, 0, false), (0, 127, true), (0, 128, false), (127, 127, true)]
    {
        let text = format!(" {}password{} ", "a".repeat(before), "b".repeat(after));
        let name = around(&text, before + 1..before + 9);
        assert_eq!(name.is_some(), whole, "{before} {after}");
        assert!(name.is_none_or(|name| name == text.trim()));
    }
}

#[test]
fn each_way_to_assign_is_read_to_its_end() {
    check(&[
        "password == '«z»'",
        "password==='«z»'",
        "password === '«z»'",
        "password != '«z»'",
        "password !== '«z»'",
        "password := '«z»'",
        "password => '«z»'",
        "password=>'«z»'",
        "password = '«z»'",
        "password='«z»'",
        "password: '«z»'",
        "password:\t'«z»'",
        "password>'x'",
        "password!'x'",
        "password ! 'x'",
        "password 'x'",
        "password",
        "password=",
        "password:",
        "\"password",
        "password::hunter22",
        "password:«hunter22»",
        "password => hunter",
    ]);
}

#[test]
fn space_around_the_sign_tells_a_variable_from_a_literal() {
    check(&[
        "x password=«hunter»",
        "x password =hunter",
        "x password= hunter",
        "x password = hunter",
        "x password =«hunter2»",
        "x password= «hunter2»",
        "x password=token_of.me",
    ]);
}

#[test]
fn a_flag_has_its_value_after_a_sign_or_a_space_and_nowhere_else() {
    check(&[
        "--token=«token»",
        "--token =«z»",
        "x token=token",
        "--token «abc»",
        "--token\t«abc»",
        "--token@abc123",
        "token @abc123",
        "--token: abc",
        "--token",
        "--token ",
    ]);
}

#[test]
fn a_name_in_quotes_and_brackets_holds_what_is_assigned_to_the_place() {
    check(&[
        "a['password'] = '«z»'",
        "a[\"password\"]='«z»'",
        "a[\\\"password\\\"] = '«z»'",
        "\"password\"=\"«z»\"",
        "`password`: `«z»`",
        "a[password] = 'x'",
        "\"password\"x='y'",
    ]);
}

#[test]
fn in_json_a_secret_may_be_a_group_or_a_number_and_stand_on_the_next_line() {
    check(&[
        "\"credentials\":\n\t «{\"a\": 1}», 2",
        "\"credentials\": «[1]», 2",
        "\"credentials\": {}, 2",
        "\"credentials\": [], 2",
        "\"credentials\": {",
        "\"credentials\": «{\"a\"»",
        "\"credentials\" = [1]",
        "credentials: {a: 1}",
        "credentials: 1234",
        "\"password\": «1234», 1",
        "\"password\": 123, 1",
        "\"password\": «123456789»",
        "\"password\"\n: 1234",
        "password:\n  'z'",
    ]);
}

#[test]
fn a_header_in_quotes_ends_where_they_close() {
    check(&[
        "-H \"Api-Key: «abc»\" x",
        "-H 'Api-Key: «abc»' x",
        "-H 'Api-Key: «a\"b»' x",
        "-H \\\"Api-Key: «abc»\\\" x",
        "-e 'password=«abc»' x",
        "-e 'password=«f()»' x",
        "-e 'password:abc' x",
        "-H \"Api-Key: a b\" x",
        "-H \"Api-Key: ${KEY}\" x",
        "-H \"Api-Key: none\" x",
        "-H \"Api-Key: abc",
        "-H (Api-Key: abc( x",
        "\"password\": abc\" x",
    ]);
}

#[test]
fn what_stands_in_an_element_is_its_secret_where_it_is_closed() {
    check(&[
        "<password>«a b»</password>",
        "<password></password>",
        "<password>${PASS}</password>",
        "<password>x<b>",
        "<password>x",
        "<password='«z»'>",
        "password>x</password>",
        "<password x</password>",
    ]);
}

#[test]
fn quotes_end_where_they_are_closed_and_not_where_they_are_escaped() {
    check(&[
        r"password = '«a\'b»'",
        r"password = '«a\\»' 'b'",
        r"password = '«a\\\'b»' 'c'",
        r"password = '«a\nb»' 'c'",
        r#"password = \"«a»\" b\""#,
        r#"password = \"«a\\\"b»\" c"#,
        r#"password = \"«a»" b"#,
        r#"password = \\\"«a»\"b\\\" c"#,
        "password = '«a\"b»' c'",
        "password = `«a»`",
        "password = '«a b»\nc'",
        "password = '«a b»",
        "password = '''«a'b\nc»''' d'''",
        "password = '''«a\nb»",
        "password = ''",
        "password = '' + 'a'",
        "password = '«$»'",
        "password = '$x'",
        "pwd = '/home'",
        "pwd = '«hunter»'",
        "password = '«/home»'",
    ]);
    for prefix in ["b", "B", "r", "R", "u", "U", "f", "F", "@", "rb", "Rb"] {
        check(&[&format!("password = {prefix}'«z»'")]);
    }
    check(&["password = rbf'x'", "password = x'y'"]);
}

#[test]
fn a_word_ends_where_the_command_or_the_parameter_does() {
    for end in [" ", "\t", "\n", "\"", "'", "`", ";", "&", "|", "<", ">"] {
        check(&[&format!("PASSWORD=«abc»{end}d")]);
    }
    check(&[
        r"PASSWORD=«abc»\nd",
        r"PASSWORD=«abc»\rd",
        r"PASSWORD=«abc»\td",
        "PASSWORD=«abc»\\\"d",
        r"PASSWORD=«abc»\'d",
        r"PASSWORD=«abc»\\d",
        r"PASSWORD=«abc\xd»",
        r"PASSWORD=«abc\»",
        "PASSWORD=«abc»,user=me",
        "PASSWORD=«abc», user-name:me",
        "PASSWORD=«abc,user»",
        "PASSWORD=«abc,=user»",
        "PASSWORD=«abc,us» er=me",
        "PASSWORD=«abc»,)}]: d",
        "PASSWORD=«1a(b)» d",
        "PASSWORD=«1a[b]» d",
        "PASSWORD=«1a{b}» d",
        "PASSWORD=«\u{e9}\u{20ac}x» d",
        "PASSWORD=«a[redacted:x:01234567]b» c",
        "PASSWORD=[redacted:x:01234567]",
        "PASSWORD=)",
        "PASSWORD=,",
    ]);
}

#[test]
fn code_that_is_too_long_to_be_code_is_a_secret() {
    for (length, secret) in [(1023, false), (1024, false), (1025, true), (2000, true)] {
        let text = format!("token = {}", "a".repeat(length));
        assert_eq!(found(&text).map(str::len), secret.then_some(length));
    }
}

#[test]
fn a_value_follows_its_type_on_the_same_line_and_not_far_away() {
    let far = |length: usize| format!("password: {} = '«hunter»'", "A".repeat(length));
    check(&[
        "password: str = '«hunter»'",
        "password: str='«hunter»'",
        "password: Option<String> = '«hunter»'",
        "password: str == 'hunter'",
        "password: str => 'hunter'",
        "password: str\nx = 'hunter'",
        "password: str; x = 'hunter'",
        "password: str {x = 'hunter'",
        "password: str \"x = 'hunter'",
        "password: str =",
        "password: str",
        "password = str = 'hunter'",
        "password: str = hunter",
        &far(120),
        &far(140).replace(['«', '»'], ""),
    ]);
}

#[test]
fn what_stands_around_the_name_tells_code_from_configuration() {
    check(&[
        "f(password=hunter)",
        "f(a,\n\t password=hunter)",
        "f(*password=hunter)",
        "f(x password=«hunter»)",
        "password=«hunter»",
        "password: «hunter»",
        "a\n - password: «hunter»\nb",
        "a\n\t password: «hunter»  # b",
        "a password: hunter",
        "password: hunter b",
        "password: «hunter»\r\n",
        r"password: «hunter»\nb",
        r"password: «hunter» \rb",
        r"password: hunter \tb",
        "password: hunter, x",
        "(password: sha256x",
        "x=1;password=«password»",
        "x=1&password=«password»&y",
        "password=«password»;y",
        "x password=password",
    ]);
}

#[test]
fn a_group_ends_where_it_is_closed_outside_of_strings() {
    for (text, end) in [
        ("{} x", 2),
        ("[[1], {\"a\": []}] x", 16),
        ("{\"a\": \"}\"} x", 10),
        ("{\"a\": \"{[\"} x", 11),
        ("{\"a\": \"\\\"}\"} x", 12),
        ("{\"a\": \"\\\\\"} x", 11),
        ("{\"a\": \"\\\\\\\"}\"} x", 14),
        ("{\\\"a\\\": \\\"}\\\"} x", 14),
        ("{\\\"a\\\": [\\\"]\\\"]} x", 16),
        ("[redacted:x:01234567] x", 21),
        ("[redacted:x] x", 12),
        ("{\"a\": 1", 7),
        ("[\"a]", 4),
    ] {
        assert_eq!(group_end(text, 0), end, "{text}");
        assert_eq!(group_end(&format!("\"{text}"), 1), end + 1, "{text}");
    }
}

//! Secrets known by the name they stand under.

use super::super::names::{JOINTS, SECRET_ENDINGS, SecretNames};
use super::*;

fn kind(name: &str) -> Option<&'static str> {
    SecretNames::new(&[], &[]).unwrap().kind_of(name)
}

#[test]
fn names_of_secrets_are_seen_however_they_are_written() {
    for (name, expected) in [
        ("password", "password"),
        ("Password", "password"),
        ("DB_PASSWORD", "password"),
        ("PGPASSWORD", "password"),
        ("userPassword", "password"),
        ("user.password", "password"),
        ("password2", "password"),
        ("password_2", "password"),
        ("new_password_confirmation", "password"),
        ("password-hash", "password"),
        ("passwd", "password"),
        ("passphrase", "password"),
        ("pwd", "password"),
        ("passWord", "password"),
        ("db_pass", "password"),
        ("token", "token"),
        ("accessToken", "token"),
        ("HTTPAuthToken", "token"),
        ("HTTPToken", "token"),
        ("myJWT", "token"),
        ("env[password]", "password"),
        ("session_token", "token"),
        ("access_tokens", "token"),
        ("csrf-token", "token"),
        ("bearer", "token"),
        ("secret", "secret"),
        ("client_secret", "secret"),
        ("clientSecret", "secret"),
        ("webhook.secret", "secret"),
        ("api_key", "api-key"),
        ("apikey", "api-key"),
        ("api-key", "api-key"),
        ("apiKey", "api-key"),
        ("APIKey", "api-key"),
        ("X-Api-Key", "api-key"),
        ("OPENAI_API_KEY", "api-key"),
        ("access_key", "access-key"),
        ("aws_secret_access_key", "access-key"),
        ("secretKey", "access-key"),
        ("private_key", "private-key"),
        ("privateKey", "private-key"),
        ("authorization", "authorization"),
        ("Proxy-Authorization", "authorization"),
        ("cookie", "cookie"),
        ("Set-Cookie", "cookie"),
        ("credential", "credential"),
        ("credentials", "credential"),
        ("connection_string", "connection-string"),
        ("ConnectionString", "connection-string"),
        ("a_b_c_d_e_f_g_h_i_j_k_l_m_n_password", "password"),
        ("geh\u{e9}im-password", "password"),
    ] {
        assert_eq!(kind(name), Some(expected), "{name}");
    }
}

#[test]
fn names_that_only_look_like_it_are_not() {
    for name in [
        "",
        "_",
        "1",
        "tokens",
        "tokens_in",
        "tokensOut",
        "max_tokens",
        "token_count",
        "token_type",
        "tokenizer",
        "secretary",
        "secret_name",
        "cookie_policy",
        "password_changed_at",
        "password_policy",
        "passwordless",
        "passed",
        "pass",
        "key",
        "public_key",
        "primary_key",
        "access_key_id",
        "api",
        "api_version",
        "authorized",
        "author",
        "next_token",
        "nextPageToken",
        "cost_per_token",
        "first_token_ms",
        "time_to_first_token",
        "monkey",
        "credentials_path",
        "session_id",
        "connection",
        "string",
        "bearer_format",
        "g\u{e9}heim",
    ] {
        assert_eq!(kind(name), None, "{name}");
    }
}

#[test]
fn every_secret_name_is_looked_for_in_texts_too() {
    for name in [
        "password",
        "db_pass",
        "accessToken",
        "conn_str",
        "encryption-key",
        "otp",
        "jwt",
        "user.pass",
        "ssh_key",
        "X-Api-Key",
        "api.key",
        "Set-Cookie",
        "passWord",
        "credentials",
        "signingKey",
        "CONNECTION_STRING",
        "bearer",
        "authorization",
        "client_secret",
    ] {
        assert!(kind(name).is_some() || name == "user.pass", "{name}");
        let said = text(&format!("{name} = \"hunter\""));
        assert!(said.contains("[redacted:"), "{said}");
    }
}

#[test]
fn every_ending_of_a_secret_name_is_looked_for_in_texts_however_it_is_written() {
    for (ending, _) in SECRET_ENDINGS {
        let mut capital = String::new();
        for word in *ending {
            capital.push_str(&word[..1].to_uppercase());
            capital.push_str(&word[1..]);
        }
        let joined = JOINTS.iter().map(|joint| (ending.join(joint), *joint));
        for (name, joint) in joined.chain([(capital, "")]) {
            // In prose, `session tokens` are counted.
            if joint == " " && ending.last() == Some(&"tokens") {
                continue;
            }
            for name in [name.clone(), name.to_uppercase(), format!("my_{name}")] {
                let said = text(&format!("{name}=hunter2hunter2"));
                assert!(said.starts_with(&format!("{name}=[redacted:")), "{said}");
            }
        }
    }
}

#[test]
fn the_short_words_for_a_password_are_whole_names() {
    assert_eq!(
        redacted(json!({"pass": "hunter", "PW": "hunter", "tests_pass": "all", "Pass": 12})),
        json!({
            "pass": "[redacted:password]", "PW": "[redacted:password]", "tests_pass": "all",
            "Pass": 12
        })
    );
    let settings =
        RedactionSettings { allowed_keys: vec!["pass".to_owned()], ..RedactionSettings::default() };
    let redactor = SecretRedactor::new(&settings, RedactionKey::from_bytes(KEY)).unwrap();
    let (value, count) = redacted_by(&redactor, json!({"pass": "first"}));
    assert_eq!((value, count), (json!({"pass": "first"}), 0));
}

#[test]
fn a_password_within_an_argument_goes() {
    for (list, expected) in [
        (
            json!(["tool", "--password", "-hunter22"]),
            json!(["tool", "--password", "[redacted:password]"]),
        ),
        (json!(["tool", "--token", "--dry-run2"]), json!(["tool", "--token", "--dry-run2"])),
        (json!(["curl", "-uann:hunter22"]), json!(["curl", "-uann:[redacted:password]"])),
        (json!(["curl", "--user=ann:hunter22"]), json!(["curl", "--user=ann:[redacted:password]"])),
        (json!(["curl", "-uann"]), json!(["curl", "-uann"])),
        (json!(["/bin/mysql", "-phunter22"]), json!(["/bin/mysql", "-p[redacted:password]"])),
        (json!(["mysqldump", "-p", "app"]), json!(["mysqldump", "-p", "app"])),
        (
            json!(["sshpass", "-p", "hunter", "ssh", "-p", "22"]),
            json!(["sshpass", "-p", "[redacted:password]", "ssh", "-p", "22"]),
        ),
        (
            json!(["sshpass", "-phunter", "ssh", "-p22"]),
            json!(["sshpass", "-p[redacted:password]", "ssh", "-p22"]),
        ),
        (json!(["find", "-print"]), json!(["find", "-print"])),
        (json!(["curl", "http://a.b:8080/x", "-v"]), json!(["curl", "http://a.b:8080/x", "-v"])),
        (json!(["docker", "-p", "8080:80"]), json!(["docker", "-p", "8080:80"])),
        (json!(["sshpass", "-e", "ssh", "-p", "22"]), json!(["sshpass", "-e", "ssh", "-p", "22"])),
    ] {
        assert_eq!(redacted(list), expected);
    }
}

#[test]
fn an_argument_or_a_value_with_a_mark_is_judged_as_it_was_without() {
    let token = format!("ghp_{}", "a1".repeat(18));
    for (list, expected) in [
        (json!(["curl", "-u", token]), json!(["curl", "-u", "[redacted:github-token]"])),
        (
            json!(["curl", "-u", format!("{token}:hunter")]),
            json!(["curl", "-u", "[redacted:github-token]:[redacted:password]"]),
        ),
        (json!(["token", "password:'hunter'"]), json!(["token", "password:'[redacted:password]'"])),
        (
            json!(["tool", "--token", "-password:'hunter'"]),
            json!(["tool", "--token", "-password:'[redacted:password]'"]),
        ),
    ] {
        // That nothing changes the second time is asserted for every value here.
        assert_eq!(redacted(list), expected);
    }
}

#[test]
fn each_secret_of_a_login_is_counted() {
    let login = |user: &str| json!(["curl", "-u", format!("{user}:hunter22")]);
    assert_eq!(redacted_by(&redactor(), login("ann")).1, 1);
    assert_eq!(redacted_by(&redactor(), login(&format!("ghp_{}", "a1".repeat(18)))).1, 2);
}

#[test]
fn pairs_of_a_name_and_a_value_lose_the_value() {
    for (list, expected) in [
        (json!([["DB_PASSWORD", "hunter22"]]), json!([["DB_PASSWORD", "[redacted:password]"]])),
        (json!(["DB_PASSWORD", "hunter"]), json!(["DB_PASSWORD", "[redacted:password]"])),
        (json!(["password", "hunter22"]), json!(["password", "[redacted:password]"])),
        (json!(["DB_PASSWORD", "API_TOKEN"]), json!(["DB_PASSWORD", "API_TOKEN"])),
        (json!(["DB_PASSWORD", "$DB_PASSWORD2"]), json!(["DB_PASSWORD", "$DB_PASSWORD2"])),
        (json!(["token", "kind"]), json!(["token", "kind"])),
        (json!(["db_password", "hunter"]), json!(["db_password", "hunter"])),
        (json!(["PASSWORD", "hunter"]), json!(["PASSWORD", "hunter"])),
        (json!(["password", "hunter22", "x"]), json!(["password", "hunter22", "x"])),
        (json!(["old password", "really4?"]), json!(["old password", "really4?"])),
    ] {
        assert_eq!(redacted(list), expected);
    }
}

#[test]
fn every_text_and_number_below_a_secret_name_goes() {
    let value = json!({
        "fine": "text",
        "credentials": {
            "user": "bob",
            "nested": [{"pin": 1234, "on": true, "none": null, "empty": ""}, -1.5e3],
        },
        "token": "abc",
        "tokens": 12,
    });
    assert_eq!(
        redacted(value),
        json!({
            "fine": "text",
            "credentials": {
                "user": "[redacted:credential]",
                "nested": [
                    {"pin": "[redacted:credential]", "on": true, "none": null, "empty": ""},
                    "[redacted:credential]",
                ],
            },
            "token": "[redacted:token]",
            "tokens": 12,
        })
    );
}

#[test]
fn what_is_named_beside_its_value_goes_too() {
    assert_eq!(
        redacted(json!([
            {"key": "db.password", "old": "a", "new": 2, "by": "me"},
            {"name": "Authorization", "value": "Bearer abc"},
            {"header": "X-Api-Key", "value": "abc"},
            {"key": "max_tokens", "old": 1, "new": 2},
            {"key": 7, "value": "x"},
            {"Name": "DB_PASSWORD", "Value": "abc", "OldValue": "b"},
        ])),
        json!([
            {"key": "db.password", "old": "[redacted:password]", "new": "[redacted:password]", "by": "me"},
            {"name": "Authorization", "value": "[redacted:authorization]"},
            {"header": "X-Api-Key", "value": "[redacted:api-key]"},
            {"key": "max_tokens", "old": 1, "new": 2},
            {"key": 7, "value": "x"},
            {"Name": "DB_PASSWORD", "Value": "[redacted:password]", "OldValue": "[redacted:password]"},
        ])
    );
}

#[test]
fn arguments_after_a_secret_flag_go() {
    assert_eq!(
        redacted(json!([
            "tool",
            "--password",
            "abc",
            "--api-key",
            12,
            "--token",
            "-v",
            "--x",
            "y"
        ])),
        json!([
            "tool",
            "--password",
            "[redacted:password]",
            "--api-key",
            "[redacted:api-key]",
            "--token",
            "-v",
            "--x",
            "y"
        ])
    );
    assert_eq!(
        redacted(json!(["tool", "--password=abc", "-H", "X-Api-Key: hunter", "password", "file"])),
        json!([
            "tool",
            "--password=[redacted:password]",
            "-H",
            "X-Api-Key: [redacted:api-key]",
            "password",
            "file"
        ])
    );
    assert_eq!(
        redacted(json!(["/usr/bin/curl", "-u", "me:hunter", "--user", "me"])),
        json!(["/usr/bin/curl", "-u", "me:[redacted:password]", "--user", "me"])
    );
    assert_eq!(
        redacted(json!(["docker", "-u", "1000:1000"])),
        json!(["docker", "-u", "1000:1000"])
    );
    assert_eq!(
        redacted(json!([["Cookie", "sid=1"], ["token", "kind"], ["Accept", "x"]])),
        json!([["Cookie", "[redacted:cookie]"], ["token", "kind"], ["Accept", "x"]])
    );
}

#[test]
fn a_secret_that_is_a_name_goes_and_the_order_stays() {
    let secret = format!("ghp_{}", "a1".repeat(18));
    let mut object = serde_json::Map::new();
    object.insert("first".to_owned(), json!(1));
    object.insert(secret, json!("x"));
    object.insert("last".to_owned(), json!(2));
    assert_eq!(
        redacted(Value::Object(object)).to_string(),
        "{\"first\":1,\"[redacted:github-token]\":\"x\",\"last\":2}"
    );
}

#[test]
fn what_is_nested_too_deeply_to_be_read_back_goes() {
    let nested = |depth: usize| (0..depth).fold(json!("x"), |inner, _| json!([inner]));
    // The payload itself is the first level.
    assert_eq!(redacted(nested(125)), nested(125));
    let deep = redacted(nested(1_000)).to_string();
    assert!(deep.contains("[redacted:too-deep]"), "{deep}");
    assert!(serde_json::from_str::<Value>(&format!("[[{deep}]]")).is_ok());
    let objects = (0..1_000).fold(json!("x"), |inner, _| json!({ "a": inner }));
    let deep = redacted(objects).to_string();
    assert!(deep.contains("[redacted:too-deep]"), "{deep}");
}

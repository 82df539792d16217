//! Secrets inside of texts: what goes, and what stays.

use super::*;

/// Secrets in texts, each between `«` and `»` with the kind it is of. Tokens are put together from
/// parts, so that nothing here looks like one that somebody lost.
fn secrets() -> Vec<(String, &'static str)> {
    let alnum =
        |length: usize| -> String { "aB3dE5fG7hJ9kL1mN0pQ".chars().cycle().take(length).collect() };
    let shapes = [
        (format!("AKIA{}", "IOSFODNN7EXAMPLE"), "aws-access-key"),
        (format!("ASIA{}", "IOSFODNN7EXAMPLE"), "aws-access-key"),
        (format!("AIza{}", alnum(35)), "google-api-key"),
        (format!("ya29.{}", alnum(40)), "google-token"),
        (format!("GOCSPX-{}", alnum(28)), "google-secret"),
        (format!("ghp_{}", alnum(36)), "github-token"),
        (format!("gho_{}", alnum(36)), "github-token"),
        (format!("ghu_{}", alnum(36)), "github-token"),
        (format!("ghs_{}", alnum(36)), "github-token"),
        (format!("ghr_{}", alnum(36)), "github-token"),
        (format!("github_pat_{}_{}", alnum(22), alnum(59)), "github-token"),
        (format!("glpat-{}", alnum(20)), "gitlab-token"),
        (format!("xoxb-123456789012-{}", alnum(24)), "slack-token"),
        (format!("xoxp-123456789012-{}", alnum(24)), "slack-token"),
        (format!("xapp-1-{}", alnum(24)), "slack-token"),
        (format!("sk_live_{}", alnum(24)), "stripe-key"),
        (format!("rk_live_{}", alnum(24)), "stripe-key"),
        (format!("sk-{}", alnum(48)), "model-provider-key"),
        (format!("sk-proj-{}-_{}", alnum(40), alnum(40)), "model-provider-key"),
        (format!("sk-ant-api03-{}-_{}", alnum(40), alnum(40)), "model-provider-key"),
        (format!("gsk_{}", alnum(52)), "model-provider-key"),
        (format!("hf_{}", alnum(34)), "huggingface-token"),
        (format!("npm_{}", alnum(36)), "npm-token"),
        (format!("pypi-AgEIcHlwaS5vcmc{}", alnum(80)), "pypi-token"),
        (format!("cio{}", alnum(32)), "crates-token"),
        (format!("dckr_pat_{}", alnum(27)), "docker-token"),
        (format!("SG.{}.{}", alnum(22), alnum(43)), "sendgrid-key"),
        (format!("hvs.{}", alnum(24)), "vault-token"),
        (format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{}", alnum(43)), "jwt"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.".to_owned(), "jwt"),
        (format!("eyJhbGciOiJSU0EtT0FFUCJ9.{0}.{0}.{0}.{0}", alnum(22)), "jwt"),
    ];
    shapes.into_iter().collect()
}

#[test]
fn a_secret_known_by_its_shape_goes_wherever_it_stands() {
    for (secret, kind) in secrets() {
        for (before, after) in [
            ("", ""),
            ("fetching with ", ", please wait"),
            ("(", ")"),
            ("line one\\n", "\\nline three"),
            ("\u{e9}", "\u{e9}"),
            ("https://example.org/?q=%20", " and on"),
        ] {
            let found = text(&format!("{before}{secret}{after}"));
            assert_eq!(found, format!("{before}[redacted:{kind}]{after}"), "{secret}");
        }
    }
}

#[test]
fn every_secret_of_a_kind_goes_also_where_they_touch_and_is_counted() {
    let token = format!("ghp_{}", "a1".repeat(18));
    let key = format!("AKIA{}", "IOSFODNN7EXAMPLE");
    let said = format!("{token} {token},{key}");
    let (found, count) = redacted_by(&redactor(), json!(said));
    let expected = "[redacted:github-token] [redacted:github-token],[redacted:aws-access-key]";
    assert_eq!((without_hashes(&found), count), (json!(expected), 3));
}

#[test]
fn what_only_a_mark_shows_to_be_a_secret_goes_and_is_counted_too() {
    // Code at first; beside a mark it is none.
    let said = json!(format!("password = self.ghp_{}", "abcd".repeat(6)));
    let (found, count) = redacted_by(&redactor(), said);
    assert_eq!((without_hashes(&found), count), (json!("password = [redacted:password]"), 2));
}

#[test]
fn what_was_read_as_a_value_is_not_read_as_a_name() {
    assert_eq!(text("token = 'password': 'hunter'"), "token = '[redacted:token]': 'hunter'");
}

/// `«…»` marks the secret.
fn check(kind: &str, marked: &str) {
    let (plain, mut expected) = (marked.replace(['«', '»'], ""), String::new());
    let mut rest = marked;
    while let Some((before, after)) = rest.split_once('«') {
        expected.push_str(before);
        expected.extend(["[redacted:", kind, "]"]);
        rest = after.split_once('»').unwrap().1;
    }
    expected.push_str(rest);
    assert_eq!(text(&plain), expected, "{plain}");
}

#[test]
fn passwords_in_urls_and_connection_strings_go_and_the_rest_stays() {
    check("url-password", "postgres://app:«s3cr3t»@db.local:5432/app?sslmode=require");
    check("url-password", "see redis://:«hunter2»@cache:6379/0.");
    check("url-password", "git clone https://me:«p:4@ss»@example.org/r.git && ls");
    check("url-password", "\"url\": \"amqp://u:«letmein»@mq\"");
    check("password", "Server=db;User Id=sa;Password=«My.Pass»;Encrypt=yes");
    check("password", "Server=db;Uid=sa;Pwd=«abc»;");
    check("password", "host=db user=app password=«hunter» dbname=x");
    check(
        "azure-key",
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=«aGVsbG8gd29ybGQhIQ==»;EndpointSuffix=core",
    );
    check("signature", "https://a.blob.core/x?sv=2024&sig=«aGVsbG8gd29ybGQh%3D»&se=1");
    check("token", "https://example.org/cb?state=1&access_token=«abcdef»&scope=x");
    check(
        "slack-webhook",
        "https://hooks.slack.com/services/«T00000000/B00000000/XXXXXXXXXXXXXXXX»",
    );
}

#[test]
fn headers_in_texts_lose_their_secrets() {
    check("authorization", "curl -H 'Authorization: Bearer «abc»' https://example.org");
    check("authorization", "Authorization: Basic «dXNlcjpwYXNz»\r\nAccept: */*");
    check("authorization", "{\\\"Authorization\\\": \\\"«Bearer abc»\\\"}");
    check("authorization", "authorization: token «abcdef»");
    check("authorization", "sent Bearer «mF_9.B5f-4.1JqM» to it");
    check("api-key", "curl -H \"X-Api-Key: «hunter»\" https://example.org");
    check("cookie", "Cookie: «sid=abc; theme=dark»\nAccept: text/html");
    check("cookie", "< set-cookie: «sid=abc; Path=/; HttpOnly»");
}

#[test]
fn command_lines_lose_their_secrets() {
    check("password", "PASSWORD=«hunter»");
    check("password", "smtpPass=«hunter22» mysqlPass=«hunter22»");
    check("connection-string", "conn.string=«hunter22»");
    check("access-key", "Secret key: «abc123def456»");
    check("password", "export DB_PASSWORD=«hunter2»; ./run");
    check("password", "docker run -e PGPASSWORD=«a,b)c!» -u 1000:1000 image");
    check("password", "PASSWORD='«two words»' ./run");
    check("token", "tool --token «abc» --verbose");
    check("token", "tool --auth-token=«abc» --verbose");
    check("token", "tool --token \"«a b»\"");
    check("api-key", "tool --api-key=«abc»");
    check("api-key", "tool --apiKey «Abc123»");
    check("secret", "tool --client-secret «abc» && true");
    check("password", "curl -sS -u admin:«hunter2» https://example.org");
    check("password", "curl --user 'admin:«hunter2»' https://example.org");
    check("password", "mysql -h db -u root -p«hunter2» app");
    check("password", "sshpass -p «hunter2» ssh host");
    check("password", "machine example.org login me password «hunter2»");
    check("access-key", "aws_secret_access_key = «wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»");
    check("access-key", "AWS_SECRET_ACCESS_KEY=«wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»");
}

#[test]
fn literals_in_source_code_and_files_go() {
    check("api-key", "{\"api_key\": \"«abc»\", \"n\": 1}");
    check("api-key", "{\\\"api_key\\\": \\\"«abc»\\\", \\\"n\\\": 1}");
    check("api-key", "{\\\\\\\"api_key\\\\\\\":\\\\\\\"«abc»\\\\\\\"}");
    check("password", "{\"password\": \"«a\\\"b»\"}");
    check("password", "{\"password\":\n  «123456»}");
    check("credential", "{\"credentials\": «{\"user\": \"a\", \"pw\": \"}]\"}», \"n\": 1}");
    check("credential", "{\\\"credentials\\\": «[{\\\"user\\\": \\\"a\\\"}]», \\\"n\\\": 1}");
    check("credential", "{\"credentials\": «{\"user\": \"cut o»");
    check("token", "token = \"«abc»\"");
    check("token", "self.token = '«abc»'  # later");
    check("password", "password: str = \"«hunter»\"");
    check("password", "let password: &'static str = \"«hunter»\";");
    check("password", "if password == \"«hunter»\":");
    check("password", "password := `«hunter»`");
    check("password", "config['password'] = '«hunter»'");
    check("password", "os.environ[\"DB_PASSWORD\"] = \"«hunter»\"");
    check("password", "password => '«hunter»'");
    check("password", "password = b\"«hunter»\"");
    check("password", "password = \"\"\"«two\nlines»\"\"\"");
    check("password", "password = \"«cut off»");
    check("password", "password = \"«cut off»\nnext");
    check("password", "db:\n  password: «correcthorse»\n  port: 1");
    check("password", "Password: «hunter2»");
    check("token", "got token: «f3a9c1d2e4» from the server");
    check("password", "<password>«hunter»</password>");
    check("password", "connect(host=h, password='«hunter»', user=me)");
    check("password", "password=«hunter2!»,user=me");
    check("api-key", "API key: «abc123def456»");
    check("password", "password = «p4ssw0rd»");
}

#[test]
fn private_keys_go_as_a_block_even_when_cut_off() {
    let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7";
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]
    {
        let whole = format!("-----BEGIN {label}-----\n{line}\n{line}\nabc=\n-----END {label}-----");
        assert_eq!(text(&format!("a\n{whole}\nb")), "a\n[redacted:private-key]\nb");
        let escaped = whole.replace('\n', "\\n");
        assert_eq!(text(&format!("a {escaped} b")), "a [redacted:private-key] b");
        let cut = format!("-----BEGIN {label}-----\n{line}\nMIIE+abc");
        assert_eq!(text(&cut), "[redacted:private-key]");
        let with_header = format!(
            "-----BEGIN {label}-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES,00\n\n{line}\n: done"
        );
        assert_eq!(text(&with_header), "[redacted:private-key]\n: done");
    }
    let short = "MIIEvQIBADANBgkqhkiG";
    for (from, to) in [
        (format!("-----BEGIN X25519 PRIVATE KEY-----\\r{short}\\r: x"), "\\r: x"),
        (format!("-----BEGIN PRIVATE KEY-----\nr{}", &short[1..]), ""),
        (format!("-----BEGIN PRIVATE KEY-----\n> {short}\n\n{short}"), ""),
        (format!("-----BEGIN PRIVATE KEY-----\n{short}\nab \n"), " \n"),
    ] {
        assert_eq!(text(&from), format!("[redacted:private-key]{to}"), "{from}");
    }
    let word = format!("-----BEGIN PRIVATE KEY-----\n{}", &short[1..]);
    assert_eq!(text(&word), word, "too short for a line of base64");
    let two = format!(
        "-----BEGIN PRIVATE KEY-----\n{line}\n-----END PRIVATE KEY-----\n\
         -----BEGIN PRIVATE KEY-----\n{line}"
    );
    assert_eq!(text(&two), "[redacted:private-key]\n[redacted:private-key]");
}

#[test]
fn code_prose_and_logs_about_secrets_stay() {
    for harmless in [
        "token = self.next_token()",
        "password: str",
        "def f(token):",
        "def f(token: str, secret: Optional[str] = None) -> bool:",
        "def login(user, password=None, token=tok):",
        "is it a secret?",
        "the secret: keep it simple",
        "token = next_token",
        "token = tokens[0]",
        "token=token, password=password",
        "f(token=token2)",
        "password = getpass.getpass()",
        "password = os.environ[\"DB_PASS\"]",
        "PASSWORD=$DB_PASS ./run",
        "PASSWORD=${DB_PASS:-x} ./run",
        "TOKEN=$(cat file)",
        "password: ${{ secrets.PASSWORD }}",
        "url = f\"postgres://{user}:{password}@{host}\"",
        "https://user:${PASS}@example.org",
        "http://localhost:8080/path/@user",
        "ssh://git@example.org:22/x",
        "let token: Token = parse(token)?;",
        "struct A { token: Sha256, secret: u64 }",
        "pub token: Option<String>,",
        "interface A { token: string; password: string }",
        "token: None",
        "\"token\": null, \"password\": false, \"secrets\": []",
        "session tokens: 184320, session_tokens=184320, auth_tokens: 1843200",
        "5 passed, test_pass: 12345678, pass=12345678 pw=12345678",
        "PASSWORD=$hunter22",
        "login(password=hunter)",
        "tokens_in: 4711, tokens: 12345, max_tokens=100000",
        "\"token_count\": 123456",
        "the secretary said: password_changed_at = 20260701",
        "--password PASSWORD   the password to use",
        "use the --token flag to pass it",
        "--token <TOKEN>",
        "usage: tool [--token TOKEN] file",
        "next_page_token=abcdef123456",
        "Bearer authentication and Basic authentication are supported",
        "Authorization: Bearer ${TOKEN}",
        "Token::new(secret)",
        "fn token() -> &str { self.token }",
        "import { token } from './token'",
        "tokenize: 'unicode61'",
        "PWD=/home/me OLDPWD=/",
        "pwd: /testbed",
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----",
        "if text.startswith(\"-----BEGIN PRIVATE KEY-----\"):",
        "-----BEGIN something",
        "class=\"sk-toggleable__label-arrow fitted sk-estimator-doc-link\"",
        "task-01KWEEG5M3PQPMCDBJC4VZE69T",
        "commit 3f786850e387550fdab836ed7e6dc881de23001b",
        "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        "4bf92f35-77b3-4da6-a3ce-929d0e0e4736",
        "docker run -u 1000:1000 image",
        "mysql -h db -u root app",
        "error: invalid token: expected ';'",
        "cookie: string",
        "assert password != other",
        "password == other.password",
        "<password></password>",
        "password = \"\"",
        "password = \"****\"",
        "token: '<your token>'",
        "let brace_token = braced!(content in input);",
        "\"passwd:dir\", \"passwd:name\"",
        "headers[\"authorization\"] = \"Basic \" + encoded",
        "socks5h://<username>:<password>@proxy-host",
        "\u{fc}ber das Passwort: nichts",
    ] {
        assert_eq!(text(harmless), harmless);
    }
}

#[test]
fn a_mark_stays_where_it_is_and_text_beside_it_goes() {
    let mark = "[redacted:password:0123abcd]";
    for stays in [
        format!("PASSWORD={mark}"),
        format!("tool --token {mark} x"),
        format!("\"password\": \"{mark}\""),
        format!("\"credentials\": {mark}"),
        format!("postgres://u:{mark}@h"),
        format!("Authorization: Bearer {mark}"),
        format!("<password>{mark}</password>"),
    ] {
        let (found, count) = redacted_by(&redactor(), json!(stays));
        assert_eq!((found, count), (json!(stays), 0));
    }
    assert_eq!(text(&format!("PASSWORD={mark}more")), "PASSWORD=[redacted:password]");
    for no_mark in ["[redacted:", "[redacted:x]", "[redacted::01234567]", "[redacted:x:0123456]"] {
        assert_eq!(text(&format!("PASSWORD=a{no_mark}")), "PASSWORD=[redacted:password]");
    }
}

#[test]
fn a_mark_is_whole_or_it_is_none() {
    use super::super::mark;
    for whole in ["[redacted:x:01234567]", "[redacted:a-z_9:0123456789abcdef0123456789abcdef]"] {
        assert_eq!(mark::length_at_start(&format!("{whole}]")), Some(whole.len()));
        assert!(mark::is_mark(whole) && !mark::is_mark(&format!("{whole}]")));
        assert_eq!(mark::find(&format!("[redacted:[ {whole}"), 3), Some(12..12 + whole.len()));
    }
    for none in [
        "[redacted::01234567]",
        "[redacted:x:0123456]",
        "[redacted:x:012345678]",
        "[redacted:x:0123456789abcdef0123456789abcde]",
        "[redacted:x:01234567",
        "[redacted:x:01234567 ]",
        "[redacted:x:0123456g]",
        "[redacted:X:01234567]",
        "[redacted:x01234567]",
        " [redacted:x:01234567]",
        "",
    ] {
        assert_eq!(mark::length_at_start(none), None, "{none}");
    }
}

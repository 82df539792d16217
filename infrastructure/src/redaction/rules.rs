//! Secrets known by their own shape, and what a deployment adds to them.
//!
//! Every rule has anchors, short texts one of which is in each of its secrets: a single pass over a
//! text for all anchors at once tells which rules are worth trying, for most texts none.

use std::sync::LazyLock;

use regex::Regex;

use super::mark;
use super::names;

/// What a deployment redacts beyond the built-in rules, and what it does not.
#[derive(Clone, Debug, Default)]
pub struct RedactionSettings {
    /// Further names whose values are secrets, such as `ssn`. They are compared word by word with
    /// the end of a name, whatever the case: `customerSsn` is one too.
    pub extra_keys: Vec<String>,
    /// Names whose values are no secrets although the built-in rules say so. They are compared
    /// word by word with the whole name.
    pub allowed_keys: Vec<String>,
    /// Further shapes: a kind to show in the mark, and a regular expression. If it has a group, the
    /// first group is the secret, otherwise all of it is.
    pub extra_patterns: Vec<(String, String)>,
}

/// A setting that is no rule.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RedactionRuleError {
    /// The regular expression is malformed, or far too large.
    #[error(
        "the redaction pattern `{pattern}` (kind `{kind}`) is no regular expression: correct it"
    )]
    Pattern {
        /// The kind it was meant for.
        kind: String,
        /// The expression.
        pattern: String,
        /// What is wrong with it.
        #[source]
        source: regex::Error,
    },
    /// The kind could not stand in a mark.
    #[error("the redaction kind `{kind}` must be made of a-z, 0-9, `-` and `_`: rename it")]
    Kind {
        /// The kind.
        kind: String,
    },
    /// The name has no letters or digits.
    #[error("the redaction key `{key}` names nothing: write a field's name, such as `ssn`")]
    Key {
        /// The name.
        key: String,
    },
    /// Names so many that they cannot be looked for.
    #[error("there are too many redaction keys: name fewer")]
    TooManyKeys(#[from] aho_corasick::BuildError),
}

/// What a match must look like besides fitting the expression.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    Nothing,
    /// It is no word of prose: `Bearer authentication` names a scheme, not a secret.
    Random,
    /// It does not stand in for a secret, as `${PASSWORD}` does.
    Literal,
}

/// A shape. The first group is the secret.
pub(super) struct Rule {
    pub(super) kind: &'static str,
    pub(super) anchors: &'static [&'static str],
    pattern: &'static str,
    pub(super) check: Check,
}

const fn rule(kind: &'static str, anchors: &'static [&'static str], pattern: &'static str) -> Rule {
    Rule { kind, anchors, pattern, check: Check::Nothing }
}

const fn checked(
    kind: &'static str,
    anchors: &'static [&'static str],
    pattern: &'static str,
    check: Check,
) -> Rule {
    Rule { kind, anchors, pattern, check }
}

/// The shapes, the more telling first: where two fit the same text, the first names the kind.
pub(super) const RULES: &[Rule] = &[
    rule(
        "aws-access-key",
        &["AKIA", "ASIA", "ABIA", "ACCA"],
        r"\b((?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})\b",
    ),
    rule("google-api-key", &["AIza"], r"\b(AIza[0-9A-Za-z_-]{35})"),
    rule("google-token", &["ya29."], r"\b(ya29\.[0-9A-Za-z_-]{20,})"),
    rule("google-secret", &["GOCSPX-"], r"\b(GOCSPX-[0-9A-Za-z_-]{20,})"),
    rule(
        "github-token",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        r"\b(gh[pousr]_[0-9A-Za-z]{20,}|github_pat_[0-9A-Za-z_]{22,})",
    ),
    rule(
        "gitlab-token",
        &["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glsoat-"],
        r"\b(gl(?:pat|dt|rt|cbt|ptt|soat)-[0-9A-Za-z_.-]{20,})",
    ),
    rule("slack-token", &["xox", "xapp-"], r"\b((?:xox[abeoprs]|xapp)-[0-9A-Za-z-]{10,})"),
    rule(
        "slack-webhook",
        &["hooks.slack.com/"],
        r"hooks\.slack\.com/(?:services|workflows|triggers)/([0-9A-Za-z/_+-]{20,})",
    ),
    rule(
        "stripe-key",
        &["sk_live_", "rk_live_", "sk_test_", "rk_test_", "whsec_"],
        r"\b((?:[sr]k_(?:live|test)|whsec)_[0-9A-Za-z+/=]{16,})",
    ),
    rule(
        "model-provider-key",
        &["sk-"],
        r"\b(sk-(?:(?:ant|proj|svcacct|admin|or-v1|lf)-[0-9A-Za-z_-]{16,}|[0-9A-Za-z]{20,}))",
    ),
    rule("model-provider-key", &["xai-", "gsk_"], r"\b((?:xai-|gsk_)[0-9A-Za-z]{32,})"),
    rule("huggingface-token", &["hf_"], r"\b(hf_[0-9A-Za-z]{30,})"),
    rule("npm-token", &["npm_"], r"\b(npm_[0-9A-Za-z]{36})"),
    rule("pypi-token", &["pypi-"], r"\b(pypi-(?:AgE[0-9A-Za-z_-]{16,}|[0-9A-Za-z_-]{64,}))"),
    rule("crates-token", &["cio"], r"\b(cio[0-9A-Za-z]{32})\b"),
    rule("docker-token", &["dckr_"], r"\b(dckr_(?:pat|oat)_[0-9A-Za-z_-]{20,})"),
    rule("sendgrid-key", &["SG."], r"\b(SG\.[0-9A-Za-z_-]{16,32}\.[0-9A-Za-z_-]{16,64})"),
    rule("vault-token", &["hvs.", "hvb."], r"\b(hv[sb]\.[0-9A-Za-z_-]{24,})"),
    rule(
        "jwt",
        &["eyJ"],
        r"\b(eyJ[0-9A-Za-z_-]{8,}\.(?:eyJ[0-9A-Za-z_-]{2,}(?:\.[0-9A-Za-z_-]*)?|[0-9A-Za-z_-]*(?:\.[0-9A-Za-z_-]*){1,3}))",
    ),
    rule(
        "azure-key",
        &["AccountKey", "SharedAccessKey", "SharedAccessSignature"],
        r"(?i)\b(?:AccountKey|SharedAccessKey|SharedAccessSignature)=([^;\s\x22\x27]+)",
    ),
    rule(
        "signature",
        &["sig=", "signature="],
        r"(?i)[?&](?:sig|signature|x-amz-signature|x-goog-signature)=([0-9A-Za-z%+/=_-]{16,})",
    ),
    checked(
        "url-password",
        &["://"],
        r"://[^\s/:@?#\x22\x27`<>\\]*:([^\s/?#\x22\x27`<>\\]+)@",
        Check::Literal,
    ),
    checked(
        "authorization",
        &["authorization"],
        r"(?i)\bauthorization\\*[\x22\x27]?\s*[:=]\s*\\*[\x22\x27]?(?:bearer|basic|token|digest|negotiate|apikey)\s+([^\s\x22\x27\\,;]+)",
        Check::Literal,
    ),
    checked(
        "authorization",
        &["bearer ", "basic "],
        r"(?i)\b(?:bearer|basic) +([0-9A-Za-z._~+/-]{8,}=*)",
        Check::Random,
    ),
    checked(
        "cookie",
        &["cookie:"],
        r"(?i)\b(?:set-)?cookie: *([^\s=;\x22\x27]+=[^\r\n\x22\x27\\]+)",
        Check::Literal,
    ),
    checked(
        "password",
        &["curl"],
        r"(?i)\bcurl(?:\.exe)?\b[^\r\n]*?\s(?:-u|--user|--proxy-user)[\s=]*[\x22\x27]?[^\s:\x22\x27]+:([^\s\x22\x27]+)",
        Check::Literal,
    ),
    checked(
        "password",
        &["mysql", "mariadb", "sshpass"],
        r"\b(?:(?:mysql|mariadb)(?:dump|admin)?\b[^\r\n|;&]*?\s-p|sshpass\s+-p\s*)[\x22\x27]?([^\s\x22\x27]+)",
        Check::Literal,
    ),
    checked("password", &["login "], r"\blogin\s+\S+\s+password\s+(\S+)", Check::Literal),
];

/// The expressions of [`RULES`], compiled once for the whole program.
pub(super) static EXPRESSIONS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    // The patterns are constants and the tests run every one of them, so that none can fail here.
    #[allow(clippy::expect_used)]
    RULES.iter().map(|rule| Regex::new(&bounded(rule.pattern)).expect("a built-in rule")).collect()
});

/// The pattern with boundaries that hold in escaped texts too: in a line break written as a
/// backslash and an `n`, and in a space written as `%20`, the last letter is no part of a word.
fn bounded(pattern: &str) -> String {
    pattern
        .replace(r"\b(", r"(?:\b|\\[nrt]|%[0-9A-Fa-f]{2})(")
        // Bytes beyond ASCII are no letters of a secret.
        .replace(r"\b", r"(?-u:\b)")
}

/// A shape that a deployment adds.
pub(super) struct ExtraRule {
    pub(super) kind: String,
    pub(super) expression: Regex,
}

impl RedactionSettings {
    pub(super) fn extra_rules(&self) -> Result<Vec<ExtraRule>, RedactionRuleError> {
        self.extra_patterns.iter().map(|(kind, pattern)| extra_rule(kind, pattern)).collect()
    }

    pub(super) fn check_keys(&self) -> Result<(), RedactionRuleError> {
        let named = |key: &&String| !names::has_words(key);
        match self.extra_keys.iter().chain(&self.allowed_keys).find(named) {
            Some(key) => Err(RedactionRuleError::Key { key: key.clone() }),
            None => Ok(()),
        }
    }
}

fn extra_rule(kind: &str, pattern: &str) -> Result<ExtraRule, RedactionRuleError> {
    if !mark::is_kind(kind) {
        return Err(RedactionRuleError::Kind { kind: kind.to_owned() });
    }
    let expression = Regex::new(pattern).map_err(|source| RedactionRuleError::Pattern {
        kind: kind.to_owned(),
        pattern: pattern.to_owned(),
        source,
    })?;
    Ok(ExtraRule { kind: kind.to_owned(), expression })
}

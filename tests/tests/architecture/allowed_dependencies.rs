//! The one table of what each layer may depend on directly, and why.
//!
//! Dependencies that only tests use are not restricted.

/// The layers from the inside out: each may know those before it.
pub(crate) const LAYERS: &[&str] =
    &["domain", "application", "infrastructure", "bootstrap", "tests/properties", "tests"];

/// The packages by their registered names, and what they are called here.
pub(crate) const PACKAGES: &[(&str, &str)] = &[
    ("indelible-domain", "domain"),
    ("indelible-application", "application"),
    ("indelible-infrastructure", "infrastructure"),
    ("indelible", "bootstrap"),
    ("indelible-properties", "tests/properties"),
    ("indelible-tests", "tests"),
    ("indelible-fault-vfs", "fault-vfs"),
];

/// Packages that are no layer: each lies in the folder of the one layer that may know it, and knows
/// no layer itself.
pub(crate) const TOOLS: &[(&str, &str)] = &[("fault-vfs", "tests")];

/// Layer, dependency, reason.
pub(crate) const ALLOWED: &[(&str, &str, &str)] = &[
    // Domain: values, schemas, and the ports' signatures.
    ("domain", "async-trait", "ports are async and one container holds them as trait objects"),
    ("domain", "chrono", "moments in time"),
    ("domain", "futures-core", "the `Stream` in a port's signature"),
    ("domain", "schemars", "the JSON Schema of a payload"),
    ("domain", "serde", "payloads are read and written as JSON"),
    ("domain", "serde_json", "a payload is a JSON object"),
    ("domain", "shaku", "ports inherit its `Interface`: the one concession to wiring"),
    ("domain", "thiserror", "error enums"),
    // Application: use cases over the ports.
    ("application", "domain", "the next layer inward"),
    ("application", "async-trait", "implements a port"),
    ("application", "backon", "how long the pauses between attempts are"),
    ("application", "chrono", "moments in time"),
    ("application", "futures", "following the record is a stream, and handlers run side by side"),
    ("application", "humantime", "spans of time such as `2h`"),
    ("application", "metrics", "counts what was redacted"),
    ("application", "serde", "reads CloudEvents without losing their order and numbers"),
    ("application", "serde_json", "CloudEvents are JSON"),
    ("application", "sha2", "the id of an imported row carries a digest of the row"),
    ("application", "shaku", "the recorder is a component"),
    ("application", "strsim", "names the nearest type when one is unknown"),
    ("application", "thiserror", "error enums"),
    ("application", "tracing", "says what was pruned"),
    // Infrastructure: adapters.
    ("infrastructure", "domain", "implements its ports"),
    ("infrastructure", "application", "drives its use cases"),
    ("infrastructure", "aho-corasick", "finds the beginnings of secrets in one pass"),
    ("infrastructure", "arc-swap", "the bus reads its recorders without a lock"),
    ("infrastructure", "async-trait", "implements ports"),
    ("infrastructure", "chrono", "moments in time"),
    ("infrastructure", "futures", "live streams, and catching panics of handlers"),
    ("infrastructure", "getrandom", "makes the redaction key"),
    ("infrastructure", "hmac", "the keyed hash in a redaction mark"),
    ("infrastructure", "metrics", "the facade that metrics go through"),
    ("infrastructure", "notify", "tells that another process has written into the database"),
    ("infrastructure", "regex", "finds secrets by their shape"),
    ("infrastructure", "sea-orm", "the database"),
    ("infrastructure", "sea-orm-migration", "the database's schema and its versions"),
    ("infrastructure", "serde_json", "payloads as they are stored"),
    ("infrastructure", "sha2", "the hash under the keyed hash"),
    ("infrastructure", "shaku", "adapters are components"),
    ("infrastructure", "tempfile", "the redaction key appears whole or not at all"),
    ("infrastructure", "thiserror", "error enums"),
    ("infrastructure", "tokio", "queues and tasks"),
    ("infrastructure", "tokio-util", "shutting tasks down"),
    ("infrastructure", "tracing", "writes logs"),
    ("infrastructure", "ulid", "event ids that sort by time"),
    // Bootstrap: wiring, configuration, command line.
    ("bootstrap", "domain", "its ports are what is wired"),
    ("bootstrap", "application", "its use cases are what the commands run"),
    ("bootstrap", "infrastructure", "its adapters are what is wired"),
    ("bootstrap", "anstream", "colours where the terminal has them"),
    ("bootstrap", "anstyle", "colours of a text"),
    ("bootstrap", "async-trait", "implements what a runner is told"),
    ("bootstrap", "chrono", "times on the command line"),
    ("bootstrap", "clap", "the command line"),
    ("bootstrap", "clap_complete", "shell completions"),
    ("bootstrap", "clap_mangen", "the manual page"),
    ("bootstrap", "comfy-table", "rows as a table"),
    ("bootstrap", "csv", "rows as CSV"),
    ("bootstrap", "directories", "where the platform keeps its data"),
    ("bootstrap", "figment", "layers of settings, each value with its origin"),
    ("bootstrap", "futures", "reads the record as a stream"),
    ("bootstrap", "gethostname", "an instance says on which machine it runs"),
    ("bootstrap", "humantime", "spans of time, read and written as people do: `30s`"),
    ("bootstrap", "indicatif", "progress bars"),
    ("bootstrap", "mimalloc", "the program's allocator, where threads hand events over"),
    (
        "bootstrap",
        "rustix",
        "kills a command with what it has started, and asks what becomes of it",
    ),
    ("bootstrap", "serde", "settings are read into structs"),
    ("bootstrap", "serde_json", "rows as JSON"),
    ("bootstrap", "shaku", "the container"),
    ("bootstrap", "thiserror", "error enums"),
    ("bootstrap", "tokio", "the runtime, signals, standard input and output"),
    ("bootstrap", "tokio-util", "stops the schedule"),
    ("bootstrap", "tracing", "writes logs"),
    ("bootstrap", "tracing-subscriber", "where logs go"),
    ("bootstrap", "ulid", "a name for an instance that no other has"),
    // Properties of the parsers: few dependencies, since they are built for the fuzzer as well.
    ("tests/properties", "domain", "payloads, patterns, actors"),
    ("tests/properties", "application", "the reader of CloudEvents and of moments"),
    ("tests/properties", "infrastructure", "the redactor"),
    ("tests/properties", "bootstrap", "the settings"),
    ("tests/properties", "chrono", "moments in time"),
    ("tests/properties", "serde_json", "payloads to redact"),
    // Tests: the library of contract suites, fakes and the scenario kit.
    ("tests", "domain", "the ports whose promises are held"),
    ("tests", "application", "use cases under test"),
    ("tests", "infrastructure", "adapters under test"),
    ("tests", "bootstrap", "the real container"),
    ("tests", "fault-vfs", "a disk that fails and loses power"),
    ("tests", "tests/properties", "what must hold for any input, beside what holds for the ports"),
    ("tests", "async-trait", "fakes implement ports"),
    ("tests", "chrono", "a clock that stands still"),
    ("tests", "fastrand", "draws when a process is killed, by a seed"),
    ("tests", "futures", "reads streams"),
    ("tests", "proptest", "contract suites hold properties"),
    ("tests", "rusqlite", "stored rows past every adapter, and folding the write-ahead log back"),
    ("tests", "serde_json", "payloads to compare"),
    ("tests", "shaku", "fakes are components"),
    ("tests", "tempfile", "databases that clean up after themselves"),
    ("tests", "testcontainers", "runs containers; behind a feature"),
    ("tests", "thiserror", "errors of fakes"),
    ("tests", "tokio", "runtimes and child processes"),
    ("tests", "tracing", "captures what is logged"),
    // The disk that fails, a tool of the tests.
    ("fault-vfs", "fastrand", "draws what a loss of power leaves behind, by a seed"),
    ("fault-vfs", "libsqlite3-sys", "the C interface of a VFS, of the very library sqlx links"),
    ("fault-vfs", "thiserror", "error enums"),
];

//! Putting the settings together: defaults, a file, the environment, flags, each over the one
//! before.

use std::error::Error as _;
use std::path::PathBuf;

use application::nearest::did_you_mean;
use figment::providers::Serialized;
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use infrastructure::redaction::{RedactionKey, SecretRedactor};

use super::Settings;
use super::file::SettingsFile;
use super::known::{CONFIG_VARIABLE, EVENT_VARIABLES, KEY_VARIABLE, KNOWN, Known, PREFIX};
use super::level::check_level;

/// Why the settings cannot be used. Each names the setting and where it was set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A setting of that name does not exist.
    #[error(
        "{origin}: there is no setting `{name}`{suggestion}; `indelible config show` lists all"
    )]
    Unknown {
        /// The name.
        name: String,
        /// Where it was set.
        origin: String,
        /// Names that are close.
        suggestion: String,
    },
    /// A value is not one that the setting can have.
    #[error("{origin}: the setting `{name}` cannot be used: {problem}")]
    Malformed {
        /// The setting.
        name: String,
        /// Where it was set.
        origin: String,
        /// What is wrong and what belongs there.
        problem: String,
    },
    /// The settings file that was asked for cannot be read.
    #[error("the settings file {} cannot be read: {problem}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// Where values may come from, in rising order of precedence.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The settings file that was asked for; must exist.
    pub file: Option<PathBuf>,
    /// The platform's own settings file, used where none is asked for.
    pub platform_file: Option<PathBuf>,
    /// Environment variables, those of other programs included.
    pub environment: Vec<(String, String)>,
    /// Flags: a setting's name and the text of its value.
    pub flags: Vec<(String, String)>,
}

impl Sources {
    /// The process's own environment, the platform's settings file where there is one, no flags.
    #[must_use]
    pub fn of_process() -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| {
                Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
            })
            .collect();
        let platform_file = directories::ProjectDirs::from("", "", "indelible")
            .map(|dirs| dirs.config_dir().join("config.toml"))
            .filter(|file| file.is_file());
        Self { platform_file, environment, ..Self::default() }
    }

    /// Puts the settings together.
    ///
    /// # Errors
    /// When a name is unknown or a value malformed, wherever it was set.
    pub fn load(&self) -> Result<Layered, SettingsError> {
        let file = self.settings_file().map(SettingsFile::read).transpose()?;
        self.load_over(file)
    }

    /// Puts the settings together over a settings file that has been read already; which one is
    /// meant by these sources is not asked.
    ///
    /// # Errors
    /// When a name is unknown or a value malformed, wherever it was set.
    pub fn load_over(&self, file: Option<SettingsFile>) -> Result<Layered, SettingsError> {
        let mut figment = Figment::from(Defaults);
        if let Some(file) = file {
            figment = figment.merge(file.checked()?);
        }
        for (name, value) in &self.environment {
            if name.starts_with(PREFIX)
                && name != CONFIG_VARIABLE
                && name != KEY_VARIABLE
                && !EVENT_VARIABLES.contains(&name.as_str())
            {
                figment = figment.merge(from_variable(name, value)?);
            }
        }
        for (name, value) in &self.flags {
            figment = figment.merge(from_flag(name, value)?);
        }
        let layered = Layered { settings: extract(&figment)?, figment };
        layered.check()?;
        Ok(layered)
    }

    fn settings_file(&self) -> Option<PathBuf> {
        let named = self.environment.iter().find(|(name, _)| name == CONFIG_VARIABLE);
        let named = named.map(|(_, file)| PathBuf::from(file));
        self.file.clone().or(named).or_else(|| self.platform_file.clone())
    }
}

/// Settings together with where each came from.
#[derive(Clone, Debug)]
pub struct Layered {
    /// The settings.
    pub settings: Settings,
    figment: Figment,
}

impl Layered {
    /// Where a setting's value was set, in words.
    #[must_use]
    pub fn origin(&self, name: &str) -> String {
        self.figment.find_metadata(name).map_or_else(|| "default".to_owned(), describe)
    }

    /// A setting's value as it would be written in the environment.
    #[must_use]
    pub fn value(&self, name: &str) -> String {
        self.figment.find_value(name).map(|value| as_text(&value)).unwrap_or_default()
    }

    /// Values that no type forbids and that cannot be used all the same.
    fn check(&self) -> Result<(), SettingsError> {
        let Settings { audit, redaction, stream, .. } = &self.settings;
        let at_least_one = [
            ("audit.max-batch", audit.max_batch),
            ("audit.queue-capacity", audit.queue_capacity),
            ("stream.buffer", stream.buffer),
        ];
        for (name, value) in at_least_one {
            if value == 0 {
                return Err(self.malformed(name, "it must be 1 or more"));
            }
        }
        if let Err(below) = audit.retention_rules().above_floor() {
            let name = below.category.map_or("audit.retention-days".to_owned(), |category| {
                format!("audit.retention.{}-days", category.as_str())
            });
            let problem = format!(
                "{} days are below audit.retention-floor-days, which is {}: raise the one or lower \
                 the other",
                below.days, below.floor
            );
            return Err(self.malformed(&name, &problem));
        }
        for (name, value) in [
            ("audit.database-url", audit.database_file().as_os_str().is_empty()),
            ("audit.source", audit.source.is_empty()),
        ] {
            if value {
                return Err(self.malformed(name, "it must not be empty"));
            }
        }
        if audit.database_url.starts_with("sqlite:") && audit.database_url.contains('?') {
            let problem = "an SQLite file takes no parameters: leave out what follows the `?`";
            return Err(self.malformed("audit.database-url", problem));
        }
        if let Some(scheme) = audit.database_url.split_once("://").map(|(scheme, _)| scheme)
            && scheme != "sqlite"
        {
            let problem = format!("`{scheme}` is not supported: write the path of an SQLite file");
            return Err(self.malformed("audit.database-url", &problem));
        }
        if let Some(pattern) = redaction.extra_patterns.iter().find(|text| !text.contains('=')) {
            let problem = format!("`{pattern}` has no kind: write KIND=REGEX");
            return Err(self.malformed("redaction.extra-patterns", &problem));
        }
        // Tried with any key: only the rules are judged here.
        if let Err(error) =
            SecretRedactor::new(&redaction.rules(), RedactionKey::from_bytes([0; 32]))
        {
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            return Err(self.malformed("redaction.extra-patterns", &format!("{error}{cause}")));
        }
        check_level(&self.settings.log.level)
            .map_err(|problem| self.malformed("log.level", &problem))?;
        Ok(())
    }

    fn malformed(&self, name: &str, problem: &str) -> SettingsError {
        SettingsError::Malformed {
            name: name.to_owned(),
            origin: self.origin(name),
            problem: problem.to_owned(),
        }
    }
}

/// The settings' defaults as the lowest layer.
struct Defaults;

impl Provider for Defaults {
    fn metadata(&self) -> Metadata {
        Metadata::named("default")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Serialized::defaults(Settings::default()).data()
    }
}

/// One value that was set in the environment or by a flag.
struct One {
    setting: &'static Known,
    value: Value,
    origin: String,
}

impl Provider for One {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let nested = figment::util::nest(self.setting.name, self.value.clone());
        Ok(Profile::Default.collect(nested.into_dict().unwrap_or_default()))
    }
}

fn from_variable(name: &str, value: &str) -> Result<One, SettingsError> {
    let origin = format!("environment variable {name}");
    let Some(setting) = KNOWN.iter().find(|setting| setting.variable() == name) else {
        let variables: Vec<String> = KNOWN.iter().map(Known::variable).collect();
        return Err(SettingsError::Unknown {
            name: name.to_owned(),
            origin: "environment".to_owned(),
            suggestion: did_you_mean(name, variables.iter().map(String::as_str)),
        });
    };
    one(setting, value, origin)
}

fn from_flag(name: &str, value: &str) -> Result<One, SettingsError> {
    let Some(setting) = KNOWN.iter().find(|setting| setting.name == name) else {
        return Err(unknown(name, "flags".to_owned()));
    };
    one(setting, value, format!("flag --{}", setting.flag()))
}

fn one(setting: &'static Known, text: &str, origin: String) -> Result<One, SettingsError> {
    match setting.read(text) {
        Ok(value) => Ok(One { setting, value, origin }),
        Err(problem) => {
            Err(SettingsError::Malformed { name: setting.name.to_owned(), origin, problem })
        }
    }
}

fn unknown(name: &str, origin: String) -> SettingsError {
    let suggestion = did_you_mean(name, KNOWN.iter().map(|setting| setting.name));
    SettingsError::Unknown { name: name.to_owned(), origin, suggestion }
}

fn extract(figment: &Figment) -> Result<Settings, SettingsError> {
    figment.extract().map_err(|error| {
        let origin = error.metadata.as_ref().map_or_else(|| "settings".to_owned(), describe);
        let mut name = error.path.join(".");
        match error.kind {
            figment::error::Kind::UnknownField(field, _) => {
                if !name.ends_with(&field) {
                    name = if name.is_empty() { field } else { format!("{name}.{field}") };
                }
                unknown(&name, origin)
            }
            kind => SettingsError::Malformed { name, origin, problem: kind.to_string() },
        }
    })
}

fn describe(metadata: &Metadata) -> String {
    match metadata.source.as_ref().and_then(figment::Source::file_path) {
        Some(file) => format!("file {}", file.display()),
        None => metadata.name.to_string(),
    }
}

fn as_text(value: &Value) -> String {
    let as_json = |value: &Value| match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        other => other.unwrap_or_default().to_string(),
    };
    match value {
        Value::Array(_, items) => items.iter().map(as_json).collect::<Vec<_>>().join(","),
        Value::Empty(..) => String::new(),
        one => as_json(one),
    }
}

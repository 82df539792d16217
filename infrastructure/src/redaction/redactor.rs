//! The redactor: the built-in rules, what a deployment adds, and the key.

use domain::{EventEnvelope, Redactor};
use shaku::{Component, Module, ModuleBuildContext};

use super::mark::Marker;
use super::names::SecretNames;
use super::scanner::{Reading, Scanner};
use super::value::redact_object;
use super::{RedactionKey, RedactionRuleError, RedactionSettings};

/// Replaces secrets by marks.
pub struct SecretRedactor {
    names: SecretNames,
    scanner: Scanner,
    marker: Marker,
}

/// What the walk through a payload needs.
pub(super) struct Rules<'a> {
    pub(super) names: &'a SecretNames,
    pub(super) marker: &'a Marker,
    scanner: &'a Scanner,
}

impl Rules<'_> {
    /// A text without its secrets, if it has any.
    pub(super) fn redacted(&self, text: &str) -> Option<(String, usize)> {
        self.scanner.redact(text, self.names, self.marker, Reading::Text)
    }

    /// Redacts a text where it is.
    pub(super) fn redact_text(&self, text: &mut String) -> usize {
        let Some((redacted, count)) = self.redacted(text) else { return 0 };
        *text = redacted;
        count
    }

    /// Redacts an id where it is. Equal ids stay equal, and different ones different.
    fn redact_id(&self, id: &mut String) -> usize {
        let redacted = self.scanner.redact(id, self.names, self.marker, Reading::Id);
        let Some((redacted, count)) = redacted else { return 0 };
        *id = redacted;
        count
    }
}

impl SecretRedactor {
    /// A redactor with the built-in rules and those of the settings.
    ///
    /// # Errors
    /// When a setting is no rule; the error names it.
    // The key is given away, so that nobody else keeps it.
    #[allow(clippy::needless_pass_by_value)]
    pub fn new(
        settings: &RedactionSettings,
        key: RedactionKey,
    ) -> Result<Self, RedactionRuleError> {
        settings.check_keys()?;
        let extra = settings.extra_rules()?;
        let names = SecretNames::new(&settings.extra_keys, &settings.allowed_keys)?;
        let scanner = Scanner::new(&names, extra)?;
        Ok(Self { names, scanner, marker: Marker::new(&key) })
    }

    fn built_in() -> Self {
        // Without randomness marks could be guessed at; that is better than no redactor.
        let key = RedactionKey::ephemeral().unwrap_or_else(|_| RedactionKey::from_bytes([0; 32]));
        // Settings that say nothing hold no rule that could be wrong, and the tests build this.
        #[allow(clippy::expect_used)]
        Self::new(&RedactionSettings::default(), key).expect("the built-in rules")
    }
}

impl Redactor for SecretRedactor {
    fn redact(&self, envelope: &mut EventEnvelope) -> usize {
        let rules = Rules { names: &self.names, marker: &self.marker, scanner: &self.scanner };
        let mut count = redact_object(&rules, &mut envelope.details, None, 1);
        if !envelope.extensions.is_empty() {
            count += redact_object(&rules, &mut envelope.extensions, None, 1);
        }
        let actor = envelope.actor.as_mut().map(|actor| &mut actor.id);
        let optional = [
            envelope.subject.as_mut(),
            envelope.plan_id.as_mut(),
            envelope.project_name.as_mut(),
            envelope.session_id.as_mut(),
            actor,
            envelope.user_identity.as_mut(),
            envelope.trace_id.as_mut(),
        ];
        for text in optional.into_iter().flatten() {
            count += rules.redact_text(text);
        }
        // The last two name other events, and must still do so.
        let ids = [envelope.correlation_id.as_mut(), envelope.causation_id.as_mut()];
        let own = [&mut envelope.event_id, &mut envelope.source];
        for id in own.into_iter().chain(ids.into_iter().flatten()) {
            count += rules.redact_id(id);
        }
        count
    }
}

/// The redactor a container is given.
#[derive(Default)]
pub struct SecretRedactorParameters {
    /// Without one, the built-in rules apply under a key that ends with the process: marks can be
    /// compared within one run.
    pub redactor: Option<SecretRedactor>,
}

impl<M: Module> Component<M> for SecretRedactor {
    type Interface = dyn Redactor;
    type Parameters = SecretRedactorParameters;

    fn build(_: &mut ModuleBuildContext<M>, parameters: Self::Parameters) -> Box<dyn Redactor> {
        Box::new(parameters.redactor.unwrap_or_else(Self::built_in))
    }
}

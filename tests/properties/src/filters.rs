//! What people ask with: patterns of types, moments, actors, and texts in a payload.

use application::query::Moment;
use chrono::{DateTime, Datelike, Utc};
use domain::audit::TimeSpan;
use domain::events::PlanPhaseChanged;
use domain::{
    Actor, AuditFilter, DomainEvent, ErasedFields, EventDraft, RecordedEvent, Sequence, TypePattern,
};

/// How much of a pattern and a name is compared with the slow matcher.
const COMPARED: usize = 48;

/// Takes the input's first four lines as a pattern, a name, a moment and an actor, and all of it as a
/// text that is looked for.
///
/// # Panics
/// When a pattern matches otherwise than its definition says, a moment lies where it cannot, an
/// actor is written otherwise than it was read, or a text is not found where it is.
pub fn filters(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.lines();
    let mut line = || lines.next().unwrap_or_default();
    pattern(line(), line());
    moment(line());
    actor(line());
    contained(&text);
}

fn pattern(pattern: &str, name: &str) {
    let matches = TypePattern::new(pattern).matches(name);
    assert_eq!(TypePattern::new(pattern).as_str(), pattern);
    if !TypePattern::new(pattern).has_wildcard() {
        assert_eq!(matches, pattern == name, "`{pattern}` without a wildcard and `{name}`");
    }
    assert!(
        TypePattern::new("*").matches(name) && TypePattern::new(format!("{name}*")).matches(name)
    );
    let letters = |text: &str| text.chars().take(COMPARED).collect::<Vec<char>>();
    let (pattern, name) = (letters(pattern), letters(name));
    let text = |letters: &[char]| letters.iter().collect::<String>();
    let matches = TypePattern::new(text(&pattern)).matches(&text(&name));
    assert_eq!(matches, slowly(&pattern, &name), "{pattern:?} and {name:?}");
}

/// The definition: whether the pattern's first letters fit the name's, for all of them.
fn slowly(pattern: &[char], name: &[char]) -> bool {
    // Which beginnings of the name fit the pattern so far.
    let mut fits = vec![false; name.len() + 1];
    fits[0] = true;
    for wanted in pattern {
        let mut next = vec![false; name.len() + 1];
        for place in 0..=name.len() {
            next[place] = match wanted {
                '*' => fits[place] || place > 0 && next[place - 1],
                _ => place > 0 && fits[place - 1] && (*wanted == '?' || *wanted == name[place - 1]),
            };
        }
        fits = next;
    }
    fits[name.len()]
}

fn moment(text: &str) {
    let moment = match Moment::parse(text) {
        Ok(moment) => moment,
        Err(problem) => {
            return assert!(problem.contains("2h"), "a refusal says what can be written");
        }
    };
    for now in [crate::now(), DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        let resolved = moment.resolve(now);
        match moment {
            Moment::Ago(_) => assert!(resolved <= now, "`{text}` lies ahead"),
            Moment::At(at) => assert_eq!(at, resolved, "`{text}` depends on the time of asking"),
        }
        let span = TimeSpan { since: Some(resolved), until: None };
        assert!(span.contains(resolved) && span.contains(DateTime::<Utc>::MAX_UTC));
        let span = TimeSpan { since: None, until: Some(resolved) };
        assert!(!span.contains(resolved), "the end of a span is not in it");
        if (0..=9999).contains(&resolved.year()) {
            let again = Moment::parse(&resolved.to_rfc3339());
            assert_eq!(again, Ok(Moment::At(resolved)), "`{text}` is read otherwise when written");
        }
    }
}

fn actor(text: &str) {
    if let Ok(actor) = text.parse::<Actor>() {
        assert!(!actor.id.is_empty(), "`{text}` is nobody");
        assert_eq!(actor.to_string(), text);
    }
}

/// A text is found in a payload that has it, however it has to be written in JSON.
fn contained(text: &str) {
    let event = PlanPhaseChanged { from: format!("a{text}b"), to: "c".to_owned() };
    let matches = |text: String| {
        let filter = AuditFilter { contains: Some(text), ..AuditFilter::default() };
        filter.matches(&recorded(event.clone()))
    };
    assert!(matches(text.to_owned()), "{text:?} is not found");
    assert!(!matches(format!("{text}b{text}bb")), "more than {text:?} is found");
}

fn recorded(event: PlanPhaseChanged) -> RecordedEvent {
    let name = PlanPhaseChanged::DESCRIPTOR.event_type;
    match EventDraft::from(event).seal(crate::now(), || "made".to_owned(), "/properties") {
        Ok(envelope) => RecordedEvent {
            sequence: Sequence(1),
            recorded_at: crate::now(),
            envelope,
            erased: ErasedFields::NONE,
        },
        Err(error) => panic!("`{name}` cannot be sealed: {error}"),
    }
}

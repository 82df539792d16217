//! The shape of wire names, checked while the program is compiled.
//!
//! A wire name is `context.past_tense_fact`: two parts of lower-case words, digits and
//! underscores, each starting with a letter. Whether the fact is in the past tense is left to the
//! reader's ear.

/// Whether `name` is `context.past_tense_fact`.
#[must_use]
pub const fn is_well_formed(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut dots = 0;
    let mut at_start = true;
    let mut after_underscore = false;
    let mut i = 0;
    while i < bytes.len() {
        match bytes[i] {
            b'a'..=b'z' => {
                at_start = false;
                after_underscore = false;
            }
            b'0'..=b'9' if !at_start => after_underscore = false,
            b'_' if !at_start && !after_underscore => after_underscore = true,
            b'.' if !at_start && !after_underscore => {
                dots += 1;
                at_start = true;
            }
            _ => return false,
        }
        i += 1;
    }
    dots == 1 && !at_start && !after_underscore
}

/// Whether two wire names have the same part before the dot.
#[must_use]
pub const fn same_context(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        if a[i] == b'.' {
            return true;
        }
        i += 1;
    }
    false
}

/// Whether two texts are the same; `==` on `str` is not yet const.
#[must_use]
pub const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// A compile-time message with a name in it: const panics cannot format more than one text.
pub(crate) struct Message {
    text: [u8; 320],
    len: usize,
}

impl Message {
    pub(crate) const fn new() -> Self {
        Self { text: [0; 320], len: 0 }
    }

    /// The message with `more` added, cut where it no longer fits.
    pub(crate) const fn and(mut self, more: &str) -> Self {
        let more = more.as_bytes();
        let mut i = 0;
        while i < more.len() && self.len < self.text.len() {
            self.text[self.len] = more[i];
            self.len += 1;
            i += 1;
        }
        self
    }

    pub(crate) const fn as_str(&self) -> &str {
        let (text, _) = self.text.split_at(self.len);
        match std::str::from_utf8(text) {
            Ok(text) => text,
            // Only where a cut fell inside a letter.
            Err(_) => "a wire name is malformed or declared twice: rename the event",
        }
    }
}

/// The field's name on the wire: `r#type` is written `type`.
#[must_use]
pub const fn field_name(ident: &'static str) -> &'static str {
    match ident.as_bytes() {
        [b'r', b'#', ..] => ident.split_at(2).1,
        _ => ident,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wire_name_is_a_context_and_a_fact() {
        for good in ["plan.created", "plan.phase_changed", "a.b", "s3.object_2_copied"] {
            assert!(is_well_formed(good), "{good}");
        }
        for bad in [
            "",
            ".",
            "plan",
            "plan.",
            ".created",
            "Plan.created",
            "plan.Created",
            "plan created",
            "plan.created.twice",
            "plan._created",
            "plan.created_",
            "plan.re__done",
            "1plan.made",
            "plan-x.made",
            "plän.made",
        ] {
            assert!(!is_well_formed(bad), "{bad}");
        }
    }

    #[test]
    fn contexts_are_compared_up_to_the_dot() {
        assert!(same_context("plan.created", "plan.applied"));
        assert!(!same_context("plan.created", "planner.created"));
        assert!(!same_context("plan.created", "tool.created"));
        // What has no dot has no context, be it the beginning of a name or the whole of another.
        for (a, b) in [("plan", "plan"), ("plan", "plan.created"), ("plan.created", "plan")] {
            assert!(!same_context(a, b), "{a} {b}");
        }
        assert!(same("plan.created", "plan.created"));
        assert!(!same("plan.created", "plan.creates"));
    }

    #[test]
    fn a_message_is_cut_rather_than_overrun() {
        let long = "x".repeat(400);
        assert_eq!(Message::new().and(&long).as_str().len(), 320);
        assert_eq!(Message::new().and("a `").and("b").and("`").as_str(), "a `b`");
        let cut_inside_a_letter = "é".repeat(200) + "é";
        assert_eq!(Message::new().and(&cut_inside_a_letter).as_str().len(), 320);
        assert!(Message::new().and("x").and(&cut_inside_a_letter).as_str().contains("rename"));
    }

    #[test]
    fn a_raw_identifier_is_written_without_its_mark() {
        assert_eq!(field_name("r#type"), "type");
        assert_eq!(field_name("goal"), "goal");
    }
}

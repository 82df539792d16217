//! As much of Markdown as it takes to find code, links and headings.
//!
//! Deliberately absent: everything else of it.

use std::fs;
use std::path::{Path, PathBuf};

/// A document of the repository.
pub(crate) struct Document {
    /// Its path from the root.
    pub(crate) name: &'static str,
    path: PathBuf,
    text: String,
}

impl Document {
    pub(crate) fn read(root: &Path, name: &'static str) -> Self {
        Self { name, ..Self::at(&root.join(name)) }
    }

    pub(crate) fn at(path: &Path) -> Self {
        let text = fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()));
        Self { name: "", path: path.to_owned(), text }
    }

    /// The place that a link in this document means.
    pub(crate) fn beside(&self, path: &str) -> PathBuf {
        self.path.parent().map(|folder| folder.join(path)).unwrap_or_default()
    }

    /// Everything that is set as code, with its line: what stands between backticks, also where it
    /// goes on on the next line; what is indented; and commands and lines in fences.
    pub(crate) fn code(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        let mut prose: Vec<(usize, &str)> = Vec::new();
        let mut fenced = false;
        for (line, text) in (1..).zip(self.text.lines()) {
            if text.trim_start().starts_with("```") {
                fenced = !fenced;
            } else if fenced || text.starts_with("    ") {
                let command = text.trim().trim_start_matches("$ ");
                // What follows `#` explains the command.
                let command = command.split(" # ").next().unwrap_or_default().trim_end();
                found.push((line, command.to_owned()));
            } else {
                prose.push((line, text));
            }
        }
        let mut span: Option<(usize, String)> = None;
        for (line, text) in prose {
            if text.trim().is_empty() {
                // A span does not go beyond its paragraph.
                span = None;
            }
            for (nth, piece) in text.split('`').enumerate() {
                if nth > 0 {
                    span = match span.take() {
                        None => Some((line, String::new())),
                        Some(ended) => {
                            found.push(ended);
                            None
                        }
                    };
                }
                if let Some((_, content)) = &mut span {
                    content.push_str(piece);
                }
            }
            if let Some((_, content)) = &mut span {
                content.push(' ');
            }
        }
        found
    }

    /// The targets of links, with their lines.
    pub(crate) fn links(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for (line, text) in (1..).zip(self.text.lines()) {
            for rest in text.split("](").skip(1) {
                if let Some((target, _)) = rest.split_once(')') {
                    found.push((line, target.to_owned()));
                }
            }
        }
        found
    }

    /// The anchors that headings have.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let headings = self.text.lines().filter(|line| line.starts_with('#'));
        let anchor = |heading: &str| {
            let words = heading.trim_start_matches('#').trim().to_lowercase();
            words.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>()
        };
        headings.map(|heading| anchor(heading).replace(' ', "-")).collect()
    }
}

/// The words after `program`, where a piece of code runs it; variables may be set before it.
pub(crate) fn after<'a>(program: &str, code: &'a str) -> Option<Vec<&'a str>> {
    let mut words = code.split_whitespace().skip_while(|word| {
        word.split_once('=')
            .is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
    });
    (words.next() == Some(program))
        .then(|| words.take_while(|word| !["--", "|", "&&", ">", "#"].contains(word)).collect())
}

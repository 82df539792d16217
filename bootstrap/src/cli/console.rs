//! Where a command writes: results, explanations, and whether a person is looking.

use std::io::{self, BufWriter, IsTerminal, Write};

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Failure;

/// What the program calls itself in what it says.
const NAME: &str = "indelible";

/// Columns assumed where a terminal does not say how wide it is.
const WIDTH: usize = 100;

/// Standard output and standard error, or what stands for them in a test.
pub struct Console {
    out: Box<dyn Write>,
    /// Whether styles are taken out of what is printed.
    plain: bool,
    err: Box<dyn Write>,
    /// The program as it was called, with the flags that say which record is meant.
    program: String,
    /// Whether a person looks at the results.
    pub person_reads_results: bool,
    /// Whether a person looks at the explanations.
    pub person_reads_explanations: bool,
}

impl Console {
    /// The process's own streams; styles are dropped where no person looks, or asks not to.
    #[must_use]
    pub fn of_process() -> Self {
        // Not by a stream that takes styles out: what is data goes through as it is.
        let choice = AutoStream::choice(&io::stdout());
        let plain = choice == ColorChoice::Never;
        let out: Box<dyn Write> = if plain {
            Box::new(BufWriter::new(io::stdout()))
        } else {
            Box::new(BufWriter::new(AutoStream::new(io::stdout(), choice)))
        };
        Self {
            out,
            plain,
            err: Box::new(AutoStream::auto(io::stderr())),
            program: NAME.to_owned(),
            person_reads_results: io::stdout().is_terminal(),
            person_reads_explanations: io::stderr().is_terminal(),
        }
    }

    /// Streams of your own, which nobody looks at.
    #[must_use]
    pub fn of(out: Box<dyn Write>, err: Box<dyn Write>) -> Self {
        Self {
            out,
            plain: false,
            err,
            program: NAME.to_owned(),
            person_reads_results: false,
            person_reads_explanations: false,
        }
    }

    /// Has commands that are suggested begin as the program was called.
    pub(crate) fn is_called(&mut self, program: &str) {
        program.clone_into(&mut self.program);
    }

    /// A text in which the commands that are suggested begin as the program was called: who says
    /// them does not know which record is meant.
    #[must_use]
    pub(crate) fn as_called(&self, text: &str) -> String {
        text.replace(&format!("`{NAME} "), &format!("`{} ", self.program))
    }

    /// The terminal's width in columns.
    #[must_use]
    pub fn width(&self) -> usize {
        let columns = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        columns.or_else(terminal_width).unwrap_or(WIDTH).max(40)
    }

    /// Writes a part of the result, with its styles where somebody sees them.
    ///
    /// # Errors
    /// When standard output is closed or fails.
    pub fn print(&mut self, text: &str) -> Result<(), Failure> {
        if self.plain {
            let text = strip_str(text);
            return write!(self.out, "{text}").map_err(Failure::stdout);
        }
        self.print_data(text)
    }

    /// Writes a part of the result as it is: data for a program, in which nothing is a style.
    ///
    /// # Errors
    /// When standard output is closed or fails.
    pub fn print_data(&mut self, text: &str) -> Result<(), Failure> {
        self.out.write_all(text.as_bytes()).map_err(Failure::stdout)
    }

    /// Writes one line of the result.
    ///
    /// # Errors
    /// When standard output is closed or fails.
    pub fn print_line(&mut self, text: &str) -> Result<(), Failure> {
        self.print(text)?;
        self.print("\n")
    }

    /// Hands on what was written so far.
    ///
    /// # Errors
    /// When standard output is closed or fails.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(Failure::stdout)
    }

    /// A bar that says how far a run over so many entries is, how fast, and how long it will take; only
    /// a person sees it.
    pub(super) fn progress(&self, entries: u64) -> ProgressBar {
        let target = if self.person_reads_explanations {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(entries), target);
        let template = "{wide_bar} {pos}/{len} entries, {per_sec}, {eta} left";
        // The template is a constant, so it is either always fine or never: the plain style is as good.
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar
    }

    /// Writes an explanation. Where even that is impossible there is nobody left to tell.
    pub fn explain(&mut self, text: &str) {
        let _ = self.err.write_all(self.as_called(text).as_bytes());
        let _ = self.err.flush();
    }

    /// Writes one line of explanation.
    pub fn explain_line(&mut self, text: &str) {
        self.explain(&format!("{text}\n"));
    }
}

fn terminal_width() -> Option<usize> {
    comfy_table::Table::new().width().map(usize::from)
}

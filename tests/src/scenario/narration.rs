//! A timeline in words, one line for each thing that has happened.

use std::fmt;

use domain::{AuditFilter, Receipt, ReceiptStatus, RecordedEvent, TypePattern};

use super::timeline::{Handling, Happening, Offered, Timeline};
use crate::expect::chain;

/// How many of the first and of the last lines are shown of a timeline that is too long to read.
const SHOWN: (usize, usize) = (40, 160);

impl fmt::Display for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let happenings = self.lock();
        let (first, last) = SHOWN;
        let hidden = happenings.len().saturating_sub(first + last);
        for (number, happening) in happenings.iter().enumerate() {
            if hidden > 0 && number == first {
                writeln!(f, "       … {hidden} lines are left out here …")?;
            }
            if number < first || number >= first + hidden {
                writeln!(f, "{:>5}  {happening}", number + 1)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { file } => write!(f, "started      on {}", file.display()),
            Self::Given { receipts } => write!(f, "given        {}", places(receipts)),
            Self::Subscribed { subscription, name, wants, has_predicate } => {
                write!(
                    f,
                    "subscribed   {name} (#{subscription}) to {}",
                    wanted(wants, *has_predicate)
                )
            }
            Self::Left { subscription, name } => write!(f, "left         {name} (#{subscription})"),
            Self::Emitted { emit, events } => {
                write!(f, "emitted      ")?;
                for (place, event) in events.iter().enumerate() {
                    write!(f, "{}{event}", if place > 0 { ", " } else { "" })?;
                }
                write!(f, " (emit {emit})")
            }
            Self::Acknowledged { emit, receipts } => {
                write!(f, "acknowledged {} (emit {emit})", places(receipts))
            }
            Self::Refused { emit, error } => {
                write!(f, "refused      (emit {emit}) {}", chain(error))
            }
            Self::GivenUp { emit } => write!(f, "given up     (emit {emit}) by its emitter"),
            Self::Handed { subscription, name, event, attempt, repeated } => {
                write!(f, "handed       {} to {name} (#{subscription})", short(event))?;
                match (attempt, repeated) {
                    (1, false) => Ok(()),
                    (1, true) => write!(f, ", perhaps again"),
                    _ => write!(f, ", attempt {attempt}"),
                }
            }
            Self::Handled { subscription, name, event, outcome } => {
                write!(f, "{outcome} {} by {name} (#{subscription})", short(event))?;
                match outcome {
                    Handling::Failed(why) | Handling::Panicked(why) => write!(f, ": {why}"),
                    Handling::Done | Handling::Abandoned => Ok(()),
                }
            }
            Self::ShutDown { abandoned } if abandoned.is_empty() => write!(f, "shut down"),
            Self::ShutDown { abandoned } => {
                write!(f, "shut down    without {}, who did not finish", abandoned.join(", "))
            }
            Self::Killed { acknowledged } => {
                write!(f, "killed       a child process, {acknowledged} events acknowledged")
            }
        }
    }
}

impl fmt::Display for Handling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Done => "handled     ",
            Self::Failed(_) => "failed      ",
            Self::Panicked(_) => "panicked    ",
            Self::Abandoned => "abandoned   ",
        })
    }
}

impl fmt::Display for Offered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.event_type)?;
        let Some(envelope) = &self.envelope else { return write!(f, " (not writable)") };
        if !envelope.event_id.is_empty() {
            write!(f, " id={}", envelope.event_id)?;
        }
        if let Some(plan) = &envelope.plan_id {
            write!(f, " plan={plan}")?;
        }
        Ok(())
    }
}

fn short(event: &RecordedEvent) -> String {
    format!("{} {}", event.sequence, event.envelope.event_type)
}

/// Where events are on record, in words.
fn places(receipts: &[Receipt]) -> String {
    let place = |receipt: &Receipt| match receipt.status {
        ReceiptStatus::Recorded => format!("as {}", receipt.sequence),
        ReceiptStatus::AlreadyOnRecord => format!("already, as {}", receipt.sequence),
    };
    match receipts {
        [] => "nothing".to_owned(),
        [one] => place(one),
        [first, .., last] => format!(
            "{} events, the first {}, the last {}",
            receipts.len(),
            place(first),
            place(last)
        ),
    }
}

/// What a subscriber wants, in words.
fn wanted(wants: &AuditFilter, has_predicate: bool) -> String {
    let types = wants.types.iter().map(TypePattern::as_str);
    let contexts = wants.contexts.iter().map(String::as_str);
    let named: Vec<&str> = types.chain(contexts).collect();
    let narrowed = AuditFilter { types: Vec::new(), contexts: Vec::new(), ..wants.clone() }
        != AuditFilter::default();
    let mut text = if named.is_empty() { "everything".to_owned() } else { named.join(", ") };
    if narrowed || has_predicate {
        text.push_str(" that its filter accepts");
    }
    text
}

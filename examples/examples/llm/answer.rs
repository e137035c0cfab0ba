//! An answer that grows: text is printed as it comes, the fragments of tool calls are joined.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// What a part of a stream says, whatever the shape of the API.
pub(crate) enum Piece {
    Text(String),
    /// A fragment of the tool call of this number; what it does not say it leaves empty.
    Tool {
        number: u64,
        name: String,
        arguments: String,
    },
    /// Tokens of the request and of the answer, as far as they are told.
    Usage {
        asked: Option<u64>,
        answered: Option<u64>,
    },
    /// The model has finished.
    Finished,
}

/// What has come so far.
#[derive(Default)]
pub(crate) struct Answer {
    /// Names and arguments.
    tools: BTreeMap<u64, (String, String)>,
    asked: Option<u64>,
    answered: Option<u64>,
    finished: bool,
    has_text: bool,
}

impl Answer {
    pub(crate) fn add(&mut self, piece: Piece) -> io::Result<()> {
        match piece {
            Piece::Text(text) => {
                self.has_text = true;
                let mut out = io::stdout().lock();
                out.write_all(text.as_bytes())?;
                out.flush()?;
            }
            Piece::Tool { number, name, arguments } => {
                let tool = self.tools.entry(number).or_default();
                tool.0.push_str(&name);
                tool.1.push_str(&arguments);
            }
            Piece::Usage { asked, answered } => {
                self.asked = asked.or(self.asked);
                self.answered = answered.or(self.answered);
            }
            Piece::Finished => self.finished = true,
        }
        Ok(())
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.finished
    }

    /// Prints what is known at the end only.
    pub(crate) fn end(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.has_text {
            writeln!(out)?;
        }
        for (name, arguments) in self.tools.values() {
            writeln!(out, "call {name} {arguments}")?;
        }
        if let (Some(asked), Some(answered)) = (self.asked, self.answered) {
            eprintln!("{asked} tokens asked, {answered} answered");
        }
        Ok(())
    }
}

/// The words of an API's error: `{"error": {"message": ...}}`, or `{"error": ...}`.
pub(crate) fn reason(json: &str) -> Option<String> {
    let data: Value = serde_json::from_str(json).ok()?;
    let error = data.get("error").filter(|error| !error.is_null())?;
    let message = error.get("message").unwrap_or(error);
    Some(message.as_str().map_or_else(|| message.to_string(), str::to_owned))
}

/// A text of the data; empty when it is not there.
pub(crate) fn text(data: &Value) -> String {
    data.as_str().unwrap_or_default().to_owned()
}

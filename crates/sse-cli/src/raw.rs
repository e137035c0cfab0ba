//! `sse listen --raw`: the bytes of one connection as they come, with visible line ends. Depends on the exchange in
//! `system`.

use crate::exit::Exit;
use crate::request::Request;
use crate::system::Exchange;
use crate::target::Target;
use crate::terminal::{Paint, Style};
use crate::transcript::{End, Head};
use crate::trust::trust;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

/// How long connecting may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Prints the head of the answer on standard error and its body, without its framing, on standard output.
pub(crate) fn run(
    request: &Request,
    last_event_id: Option<&str>,
    time: Option<Duration>,
    (paint, aside): (Paint, Paint),
) -> Result<Exit, Box<dyn std::error::Error>> {
    let mut fields = vec![("Accept".to_owned(), "text/event-stream".to_owned())];
    let id = last_event_id.map(|id| ("Last-Event-ID".to_owned(), id.to_owned()));
    fields.extend(request.fields().into_iter().chain(id));
    let body = request.body()?;
    let exchange = Exchange {
        target: &Target::parse(&request.url())?,
        method: request.method(),
        fields: &fields,
        body: body.as_deref(),
        tls: &Arc::new(trust(request.ca(), &["http/1.1"])?),
        connect: PATIENCE,
        time,
        bytes: usize::MAX,
        parting: None,
    };
    let (mut shown, mut failed, mut has_head) = (Shown::new(paint), None, false);
    let seen = exchange.run(&mut |transcript| {
        if let Some(head) = transcript.head.as_ref().filter(|_| !has_head) {
            has_head = true;
            tell(head, aside);
        }
        // What has been printed is not kept: a stream need not end.
        transcript.arrivals.clear();
        let body = std::mem::take(&mut transcript.body);
        failed = shown.print(&body, &mut io::stdout().lock()).err();
        failed.is_some()
    })?;
    shown.finish(&mut io::stdout().lock())?;
    if let Some(error) = failed {
        return Ok(error.into());
    }
    Ok(match seen.end {
        End::Complete if seen.status() == Some(200) => Exit::Done,
        End::Complete => Exit::failed(format_args!("the status is {}", seen.status().unwrap_or(0))),
        End::Open => Exit::TimedOut,
        End::Cut(why) | End::Malformed(why) => Exit::failed(why),
    })
}

fn tell(head: &Head, paint: Paint) {
    let mut told = format!("HTTP/1.{} {}", head.minor, head.status);
    for (name, value) in head.fields() {
        told.push_str(&format!("\n{name}: {}", value.escape_debug()));
    }
    let _ = writeln!(io::stderr(), "{}\n", paint.paint(Style::Aside, told));
}

/// Makes bytes visible, wherever they are cut.
struct Shown {
    paint: Paint,
    /// A CR was printed; whether an LF belongs to it, the next byte says.
    after_cr: bool,
    /// The beginning of a character.
    torn: Vec<u8>,
}

impl Shown {
    fn new(paint: Paint) -> Self {
        Self { paint, after_cr: false, torn: Vec::new() }
    }

    fn print(&mut self, bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
        let bytes = [std::mem::take(&mut self.torn), bytes.to_vec()].concat();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (text, bad) = match std::str::from_utf8(rest) {
                Ok(text) => (text, 0),
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    let bad = error.error_len().unwrap_or(0);
                    if bad == 0 {
                        self.torn = after.to_vec();
                    }
                    (std::str::from_utf8(valid).unwrap_or_default(), bad)
                }
            };
            for character in text.chars() {
                self.character(character, out)?;
            }
            let (bad, after) = rest[text.len()..].split_at(bad);
            for byte in bad {
                self.mark(&format!("\\x{byte:02x}"), out)?;
            }
            rest = if self.torn.is_empty() { after } else { &[] };
        }
        out.flush()
    }

    fn character(&mut self, character: char, out: &mut dyn Write) -> io::Result<()> {
        if std::mem::take(&mut self.after_cr) && character != '\n' {
            writeln!(out)?;
        }
        match character {
            '\n' => {
                self.mark("\\n", out)?;
                writeln!(out)
            }
            '\r' => {
                self.after_cr = true;
                self.mark("\\r", out)
            }
            '\\' => self.mark("\\\\", out),
            '\t' => self.mark("\\t", out),
            '\u{feff}' => self.mark("\\u{feff}", out),
            it if it.is_control() => self.mark(&it.escape_unicode().to_string(), out),
            it => write!(out, "{it}"),
        }
    }

    fn mark(&self, text: &str, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{}", self.paint.paint(Style::Aside, text))
    }

    /// Nothing more comes.
    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        for byte in std::mem::take(&mut self.torn) {
            self.mark(&format!("\\x{byte:02x}"), out)?;
        }
        if std::mem::take(&mut self.after_cr) {
            writeln!(out)?;
        }
        out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::Colour;

    #[test]
    fn line_ends_and_odd_bytes_are_visible_wherever_they_are_cut() {
        let bytes = "\u{feff}data: a\r\ndata: ☺\\\r\r:\t\x1b\n".as_bytes();
        let bytes = [bytes, b"data: \xe9\n\xe2\x98"].concat();
        let expected = "\\u{feff}data: a\\r\\n\ndata: ☺\\\\\\r\n\\r\n:\\t\\u{1b}\\n\ndata: \\xe9\\n\n\\xe2\\x98";
        for size in [1, 2, 3, bytes.len()] {
            let mut shown = Shown::new(Colour::Never.on(&io::stdout()));
            let mut out = Vec::new();
            for piece in bytes.chunks(size) {
                shown.print(piece, &mut out).expect("memory");
            }
            shown.finish(&mut out).expect("memory");
            assert_eq!(String::from_utf8(out).expect("UTF-8"), expected, "{size}");
        }
    }
}

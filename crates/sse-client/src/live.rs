//! An open stream: reads the connection, undoes the framing, decodes. Generic over what the bytes
//! come from; knows no socket.

use crate::buffer::Buffer;
use crate::content::{Content, Step};
use crate::ending::{EndedBy, Ending};
use crate::failure::Failure;
use crate::kind::ErrorKind;
use crate::net::{Io, Watchdog};
use crate::strays::Strays;
use crate::tail::Tail;
use futures_lite::AsyncRead;
use sse_proto::{Decoder, Found};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// After this many reads without a pause other tasks get their turn.
const READS_IN_A_ROW: u8 = 32;

/// One open connection.
pub(crate) struct Live {
    io: Io,
    buffer: Buffer,
    content: Content,
    /// Of the content: text that the decoder has not seen.
    text: Range<usize>,
    /// Of the content: where that begins which the decoder was given last.
    chunk: usize,
    tail: Tail,
    reads: u8,
    /// Fed by every byte.
    silence: Option<Watchdog>,
    /// Fed by every event that counts.
    events: Option<Watchdog>,
    /// An event that counts has come since its watchdog was last looked at.
    progressed: bool,
    strays: Option<Strays>,
    /// The line that was found and is no field.
    stray: String,
}

/// What was found in a stream.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Find {
    /// What the decoder has found, and gives.
    Decoded(Found),
    /// A line that is no field.
    Stray,
}

/// What a stream is watched for.
pub(crate) struct Watch {
    pub(crate) silence: Option<Watchdog>,
    pub(crate) events: Option<Watchdog>,
    pub(crate) strays: Option<Strays>,
}

impl Live {
    pub(crate) fn new(io: Io, buffer: Buffer, content: Content, watch: Watch) -> Self {
        let Watch { silence, events, strays } = watch;
        let (text, chunk) = (0..0, 0);
        let (tail, reads, progressed, stray) = (Tail::default(), 0, false, String::new());
        Self {
            tail,
            io,
            buffer,
            content,
            text,
            chunk,
            reads,
            silence,
            events,
            progressed,
            strays,
            stray,
        }
    }

    /// An event has come that counts as progress.
    pub(crate) fn progressed(&mut self) {
        self.progressed = true;
    }

    /// The line of a [`Find::Stray`].
    pub(crate) fn stray(&self) -> &str {
        &self.stray
    }

    /// What the decoder was given when it found the item, and what lies behind that in the buffer: the argument of
    /// `Decoder::item`.
    #[inline]
    pub(crate) fn chunk(&self) -> &[u8] {
        self.content.bytes(&self.buffer).get(self.chunk..).unwrap_or_default()
    }

    /// Ready when something was found, or when the connection is over.
    pub(crate) fn poll_find(
        &mut self,
        decoder: &mut Decoder,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Find, Failure>> {
        loop {
            if let Some(find) = self.advance(decoder) {
                return Poll::Ready(Ok(find));
            }
            match self.content.next(&mut self.buffer) {
                Ok(Step::Text(text)) => self.text = text,
                Ok(Step::End) => {
                    return Poll::Ready(Err(self.over(ErrorKind::Ended.into())));
                }
                Ok(Step::More) => {
                    if let Err(failure) = ready!(self.poll_read(cx)) {
                        return Poll::Ready(Err(self.over(failure)));
                    }
                }
                Err(failure) => return Poll::Ready(Err(self.over(failure))),
            }
        }
    }

    /// What is found in what is at hand: in the rest of the text, or in the plain chunks after it.
    #[inline]
    pub(crate) fn advance(&mut self, decoder: &mut Decoder) -> Option<Find> {
        loop {
            if !self.text.is_empty() {
                let find = match self.strays {
                    None => self.decode(decoder).map(Find::Decoded),
                    Some(_) => self.decode_in_detail(decoder),
                };
                if find.is_some() {
                    return find;
                }
            }
            self.text = self.content.plain_text(&mut self.buffer)?;
        }
    }

    #[inline]
    fn decode(&mut self, decoder: &mut Decoder) -> Option<Found> {
        self.chunk = self.text.start;
        let bytes = self.content.bytes(&self.buffer);
        let text = bytes.get(self.text.clone()).unwrap_or_default();
        let mut rest = text;
        let found = decoder.advance(&mut rest);
        note(&mut self.tail, found.as_ref(), text, rest);
        self.text.start = self.text.end - rest.len();
        found
    }

    /// Line by line, so that a line that is no field comes in its place.
    #[cold]
    fn decode_in_detail(&mut self, decoder: &mut Decoder) -> Option<Find> {
        while !self.text.is_empty() {
            let bytes = self.content.bytes(&self.buffer);
            let text = bytes.get(self.text.clone()).unwrap_or_default();
            let piece = text.get(..Strays::piece(text)).unwrap_or_default();
            let mut rest = piece;
            let found = decoder.advance(&mut rest);
            note(&mut self.tail, found.as_ref(), piece, rest);
            let read = piece.len() - rest.len();
            let seen = piece.get(..read).unwrap_or_default();
            let stray = self.strays.as_mut().and_then(|strays| strays.see(seen));
            self.chunk = self.text.start;
            self.text.start += read;
            if let Some(line) = stray {
                self.stray = line;
                return Some(Find::Stray);
            }
            if let Some(found) = found {
                return Some(Find::Decoded(found));
            }
        }
        None
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        if self.reads >= READS_IN_A_ROW {
            self.reads = 0;
            cx.waker().wake_by_ref();
            return self.poll_watchdogs(cx);
        }
        match Pin::new(&mut self.io).poll_read(cx, self.buffer.room()) {
            Poll::Ready(Ok(0)) if self.content.may_end() => {
                Poll::Ready(Err(ErrorKind::Ended.into()))
            }
            Poll::Ready(Ok(0)) => Poll::Ready(Err(ErrorKind::Truncated.into())),
            Poll::Ready(Ok(count)) => {
                self.reads += 1;
                self.buffer.filled(count);
                if let Some(watchdog) = &mut self.silence {
                    watchdog.feed();
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(Failure::because(ErrorKind::Broken, error))),
            Poll::Pending => {
                self.reads = 0;
                self.poll_watchdogs(cx)
            }
        }
    }

    /// Ready, with an error, when the stream is silent or without an event for too long. The time
    /// that a caller takes with an event is not the stream's: it counts from the next poll on.
    fn poll_watchdogs(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        if let Some(watchdog) = &mut self.events {
            if std::mem::take(&mut self.progressed) {
                watchdog.feed();
            }
            if watchdog.poll(cx).is_ready() {
                return Poll::Ready(Err(ErrorKind::EventTimeout.into()));
            }
        }
        match &mut self.silence {
            Some(watchdog) => watchdog.poll(cx).map(|()| Err(ErrorKind::SilenceTimeout.into())),
            None => Poll::Pending,
        }
    }

    /// The failure with how the stream ended.
    fn over(&self, failure: Failure) -> Failure {
        let by = match failure.kind {
            ErrorKind::Ended => self.content.ended_by(),
            _ => EndedBy::Break,
        };
        let ending = Some(Ending { by, unfinished: self.tail.unfinished() });
        Failure { ending, ..failure.after_request() }
    }
}

/// Counts what the decoder has read of `text`: all but `rest`.
#[inline(always)]
fn note(tail: &mut Tail, found: Option<&Found>, text: &[u8], rest: &[u8]) {
    let read = text.get(..text.len() - rest.len()).unwrap_or_default();
    match (found, read.last()) {
        (Some(Found::Event), Some(&end)) => tail.dispatched(end),
        _ => tail.read(read),
    }
}

//! An open stream: reads the connection, undoes the framing, decodes. Generic over what the bytes
//! come from; knows no socket.

use crate::buffer::Buffer;
use crate::content::{Content, Step};
use crate::error::{ErrorKind, Failure};
use crate::net::{Io, Watchdog};
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
    watchdog: Option<Watchdog>,
    reads: u8,
}

impl Live {
    pub(crate) fn new(
        io: Io,
        buffer: Buffer,
        content: Content,
        watchdog: Option<Watchdog>,
    ) -> Self {
        Self { io, buffer, content, text: 0..0, chunk: 0, watchdog, reads: 0 }
    }

    /// What the decoder was given when it found the item, and what lies behind that in the buffer: the argument of
    /// `Decoder::item`.
    #[inline]
    pub(crate) fn chunk(&self) -> &[u8] {
        self.content.bytes(&self.buffer).get(self.chunk..).unwrap_or_default()
    }

    /// Ready when the decoder has found something, or when the connection is over.
    pub(crate) fn poll_found(
        &mut self,
        decoder: &mut Decoder,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Found, Failure>> {
        loop {
            if let Some(found) = self.advance(decoder) {
                return Poll::Ready(Ok(found));
            }
            match self.content.next(&mut self.buffer) {
                Ok(Step::Text(text)) => self.text = text,
                Ok(Step::End) => return Poll::Ready(Err(ErrorKind::Ended.into())),
                Ok(Step::More) => {
                    if let Err(failure) = ready!(self.poll_read(cx)) {
                        return Poll::Ready(Err(failure));
                    }
                }
                Err(failure) => return Poll::Ready(Err(failure)),
            }
        }
    }

    /// What the decoder finds in what is at hand: in the rest of the text, or in the plain chunks after it.
    #[inline]
    pub(crate) fn advance(&mut self, decoder: &mut Decoder) -> Option<Found> {
        loop {
            if !self.text.is_empty() {
                if let Some(found) = self.decode(decoder) {
                    return Some(found);
                }
            }
            self.text = self.content.plain_text(&mut self.buffer)?;
        }
    }

    #[inline]
    fn decode(&mut self, decoder: &mut Decoder) -> Option<Found> {
        self.chunk = self.text.start;
        let bytes = self.content.bytes(&self.buffer);
        let mut rest = bytes.get(self.text.clone()).unwrap_or_default();
        let found = decoder.advance(&mut rest);
        self.text.start = self.text.end - rest.len();
        found
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        if self.reads >= READS_IN_A_ROW {
            self.reads = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        match Pin::new(&mut self.io).poll_read(cx, self.buffer.room()) {
            Poll::Ready(Ok(0)) if self.content.may_end() => {
                Poll::Ready(Err(ErrorKind::Ended.into()))
            }
            Poll::Ready(Ok(0)) => Poll::Ready(Err(ErrorKind::Truncated.into())),
            Poll::Ready(Ok(count)) => {
                self.reads += 1;
                self.buffer.filled(count);
                if let Some(watchdog) = &mut self.watchdog {
                    watchdog.feed();
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(Failure::because(ErrorKind::Broken, error))),
            Poll::Pending => {
                self.reads = 0;
                match &mut self.watchdog {
                    Some(watchdog) => {
                        watchdog.poll(cx).map(|()| Err(ErrorKind::SilenceTimeout.into()))
                    }
                    None => Poll::Pending,
                }
            }
        }
    }
}

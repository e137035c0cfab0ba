//! Trying a handler without a socket: a client in memory that asks once. Depends on `Request`.

use std::io::{self, Cursor, Read as _};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_lite::io::{AsyncRead, AsyncWrite};

use crate::Request;
use crate::ranked::{LAST, Ranked};

/// What was answered to [`Handle::try_out`](crate::Handle::try_out).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trial {
    /// The status line and the headers, a line each.
    pub head: String,
    /// The body: as a whole, or the first blocks of an event stream.
    pub body: Vec<u8>,
}

/// A client that sends one request and takes everything.
pub(crate) struct Client {
    request: Cursor<Vec<u8>>,
    answer: Answer,
    reader: Option<Waker>,
    is_closed: bool,
}

/// What the client has been sent.
#[derive(Clone, Default)]
pub(crate) struct Answer(Arc<Ranked<(Vec<u8>, Option<Waker>), LAST>>);

impl Client {
    pub(crate) fn new(request: &Request) -> Self {
        let request = Cursor::new(encode(request));
        Self { request, answer: Answer::default(), reader: None, is_closed: false }
    }

    pub(crate) fn answer(&self) -> Answer {
        self.answer.clone()
    }
}

/// The request as HTTP/1.0, whose answer does not come in chunks.
fn encode(request: &Request) -> Vec<u8> {
    let mut target = String::new();
    for &byte in request.path.as_bytes() {
        match byte {
            b'%' | b'?' | b'#' | ..=b' ' | 0x7f.. => target += &format!("%{byte:02X}"),
            _ => target.push(byte.into()),
        }
    }
    let mut head = format!("{} {target}?{} HTTP/1.0\r\n", request.method, request.query);
    for (name, value) in request.headers() {
        head += &format!("{name}: {value}\r\n");
    }
    let mut bytes = format!("{head}content-length: {}\r\n\r\n", request.body.len()).into_bytes();
    bytes.extend_from_slice(&request.body);
    bytes
}

impl Answer {
    /// Waits until the response head and so many blocks of a stream are there.
    pub(crate) fn poll_blocks(&self, cx: &mut Context<'_>, blocks: usize) -> Poll<()> {
        let mut state = self.0.lock();
        if let Some((head, body)) = split(&state.0) {
            if blocks_end(head, body, blocks).is_some() {
                return Poll::Ready(());
            }
        }
        state.1 = Some(cx.waker().clone());
        Poll::Pending
    }

    /// What has come, of a stream so many blocks.
    pub(crate) fn take(&self, blocks: usize) -> Trial {
        let bytes = std::mem::take(&mut self.0.lock().0);
        let Some((head, body)) = split(&bytes) else { return Trial::default() };
        let head = String::from_utf8_lossy(head).into_owned();
        let body = &body[..blocks_end(head.as_bytes(), body, blocks).unwrap_or(body.len())];
        Trial { head, body: body.to_vec() }
    }
}

/// The head without its empty line, and what follows.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    Some((&bytes[..end - 2], &bytes[end..]))
}

/// Where the first `blocks` blocks of a stream end, if they are there. What has a length is none.
fn blocks_end(head: &[u8], body: &[u8], blocks: usize) -> Option<usize> {
    if head.windows(17).any(|name| name == b"\r\nContent-Length:") {
        return None;
    }
    let ends = body.windows(2).enumerate().filter(|(_, pair)| pair == b"\n\n");
    [0].into_iter().chain(ends.map(|(at, _)| at + 2)).nth(blocks)
}

impl AsyncRead for Client {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self.request.read(buffer) {
            Ok(0) if !self.is_closed => {
                // It stays until it has its answer.
                self.reader = Some(cx.waker().clone());
                Poll::Pending
            }
            read => Poll::Ready(read),
        }
    }
}

impl AsyncWrite for Client {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.answer.0.lock();
        state.0.extend_from_slice(bytes);
        let waiting = state.1.take();
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.is_closed = true;
        self.reader.take().into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(()))
    }
}

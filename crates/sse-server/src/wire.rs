//! One connection's bytes, shared by the task that owns it and by whoever writes to it: a sink in a
//! handler's closure, or the pump. Any `AsyncRead + AsyncWrite`; time comes from `socket`.

use std::future::poll_fn;
use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use futures_lite::io::{AsyncRead, AsyncWrite};

use crate::lock;
use crate::log::{Batch, push_chunk};
use crate::socket::{Socket, within};

/// Bytes read at once.
const READ_BYTES: usize = 4096;

pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Duplex for T {}

/// What a connection runs over. Sockets of our own need no box.
pub(crate) enum Link {
    Socket(Socket),
    Other(Pin<Box<dyn Duplex>>),
}

/// The connection as a shared thing. Whole frames are queued in `out` and leave by `flush`, so
/// that no future that is dropped half-way can tear one.
pub(crate) struct Wire {
    state: Mutex<State>,
    /// Milliseconds that a flush waits without any progress; a `Duration` has four times the size,
    /// and there is one per connection.
    deadline: u32,
}

/// What is behind the lock of a connection.
#[derive(Default)]
pub(crate) struct State {
    /// `None` once the connection is over.
    pub(crate) link: Option<Link>,
    /// What is queued.
    pub(crate) out: Vec<u8>,
    /// How much of `out` has left.
    sent: usize,
    /// Bytes that have left so far.
    pub(crate) total: u64,
    /// Which stream a sink must belong to; counts up when a stream ends.
    pub(crate) turn: u32,
    /// The last two bytes that a sink has written; line feeds before the first.
    pub(crate) tail: [u8; 2],
    /// Whether the stream is sent in chunks.
    pub(crate) chunked: bool,
    /// Whether the pump writes the stream, and not the connection's own task.
    pub(crate) seated: bool,
    /// While the pump writes: the event of the channel that comes next.
    pub(crate) position: u64,
    /// While the pump writes: wakes the task.
    waker: Option<Waker>,
}

impl Wire {
    pub(crate) fn new(link: Link, deadline: Duration) -> Arc<Self> {
        let state = Mutex::new(State { link: Some(link), ..State::default() });
        Arc::new(Self { state, deadline: u32::try_from(deadline.as_millis()).unwrap_or(u32::MAX) })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Reads what has come; 0 when the other end will send no more.
    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut Vec<u8>,
    ) -> Poll<io::Result<usize>> {
        let mut bytes = [0; READ_BYTES];
        let count = ready!(pin(&mut self.lock().link)?.poll_read(cx, &mut bytes))?;
        buffer.extend_from_slice(bytes.get(..count).unwrap_or_default());
        Poll::Ready(Ok(count))
    }

    /// Ready when the other end is gone, or has sent more than `limit` bytes that nobody asked for.
    pub(crate) fn poll_hangup(
        &self,
        cx: &mut Context<'_>,
        inbox: &mut Vec<u8>,
        limit: usize,
    ) -> Poll<()> {
        while inbox.len() <= limit && matches!(ready!(self.poll_read(cx, inbox)), Ok(1..)) {}
        Poll::Ready(())
    }

    /// Writes all that is queued.
    ///
    /// # Errors
    ///
    /// The connection is over, or nothing could be written for the whole write deadline.
    pub(crate) async fn flush(&self) -> io::Result<()> {
        let deadline = Duration::from_millis(self.deadline.into());
        let mut is_left = true;
        while is_left {
            let written = within(deadline, poll_fn(|cx| self.lock().poll_write(cx))).await;
            is_left = written.unwrap_or(Err(io::ErrorKind::TimedOut.into()))?;
        }
        Ok(())
    }

    /// Says that no more will be written, for a peer that still reads.
    pub(crate) async fn close(&self) -> io::Result<()> {
        poll_fn(|cx| match &mut self.lock().link {
            Some(Link::Socket(socket)) => Poll::Ready(socket.get_ref().shutdown(Shutdown::Write)),
            link => pin(link)?.poll_close(cx),
        })
        .await
    }

    /// Waits until the pump gives the connection back; the position to go on from.
    pub(crate) async fn unseated(&self) -> u64 {
        poll_fn(|cx| {
            let mut state = self.lock();
            if state.seated {
                state.waker = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(state.position)
        })
        .await
    }
}

impl State {
    /// Queues part of the event stream.
    pub(crate) fn push_block(&mut self, block: &[u8]) {
        if self.chunked {
            push_chunk(&mut self.out, block);
        } else {
            self.out.extend_from_slice(block);
        }
    }

    /// Writes what the stream takes at once; whether something may be left.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut stream = pin(&mut self.link)?;
        if let Some(rest @ [_, ..]) = self.out.get(self.sent..) {
            let count = ready!(stream.as_mut().poll_write(cx, rest))?;
            self.sent += count;
            self.total += count as u64;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            if self.sent < self.out.len() {
                return Poll::Ready(Ok(true));
            }
        }
        // An idle connection keeps no buffer.
        self.out = Vec::new();
        self.sent = 0;
        stream.poll_flush(cx).map_ok(|()| false)
    }

    /// Gives the connection back to its task.
    pub(crate) fn unseat(&mut self) {
        self.seated = false;
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// The pump's side of it: writes `batch` without waiting. A client that does not take all of
    /// it goes back to its task with the rest; so does one that has seen a part of it already.
    /// Whether the connection stays with the pump.
    pub(crate) fn offer(&mut self, batch: &Batch, receivers: &mut u64) -> bool {
        if self.seated && self.position == batch.first {
            *receivers += 1;
            let mut cx = Context::from_waker(Waker::noop());
            let (mut written, mut flushed) = (0, false);
            if let Ok(mut stream) = pin(&mut self.link) {
                // A connection that is broken says so again to its own task.
                if let Poll::Ready(Ok(count)) = stream.as_mut().poll_write(&mut cx, &batch.bytes) {
                    written = count;
                }
                flushed = stream.poll_flush(&mut cx).is_ready();
            }
            let rest = batch.bytes.get(written..).unwrap_or_default();
            self.out.extend_from_slice(rest);
            self.total += written as u64;
            self.position = batch.end;
            if !rest.is_empty() || !flushed {
                self.unseat();
            }
        } else if self.position < batch.end {
            self.unseat();
        }
        self.seated
    }
}

fn pin(link: &mut Option<Link>) -> io::Result<Pin<&mut dyn Duplex>> {
    match link {
        Some(Link::Socket(socket)) => Ok(Pin::<&mut Socket>::new(socket)),
        Some(Link::Other(stream)) => Ok(stream.as_mut()),
        None => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

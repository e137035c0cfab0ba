//! One connection's bytes, shared by the task that owns it and by whoever writes to it: a sink in a
//! handler's closure, or the pump. Any `AsyncRead + AsyncWrite`; time comes from `socket`.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use futures_lite::io::{AsyncRead, AsyncWrite};

use crate::lock;
use crate::log::{Batch, push_chunk};
use crate::socket::{Patience, Socket, close_sending};

/// Bytes read at once.
const READ_BYTES: usize = 4096;

pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Duplex for T {}

/// What a connection runs over. Sockets of our own need no box.
pub(crate) enum Link {
    Socket(Socket),
    Other(Pin<Box<dyn Duplex>>),
}

/// The connection as a shared thing. Whole frames are queued by `push` and leave by `flush`, so
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
    link: Option<Link>,
    out: Vec<u8>,
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
    position: u64,
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
    pub(crate) async fn read(&self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        poll_fn(|cx| self.poll_read(cx, buffer)).await
    }

    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut Vec<u8>) -> Poll<io::Result<usize>> {
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
        while inbox.len() <= limit {
            match ready!(self.poll_read(cx, inbox)) {
                Ok(1..) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => break,
            }
        }
        Poll::Ready(())
    }

    /// Writes all that is queued.
    ///
    /// # Errors
    ///
    /// The connection is over, or nothing could be written for the whole write deadline.
    pub(crate) async fn flush(&self) -> io::Result<()> {
        let mut patience = Patience::new(Some(Duration::from_millis(self.deadline.into())));
        poll_fn(|cx| {
            let mut state = self.lock();
            let before = state.total;
            let flushed = state.poll_flush(cx);
            if state.total != before {
                patience.renew();
            }
            match flushed {
                Poll::Pending if patience.poll_lost(cx).is_ready() => {
                    Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
                }
                other => other,
            }
        })
        .await
    }

    /// Says that no more will be written, for a peer that still reads.
    pub(crate) async fn close(&self) -> io::Result<()> {
        poll_fn(|cx| match &mut self.lock().link {
            Some(Link::Socket(socket)) => Poll::Ready(close_sending(socket)),
            Some(Link::Other(stream)) => stream.as_mut().poll_close(cx),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
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
    /// Begins an event stream.
    pub(crate) fn begin_stream(&mut self, chunked: bool) {
        self.tail = *b"\n\n";
        self.chunked = chunked;
    }

    /// Ends it: neither a sink that outlives it nor the pump writes from here on.
    pub(crate) fn end_stream(&mut self) {
        self.turn = self.turn.wrapping_add(1);
        self.seated = false;
    }

    /// Queues bytes that belong together.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Queues part of the event stream.
    pub(crate) fn push_block(&mut self, block: &[u8]) {
        if self.chunked {
            push_chunk(&mut self.out, block);
        } else {
            self.out.extend_from_slice(block);
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut stream = pin(&mut self.link)?;
        while let Some(rest @ [_, ..]) = self.out.get(self.sent..) {
            match ready!(stream.as_mut().poll_write(cx, rest)) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(count) => {
                    self.sent += count;
                    self.total += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        // An idle connection keeps no buffer.
        self.out = Vec::new();
        self.sent = 0;
        stream.poll_flush(cx)
    }

    /// Hands the writing over to the pump, from the event at `position` on.
    pub(crate) fn sit(&mut self, position: u64) {
        self.seated = true;
        self.position = position;
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

    /// Drops the connection. The pump forgets it.
    pub(crate) fn cut(&mut self) {
        self.link = None;
        self.seated = false;
    }
}

fn pin(link: &mut Option<Link>) -> io::Result<Pin<&mut dyn Duplex>> {
    match link {
        Some(Link::Socket(socket)) => Ok(Pin::<&mut Socket>::new(socket)),
        Some(Link::Other(stream)) => Ok(stream.as_mut()),
        None => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

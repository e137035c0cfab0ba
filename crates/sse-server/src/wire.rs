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
use crate::log::push_chunk;
use crate::socket::{Patience, Socket, close_sending};

/// Bytes read at once.
const READ_BYTES: usize = 4096;

pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send {}
impl<T: AsyncRead + AsyncWrite + Send> Duplex for T {}

/// The connection as a shared thing. Whole frames are queued by `push` and leave by `flush`, so
/// that no future that is dropped half-way can tear one.
pub(crate) struct Wire {
    state: Mutex<State>,
    /// Milliseconds that a flush waits without any progress; a `Duration` has four times the size,
    /// and there is one per connection.
    deadline: u32,
}

struct State {
    /// `None` once the connection is over.
    stream: Option<Link>,
    out: Vec<u8>,
    /// How much of `out` has left.
    sent: usize,
    total: u64,
    /// Which stream a sink must belong to; counts up when a stream ends.
    turn: u32,
    /// The last two bytes of the stream.
    tail: [u8; 2],
    seat: Seat,
}

/// What a connection runs over. Sockets of our own need no box.
pub(crate) enum Link {
    Socket(Socket),
    Other(Pin<Box<dyn Duplex>>),
}

/// Who writes to this connection.
enum Seat {
    /// Its own task.
    Task,
    /// The pump; the waker is that of the task.
    Pump(Option<Waker>),
    /// Its own task again: it must go on at this position.
    Ejected(u64),
}

impl Wire {
    pub(crate) fn new(link: Link, deadline: Duration) -> Arc<Self> {
        let state = State {
            stream: Some(link),
            out: Vec::new(),
            sent: 0,
            total: 0,
            turn: 0,
            tail: *b"\n\n",
            seat: Seat::Task,
        };
        Arc::new(Self {
            state: Mutex::new(state),
            deadline: u32::try_from(deadline.as_millis()).unwrap_or(u32::MAX),
        })
    }

    /// Reads what has come; 0 when the other end will send no more.
    pub(crate) async fn read(&self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        poll_fn(|cx| self.poll_read(cx, buffer)).await
    }

    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut Vec<u8>) -> Poll<io::Result<usize>> {
        let mut bytes = [0; READ_BYTES];
        let mut state = self.state();
        let count = ready!(state.stream()?.poll_read(cx, &mut bytes))?;
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

    pub(crate) async fn hangup(&self, inbox: &mut Vec<u8>, limit: usize) {
        poll_fn(|cx| self.poll_hangup(cx, inbox, limit)).await;
    }

    /// Queues bytes that belong together.
    pub(crate) fn push(&self, bytes: &[u8]) {
        self.state().out.extend_from_slice(bytes);
    }

    /// Queues part of an event stream, as a chunk if `chunked`.
    pub(crate) fn push_framed(&self, block: &[u8], chunked: bool) {
        let out = &mut self.state().out;
        if chunked { push_chunk(out, block) } else { out.extend_from_slice(block) }
    }

    /// Begins a stream that a sink writes; the number is the sink's ticket.
    pub(crate) fn begin_stream(&self) -> u32 {
        let mut state = self.state();
        state.tail = *b"\n\n";
        state.turn
    }

    /// Ends it: a sink that outlives its stream can write no more.
    pub(crate) fn end_stream(&self) {
        let mut state = self.state();
        state.turn = state.turn.wrapping_add(1);
    }

    /// Queues the next bytes of stream `turn`, if it still runs.
    pub(crate) fn push_stream(&self, turn: u32, bytes: &[u8], chunked: bool) -> io::Result<()> {
        let mut state = self.state();
        if state.turn != turn {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if chunked {
            push_chunk(&mut state.out, bytes)
        } else {
            state.out.extend_from_slice(bytes)
        }
        match *bytes {
            [.., before, last] => state.tail = [before, last],
            [last] => state.tail = [state.tail[1], last],
            [] => {}
        }
        Ok(())
    }

    /// The last two bytes of the stream; two line feeds at its beginning.
    pub(crate) fn tail(&self) -> [u8; 2] {
        self.state().tail
    }

    /// Writes all that is queued.
    ///
    /// # Errors
    ///
    /// The connection is over, or nothing could be written for the whole write deadline.
    pub(crate) async fn flush(&self) -> io::Result<()> {
        let mut patience = Patience::new(Duration::from_millis(self.deadline.into()));
        poll_fn(|cx| {
            let mut state = self.state();
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

    /// Bytes that have left so far.
    pub(crate) fn total(&self) -> u64 {
        self.state().total
    }

    /// Says that no more will be written, for a peer that still reads.
    pub(crate) async fn close(&self) -> io::Result<()> {
        poll_fn(|cx| match &mut self.state().stream {
            Some(Link::Socket(socket)) => Poll::Ready(close_sending(socket)),
            Some(Link::Other(stream)) => stream.as_mut().poll_close(cx),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        })
        .await
    }

    /// Drops the connection.
    pub(crate) fn cut(&self) {
        self.state().stream = None;
    }

    /// Hands the writing over to the pump.
    pub(crate) fn sit(&self) {
        self.state().seat = Seat::Pump(None);
    }

    /// Takes the writing back; the pump leaves the connection alone from here on.
    pub(crate) fn stand(&self) {
        self.state().seat = Seat::Task;
    }

    /// Waits until the pump gives the connection back; the position to go on from.
    pub(crate) async fn ejected(&self) -> u64 {
        poll_fn(|cx| {
            let mut state = self.state();
            match &mut state.seat {
                Seat::Pump(waker) => {
                    *waker = Some(cx.waker().clone());
                    Poll::Pending
                }
                Seat::Ejected(position) => {
                    let position = *position;
                    state.seat = Seat::Task;
                    Poll::Ready(position)
                }
                Seat::Task => Poll::Pending,
            }
        })
        .await
    }

    /// The pump's side of it: writes without waiting. What does not fit goes back to the task,
    /// with what `rest` says for so many bytes written: the rest of a torn frame, and the position
    /// after it. Whether the connection stays with the pump.
    pub(crate) fn offer<'a>(
        &self,
        bytes: &[u8],
        rest: impl FnOnce(usize) -> (&'a [u8], u64),
    ) -> bool {
        let mut state = self.state();
        let state = &mut *state;
        let Seat::Pump(waker) = &mut state.seat else {
            return false;
        };
        let Some(stream) = &mut state.stream else {
            return false;
        };
        let mut cx = Context::from_waker(Waker::noop());
        let written = match stream.pin().poll_write(&mut cx, bytes) {
            Poll::Ready(Ok(count)) if count > 0 => count,
            Poll::Ready(_) => {
                state.stream = None;
                0
            }
            Poll::Pending => 0,
        };
        state.total += written as u64;
        let flushed =
            state.stream.as_mut().is_some_and(|stream| stream.pin().poll_flush(&mut cx).is_ready());
        if written == bytes.len() && flushed {
            return true;
        }
        let waker = waker.take();
        let (torn, position) = rest(written);
        state.out.extend_from_slice(torn);
        state.seat = Seat::Ejected(position);
        if let Some(waker) = waker {
            waker.wake();
        }
        false
    }

    /// Gives the connection back to its task, to go on from `position`.
    pub(crate) fn eject(&self, position: u64) {
        let mut state = self.state();
        if let Seat::Pump(waker) = &mut state.seat {
            let waker = waker.take();
            state.seat = Seat::Ejected(position);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// Whether the pump writes to this connection.
    pub(crate) fn is_seated(&self) -> bool {
        matches!(self.state().seat, Seat::Pump(_))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Link {
    fn pin(&mut self) -> Pin<&mut dyn Duplex> {
        match self {
            Self::Socket(socket) => Pin::<&mut Socket>::new(socket),
            Self::Other(stream) => stream.as_mut(),
        }
    }
}

impl State {
    fn stream(&mut self) -> io::Result<Pin<&mut dyn Duplex>> {
        match &mut self.stream {
            Some(stream) => Ok(stream.pin()),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        while let Some(rest @ [_, ..]) = self.out.get(self.sent..) {
            match ready!(stream.pin().poll_write(cx, rest)) {
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
        stream.pin().poll_flush(cx)
    }
}

//! One connection's bytes, shared by the task that owns it and by whoever writes to it: a sink in a
//! handler's closure, or the pump. Any `AsyncRead + AsyncWrite`; time comes from `socket`.
//!
//! A connection outlives its exchanges, and so may a sink or a pump that wrote one of them. Each
//! holds the number of the exchange with it, and whose number is not the present one has no say.

use std::future::{Future, poll_fn};
use std::io;
use std::net::Shutdown;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker, ready};
use std::time::Duration;

use futures_lite::io::{AsyncRead, AsyncWrite};
use sse_channel::Block;

use crate::delivery::queue::Queue;
use crate::ranked::{Locked, Ranked, WAITING, WIRE, assert_unlocked};
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
    state: Ranked<State, WIRE>,
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
    pub(crate) out: Queue,
    /// Bytes that have left so far.
    pub(crate) total: u64,
    /// Which stream a sink or a seat must belong to; counts up when a stream ends.
    turn: u32,
    /// The last two bytes that a sink has written; line feeds before the first.
    pub(crate) tail: [u8; 2],
    /// Whether the stream is sent in chunks.
    pub(crate) chunked: bool,
    /// Whether the other end has said that it will send no more.
    pub(crate) is_half_closed: bool,
    writer: Writer,
    /// The event that comes next, if a pump writes the stream under way, or has written it.
    position: u64,
}

/// The tasks that wait to write to one connection: that of a sink, which may have been moved to
/// another executor, and that of the connection, which sends heartbeats. A socket remembers one
/// waker; two tasks that replaced each other's would wake each other for ever.
#[derive(Default)]
pub(crate) struct Waiting(Ranked<Vec<Waker>, WAITING>);

impl Waiting {
    /// A waker, always the same, for all who wait, and with them the task of `cx`.
    fn with(self: Arc<Self>, cx: &Context<'_>) -> Waker {
        let mut wakers = self.0.lock();
        if !wakers.iter().any(|known| known.will_wake(cx.waker())) {
            wakers.push(cx.waker().clone());
        }
        drop(wakers);
        self.into()
    }
}

/// The system's side calls this when it likes; async-io also when another waker takes its place, which is while the wire
/// is polled, and so under its lock.
impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        let wakers = std::mem::take(&mut *self.0.lock());
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// Who may write to a connection; there is never more than one.
#[derive(Default)]
enum Writer {
    /// The connection's own task, or a sink of the stream under way.
    #[default]
    Task,
    /// The pump of a channel; the waker is that of the task, once it waits.
    Pump(Waker),
}

/// The pump's hold on a connection: for one stream of it, and not for another that follows.
pub(crate) struct Seat {
    wire: Arc<Wire>,
    turn: u32,
}

impl Wire {
    pub(crate) fn new(link: Link, deadline: Duration) -> Arc<Self> {
        let state = Ranked::new(State { link: Some(link), ..State::default() });
        Arc::new(Self { state, deadline: u32::try_from(deadline.as_millis()).unwrap_or(u32::MAX) })
    }

    pub(crate) fn lock(&self) -> Locked<'_, State, WIRE> {
        self.state.lock()
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

    /// The number of the stream under way.
    pub(crate) fn turn(&self) -> u32 {
        self.lock().turn
    }

    /// Writes all that is queued.
    ///
    /// # Errors
    ///
    /// The connection is over, or nothing could be written for the whole write deadline.
    pub(crate) async fn flush(&self) -> io::Result<()> {
        // The task of a connection is there for whatever stream is under way.
        self.flush_turn(self.turn(), None).await
    }

    /// Writes all that is queued, while the stream `turn` is under way; with `waiting`, as one of
    /// several tasks that may.
    ///
    /// # Errors
    ///
    /// As for `flush`, or that stream has ended.
    pub(crate) async fn flush_turn(
        &self,
        turn: u32,
        waiting: Option<&Arc<Waiting>>,
    ) -> io::Result<()> {
        let deadline = Duration::from_millis(self.deadline.into());
        let write = |cx: &mut Context<'_>| {
            let mut state = self.lock();
            state.must_be(turn)?;
            match waiting.cloned() {
                Some(waiting) => state.poll_write(&mut Context::from_waker(&waiting.with(cx))),
                None => state.poll_write(cx),
            }
        };
        let mut is_left = true;
        while is_left {
            let written = within(deadline, poll_fn(write)).await;
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

    /// Lets a pump write the stream under way, from the event at `position` on.
    pub(crate) fn seat(self: &Arc<Self>, position: u64) -> Seat {
        let mut state = self.lock();
        (state.writer, state.position) = (Writer::Pump(Waker::noop().clone()), position);
        Seat { turn: state.turn, wire: self.clone() }
    }

    /// Waits until the pump gives the connection back; the position to go on from.
    pub(crate) fn unseated(&self) -> impl Future<Output = u64> {
        poll_fn(|cx| {
            let mut state = self.lock();
            let Writer::Pump(waker) = &mut state.writer else {
                return Poll::Ready(state.position);
            };
            waker.clone_from(cx.waker());
            Poll::Pending
        })
    }
}

impl Seat {
    /// Whether the pump still has this stream to write.
    pub(crate) fn is_held(&self) -> bool {
        let state = self.wire.lock();
        state.turn == self.turn && state.writer.is_pump()
    }

    /// Gives the connection back to its task.
    pub(crate) fn leave(self) {
        // Not under the lock: what a waker does is not ours to know.
        let waker = self.wire.lock().return_seat(self.turn);
        wake(waker);
    }

    /// Writes the events at `positions` without waiting. A client that does not take all of them goes
    /// back to its task with the rest; so does one that has seen a part of them already. Whether the
    /// connection stays with the pump; `receivers` counts it if it was written to.
    pub(crate) fn offer(&self, positions: Range<u64>, block: &Block, receivers: &mut u64) -> bool {
        let mut guard = self.wire.lock();
        let state = &mut *guard;
        if state.turn != self.turn || !state.writer.is_pump() {
            return false;
        }
        if state.position >= positions.end && state.position != positions.start {
            return true;
        }
        if state.position == positions.start {
            state.position = positions.end;
            *receivers += 1;
            if state.write_now(block) {
                return true;
            }
        }
        let waker = state.return_seat(self.turn);
        drop(guard);
        wake(waker);
        false
    }
}

impl Writer {
    fn is_pump(&self) -> bool {
        matches!(self, Self::Pump(_))
    }
}

impl State {
    /// # Errors
    ///
    /// The stream `turn` is no longer under way.
    pub(crate) fn must_be(&self, turn: u32) -> io::Result<()> {
        if self.turn == turn { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
    }

    /// Queues part of the event stream, as one chunk (RFC 9112, 7.1).
    pub(crate) fn push_block(&mut self, block: &[u8]) {
        if self.chunked {
            self.out.extend_from_slice(format!("{:x}\r\n", block.len()).as_bytes());
            self.out.extend_from_slice(block);
            self.out.extend_from_slice(b"\r\n");
        } else {
            self.out.extend_from_slice(block);
        }
    }

    /// Writes what the stream takes at once; whether something may be left.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut stream = pin(&mut self.link)?;
        if !self.out.next().is_empty() {
            let count = ready!(stream.as_mut().poll_write(cx, self.out.next()))?;
            self.out.advance(count);
            self.total += count as u64;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            if !self.out.next().is_empty() {
                return Poll::Ready(Ok(true));
            }
        }
        stream.poll_flush(cx).map_ok(|()| false)
    }

    /// Writes what the connection takes at once and queues the rest; whether nothing is left.
    fn write_now(&mut self, block: &Block) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        let (mut written, mut flushed) = (0, false);
        if let Ok(mut stream) = pin(&mut self.link) {
            // A connection that is broken says so again to its own task.
            if let Poll::Ready(Ok(count)) = stream.as_mut().poll_write(&mut cx, block) {
                written = count;
            }
            flushed = stream.poll_flush(&mut cx).is_ready();
        }
        self.out.push(block, written);
        self.total += written as u64;
        written == block.len() && flushed
    }

    /// Takes the stream `turn` from the pump, if it is under way and the pump has it. Who waits for
    /// it is to be woken.
    fn return_seat(&mut self, turn: u32) -> Option<Waker> {
        if self.turn != turn {
            return None;
        }
        match std::mem::take(&mut self.writer) {
            Writer::Task => None,
            Writer::Pump(waker) => Some(waker),
        }
    }

    /// Ends the stream under way: no sink and no pump that it had writes from here on.
    pub(crate) fn end_turn(&mut self) {
        self.turn = self.turn.wrapping_add(1);
        self.writer = Writer::default();
    }

    /// Ends the connection, though a sink or a pump may hold it a little longer.
    #[must_use = "a stream of the application's is to be dropped when nothing is locked"]
    pub(crate) fn hang_up(&mut self) -> Option<Link> {
        self.end_turn();
        self.link.take()
    }
}

fn wake(waker: Option<Waker>) {
    assert_unlocked();
    waker.into_iter().for_each(Waker::wake);
}

fn pin(link: &mut Option<Link>) -> io::Result<Pin<&mut dyn Duplex>> {
    match link {
        Some(Link::Socket(socket)) => Ok(Pin::<&mut Socket>::new(socket)),
        Some(Link::Other(stream)) => Ok(stream.as_mut()),
        None => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

//! What a client gets, as an async sequence of blocks: first what it must know, then replay, then live.
//! Depends on `follower`; time is the caller's.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use sse_proto::Frame;

use crate::follower::{Follower, Step};
use crate::log::Log;
use crate::{Block, Entry, EventId, Framing, Gap, Lag, Replay};

/// Bytes that are joined in one block; a single event may be larger.
const BATCH_BYTES: usize = 16 * 1024;

/// One client of a channel: an async sequence of blocks, ready to be written.
///
/// First comes what the client must know: its position, so that it loses nothing if it is cut off before
/// the first event, or that there is a gap. Then what it has missed, then what is published; all that is
/// pending joined up to 16 KiB. It ends when the channel closes. An error says that the client must not
/// take what it got for complete: cut the connection.
///
/// It is a [`Stream`], and has a [`next`](Self::next) of its own. Both, and every future of them, can be
/// dropped at any moment: nothing is lost.
///
/// ```
/// use sse_channel::{Channel, Frame, Replay};
///
/// let channel = Channel::default();
/// let mut events = channel.subscribe(None, Replay::Live);
/// let id = channel.publish(&Frame::message("hello"));
/// drop(channel); // it ends the stream
/// # futures_lite::future::block_on(async {
/// let mut text = String::new();
/// while let Some(block) = events.next().await {
///     text += std::str::from_utf8(&block?)?;
/// }
/// assert!(text.ends_with(&format!("id: {id}\ndata: hello\n\n")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[must_use = "it does nothing unless it is read"]
pub struct Subscription {
    follower: Follower,
    /// Boxed: who waits for nothing but events has none of it.
    extra: Option<Box<Extra>>,
}

#[derive(Default)]
struct Extra {
    opening: Option<Opening>,
    heartbeat: Option<Heartbeat>,
}

/// What is told before anything else.
#[derive(Default)]
struct Opening {
    gap: Option<Gap>,
    /// Whether it has to be told its position.
    is_new: bool,
    reconnection_time: Option<Duration>,
}

type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

type Timers = Box<dyn FnMut(Duration) -> Sleep + Send>;

struct Heartbeat {
    half: Duration,
    sleep: Timers,
    timer: Sleep,
    /// Whether nothing has been said since the timer was set.
    is_quiet: bool,
}

/// Why a subscription ended though there is more to come.
#[derive(Debug)]
#[non_exhaustive]
pub enum Cut {
    /// It fell off the tail of a log that [disconnects](Lag::Disconnect) those who lag.
    Lagged(Gap),
    /// The [source](crate::Source) could not be read.
    Source(io::Error),
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lagged(gap) => write!(f, "the client was too slow for the history: {gap}"),
            Self::Source(error) => write!(f, "the events of the past cannot be read: {error}"),
        }
    }
}

impl std::error::Error for Cut {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Lagged(_) => None,
            Self::Source(error) => Some(error),
        }
    }
}

impl Log {
    /// Follows the log: after the event with this ID, or from where `replay` says if there is none. An
    /// empty ID counts as none. What is pushed from here on is not missed.
    pub fn subscribe(&self, last_event_id: Option<&str>, replay: Replay) -> Subscription {
        Subscription::new(self, last_event_id, replay)
    }
}

impl Subscription {
    fn new(log: &Log, last_event_id: Option<&str>, replay: Replay) -> Self {
        let id = last_event_id.filter(|id| !id.is_empty());
        let (follower, gap) = Follower::new(log, id, replay);
        log.count_subscriber();
        let opening = Opening { gap, is_new: id.is_none(), reconnection_time: None };
        let extra = Some(Box::new(Extra { opening: Some(opening), heartbeat: None }));
        Self { follower, extra }
    }

    /// Leaves out events that are not `wanted`. The client's last event ID moves past them too, with the
    /// next heartbeat.
    ///
    /// ```
    /// use sse_channel::{Channel, Replay};
    ///
    /// let channel = Channel::default();
    /// let alerts = channel.subscribe(None, Replay::Live);
    /// let alerts = alerts.with_filter(|entry| entry.event_type() == "alert");
    /// ```
    pub fn with_filter(mut self, wanted: impl Fn(&Entry) -> bool + Send + Sync + 'static) -> Self {
        self.follower.set_filter(Box::new(wanted));
        self
    }

    /// Tells the client how long it is to wait before it reconnects, in the first block.
    pub fn with_reconnection_time(mut self, time: Duration) -> Self {
        let extra = self.extra.get_or_insert_default();
        extra.opening.get_or_insert_default().reconnection_time = Some(time);
        self
    }

    /// Frames the blocks for who writes them to a socket.
    pub fn with_framing(mut self, framing: Framing) -> Self {
        self.follower.framing = framing;
        self
    }

    /// Sends a heartbeat when nothing has come for an interval: proxies close what is silent, and a client
    /// that vanished without a word is noticed only by writing to it. 15 s are usual.
    ///
    /// `sleep` makes a future that is ready after so long: `tokio::time::sleep`, for instance. It is called
    /// twice in an interval, however many events come.
    ///
    /// ```
    /// use sse_channel::{Channel, Replay};
    /// use std::time::Duration;
    ///
    /// # async fn sleep(_: Duration) {}
    /// let channel = Channel::default();
    /// let events = channel.subscribe(None, Replay::Live);
    /// let events = events.with_heartbeat(Duration::from_secs(15), sleep);
    /// ```
    pub fn with_heartbeat<F>(
        mut self,
        interval: Duration,
        mut sleep: impl FnMut(Duration) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let half = interval / 2;
        let mut sleep: Timers = Box::new(move |time| Box::pin(sleep(time)));
        let timer = sleep(half);
        let heartbeat = Heartbeat { half, sleep, timer, is_quiet: true };
        self.extra.get_or_insert_default().heartbeat = Some(heartbeat);
        self
    }

    /// The next block; `None` when the channel has closed and everything has come.
    ///
    /// # Errors
    ///
    /// The client must be cut off; nothing follows.
    pub async fn next(&mut self) -> Option<Result<Block, Cut>> {
        poll_fn(|cx| self.poll(Some(cx))).await
    }

    /// The next block if there is one already; pending otherwise, and nobody will be woken.
    ///
    /// # Errors
    ///
    /// As for [`next`](Self::next).
    pub fn try_next(&mut self) -> Poll<Option<Result<Block, Cut>>> {
        self.poll(None)
    }

    /// What to send when nothing has come for a while, if the caller's own timer says so.
    ///
    /// A comment; or, if the client did not want what came last, a block that moves its last event ID past
    /// that and fires nothing.
    pub fn heartbeat(&mut self) -> Block {
        self.farewell().unwrap_or(Block::heartbeat(self.follower.framing))
    }

    /// What is left to say to a client whose stream ends before the channel does, at a shutdown for
    /// instance: where it stands, if it did not want what came last.
    pub fn farewell(&mut self) -> Option<Block> {
        let is_behind = std::mem::take(&mut self.follower.is_behind);
        let cursor = self.follower.cursor().filter(|_| is_behind)?;
        Some(Entry::new(&Frame::cursor(&cursor).ok()?).framed(self.follower.framing))
    }

    /// The log that it follows.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.follower.log
    }

    /// The position in the log of what comes next; `None` if something else comes before, the first
    /// block or what is read from a [source](crate::Source), and if there is a filter.
    ///
    /// For who writes to many clients at once: those at the same position get the same.
    #[must_use]
    pub fn position(&self) -> Option<u64> {
        let is_open = self.extra.as_ref().is_none_or(|extra| extra.opening.is_none());
        self.follower.position().filter(|_| is_open && !self.follower.is_over)
    }

    /// Goes on at `position`: somebody else has delivered what comes before.
    pub fn seek(&mut self, position: u64) {
        self.follower.seek(position);
    }

    /// Waits no longer for what comes: a later [`next`](Self::next) does again.
    pub fn rest(&mut self) {
        self.follower.leave();
    }

    fn poll(&mut self, mut cx: Option<&mut Context<'_>>) -> Poll<Option<Result<Block, Cut>>> {
        if self.follower.is_over {
            return Poll::Ready(None);
        }
        let opening = self.extra.as_mut().and_then(|extra| extra.opening.take());
        if let Some(opening) = opening {
            self.extra.take_if(|extra| extra.heartbeat.is_none());
            if let Some(block) = self.open(&opening) {
                return Poll::Ready(Some(Ok(block)));
            }
        }
        let step = self.follower.poll(cx.as_deref_mut(), BATCH_BYTES);
        let said = match step {
            Poll::Pending => None,
            Poll::Ready(step) => match self.take(step) {
                Ok(Some(block)) => Some(Some(Ok(block))),
                Ok(None) if self.follower.is_over => Some(None),
                Ok(None) => {
                    // None of it was wanted: others may have a turn before the next look.
                    cx.as_deref().inspect(|cx| cx.waker().wake_by_ref());
                    None
                }
                Err(cut) => Some(Some(Err(cut))),
            },
        };
        if let Some(said) = said {
            if let Some(heartbeat) = self.timer() {
                heartbeat.is_quiet = false;
            }
            return Poll::Ready(said);
        }
        let is_due = match (self.timer(), cx) {
            (Some(heartbeat), Some(cx)) => heartbeat.poll(cx).is_ready(),
            _ => false,
        };
        if is_due { Poll::Ready(Some(Ok(self.heartbeat()))) } else { Poll::Pending }
    }

    fn timer(&mut self) -> Option<&mut Heartbeat> {
        self.extra.as_mut()?.heartbeat.as_mut()
    }

    /// The block that comes before all others, if there is something to say.
    fn open(&self, opening: &Opening) -> Option<Block> {
        let Opening { gap, is_new, reconnection_time } = opening;
        let cursor = self.follower.cursor().filter(|_| *is_new);
        let frame = cursor.as_ref().and_then(|cursor| Frame::cursor(cursor).ok());
        let frame = match reconnection_time {
            Some(time) => {
                Some(frame.map_or(Frame::retry(*time), |it| it.with_reconnection_time(*time)))
            }
            None => frame,
        };
        let first = frame.map(|frame| Entry::new(&frame).framed(self.follower.framing));
        let Some(gap) = gap else { return first };
        let told = self.tell(*gap, &self.follower.cursor()?);
        // A gap is told to those who have come back: they are not new.
        Some(first.map_or(told.clone(), |first| Block::from([&*first, &*told].concat())))
    }

    /// What a step says to the client.
    fn take(&mut self, step: Step) -> Result<Option<Block>, Cut> {
        match step {
            Step::Batch(batch) => {
                self.log().count_delivered(&batch, 1);
                Ok(batch.block)
            }
            Step::Gap(gap, cursor) => {
                let is_lag = matches!(gap, Gap::Lagged { .. });
                if is_lag && self.log().lagged() == Lag::Disconnect {
                    self.follower.is_over = true;
                    return Err(Cut::Lagged(gap));
                }
                self.follower.is_behind = false;
                Ok(Some(self.tell(gap, &cursor)))
            }
            Step::Closed => {
                self.follower.is_over = true;
                Ok(self.farewell())
            }
            Step::Failed(error) => {
                self.follower.is_over = true;
                Err(Cut::Source(error))
            }
        }
    }

    fn tell(&self, gap: Gap, cursor: &EventId) -> Block {
        self.log().gap_entry(gap, cursor).framed(self.follower.framing)
    }
}

impl Stream for Subscription {
    type Item = Result<Block, Cut>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(Some(cx))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.log().discount_subscriber();
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Subscription");
        debug.field("log", self.log()).field("position", &self.position()).finish_non_exhaustive()
    }
}

impl Heartbeat {
    /// Ready when nothing has been said for an interval. The timer is set twice in one, so that no silence
    /// is longer, and an event costs no timer.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.timer.as_mut().poll(cx).is_ready() {
            self.timer = (self.sleep)(self.half);
            if std::mem::replace(&mut self.is_quiet, true) {
                self.is_quiet = false;
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server has one for each client.
    #[test]
    fn a_subscription_is_small() {
        assert!(size_of::<Subscription>() <= 56, "{}", size_of::<Subscription>());
    }
}

//! What a client gets, as an async sequence of blocks: first what it must know, then replay, then live.
//! Depends on `following`; time is the caller's.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;

use crate::cut::Cut;
use crate::follower::{Follower, Start};
use crate::following::Following;
use crate::log::Log;
use crate::render::Render;
use crate::voice::{Said, Voice};
use crate::{Block, Entry, Framing, Gap, Replay};

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
    following: Following,
    voice: Voice,
    /// Whether nothing more comes.
    is_over: bool,
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
    /// Of which of the channels.
    gaps: Vec<(usize, Gap)>,
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

impl Log {
    /// Follows the log: after the event with this ID, or from where `replay` says if there is none. An
    /// empty ID counts as none. What is pushed from here on is not missed.
    pub fn subscribe(&self, last_event_id: Option<&str>, replay: Replay) -> Subscription {
        Subscription::new(self, last_event_id, replay)
    }
}

impl Subscription {
    fn new(log: &Log, last_event_id: Option<&str>, replay: Replay) -> Self {
        let (follower, gap) = Follower::new(log, start(last_event_id, replay));
        let gaps = gap.map(|gap| (0, gap)).into_iter().collect();
        let is_new = last_event_id.is_none_or(str::is_empty);
        Self::of(Following::One(follower), gaps, is_new)
    }

    /// Follows a log whose entries change an application's state.
    pub(crate) fn with_state(log: &Log, last_event_id: Option<&str>, render: Render) -> Self {
        let start = start(last_event_id, Replay::Live);
        Self::of(Following::One(Follower::with_state(log, start, render)), Vec::new(), false)
    }

    /// Says first what there are gaps in, and where the client stands if it has to be told.
    pub(crate) fn of(following: Following, gaps: Vec<(usize, Gap)>, is_new: bool) -> Self {
        following.logs().for_each(Log::count_subscriber);
        let opening = Opening { gaps, is_new, reconnection_time: None };
        let extra = Some(Box::new(Extra { opening: Some(opening), heartbeat: None }));
        Self { following, voice: Voice::default(), is_over: false, extra }
    }

    /// Leaves out events that are not `wanted`, and those that an earlier filter leaves out. The client's last event ID
    /// moves past them too, with the next heartbeat.
    ///
    /// ```
    /// use sse_channel::{Channel, Replay};
    ///
    /// let channel = Channel::default();
    /// let alerts = channel.subscribe(None, Replay::Live);
    /// let alerts = alerts.with_filter(|entry| entry.event_type() == "alert");
    /// ```
    pub fn with_filter(mut self, wanted: impl Fn(&Entry) -> bool + Send + Sync + 'static) -> Self {
        self.following.add_filter(Box::new(wanted));
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
        self.voice.framing = framing;
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
        self.farewell().unwrap_or(Block::heartbeat(self.voice.framing))
    }

    /// What is left to say to a client whose stream ends before the channel does, at a shutdown for
    /// instance: where it stands, if it did not want what came last.
    pub fn farewell(&mut self) -> Option<Block> {
        if !std::mem::take(&mut self.voice.is_behind) {
            return None;
        }
        self.voice.place(Some(&self.following.cursor()?), None)
    }

    /// The log that it follows, and the position in it of what comes next; `None` if something else comes before, the
    /// first block or what is read from a [source](crate::Source), and if there is a filter, or several logs.
    ///
    /// For who writes to many clients at once: those at the same place get the same.
    #[must_use]
    pub fn place(&self) -> Option<(&Log, u64)> {
        let is_open = self.extra.as_ref().is_none_or(|extra| extra.opening.is_none());
        self.following.place().filter(|_| is_open && !self.is_over)
    }

    /// The position of its [place](Self::place).
    #[must_use]
    pub fn position(&self) -> Option<u64> {
        self.place().map(|(_, position)| position)
    }

    /// Goes on at `position` of the same log: somebody else has delivered what comes before.
    pub fn seek(&mut self, position: u64) {
        self.following.seek(position);
    }

    /// Waits no longer for what comes: a later [`next`](Self::next) does again.
    pub fn rest(&mut self) {
        self.following.leave();
    }

    fn poll(&mut self, mut cx: Option<&mut Context<'_>>) -> Poll<Option<Result<Block, Cut>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let opening = self.extra.as_mut().and_then(|extra| extra.opening.take());
        if let Some(opening) = opening {
            self.extra.take_if(|extra| extra.heartbeat.is_none());
            if let Some(block) = self.open(&opening) {
                return Poll::Ready(Some(Ok(block)));
            }
        }
        let said = match self.following.poll(&mut self.voice, cx.as_deref_mut(), BATCH_BYTES) {
            Poll::Pending => None,
            Poll::Ready(Said::Block(block)) => Some(Some(Ok(block))),
            Poll::Ready(Said::Nothing) => {
                cx.as_deref().inspect(|cx| cx.waker().wake_by_ref());
                None
            }
            Poll::Ready(Said::Over) => {
                self.is_over = true;
                Some(self.farewell().map(Ok))
            }
            Poll::Ready(Said::Cut(cut)) => {
                self.is_over = true;
                Some(Some(Err(cut)))
            }
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
        let Opening { gaps, is_new, reconnection_time } = opening;
        let cursor = self.following.cursor();
        // The last gap that is told moves the client's last event ID, and none before: who has not been told of all of
        // them is told again.
        let told_by_itself = cursor.as_deref().filter(|_| *is_new && gaps.is_empty());
        let first = self.voice.place(told_by_itself, *reconnection_time);
        let Some((last, others)) = gaps.split_last() else { return first };
        let mut bytes = first.as_deref().unwrap_or_default().to_vec();
        let mut tell = |(channel, gap): &(usize, Gap), cursor: Option<&str>| {
            let told = self.following.gap(*channel, *gap, cursor);
            bytes.extend_from_slice(&told.framed(self.voice.framing));
        };
        others.iter().for_each(|gap| tell(gap, None));
        tell(last, cursor.as_deref());
        Some(bytes.into())
    }
}

/// Where a client begins whose request had this ID. An empty one counts as none.
pub(crate) fn start(last_event_id: Option<&str>, replay: Replay) -> Start<'_> {
    last_event_id.filter(|id| !id.is_empty()).map_or(Start::New(replay), Start::After)
}

impl Stream for Subscription {
    type Item = Result<Block, Cut>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(Some(cx))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.following.logs().for_each(Log::discount_subscriber);
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let logs: Vec<_> = self.following.logs().collect();
        let mut debug = f.debug_struct("Subscription");
        debug.field("logs", &logs).field("position", &self.position()).finish_non_exhaustive()
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

//! One channel: a stream to publish to and to follow. Depends on `error`, `fields`, `id`, `node`, `registry`
//! and `time`.

use std::fmt;
use std::sync::Arc;

use redis::{Cmd, Value};
use sse_channel::{EventId, Frame, Log, Replay, Subscription};

use crate::error::{Error, PublishError};
use crate::fields;
use crate::id::{StreamId, Tag};
use crate::node::Node;
use crate::registry::{Lookup, Open};
use crate::reply;
use crate::time::within;

/// Bytes that an idempotency key may have.
const ONCE_BYTES: usize = 256;

/// Publishes unless it was done before; returns the entry's ID in both cases.
const ONCE: &str = "local id = redis.call('GET', KEYS[2]) \
    if id then return id end \
    id = redis.call('XADD', KEYS[1], unpack(ARGV, 2)) \
    redis.call('SET', KEYS[2], id, 'PX', ARGV[1]) \
    return id";

/// A channel that lives in a stream of Redis: the same events, in the same order, on every node. A clone is another
/// handle.
#[derive(Clone)]
pub struct RedisChannel {
    hub: Arc<Node>,
    key: Arc<str>,
}

impl RedisChannel {
    pub(crate) fn new(hub: Arc<Node>, key: Arc<str>) -> Self {
        Self { hub, key }
    }

    /// The key of the stream.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The ID of the place before the first event that the stream ever had: who goes on after it gets everything, or is told
    /// what is missing. With it a [`Replica`](sse_channel::Replica) begins that has nothing yet.
    #[must_use]
    pub fn origin(&self) -> EventId {
        Tag::of(&self.key).event_id(StreamId::START).as_str().into()
    }

    /// Appends an event to the stream, and returns its ID once Redis has answered. Type, data and reconnection time of
    /// the frame are taken; every node delivers it.
    ///
    /// Whether Redis has written it to a disk or to a replica by then is its operator's choice (`appendfsync`, `WAIT`).
    ///
    /// # Errors
    ///
    /// [`PublishError`] says whether the event is certainly not in the stream. What is not sent fails within
    /// [`connect_timeout`](crate::Options::connect_timeout), what is not answered within
    /// [`answer_timeout`](crate::Options::answer_timeout); nothing is tried again by itself.
    pub async fn publish(&self, frame: &Frame<'_>) -> Result<EventId, PublishError> {
        let mut command = redis::cmd("XADD");
        command.arg(&*self.key);
        self.add_entry(&mut command, frame)?;
        self.send(&command).await
    }

    /// The same, at most once for each `once`: publishing it again with the same key, within
    /// [`Options::once`](crate::Options::once), returns the ID that it has got. So what [`PublishError::Unknown`] leaves
    /// open may be tried again.
    ///
    /// The keys are kept in Redis, as `<stream>:once:<key>`. It takes a script: the user needs `EVAL`, `GET` and `SET`.
    ///
    /// # Errors
    ///
    /// As of [`publish`](Self::publish).
    pub async fn publish_once(
        &self,
        frame: &Frame<'_>,
        once: &str,
    ) -> Result<EventId, PublishError> {
        if once.is_empty() || once.len() > ONCE_BYTES {
            let why = format!("an idempotency key has 1 to {ONCE_BYTES} bytes");
            return Err(PublishError::Frame(why));
        }
        let mut command = redis::cmd("EVAL");
        command.arg(ONCE).arg(2).arg(&*self.key).arg(format!("{}:once:{once}", self.key));
        command.arg(self.hub.options.once.as_millis().max(1) as u64);
        self.add_entry(&mut command, frame)?;
        self.send(&command).await
    }

    fn add_entry(&self, command: &mut Cmd, frame: &Frame<'_>) -> Result<(), PublishError> {
        let fields = fields::of(frame).map_err(|why| PublishError::Frame(why.to_owned()))?;
        let bytes: usize = fields.iter().map(|(name, value)| name.len() + value.len()).sum();
        let limit = self.hub.options.max_event_bytes;
        if bytes > limit {
            return Err(PublishError::Frame(format!("it has {bytes} bytes, {limit} are allowed")));
        }
        if let Some(length) = self.hub.options.max_len {
            command.arg("MAXLEN").arg("~").arg(length);
        }
        command.arg("*");
        for (name, value) in fields {
            command.arg(name).arg(value);
        }
        Ok(())
    }

    async fn send(&self, command: &Cmd) -> Result<EventId, PublishError> {
        let answer: Value = self.hub.shared.link.send(command).await?;
        let id = reply::stream_id(&answer).map_err(PublishError::Unknown)?;
        Ok(Tag::of(&self.key).event_id(id).as_str().into())
    }

    /// Follows the channel: after the event with this ID, on whichever node it was seen, or from where `replay` says if
    /// there is none. What this node's log does not hold is read from Redis. The subscription is that of any channel: hand
    /// it to `sse-server`, axum, or whatever you have.
    ///
    /// [`Replay::Last`] gives what this node's log holds, [`prefill`](crate::Options::prefill) events at first;
    /// [`Replay::All`] begins with the oldest in the stream.
    ///
    /// # Errors
    ///
    /// The channel cannot be opened: Redis was not reached within [`open_timeout`](crate::Options::open_timeout), or
    /// refuses. Once it is open, a client that follows live does not notice that Redis is away.
    pub async fn subscribe(
        &self,
        last_event_id: Option<&str>,
        replay: Replay,
    ) -> Result<Subscription, Error> {
        Ok(self.open().await?.feed.log().subscribe(last_event_id, replay))
    }

    /// The channel's log on this node, for [`Channels`](sse_channel::Channels) and for servers that read it by
    /// themselves. It ends when nobody has subscribed to it for [`idle`](crate::Options::idle).
    ///
    /// # Errors
    ///
    /// As of [`subscribe`](Self::subscribe).
    pub async fn log(&self) -> Result<Log, Error> {
        Ok(self.open().await?.feed.log().clone())
    }

    async fn open(&self) -> Result<Arc<Open>, Error> {
        let waiting = match self.hub.registry.enter(&self.key)? {
            Lookup::Open(open) => return Ok(open),
            Lookup::Waiting(waiting) => waiting,
        };
        let time = self.hub.options.open_timeout;
        within(time, waiting.outcome()).await.unwrap_or_else(|| {
            let why = format!("the channel was not opened within {} ms", time.as_millis());
            Err(Error::Unreachable(why))
        })
    }
}

impl fmt::Debug for RedisChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisChannel").field("key", &self.key).finish_non_exhaustive()
    }
}

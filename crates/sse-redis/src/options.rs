//! What a hub may be told, and what it tells. Depends on `error`, `fields` and `tls`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sse_channel::History;

use crate::error::Error;
use crate::fields::Skip;
use crate::tls::Certificates;

/// How a [`Hub`](crate::Hub) works; the defaults are right for production.
///
/// ```
/// use sse_redis::Options;
///
/// let options = Options { max_len: Some(100_000), ..Options::default() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What each channel's log on this node holds: clients that are further back are served from Redis.
    pub history: History,
    /// The newest events that a channel's log begins with when it is opened, 100.
    pub prefill: usize,
    /// Entries that [`publish`](crate::RedisChannel::publish) leaves in a stream, approximately; older ones are dropped.
    /// `None`, the default, drops none: the operator's `XTRIM` does, or Redis grows.
    pub max_len: Option<u64>,
    /// The largest event, 1 MiB: a larger one is not published, and one that somebody else published is passed.
    pub max_event_bytes: usize,
    /// How long connecting may take, 2 s.
    pub connect_timeout: Duration,
    /// How long an answer may take, 5 s; also how long publishing waits at most, once it is connected.
    pub answer_timeout: Duration,
    /// How long [`subscribe`](crate::RedisChannel::subscribe) waits for a channel to be opened, 10 s.
    pub open_timeout: Duration,
    /// How long a channel stays open on this node without subscribers, 60 s.
    pub idle: Duration,
    /// How long an idempotency key is remembered, 1 h.
    pub once: Duration,
    /// Bytes that all channels together keep of what was read from the past, for 5 s, 16 MiB.
    pub page_bytes: usize,
    /// For `rediss://`: whom to trust, the authorities of the Mozilla programme by default, and what to show.
    pub certificates: Certificates,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            history: History::default(),
            prefill: 100,
            max_len: None,
            max_event_bytes: 1024 * 1024,
            connect_timeout: Duration::from_secs(2),
            answer_timeout: Duration::from_secs(5),
            open_timeout: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            once: Duration::from_secs(3600),
            page_bytes: 16 * 1024 * 1024,
            certificates: Certificates::default(),
        }
    }
}

/// Who tells an operator.
pub(crate) type Tell = Arc<dyn Fn(&Notice) + Send + Sync>;

/// What an operator should know. Its `Display` is a line for a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// There is a connection, and all channels have caught up.
    Connected,
    /// The connection was lost, or could not be made. It is tried again after this time.
    Lost(Error, Duration),
    /// Redis may drop streams when its memory is full, by this `maxmemory-policy`: events are lost then. Set
    /// `noeviction`.
    Evicts(String),
    /// An entry of a stream is no event, and was passed: the stream, the entry's ID, and why.
    Skipped(String, String, Skip),
    /// Something is missing in a stream, and all who follow it were told: the stream and the reason.
    Gap(String, String),
    /// A channel was closed, because its stream cannot be read any more.
    Closed(String, Error),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected => f.write_str("connected to Redis"),
            Self::Lost(error, time) => write!(f, "{error}; again in {} ms", time.as_millis()),
            Self::Evicts(policy) => write!(
                f,
                "Redis drops data when its memory is full (maxmemory-policy {policy}): events can be lost; set noeviction"
            ),
            Self::Skipped(key, id, why) => {
                write!(f, "entry {id} of stream {key:?} is no event: {}", why.reason())
            }
            Self::Gap(key, why) => write!(f, "a gap in stream {key:?}: {why}"),
            Self::Closed(key, error) => write!(f, "channel {key:?} was closed: {error}"),
        }
    }
}

//! What can go wrong between this process and Redis. Depends on `redis`.

use std::fmt;

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Why Redis could not be asked, or would not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The URL is none of a Redis server, or asks for what is not compiled in.
    Url(String),
    /// There is no connection, or it broke, or an answer took too long.
    Unreachable(String),
    /// The password or the user's rights do not suffice.
    Denied(String),
    /// The key holds something that is not a stream.
    NotAStream(String),
    /// Redis answered with another error.
    Refused(String),
    /// The answer is none that this version knows.
    Answer(String),
    /// The hub has been closed.
    Closed,
}

impl Error {
    pub(crate) fn of(error: &RedisError) -> Self {
        let text = error.to_string();
        match (error.kind(), error.code()) {
            (ErrorKind::InvalidClientConfig, _) => Self::Url(text),
            (ErrorKind::AuthenticationFailed, _)
            | (ErrorKind::Server(ServerErrorKind::NoPerm), _)
            | (_, Some("NOAUTH" | "WRONGPASS")) => Self::Denied(text),
            (_, Some("WRONGTYPE")) => Self::NotAStream(text),
            (ErrorKind::Server(_) | ErrorKind::Extension, _) => Self::Refused(text),
            (ErrorKind::Parse | ErrorKind::UnexpectedReturnType, _) => Self::Answer(text),
            _ => Self::Unreachable(text),
        }
    }

    /// Whether the same may succeed in a moment, with nothing else changed.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Refused(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(why) => write!(f, "the URL of Redis cannot be used: {why}"),
            Self::Unreachable(why) => write!(f, "Redis cannot be reached: {why}"),
            Self::Denied(why) => write!(
                f,
                "Redis denies access: {why}; the user needs XADD, XRANGE, XREVRANGE, XREAD, XINFO, INFO, CLIENT and \
                 MULTI on the keys of its channels"
            ),
            Self::NotAStream(why) => write!(f, "the key holds no stream: {why}"),
            Self::Refused(why) => write!(f, "Redis refuses: {why}"),
            Self::Answer(why) => write!(f, "an answer of Redis is not understood: {why}"),
            Self::Closed => f.write_str("the hub has been closed"),
        }
    }
}

impl std::error::Error for Error {}

/// Why an event may not have been published.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishError {
    /// It cannot be published: a frame without data, with an ID of its own, or larger than
    /// [`max_event_bytes`](crate::Options::max_event_bytes).
    Frame(String),
    /// It was not sent: publishing it again cannot make it two.
    NotSent(Error),
    /// Redis took it and refused it: it is not in the stream.
    Refused(Error),
    /// It was sent, and the answer was lost: it may be in the stream or not. Publishing it again may make it two, unless
    /// it was [`publish_once`](crate::RedisChannel::publish_once) both times with the same key.
    Unknown(Error),
}

impl PublishError {
    /// Whether the event is certainly not in the stream.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        !matches!(self, Self::Unknown(_))
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(why) => write!(f, "the event cannot be published: {why}"),
            Self::NotSent(error) => write!(f, "the event was not sent: {error}"),
            Self::Refused(error) => write!(f, "the event was not taken: {error}"),
            Self::Unknown(error) => write!(f, "whether the event was taken is not known: {error}"),
        }
    }
}

impl std::error::Error for PublishError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotSent(error) | Self::Refused(error) | Self::Unknown(error) => Some(error),
            Self::Frame(_) => None,
        }
    }
}

//! Bytes that are ready to be written, shared by all who write them. Pure.

use std::fmt;
use std::sync::Arc;

/// How the bytes of an event stream are framed for who writes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Framing {
    /// Blocks of the event stream, one after the other: for frameworks, which do the rest.
    #[default]
    Plain,
    /// Each block enclosed as an HTTP/1.1 chunk (RFC 9112, 7.1): for who writes to the socket.
    Chunked,
}

/// Whole blocks of an event stream, ready to be written: one event, or several joined.
///
/// A clone shares the bytes. With the feature `bytes` it turns into `bytes::Bytes` without a copy.
///
/// ```
/// use sse_channel::{Channel, Frame, Replay};
///
/// let channel = Channel::default();
/// channel.publish(&Frame::message("hello"));
/// let mut subscription = channel.subscribe(None, Replay::All);
/// # futures_lite::future::block_on(async {
/// let block = subscription.next().await.unwrap().unwrap();
/// assert!(block.starts_with(b"id: "));
/// # });
/// ```
#[derive(Clone)]
pub struct Block(Bytes);

#[derive(Clone)]
enum Bytes {
    Static(&'static [u8]),
    Joined(Arc<Vec<u8>>),
    /// An entry's chunk without `start` bytes at its beginning and `end` at its end.
    Entry {
        chunk: Arc<[u8]>,
        start: u8,
        end: u8,
    },
    /// What all the others turn into.
    #[cfg(feature = "bytes")]
    Turned(bytes::Bytes),
}

impl Block {
    /// A comment that fires nothing: what keeps a silent connection from being closed.
    #[must_use]
    pub const fn heartbeat(framing: Framing) -> Self {
        Self(Bytes::Static(match framing {
            Framing::Plain => b":\n\n",
            Framing::Chunked => b"3\r\n:\n\n\r\n",
        }))
    }

    pub(crate) fn of_chunk(chunk: Arc<[u8]>, start: u8, end: u8) -> Self {
        Self(Bytes::Entry { chunk, start, end })
    }

    /// The same, for many who will have it: no clone needs an allocation to turn into `bytes::Bytes`.
    pub(crate) fn for_many(self) -> Self {
        #[cfg(feature = "bytes")]
        let same = Self(Bytes::Turned(self.into()));
        #[cfg(not(feature = "bytes"))]
        let same = self;
        same
    }
}

/// Shares bytes that are whole blocks, and framed if they must be.
impl From<Vec<u8>> for Block {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Bytes::Joined(Arc::new(bytes)))
    }
}

impl std::ops::Deref for Block {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Bytes::Static(bytes) => bytes,
            Bytes::Joined(bytes) => bytes,
            Bytes::Entry { chunk, start, end } => {
                chunk.get(usize::from(*start)..chunk.len() - usize::from(*end)).unwrap_or_default()
            }
            #[cfg(feature = "bytes")]
            Bytes::Turned(bytes) => bytes,
        }
    }
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// The bytes as text, escaped.
impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Block(\"{}\")", self.escape_ascii())
    }
}

#[cfg(feature = "bytes")]
impl From<Block> for bytes::Bytes {
    fn from(block: Block) -> Self {
        match block.0 {
            Bytes::Static(bytes) => Self::from_static(bytes),
            Bytes::Turned(bytes) => bytes,
            _ => Self::from_owner(block),
        }
    }
}

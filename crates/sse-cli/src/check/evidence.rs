//! All that was seen of a server: what the rules judge. Pure data.

use super::stream::Stream;
use crate::transcript::Transcript;
use std::time::Duration;

/// What was seen. What was not tried, because it could do harm or because it could not be done, is `None`.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) is_secure: bool,
    pub(crate) redirects: Vec<Redirect>,
    /// The stream, watched for a time, without compression.
    pub(crate) main: Transcript,
    pub(crate) stream: Stream,
    /// The same with the codings that a browser accepts.
    pub(crate) compressed: Option<Transcript>,
    pub(crate) resumed: Option<Resumed>,
    /// With the origin of a page that the server does not know.
    pub(crate) foreign: Option<Transcript>,
    pub(crate) preflight: Option<Transcript>,
    pub(crate) head: Option<Transcript>,
    pub(crate) options: Option<Transcript>,
    /// Whether it speaks HTTP/2 over TLS.
    pub(crate) speaks_http_2: Option<bool>,
}

/// An answer that led elsewhere.
#[derive(Debug, Clone)]
pub(crate) struct Redirect {
    pub(crate) status: u16,
    pub(crate) to: String,
    pub(crate) leaves_origin: bool,
    pub(crate) leaves_tls: bool,
}

/// What came of a request with a last event ID.
#[derive(Debug)]
pub(crate) struct Resumed {
    /// The ID that was sent: that of the event with this number among those of the stream.
    pub(crate) after: usize,
    pub(crate) transcript: Transcript,
}

/// The origin by which a server is asked about pages of others.
pub(crate) const FOREIGN: &str = "https://sse-check.example";

impl Evidence {
    pub(crate) fn new(is_secure: bool, main: Transcript) -> Self {
        let stream = Stream::read(main.content().as_deref().unwrap_or_default());
        Self { is_secure, main, stream, ..Self::default() }
    }

    /// When the bytes up to a place in the body had come.
    pub(crate) fn arrived(&self, place: usize) -> Duration {
        let arrivals = &self.main.arrivals;
        let arrival = arrivals.get(arrivals.partition_point(|(_, length)| *length < place));
        arrival.or(arrivals.last()).map_or(self.main.head_at, |(at, _)| *at)
    }

    /// How long the stream was watched, from its head on.
    pub(crate) fn watched(&self) -> Duration {
        self.main.ended_at.saturating_sub(self.main.head_at)
    }
}

//! What the builder is told about time: delays, timeouts, when to try again. Depends on the builder.

use super::Builder;
use std::time::Duration;

/// Time: when to come back, and how long to wait.
impl Builder {
    /// The time until a reconnect while the stream has set none by `retry`: 3 seconds by default.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .reconnection_time(Duration::from_secs(1))
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn reconnection_time(self, time: Duration) -> Self {
        self.with(|config| config.policy.reconnection_time = time)
    }

    /// What the stream's own reconnection time (`retry`) counts up to: a day by default.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .max_reconnection_time(Duration::from_secs(60))
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn max_reconnection_time(self, time: Duration) -> Self {
        self.with(|config| config.policy.max_reconnection_time = time)
    }

    /// The least delay before a reconnect, whatever the stream asks for: half a second by default.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .min_delay(Duration::from_secs(2))
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn min_delay(self, delay: Duration) -> Self {
        self.with(|config| config.policy.min_delay = delay)
    }

    /// What backing off prolongs a delay to at most: a minute by default. A longer reconnection
    /// time or `Retry-After` counts all the same. With zero there is no backoff and no random part.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .max_delay(Duration::from_secs(600))
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn max_delay(self, delay: Duration) -> Self {
        self.with(|config| config.policy.max_delay = delay)
    }

    /// Whether a random part is added to delays, so that clients do not come back all at once: on by
    /// default. Without it a delay is the reconnection time exactly, doubled with each failure.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .jitter(false)
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn jitter(self, wanted: bool) -> Self {
        self.with(|config| config.policy.jitter = wanted)
    }

    /// A connection that was open for this long starts the backoff afresh: 5 seconds by default. So
    /// does one that the server ended after an event or a last event ID.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .healthy_after(Duration::from_secs(30))
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn healthy_after(self, time: Duration) -> Self {
        self.with(|config| config.policy.healthy_after = time)
    }

    /// Statuses that are tried again instead of being final, such as 429 and 503; the delay is then
    /// at least the response's `retry-after-ms` or `Retry-After`, up to a day. None by default. 204 is
    /// final even if it is named.
    ///
    /// ```
    /// # fn main() -> Result<(), sse_client::BuildError> {
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .retry_statuses(&[429, 502, 503, 504])
    ///     .max_failures(10)
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn retry_statuses(self, statuses: &[u16]) -> Self {
        self.with(|config| config.policy.retry_statuses = statuses.to_vec())
    }

    /// Types of an answer with status 200 that are tried again instead of being final, such as the
    /// `text/html` of a balancer during a deploy. None by default.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .retry_types(&["text/html"])
    ///     .max_failures(10)
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn retry_types(self, types: &[&str]) -> Self {
        let types = types.iter().map(|it| (*it).to_owned()).collect();
        self.with(|config| config.policy.retry_types = types)
    }

    /// So many losses in a row are final. The count begins again with the loss of a connection that
    /// served: one that was open for the time of [`healthy_after`](Self::healthy_after), or that the
    /// server ended after it had delivered an event or moved the last event ID. So 1 makes every loss
    /// final. No limit by default.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .max_failures(5)
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn max_failures(self, count: u32) -> Self {
        self.with(|config| config.policy.max_failures = Some(count))
    }

    /// For looking up, connecting and the TLS handshake together: 30 seconds by default, `None` waits
    /// for ever. Each redirect has this time anew.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .connect_timeout(Duration::from_secs(5))
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn connect_timeout(self, time: impl Into<Option<Duration>>) -> Self {
        self.with(|config| config.timeouts.connect = time.into())
    }

    /// From the connection to the end of the response head: 5 minutes by default, because many
    /// servers send it with the first event. `None` waits for ever.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .head_timeout(None)
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn head_timeout(self, time: impl Into<Option<Duration>>) -> Self {
        self.with(|config| config.timeouts.head = time.into())
    }

    /// Without a byte for this long a stream is given up and connected again. None by default; take
    /// twice the time between a server's heartbeats.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .silence_timeout(Duration::from_secs(60))
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn silence_timeout(self, time: impl Into<Option<Duration>>) -> Self {
        self.with(|config| config.timeouts.silence = time.into())
    }
    /// Without an event for this long a stream is given up and connected again, whatever else comes:
    /// comments, or events of the [`heartbeat_types`](Self::heartbeat_types). None by default.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .event_timeout(Duration::from_secs(120))
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn event_timeout(self, time: impl Into<Option<Duration>>) -> Self {
        self.with(|config| config.timeouts.event = time.into())
    }
}

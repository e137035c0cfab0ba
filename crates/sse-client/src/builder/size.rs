//! What the builder is told about size: how large a part of what comes may be. Depends on the builder.

use super::Builder;
use sse_proto::Limits;

/// Limits, in bytes.
impl Builder {
    /// The most memory that one event may take, part by part. Past a limit the event is skipped and an
    /// [error](crate::ErrorKind::Limit) says so.
    ///
    /// ```
    /// # fn main() -> Result<(), sse_client::BuildError> {
    /// use sse_client::{EventSource, Limits};
    ///
    /// let small = Limits { data: 16 * 1024, ..Limits::DEFAULT };
    /// let source = EventSource::builder("http://127.0.0.1:8080/events").limits(small).build()?;
    /// # Ok(()) }
    /// ```
    pub fn limits(self, limits: Limits) -> Self {
        self.with(|config| config.limits = limits)
    }

    /// The most bytes of a response head: 64 KiB by default.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .head_limit(8 * 1024)
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn head_limit(self, bytes: usize) -> Self {
        self.with(|config| config.head_limit = bytes)
    }
    /// The most bytes of a body that [`Answer::bytes`](crate::Answer::bytes) and
    /// [`Answer::text`](crate::Answer::text) collect: 1 MiB by default.
    ///
    /// ```
    /// let request = sse_client::EventSource::builder("http://127.0.0.1:8080/report")
    ///     .body_limit(16 * 1024 * 1024);
    /// ```
    pub fn body_limit(self, bytes: usize) -> Self {
        self.with(|config| config.body_limit = bytes)
    }
}

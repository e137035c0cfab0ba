//! What the builder is told about the stream: what counts as one, what is delivered, where it ends.
//! Depends on the builder.

use super::Builder;
use sse_proto::Event;
use std::sync::Arc;

/// The stream.
impl Builder {
    /// Delivers comments, reconnection times, lone last event IDs, and lines that are no field of the
    /// standard, too.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .details(true)
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn details(self, wanted: bool) -> Self {
        self.with(|config| config.details = wanted)
    }

    /// The source ends for good after the first event that `is_last` says yes to: that event is
    /// delivered, and nothing after it. An answer that is finished is not asked for again then, and
    /// one that ends before this event is an error that [says so](crate::Error::ending).
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/v1/completions")
    ///     .post_json(r#"{"stream":true}"#)
    ///     .until(|event| event.data() == "[DONE]")
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn until(self, is_last: impl Fn(&Event<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.with(|config| config.until = Some(Arc::new(is_last)))
    }

    /// Event types that are signs of life and nothing more, such as `ping`. They are delivered, but
    /// [`event_timeout`](Self::event_timeout) does not count them. None by default.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/v1/messages")
    ///     .event_timeout(Duration::from_secs(60))
    ///     .heartbeat_types(&["ping"])
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn heartbeat_types(self, event_types: &[&str]) -> Self {
        self.with(|config| config.heartbeats = owned(event_types))
    }

    /// Content types that are read as an event stream beside `text/event-stream`, for servers that
    /// are wrong about it. None by default.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .stream_types(&["text/plain"])
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn stream_types(self, types: &[&str]) -> Self {
        self.with(|config| config.types.foreign = owned(types))
    }

    /// Whether an answer without a content type is read as an event stream: not by default.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .stream_without_type(true)
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn stream_without_type(self, wanted: bool) -> Self {
        self.with(|config| config.types.untyped = wanted)
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

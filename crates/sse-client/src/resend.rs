//! Whether a request is sent again. Depends on nothing.

/// Whether a request that the server may have acted on is sent again when its connection is lost:
/// the argument of [`Builder::resend`](crate::Builder::resend). `true` is `Always`, `false` is `Never`.
///
/// ```
/// use sse_client::{EventSource, Resend};
///
/// let source = EventSource::builder("http://127.0.0.1:8080/v1/completions")
///     .post_json("{}")
///     .resend(Resend::UntilEvent)
///     .build()?;
/// # Ok::<(), sse_client::BuildError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resend {
    /// The end of the connection is final.
    Never,
    /// Until its first event has come, or a last event ID: what was answered is not asked twice.
    UntilEvent,
    /// Whenever the connection is lost.
    Always,
}

impl Resend {
    /// What is right for a method if the caller says nothing: RFC 9110 9.2.2, "idempotent".
    pub(crate) fn by_method(method: &str) -> Self {
        match method {
            "GET" | "PUT" | "DELETE" | "OPTIONS" => Self::Always,
            _ => Self::Never,
        }
    }
}

impl From<bool> for Resend {
    fn from(always: bool) -> Self {
        if always { Self::Always } else { Self::Never }
    }
}

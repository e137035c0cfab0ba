//! Why an event source cannot be built. Depends on the errors of what the builder checks.

use crate::url::UrlError;
use sse_proto::LastEventIdError;
use std::fmt;

/// Why an event source cannot be built: the first thing that was wrong with what the builder was told.
///
/// ```
/// use sse_client::{BuildError, EventSource};
///
/// let error = EventSource::builder("http://h/").header("Te", "gzip").build().unwrap_err();
/// assert_eq!(error, BuildError::ReservedHeader("Te".to_owned()));
/// assert_eq!(error.to_string(), "the header field \"Te\" is set by sse-client, not by its caller");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// The URL cannot be requested.
    Url(UrlError),
    /// An `https` URL needs the feature `tls` of this crate.
    TlsNotBuilt,
    /// The proxy's URL cannot be used; a proxy is reached by `http`.
    Proxy(UrlError),
    /// Not a method, or one whose response has no body.
    Method(String),
    /// Not the name of a header field, or its value has a control character.
    Header(String),
    /// A header field that this crate sets itself.
    ReservedHeader(String),
    /// The last event ID has a CR, LF or NUL, or is longer than the limit.
    LastEventId(LastEventIdError),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(error) => write!(f, "the URL cannot be used: {error}"),
            Self::TlsNotBuilt => f.write_str("https needs the feature `tls` of sse-client"),
            Self::Proxy(error) => write!(f, "the proxy's URL cannot be used: {error}"),
            Self::Method(method) => write!(f, "{method:?} cannot be the method of a stream"),
            Self::Header(name) => write!(f, "the header field {name:?} cannot be sent"),
            Self::ReservedHeader(name) => {
                write!(f, "the header field {name:?} is set by sse-client, not by its caller")
            }
            Self::LastEventId(error) => write!(f, "the last event ID cannot be sent: {error}"),
        }
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Url(error) | Self::Proxy(error) => Some(error),
            Self::LastEventId(error) => Some(error),
            _ => None,
        }
    }
}

impl From<UrlError> for BuildError {
    fn from(error: UrlError) -> Self {
        Self::Url(error)
    }
}

//! Why a text is not a URL. Depends on nothing.

use std::fmt;

/// Why a text is not a URL that this crate can request.
///
/// ```
/// use sse_client::{BuildError, EventSource, UrlError};
///
/// let error = EventSource::new("http://bücher.example/").unwrap_err();
/// assert_eq!(error, BuildError::Url(UrlError::NonAsciiHost));
/// assert!(error.to_string().contains("xn--"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlError {
    /// There is no `scheme:` at the start.
    NoScheme,
    /// The scheme is neither `http` nor `https`.
    UnsupportedScheme,
    /// `//` and a host must follow the scheme.
    NoHost,
    /// The host has a character outside ASCII; write it in its `xn--` form.
    NonAsciiHost,
    /// The host has a character that no host name has, or an IPv6 address is malformed.
    InvalidHost,
    /// User or password has a character that must be percent-encoded there.
    InvalidUserinfo,
    /// The port is not a number from 1 to 65535.
    InvalidPort,
    /// A control character, such as a line break, stands in the URL.
    ControlCharacter,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoScheme => "it must start with http:// or https://",
            Self::UnsupportedScheme => "only the schemes http and https are supported",
            Self::NoHost => "a host must follow http:// or https://",
            Self::NonAsciiHost => "the host is not ASCII: write it in its xn-- form",
            Self::InvalidHost => "the host is not a name, an IPv4 or a bracketed IPv6 address",
            Self::InvalidUserinfo => "user and password must be percent-encoded",
            Self::InvalidPort => "the port must be a number from 1 to 65535",
            Self::ControlCharacter => "it contains a control character",
        })
    }
}

impl std::error::Error for UrlError {}

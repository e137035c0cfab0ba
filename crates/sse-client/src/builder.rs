//! Describing an event source: the request, and what is delivered. Everything the caller says is
//! checked once, by the builder.

mod error;
mod network;
mod size;
mod time;

pub use error::BuildError;

use crate::config::Config;
use crate::request::{basic, is_field_value, is_method, is_reserved};
use crate::source::EventSource;
use crate::url::Url;
use sse_proto::Decoder;
use std::fmt;

/// Describes an event source; [`build`](Self::build) makes it.
///
/// ```
/// # fn main() -> Result<(), sse_client::BuildError> {
/// use std::time::Duration;
///
/// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
///     .query("topic", "prices")
///     .bearer("token")
///     .last_event_id("42")
///     .silence_timeout(Duration::from_secs(60))
///     .build()?;
/// assert_eq!(source.last_event_id(), "42");
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Builder {
    config: Result<Config, BuildError>,
}

impl Builder {
    pub(crate) fn new(url: &str) -> Self {
        Self { config: Url::parse(url).map(Config::new).map_err(BuildError::Url) }
    }

    /// Checks and makes the event source.
    ///
    /// # Errors
    ///
    /// The first thing that was wrong with what the builder was told.
    ///
    /// ```
    /// use sse_client::{BuildError, EventSource, UrlError};
    ///
    /// assert!(EventSource::builder("http://127.0.0.1:8080/events").build().is_ok());
    /// let error = EventSource::builder("ftp://127.0.0.1/").build().unwrap_err();
    /// assert_eq!(error, BuildError::Url(UrlError::UnsupportedScheme));
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn build(self) -> Result<EventSource, BuildError> {
        let config = self.config?;
        if config.url.secure && !cfg!(feature = "tls") {
            return Err(BuildError::TlsNotBuilt);
        }
        Decoder::with_limits(config.limits)
            .set_last_event_id(&config.last_event_id)
            .map_err(BuildError::LastEventId)?;
        Ok(EventSource::with_config(config))
    }

    /// Adds `name=value` to the URL's query, percent-encoded.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .query("topic", "prices & news")
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn query(self, name: &str, value: &str) -> Self {
        self.with(|config| config.url.append_query(name, value))
    }

    /// The method: `GET` if this is not called. A method other than `GET`, `PUT`, `DELETE` or
    /// `OPTIONS` turns [`resend`](Self::resend) off.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .method("PUT")
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn method(self, method: &str) -> Self {
        self.try_with(|config| {
            if !is_method(method) {
                return Err(BuildError::Method(method.to_owned()));
            }
            config.request.method = method.to_owned();
            config.policy.resend = matches!(method, "GET" | "PUT" | "DELETE" | "OPTIONS");
            Ok(())
        })
    }

    /// Adds a header field; of several with one name all are sent. One that the crate sends by
    /// itself (`Accept`, `Cache-Control`, `Host`, `User-Agent`) is replaced.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .header("X-Api-Key", "secret")
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn header(self, name: &str, value: &str) -> Self {
        self.try_with(|config| {
            if is_reserved(name) {
                return Err(BuildError::ReservedHeader(name.to_owned()));
            }
            if !crate::head::is_token(name.as_bytes()) || !is_field_value(value.as_bytes()) {
                return Err(BuildError::Header(name.to_owned()));
            }
            config.request.headers.push((name.to_owned(), value.as_bytes().to_vec()));
            Ok(())
        })
    }

    /// `Authorization: Bearer <token>`.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .bearer("token")
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// `Authorization: Basic ...` of a user and a password.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .basic("user", "password")
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn basic(self, user: &str, password: &str) -> Self {
        self.header("Authorization", &basic(user.as_bytes(), password.as_bytes()))
    }

    /// `User-Agent`, instead of this crate's name and version.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .user_agent("weather-bot/1.0")
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn user_agent(self, name: &str) -> Self {
        self.header("User-Agent", name)
    }

    /// The request's body. It is sent with its length, whole, and again after a redirect that keeps
    /// the method and on a reconnect.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .method("PUT")
    ///     .header("Content-Type", "text/plain")
    ///     .body("since yesterday")
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        self.with(|config| config.request.body = Some(body.into()))
    }

    /// `POST` with a body of type `application/json`; sets the method, the body and `Content-Type`.
    ///
    /// ```
    /// # fn main() -> Result<(), sse_client::BuildError> {
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/v1/completions")
    ///     .post_json(r#"{"stream":true}"#)
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn post_json(self, json: impl Into<Vec<u8>>) -> Self {
        self.method("POST").header("Content-Type", "application/json").body(json)
    }

    /// Whether a request that the server may have acted on is sent again when its connection is
    /// lost. On for `GET`, `PUT`, `DELETE` and `OPTIONS`, off for every other method, unless this is
    /// called after [`method`](Self::method). When it is off, the end of the connection is final.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .post_json("{}")
    ///     .resend(true)
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn resend(self, resend: bool) -> Self {
        self.with(|config| config.policy.resend = resend)
    }

    /// The last event ID that the first connection tells the server.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .last_event_id("42")
    ///     .build()?;
    /// assert_eq!(source.last_event_id(), "42");
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn last_event_id(self, id: &str) -> Self {
        self.with(|config| config.last_event_id = id.to_owned())
    }

    /// Delivers comments, reconnection times and lone last event IDs too.
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

    fn with(self, change: impl FnOnce(&mut Config)) -> Self {
        self.try_with(|config| {
            change(config);
            Ok(())
        })
    }

    /// The first error is kept; after it nothing else is looked at.
    fn try_with(self, change: impl FnOnce(&mut Config) -> Result<(), BuildError>) -> Self {
        let config = self.config.and_then(|mut config| change(&mut config).map(|()| config));
        Self { config }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.config.as_ref().map(|config| &config.url);
        f.debug_struct("Builder").field("url", &url).finish_non_exhaustive()
    }
}

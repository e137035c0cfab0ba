//! Describing an event source: the request, and what is delivered. Everything the caller says is
//! checked once, by the builder.

mod network;
mod request;
mod size;
mod stream;
mod time;

use crate::answer::Answer;
use crate::build_error::BuildError;
use crate::config::Config;
use crate::driver::Driver;
use crate::error::Error;
use crate::resend::Resend;
use crate::source::EventSource;
use crate::url::Url;
use sse_proto::Decoder;
use std::fmt;
use std::sync::Arc;

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
        Ok(EventSource::new_driven(Driver::new(Arc::new(self.checked()?))))
    }

    /// Sends the request once and gives the answer, whatever it is: for APIs that answer by a stream
    /// or by something else, and for those that answer by a status alone. Redirects, proxies, TLS,
    /// timeouts and limits are those of an event source; nothing is tried again.
    ///
    /// # Errors
    ///
    /// What the builder was told cannot be sent ([`ErrorKind::Build`](crate::ErrorKind::Build)), or
    /// there is no answer.
    ///
    /// ```no_run
    /// # async fn ask() -> Result<(), sse_client::Error> {
    /// let request = sse_client::EventSource::builder("http://127.0.0.1:8080/v1/completions");
    /// let answer = request.post_json(r#"{"stream":false}"#).send().await?;
    /// println!("{}: {}", answer.status(), answer.text().await?);
    /// # Ok(()) }
    /// ```
    pub async fn send(self) -> Result<Answer, Error> {
        let config = self.checked().map_err(Error::build)?;
        Answer::ask(Arc::new(config)).await
    }

    /// The configuration, once everything that can be known now is known to be right.
    fn checked(self) -> Result<Config, BuildError> {
        let mut config = self.config?;
        if config.url.secure && !cfg!(feature = "tls") {
            return Err(BuildError::TlsNotBuilt);
        }
        config.proxies.proxy_for(&config.url).map_err(BuildError::Proxy)?;
        Decoder::with_limits(config.limits)
            .set_last_event_id(&config.last_event_id)
            .map_err(BuildError::LastEventId)?;
        let by_method = Resend::by_method(&config.request.method);
        config.policy.resend = config.resend.unwrap_or(by_method);
        Ok(config)
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

impl EventSource {
    /// An event source with the defaults.
    ///
    /// # Errors
    ///
    /// If the URL is not an `http` URL, or an `https` one without the feature `tls`.
    ///
    /// ```
    /// use sse_client::EventSource;
    ///
    /// assert!(EventSource::new("http://127.0.0.1:8080/events").is_ok());
    /// assert!(EventSource::new("/events").is_err());
    /// ```
    pub fn new(url: &str) -> Result<Self, BuildError> {
        Self::builder(url).build()
    }

    /// Begins to describe an event source: headers, body, timeouts, limits.
    ///
    /// ```
    /// # fn main() -> Result<(), sse_client::BuildError> {
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .header("X-Api-Key", "secret")
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn builder(url: &str) -> Builder {
        Builder::new(url)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.config.as_ref().map(|config| &config.url);
        f.debug_struct("Builder").field("url", &url).finish_non_exhaustive()
    }
}

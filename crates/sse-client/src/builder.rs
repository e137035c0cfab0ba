//! Describing an event source. Everything the caller says is checked here, once.

use crate::config::Config;
use crate::connector::{Connector, Endpoint};
use crate::net::Connection;
use crate::proxy::Proxies;
use crate::request::{basic, is_field_value, is_method, is_reserved};
use crate::source::EventSource;
use crate::url::{Url, UrlError};
use sse_proto::{Decoder, LastEventIdError, Limits};
use std::fmt;
use std::future::Future;
use std::io;
use std::time::Duration;

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

/// Why an event source cannot be built.
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

impl Builder {
    pub(crate) fn new(url: &str) -> Self {
        Self { config: Url::parse(url).map(Config::new).map_err(BuildError::Url) }
    }

    /// Checks and makes the event source.
    ///
    /// # Errors
    ///
    /// The first thing that was wrong with what the builder was told.
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
    pub fn query(self, name: &str, value: &str) -> Self {
        self.with(|config| config.url.append_query(name, value))
    }

    /// The method: `GET` if this is not called. A method other than `GET`, `PUT`, `DELETE` or
    /// `OPTIONS` turns [`resend`](Self::resend) off.
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
    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    /// `Authorization: Basic ...` of a user and a password.
    pub fn basic(self, user: &str, password: &str) -> Self {
        self.header("Authorization", &basic(user.as_bytes(), password.as_bytes()))
    }

    /// `User-Agent`, instead of this crate's name and version.
    pub fn user_agent(self, name: &str) -> Self {
        self.header("User-Agent", name)
    }

    /// The request's body. It is sent with its length, whole, and again after a redirect that keeps
    /// the method and on a reconnect.
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
    /// lost. Off for `POST` and `PATCH`, on for other methods, unless this is called after
    /// [`method`](Self::method). When it is off, the end of the connection is final.
    pub fn resend(self, resend: bool) -> Self {
        self.with(|config| config.policy.resend = resend)
    }

    /// The last event ID that the first connection tells the server.
    pub fn last_event_id(self, id: &str) -> Self {
        self.with(|config| config.last_event_id = id.to_owned())
    }

    /// Delivers comments, reconnection times and lone last event IDs too.
    pub fn details(self, wanted: bool) -> Self {
        self.with(|config| config.details = wanted)
    }

    /// The time until a reconnect while the stream has set none by `retry`: 3 seconds by default.
    pub fn reconnection_time(self, time: Duration) -> Self {
        self.with(|config| config.policy.reconnection_time = time)
    }

    /// The least delay before a reconnect, whatever the stream asks for: half a second by default.
    pub fn min_delay(self, delay: Duration) -> Self {
        self.with(|config| config.policy.min_delay = delay)
    }

    /// What backing off prolongs a delay to at most: a minute by default. A longer reconnection
    /// time or `Retry-After` counts all the same.
    pub fn max_delay(self, delay: Duration) -> Self {
        self.with(|config| config.policy.max_delay = delay)
    }

    /// A connection that was open for this long starts the backoff afresh: 5 seconds by default.
    pub fn healthy_after(self, time: Duration) -> Self {
        self.with(|config| config.policy.healthy_after = time)
    }

    /// Statuses that are tried again instead of being final, such as 429 and 503; the delay is then
    /// at least the response's `Retry-After`, up to a day. None by default. 204 is
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

    /// So many failures in a row are final. A stream that the server ended, or that was open for the
    /// time of [`healthy_after`](Self::healthy_after), is not a failure. No limit by default.
    pub fn max_failures(self, count: u32) -> Self {
        self.with(|config| config.policy.max_failures = Some(count))
    }

    /// For looking up, connecting and the TLS handshake together: 30 seconds by default.
    pub fn connect_timeout(self, time: impl Into<Option<Duration>>) -> Self {
        self.with(|config| config.timeouts.connect = time.into())
    }

    /// From the connection to the end of the response head: 5 minutes by default, because many
    /// servers send it with the first event.
    pub fn head_timeout(self, time: impl Into<Option<Duration>>) -> Self {
        self.with(|config| config.timeouts.head = time.into())
    }

    /// Without a byte for this long a stream is given up and connected again. None by default; take
    /// twice the time between a server's heartbeats.
    pub fn silence_timeout(self, time: impl Into<Option<Duration>>) -> Self {
        self.with(|config| config.timeouts.silence = time.into())
    }

    /// So many redirects in a row are followed: 20 by default.
    pub fn redirect_limit(self, limit: usize) -> Self {
        self.with(|config| config.redirects.limit = limit)
    }

    /// Whether a redirect from `https` to `http` is followed: not by default.
    pub fn allow_downgrade(self, allowed: bool) -> Self {
        self.with(|config| config.redirects.allow_downgrade = allowed)
    }

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
    pub fn head_limit(self, bytes: usize) -> Self {
        self.with(|config| config.head_limit = bytes)
    }

    /// Opens connections by `connect` instead of TCP: a Unix socket, another runtime's socket, a
    /// pipe in a test. It is called for each connection, with the host and port to reach: those of the
    /// proxy, if there is one. TLS is laid over what it returns when the URL is `https`.
    ///
    /// ```
    /// # #[cfg(unix)] {
    /// use async_io::Async;
    /// use std::os::unix::net::UnixStream;
    ///
    /// let source = sse_client::EventSource::builder("http://docker/events")
    ///     .connector(|_| Async::<UnixStream>::connect("/var/run/docker.sock"))
    ///     .build();
    /// # assert!(source.is_ok()); }
    /// ```
    pub fn connector<F, R, C>(self, connect: F) -> Self
    where
        F: Fn(Endpoint) -> R + Send + Sync + 'static,
        R: Future<Output = io::Result<C>> + Send + 'static,
        C: Connection + 'static,
    {
        self.with(|config| config.connector = Connector::custom(connect))
    }

    /// Reaches everything through this HTTP proxy, `https` by `CONNECT`. User and password of the
    /// proxy's URL become its `Proxy-Authorization`.
    ///
    /// ```
    /// let builder = sse_client::EventSource::builder("http://sse.example/events");
    /// assert!(builder.clone().proxy("http://user:password@127.0.0.1:3128").build().is_ok());
    /// assert!(builder.proxy("socks5://127.0.0.1").build().is_err());
    /// ```
    pub fn proxy(self, url: &str) -> Self {
        self.try_with(|config| {
            config.proxies = Proxies::One(Proxies::parse(url).map_err(BuildError::Proxy)?);
            Ok(())
        })
    }

    /// Takes the proxy from the environment, as curl does: `http_proxy`, `https_proxy`, `all_proxy`
    /// and the exceptions in `no_proxy`, each in lower or upper case. `HTTP_PROXY` does not count in
    /// a CGI program, where whoever sends a request can set it.
    pub fn proxy_from_env(self) -> Self {
        self.try_with(|config| {
            let proxies = Proxies::from_environment(crate::net::environment);
            config.proxies = proxies.map_err(BuildError::Proxy)?;
            Ok(())
        })
    }

    /// The TLS configuration: own roots, a client certificate. Its ALPN list is replaced by
    /// `http/1.1`. By default the roots of the Mozilla programme are trusted;
    /// a configuration by `rustls-platform-verifier` trusts those of the platform.
    #[cfg(feature = "tls")]
    pub fn tls(self, config: futures_rustls::rustls::ClientConfig) -> Self {
        self.with(|it| it.tls = crate::tls::Tls::new(config))
    }

    /// Whether compressed streams are asked for: with the feature `gzip` they are, by default.
    #[cfg(feature = "gzip")]
    pub fn gzip(self, wanted: bool) -> Self {
        self.with(|config| config.request.accept_gzip = wanted)
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

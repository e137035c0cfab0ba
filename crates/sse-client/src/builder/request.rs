//! What the builder is told about the request. Depends on the builder.

use super::Builder;
use crate::attempt::{Attempt, BoxError};
use crate::build_error::BuildError;
use crate::request::{basic, is_method};
use crate::resend::Resend;
use std::future::Future;
use std::sync::Arc;

/// The request.
impl Builder {
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

    /// The method: `GET` if this is not called. What [`resend`](Self::resend) is by default depends
    /// on it.
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
            Ok(())
        })
    }

    /// Adds a header field. Of several with one name all are sent, but of a field that a request has
    /// once (`Accept`, `Authorization`, `Cache-Control`, `Content-Type`, `Host`, `Origin`, `Referer`,
    /// `User-Agent`) the last, and that instead of what the crate sends by itself.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .header("X-Api-Key", "secret")
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn header(self, name: &str, value: &str) -> Self {
        self.try_with(|config| config.request.add(name, value))
    }

    /// `Accept`, instead of `text/event-stream`: what the answer may be. Which answers are read as a
    /// stream [`stream_types`](Self::stream_types) says.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/mcp")
    ///     .accept("application/json, text/event-stream")
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn accept(self, types: &str) -> Self {
        self.header("Accept", types)
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
        self.with(|config| config.request.body = Some(body.into().into()))
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
    /// lost. By default always for `GET`, `PUT`, `DELETE` and `OPTIONS`, and never for every other
    /// method: the end of the connection is final then.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .post_json("{}")
    ///     .resend(true)
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn resend(self, resend: impl Into<Resend>) -> Self {
        self.with(|config| config.resend = Some(resend.into()))
    }

    /// A request with a last event ID is a `GET` without a body, whatever the method: as the Model
    /// Context Protocol has it, where a `POST` is answered by a stream and that stream is resumed by
    /// `GET`. Such a request is sent again whatever [`resend`](Self::resend) says.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/mcp")
    ///     .post_json("{}")
    ///     .resume_by_get(true)
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn resume_by_get(self, wanted: bool) -> Self {
        self.with(|config| config.resume_by_get = wanted)
    }

    /// The last event ID that the first connection tells the server. One with a control character
    /// is not sent as a header field, because it cannot be.
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

    /// Sends the last event ID as this parameter of the URL's query too, for servers that look for it
    /// there.
    ///
    /// ```
    /// let source = sse_client::EventSource::builder("http://127.0.0.1:8080/events")
    ///     .last_event_id_query("lastEventId")
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn last_event_id_query(self, name: &str) -> Self {
        self.with(|config| config.last_event_id_query = Some(name.to_owned()))
    }

    /// Asks `hook` before each attempt to connect: it may set header fields and parameters of the
    /// query, from a token that has to be fresh or a signature over the time. An error of it is an
    /// error of the attempt ([`ErrorKind::Attempt`](crate::ErrorKind::Attempt)), and the next attempt
    /// comes as after any failure.
    ///
    /// With a hook a status of 401 is tried again once, after the least delay, because the next
    /// attempt may have fresh credentials; it is final if they are refused too, before a connection
    /// has delivered something.
    ///
    /// ```
    /// use sse_client::{Attempt, BoxError, EventSource};
    ///
    /// let source = EventSource::builder("http://127.0.0.1:8080/events")
    ///     .before_attempt(|attempt| async move {
    ///         let number = attempt.number().to_string();
    ///         Ok::<Attempt, BoxError>(attempt.with_query("attempt", &number))
    ///     })
    ///     .build()?;
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn before_attempt<F, R>(self, hook: F) -> Self
    where
        F: Fn(Attempt) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Attempt, BoxError>> + Send + 'static,
    {
        self.with(|config| {
            config.hook = Some(Arc::new(move |attempt| Box::pin(hook(attempt))));
            config.policy.refreshes = true;
        })
    }
}

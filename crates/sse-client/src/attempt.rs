//! What a caller's hook may look at and change before each attempt to connect. Pure.

use crate::build_error::BuildError;
use crate::kind::ErrorKind;
use crate::request::Request;
use crate::url::Url;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Any error, as a hook may give it.
///
/// ```
/// fn denied() -> sse_client::BoxError {
///     "the token service said no".into()
/// }
/// assert_eq!(denied().to_string(), "the token service said no");
/// ```
pub type BoxError = Box<dyn StdError + Send + Sync>;

type Preparing = Pin<Box<dyn Future<Output = Result<Attempt, BoxError>> + Send>>;

/// The caller's hook.
pub(crate) type Hook = Arc<dyn Fn(Attempt) -> Preparing + Send + Sync>;

/// What came before an attempt.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct History {
    pub(crate) number: u32,
    pub(crate) failures: u32,
    pub(crate) last_outcome: Option<ErrorKind>,
}

/// One attempt to connect, before it is made: the argument of the hook of
/// [`Builder::before_attempt`](crate::Builder::before_attempt), which hands it back, changed or not.
/// What it sets counts for this attempt only.
///
/// ```
/// use sse_client::{Attempt, BoxError, ErrorKind, EventSource};
///
/// async fn token(fresh: bool) -> Result<String, BoxError> {
///     Ok(if fresh { "new" } else { "cached" }.to_owned())
/// }
///
/// async fn authorize(attempt: Attempt) -> Result<Attempt, BoxError> {
///     let refused = attempt.last_outcome() == Some(ErrorKind::Status(401));
///     Ok(attempt.with_bearer(&token(refused).await?))
/// }
///
/// let source = EventSource::builder("http://127.0.0.1:8080/events")
///     .before_attempt(authorize)
///     .build()?;
/// # Ok::<(), sse_client::BuildError>(())
/// ```
pub struct Attempt {
    history: History,
    last_event_id: String,
    request: Request,
    url: Url,
    wrong: Option<BuildError>,
}

impl Attempt {
    pub(crate) fn new(history: History, last_event_id: &str, request: &Request, url: &Url) -> Self {
        Self {
            history,
            last_event_id: last_event_id.to_owned(),
            request: request.clone(),
            url: url.clone(),
            wrong: None,
        }
    }

    /// What the hook has made of the request and its URL.
    pub(crate) fn finish(self) -> Result<(Request, Url), BuildError> {
        match self.wrong {
            None => Ok((self.request, self.url)),
            Some(wrong) => Err(wrong),
        }
    }

    /// Which attempt of the event source it is: 1 for the first. Redirects are part of one attempt.
    ///
    /// ```
    /// fn is_first(attempt: &sse_client::Attempt) -> bool {
    ///     attempt.number() == 1
    /// }
    /// ```
    #[must_use]
    pub fn number(&self) -> u32 {
        self.history.number
    }

    /// How many failures in a row came before it: what the backoff counts.
    ///
    /// ```
    /// fn is_desperate(attempt: &sse_client::Attempt) -> bool {
    ///     attempt.failures() > 10
    /// }
    /// ```
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.history.failures
    }

    /// What the attempt before came to, or the connection that it opened; `None` for the first.
    ///
    /// ```
    /// fn is_refused(attempt: &sse_client::Attempt) -> bool {
    ///     attempt.last_outcome() == Some(sse_client::ErrorKind::Status(401))
    /// }
    /// ```
    #[must_use]
    pub fn last_outcome(&self) -> Option<ErrorKind> {
        self.history.last_outcome
    }

    /// The last event ID, which is sent without the hook's doing. Empty if there is none.
    ///
    /// ```
    /// fn resumes(attempt: &sse_client::Attempt) -> bool {
    ///     !attempt.last_event_id().is_empty()
    /// }
    /// ```
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    /// Sets a header field, in place of all that the builder has set under this name.
    ///
    /// ```
    /// fn sign(attempt: sse_client::Attempt, signature: &str) -> sse_client::Attempt {
    ///     attempt.with_header("X-Signature", signature)
    /// }
    /// ```
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        let set = self.request.set(name, value);
        self.wrong = self.wrong.or(set.err());
        self
    }

    /// `Authorization: Bearer <token>`.
    ///
    /// ```
    /// fn authorize(attempt: sse_client::Attempt) -> sse_client::Attempt {
    ///     attempt.with_bearer("token")
    /// }
    /// ```
    #[must_use]
    pub fn with_bearer(self, token: &str) -> Self {
        self.with_header("Authorization", &format!("Bearer {token}"))
    }

    /// Sets a parameter of the URL's query, in place of all with this name; both are percent-encoded.
    ///
    /// ```
    /// fn authorize(attempt: sse_client::Attempt) -> sse_client::Attempt {
    ///     attempt.with_query("token", "a b")
    /// }
    /// ```
    #[must_use]
    pub fn with_query(mut self, name: &str, value: &str) -> Self {
        self.url.set_query(name, value);
        self
    }
}

/// Without header fields, which may be secret.
impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("number", &self.history.number)
            .field("failures", &self.history.failures)
            .field("last_outcome", &self.history.last_outcome)
            .field("last_event_id", &self.last_event_id)
            .finish_non_exhaustive()
    }
}

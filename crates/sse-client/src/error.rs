//! An error as the caller gets it: what happened, and what comes next. Depends on the failure.

use crate::build_error::BuildError;
use crate::ending::Ending;
use crate::failure::Failure;
use crate::kind::ErrorKind;
use crate::response::Response;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// One outcome that was not an event; what comes next is in [`is_final`](Self::is_final) and
/// [`retry_in`](Self::retry_in).
///
/// ```
/// fn tell(error: &sse_client::Error) {
///     match error.retry_in() {
///         Some(delay) => println!("{:?}, again in {delay:?}", error.kind()),
///         None if error.is_final() => println!("over: {error}"),
///         None => println!("the stream goes on: {error}"),
///     }
///     if let Some(response) = error.response() {
///         println!("{} {}", response.head().status(), response.text());
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Error {
    failure: Box<Failure>,
    then: Then,
}

/// What an event source does after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    Continue,
    Retry(Duration),
    Close,
}

impl Error {
    pub(crate) fn new(failure: Failure, then: Then) -> Self {
        Self { failure: Box::new(failure), then }
    }

    /// There is nothing to send.
    pub(crate) fn build(error: BuildError) -> Self {
        Self::new(Failure::because(ErrorKind::Build, error), Then::Close)
    }

    /// What happened.
    ///
    /// ```
    /// fn is_refused(error: &sse_client::Error) -> bool {
    ///     error.kind() == sse_client::ErrorKind::Status(401)
    /// }
    /// ```
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.failure.kind
    }

    /// Whether the event source is closed by this and will not connect again by itself.
    ///
    /// ```
    /// fn exit_code(error: &sse_client::Error) -> u8 {
    ///     u8::from(error.is_final())
    /// }
    /// ```
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.then == Then::Close
    }

    /// The delay from this error to the next try. `None` when there is none, because the error is
    /// final or because the connection goes on ([`ErrorKind::Limit`]).
    ///
    /// ```
    /// fn seconds(error: &sse_client::Error) -> u64 {
    ///     error.retry_in().unwrap_or_default().as_secs()
    /// }
    /// ```
    #[must_use]
    pub fn retry_in(&self) -> Option<Duration> {
        match self.then {
            Then::Retry(delay) => Some(delay),
            _ => None,
        }
    }

    /// The server's answer, if it answered with something other than an event stream.
    ///
    /// ```
    /// fn reason(error: &sse_client::Error) -> String {
    ///     error.response().map(|it| it.text()).unwrap_or_default()
    /// }
    /// ```
    #[must_use]
    pub fn response(&self) -> Option<&Response> {
        self.failure.response.as_deref()
    }

    /// How the stream ended: whether it is complete, and what of it was left unfinished. `None` when
    /// no stream was open, and when it goes on ([`ErrorKind::Limit`]).
    ///
    /// ```
    /// fn is_whole(error: &sse_client::Error) -> bool {
    ///     error.ending().is_some_and(|it| it.is_complete() && it.unfinished() == 0)
    /// }
    /// ```
    #[must_use]
    pub fn ending(&self) -> Option<&Ending> {
        self.failure.ending.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.kind.fmt(f)?;
        if let Some(source) = &self.failure.source {
            write!(f, ": {source}")?;
        }
        match self.then {
            Then::Continue | Then::Close => Ok(()),
            Then::Retry(delay) if delay < Duration::from_secs(1) => {
                write!(f, "; next try in {} ms", delay.as_millis())
            }
            Then::Retry(delay) => write!(f, "; next try in {:.1} s", delay.as_secs_f64()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.failure.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_told_in_a_unit_that_shows_them() {
        for (millis, told) in [
            (0, "next try in 0 ms"),
            (20, "next try in 20 ms"),
            (999, "next try in 999 ms"),
            (1000, "next try in 1.0 s"),
            (90_500, "next try in 90.5 s"),
        ] {
            let then = Then::Retry(Duration::from_millis(millis));
            let error = Error::new(Failure::new(ErrorKind::Ended), then);
            assert_eq!(error.to_string(), format!("the server ended the stream; {told}"));
        }
    }
}

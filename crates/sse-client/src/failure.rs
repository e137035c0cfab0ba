//! An error before it is known what comes next. Depends on what it is made of.

use crate::ending::Ending;
use crate::head::HeadError;
use crate::kind::ErrorKind;
use crate::response::Response;
use std::error::Error as StdError;
use std::time::Duration;

/// Why there is no stream, or no stream any more.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) source: Option<Box<dyn StdError + Send + Sync>>,
    pub(crate) response: Option<Box<Response>>,
    /// The server may have acted on the request.
    pub(crate) request_sent: bool,
    pub(crate) retry_after: Option<Duration>,
    /// How the stream ended, if there was one.
    pub(crate) ending: Option<Ending>,
}

impl Failure {
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self {
            kind,
            source: None,
            response: None,
            request_sent: false,
            retry_after: None,
            ending: None,
        }
    }

    pub(crate) fn because(
        kind: ErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self { source: Some(source.into()), ..Self::new(kind) }
    }

    pub(crate) fn after_request(self) -> Self {
        Self { request_sent: true, ..self }
    }
}

impl From<ErrorKind> for Failure {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind)
    }
}

impl From<HeadError> for Failure {
    fn from(error: HeadError) -> Self {
        match error {
            HeadError::Malformed => ErrorKind::Malformed.into(),
            HeadError::TooLarge => ErrorKind::HeadTooLarge.into(),
            HeadError::TransferEncoding(coding) => {
                Self::because(ErrorKind::TransferEncoding, format!("its coding is {coding}"))
            }
        }
    }
}

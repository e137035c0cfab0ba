//! Why a client is cut off. Depends on `gap`.

use std::fmt;
use std::io;

use crate::Gap;
#[cfg(doc)]
use crate::Lag;

/// Why a subscription ended though there is more to come.
#[derive(Debug)]
#[non_exhaustive]
pub enum Cut {
    /// It fell off the tail of a log that [disconnects](Lag::Disconnect) those who lag.
    Lagged(Gap),
    /// The [source](crate::Source) could not be read.
    Source(io::Error),
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lagged(gap) => write!(f, "the client was too slow for the history: {gap}"),
            Self::Source(error) => write!(f, "the events of the past cannot be read: {error}"),
        }
    }
}

impl std::error::Error for Cut {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Lagged(_) => None,
            Self::Source(error) => Some(error),
        }
    }
}

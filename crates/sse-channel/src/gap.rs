//! What is missing, and why. Pure.

use std::fmt;

/// Why events that a client asked for do not come, and how many if that can be known.
///
/// The number counts all that the log held in their place, comments and what a filter would have left
/// out included. A client is told by an event whose data is JSON, its `Display`.
///
/// ```
/// use sse_channel::Gap;
///
/// let gap = Gap::Evicted { missed: Some(3) };
/// assert_eq!(gap.to_string(), r#"{"reason":"evicted","missed":3}"#);
/// assert_eq!(Gap::UnknownId.to_string(), r#"{"reason":"unknown-id","missed":null}"#);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Gap {
    /// They were dropped while the client was away.
    Evicted {
        /// How many.
        missed: Option<u64>,
    },
    /// They were dropped while the client was connected, and too slow.
    Lagged {
        /// How many.
        missed: Option<u64>,
    },
    /// The last event ID is that of another log: of another channel, or from before a restart.
    OtherEpoch,
    /// The last event ID is one that this log has not given yet.
    BeyondEnd,
    /// The last event ID is none that this log holds or has given.
    UnknownId,
    /// Several events have had that ID, so nobody knows which was the last.
    AmbiguousId,
    /// The process ended without a last [snapshot](crate::snapshot): what was published after the one that it came
    /// back with is lost. Stands in the log at that place, for everybody who passes it.
    Unsaved,
}

impl Gap {
    /// The reason, as clients are told it.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Evicted { .. } => "evicted",
            Self::Lagged { .. } => "lagged",
            Self::OtherEpoch => "other-epoch",
            Self::BeyondEnd => "beyond-end",
            Self::UnknownId => "unknown-id",
            Self::AmbiguousId => "ambiguous-id",
            Self::Unsaved => "unsaved",
        }
    }

    /// The gap that these data tell a client of.
    pub(crate) fn told(data: &str) -> Option<Self> {
        let missed =
            data.rsplit_once(':').and_then(|(_, rest)| rest.strip_suffix('}')?.parse().ok());
        let all = [
            Self::Evicted { missed },
            Self::Lagged { missed },
            Self::OtherEpoch,
            Self::BeyondEnd,
            Self::UnknownId,
            Self::AmbiguousId,
            Self::Unsaved,
        ];
        all.into_iter().find(|gap| gap.to_string() == data)
    }

    /// How many entries are missing, if that can be known.
    #[must_use]
    pub fn missed(&self) -> Option<u64> {
        match self {
            Self::Evicted { missed } | Self::Lagged { missed } => *missed,
            _ => None,
        }
    }
}

/// The data of the event that tells a client: JSON with `reason` and `missed`, a number or `null`.
impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"{{"reason":"{}","missed":"#, self.reason())?;
        match self.missed() {
            Some(missed) => write!(f, "{missed}}}"),
            None => f.write_str("null}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_understood() {
        for missed in [None, Some(0), Some(u64::MAX)] {
            for gap in [Gap::Evicted { missed }, Gap::Lagged { missed }] {
                assert_eq!(Gap::told(&gap.to_string()), Some(gap));
            }
        }
        let others =
            [Gap::OtherEpoch, Gap::BeyondEnd, Gap::UnknownId, Gap::AmbiguousId, Gap::Unsaved];
        for gap in others {
            assert_eq!(Gap::told(&gap.to_string()), Some(gap));
        }
        for data in ["", "{}", r#"{"reason":"lagged"}"#, r#"{"reason":"evicted","missed":-1}"#] {
            assert_eq!(Gap::told(data), None, "{data}");
        }
    }
}

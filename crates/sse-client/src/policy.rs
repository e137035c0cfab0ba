//! What the caller has chosen about trying again. Pure.

use crate::resend::Resend;
use std::time::Duration;

/// The caller's choices, which say what follows an outcome.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// Until the stream says otherwise by `retry`.
    pub(crate) reconnection_time: Duration,
    /// The stream's own counts up to this.
    pub(crate) max_reconnection_time: Duration,
    /// No delay is shorter, whatever the stream says.
    pub(crate) min_delay: Duration,
    /// Backing off does not make a delay longer than this.
    pub(crate) max_delay: Duration,
    /// Whether delays have a random part.
    pub(crate) jitter: bool,
    /// A connection that was open this long was not a failure.
    pub(crate) healthy_after: Duration,
    /// Statuses that are tried again.
    pub(crate) retry_statuses: Vec<u16>,
    /// Types that are no stream and are tried again.
    pub(crate) retry_types: Vec<String>,
    /// Whether each attempt may bring fresh credentials, so that a 401 is worth another.
    pub(crate) refreshes: bool,
    /// Whether a request that a server may have acted on is sent again.
    pub(crate) resend: Resend,
    /// So many failures in a row are the end.
    pub(crate) max_failures: Option<u32>,
}

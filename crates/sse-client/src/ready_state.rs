//! The standard's ready states. Depends on nothing.

/// The standard's `readyState`, with the standard's numbers.
///
/// ```
/// use sse_client::ReadyState;
///
/// assert_eq!(ReadyState::Closed as u8, 2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ReadyState {
    /// "The connection has not yet been established, or it was closed and the user agent is reconnecting."
    Connecting = 0,
    /// "The user agent has an open connection and is dispatching events as it receives them."
    Open = 1,
    /// "The connection is not open, and the user agent is not trying to reconnect."
    Closed = 2,
}

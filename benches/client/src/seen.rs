//! What a client under test tells of its stream.

use std::ops::ControlFlow;

/// What a client sees.
pub(crate) enum Seen<'a> {
    Open,
    /// The data of an event.
    Event(&'a str),
    /// So many bytes, not looked at.
    Bytes(&'a [u8]),
    Lost,
}

/// Called for all that is seen, until it breaks off.
pub(crate) type OnSeen = Box<dyn FnMut(Seen<'_>) -> ControlFlow<()>>;

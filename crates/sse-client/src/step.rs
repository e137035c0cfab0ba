//! What one poll of an event source comes to. Depends on what is delivered.

use crate::error::Error;
use crate::item::{ItemRef, Open};
use crate::live::Find;

/// What a poll found, without a borrow.
pub(crate) enum Step {
    Open(Open),
    /// What the caller wants, and `Driver::found` gives.
    Found(Find),
    Error(Error),
}

impl Step {
    /// What was found in the stream, or else what there is to hand out.
    pub(crate) fn found(self) -> Result<Find, ItemRef<'static>> {
        match self {
            Self::Open(open) => Err(ItemRef::Open(open)),
            Self::Error(error) => Err(ItemRef::Error(error)),
            Self::Found(find) => Ok(find),
        }
    }
}

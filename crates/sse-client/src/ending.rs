//! How a stream ended: complete or not. Depends on nothing.

/// How the body of a stream ended, and what of it was left over.
///
/// An answer is complete when its framing says so. That its sender meant it to be complete only the
/// stream itself can say, by an event that is the last: [`Builder::until`](crate::Builder::until).
///
/// ```
/// fn tell(error: &sse_client::Error) {
///     if let Some(ending) = error.ending() {
///         println!("ended by {:?}, {} bytes unfinished", ending.by(), ending.unfinished());
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    pub(crate) by: EndedBy,
    pub(crate) unfinished: u64,
}

/// What ended the body of a stream.
///
/// ```
/// assert_ne!(sse_client::EndedBy::LastChunk, sse_client::EndedBy::Close);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndedBy {
    /// The last chunk: the body is complete.
    LastChunk,
    /// All bytes of its Content-Length were there: the body is complete.
    ContentLength,
    /// The peer closed the connection, and nothing else was to say where the body ends: it may be
    /// complete, or its server may have crashed.
    Close,
    /// The connection broke or ended too soon, was given up by a timeout, or its bytes could not be
    /// read: the body is not complete.
    Break,
}

impl Ending {
    /// What ended it.
    ///
    /// ```
    /// fn broke(error: &sse_client::Error) -> bool {
    ///     error.ending().is_some_and(|it| it.by() == sse_client::EndedBy::Break)
    /// }
    /// ```
    #[must_use]
    pub fn by(&self) -> EndedBy {
        self.by
    }

    /// Whether the framing of the body says that this was all of it.
    ///
    /// ```
    /// fn is_complete(error: &sse_client::Error) -> bool {
    ///     error.ending().is_some_and(|ending| ending.is_complete())
    /// }
    /// ```
    #[must_use]
    pub fn is_complete(&self) -> bool {
        matches!(self.by, EndedBy::LastChunk | EndedBy::ContentLength)
    }

    /// How many bytes came after the last blank line: of a block that was never finished, whose event
    /// the standard forbids to dispatch. 0 when the stream ended between two blocks.
    ///
    /// ```
    /// fn lacks_its_blank_line(error: &sse_client::Error) -> bool {
    ///     error.ending().is_some_and(|ending| ending.unfinished() > 0)
    /// }
    /// ```
    #[must_use]
    pub fn unfinished(&self) -> u64 {
        self.unfinished
    }
}

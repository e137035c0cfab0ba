//! What a server answered instead of an event stream. Depends on the response head.

use crate::head::Head;

/// A server's answer that is not an event stream: its head, and of its body at most 64 KiB.
///
/// ```
/// fn tell(error: &sse_client::Error) {
///     if let Some(response) = error.response() {
///         eprintln!("status {}: {}", response.head().status(), response.text());
///     }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Response {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
    pub(crate) cut: Option<Cut>,
}

/// Why a body is not there to its end.
///
/// ```
/// fn tell(response: &sse_client::Response) {
///     if let Some(sse_client::Cut::Size) = response.cut() {
///         println!("the first 64 KiB: {}", response.text());
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cut {
    /// It is larger than what is read of it.
    Size,
    /// Its end did not come in time.
    Time,
    /// The connection ended before it, or it is compressed or framed in a way that is not read.
    Broken,
}

impl Response {
    /// The status and the header fields.
    ///
    /// ```
    /// fn kind(response: &sse_client::Response) -> Option<&str> {
    ///     response.head().header("content-type")
    /// }
    /// ```
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The body's first 64 KiB, or what came of it in time: within two seconds, and within a quarter
    /// of a second if the status is 200 and no length was stated, because that may be a stream.
    /// [`cut`](Self::cut) says whether that is all of it.
    ///
    /// ```
    /// fn length(response: &sse_client::Response) -> usize {
    ///     response.body().len()
    /// }
    /// ```
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as text; what is not UTF-8 is replaced.
    ///
    /// ```
    /// fn tell(response: &sse_client::Response) -> String {
    ///     format!("{}: {}", response.head().status(), response.text())
    /// }
    /// ```
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    /// Why the body is not there to its end; `None` when it is.
    ///
    /// ```
    /// fn json(response: &sse_client::Response) -> Option<&[u8]> {
    ///     response.cut().is_none().then(|| response.body())
    /// }
    /// ```
    #[must_use]
    pub fn cut(&self) -> Option<Cut> {
        self.cut
    }
}

//! One answer to one request: a stream, or a body to read.

use crate::attempt::History;
use crate::config::Config;
use crate::connecting;
use crate::content::Step;
use crate::driver::Driver;
use crate::error::{Error, Then};
use crate::exchange::Exchanged;
use crate::failure::Failure;
use crate::head::Head;
use crate::kind::ErrorKind;
use crate::net::within;
use crate::source::EventSource;
use futures_lite::AsyncReadExt;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;

/// What a server answered to [`Builder::send`](crate::Builder::send): a status and header fields, and
/// then either an event stream or a body.
///
/// ```no_run
/// # async fn ask() -> Result<(), Box<dyn std::error::Error>> {
/// use sse_client::{EventSource, Item};
///
/// let request = EventSource::builder("http://127.0.0.1:8080/mcp")
///     .accept("application/json, text/event-stream")
///     .post_json(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#);
/// match request.send().await?.into_events() {
///     Ok(mut source) => {
///         while let Some(item) = source.next().await {
///             println!("{item:?}");
///         }
///     }
///     Err(answer) => println!("{}: {}", answer.status(), answer.text().await?),
/// }
/// # Ok(()) }
/// ```
pub struct Answer(Box<Inner>);

struct Inner {
    config: Arc<Config>,
    exchanged: Exchanged,
    /// The body was read to its end, or to an error.
    over: bool,
}

impl Answer {
    /// Sends the one request.
    pub(crate) async fn ask(config: Arc<Config>) -> Result<Self, Error> {
        let first = History { number: 1, ..History::default() };
        let asking = connecting::ask(&config, first, &config.last_event_id);
        let exchanged = asking.await.map_err(told)?;
        Ok(Self(Box::new(Inner { config, exchanged, over: false })))
    }

    /// The status code, whatever it is.
    ///
    /// ```
    /// fn is_accepted(answer: &sse_client::Answer) -> bool {
    ///     answer.status() == 202
    /// }
    /// ```
    #[must_use]
    pub fn status(&self) -> u16 {
        self.head().status()
    }

    /// The status and the header fields.
    ///
    /// ```
    /// fn session(answer: &sse_client::Answer) -> Option<&str> {
    ///     answer.head().header("Mcp-Session-Id")
    /// }
    /// ```
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.0.exchanged.head
    }

    /// The URL after redirects, without user and password.
    ///
    /// ```
    /// fn tell(answer: &sse_client::Answer) {
    ///     println!("{} from {}", answer.status(), answer.url());
    /// }
    /// ```
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0.exchanged.url
    }

    /// The event source of an answer that is an event stream: open already, so that its first item is
    /// not [`Item::Open`](crate::Item::Open). It goes on like one that was built: it comes back by
    /// itself, as far as the builder says.
    ///
    /// # Errors
    ///
    /// The answer itself, if its status is not 200 or its type is none that counts as a stream.
    ///
    /// ```
    /// fn is_stream(answer: sse_client::Answer) -> bool {
    ///     answer.into_events().is_ok()
    /// }
    /// ```
    pub fn into_events(self) -> Result<EventSource, Self> {
        let Inner { config, exchanged, over } = *self.0;
        if over || exchanged.content.is_err() || config.types.refuse(&exchanged.head).is_some() {
            return Err(Self(Box::new(Inner { config, exchanged, over })));
        }
        let Exchanged { url, head, io, buffer, content } = exchanged;
        match content {
            Ok(content) => Ok(EventSource::new_driven(Driver::open(config, io, buffer, content))),
            Err(why) => {
                let exchanged = Exchanged { url, head, io, buffer, content: Err(why) };
                Err(Self(Box::new(Inner { config, exchanged, over })))
            }
        }
    }

    /// The next bytes of the body as they come, decompressed; `None` at its end. At most some KiB
    /// are held at a time, so that the body may be of any size.
    ///
    /// # Errors
    ///
    /// If the connection breaks or ends before the body does, if nothing comes within the silence
    /// timeout, or if the body is compressed or framed in a way that is not read. It is over then.
    ///
    /// ```
    /// async fn length(mut answer: sse_client::Answer) -> Result<usize, sse_client::Error> {
    ///     let mut length = 0;
    ///     while let Some(bytes) = answer.chunk().await? {
    ///         length += bytes.len();
    ///     }
    ///     Ok(length)
    /// }
    /// ```
    pub async fn chunk(&mut self) -> Result<Option<&[u8]>, Error> {
        if self.0.over {
            return Ok(None);
        }
        match self.0.next().await {
            Ok(Some(text)) => {
                let Exchanged { content, buffer, .. } = &self.0.exchanged;
                let bytes = content.as_ref().ok().map(|content| content.bytes(buffer));
                Ok(bytes.and_then(|bytes| bytes.get(text)))
            }
            Ok(None) => {
                self.0.over = true;
                Ok(None)
            }
            Err(failure) => {
                self.0.over = true;
                Err(told(failure))
            }
        }
    }

    /// What is left of the body, whole.
    ///
    /// # Errors
    ///
    /// As for [`chunk`](Self::chunk), and if it is larger than
    /// [`Builder::body_limit`](crate::Builder::body_limit): nothing is cut without a word.
    ///
    /// ```
    /// async fn image(answer: sse_client::Answer) -> Result<Vec<u8>, sse_client::Error> {
    ///     answer.bytes().await
    /// }
    /// ```
    pub async fn bytes(mut self) -> Result<Vec<u8>, Error> {
        let limit = self.0.config.body_limit;
        let mut body = Vec::new();
        while let Some(bytes) = self.chunk().await? {
            if bytes.len() > limit - body.len() {
                let told_limit = format!("{limit} bytes");
                return Err(told(Failure::because(ErrorKind::BodyTooLarge, told_limit)));
            }
            body.extend_from_slice(bytes);
        }
        Ok(body)
    }

    /// What is left of the body as text; what is not UTF-8 is replaced.
    ///
    /// # Errors
    ///
    /// As for [`bytes`](Self::bytes).
    ///
    /// ```
    /// async fn json(answer: sse_client::Answer) -> Result<String, sse_client::Error> {
    ///     answer.text().await
    /// }
    /// ```
    pub async fn text(self) -> Result<String, Error> {
        let bytes = self.bytes().await?;
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }
}

impl Inner {
    /// Where the next text of the body lies; `None` at its end.
    async fn next(&mut self) -> Result<Option<std::ops::Range<usize>>, Failure> {
        let Exchanged { content, buffer, io, .. } = &mut self.exchanged;
        let content = match content {
            Ok(content) => content,
            Err(why) => return Err(std::mem::replace(why, ErrorKind::Malformed.into())),
        };
        loop {
            match content.next(buffer).map_err(Failure::after_request)? {
                Step::Text(text) => return Ok(Some(text)),
                Step::End => return Ok(None),
                Step::More => {}
            }
            let reading = pin!(io.read(buffer.room()));
            let failure = match within(self.config.timeouts.silence, reading).await {
                Some(Ok(0)) if content.may_end() => return Ok(None),
                Some(Ok(0)) => ErrorKind::Truncated.into(),
                Some(Ok(count)) => {
                    buffer.filled(count);
                    continue;
                }
                Some(Err(error)) => Failure::because(ErrorKind::Broken, error),
                None => ErrorKind::SilenceTimeout.into(),
            };
            return Err(failure.after_request());
        }
    }
}

/// Nothing is tried again.
fn told(failure: Failure) -> Error {
    Error::new(failure, Then::Close)
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("url", &self.url())
            .field("head", self.head())
            .finish_non_exhaustive()
    }
}

//! From a URL to an open stream: connect, send the request, read the head, follow redirects.
//! Async over any byte stream; sockets and timers are behind `net` and the connector.

use crate::body::{Body, Part};
use crate::buffer::Buffer;
use crate::config::Config;
use crate::error::{ErrorKind, Failure, Response};
use crate::head::{Head, HeadError, head_end};
use crate::net::{Io, within};
use crate::redirect::Trail;
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use std::time::Duration;

/// Of an answer that is not an event stream so much of the body is read,
const MAX_ERROR_BODY: usize = 64 * 1024;
/// for no longer than this.
const ERROR_BODY_TIME: Duration = Duration::from_secs(10);

/// The response that opened a stream, and what was read beyond its head.
pub(crate) struct Established {
    pub(crate) url: String,
    pub(crate) head: Head,
    pub(crate) io: Io,
    pub(crate) buffer: Buffer,
    pub(crate) body: Body,
}

/// One attempt: ends with an open stream or with the reason why there is none.
pub(crate) async fn establish(
    config: &Config,
    last_event_id: &str,
) -> Result<Established, Failure> {
    let redirects = &config.redirects;
    let mut trail = Trail::new(
        config.url.clone(),
        redirects.limit,
        redirects.allow_downgrade,
    );
    let mut resent = false;
    loop {
        let url = &trail.here().url;
        let mut io = match within(config.timeouts.connect, config.connector.connect(url)).await {
            None => Err(Failure::new(ErrorKind::ConnectTimeout)),
            Some(outcome) => outcome,
        }
        .map_err(|failure| Failure {
            request_sent: resent,
            ..failure
        })?;
        resent = true;
        let bytes = config.request.encode(trail.here(), last_event_id);
        let mut buffer = Buffer::default();
        let head = match within(config.timeouts.head, async {
            io.write_all(&bytes).await.map_err(broken)?;
            io.flush().await.map_err(broken)?;
            read_head(&mut io, &mut buffer, config.head_limit).await
        })
        .await
        {
            None => Err(Failure::new(ErrorKind::HeadTimeout)),
            Some(outcome) => outcome,
        }
        .map_err(Failure::after_request)?;
        let followed = trail.follow(&head, &config.request.method);
        if followed.map_err(|error| Failure::new(ErrorKind::Redirect(error)).after_request())? {
            continue;
        }
        let body = Body::new(head.framing().map_err(head_failure)?);
        let url = trail.here().url.to_string();
        let established = Established {
            url,
            head,
            io,
            buffer,
            body,
        };
        return match refusal(&established.head) {
            None => Ok(established),
            Some(kind) => Err(with_response(Failure::new(kind), established).await),
        };
    }
}

/// Why an answer does not open a stream, if it does not.
fn refusal(head: &Head) -> Option<ErrorKind> {
    if head.status() != 200 {
        return Some(ErrorKind::Status(head.status()));
    }
    if !head.is_event_stream() {
        return Some(ErrorKind::ContentType);
    }
    head.content_codings()
        .next()
        .map(|_| ErrorKind::ContentEncoding)
}

/// Reads up to the final head; informational ones (1xx) are passed over.
async fn read_head(io: &mut Io, buffer: &mut Buffer, limit: usize) -> Result<Head, Failure> {
    let mut looked = 0;
    let mut passed = 0;
    loop {
        let Some(length) = head_end(buffer.unread(), looked) else {
            looked = buffer.unread().len();
            if passed + looked >= limit {
                return Err(Failure::new(ErrorKind::HeadTooLarge));
            }
            match io.read(buffer.room()).await.map_err(broken)? {
                0 if looked + passed == 0 => {
                    return Err(Failure::because(
                        ErrorKind::Broken,
                        "closed without an answer",
                    ));
                }
                0 => return Err(Failure::new(ErrorKind::Truncated)),
                count => buffer.filled(count),
            }
            continue;
        };
        let head = buffer.unread().get(..length).unwrap_or_default();
        let head = Head::parse(head).map_err(head_failure)?;
        buffer.consume(length);
        passed += length;
        looked = 0;
        if passed > limit {
            return Err(Failure::new(ErrorKind::HeadTooLarge));
        }
        if !(100..200).contains(&head.status()) || head.status() == 101 {
            return Ok(head);
        }
    }
}

/// Adds what the server said, as far as it comes in time.
async fn with_response(failure: Failure, established: Established) -> Failure {
    let Established {
        head,
        mut io,
        mut buffer,
        mut body,
        ..
    } = established;
    let mut text = Vec::new();
    within(Some(ERROR_BODY_TIME), async {
        while text.len() < MAX_ERROR_BODY {
            match body.next(buffer.unread()) {
                Ok(Part::Data { skip, len }) => {
                    let data = buffer.unread().get(skip..skip + len).unwrap_or_default();
                    text.extend_from_slice(data);
                    buffer.consume(skip + len);
                }
                Ok(Part::More) => {
                    buffer.consume(usize::MAX);
                    match io.read(buffer.room()).await {
                        Ok(count) if count > 0 => buffer.filled(count),
                        _ => return,
                    }
                }
                Ok(Part::End) | Err(_) => return,
            }
        }
    })
    .await;
    text.truncate(MAX_ERROR_BODY);
    Failure {
        response: Some(Box::new(Response { head, body: text })),
        ..failure
    }
    .after_request()
}

fn broken(error: std::io::Error) -> Failure {
    Failure::because(ErrorKind::Broken, error)
}

fn head_failure(error: HeadError) -> Failure {
    Failure::new(match error {
        HeadError::Malformed => ErrorKind::Malformed,
        HeadError::TooLarge => ErrorKind::HeadTooLarge,
    })
    .after_request()
}

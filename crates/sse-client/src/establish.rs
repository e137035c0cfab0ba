//! From a URL to an open stream: connect, send the request, read the head, follow redirects.
//! Async over any byte stream; sockets and timers are behind `net` and the connector.

use crate::buffer::Buffer;
use crate::config::Config;
use crate::content::{Content, Step};
use crate::error::{ErrorKind, Failure, Response};
use crate::head::{Head, HeadError, head_end};
use crate::net::{Io, wall_clock, within};
use crate::proxy;
use crate::redirect::Trail;
use crate::request::Target;
use crate::retry_after::retry_after;
use crate::url::Url;
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use std::time::Duration;

/// Of an answer that is not an event stream so much of the body is read,
const MAX_ERROR_BODY: usize = 64 * 1024;
/// for no longer than this.
const ERROR_BODY_TIME: Duration = Duration::from_secs(2);

/// The response that opened a stream, and what was read beyond its head.
pub(crate) struct Established {
    pub(crate) url: String,
    pub(crate) head: Head,
    pub(crate) io: Io,
    pub(crate) buffer: Buffer,
    pub(crate) content: Content,
}

/// One attempt: ends with an open stream or with the reason why there is none.
pub(crate) async fn establish(
    config: &Config,
    last_event_id: &str,
) -> Result<Established, Failure> {
    let redirects = &config.redirects;
    let mut trail = Trail::new(config.url.clone(), redirects.limit, redirects.allow_downgrade);
    let mut request_sent = false;
    loop {
        let connecting = within(config.timeouts.connect, connect(config, &trail.here().url));
        let connected = connecting.await.unwrap_or(Err(ErrorKind::ConnectTimeout.into()));
        let io = connected.map_err(|failure| Failure { request_sent, ..failure })?;
        let bytes = request(config, &trail, last_event_id);
        request_sent = true;
        let asking = within(config.timeouts.head, ask(io, &bytes, config.head_limit));
        let asked = asking.await.unwrap_or(Err(ErrorKind::HeadTimeout.into()));
        let (io, buffer, head) = asked.map_err(Failure::after_request)?;
        match trail.follow(&head, &config.request.method) {
            Ok(true) => {}
            Ok(false) => return accept(trail.here().url.to_string(), io, buffer, head).await,
            Err(error) => return Err(Failure::new(ErrorKind::Redirect(error)).after_request()),
        }
    }
}

/// A byte stream to the server of `url`, through what lies between.
async fn connect(config: &Config, url: &Url) -> Result<Io, Failure> {
    let proxy = config.proxies.proxy_for(url);
    let mut io = config.connector.connect(proxy.unwrap_or(url)).await?;
    if !url.secure {
        return Ok(io);
    }
    if let Some(proxy) = proxy {
        let bytes = proxy::connect_request(url, proxy);
        let (tunnel, _, head) = ask(io, &bytes, config.head_limit)
            .await
            .map_err(|failure| Failure { kind: ErrorKind::Proxy, ..failure })?;
        if !proxy::is_tunnel(&head) {
            let status = head.status();
            return Err(Failure::because(ErrorKind::Proxy, format!("its status is {status}")));
        }
        io = tunnel;
    }
    config.tls.connect(url.host(), io).await
}

fn request(config: &Config, trail: &Trail, last_event_id: &str) -> Vec<u8> {
    let hop = trail.here();
    match config.proxies.proxy_for(&hop.url).filter(|_| !hop.url.secure) {
        None => config.request.encode(hop, last_event_id, Target::Origin, None),
        Some(proxy) => {
            let authorization = proxy::authorization(proxy);
            config.request.encode(hop, last_event_id, Target::Absolute, authorization.as_deref())
        }
    }
}

/// Sends a request and reads the head of its response. A server may answer and close before it has
/// read everything: then writing fails, and the answer counts.
async fn ask(mut io: Io, request: &[u8], limit: usize) -> Result<(Io, Buffer, Head), Failure> {
    let sent = async {
        io.write_all(request).await?;
        io.flush().await
    };
    let sent = sent.await.map_err(broken);
    let mut buffer = Buffer::default();
    let head = read_head(&mut io, &mut buffer, limit).await;
    let head = head.map_err(|failure| sent.err().unwrap_or(failure))?;
    Ok((io, buffer, head))
}

/// Reads up to the final head; informational ones (1xx) are passed over.
async fn read_head(io: &mut Io, buffer: &mut Buffer, limit: usize) -> Result<Head, Failure> {
    let mut looked = 0;
    let mut passed = 0;
    loop {
        let found = head_end(buffer.unread(), looked);
        looked = found.unwrap_or(buffer.unread().len());
        if passed + looked > limit {
            return Err(ErrorKind::HeadTooLarge.into());
        }
        let Some(length) = found else {
            match io.read(buffer.room()).await.map_err(broken)? {
                0 if passed + looked == 0 => {
                    return Err(Failure::because(ErrorKind::Broken, "closed without an answer"));
                }
                0 => return Err(ErrorKind::Truncated.into()),
                count => buffer.filled(count),
            }
            continue;
        };
        let bytes = buffer.unread().get(..length).unwrap_or_default();
        let head = Head::parse(bytes).map_err(HeadError::failure)?;
        buffer.consume(length);
        if !(100..200).contains(&head.status()) || head.status() == 101 {
            return Ok(head);
        }
        passed += length;
        looked = 0;
    }
}

/// Opens the stream if the response is one.
async fn accept(
    url: String,
    mut io: Io,
    mut buffer: Buffer,
    head: Head,
) -> Result<Established, Failure> {
    let refusal = match head.status() {
        200 if head.is_event_stream() => None,
        200 => Some(ErrorKind::ContentType),
        status => Some(ErrorKind::Status(status)),
    };
    let content = Content::new(&head);
    let Some(kind) = refusal else {
        let content = content.map_err(Failure::after_request)?;
        return Ok(Established { url, head, io, buffer, content });
    };
    let body = match content {
        Ok(content) => read_some(&mut io, &mut buffer, content).await,
        Err(_) => Vec::new(),
    };
    let retry_after = head.header("retry-after").and_then(|it| retry_after(it, wall_clock()));
    let response = Some(Box::new(Response { head, body }));
    Err(Failure { response, retry_after, ..kind.into() }.after_request())
}

/// What the server says, as far as it comes in time.
async fn read_some(io: &mut Io, buffer: &mut Buffer, mut content: Content) -> Vec<u8> {
    let mut body = Vec::new();
    within(Some(ERROR_BODY_TIME), async {
        while body.len() < MAX_ERROR_BODY {
            match content.next(buffer) {
                Ok(Step::Text(text)) => {
                    body.extend_from_slice(content.bytes(buffer).get(text).unwrap_or_default());
                }
                Ok(Step::More) => match io.read(buffer.room()).await {
                    Ok(count) if count > 0 => buffer.filled(count),
                    _ => return,
                },
                Ok(Step::End) | Err(_) => return,
            }
        }
    })
    .await;
    body.truncate(MAX_ERROR_BODY);
    body
}

fn broken(error: std::io::Error) -> Failure {
    Failure::because(ErrorKind::Broken, error)
}

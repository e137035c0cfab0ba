//! One request, one answer: connect, send, read the head, follow redirects. Async over any byte
//! stream; sockets and timers are behind `net` and the connector.

use crate::buffer::Buffer;
use crate::config::Config;
use crate::content::Content;
use crate::failure::Failure;
use crate::head::{Head, HeadError};
use crate::kind::ErrorKind;
use crate::net::{Io, within};
use crate::outgoing::Outgoing;
use crate::proxy;
use crate::redirect::Trail;
use crate::request::Target;
use crate::scan::Scan;
use crate::url::Url;
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use std::pin::pin;

/// A response: its head, and the connection that its body comes from.
pub(crate) struct Exchanged {
    pub(crate) url: String,
    pub(crate) head: Head,
    pub(crate) io: Io,
    /// What was read beyond the head.
    pub(crate) buffer: Buffer,
    /// How the body is read, or why it cannot be.
    pub(crate) content: Result<Content, Failure>,
}

/// Sends one request, over as many redirects as lie between it and its answer.
pub(crate) async fn exchange(
    config: &Config,
    outgoing: &Outgoing<'_>,
) -> Result<Exchanged, Failure> {
    let redirects = &config.redirects;
    let mut trail = Trail::new(outgoing.hop(), redirects.limit, redirects.allow_downgrade);
    let mut request_sent = false;
    loop {
        let url = &trail.here().url;
        let connected = within(config.timeouts.connect, pin!(connect(config, url))).await;
        let connected = connected.unwrap_or(Err(ErrorKind::ConnectTimeout.into()));
        let io = connected.map_err(|failure| Failure { request_sent, ..failure })?;
        let bytes = request(config, &trail, outgoing)?;
        request_sent = true;
        let asked = within(config.timeouts.head, pin!(ask(io, &bytes, config.head_limit))).await;
        let asked = asked.unwrap_or(Err(ErrorKind::HeadTimeout.into()));
        let (io, buffer, head) = asked.map_err(Failure::after_request)?;
        match trail.follow(&head, &outgoing.request.method) {
            Ok(true) => {}
            Ok(false) => {
                let content = Content::new(&head).map_err(Failure::after_request);
                let url = trail.here().url.to_string();
                return Ok(Exchanged { url, head, io, buffer, content });
            }
            Err(error) => return Err(Failure::new(ErrorKind::Redirect(error)).after_request()),
        }
    }
}

/// A byte stream to the server of `url`, through what lies between.
async fn connect(config: &Config, url: &Url) -> Result<Io, Failure> {
    let proxy = config.proxies.proxy_for(url).map_err(unusable)?;
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

fn request(config: &Config, trail: &Trail, outgoing: &Outgoing<'_>) -> Result<Vec<u8>, Failure> {
    let hop = trail.here();
    let proxy = config.proxies.proxy_for(&hop.url).map_err(unusable)?;
    let (target, authorization) = match proxy.filter(|_| !hop.url.secure) {
        None => (Target::Origin, None),
        Some(proxy) => (Target::Absolute, proxy::authorization(proxy)),
    };
    let id = outgoing.last_event_id;
    Ok(outgoing.request.encode(hop, id, target, authorization.as_deref()))
}

fn unusable(error: crate::url::UrlError) -> Failure {
    Failure::because(
        ErrorKind::Proxy,
        format!("the environment names one that cannot be used: {error}"),
    )
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
    let mut scan = Scan::default();
    let mut passed = 0;
    loop {
        let found = scan.end(buffer.unread());
        let found = found.map_err(|_| not_a_head(buffer.unread()))?;
        if passed + scan.looked() > limit {
            return Err(ErrorKind::HeadTooLarge.into());
        }
        let Some(length) = found else {
            match io.read(buffer.room()).await.map_err(broken)? {
                0 if passed + scan.looked() == 0 => {
                    return Err(Failure::because(ErrorKind::Broken, "closed without an answer"));
                }
                0 => return Err(ErrorKind::Truncated.into()),
                count => buffer.filled(count),
            }
            continue;
        };
        let bytes = buffer.unread().get(..length).unwrap_or_default();
        let head = Head::parse(bytes).map_err(Failure::from)?;
        buffer.consume(length);
        if !(100..200).contains(&head.status()) || head.status() == 101 {
            return Ok(head);
        }
        passed += length;
        scan = Scan::default();
    }
}

/// Says what the server speaks instead, where that is known.
fn not_a_head(bytes: &[u8]) -> Failure {
    /// The content types of TLS records with which a server begins: alert and handshake (RFC 8446 5.1).
    const TLS: [u8; 2] = [21, 22];
    match bytes.first() {
        Some(first) if TLS.contains(first) => Failure::because(
            ErrorKind::Malformed,
            "it is TLS: the URL of this port begins with https://",
        ),
        _ => HeadError::Malformed.into(),
    }
}

fn broken(error: std::io::Error) -> Failure {
    Failure::because(ErrorKind::Broken, error)
}

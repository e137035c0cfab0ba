//! What is answered to whom: the stream, the page, and a POST that publishes. Depends on the server's public API
//! and on `hub` and `input`.

use super::hub::Hub;
use super::input::{Complaint, Format, Input};
use sse_server::{Events, Frame, Method, Replay, Request, Response};
use std::net::IpAddr;
use std::sync::Arc;

/// Where the stream is.
pub(super) const EVENTS: &str = "/events";

/// Answers requests about one channel.
pub(super) struct Routes {
    pub(super) hub: Arc<Hub>,
    /// How many events a client without a last event ID gets first.
    pub(super) replay: u64,
    pub(super) heartbeat: std::time::Duration,
    pub(super) page: bool,
    pub(super) post: Option<Post>,
}

/// Who may publish by POST.
pub(super) struct Post {
    /// Whoever has this; without one, programs on this machine and pages of this server.
    pub(super) token: Option<String>,
    /// Pages of these origins may too, without a token.
    pub(super) origins: Vec<String>,
}

/// The page, without anything from elsewhere.
const PAGE: &str = include_str!("page.html");
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
    connect-src 'self'; img-src data:";

impl Routes {
    pub(super) fn answer(&self, request: &Request) -> Response {
        match (request.path(), request.method(), &self.post) {
            (EVENTS, Method::Post, Some(post)) => post.take(request, &self.hub),
            (EVENTS, _, _) => self.events(request),
            ("/", _, _) if self.page => {
                Response::html(PAGE).with_header("Content-Security-Policy", POLICY)
            }
            ("/", _, _) => Response::text("The event stream is at /events.\n"),
            _ => Response::not_found(),
        }
    }

    /// A client that cannot send `Last-Event-ID`, or wants more or less of what was, says so in the query.
    fn events(&self, request: &Request) -> Response {
        let asked = request.query("replay").and_then(|count| count.parse().ok());
        let replay = Replay::Last(asked.unwrap_or(self.replay));
        let sent = request.last_event_id().map(Into::into);
        let id = sent.or_else(|| request.query("last-event-id"));
        let events = Events::from(self.hub.channel.subscribe(id.as_deref(), replay));
        let response = Response::events(events.with_heartbeat(self.heartbeat));
        match self.post {
            Some(_) => response.with_methods(&[Method::Get, Method::Post]),
            None => response,
        }
    }
}

impl Post {
    fn take(&self, request: &Request, hub: &Hub) -> Response {
        if let Some(refusal) = self.refuse(request) {
            return refusal;
        }
        let is_of = |essence: &str| {
            let named = request.header("content-type").unwrap_or_default();
            named.split(';').next().is_some_and(|it| it.trim().eq_ignore_ascii_case(essence))
        };
        let (mut ids, mut wrong) = (String::new(), Vec::new());
        let mut publish = |frame: &Frame<'_>| {
            ids.push_str(hub.publish(frame).as_str());
            ids.push('\n');
        };
        if is_of("text/event-stream") || is_of("application/x-ndjson") {
            let format = if is_of("text/event-stream") { Format::Stream } else { Format::Json };
            let mut complain = |complaint: Complaint| wrong.push(complaint);
            let mut input = Input::new(format, None, &mut publish);
            input.push(request.body(), &mut complain);
            input.finish(&mut complain);
        } else if let Err(error) = one(request, &mut publish) {
            wrong.push(error.into());
        }
        match &wrong[..] {
            [] => Response::text(ids),
            _ => Response::new(400).with_body(format!("{ids}{}\n", wrong.join("\n"))),
        }
    }

    /// Why this request may not publish.
    fn refuse(&self, request: &Request) -> Option<Response> {
        let Some(token) = &self.token else {
            // A page of another site can send a POST here from its reader's browser, unasked.
            let origin = request.header("origin")?;
            let host = origin.split_once("://").map(|(_, host)| host);
            // Without a token this listens on loopback only; a name that was made to lead here is none of ours.
            let is_ours = host == request.header("host") && host.is_some_and(is_loopback);
            let may = is_ours || self.origins.iter().any(|known| known == origin);
            return (!may).then(|| Response::new(403));
        };
        let sent = request.header("authorization").and_then(|value| value.split_once(' '));
        let sent = sent.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let is_right = sent.is_some_and(|(_, sent)| is_equal(sent.trim(), token));
        (!is_right).then(|| Response::new(401).with_header("WWW-Authenticate", "Bearer"))
    }
}

/// Publishes the body as the data of one event; type and ID are in the query.
fn one(request: &Request, publish: &mut dyn FnMut(&Frame<'_>)) -> Result<(), String> {
    let body = std::str::from_utf8(request.body()).map_err(|_| "the body is not UTF-8")?;
    let mut frame = Frame::message(body);
    let (event_type, id) = (request.query("type"), request.query("id"));
    if let Some(event_type) = &event_type {
        frame = frame.with_event_type(event_type).map_err(|error| error.to_string())?;
    }
    if let Some(id) = id.as_deref().filter(|id| !id.is_empty()) {
        frame = frame.with_id(id).map_err(|error| error.to_string())?;
    }
    publish(&frame);
    Ok(())
}

/// Whether this host, with or without a port, is this machine's own.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|it| it.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name == "localhost" || address.is_ok_and(|it| it.is_loopback())
}

/// Compares in a time that does not tell how much of a guess is right.
fn is_equal(guess: &str, token: &str) -> bool {
    let differs = |(a, b): (u8, u8)| a ^ b;
    guess.len() == token.len()
        && guess.bytes().zip(token.bytes()).map(differs).fold(0, |all, it| all | it) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_here_are_told_from_others() {
        for host in ["localhost", "localhost:80", "127.0.0.1:8080", "[::1]:80", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["", "example.org", "localhost.example.org:80", "10.0.0.1", "127.0.0.1.example"]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn only_the_token_is_the_token() {
        assert!(is_equal("secret", "secret"));
        for guess in ["", "secre", "secrets", "Secret", "secreT"] {
            assert!(!is_equal(guess, "secret"), "{guess}");
        }
    }
}

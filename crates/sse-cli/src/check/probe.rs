//! Asks a server in the ways that clients do. Depends on the exchange in `system`.

use super::evidence::{Evidence, FOREIGN, Redirect, Resumed};
use super::stream::Stream;
use crate::request::Request;
use crate::system::{Exchange, chosen_protocol};
use crate::target::Target;
use crate::transcript::Transcript;
use crate::trust::trust;
use sse_client::rustls::ClientConfig;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How long connecting may take, and how long an answer that should come at once.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an event may take that should be there already.
const RESUMING: Duration = Duration::from_secs(5);
/// How long the server has to close after a client has said that it is done.
const PARTING: Duration = Duration::from_secs(1);
/// Redirects followed.
const REDIRECTS: usize = 10;
/// What a browser of today accepts.
const CODINGS: &str = "gzip, deflate, br, zstd";

type Fields = Vec<(String, String)>;

/// What is asked, and how much of the answers is read.
pub(super) struct Probe {
    target: Target,
    method: String,
    fields: Fields,
    body: Option<Vec<u8>>,
    tls: Arc<ClientConfig>,
    http_2: Arc<ClientConfig>,
    time: Duration,
    bytes: usize,
}

impl Probe {
    /// # Errors
    ///
    /// What is wrong with the request.
    pub(super) fn new(request: &Request, time: Duration, bytes: usize) -> Result<Self, String> {
        let file = request.ca();
        let mut fields = vec![
            ("Accept".to_owned(), "text/event-stream".to_owned()),
            ("Cache-Control".to_owned(), "no-cache".to_owned()),
            ("User-Agent".to_owned(), concat!("sse-check/", env!("CARGO_PKG_VERSION")).to_owned()),
        ];
        fields.extend(request.fields());
        Ok(Self {
            target: Target::parse(&request.url())?,
            method: request.method().to_owned(),
            fields,
            body: request.body().map_err(|error| error.to_string())?,
            tls: Arc::new(trust(file, &["http/1.1"])?),
            http_2: Arc::new(trust(file, &["h2", "http/1.1"])?),
            time,
            bytes,
        })
    }

    /// Asks, in at most the time to watch and a few times the patience for each other question.
    ///
    /// # Errors
    ///
    /// No connection could be made.
    pub(super) fn run(mut self) -> Result<Evidence, String> {
        let redirects = self.follow()?;
        let is_plain = self.method == "GET" && self.body.is_none();
        let (main, aside) = thread::scope(|scope| {
            // The questions that do not need the stream are asked while it is watched.
            let aside = is_plain.then(|| scope.spawn(|| self.ask()));
            let main = self.watch();
            (main, aside.and_then(|aside| aside.join().ok()))
        });
        let main = main?;
        let mut seen = Evidence { redirects, ..Evidence::new(self.target.is_secure, main) };
        if let Some(aside) = aside {
            let Evidence { compressed, foreign, preflight, head, options, speaks_http_2, .. } =
                aside;
            seen =
                Evidence { compressed, foreign, preflight, head, options, speaks_http_2, ..seen };
            seen.resumed = self.resume(&seen.stream);
        }
        Ok(seen)
    }

    /// Goes where redirects lead, so that the rest is asked there.
    fn follow(&mut self) -> Result<Vec<Redirect>, String> {
        let mut redirects = Vec::new();
        if self.method != "GET" {
            return Ok(redirects);
        }
        while redirects.len() < REDIRECTS {
            let answer = self.send("GET", &[], PATIENCE, &mut |it| it.head.is_some())?;
            let status = answer.status().unwrap_or_default();
            let location = answer.field("location");
            let Some(location) = location.filter(|_| matches!(status, 301 | 302 | 303 | 307 | 308))
            else {
                break;
            };
            let to = self.target.join(location)?;
            redirects.push(Redirect {
                status,
                to: format!("{}{}", to.origin(), to.path),
                leaves_origin: to.origin() != self.target.origin(),
                leaves_tls: self.target.is_secure && !to.is_secure,
            });
            if to.origin() != self.target.origin() {
                // A secret can have any name.
                self.fields.truncate(3);
            }
            self.target = to;
        }
        Ok(redirects)
    }

    fn exchange<'a>(&'a self, method: &'a str, fields: &'a Fields) -> Exchange<'a> {
        let body = self.body.as_deref();
        let (target, tls, time) = (&self.target, &self.tls, Some(self.time));
        let (connect, bytes) = (PATIENCE, self.bytes);
        Exchange { target, method, fields, body, tls, connect, time, bytes, parting: None }
    }

    fn watch(&self) -> Result<Transcript, String> {
        let exchange = self.exchange(&self.method, &self.fields);
        Exchange { parting: Some(PARTING), ..exchange }.run(&mut |_| false)
    }

    /// A request with further fields.
    fn send(
        &self,
        method: &str,
        further: &[(&str, &str)],
        time: Duration,
        is_enough: &mut dyn FnMut(&mut Transcript) -> bool,
    ) -> Result<Transcript, String> {
        let mut fields = self.fields.clone();
        fields.extend(further.iter().map(|(name, value)| (name.to_string(), value.to_string())));
        Exchange { time: Some(time), ..self.exchange(method, &fields) }.run(is_enough)
    }

    /// All that can be asked without having seen the stream.
    fn ask(&self) -> Evidence {
        let mut has_head = |answer: &mut Transcript| answer.head.is_some();
        let origin = ("Origin", FOREIGN);
        let preflight = [
            origin,
            ("Access-Control-Request-Method", "GET"),
            ("Access-Control-Request-Headers", "authorization,last-event-id"),
        ];
        let mut has_event = |answer: &mut Transcript| match (answer.coding(), answer.content()) {
            (None, _) => answer.head.is_some(),
            (_, Some(content)) => Stream::read(&content).events().next().is_some(),
            (_, None) => answer.body.len() > 32,
        };
        // Only a stream that stays open shows that OPTIONS has opened one.
        let brief = PATIENCE.min(Duration::from_secs(1));
        Evidence {
            foreign: self.send("GET", &[origin], PATIENCE, &mut has_head).ok(),
            preflight: self.send("OPTIONS", &preflight, PATIENCE, &mut has_head).ok(),
            head: self.send("HEAD", &[], PATIENCE, &mut has_head).ok(),
            options: self.send("OPTIONS", &[], brief, &mut |_| false).ok(),
            compressed: self
                .send("GET", &[("Accept-Encoding", CODINGS)], self.time, &mut has_event)
                .ok(),
            speaks_http_2: self.target.is_secure.then(|| {
                let chosen = chosen_protocol(&self.target, &self.http_2, PATIENCE);
                chosen.is_ok_and(|it| it.as_deref() == Some(b"h2"))
            }),
            ..Evidence::default()
        }
    }

    /// Goes on after an event that had others after it, or after the only one.
    fn resume(&self, stream: &Stream) -> Option<Resumed> {
        let is_sendable =
            |id: &[u8]| !id.is_empty() && id.is_ascii() && !id.iter().any(u8::is_ascii_control);
        let events: Vec<_> = stream.events().collect();
        // The latest that had another after it: a server need not keep many.
        let after = (0..events.len().max(2) - 1).rev();
        let after = after
            .into_iter()
            .find(|at| events.get(*at).is_some_and(|it| is_sendable(&it.last_event_id)))?;
        let id = String::from_utf8_lossy(&events[after].last_event_id).into_owned();
        let mut has_event = |answer: &mut Transcript| {
            let content = answer.content().unwrap_or_default();
            Stream::read(&content).events().next().is_some()
        };
        let field = [("Last-Event-ID", &*id)];
        let transcript = self.send("GET", &field, RESUMING, &mut has_event).ok()?;
        Some(Resumed { after, transcript })
    }
}

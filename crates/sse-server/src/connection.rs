//! One connection: requests are read, answered, and answered again until one side has enough.
//! Works on a `Wire`; the pure modules decide.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use futures_lite::FutureExt as _;
use futures_lite::future::or;

use crate::answer::{Answer, answer, refusal};
use crate::body::Framing;
use crate::cors::is_preflight;
use crate::date::http_date;
use crate::head::{Head, Refusal};
use crate::intake::Trouble;
use crate::pump::Worker;
use crate::response::{BoxFuture, Content};
use crate::service::{Access, Admission, Service};
use crate::socket::{instant, since_1970, within};
use crate::stream::{Ended, Stream, body};
use crate::wire::Wire;
use crate::{Request, Response};

/// How long a refused client may take to read the refusal, and what it may still send meanwhile.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 256 * 1024;

pub(crate) struct Connection {
    pub(crate) wire: Arc<Wire>,
    pub(crate) admission: Admission,
    worker: Weak<Worker>,
    /// Bytes that have come and belong to no request yet.
    pub(crate) inbox: Vec<u8>,
}

/// What follows an exchange.
enum Next {
    Again,
    Close,
    Stream(Stream, Option<Box<Record>>),
}

/// What the access hook wants to know.
struct Record {
    request: Option<Request>,
    status: u16,
    began: Instant,
    sent_before: u64,
}

impl Connection {
    pub(crate) fn new(wire: Arc<Wire>, admission: Admission, worker: Weak<Worker>) -> Self {
        Self { wire, admission, worker, inbox: Vec::new() }
    }

    /// Serves until the connection ends. While it only waits it keeps next to nothing: all that
    /// an exchange needs is in a box of its own, and a block instead of an `async fn` keeps one
    /// copy of `self`, not two.
    ///
    /// Whatever of the application's code panics on the way ends this connection and no other.
    pub(crate) fn serve(mut self) -> impl Future<Output = std::thread::Result<()>> + Send {
        let serve = async move {
            let mut fresh = true;
            loop {
                let again = match Box::pin(self.exchange(fresh)).await {
                    Next::Again => true,
                    Next::Stream(mut stream, record) => {
                        // What a next request will need is not kept for as long as this may last.
                        self.inbox.shrink_to_fit();
                        let service = &self.admission.service;
                        let ended = stream.run(&self.wire, &mut self.inbox, service).await;
                        Box::pin(self.end_stream(stream, ended, record)).await
                    }
                    Next::Close => false,
                };
                if !again || self.service().stop.is_requested() {
                    break;
                }
                fresh = false;
            }
        };
        AssertUnwindSafe(serve).catch_unwind()
    }

    fn service(&self) -> &Service {
        &self.admission.service
    }

    /// Reads one request and answers it.
    async fn exchange(&mut self, fresh: bool) -> Next {
        let head = match self.read_head(fresh).await {
            Ok(head) => head,
            Err(trouble) => return self.give_up(trouble, None).await,
        };
        let record =
            Record { request: None, status: 0, began: instant(), sent_before: self.wire.total() };
        self.service().count(|stats| stats.requests += 1);
        let (request, response) = match self.respond(head).await {
            Ok(Some(made)) => made,
            Ok(None) => return Next::Close,
            Err(trouble) => return self.give_up(trouble, Some(record)).await,
        };
        self.send(request, response, record).await
    }

    /// Reads the body of a request and has the response made; `None` if the client leaves meanwhile.
    async fn respond(&mut self, head: Head) -> Result<Option<(Request, Response)>, Trouble> {
        let Head { mut request, framing, expects_continue } = head;
        request.peer = self.admission.peer;
        let mut response = match self.before_body(&request) {
            // The body stays unread: nothing can follow on this connection.
            Some(response) if framing != Framing::Length(0) => {
                response.header("Connection", "close")
            }
            Some(response) => response,
            None => {
                request.body = self.read_body(framing, expects_continue).await?;
                shielded(|| (self.service().handler)(&request))
                    .unwrap_or_else(|| Response::new(500))
            }
        };
        while let Content::Later(later) = response.content {
            match self.unless_gone(later).await {
                Some(made) => response = made,
                None => return Ok(None),
            }
        }
        Ok(Some((request, response)))
    }

    /// Sends an answer, or the head of one that goes on as a stream.
    async fn send(&mut self, request: Request, mut response: Response, mut record: Record) -> Next {
        let (heartbeat, until) = (response.heartbeat, response.until.take());
        let date = http_date(since_1970().as_secs());
        let answer = answer(&request, response, self.service().cors.as_ref(), &date);
        let Answer { status, bytes, content, chunked, keep_alive } = answer;
        self.wire.push(&bytes);
        record.status = status;
        let Some(content) = content else {
            record.request = Some(request);
            let flushed = self.wire.flush().await;
            self.report(&record);
            return match flushed {
                Ok(()) if keep_alive => Next::Again,
                Ok(()) => self.part().await,
                Err(_) => Next::Close,
            };
        };
        let id = request.last_event_id();
        let body = body(content, id, &self.wire, &self.worker, heartbeat, chunked);
        record.request = Some(request);
        let record = self.service().access.is_some().then(|| Box::new(record));
        let stream = Stream { body, until, chunked, keep_alive };
        Next::Stream(stream, record)
    }

    /// The answer to a request that the handler does not see: a preflight, for which the browser
    /// sends no credentials, or one that is not authorized.
    fn before_body(&self, request: &Request) -> Option<Response> {
        if self.service().cors.is_some() && is_preflight(request) {
            return Some(Response::new(204));
        }
        let guard = self.service().guard.as_ref()?;
        shielded(|| guard(request)).unwrap_or_else(|| Some(Response::new(500)))
    }

    /// The response, or `None` if the client leaves while it is being made.
    async fn unless_gone(&mut self, later: BoxFuture<Response>) -> Option<Response> {
        let made = AssertUnwindSafe(later).catch_unwind();
        let gone = self.wire.hangup(&mut self.inbox, self.admission.service.limits.head_bytes);
        let gone = async {
            gone.await;
            None
        };
        or(async { Some(made.await.unwrap_or_else(|_| Response::new(500))) }, gone).await
    }

    /// Ends a stream; whether another request may follow.
    async fn end_stream(
        &mut self,
        stream: Stream,
        ended: Ended,
        record: Option<Box<Record>>,
    ) -> bool {
        let keep_alive = stream.keep_alive;
        let proper = stream.queue_end(ended, &self.wire, self.service());
        let flushed = proper && self.wire.flush().await.is_ok();
        let again = flushed && keep_alive && !self.service().stop.is_requested();
        if flushed && !again {
            self.part().await;
        }
        if let Some(record) = record {
            self.report(&record);
        }
        again
    }

    /// Answers a request that did not come through, and closes.
    async fn give_up(&mut self, trouble: Trouble, record: Option<Record>) -> Next {
        let Trouble::Refused(Refusal { status, why }) = trouble else {
            return Next::Close;
        };
        self.service().reject(why);
        let sent_before = self.wire.total();
        let record = record.unwrap_or_else(|| Record {
            request: None,
            status,
            began: instant(),
            sent_before,
        });
        self.wire.push(&refusal(status, why, &http_date(since_1970().as_secs())));
        let next = match self.wire.flush().await {
            Ok(()) => self.part().await,
            Err(_) => Next::Close,
        };
        self.report(&Record { status, ..record });
        next
    }

    /// Closes in such a way that the client can still read the answer: a socket closed with
    /// unread bytes is reset, and the reset overtakes what was sent (RFC 9112, 9.6).
    async fn part(&mut self) -> Next {
        if self.wire.close().await.is_ok() {
            self.inbox.clear();
            within(LINGER, self.wire.hangup(&mut self.inbox, LINGER_BYTES)).await;
        }
        Next::Close
    }

    fn report(&self, record: &Record) {
        if let Some(access) = &self.service().access {
            let request = record.request.as_ref();
            let bytes = self.wire.total() - record.sent_before;
            let duration = record.began.elapsed();
            shielded(|| {
                access(&Access {
                    request,
                    peer: self.admission.peer,
                    status: record.status,
                    bytes,
                    duration,
                })
            });
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // A sink or the pump may hold the wire a little longer.
        self.wire.cut();
    }
}

/// Refuses a connection that there is no room for.
pub(crate) async fn turn_away(wire: Arc<Wire>, why: &str) {
    wire.push(&refusal(503, why, &http_date(since_1970().as_secs())));
    if wire.flush().await.is_ok() && wire.close().await.is_ok() {
        within(LINGER, wire.hangup(&mut Vec::new(), LINGER_BYTES)).await;
    }
    wire.cut();
}

/// Runs the application's code; `None` if it panics.
fn shielded<T>(code: impl FnOnce() -> T) -> Option<T> {
    let result = std::panic::catch_unwind(AssertUnwindSafe(code));
    if result.is_err() {
        event!(error, "a handler or hook panicked");
    }
    result.ok()
}

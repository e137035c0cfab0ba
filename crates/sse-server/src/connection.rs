//! One connection: requests are read, answered, and answered again until one side has enough.
//! Works on a `Wire`; the pure modules decide.

use std::future::{Future, poll_fn};
use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use futures_lite::FutureExt as _;

use crate::http::answer::{Answer, answer};
use crate::http::cors::is_preflight;
use crate::http::response::{BoxFuture, Content};
use crate::http::status::Refusal;
use crate::intake::GONE;
use crate::pump::Worker;
use crate::service::{Access, Admission, Service};
use crate::socket::{instant, since_1970, within};
use crate::wire::Wire;
use crate::{Request, Response};

/// How long a refused client may take to read the refusal, and what it may still send meanwhile.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 256 * 1024;

pub(crate) struct Connection {
    pub(crate) wire: Arc<Wire>,
    admission: Admission,
    pub(crate) worker: Weak<Worker>,
    /// Bytes that have come and belong to no request yet.
    pub(crate) inbox: Vec<u8>,
}

/// An answer whose head is queued, and its body too if that is known already.
struct Answered {
    /// Writes the rest.
    stream: Option<BoxFuture<io::Result<()>>>,
    keep_alive: bool,
    /// What the access hook wants to know.
    access: Option<Box<Access>>,
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
                let Some(answered) = Box::pin(self.exchange(fresh)).await else { break };
                let Answered { stream, keep_alive, access } = answered;
                let complete = match stream {
                    Some(stream) => {
                        let ended = self.unless_gone(stream).await;
                        self.end_stream(ended)
                    }
                    None => true,
                };
                if !Box::pin(self.finish(complete, keep_alive, access)).await {
                    break;
                }
                fresh = false;
            }
        };
        AssertUnwindSafe(serve).catch_unwind()
    }

    pub(crate) fn service(&self) -> &Arc<Service> {
        &self.admission.service
    }

    /// What `future` comes to, or `None` if the client leaves meanwhile. What a next request will
    /// need is not kept for as long as this may last.
    fn unless_gone<T>(
        &mut self,
        mut future: impl Future<Output = T> + Unpin,
    ) -> impl Future<Output = Option<T>> {
        self.inbox.shrink_to_fit();
        poll_fn(move |cx| {
            let limit = self.service().limits.head_bytes;
            if self.wire.poll_hangup(cx, &mut self.inbox, limit).is_ready() {
                return Poll::Ready(None);
            }
            Pin::new(&mut future).poll(cx).map(Some)
        })
    }

    /// Reads one request and has it answered; `None` if there is nobody to answer.
    async fn exchange(&mut self, fresh: bool) -> Option<Answered> {
        let head = match self.admission.refused {
            Some(refusal) => Err(*refusal),
            None => self.read_head(fresh).await,
        };
        let (began, bytes) = (instant(), self.wire.lock().total);
        let answered = match head {
            Ok(request) => self.respond(request).await,
            Err(refusal) => Err(refusal),
        };
        let (request, response) = match answered {
            Ok((request, response)) => (Some(request), response),
            Err(GONE) => return None,
            Err(refusal) => {
                self.service().reject(refusal.1);
                (None, Response::refusal(refusal))
            }
        };
        let unread = Request::default();
        let asked = request.as_ref().unwrap_or(&unread);
        let now = since_1970().as_secs();
        let Answer { status, head, stream, keep_alive } =
            answer(asked, response, self.service().cors.as_ref(), now);
        self.wire.lock().out.extend_from_slice(&head);
        let stream = stream.map(|response| self.stream(response, asked));
        let (peer, duration) = (self.admission.peer, Duration::ZERO);
        let access = Access { request, peer, status, bytes, duration, began };
        let access = self.service().access.is_some().then(|| Box::new(access));
        Some(Answered { stream, keep_alive, access })
    }

    /// Reads the body of a request and has the response made.
    async fn respond(&mut self, mut request: Request) -> Result<(Request, Response), Refusal> {
        self.service().count(|stats| stats.requests += 1);
        request.peer = self.admission.peer;
        let mut response = match self.before_body(&request) {
            // The body stays unread: nothing can follow on this connection.
            Some(response) if request.body_length != Some(0) => {
                response.header("Connection", "close")
            }
            Some(response) => response,
            None => {
                request.body = self.read_body(&request).await?;
                shielded(|| (self.service().handler)(&request))
                    .unwrap_or_else(|| Response::new(500))
            }
        };
        while let Content::Later(later) = response.content {
            let made = AssertUnwindSafe(later).catch_unwind();
            let made = self.unless_gone(made).await.ok_or(GONE)?;
            response = made.unwrap_or_else(|_| Response::new(500));
        }
        Ok((request, response))
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

    /// Sees an answer to its end; whether another request may follow.
    async fn finish(&mut self, complete: bool, again: bool, access: Option<Box<Access>>) -> bool {
        let complete = complete && self.wire.flush().await.is_ok();
        let again = complete && again && self.service().stopping().is_none();
        if let (Some(mut access), Some(hook)) = (access, &self.service().access) {
            access.bytes = self.wire.lock().total - access.bytes;
            access.duration = access.began.elapsed();
            shielded(|| hook(&access));
        }
        if complete && !again {
            self.part().await;
        }
        again
    }

    /// Closes in such a way that the client can still read the answer: a socket closed with
    /// unread bytes is reset, and the reset overtakes what was sent (RFC 9112, 9.6).
    async fn part(&self) {
        if self.wire.close().await.is_ok() {
            let mut ignored = Vec::new();
            let gone = poll_fn(|cx| self.wire.poll_hangup(cx, &mut ignored, LINGER_BYTES));
            within(LINGER, gone).await;
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.wire.lock().hang_up();
    }
}

/// Runs the application's code; `None` if it panics.
fn shielded<T>(code: impl FnOnce() -> T) -> Option<T> {
    let result = std::panic::catch_unwind(AssertUnwindSafe(code));
    if result.is_err() {
        event!(error, "a handler or hook panicked");
    }
    result.ok()
}

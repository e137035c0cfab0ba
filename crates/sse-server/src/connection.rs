//! One connection: requests are read, answered, and answered again until one side has enough.
//! Works on an `Intake` and its `Wire`; the pure modules decide.

use std::future::{Future, poll_fn};
use std::io;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_lite::FutureExt as _;
use futures_lite::future::yield_now;

use crate::access::Outcome;
use crate::delivery::pump::Worker;
use crate::delivery::stream::{end, stream};
use crate::delivery::wire::Wire;
use crate::events::BoxFuture;
use crate::http::answer::{Answer, Body, Head, answer};
use crate::http::cors::is_preflight;
use crate::http::request::Method;
use crate::intake::{Intake, Stop};
use crate::report::{Report, outcome};
use crate::response::Content;
use crate::service::{Admission, Handler, Service};
use crate::socket::{since_1970, within};
use crate::{Refusal, Request, Response};

/// How long a refused client may take to read the refusal.
const LINGER: Duration = Duration::from_secs(1);
/// What it may still send meanwhile.
const LINGER_BYTES: usize = 256 * 1024;

pub(crate) struct Connection {
    intake: Intake,
    admission: Admission,
    worker: Weak<Worker>,
}

/// An answer whose head is queued, and its body too if that is known already.
struct Answered {
    /// Writes the rest.
    stream: Option<BoxFuture<io::Result<()>>>,
    keep_alive: bool,
    report: Option<Box<Report>>,
}

impl Connection {
    pub(crate) fn new(wire: Arc<Wire>, admission: Admission, worker: Weak<Worker>) -> Self {
        Self { intake: Intake::new(wire), admission, worker }
    }

    /// Serves until the connection ends. While it only waits it keeps next to nothing: all that
    /// an exchange needs is in a box of its own, a block instead of an `async fn` keeps one copy of
    /// `self`, not two, and what an answer consists of is taken apart where it comes, so that no
    /// part of it is kept in two places.
    ///
    /// Whatever of the application's code panics on the way ends this connection and no other.
    pub(crate) fn serve(mut self) -> impl Future<Output = std::thread::Result<()>> + Send {
        let serve = async move {
            let mut fresh = true;
            loop {
                let Some(Answered { stream, keep_alive, report }) =
                    Box::pin(self.exchange(fresh)).await
                else {
                    break;
                };
                let outcome = self.written(stream).await;
                if !Box::pin(self.finish(outcome, keep_alive, report)).await {
                    break;
                }
                fresh = false;
            }
        };
        AssertUnwindSafe(serve).catch_unwind()
    }

    fn service(&self) -> &Arc<Service> {
        &self.admission.service
    }

    fn wire(&self) -> &Arc<Wire> {
        &self.intake.wire
    }

    /// Writes the rest of an answer, if there is one; what became of it. What a next request will
    /// need is not kept for as long as this may last.
    fn written(
        &mut self,
        stream: Option<BoxFuture<io::Result<()>>>,
    ) -> impl Future<Output = Outcome> {
        let mut stream = stream.map(|stream| AssertUnwindSafe(stream).catch_unwind());
        self.intake.shrink();
        poll_fn(move |cx| {
            let Some(writing) = &mut stream else { return Poll::Ready(Outcome::Complete) };
            let ended = ready!(self.poll_unless_gone(writing, cx));
            // Before the end is told: it may have a last word.
            stream = None;
            Poll::Ready(self.end_stream(ended))
        })
    }

    /// What `future` comes to, or `None` if the client leaves meanwhile. Here too nothing is kept.
    fn unless_gone<T>(
        &mut self,
        mut future: impl Future<Output = T> + Unpin,
    ) -> impl Future<Output = Option<T>> {
        self.intake.shrink();
        poll_fn(move |cx| self.poll_unless_gone(&mut future, cx))
    }

    fn poll_unless_gone<T>(
        &mut self,
        future: &mut (impl Future<Output = T> + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<Option<T>> {
        if self.intake.poll_left(&self.admission.service, cx).is_ready() {
            return Poll::Ready(None);
        }
        Pin::new(future).poll(cx).map(Some)
    }

    /// Ends a stream: neither a sink that outlives it nor the pump writes from here on.
    fn end_stream(&self, ended: Option<std::thread::Result<io::Result<()>>>) -> Outcome {
        self.wire().lock().end_turn();
        match ended {
            None => Outcome::Left,
            Some(Ok(Ok(()))) => {
                end(self.wire(), self.service().stop.how());
                Outcome::Complete
            }
            Some(Ok(Err(error))) => outcome(&error),
            Some(Err(_)) => {
                self.service().panicked();
                Outcome::Failed
            }
        }
    }

    /// Reads one request and has it answered; `None` if there is nobody to answer.
    async fn exchange(&mut self, fresh: bool) -> Option<Answered> {
        let head = match self.admission.refused {
            Some(why) => Err(why.into()),
            None => self.intake.head(&self.admission.service, fresh).await,
        };
        if matches!(head, Err(Stop::Gone)) {
            return None;
        }
        let mut report = Report::begin(self.service(), self.wire(), self.admission.peer);
        let (request, responded) = match head {
            Ok(mut request) => {
                request.peer = self.admission.peer;
                report.iter_mut().for_each(|it| it.access.request = Some(request.clone()));
                let responded = self.respond(&mut request).await;
                (request, responded)
            }
            Err(stop) => (Request::bare(Method::Get, 1), Err(stop)),
        };
        let mut response = match responded {
            Ok(response) => response,
            Err(Stop::Gone) => {
                report.iter_mut().for_each(|it| it.access.outcome = Outcome::Left);
                return None;
            }
            Err(Stop::Refused(why)) => {
                self.service().refuse(why);
                Response::refusal(why)
            }
        };
        let Answer { status, bytes, streams, keep_alive, .. } =
            self.answer(&request, &mut response);
        self.wire().lock().out.extend_from_slice(&bytes);
        report.iter_mut().for_each(|it| it.access.status = Some(status));
        let (wire, worker) = (self.wire(), self.worker.clone());
        let stream = match response.content {
            Content::Events(events) if streams => {
                Some(stream(*events, request.minor > 0, wire, worker, self.service()))
            }
            _ => None,
        };
        Some(Answered { stream, keep_alive, report })
    }

    /// Has a request checked, its body read, and the response made.
    async fn respond(&mut self, request: &mut Request) -> Result<Response, Stop> {
        let service = self.service().clone();
        service.count(|stats| stats.requests += 1);
        let mut response = match self.guarded(request) {
            Ok(handler) => {
                request.body = self.intake.body(&service.limits, request).await?;
                service.shielded(|| handler(request)).unwrap_or_else(|_| Response::new(500))
            }
            // The body stays unread: nothing can follow on this connection.
            Err(response) if request.body_length != Some(0) => {
                response.with_header("Connection", "close")
            }
            Err(response) => response,
        };
        while let Content::Later(later) = response.content {
            let made = self.unless_gone(AssertUnwindSafe(later).catch_unwind()).await;
            let made = made.ok_or(Stop::Gone)?;
            let mut made = made.unwrap_or_else(|_| Response::new(service.panicked().status()));
            made.head.override_with(response.head);
            response = made;
        }
        Ok(response)
    }

    /// Who answers a request, or the answer to one that no handler sees: about the server as a
    /// whole, a preflight, for which the browser sends no credentials, or one that may not pass.
    fn guarded(&self, request: &Request) -> Result<Handler, Response> {
        let service = self.service();
        if request.path == "*" {
            let all = Method::ALL.map(Method::as_str).join(", ");
            return Err(Response::new(204).with_header("Allow", all));
        }
        if service.cors.is_some() && is_preflight(request) {
            return Err(Response::new(204));
        }
        let guarded = service.shielded(|| (service.guard)(request));
        guarded.unwrap_or_else(|why| Err(Response::new(why.status())))
    }

    fn answer(&self, request: &Request, response: &mut Response) -> Answer {
        let (service, now) = (self.service(), since_1970().as_secs());
        let head = std::mem::replace(&mut response.head, Head::new(500));
        let body = response.body().map_or(Body::Stream, Body::Bytes);
        let answered = service.shielded(|| answer(request, head, body, service.cors.as_ref(), now));
        let answer = answered.unwrap_or_else(|why| {
            answer(request, Head::new(why.status()), Body::Bytes(&[]), None, now)
        });
        if let Some(why) = &answer.failure {
            service.fail(Refusal::Response, why);
        }
        answer
    }

    /// Sees an answer to its end; whether another request may follow.
    async fn finish(
        &mut self,
        mut outcome: Outcome,
        again: bool,
        report: Option<Box<Report>>,
    ) -> bool {
        if outcome == Outcome::Complete {
            if let Err(error) = self.wire().flush().await {
                outcome = crate::report::outcome(&error);
            }
        }
        if let Some(mut report) = report {
            report.access.outcome = outcome;
        }
        let complete = outcome == Outcome::Complete;
        let again = complete && again && !self.service().stop.is_asked();
        if complete && !again {
            self.part().await;
        }
        // However many requests are there already, other connections have their turn.
        yield_now().await;
        again
    }

    /// Closes in such a way that the client can still read the answer: a socket closed with
    /// unread bytes is reset, and the reset overtakes what was sent (RFC 9112, 9.6).
    async fn part(&mut self) {
        if self.wire().close().await.is_ok() {
            let mut ignored = Vec::new();
            let wire = self.wire();
            let gone = poll_fn(|cx| wire.poll_hangup(cx, &mut ignored, LINGER_BYTES));
            within(LINGER, gone).await;
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let link = self.wire().lock().hang_up();
        drop(link);
    }
}

#[cfg(test)]
mod tests {
    use sse_channel::{Channel, Replay};

    use super::*;
    use crate::delivery::subscriber::Subscriber;
    use crate::delivery::wire::Link;
    use crate::events::Beat;

    /// A server has one of each for each client that waits.
    #[test]
    fn a_connection_that_waits_is_small() {
        let service = Arc::new(Service::new(Box::new(|_| Err(Response::not_found()))));
        let stop = service.stop.clone();
        let stream = futures_lite::io::Cursor::new(Vec::new());
        let wire = Wire::new(Link::Other(Box::pin(stream)), Duration::MAX);
        let events = Channel::default().subscribe(None, Replay::Live);
        let subscriber = Subscriber::new(events, wire.clone(), Beat::every(Duration::MAX));
        let stream = subscriber.run(Weak::new(), stop);
        let connection = Connection::new(wire, service.admit(None).unwrap(), Weak::new()).serve();
        let sizes = (size_of_val(&connection), size_of_val(&stream), size_of::<Wire>());
        assert!(sizes.0 <= 136 && sizes.1 <= 120 && sizes.2 <= 88, "{sizes:?}");
    }
}

//! What can be done with a server from anywhere, while it runs or without: end it, read its counters, hand it
//! connections, try a request. Depends on `connection`, `service` and `trial`.

use std::fmt;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use futures_lite::future::or;
use futures_lite::io::{AsyncRead, AsyncWrite};

use crate::Request;
use crate::connection::Connection;
use crate::delivery::wire::{Link, Wire};
use crate::service::{Service, Stats};
use crate::shutdown::Shutdown;
use crate::trial::{Client, Trial};

/// Shuts a server down, reads its counters, and hands connections to it, from anywhere.
///
/// ```
/// use sse_server::{Response, Server, Shutdown};
///
/// # fn main() -> std::io::Result<()> {
/// let server = Server::new(|_| Response::not_found()).bind("127.0.0.1:0")?;
/// let handle = server.handle();
/// // In a program this is done by a signal, or when a deploy asks for it.
/// std::thread::spawn(move || handle.shutdown(Shutdown::default()));
/// server.run()
/// # }
/// ```
#[derive(Clone)]
pub struct Handle {
    pub(crate) service: Arc<Service>,
}

impl Handle {
    /// Serves one connection to its end, on the executor that polls this future. Each subscriber
    /// of a channel is written to by its own future here, without the shared pump.
    ///
    /// The end of the last answer is the stream's `poll_close`. That of `async_io::Async` closes nothing by
    /// itself: over one the client sees the end up to a second later, when the stream is dropped.
    ///
    /// ```
    /// use sse_server::{Response, Server};
    /// use std::os::unix::net::UnixListener;
    ///
    /// # fn serve_on_a_unix_socket() -> std::io::Result<()> {
    /// let server = Server::new(|_| Response::text("hello")).unbound();
    /// let listener = async_io::Async::<UnixListener>::bind("/run/example.sock")?;
    /// let executor = async_executor::Executor::new();
    /// futures_lite::future::block_on(executor.run(async {
    ///     loop {
    ///         let (stream, _) = listener.accept().await?;
    ///         let server = server.clone();
    ///         executor.spawn(async move { server.serve(stream, None).await }).detach();
    ///     }
    /// }))
    /// # }
    /// ```
    pub async fn serve(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + 'static,
        peer: Option<SocketAddr>,
    ) {
        let service = &self.service;
        let Some(admission) = service.admit(peer) else { return };
        let wire = Wire::new(Link::Other(Box::pin(stream)), service.limits.write_deadline);
        let served = Connection::new(wire, admission, Weak::new()).serve();
        let cut = async {
            service.stop.overdue().await;
            service.count(|stats| stats.cut += 1);
            Ok(())
        };
        // A panic has been reported by the panic hook, and ends this connection only.
        let _ = or(served, cut).await;
    }

    /// What `request` is answered, without a socket, to test a whole server with: guard, handler,
    /// CORS and all. Ends with the answer, or when it has `blocks` blocks of an event stream, the
    /// client's position and heartbeats among them.
    ///
    /// ```
    /// use sse_server::{Frame, Method, Request, Response, Server, Sink};
    ///
    /// let server = Server::new(|_| {
    ///     Response::stream(async |mut sink: Sink| {
    ///         loop {
    ///             sink.send(&Frame::message("tick")).await?;
    ///         }
    ///     })
    /// });
    /// # futures_lite::future::block_on(async {
    /// let trial = server.unbound().try_out(&Request::new(Method::Get, "/events")?, 2).await;
    /// assert!(trial.head.starts_with("HTTP/1.1 200 OK\r\n"));
    /// assert_eq!(trial.body, b"data: tick\n\ndata: tick\n\n");
    /// # Ok::<(), sse_server::Refusal>(())
    /// # }).unwrap();
    /// ```
    pub async fn try_out(&self, request: &Request, blocks: usize) -> Trial {
        let client = Client::new(request);
        let answer = client.answer();
        let enough = poll_fn(|cx| answer.poll_blocks(cx, blocks));
        or(enough, self.serve(client, request.peer())).await;
        answer.take(blocks)
    }

    /// Asks the server to end, and returns at once. It accepts no more; the streams of channels end
    /// properly, each told when to come back; answers and per-request streams that are under way
    /// may finish ([`Sink::is_stopping`](crate::Sink::is_stopping) tells their closures). What is
    /// still open at the deadline is cut, without the last chunk: what is unfinished never looks
    /// finished. [`BoundServer::run`](crate::BoundServer::run) returns when that is done; [`Stats::cut`] says how
    /// many connections had to be cut.
    ///
    /// Called again it may shorten the time that is left, and not lengthen it.
    pub fn shutdown(&self, how: Shutdown) {
        self.service.stop.ask(how);
    }

    /// Waits until a shutdown is asked for: whoever accepts connections for [`Handle::serve`] should
    /// accept no more.
    pub async fn stopping(&self) {
        self.service.stop.asked().await;
    }

    /// Waits until a shutdown is done: all connections have ended or have been cut.
    pub async fn closed(&self) {
        let Self { service } = self;
        service.stop.done(|| service.count(|stats| stats.open) == 0).await;
    }

    /// The server's counters.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.service.count(|stats| stats.clone())
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

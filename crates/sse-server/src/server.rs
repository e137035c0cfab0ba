//! The public server: building it, binding it, running it. Depends on `handle` and `serving`.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use crate::access::Access;
use crate::handle::Handle;
use crate::service::{Handler, Service};
use crate::serving::serve;
use crate::shutdown::Shutdown;
use crate::socket::{Listener, block_on, listen, take_over};
use crate::{Cors, Limits, Request, Response};

/// A server, not yet bound to an address.
///
/// The handler is called with every request, its body read, and says what to answer. It must not
/// block: all connections of a thread wait for it. What takes time goes into
/// [`Response::stream`] or [`Response::later`]. A handler that panics answers 500.
///
/// ```no_run
/// use sse_server::{Channel, Limits, Replay, Response, Server};
///
/// # fn main() -> std::io::Result<()> {
/// let news = Channel::default();
/// Server::new(move |request| Response::events(news.subscribe(request.last_event_id(), Replay::Live)))
///     .on_access(|access| println!("{:?}, {} bytes", access.outcome, access.bytes))
///     .limits(Limits { connections: 50_000, ..Limits::default() })
///     .threads(2)
///     .bind("127.0.0.1:8080")?
///     .run()
/// # }
/// ```
#[must_use = "it serves when it is bound and run"]
pub struct Server {
    service: Service,
    threads: usize,
}

impl Server {
    /// A server that answers everyone with `handler`.
    pub fn new(handler: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        Self::authorized(|_| Ok(()), move |request, ()| handler(request))
    }

    /// A server whose `guard` looks at each request before its body is read. What it learns, who is
    /// asking for instance, reaches `handler`; a response (401, say) is sent in the handler's place.
    ///
    /// ```
    /// use sse_server::{Request, Response, Server};
    ///
    /// struct User(String);
    ///
    /// fn user(request: &Request) -> Result<User, Response> {
    ///     let token = request.header("Authorization").ok_or_else(|| Response::new(401))?;
    ///     let name = token.strip_prefix("Bearer secret-of-").ok_or_else(|| Response::new(403))?;
    ///     Ok(User(name.to_owned()))
    /// }
    ///
    /// let server = Server::authorized(user, |_, user| Response::text(format!("hello {}", user.0)));
    /// ```
    ///
    /// A guard fails closed: what it does not find is no reason to let a request pass, and does
    /// not compile.
    ///
    /// ```compile_fail,E0277
    /// # use sse_server::{Request, Response, Server};
    /// Server::authorized(
    ///     |request: &Request| {
    ///         let token = request.header("Authorization")?;
    ///         if token == "Bearer secret" { Ok(()) } else { Err(Response::new(401)) }
    ///     },
    ///     |_, ()| Response::text("hello"),
    /// );
    /// ```
    pub fn authorized<T: Send + 'static>(
        guard: impl Fn(&Request) -> Result<T, Response> + Send + Sync + 'static,
        handler: impl Fn(&Request, T) -> Response + Send + Sync + 'static,
    ) -> Self {
        let handler = Arc::new(handler);
        let guard = move |request: &Request| -> Result<Handler, Response> {
            let (learnt, handler) = (guard(request)?, handler.clone());
            Ok(Box::new(move |request| handler(request, learnt)))
        };
        Self { service: Service::new(Box::new(guard)), threads: 1 }
    }

    /// Sets the limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.service.limits = limits;
        self
    }

    /// Lets pages of other origins read all answers that do not say otherwise, and answers their
    /// preflight requests without asking the handler.
    pub fn cors(mut self, cors: Cors) -> Self {
        self.service.cors = Some(cors);
        self
    }

    /// Sets how many threads [`BoundServer::run`] uses, 1 by default. Each has its own connections.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// Whether a client that has closed its sending half is still served, as `nc -N` and some tunnels
    /// and proxies do while they wait for the answer. By default it counts as gone, because a
    /// browser that leaves looks the same; with this, one that leaves is noticed only when something
    /// is sent to it, a heartbeat at the latest.
    pub fn serve_half_closed(mut self, serve: bool) -> Self {
        self.service.serves_half_closed = serve;
        self
    }

    /// Calls `hook` once for each request, for access logs: when its answer has ended, for a stream
    /// that is when the stream ends, or when the client has left or was cut before.
    pub fn on_access(mut self, hook: impl Fn(&Access) + Send + Sync + 'static) -> Self {
        self.service.access = Some(Box::new(hook));
        self
    }

    /// Listens on `address`; port 0 takes any free port.
    ///
    /// # Errors
    ///
    /// The address cannot be bound; the message says which and what to do.
    pub fn bind(self, address: impl ToSocketAddrs + fmt::Debug) -> io::Result<BoundServer> {
        let listener = listen(address, self.service.limits.unsent_bytes)?;
        Ok(self.on(listener))
    }

    /// Listens on a socket that somebody else has bound: the service manager, or the process before this one, which
    /// passes it on so that nobody is refused between the two. [`BoundServer::listener`] adds more.
    ///
    /// It need not listen yet. If it does, who waits to be accepted stays, and the backlog becomes the server's
    /// own. The socket becomes non-blocking, also for other processes that have it, and its connections get the
    /// options that they have after [`bind`](Self::bind). When the server ends it closes its descriptor: while
    /// another process has one, the system goes on taking connections, and they wait for whoever accepts next.
    ///
    /// How a process comes by the socket is not the server's to know. systemd passes one as standard input
    /// (`StandardInput=socket`), and so does a parent written in Rust, without unsafe code:
    ///
    /// ```no_run
    /// # #[cfg(unix)]
    /// # fn main() -> std::io::Result<()> {
    /// use std::io::stdin;
    /// use std::net::TcpListener;
    /// use std::os::fd::AsFd;
    /// use sse_server::{Response, Server};
    ///
    /// let listener = TcpListener::from(stdin().as_fd().try_clone_to_owned()?);
    /// Server::new(|_| Response::text("hello")).listener(listener)?.run()
    /// # }
    /// # #[cfg(not(unix))]
    /// # fn main() {}
    /// ```
    ///
    /// Several, as `LISTEN_FDS` counts them, are what the crate `listenfd` takes.
    ///
    /// # Errors
    ///
    /// It is not a TCP socket that may listen.
    pub fn listener(self, listener: TcpListener) -> io::Result<BoundServer> {
        let listener = take_over(listener, self.service.limits.unsent_bytes)?;
        Ok(self.on(listener))
    }

    fn on(self, listener: Listener) -> BoundServer {
        let listeners = vec![Arc::new(listener)];
        BoundServer { listeners, service: Arc::new(self.service), threads: self.threads }
    }

    /// A server without a listening socket, for connections that someone else accepted: of a Unix
    /// socket, through TLS, or in a test: [`Handle::serve`] takes them.
    pub fn unbound(self) -> Handle {
        Handle { service: Arc::new(self.service) }
    }
}

/// A server that listens.
#[must_use = "it serves when `run` is called"]
pub struct BoundServer {
    /// One at least.
    listeners: Vec<Arc<Listener>>,
    service: Arc<Service>,
    threads: usize,
}

impl BoundServer {
    /// Listens on this socket too, as [`Server::listener`] does: of another network, for instance.
    ///
    /// # Errors
    ///
    /// It is not a TCP socket that may listen.
    pub fn listener(mut self, listener: TcpListener) -> io::Result<Self> {
        let listener = take_over(listener, self.service.limits.unsent_bytes)?;
        self.listeners.push(Arc::new(listener));
        Ok(self)
    }

    /// The address it listens on; of several the first.
    ///
    /// # Errors
    ///
    /// The system does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        let first = self.listeners.first().ok_or(io::ErrorKind::NotConnected)?;
        first.get_ref().local_addr()
    }

    /// A handle that can shut the server down and read its counters.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle { service: self.service.clone() }
    }

    /// Serves on this thread, and on more if [`Server::threads`] asked for them, until
    /// [`Handle::shutdown`] is called and done.
    ///
    /// What goes wrong with one connection ends that connection and nothing else.
    ///
    /// # Errors
    ///
    /// The system does not give so many threads; those that it gave have ended again.
    pub fn run(self) -> io::Result<()> {
        let Self { listeners, service, threads } = self;
        std::thread::scope(|scope| {
            for started in 1..threads {
                let (listeners, service) = (listeners.clone(), service.clone());
                let stop = service.stop.clone();
                let serving = move || block_on(serve(listeners, service));
                let spawned = std::thread::Builder::new().spawn_scoped(scope, serving);
                if let Err(error) = spawned {
                    stop.ask(Shutdown { deadline: Duration::ZERO, ..Shutdown::default() });
                    let what = format!("{started} of {threads} threads can be had: {error}");
                    return Err(io::Error::new(error.kind(), what));
                }
            }
            block_on(serve(listeners, service));
            Ok(())
        })
    }

    /// Serves wherever this future is polled, on any executor, until [`Handle::shutdown`] is
    /// called and done. Dropping the future cuts all connections. Whose executor has several threads may spawn it once;
    /// [`Server::threads`] counts in [`run`](Self::run) alone.
    pub async fn serve(self) {
        serve(self.listeners, self.service).await;
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, threads } = self;
        let mut server = f.debug_struct("Server");
        server.field("limits", &service.limits).field("threads", threads).finish_non_exhaustive()
    }
}

impl fmt::Debug for BoundServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundServer").field("address", &self.local_addr()).finish_non_exhaustive()
    }
}

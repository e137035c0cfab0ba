//! What can stand between a client and a fault server: TLS, and an HTTP proxy with tunnels.

use async_io::Async;
use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, FutureExt, io};
use futures_rustls::TlsAcceptor;
use futures_rustls::rustls::crypto::ring::default_provider;
use futures_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use futures_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// A listener on loopback whose connections are led on. Dropping it cuts them.
pub struct Front {
    address: SocketAddr,
    certificate: Option<CertificateDer<'static>>,
    seen: Arc<Mutex<Vec<String>>>,
    /// Dropping the sending half ends the thread.
    alive: Option<Async<TcpStream>>,
    thread: Option<JoinHandle<()>>,
    pem: Option<String>,
}

type Seen = Arc<Mutex<Vec<String>>>;

impl Front {
    /// TLS with a certificate of its own for `names`, in front of `backend`. It sees the server name
    /// and the protocol that each client asked for, as `name protocol`.
    ///
    /// # Panics
    ///
    /// If a certificate cannot be made or no port be listened on.
    pub fn tls(backend: SocketAddr, names: &[&str]) -> Self {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let certified = rcgen::generate_simple_self_signed(names).expect("a certificate");
        let certificate = certified.cert.der().clone();
        let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_safe_default_protocol_versions().expect("versions");
        let config = builder.with_no_client_auth();
        let mut config = config
            .with_single_cert(vec![certificate.clone()], key.into())
            .expect("a configuration");
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let mut front = Self::start(move |stream, seen| {
            let acceptor = acceptor.clone();
            async move {
                let client = acceptor.accept(stream).await?;
                let (_, connection) = client.get_ref();
                let protocol = String::from_utf8_lossy(connection.alpn_protocol().unwrap_or(b"-"));
                let name = connection.server_name().unwrap_or("-");
                seen.lock().expect("no panic").push(format!("{name} {protocol}"));
                join(client, Async::<TcpStream>::connect(backend).await?).await
            }
        });
        front.certificate = Some(certificate);
        front.pem = Some(certified.cert.pem());
        front
    }

    /// An HTTP proxy that opens every tunnel it is asked for, to `backend`; with `status` it answers
    /// all requests with that instead. It sees the head of each request.
    ///
    /// # Panics
    ///
    /// If no port can be listened on.
    pub fn proxy(backend: SocketAddr, status: Option<u16>) -> Self {
        Self::start(move |mut stream, seen| async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).await?;
                head.extend_from_slice(&byte);
            }
            seen.lock().expect("no panic").push(String::from_utf8_lossy(&head).into_owned());
            if let Some(status) = status {
                let answer = format!("HTTP/1.1 {status} Refused\r\nContent-Length: 0\r\n\r\n");
                return stream.write_all(answer.as_bytes()).await;
            }
            stream.write_all(b"HTTP/1.1 200 Connected\r\nVia: test\r\n\r\n").await?;
            join(stream, Async::<TcpStream>::connect(backend).await?).await
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has noted of each connection.
    ///
    /// # Panics
    ///
    /// If its thread panicked.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("no panic").clone()
    }

    /// The certificate, for programs that read it from a file.
    ///
    /// # Panics
    ///
    /// If this is not a TLS front.
    pub fn certificate(&self) -> &str {
        self.pem.as_deref().expect("a TLS front")
    }

    /// A client's configuration that trusts this front's certificate and no other.
    ///
    /// # Panics
    ///
    /// If this is not a TLS front.
    pub fn trust(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        let certificate = self.certificate.clone().expect("a TLS front");
        roots.add(certificate).expect("a certificate");
        ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth()
    }

    fn start<F>(serve: impl Fn(Async<TcpStream>, Seen) -> F + Send + 'static) -> Self
    where
        F: Future<Output = io::Result<()>> + Send + 'static,
    {
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).expect("a free port");
        let address = listener.get_ref().local_addr().expect("an address");
        let lifeline = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let alive = TcpStream::connect(lifeline.local_addr().expect("an address")).expect("a line");
        let (mut watched, _) =
            lifeline.accept().and_then(|(it, at)| Ok((Async::new(it)?, at))).expect("a line");
        let seen = Seen::default();
        let notes = Arc::clone(&seen);
        let thread = thread::spawn(move || {
            let executor = async_executor::Executor::new();
            let accept = async {
                while let Ok((stream, _)) = listener.accept().await {
                    let serving = serve(stream, Arc::clone(&notes));
                    // A connection that breaks concerns nobody else.
                    executor.spawn(async { serving.await.unwrap_or_default() }).detach();
                }
            };
            let ended = async {
                let _ = watched.read(&mut [0]).await;
            };
            async_io::block_on(executor.run(accept.or(ended)));
        });
        let alive = Some(Async::new(alive).expect("a line"));
        Self { address, certificate: None, pem: None, seen, alive, thread: Some(thread) }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.alive = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Copies in both directions until one of them ends.
async fn join(
    a: impl AsyncRead + AsyncWrite + Unpin,
    b: impl AsyncRead + AsyncWrite + Unpin,
) -> io::Result<()> {
    let (a_in, mut a_out) = io::split(a);
    let (b_in, mut b_out) = io::split(b);
    let there = async {
        io::copy(a_in, &mut b_out).await?;
        b_out.close().await
    };
    let back = async {
        io::copy(b_in, &mut a_out).await?;
        a_out.close().await
    };
    there.or(back).await
}

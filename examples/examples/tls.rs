//! TLS in the process, without a proxy in front: HTTP/1.1 by ALPN, and bounds for those who connect
//! and do not shake hands.
//!
//! Run:
//!
//! ```text
//! openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -keyout key.pem -out cert.pem
//! cargo run -p examples --example tls -- cert.pem key.pem
//! curl -Nk https://127.0.0.1:8443/
//! ```

use std::error::Error;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use async_executor::Executor;
use async_io::{Async, block_on};
use futures_lite::future::or;
use futures_rustls::TlsAcceptor;
use futures_rustls::rustls::ServerConfig;
use futures_rustls::rustls::pki_types::pem::PemObject as _;
use futures_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sse_server::{Channel, Frame, Handle, Replay, Response, Server, Shutdown, sleep};

/// A client that has not shaken hands by then is gone.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Clients that shake hands at the same time. The server's own limits count those who have.
const HANDSHAKES: usize = 1000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (certificate, key, address) = match &arguments[..] {
        [certificate, key] => (certificate, key, "127.0.0.1:8443"),
        [certificate, key, address] => (certificate, key, address.as_str()),
        _ => {
            eprintln!("Usage: cargo run -p examples --example tls -- CERT.PEM KEY.PEM [HOST:PORT]");
            return ExitCode::from(2);
        }
    };
    match run(certificate, key, address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(certificate: &str, key: &str, address: &str) -> Result<(), Box<dyn Error>> {
    let chain = CertificateDer::pem_file_iter(certificate)?.collect::<Result<Vec<_>, _>>()?;
    let config = ServerConfig::builder().with_no_client_auth();
    let mut config = config.with_single_cert(chain, PrivateKeyDer::from_pem_file(key)?)?;
    // Browsers would speak HTTP/2 otherwise, if they were told nothing.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];

    let clock = Channel::default();
    let ticks = clock.clone();
    thread::spawn(move || {
        loop {
            ticks.publish(&Frame::message("tick"));
            thread::sleep(Duration::from_secs(1));
        }
    });
    let server = Server::new(move |request| {
        Response::events(clock.subscribe(request.last_event_id(), Replay::Live))
    });
    let server = server.unbound();
    let stopped = server.clone();
    ctrlc::set_handler(move || stopped.shutdown(Shutdown::default()))?;

    let address: SocketAddr = address.parse()?;
    let listener = Async::<TcpListener>::bind(address)?;
    let bound = listener.get_ref().local_addr()?;
    examples::say(format_args!("Open https://{bound}/ (Ctrl-C stops)"));
    serve(&listener, &TlsAcceptor::from(Arc::new(config)), &server);
    Ok(())
}

/// Serves until the server has been shut down and all streams have ended.
fn serve(listener: &Async<TcpListener>, acceptor: &TlsAcceptor, server: &Handle) {
    let executor = Executor::new();
    let hands = Arc::new(());
    let accept = async {
        loop {
            match listener.accept().await {
                Ok((socket, peer)) if Arc::strong_count(&hands) <= HANDSHAKES => {
                    let (acceptor, server) = (acceptor.clone(), server.clone());
                    let hand = hands.clone();
                    let serve = async move {
                        if let Some(stream) = shake(&acceptor, socket).await {
                            drop(hand);
                            server.serve(stream, Some(peer)).await;
                        }
                    };
                    executor.spawn(serve).detach();
                }
                Ok(_) => {}
                // The system has no descriptor left, for instance.
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
        }
    };
    block_on(executor.run(async {
        or(accept, server.stopping()).await;
        server.closed().await;
    }));
}

async fn shake(
    acceptor: &TlsAcceptor,
    socket: Async<TcpStream>,
) -> Option<futures_rustls::server::TlsStream<Async<TcpStream>>> {
    // An event should not wait for the next.
    socket.get_ref().set_nodelay(true).ok()?;
    let late = async {
        sleep(HANDSHAKE).await;
        None
    };
    or(async { acceptor.accept(socket).await.ok() }, late).await
}

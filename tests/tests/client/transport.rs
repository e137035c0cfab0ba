//! TLS, proxies, a caller's own connector, names and addresses.

use futures_lite::AsyncWriteExt;
use sse_client::{ErrorKind, EventSource, Item, RedirectError};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use tests::fault::{Front, Script, Server};
use tests::source::{data, error, quick, quick_url, run};

fn hello() -> Script {
    Script::stream().chunk("data: hello\n\n").stall()
}

fn https(front: &Front, host: &str) -> String {
    format!("https://{host}:{}/events", front.address().port())
}

#[test]
fn tls_with_the_hosts_name_and_http_1_1() {
    let server = Server::scripts([Script::stream().chunk("id: 1\ndata: hello\n\n"), hello()]);
    let front = Front::tls(server.address(), &["localhost"]);
    let builder = quick_url(&https(&front, "localhost")).tls(front.trust());
    let mut source = builder.build().expect("a source");
    run(async {
        let Some(Item::Open(open)) = source.next().await else { panic!("not open") };
        assert_eq!(open.url(), https(&front, "localhost"));
        assert_eq!(data(&mut source).await, "hello");
        assert_eq!(data(&mut source).await, "hello");
    });
    assert_eq!(front.seen()[0], "localhost http/1.1");
    assert_eq!(server.requests()[1].header("last-event-id"), Some("1"));
}

#[test]
fn tls_by_address() {
    let server = Server::scripts([hello()]);
    let front = Front::tls(server.address(), &["127.0.0.1"]);
    let builder = quick_url(&https(&front, "127.0.0.1")).tls(front.trust());
    run(async { assert_eq!(data(&mut builder.build().expect("a source")).await, "hello") });
}

#[test]
fn a_certificate_that_is_not_trusted_or_not_the_hosts_is_refused() {
    let server = Server::scripts([hello()]);
    let front = Front::tls(server.address(), &["localhost"]);
    let url = https(&front, "127.0.0.1");
    for builder in [quick_url(&https(&front, "localhost")), quick_url(&url).tls(front.trust())] {
        let mut source = builder.build().expect("a source");
        let error = run(error(&mut source));
        assert_eq!((error.kind(), error.is_final()), (ErrorKind::Tls, false));
        assert!(error.to_string().contains("certificate"), "{error}");
    }
    assert!(server.requests().is_empty());
}

#[test]
fn https_does_not_lead_to_http() {
    let plain = Server::scripts([hello()]);
    let target = plain.url("/");
    let server = Server::start(move |_| Script::redirect(302, &target));
    let front = Front::tls(server.address(), &["localhost"]);
    let builder = quick_url(&https(&front, "localhost")).tls(front.trust());
    let mut source = builder.clone().build().expect("a source");
    let refused = run(error(&mut source));
    assert_eq!(refused.kind(), ErrorKind::Redirect(RedirectError::Downgrade));
    assert!(plain.requests().is_empty());
    let mut source = builder.allow_downgrade(true).build().expect("a source");
    run(async { assert_eq!(data(&mut source).await, "hello") });
}

#[test]
fn http_leads_to_https() {
    let server = Server::scripts([hello()]);
    let front = Front::tls(server.address(), &["localhost"]);
    let target = https(&front, "localhost");
    let plain = Server::start(move |_| Script::redirect(301, &target));
    let mut source = quick(&plain).tls(front.trust()).build().expect("a source");
    run(async { assert_eq!(data(&mut source).await, "hello") });
}

#[test]
fn a_plain_proxy_gets_the_whole_url() {
    let proxy = Server::scripts([hello()]);
    let builder =
        quick_url("http://sse.test:81/a?b").proxy(&proxy.url("/").replace("//", "//u:p@"));
    let mut source = builder.build().expect("a source");
    run(async { assert_eq!(data(&mut source).await, "hello") });
    let request = &proxy.requests()[0];
    assert_eq!(request.target, "http://sse.test:81/a?b");
    assert_eq!(request.header("host"), Some("sse.test:81"));
    assert_eq!(request.header("proxy-authorization"), Some("Basic dTpw"));
}

/// The environment is that of a process, so the test runs itself again in one of its own.
#[test]
fn the_environments_proxy_is_taken_when_asked_for() {
    const NAME: &str = "transport::the_environments_proxy_is_taken_when_asked_for";
    if std::env::var_os("SSE_TEST_IN_CHILD").is_some() {
        let mut source = quick_url("http://sse.test/a").proxy_from_env().build().expect("a source");
        return run(async { assert_eq!(data(&mut source).await, "hello") });
    }
    let proxy = Server::scripts([hello()]);
    let mut child = std::process::Command::new(std::env::current_exe().expect("this program"));
    child.args(["--exact", NAME]).env("SSE_TEST_IN_CHILD", "1");
    child.env("http_proxy", proxy.url("/")).env_remove("no_proxy").env_remove("NO_PROXY");
    let output = child.output().expect("a child");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(proxy.requests()[0].target, "http://sse.test/a");
}

#[test]
fn https_goes_through_a_tunnel() {
    let server = Server::scripts([hello()]);
    let tls = Front::tls(server.address(), &["sse.test"]);
    let proxy = Front::proxy(tls.address(), None);
    let builder = quick_url("https://sse.test/events").tls(tls.trust());
    let builder = builder.proxy(&format!("http://u:p@{}", proxy.address()));
    let mut source = builder.build().expect("a source");
    run(async { assert_eq!(data(&mut source).await, "hello") });
    let expected = "CONNECT sse.test:443 HTTP/1.1\r\nHost: sse.test:443\r\n\
                    Proxy-Authorization: Basic dTpw\r\n\r\n";
    assert_eq!(proxy.seen(), [expected]);
    assert_eq!(tls.seen(), ["sse.test http/1.1"]);
    let request = &server.requests()[0];
    assert_eq!((&*request.target, request.header("proxy-authorization")), ("/events", None));
}

#[test]
fn a_proxy_that_refuses_is_told_apart_from_the_server() {
    let unreachable = SocketAddr::from(([127, 0, 0, 1], 1));
    let proxy = Front::proxy(unreachable, Some(407));
    let builder = quick_url("https://sse.test/").proxy(&proxy.address().to_string());
    let error = run(error(&mut builder.build().expect("a source")));
    assert_eq!((error.kind(), error.is_final()), (ErrorKind::Proxy, false));
    assert!(error.to_string().contains("407"), "{error}");
}

#[test]
fn a_callers_connector_makes_every_connection() {
    let server = Server::scripts([Script::stream().chunk("data: hello\n\n"), hello()]);
    let address = server.address();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let builder = quick_url("http://nowhere.test/events").connector(move |endpoint| {
        noted.lock().expect("no panic").push(format!("{} {}", endpoint.host(), endpoint.port()));
        async_io::Async::<std::net::TcpStream>::connect(address)
    });
    let mut source = builder.build().expect("a source");
    run(async {
        assert_eq!(data(&mut source).await, "hello");
        assert_eq!(data(&mut source).await, "hello");
    });
    assert_eq!(*asked.lock().expect("no panic"), ["nowhere.test 80", "nowhere.test 80"]);
    assert_eq!(server.requests()[0].header("host"), Some("nowhere.test"));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_connection_enough() {
    let builder = EventSource::builder("http://pipe/").connector(|_| async {
        let (client, mut server) = async_io::Async::<std::os::unix::net::UnixStream>::pair()?;
        server
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: piped\n\n")
            .await?;
        Ok(client)
    });
    run(async { assert_eq!(data(&mut builder.build().expect("a source")).await, "piped") });
}

#[test]
fn a_connector_that_fails_is_tried_again() {
    let builder = quick_url("http://pipe/").connector(|_| async {
        Err::<async_io::Async<std::net::TcpStream>, _>(io::Error::other("no such pipe"))
    });
    let mut source = builder.build().expect("a source");
    let error = run(error(&mut source));
    assert_eq!((error.kind(), error.is_final()), (ErrorKind::Connect, false));
    assert!(error.to_string().contains("no such pipe"), "{error}");
}

#[test]
fn a_name_that_cannot_be_resolved_is_tried_again() {
    let mut source = quick_url("http://no-such-host.invalid/").build().expect("a source");
    let error = run(error(&mut source));
    assert_eq!((error.kind(), error.is_final()), (ErrorKind::Resolve, false));
}

/// `localhost` has an IPv6 address on many machines, at which nobody listens here.
#[test]
fn another_address_of_the_name_is_tried() {
    let server = Server::scripts([hello()]);
    let url = format!("http://localhost:{}/", server.address().port());
    run(async { assert_eq!(data(&mut quick_url(&url).build().expect("a source")).await, "hello") });
}

#[test]
fn ipv6_in_the_url() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        return;
    };
    let server = Server::on(listener, |_| hello());
    let mut source = quick_url(&server.url("/")).build().expect("a source");
    run(async { assert_eq!(data(&mut source).await, "hello") });
    let host = server.requests()[0].header("host").map(str::to_owned);
    assert_eq!(host, Some(server.address().to_string()));
}

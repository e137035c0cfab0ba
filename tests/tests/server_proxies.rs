//! The server behind nginx and HAProxy, with the configurations of `examples/proxies`.
//!
//! As root on Debian a missing proxy is installed; elsewhere the test says what is missing, and passes.

mod server_support;

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use server_support::{Peer, Running, eventually, field, find, status};
use sse_server::{Channel, Frame, Limits, Response, Server, Shutdown};

const PROXIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/proxies/");

/// A proxy that is stopped when this is dropped.
struct Proxy {
    child: Child,
    folder: PathBuf,
    plain: SocketAddr,
    tls: SocketAddr,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // SIGTERM, so that nginx's workers end with their master.
        let _ = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Whether `program` is there, after an attempt to install it.
fn available(program: &str) -> bool {
    let there = || Command::new(program).arg("-v").output().is_ok();
    if there() {
        return true;
    }
    let root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|id| id.stdout == b"0\n");
    if root && Path::new("/etc/debian_version").exists() {
        let install = [
            "install",
            "-y",
            "--no-install-recommends",
            "--no-remove",
            program,
        ];
        let lock = ["-o", "DPkg::Lock::Timeout=300"];
        let installed = Command::new("apt-get")
            .args(lock)
            .args(install)
            .stdout(Stdio::null())
            .status();
        assert!(
            installed.is_ok_and(|status| status.success()) && there(),
            "cannot install {program}"
        );
        return true;
    }
    // Past the capture of the test harness: somebody should read it.
    let _ = writeln!(
        std::io::stderr(),
        "skipped: {program} is missing; on Debian: apt install {program}"
    );
    false
}

/// A port that is free now. Another program could take it before the proxy does, then the test fails.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
}

/// Starts `program` in front of `upstream`; nothing if it is not there.
fn start(program: &str, upstream: SocketAddr, name: &str) -> Option<Proxy> {
    if !available(program) {
        return None;
    }
    let folder = std::env::temp_dir().join(format!("proxy-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (plain, tls) = (free(), free());
    let source = if program == "nginx" {
        "nginx.conf"
    } else {
        "haproxy.cfg"
    };
    let mut text =
        std::fs::read_to_string(format!("{PROXIES}{source}")).expect("the configuration");
    let (upstream, plain_text, tls_text) =
        (upstream.to_string(), plain.to_string(), tls.to_string());
    for (documented, used) in [
        ("127.0.0.1:8080", upstream.as_str()),
        ("127.0.0.1:8081", &plain_text),
        ("127.0.0.1:8082", &plain_text),
        ("127.0.0.1:8443", &tls_text),
        // Far shorter than the test, so that heartbeats have to keep the stream alive.
        ("proxy_read_timeout 60s", "proxy_read_timeout 1s"),
        ("timeout client 60s", "timeout client 1s"),
        ("timeout server 60s", "timeout server 1s"),
    ] {
        text = text.replace(documented, used);
    }
    let file = folder.join(source);
    std::fs::write(&file, text).expect("written");
    let mut command = Command::new(program);
    if program == "nginx" {
        let subject = [
            "-subj",
            "/CN=localhost",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ];
        let made = Command::new("openssl")
            .args([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            ])
            .args(subject)
            .current_dir(&folder)
            .stderr(Stdio::null())
            .status();
        assert!(
            made.is_ok_and(|status| status.success()),
            "openssl makes the certificate"
        );
        command.arg("-p").arg(&folder).arg("-c").arg(&file);
    } else {
        command.arg("-f").arg(&file);
    }
    let child = command
        .stdin(Stdio::null())
        .spawn()
        .expect("the proxy starts");
    let proxy = Proxy {
        child,
        folder,
        plain,
        tls,
    };
    eventually("the proxy listens", || TcpStream::connect(plain).is_ok());
    Some(proxy)
}

/// What every proxy has to let through.
fn events_pass(program: &str) {
    let channel = Channel::default();
    let shared = channel.clone();
    let serve = move |shared: Channel| {
        Server::new(move |request| match request.path() {
            "/events" => Response::channel(&shared).heartbeat(Duration::from_millis(300)),
            "/echo" => Response::new(200).body(request.body()),
            _ => Response::not_found(),
        })
    };
    let mut server = Running::start(serve(shared.clone()).limits(Limits {
        connections: 50,
        ..Limits::default()
    }));
    let Some(proxy) = start(program, server.addr, program) else {
        return;
    };

    // An event arrives at once.
    let mut peer = Peer::subscribe(proxy.plain, "/events", None);
    peer.block().unwrap();
    let mut slowest = Duration::ZERO;
    for number in 0..20 {
        let began = Instant::now();
        channel.publish(&Frame::message(&number.to_string()));
        assert_eq!(peer.data().unwrap(), number.to_string());
        slowest = slowest.max(began.elapsed());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(slowest < Duration::from_millis(100), "took {slowest:?}");

    // The stream outlives the proxy's timeout of a second, because heartbeats come.
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(2500) {
        assert_eq!(peer.block().as_deref(), Some(":"));
    }
    channel.publish(&Frame::message("still here"));
    assert_eq!(peer.data().as_deref(), Some("still here"));

    // A client that leaves is noticed.
    assert_eq!(channel.stats().subscribers, 1);
    drop(peer);
    let noticed = eventually("noticed", || channel.stats().subscribers == 0);
    assert!(noticed < Duration::from_secs(2), "took {noticed:?}");

    // The last event ID passes, also to a new server behind the same proxy.
    let last = channel.last_event_id().to_string();
    channel.publish(&Frame::message("missed"));
    let mut back = Peer::subscribe(proxy.plain, "/events", Some(&last));
    assert_eq!(
        back.block().map(|block| block.ends_with("data: missed")),
        Some(true)
    );
    let addr = server.addr;
    server.stop(Shutdown {
        deadline: Duration::from_secs(1),
        ..Shutdown::default()
    });
    let mut farewell = String::new();
    while let Some(block) = back.block() {
        farewell = block;
    }
    assert!(field(&farewell, "retry").is_some(), "{farewell:?}");
    let _server = Running::start_on(serve(shared), addr);
    let last = channel.publish(&Frame::message("before"));
    channel.publish(&Frame::message("after"));
    let mut back = Peer::subscribe(proxy.plain, "/events", Some(&last.to_string()));
    assert_eq!(back.data().as_deref(), Some("after"));

    // Ordinary requests, with a body and without.
    let mut peer = Peer::connect(proxy.plain);
    peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    peer.until("hello");
    let mut peer = Peer::connect(proxy.plain);
    peer.send("GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!(status(&peer.read_to_end()), 404);
}

#[test]
fn behind_nginx() {
    events_pass("nginx");
}

#[test]
fn behind_haproxy() {
    events_pass("haproxy");
}

#[test]
fn a_dozen_streams_over_one_http_2_connection() {
    let channel = Channel::default();
    let shared = channel.clone();
    let mut server = Running::start(Server::new(move |_| Response::channel(&shared)));
    let Some(proxy) = start("nginx", server.addr, "http2") else {
        return;
    };
    if Command::new("curl").arg("-V").output().is_err() {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: curl is missing; on Debian: apt install curl"
        );
        return;
    }
    let url = format!("https://{}/events", proxy.tls);
    let mut curl = Command::new("curl");
    curl.args([
        "-sNk",
        "--http2",
        "--parallel",
        "--parallel-max",
        "12",
        "--max-time",
        "20",
    ]);
    curl.args(["-w", "%{http_version} %{num_connects}\n"]);
    for stream in 0..12 {
        curl.arg("-o")
            .arg(proxy.folder.join(format!("stream-{stream}")))
            .arg(&url);
    }
    let curl = curl
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("curl starts");
    eventually("all have subscribed", || channel.stats().subscribers == 12);
    for number in 0..100 {
        channel.publish(&Frame::message(&number.to_string()));
    }
    let body = |stream: usize| {
        std::fs::read(proxy.folder.join(format!("stream-{stream}"))).unwrap_or_default()
    };
    eventually("all have everything", || {
        (0..12).all(|stream| find(&body(stream), b"data: 99\n\n").is_some())
    });
    for stream in 0..12 {
        assert_eq!(
            String::from_utf8(body(stream))
                .unwrap()
                .matches("data: ")
                .count(),
            100
        );
    }
    server.stop(Shutdown::default());
    let output = String::from_utf8(curl.wait_with_output().expect("curl ends").stdout).unwrap();
    assert_eq!(
        output.lines().filter(|line| line.starts_with('2')).count(),
        12,
        "{output}"
    );
    let connects: u32 = output
        .lines()
        .filter_map(|line| line.split(' ').nth(1)?.parse::<u32>().ok())
        .sum();
    assert_eq!(connects, 1, "all over one connection: {output}");
}

//! Real peers: Node's `http` server, and nginx in front of it. Without them these tests fail.

use sse_client::EventSource;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use tests::folder::Folder;
use tests::proxy::command;
use tests::source::{data, error, event, quick_url, run};

/// Events with IDs, six to a connection; it answers 204 when all have been seen.
const NODE: &str = r#"
const server = require('http').createServer((request, response) => {
  let id = Number(request.headers['last-event-id'] || 0);
  if (id >= 12) { response.writeHead(204); response.end(); return; }
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  response.write(': hello\nretry: 1\n\n');
  const last = id + 6;
  const timer = setInterval(() => {
    if (id === last) { clearInterval(timer); request.url === '/cut' ? response.destroy() : response.end(); return; }
    id += 1;
    response.write('id: ' + id + '\nevent: tick\ndata: 第' + id + '\ndata: of 12\n\n');
  }, 5);
  request.on('close', () => clearInterval(timer));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
"#;

struct Peer(Child);

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn node() -> (Peer, SocketAddr) {
    let node = command("node").args(["-e", NODE]).stdout(Stdio::piped()).spawn();
    let mut peer = Peer(node.expect("node starts"));
    let mut line = String::new();
    let out = peer.0.stdout.take().expect("a pipe");
    BufReader::new(out).read_line(&mut line).expect("the port");
    let port = line.trim().parse().expect("a port");
    (peer, SocketAddr::from(([127, 0, 0, 1], port)))
}

/// All twelve events, once and in order, and then the end.
fn follow(mut source: EventSource) {
    run(async {
        for id in 1..=12 {
            let event = event(&mut source).await;
            assert_eq!((&*event.event_type, event.last_event_id), ("tick", id.to_string()));
            assert_eq!(event.data, format!("第{id}\nof 12"));
        }
        while !error(&mut source).await.is_final() {}
        assert!(source.next().await.is_none());
    });
}

#[test]
fn node_http() {
    let (_peer, address) = node();
    for path in ["/", "/cut"] {
        follow(quick_url(&format!("http://{address}{path}")).build().expect("a source"));
    }
}

/// nginx as it comes: buffering and compression on, so that the server has to say what it wants.
fn nginx(backend: SocketAddr) -> (Peer, SocketAddr, Folder) {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = free.local_addr().expect("an address");
    let folder = Folder::new("nginx");
    let at = folder.display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {at}/{name};"))
        .join(" ");
    let configuration = format!(
        "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log;\n\
         events {{}}\n\
         http {{ access_log off; {temporary}\n\
           gzip on; gzip_types text/event-stream; gzip_min_length 0; gzip_http_version 1.0; gzip_proxied any;\n\
           server {{ listen {address}; location / {{ proxy_pass http://{backend}; proxy_http_version 1.1; proxy_buffering off; }} }} }}\n"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, configuration).expect("a file");
    drop(free);
    let nginx =
        command("nginx").arg("-c").arg(&file).arg("-p").arg(&*folder).stderr(Stdio::null()).spawn();
    let peer = Peer(nginx.expect("nginx starts"));
    let deadline = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < deadline, "nginx does not listen");
        std::thread::sleep(Duration::from_millis(10));
    }
    (peer, address, folder)
}

#[test]
fn nginx_in_front() {
    let (_node, backend) = node();
    let (_nginx, address, _folder) = nginx(backend);
    for path in ["/", "/cut"] {
        let builder = quick_url(&format!("http://{address}{path}"));
        // Compressed by nginx, and as the server sent it.
        for gzip in [true, false] {
            follow(builder.clone().gzip(gzip).build().expect("a source"));
        }
    }
}

#[test]
fn nginx_without_its_backend() {
    let (backend, address) = node();
    let (_nginx, front, _folder) = nginx(address);
    let mut source =
        quick_url(&format!("http://{front}/")).retry_statuses(&[502]).build().expect("a source");
    run(async {
        assert_eq!(data(&mut source).await, "第1\nof 12");
        drop(backend);
        loop {
            let error = error(&mut source).await;
            assert!(!error.is_final(), "{error}");
            if error.kind() == sse_client::ErrorKind::Status(502) {
                assert!(error.response().is_some_and(|it| it.text().contains("502 Bad Gateway")));
                break;
            }
        }
    });
}

//! Real peers: Node's `http` server, and nginx in front of it. Without them these tests fail.

use sse_client::EventSource;
use std::fs;
use std::net::SocketAddr;
use testkit::{Scratch, Served, port};
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

fn node() -> Served {
    Served::start(command("node").args(["-e", NODE])).expect("node starts")
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
    let node = node();
    for path in ["/", "/cut"] {
        follow(quick_url(&node.url(path)).build().expect("a source"));
    }
}

/// nginx as it comes: buffering and compression on, so that the server has to say what it wants.
fn nginx(backend: SocketAddr) -> (Served, Scratch) {
    let address = port::free();
    let folder = Scratch::new("nginx").expect("a folder");
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
    let mut nginx = command("nginx");
    nginx.arg("-c").arg(&file).arg("-p").arg(&*folder);
    (Served::at(&mut nginx, address).expect("nginx starts"), folder)
}

#[test]
fn nginx_in_front() {
    let node = node();
    let (nginx, _folder) = nginx(node.address());
    for path in ["/", "/cut"] {
        let builder = quick_url(&nginx.url(path));
        // Compressed by nginx, and as the server sent it.
        for gzip in [true, false] {
            follow(builder.clone().gzip(gzip).build().expect("a source"));
        }
    }
}

#[test]
fn nginx_without_its_backend() {
    let backend = node();
    let (nginx, _folder) = nginx(backend.address());
    let mut source = quick_url(&nginx.url("/")).retry_statuses(&[502]).build().expect("a source");
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

//! Handlers, and whole servers, tested without a socket.

use futures_lite::future::block_on;
use sse_server::{
    Channel, Cors, Frame, Method, Refusal, Replay, Request, Response, Server, Sink, Trial,
};

fn greet(request: &Request) -> Response {
    match (request.method(), request.query("name")) {
        (Method::Post, _) => {
            Response::new(201).with_header("Location", "/1").with_body(request.body())
        }
        (_, Some(name)) => Response::text(format!("hello {name}")),
        _ => Response::new(400),
    }
}

#[test]
fn a_handler_alone() {
    let request = Request::new(Method::Get, "/greet?name=Ada%20L").unwrap();
    let response = greet(&request);
    assert_eq!((response.status(), response.body()), (200, Some(&b"hello Ada L"[..])));
    assert_eq!(response.header("content-type"), Some("text/plain; charset=utf-8"));
    let request = Request::new(Method::Post, "/").unwrap().with_body("x");
    let response = greet(&request);
    assert_eq!(response.headers().collect::<Vec<_>>(), [("Location", "/1")]);
    assert_eq!((response.status(), response.body()), (201, Some(&b"x"[..])));
    let stream = Response::stream(async |_: Sink| Ok(()));
    assert_eq!(stream.body(), None);
}

#[test]
fn a_request_by_hand() {
    let peer = "192.0.2.1:80".parse().unwrap();
    let request = Request::new(Method::Get, "http://a.example/%C3%A4?b=c").unwrap();
    let request = request.with_header("Last-Event-ID", "7-1").with_peer(peer);
    assert_eq!((request.path(), request.last_event_id()), ("/ä", Some("7-1")));
    assert_eq!((request.header("LAST-event-id"), request.peer()), (Some("7-1"), Some(peer)));
    assert_eq!(Request::new(Method::Get, "no slash").unwrap_err(), Refusal::Target);
    assert_eq!(Refusal::Target.status(), 400);
}

fn try_out(server: Server, request: Request, blocks: usize) -> Trial {
    block_on(server.unbound().try_out(&request, blocks))
}

fn get(target: &str) -> Request {
    Request::new(Method::Get, target).unwrap()
}

#[test]
fn the_first_blocks_of_a_channel() {
    let channel = Channel::default();
    let ids: Vec<_> =
        ["1", "2", "3"].iter().map(|data| channel.publish(&Frame::message(data))).collect();
    let shared = channel.clone();
    let server = || {
        let channel = shared.clone();
        Server::new(move |request| {
            Response::events(channel.subscribe(request.last_event_id(), Replay::All))
        })
    };
    let trial = try_out(server(), get("/").with_header("Last-Event-ID", &*ids[0].to_string()), 2);
    assert!(trial.head.starts_with("HTTP/1.1 200 OK\r\n"), "{}", trial.head);
    let expected = format!("id: {}\ndata: 2\n\nid: {}\ndata: 3\n\n", ids[1], ids[2]);
    assert_eq!(String::from_utf8(trial.body).unwrap(), expected);
    assert_eq!(channel.stats().subscribers, 0);
    let trial = try_out(server(), get("/"), 0);
    assert_eq!(trial.body, b"", "the head alone");
}

#[test]
fn pages_come_as_a_whole_and_streams_to_their_end() {
    let page = "a\n\nb\n\n".repeat(10_000);
    let body = page.clone();
    let trial = try_out(Server::new(move |_| Response::html(body.as_str())), get("/ä%25?x=1"), 1);
    assert_eq!(trial.body, page.as_bytes());
    let server = Server::new(|_| {
        Response::stream(async |mut sink: Sink| sink.send_bytes(b"data: x\n\n").await)
    });
    assert_eq!(try_out(server, get("/"), 9).body, b"data: x\n\n");
}

#[test]
fn guards_methods_and_cors_are_tried_out_too() {
    let server = || {
        let guard = |request: &Request| match request.header("Authorization") {
            Some(name) => Ok(name.to_owned()),
            None => Err(Response::new(401)),
        };
        let handler = |request: &Request, name: String| {
            Response::text(format!("{name} {} {:?}", request.path(), request.query("q")))
                .with_methods(&[Method::Get])
        };
        Server::authorized(guard, handler).cors(Cors::any())
    };
    assert!(try_out(server(), get("/"), 0).head.starts_with("HTTP/1.1 401 "));
    let trial = try_out(server(), get("/a%3Fb?q=1%262").with_header("Authorization", "Ada"), 0);
    assert_eq!(trial.body, b"Ada /a?b Some(\"1&2\")");
    assert!(trial.head.contains("\r\nAccess-Control-Allow-Origin: *\r\n"), "{}", trial.head);
    let post = Request::new(Method::Post, "/").unwrap().with_header("Authorization", "Ada");
    let trial = try_out(server(), post.with_body("hello"), 0);
    assert!(trial.head.contains("\r\nAllow: GET, HEAD, OPTIONS\r\n"), "{}", trial.head);
}

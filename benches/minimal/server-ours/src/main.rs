//! An event each second, by `sse-server`.

use std::time::Duration;

use sse_server::{Channel, Frame, History, Replay, Response, Server};

fn main() -> std::io::Result<()> {
    let clock = Channel::new(History::default());
    let publisher = clock.clone();
    std::thread::spawn(move || {
        loop {
            publisher.publish(&Frame::message("tick"));
            std::thread::sleep(Duration::from_secs(1));
        }
    });
    let server = Server::new(move |request| {
        Response::events(clock.subscribe(request.last_event_id(), Replay::Live))
    });
    server.bind("127.0.0.1:8080")?.run()
}

//! A server that goes away and comes back on the same port while its channel lives on.
//!
//! It reads its standard input: at `down` the server is dropped, as if it had crashed; at `up` a
//! new one listens with the same channel, which was published to all the time. The page at `/`
//! puts every number that it has received into the array `numbers`.

use std::io::BufRead;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use async_io::{Timer, block_on};
use futures_lite::future;
use sse_server::{Channel, Frame, History, Replay, Response, Server};

const PAGE: &str =
    "<!doctype html><meta charset=utf-8><link rel=icon href=data:,><title>numbers</title>
<script>
  const numbers = [];
  window.numbers = numbers;
  new EventSource('events').onmessage = (event) => numbers.push(Number(event.data));
</script>";

static IS_UP: AtomicBool = AtomicBool::new(true);

fn main() -> std::io::Result<()> {
    let channel = Channel::new(History::default());
    let published = channel.clone();
    thread::spawn(move || publish(&published));
    thread::spawn(listen_to_commands);
    let mut address = "127.0.0.1:0".to_owned();
    loop {
        let channel = channel.clone();
        let server = Server::new(move |request| match request.path() {
            "/" => Response::html(PAGE),
            "/events" => Response::events(channel.subscribe(request.last_event_id(), Replay::Live)),
            _ => Response::not_found(),
        })
        .bind(address.as_str())?;
        address = server.local_addr()?.to_string();
        println!("Open http://{address}/");
        block_on(future::or(server.serve(), until(false)));
        block_on(until(true));
    }
}

/// Counts, a number every 20 ms; the browser is asked to come back soon.
fn publish(channel: &Channel) {
    for number in 0_u64.. {
        let text = number.to_string();
        channel.publish(&Frame::message(&text).with_reconnection_time(Duration::from_millis(100)));
        thread::sleep(Duration::from_millis(20));
    }
}

/// Ends the program at the end of the input: nobody is there any more.
fn listen_to_commands() {
    for command in std::io::stdin().lock().lines().map_while(Result::ok) {
        IS_UP.store(command == "up", Ordering::SeqCst);
    }
    std::process::exit(0);
}

async fn until(is_up: bool) {
    while IS_UP.load(Ordering::SeqCst) != is_up {
        Timer::after(Duration::from_millis(5)).await;
    }
}

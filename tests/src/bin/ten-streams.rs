//! A page with ten event streams, each with a channel of its own that counts.
//!
//! Over HTTP/1.1 a browser opens six connections to an origin, so that four streams never begin;
//! over HTTP/2 all ten share one. The page at `/` keeps what each stream has received in `cards`.

use std::thread;
use std::time::Duration;

use sse_server::{Channel, Frame, Replay, Response, Server};

const PAGE: &str =
    "<!doctype html><meta charset=utf-8><link rel=icon href=data:,><title>cards</title>
<script>
  const cards = Array.from({ length: 10 }, () => []);
  window.cards = cards;
  cards.forEach((numbers, card) => {
    new EventSource(`events/${card}`).onmessage = (event) => numbers.push(event.data);
  });
</script>";

fn main() -> std::io::Result<()> {
    let channels: Vec<Channel> = (0..10).map(|_| Channel::default()).collect();
    let published = channels.clone();
    thread::spawn(move || publish(&published));
    let server = Server::new(move |request| {
        let card = request.path().strip_prefix("/events/");
        match (request.path(), card.and_then(|card| card.parse::<usize>().ok())) {
            ("/", _) => Response::html(PAGE),
            (_, Some(card)) => match channels.get(card) {
                Some(channel) => {
                    Response::events(channel.subscribe(request.last_event_id(), Replay::Live))
                }
                None => Response::not_found(),
            },
            _ => Response::not_found(),
        }
    })
    .bind("127.0.0.1:0")?;
    println!("Open http://{}/", server.local_addr()?);
    server.run()
}

/// Counts on every channel, a number every 20 ms, with the number of the card before it.
fn publish(channels: &[Channel]) {
    for number in 0_u64.. {
        for (card, channel) in channels.iter().enumerate() {
            channel.publish(&Frame::message(&format!("{card}: {number}")));
        }
        thread::sleep(Duration::from_millis(20));
    }
}

//! The ways to read a source, and what closing one means.

use futures_lite::StreamExt;
use sse_client::{EventSource, Item, ItemRef, ReadyState};
use std::time::Duration;
use tests::fault::{Script, Server};
use tests::pipe::Pipe;
use tests::source::{data, quick, run, source};
use tests::streams::Random;

const BODY: &str = ": c\nretry: 5\nid: 1\ndata: a\n\nid: 2\n\nevent: e\ndata: b\ndata: c\n\n";

fn server() -> Server {
    Server::scripts([Script::stream().chunk(BODY).last_chunk(), Script::status(204)])
}

/// One word for each item.
fn word(item: &Item) -> String {
    match item {
        Item::Open(_) => "open".into(),
        Item::Event(it) => format!("{} {:?} #{}", it.event_type, it.data, it.last_event_id),
        Item::Comment(text) => format!(":{text}"),
        Item::ReconnectionTime(time) => format!("retry {}", time.as_millis()),
        Item::LastEventId(id) => format!("id {id}"),
        Item::Error(error) => format!("error {}", error.is_final()),
        other => panic!("{other:?}"),
    }
}

const WORDS: [&str; 5] =
    ["open", "message \"a\" #1", "e \"b\\nc\" #2", "error false", "error true"];

fn check(read: impl FnOnce(EventSource) -> Vec<Item>) {
    let server = server();
    let items = read(source(&server));
    assert_eq!(items.iter().map(word).collect::<Vec<_>>(), WORDS);
}

#[test]
fn four_ways_to_read_give_the_same_items() {
    check(|mut source| {
        run(async {
            let mut items = Vec::new();
            while let Some(item) = source.next().await {
                items.push(item);
            }
            items
        })
    });
    check(|mut source| {
        run(async {
            let mut items = Vec::new();
            while let Some(item) = source.next_ref().await {
                items.push(item.into_owned());
            }
            items
        })
    });
    check(|source| run(StreamExt::collect(source)));
    check(|mut source| source.blocking().collect());
}

#[test]
fn details_when_they_are_asked_for() {
    let server = server();
    let mut source = quick(&server).details(true).build().expect("a source");
    let words: Vec<_> = source.blocking().take(6).map(|item| word(&item)).collect();
    assert_eq!(words, ["open", ":c", "retry 5", WORDS[1], "id 2", WORDS[2]]);
}

#[test]
fn a_borrowed_event_lies_in_the_read_buffer() {
    let server = server();
    let mut source = source(&server);
    run(async {
        assert!(matches!(source.next_ref().await, Some(ItemRef::Open(_))));
        let Some(ItemRef::Event(event)) = source.next_ref().await else { panic!("no event") };
        assert_eq!(
            (event.event_type(), event.data(), event.last_event_id()),
            ("message", "a", "1")
        );
    });
}

#[test]
fn closing_inside_the_blocking_loop_ends_it() {
    let server = Server::scripts([Script::stream().chunk("data: 1\n\ndata: 2\n\n").stall()]);
    let mut source = source(&server);
    let mut items = source.blocking();
    let mut seen = 0;
    while let Some(item) = items.next() {
        if matches!(item, Item::Event(_)) {
            seen += 1;
            items.source().close();
        }
    }
    assert_eq!((seen, source.ready_state()), (1, ReadyState::Closed));
}

/// Law 10, at every state that a source can be in.
#[test]
fn whenever_it_is_closed_nothing_more_is_delivered() {
    let mut random = Random::new(3);
    for _ in 0..100 {
        let mut body = String::new();
        for id in 0..random.below(6) {
            body.push_str(&format!("id: {id}\ndata: {id}\n\n"));
        }
        let script = Script::new().pieces(random.pick(&[1, 9, 1000]));
        let script = script.append(Script::stream().chunk(body)).cut_at(random.below(200));
        let server = Server::scripts([script]);
        let mut source = source(&server);
        run(async {
            for _ in 0..random.below(12) {
                let _ = futures_lite::future::poll_once(source.next()).await;
                if random.below(2) == 0 {
                    async_io::Timer::after(Duration::from_micros(300)).await;
                }
            }
            let id = source.last_event_id().to_owned();
            source.close();
            assert_eq!(source.ready_state(), ReadyState::Closed);
            let asked = server.requests().len();
            for _ in 0..3 {
                assert!(source.next().await.is_none() && source.next_ref().await.is_none());
            }
            // A request that was on its way may still come in; a new one must not.
            server.wait_until_idle(Duration::from_secs(5));
            assert!(server.requests().len() <= asked + 1);
            assert_eq!(source.last_event_id(), id);
        });
    }
}

#[test]
fn dropping_next_loses_nothing() {
    let events: String = (0..200).map(|id| format!("data: {id}\n\n")).collect();
    let script = Script::new().pieces(3).append(Script::stream().chunk(events).stall());
    let server = Server::scripts([script]);
    let mut source = source(&server);
    run(async {
        let mut seen = 0;
        while seen < 200 {
            if let Some(Some(Item::Event(event))) =
                futures_lite::future::poll_once(source.next()).await
            {
                assert_eq!(event.data, seen.to_string());
                seen += 1;
            } else {
                futures_lite::future::yield_now().await;
            }
        }
    });
}

#[test]
fn a_stream_that_never_pauses_gives_others_their_turn() {
    let head = &b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"[..];
    let beats = std::iter::repeat_n(&b": beat\n"[..], 1000);
    let pipe = Pipe::new([head].into_iter().chain(beats).chain([&b"data: last\n\n"[..]]));
    let builder = EventSource::builder("http://pipe/").connector(move |_| {
        let pipe = pipe.clone();
        async move { Ok(pipe) }
    });
    // It asks to be polled again after each turn: nobody else will.
    assert_eq!(run(data(&mut builder.clone().build().expect("a source"))), "last");
    let mut source = builder.build().expect("a source");
    run(async {
        assert!(matches!(source.next().await, Some(Item::Open(_))));
        let mut turns = 0;
        loop {
            match futures_lite::future::poll_once(source.next()).await {
                None => turns += 1,
                Some(Some(Item::Event(event))) => break assert_eq!(event.data, "last"),
                Some(other) => panic!("{other:?}"),
            }
        }
        assert!(turns > 10, "{turns}");
    });
}

#[test]
fn a_source_can_move_to_another_thread() {
    let server = server();
    let mut source = source(&server);
    let moved = std::thread::spawn(move || source.blocking().count());
    assert_eq!(moved.join().expect("no panic"), WORDS.len());
}

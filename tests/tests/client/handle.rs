//! Closing and restarting from other threads and tasks, and waiting no longer than one wants to.

use sse_client::{ErrorKind, Item, ReadyState, TimedOut};
use std::thread;
use std::time::{Duration, Instant};
use tests::fault::{Gate, Script, Server};
use tests::source::{data, error, quick, run, source};

/// What the handle needs to end a waiting thread, and much more for a machine under load.
const SOON: Duration = Duration::from_millis(50);

/// Long enough for a thread to be waiting.
const MOMENT: Duration = Duration::from_millis(100);

/// Whatever the source waits for, a blocked iterator ends; the best of three tries counts, because
/// the machine may be busy.
#[test]
fn a_handle_ends_a_blocked_iterator() {
    for script in [
        Script::new().stall(),
        Script::stream().stall(),
        Script::stream().chunk("data: 1\n\n").stall(),
        Script::body("retry: 600000\n\n"),
    ] {
        let mut best = Duration::MAX;
        for _ in 0..3 {
            let server = Server::scripts([script.clone()]);
            let mut source = source(&server);
            let handle = source.handle();
            let blocked = thread::spawn(move || {
                source.blocking().for_each(drop);
                (source, Instant::now())
            });
            thread::sleep(MOMENT);
            assert!(!blocked.is_finished());
            let closed = Instant::now();
            handle.clone().close();
            while !blocked.is_finished() {
                assert!(closed.elapsed() < Duration::from_secs(10), "it is still blocked");
                thread::sleep(Duration::from_millis(1));
            }
            let (source, ended) = blocked.join().expect("no panic");
            assert_eq!(source.ready_state(), ReadyState::Closed);
            best = best.min(ended.saturating_duration_since(closed));
            drop(source);
            server.wait_until_idle(Duration::from_secs(5));
        }
        assert!(best <= SOON, "{best:?}");
    }
}

#[test]
fn a_handle_restarts_a_source_that_waits() {
    let server = Server::scripts([
        Script::body("retry: 600000\nid: 1\ndata: 1\n\n"),
        Script::stream().chunk("data: 2\n\ndata: dropped\n\nid: 9").stall(),
        Script::stream().chunk("data: 3\n\n").stall(),
    ]);
    let mut source = source(&server);
    let handle = source.handle();
    run(async {
        assert_eq!(data(&mut source).await, "1");
        assert_eq!(error(&mut source).await.kind(), ErrorKind::Ended);
        let restarting = thread::spawn({
            let handle = handle.clone();
            move || {
                thread::sleep(MOMENT);
                handle.restart();
            }
        });
        assert_eq!(data(&mut source).await, "2");
        restarting.join().expect("no panic");
        handle.restart();
        assert_eq!(source.ready_state(), ReadyState::Connecting);
        assert_eq!(data(&mut source).await, "3");
    });
    let ids: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.header("last-event-id").map(str::to_owned))
        .collect();
    assert_eq!(ids, [None, Some("1".to_owned()), Some("1".to_owned())]);
}

/// Law 10: what was received already is not delivered either.
#[test]
fn nothing_is_delivered_after_a_handle_has_closed() {
    let server = Server::scripts([Script::stream().chunk("data: 1\n\ndata: 2\n\n").stall()]);
    let mut source = source(&server);
    let handle = source.handle();
    run(async {
        assert_eq!(data(&mut source).await, "1");
        handle.close();
        assert_eq!(source.ready_state(), ReadyState::Closed);
        assert!(source.next().await.is_none() && source.next_ref().await.is_none());
        // Of several calls the last one counts, and the source's own calls do too.
        handle.restart();
        handle.close();
        assert!(source.next().await.is_none());
        handle.close();
        source.restart();
        assert_eq!(data(&mut source).await, "1");
        handle.restart();
        source.close();
        assert!(source.next().await.is_none());
    });
}

#[test]
fn a_handle_reaches_a_task_on_the_same_thread() {
    let server = Server::scripts([Script::stream().stall()]);
    let mut source = source(&server);
    let handle = source.handle();
    run(async {
        let closing = async {
            async_io::Timer::after(MOMENT).await;
            handle.close();
        };
        let listening = async {
            assert!(matches!(source.next().await, Some(Item::Open(_))));
            assert!(source.next().await.is_none());
        };
        futures_lite::future::zip(closing, listening).await;
    });
}

#[test]
fn a_handle_outlives_its_source() {
    let server = Server::scripts([Script::stream().chunk("data: 1\n\n").stall()]);
    let mut source = source(&server);
    run(async { assert_eq!(data(&mut source).await, "1") });
    let handle = source.handle();
    drop(source);
    handle.restart();
    handle.close();
    assert_eq!(server.requests().len(), 1, "what is not there any more does not come back");
}

#[test]
fn waiting_can_be_limited() {
    let gate = Gate::new();
    let script = Script::stream().chunk("data: ").wait(&gate).chunk("1\n\n").last_chunk();
    let server = Server::scripts([script]);
    let mut source = quick(&server).max_failures(1).build().expect("a source");
    let mut items = source.blocking();
    let long = Duration::from_secs(20);
    assert!(matches!(items.next_timeout(long), Ok(Some(Item::Open(_)))));
    for _ in 0..3 {
        let begun = Instant::now();
        assert!(matches!(items.next_timeout(MOMENT), Err(TimedOut)));
        assert!(begun.elapsed() >= MOMENT - Duration::from_millis(5));
    }
    gate.open();
    let Ok(Some(Item::Event(event))) = items.next_timeout(long) else { panic!("no event") };
    assert_eq!(event.data, "1");
    assert!(matches!(items.next_timeout(long), Ok(Some(Item::Error(_)))));
    assert!(matches!(items.next_timeout(long), Ok(None)));
}

//! Who waits for a channel is woken, and forgotten, when nothing is locked: what a waker does is anybody's guess. Here it looks
//! at the channel, which would wait for itself if the channel were locked.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Wake, Waker};

use sse_channel::{Channel, Frame, Replay, StateChannel};

/// Looks at the channel when it is woken, and when the last who knows it forgets it.
struct Nosy {
    channel: Channel,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    wakes: AtomicUsize,
    drops: AtomicUsize,
}

impl Wake for Nosy {
    fn wake(self: Arc<Self>) {
        let _ = self.channel.stats();
        self.seen.wakes.fetch_add(1, Relaxed);
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let _ = self.channel.stats();
        self.seen.drops.fetch_add(1, Relaxed);
    }
}

impl Seen {
    /// How many have been woken, and forgotten.
    fn so_far(&self) -> (usize, usize) {
        (self.wakes.load(Relaxed), self.drops.load(Relaxed))
    }
}

/// A waker that nobody else keeps.
fn nosy(channel: &Channel, seen: &Arc<Seen>) -> Waker {
    Waker::from(Arc::new(Nosy { channel: channel.clone(), seen: seen.clone() }))
}

/// Lets `future` wait for a task of its own.
fn wait(future: std::pin::Pin<&mut impl Future>, waker: Waker) {
    assert!(future.poll(&mut Context::from_waker(&waker)).is_pending());
}

#[test]
fn a_subscription_forgets_its_task_unlocked() {
    let (channel, seen) = (Channel::default(), Arc::<Seen>::default());
    let mut events = channel.subscribe(None, Replay::Live);
    let _ = events.try_next();
    wait(pin!(events.next()), nosy(&channel, &seen));
    wait(pin!(events.next()), nosy(&channel, &seen));
    assert_eq!(seen.so_far(), (0, 1), "another task waits now");
    events.rest();
    assert_eq!(seen.so_far(), (0, 2));
    wait(pin!(events.next()), nosy(&channel, &seen));
    channel.publish(&Frame::message("x"));
    assert_eq!(seen.so_far(), (1, 3));
    let _ = events.try_next();
    wait(pin!(events.next()), nosy(&channel, &seen));
    drop(events);
    assert_eq!(seen.so_far(), (1, 4));
}

#[test]
fn whoever_waits_for_the_log_is_forgotten_unlocked() {
    let (channel, seen) = (Channel::default(), Arc::<Seen>::default());
    {
        let mut changed = pin!(channel.log().changed(channel.log().end()));
        wait(changed.as_mut(), nosy(&channel, &seen));
        wait(changed.as_mut(), nosy(&channel, &seen));
        assert_eq!(seen.so_far(), (0, 1));
    }
    assert_eq!(seen.so_far(), (0, 2));
    let mut closed = pin!(channel.log().changed(channel.log().end()));
    wait(closed.as_mut(), nosy(&channel, &seen));
    channel.close();
    assert_eq!(seen.so_far(), (1, 3));
}

#[test]
fn a_change_of_state_wakes_when_the_state_is_free_again() {
    struct Reader(StateChannel<u32>, AtomicUsize);
    impl Wake for Reader {
        fn wake(self: Arc<Self>) {
            self.1.store(self.0.read(|state| *state) as usize, Relaxed);
        }
    }
    let channel = StateChannel::new(0, sse_channel::History::default());
    let reader = Arc::new(Reader(channel.clone(), AtomicUsize::new(0)));
    let mut changed = pin!(channel.log().changed(channel.log().end()));
    wait(changed.as_mut(), Waker::from(reader.clone()));
    channel.update(|state, changes| {
        *state = 7;
        changes.publish(&Frame::message("7"));
    });
    assert_eq!(reader.1.load(Relaxed), 7);
}

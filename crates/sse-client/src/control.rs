//! What reaches an event source from other threads and tasks. Depends on nothing.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

/// Closes or restarts an event source from anywhere, while it waits: from
/// [`EventSource::handle`](crate::EventSource::handle). All its clones are the same.
///
/// ```
/// use sse_client::EventSource;
/// use std::thread;
///
/// let mut source = EventSource::new("http://127.0.0.1:1/events")?;
/// let handle = source.handle();
/// let closing = thread::spawn(move || handle.close());
/// source.blocking().for_each(drop);
/// closing.join().unwrap();
/// # Ok::<(), sse_client::BuildError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Handle(Arc<Control>);

impl Handle {
    pub(crate) fn new(control: &Arc<Control>) -> Self {
        Self(Arc::clone(control))
    }

    /// Like [`EventSource::close`](crate::EventSource::close): nothing is delivered any more, and
    /// whoever waits for the next item gets `None` at once.
    ///
    /// ```
    /// let mut source = sse_client::EventSource::new("http://127.0.0.1:8080/events")?;
    /// source.handle().close();
    /// assert!(source.blocking().next().is_none());
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn close(&self) {
        self.0.raise(CLOSE);
    }

    /// Like [`EventSource::restart`](crate::EventSource::restart): connects again, from whatever
    /// state, as soon as somebody waits for the next item. Of several calls the last one counts.
    ///
    /// ```
    /// let mut source = sse_client::EventSource::new("http://127.0.0.1:8080/events")?;
    /// source.close();
    /// source.handle().restart();
    /// assert_eq!(source.ready_state(), sse_client::ReadyState::Connecting);
    /// # Ok::<(), sse_client::BuildError>(())
    /// ```
    pub fn restart(&self) {
        self.0.raise(RESTART);
    }
}

/// The shared half of a source.
#[derive(Debug, Default)]
pub(crate) struct Control {
    signal: AtomicU8,
    /// Of the task that waits for the source.
    waker: Mutex<Option<Waker>>,
}

/// What a handle has asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Close,
    Restart,
}

const NONE: u8 = 0;
const CLOSE: u8 = 1;
const RESTART: u8 = 2;

impl Control {
    /// Whether there is a signal; as cheap as it can be, because it is asked for every event.
    #[inline]
    pub(crate) fn is_raised(&self) -> bool {
        self.signal.load(Ordering::Relaxed) != NONE
    }

    /// The signal, which stays.
    pub(crate) fn peek(&self) -> Option<Signal> {
        Self::signal(self.signal.load(Ordering::SeqCst))
    }

    pub(crate) fn take(&self) -> Option<Signal> {
        Self::signal(self.signal.swap(NONE, Ordering::SeqCst))
    }

    /// Remembers who waits. Look for a signal after this, not before it.
    pub(crate) fn register(&self, waker: &Waker) {
        let mut slot = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *slot {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    }

    fn raise(&self, signal: u8) {
        self.signal.store(signal, Ordering::SeqCst);
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn signal(number: u8) -> Option<Signal> {
        match number {
            CLOSE => Some(Signal::Close),
            RESTART => Some(Signal::Restart),
            _ => None,
        }
    }
}

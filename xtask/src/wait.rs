//! Waiting for something to become true: by looking again and again until a deadline.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;

/// How long a page or a program may take to do what it should; much longer than it needs, so that
/// a busy machine is no failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What a look at the state of things found.
pub(crate) enum Look<T> {
    Reached(T),
    /// Not yet; the text says how things stand.
    NotYet(String),
}

/// Looks until what was waited for is there, at most for [`PATIENCE`].
///
/// # Errors
///
/// When a look fails, or when time is over; the message holds how things stood at last.
pub(crate) fn until<T>(
    what: &str,
    look: impl FnMut() -> anyhow::Result<Look<T>>,
) -> anyhow::Result<T> {
    within(PATIENCE, what, look)
}

/// Looks until what was waited for is there, at most for `limit`.
///
/// # Errors
///
/// When a look fails, or when time is over; the message holds how things stood at last.
pub(crate) fn within<T>(
    limit: Duration,
    what: &str,
    mut look: impl FnMut() -> anyhow::Result<Look<T>>,
) -> anyhow::Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        match look()? {
            Look::Reached(value) => return Ok(value),
            Look::NotYet(state) if Instant::now() > deadline => {
                bail!("{what}: not within {} s; at last: {state}", limit.as_secs())
            }
            Look::NotYet(_) => thread::sleep(Duration::from_millis(50)),
        }
    }
}

//! Waiting for something to become true: by looking again and again until a deadline. Needs the standard library.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;

/// How long a page or a program may take to do what it should; much longer than it needs, so that
/// a busy machine is no failure.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What a look at the state of things found.
#[derive(Debug)]
pub enum Look<T> {
    /// What was waited for.
    Reached(T),
    /// Not yet; the text says how things stand.
    NotYet(String),
}

/// Looks until what was waited for is there, at most for [`PATIENCE`].
///
/// # Errors
///
/// When a look fails, or when time is over; the message holds how things stood at last.
pub fn until<T>(what: &str, look: impl FnMut() -> anyhow::Result<Look<T>>) -> anyhow::Result<T> {
    within(PATIENCE, what, look)
}

/// Looks until what was waited for is there, at most for `limit`.
///
/// # Errors
///
/// When a look fails, or when time is over; the message holds how things stood at last.
pub fn within<T>(
    limit: Duration,
    what: &str,
    mut look: impl FnMut() -> anyhow::Result<Look<T>>,
) -> anyhow::Result<T> {
    let began = Instant::now();
    loop {
        match look()? {
            Look::Reached(value) => return Ok(value),
            Look::NotYet(state) if began.elapsed() > limit => {
                bail!("{what}: not within {} s; at last: {state}", limit.as_secs())
            }
            Look::NotYet(_) => thread::sleep(pause(began.elapsed())),
        }
    }
}

/// The time until the next look: a tenth of what has been waited. A look may cost a browser's time.
fn pause(waited: Duration) -> Duration {
    (waited / 10).clamp(Duration::from_millis(1), Duration::from_millis(200))
}

/// Waits until something is so, at most for [`PATIENCE`]; how long it took.
///
/// # Panics
///
/// When it is not so in time: the test has failed.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    let look = || Ok(if is_so() { Look::Reached(()) } else { Look::NotYet("it is not".into()) });
    until(what, look).unwrap_or_else(|error| panic!("{error}"));
    began.elapsed()
}

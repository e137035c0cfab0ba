//! What a program prints, line by line. Needs the standard library alone.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::wait::PATIENCE;

/// The lines of a pipe, collected in the background: whoever writes into it never waits. As an iterator it gives them in
/// turn, and ends where there is no further line within [`PATIENCE`].
#[derive(Debug)]
pub struct Lines {
    shared: Arc<Shared>,
    taken: usize,
}

#[derive(Debug, Default)]
struct Shared {
    printed: Mutex<Printed>,
    grown: Condvar,
}

#[derive(Debug, Default)]
struct Printed {
    lines: Vec<String>,
    is_over: bool,
}

impl Lines {
    /// Reads the pipe from now on, until it ends.
    pub fn of(pipe: impl Read + Send + 'static) -> Lines {
        let shared = Arc::<Shared>::default();
        let own = shared.clone();
        thread::spawn(move || {
            for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line);
                own.lock().lines.push(line.trim_end_matches('\r').to_owned());
                own.grown.notify_all();
            }
            own.lock().is_over = true;
            own.grown.notify_all();
        });
        Lines { shared, taken: 0 }
    }

    /// All lines so far.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        self.shared.lock().lines.clone()
    }

    /// What `look` finds in the first line in which it finds something, old or new; `None` if there is none within a time,
    /// or before the pipe ends.
    pub fn find<T>(&self, within: Duration, look: impl Fn(&str) -> Option<T>) -> Option<T> {
        let mut looked = 0;
        self.shared.wait(within, |lines| {
            let found = lines[looked..].iter().find_map(|line| look(line));
            looked = lines.len();
            found
        })
    }

    /// The next line that this has not given yet; `None` if there is none within a time, or before the pipe ends.
    pub fn next_within(&mut self, within: Duration) -> Option<String> {
        let line = self.shared.wait(within, |lines| lines.get(self.taken).cloned());
        self.taken += usize::from(line.is_some());
        line
    }
}

impl Iterator for Lines {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.next_within(PATIENCE)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Printed> {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<T>(&self, within: Duration, mut look: impl FnMut(&[String]) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + within;
        let mut printed = self.lock();
        loop {
            if let Some(found) = look(&printed.lines) {
                return Some(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if printed.is_over || left.is_zero() {
                return None;
            }
            let waited = self.grown.wait_timeout(printed, left);
            printed = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn lines_are_found_and_given_in_turn() {
        let (reader, mut writer) = UnixStream::pair().expect("a pair");
        let mut lines = Lines::of(reader);
        assert_eq!(lines.next_within(Duration::ZERO), None);
        writer.write_all(b"one\r\ntwo \xff\nth").expect("written");
        let two = |line: &str| line.strip_prefix("two ").map(str::to_owned);
        assert_eq!(lines.find(PATIENCE, two).as_deref(), Some("\u{fffd}"));
        assert_eq!(lines.next().as_deref(), Some("one"));
        assert_eq!(lines.next().as_deref(), Some("two \u{fffd}"));
        writer.write_all(b"ree").expect("written");
        drop(writer);
        assert_eq!(lines.next().as_deref(), Some("three"));
        // The pipe has ended: nobody waits.
        assert_eq!(lines.next_within(Duration::MAX / 4), None);
        assert_eq!(lines.find(Duration::MAX / 4, |line| (line == "four").then_some(())), None);
        assert_eq!(lines.all().len(), 3);
    }
}

//! Child processes that never outlive what started them.
//!
//! A [`Child`] is ended, with everything that it has started, when it is dropped. In a program that is
//! [watched](watch) each one leads a process group of its own, is asked to end before it is killed, and is found
//! by its environment even where it has left the group and lost its parent; [`end_all`] does the same for all that
//! is left at the program's end. Elsewhere, as in a test, a child stays in the group of its parent, so that Ctrl-C
//! reaches it too, and is killed. What only one system can do is in `process/`.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
pub use rustix::process::Signal;

use crate::lines::Lines;
use crate::wait::{self, Look};

mod system;

/// How long a process may take to end when it is asked to; after that it is killed.
const GRACE: Duration = Duration::from_secs(3);

/// The environment variable by which a child and all that it starts are known.
const MARK: &str = "TESTKIT_CHILD";

/// A running child process, ended with all that it has started when this value is dropped.
#[derive(Debug)]
pub struct Child {
    inner: std::process::Child,
    /// By which it is known, in a program that is watched.
    mark: Option<String>,
}

impl Child {
    /// Starts `command`.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn spawn(command: &mut Command) -> anyhow::Result<Child> {
        // The lock is held while the child starts, so that an interrupt sees it or forbids it.
        let mut running = running();
        if running.ending {
            drop(running);
            wait_for_exit();
        }
        let mark = running.watched.then(|| {
            static COUNT: AtomicU32 = AtomicU32::new(0);
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let mark = format!("{}-{count}", std::process::id());
            system::lead_group(command.env(MARK, &mark));
            mark
        });
        let inner = command
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().to_string_lossy()))?;
        if mark.is_some() {
            running.leaders.insert(inner.id());
        }
        Ok(Child { inner, mark })
    }

    /// The number of its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.inner.id()
    }

    /// The numbers of its process and of those that it has started.
    #[must_use]
    pub fn family(&self) -> Vec<u32> {
        let leader = self.inner.id();
        let below = system::descendants(leader);
        [leader].into_iter().chain(below.iter().map(|it| it.id)).collect()
    }

    /// The pipes of the child and its state.
    pub fn inner(&mut self) -> &mut std::process::Child {
        &mut self.inner
    }

    /// Starts `command`, and hands out the lines of its standard output as they come.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn with_lines(command: &mut Command) -> anyhow::Result<(Child, Lines)> {
        let mut child = Child::spawn(command.stdout(Stdio::piped()))?;
        let stdout = child.inner.stdout.take().context("it has no standard output")?;
        Ok((child, Lines::of(stdout)))
    }

    /// Waits for the child to end by itself.
    ///
    /// # Errors
    ///
    /// When the system does not tell.
    pub fn wait(&mut self) -> anyhow::Result<ExitStatus> {
        let status = self.reap().context("cannot wait for a child process")?;
        if running().ending {
            wait_for_exit();
        }
        Ok(status)
    }

    /// How it ended.
    ///
    /// # Errors
    ///
    /// When it has not within a time.
    pub fn ended(&mut self, within: Duration) -> anyhow::Result<ExitStatus> {
        wait::within(within, "the program ends", || {
            let status = self.look().context("cannot wait for a child process")?;
            Ok(status.map_or_else(|| Look::NotYet("it runs".into()), Look::Reached))
        })
    }

    /// Sends it a signal.
    ///
    /// # Errors
    ///
    /// When it has ended.
    pub fn signal(&mut self, signal: Signal) -> anyhow::Result<()> {
        // An ID is somebody else's once its process has been waited for.
        let status = self.look().context("cannot wait for a child process")?;
        ensure!(status.is_none(), "the process has ended");
        system::signal(self.inner.id(), signal).context("the process has ended")
    }

    /// Kills it and all that it has started, and waits until it has ended.
    pub fn kill(&mut self) {
        if let Ok(None) = self.look() {
            // Who has ended meanwhile needs no signal.
            for process in self.family() {
                let _ = system::signal(process, Signal::KILL);
            }
            let _ = self.reap();
        }
    }

    /// How it ended, if it has.
    fn look(&mut self) -> io::Result<Option<ExitStatus>> {
        count_ended(self.inner.id());
        self.inner.try_wait()
    }

    /// How it ended, once it has.
    fn reap(&mut self) -> io::Result<ExitStatus> {
        system::wait_for_end(self.inner.id());
        count_ended(self.inner.id());
        self.inner.wait()
    }

    /// Asks it, and all that can be known to come from it, to end.
    fn end(&mut self, mark: &str) {
        let leader = self.inner.id();
        // Whoever has left the group and lost the parent still has the environment.
        let family = || {
            let below: Vec<u32> = system::descendants(leader).iter().map(|it| it.id).collect();
            system::descendants(std::process::id())
                .iter()
                .filter(|it| it.group == leader || below.contains(&it.id) || it.has(MARK, mark))
                .map(|it| it.id)
                .collect()
        };
        end(&family, &mut || match self.look() {
            Ok(None) => Some(leader),
            _ => None,
        });
        running().leaders.remove(&leader);
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        match self.mark.take() {
            Some(mark) => self.end(&mark),
            None => self.kill(),
        }
    }
}

thread_local! {
    static COMPUTED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Processor time of the children that this thread has seen end, and of all that those have waited for. Nothing where the
/// system has no `/proc`.
#[must_use]
pub fn computed() -> Duration {
    COMPUTED.get()
}

/// Counts what another thread has seen [`computed`] as this one's.
pub fn count(time: Duration) {
    COMPUTED.set(COMPUTED.get() + time);
}

/// Counts a child, if it has ended and nobody has asked how: until then the system knows its time.
fn count_ended(child: u32) {
    count(system::time_of_ended(child).unwrap_or_default());
}

/// Sends a signal to a process that somebody else has started, by its number.
///
/// # Errors
///
/// When there is none that takes it.
pub fn send(process: u32, signal: Signal) -> anyhow::Result<()> {
    system::signal(process, signal).with_context(|| format!("no process {process} takes a signal"))
}

/// Watches over all that is started from now on; called once, before the first of them.
pub fn watch() {
    system::adopt_orphans();
    running().watched = true;
}

static RUNNING: Mutex<Running> =
    Mutex::new(Running { watched: false, leaders: BTreeSet::new(), ending: false });

struct Running {
    watched: bool,
    leaders: BTreeSet<u32>,
    /// This program is about to exit: nothing may be started any more.
    ending: bool,
}

fn running() -> MutexGuard<'static, Running> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends all children and all that they have left behind, in a program that is watched. Nothing can be started afterwards.
pub fn end_all() {
    running().ending = true;
    let all = || system::descendants(std::process::id()).iter().map(|it| it.id).collect();
    for leader in running().leaders.clone() {
        system::signal_group(leader, Signal::TERM);
    }
    end(&all, &mut || None);
}

/// Asks processes to end, and kills those that have not done so in time.
///
/// `members` lists those that are alive at the moment; `leader` reaps the leader of their group
/// and names it while it is alive.
fn end(members: &dyn Fn() -> Vec<u32>, leader: &mut dyn FnMut() -> Option<u32>) {
    for signal in [Signal::TERM, Signal::KILL] {
        if let Some(leader) = leader() {
            system::signal_group(leader, signal);
        }
        for member in members() {
            let _ = system::signal(member, signal);
        }
        let deadline = Instant::now() + GRACE;
        // A list is not made in one instant: who changes parents meanwhile may be missing in it.
        let mut empty_lists = 0;
        while Instant::now() < deadline {
            let is_over = leader().is_none() && members().is_empty();
            empty_lists = if is_over { empty_lists + 1 } else { 0 };
            if empty_lists == 3 {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Leaves the word to the thread that handles the signal and then ends the program.
fn wait_for_exit() -> ! {
    loop {
        thread::park();
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::wait::{PATIENCE, eventually};

    #[test]
    fn a_panic_ends_what_was_started_and_what_that_has_started() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let panicking = thread::spawn(move || {
            let mut shell = Command::new("sh");
            shell.args(["-c", "sleep 1000 & echo $!; wait"]);
            let (child, mut lines) = Child::with_lines(&mut shell).expect("a shell starts");
            let below = lines.next().expect("a line");
            sender.send([child.inner.id().to_string(), below]).expect("the test listens");
            panic!("on purpose");
        });
        let ids = receiver.recv().expect("the IDs of the processes");
        assert!(panicking.join().is_err());
        // The one below is reaped by whoever adopts it.
        let is_gone = |id: &String| {
            let stat = std::fs::read_to_string(Path::new("/proc").join(id).join("stat"));
            stat.map_or(true, |stat| stat.contains(") Z "))
        };
        assert!(is_gone(&ids[0]));
        eventually("the one below is gone", || is_gone(&ids[1]));
    }

    #[test]
    fn who_ends_by_itself_is_told_from_who_does_not() {
        let mut child = Child::spawn(Command::new("sleep").arg("1000")).expect("sleep starts");
        assert!(child.ended(Duration::ZERO).is_err());
        child.signal(Signal::TERM).expect("it runs");
        let status = child.ended(PATIENCE).expect("it ends");
        assert!(!status.success());
        child.kill();
        assert!(Child::spawn(&mut Command::new("/nothing/of/this/name")).is_err());
    }

    #[test]
    fn what_children_and_theirs_have_computed_is_counted_once() {
        const COUNT: &str = "(i=0; while [ $i -lt 200000 ]; do i=$((i + 1)); done); true";
        let before = computed();
        let mut child = Child::spawn(Command::new("sh").args(["-c", COUNT])).expect("a shell");
        child.wait().expect("it ends");
        let after = computed();
        assert!(after > before);
        drop(child);
        assert_eq!(computed(), after);
    }
}

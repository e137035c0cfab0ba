//! Child processes that never outlive this program.
//!
//! Each child leads a process group of its own and is ended, with everything that it has started,
//! when its [`Child`] is dropped. [`Guard`] does the same for all that is left when the program
//! ends, also by a panic, Ctrl-C or SIGTERM. What only one system can do is in `process/`.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;

mod system;

/// How long a process may take to end when it is asked to; after that it is killed.
const GRACE: Duration = Duration::from_secs(3);

/// The environment variable by which a child and all that it starts are known.
const MARK: &str = "XTASK_CHILD";

/// A running child process, ended with all that it has started when this value is dropped.
pub(crate) struct Child {
    inner: std::process::Child,
    mark: String,
}

impl Child {
    /// Starts `command` as the leader of a process group of its own.
    pub(crate) fn spawn(command: &mut Command) -> anyhow::Result<Child> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{}-{count}", std::process::id());
        system::lead_group(command.env(MARK, &mark));
        // The lock is held while the child starts, so that an interrupt sees it or forbids it.
        let mut running = running();
        if running.ending {
            drop(running);
            wait_for_exit();
        }
        let inner = command
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().to_string_lossy()))?;
        running.leaders.insert(inner.id());
        Ok(Child { inner, mark })
    }

    /// The pipes of the child and its state.
    pub(crate) fn inner(&mut self) -> &mut std::process::Child {
        &mut self.inner
    }

    /// Waits for the child to end by itself.
    pub(crate) fn wait(&mut self) -> anyhow::Result<ExitStatus> {
        let status = self.inner.wait().context("cannot wait for a child process")?;
        if running().ending {
            wait_for_exit();
        }
        Ok(status)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let leader = self.inner.id();
        // Whoever has left the group and lost the parent still has the environment.
        let family = || {
            let below: Vec<u32> = system::descendants(leader).iter().map(|it| it.id).collect();
            system::descendants(std::process::id())
                .iter()
                .filter(|it| {
                    it.group == leader || below.contains(&it.id) || it.has(MARK, &self.mark)
                })
                .map(|it| it.id)
                .collect()
        };
        end(&family, &mut || match self.inner.try_wait() {
            Ok(None) => Some(leader),
            _ => None,
        });
        running().leaders.remove(&leader);
    }
}

/// Ends every child process when it is dropped or when a signal asks this program to end.
pub(crate) struct Guard(());

impl Guard {
    /// Begins to watch over the child processes; called once, before the first of them.
    pub(crate) fn install() -> Guard {
        system::adopt_orphans();
        system::on_signal(|signal| {
            end_all();
            let status = INTERRUPTED_STATUS.load(Ordering::Relaxed);
            anstream::eprintln!("\nended by {}", system::signal_name(signal));
            std::process::exit(if status < 0 { 128 + signal } else { status });
        });
        Guard(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        end_all();
    }
}

/// Makes Ctrl-C an ordinary end of this program: from now on its exit status is 0.
pub(crate) fn interrupt_is_success() {
    INTERRUPTED_STATUS.store(0, Ordering::Relaxed);
}

/// The cargo that runs this program, in the folder of the workspace.
pub(crate) fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace()).args(arguments);
    command
}

/// The folder of the workspace: the one above the package that `cargo run` runs.
pub(crate) fn workspace() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let package = std::env::var_os("CARGO_MANIFEST_DIR");
        let package = package.map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        package.parent().map_or_else(|| package.clone(), Path::to_path_buf)
    })
}

/// The exit status after a signal; negative: the customary 128 plus the signal's number.
static INTERRUPTED_STATUS: AtomicI32 = AtomicI32::new(-1);

static RUNNING: Mutex<Running> = Mutex::new(Running { leaders: BTreeSet::new(), ending: false });

struct Running {
    leaders: BTreeSet<u32>,
    /// This program is about to exit: nothing may be started any more.
    ending: bool,
}

fn running() -> MutexGuard<'static, Running> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends all children and all that they have left behind. Nothing can be started afterwards.
fn end_all() {
    running().ending = true;
    let all = || system::descendants(std::process::id()).iter().map(|it| it.id).collect();
    for leader in running().leaders.clone() {
        system::signal_group(leader, false);
    }
    end(&all, &mut || None);
}

/// Asks processes to end, and kills those that have not done so in time.
///
/// `members` lists those that are alive at the moment; `leader` reaps the leader of their group
/// and names it while it is alive.
fn end(members: &dyn Fn() -> Vec<u32>, leader: &mut dyn FnMut() -> Option<u32>) {
    for kill in [false, true] {
        if let Some(leader) = leader() {
            system::signal_group(leader, kill);
        }
        for member in members() {
            system::signal(member, kill);
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
    use super::*;

    #[test]
    fn a_panic_ends_what_was_started() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let panicking = thread::spawn(move || {
            let child = Child::spawn(Command::new("sleep").arg("1000")).expect("sleep starts");
            sender.send(child.inner.id()).expect("the test listens");
            panic!("on purpose");
        });
        let id = receiver.recv().expect("the ID of the child");
        assert!(panicking.join().is_err());
        assert!(!Path::new(&format!("/proc/{id}")).exists());
    }
}

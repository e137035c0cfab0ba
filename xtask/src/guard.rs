//! Ends all child processes at the end of this program, also by a panic, Ctrl-C or SIGTERM.

use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use testkit::process::{end_all, watch};

/// Ends every child process when it is dropped or when a signal asks this program to end.
pub(crate) struct Guard(());

impl Guard {
    /// Begins to watch over the child processes; called once, before the first of them.
    pub(crate) fn install() -> Guard {
        watch();
        if let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP]) {
            thread::spawn(move || signals.forever().for_each(end_by));
        }
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

/// The exit status after a signal; negative: the customary 128 plus the signal's number.
static INTERRUPTED_STATUS: AtomicI32 = AtomicI32::new(-1);

fn end_by(signal: i32) {
    end_all();
    let status = INTERRUPTED_STATUS.load(Ordering::Relaxed);
    let name = match signal {
        SIGINT => "Ctrl-C",
        SIGTERM => "SIGTERM",
        _ => "SIGHUP",
    };
    anstream::eprintln!("\nended by {name}");
    std::process::exit(if status < 0 { 128 + signal } else { status });
}

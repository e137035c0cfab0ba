//! A folder for the files of one program or test, removed when it is no longer needed. Needs the standard library.

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context;

/// A folder that nobody else has, empty at first; it goes with this value.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// One among the system's temporary files, whose name tells what it is for.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn new(purpose: &str) -> anyhow::Result<Scratch> {
        Scratch::below(&std::env::temp_dir(), &format!("sse-{purpose}"))
    }

    /// One below another folder.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn below(folder: &Path, purpose: &str) -> anyhow::Result<Scratch> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{purpose}-{}-{count}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Scratch(path))
    }
}

impl Deref for Scratch {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A program that is just ending may still write; what remains does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

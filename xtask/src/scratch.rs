//! A folder for the files of one program, removed when it is no longer needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context;

use crate::process::workspace;

/// A folder, empty at first.
pub(crate) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// A folder below `target/`.
    pub(crate) fn new(name: &str) -> anyhow::Result<Scratch> {
        Scratch::below(workspace().join("target/xtask"), name)
    }

    /// A folder where cargo does not see that this workspace is there.
    pub(crate) fn outside(name: &str) -> anyhow::Result<Scratch> {
        Scratch::below(std::env::temp_dir(), name)
    }

    fn below(folder: PathBuf, name: &str) -> anyhow::Result<Scratch> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{name}-{}-{count}", std::process::id());
        let path = folder.join(name);
        fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Scratch { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A browser that is just ending may still write; what remains does no harm.
        let _ = fs::remove_dir_all(&self.path);
    }
}

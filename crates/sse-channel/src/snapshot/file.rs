//! Snapshots in files: written beside and put in place in one step, and taken once. Depends on `read` and `write`.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::error::{Damage, RestoreError};
use super::format::END_BYTES;
use super::read::restore;
use crate::{Channel, History};

/// Attempts to find a name that nobody has: a process that was killed may have left files.
const ATTEMPTS: usize = 100;

impl Channel {
    /// Writes a [snapshot](Self::snapshot) to a file. It is whole and on the disk, or the file is as it was: the snapshot
    /// is written to another file beside it, synchronised, and renamed. The file keeps its permissions.
    ///
    /// ```
    /// use sse_channel::{Channel, Frame, History};
    ///
    /// # let folder = std::env::temp_dir().join(format!("sse-channel-save-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("news");
    /// // The program begins ..
    /// let news = Channel::load(History::default(), &path)?;
    /// news.publish(&Frame::message("hello"));
    /// // .. and ends: first what publishes, then
    /// news.close();
    /// news.save(&path)?;
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Of the file system.
    pub fn save(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref();
        let (draft, file) = draft(path)?;
        let written = self.put(&file, &draft, path);
        if written.is_err() {
            // What went wrong first is what is told.
            let _ = fs::remove_file(&draft);
        }
        written
    }

    fn put(&self, file: &File, draft: &Path, path: &Path) -> io::Result<()> {
        if let Ok(present) = fs::metadata(path) {
            file.set_permissions(present.permissions())?;
        }
        self.snapshot(file)?;
        file.sync_all()?;
        fs::rename(draft, path)?;
        sync_folder(path)
    }

    /// The channel whose [snapshot](Self::save) is in a file; a new one if there is no such file.
    ///
    /// The file is marked as taken, on the disk, before this returns: a process that restores it and is killed leaves
    /// one behind that something may have followed. A copy of it, from a backup for instance, is not marked.
    ///
    /// # Errors
    ///
    /// The file cannot be read whole, or not be written. The error has the entries before the damage; the file stays as
    /// it is.
    pub fn load(history: History, path: impl AsRef<Path>) -> Result<Self, RestoreError> {
        let file = match File::options().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::new(history)),
            Err(error) => {
                let damage = Damage::Io(error);
                return Err(RestoreError { damage, at: 0, entries: 0, recovered: None });
            }
        };
        let restored = restore(history, &file)?;
        match restored.taken.map_or(Ok(()), |end| mark(&file, &end)) {
            Ok(()) => Ok(restored.channel),
            // It must not be used: it would give IDs that another may give too.
            Err(error) => {
                let damage = Damage::Io(error);
                let entries = restored.channel.stats().held_events as u64;
                Err(RestoreError { damage, at: 0, entries, recovered: None })
            }
        }
    }
}

/// Puts an end in the place of the one that is there.
fn mark(mut file: &File, end: &[u8; END_BYTES]) -> io::Result<()> {
    file.seek(SeekFrom::End(-(END_BYTES as i64)))?;
    file.write_all(end)?;
    file.sync_all()
}

/// A new file beside `path`.
fn draft(path: &Path) -> io::Result<(PathBuf, File)> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut taken = io::ErrorKind::AlreadyExists.into();
    for _ in 0..ATTEMPTS {
        let mut name = name.to_owned();
        name.push(format!(".{}-{}.new", std::process::id(), NUMBER.fetch_add(1, Relaxed)));
        let draft = path.with_file_name(name);
        match File::options().write(true).create_new(true).open(&draft) {
            Ok(file) => return Ok((draft, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = error,
            Err(error) => return Err(error),
        }
    }
    Err(taken)
}

/// Until then the new name may be lost with the power.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Folders cannot be opened here.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

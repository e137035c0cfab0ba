//! A last event ID kept in a file, so that one run goes on where the one before ended. Depends on files.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file with a last event ID: its bytes, and a line feed.
#[derive(Debug)]
pub(crate) struct Cursor {
    path: PathBuf,
    /// What the file says; empty if there is none.
    last_event_id: String,
}

impl Cursor {
    /// Reads the file, if there is one, and makes sure that it can be written.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let explain = |error: io::Error| {
            let what = format!("the state file {} cannot be used: {error}", path.display());
            io::Error::new(error.kind(), what)
        };
        let last_event_id = match fs::read_to_string(path) {
            Ok(text) => text.strip_suffix('\n').unwrap_or(&text).to_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(explain(error)),
        };
        let cursor = Self { path: path.to_owned(), last_event_id };
        File::create(cursor.draft()).map_err(explain)?;
        fs::remove_file(cursor.draft()).map_err(explain)?;
        Ok(cursor)
    }

    pub(crate) fn last_event_id(&self) -> &str {
        &self.last_event_id
    }

    /// Replaces the file, unless it says so already. Whoever looks sees the old ID or the new one, whole.
    pub(crate) fn save(&mut self, last_event_id: &str) -> io::Result<()> {
        if self.last_event_id == last_event_id {
            return Ok(());
        }
        let draft = self.draft();
        let mut file = File::create(&draft)?;
        file.write_all(format!("{last_event_id}\n").as_bytes())?;
        file.sync_data()?;
        fs::rename(&draft, &self.path)?;
        last_event_id.clone_into(&mut self.last_event_id);
        Ok(())
    }

    /// Where the next file is written: beside the old one, because only there it can be renamed.
    fn draft(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{}.new", std::process::id()));
        name.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_as_it_was() {
        let folder = std::env::temp_dir().join(format!("sse-cursor-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("state");
        assert_eq!(Cursor::open(&path).expect("no file is fine").last_event_id(), "");
        assert!(!path.exists());
        for id in ["7", " blanks ", "名前", ""] {
            Cursor::open(&path).expect("a file").save(id).expect("it is written");
            assert_eq!(Cursor::open(&path).expect("a file").last_event_id(), id);
        }
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1, "drafts are left");
        assert!(Cursor::open(&folder.join("missing/state")).is_err());
        fs::remove_dir_all(&folder).expect("the folder");
    }
}

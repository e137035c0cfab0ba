//! A file that grows, followed by its name over rotation and truncation, as `tail -F` does. Depends on files.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// How much is read at once.
const BLOCK: usize = 64 * 1024;

/// A file that is followed; [`look`](Self::look) says what is new in it.
#[derive(Debug)]
pub(crate) struct Follow {
    path: PathBuf,
    open: Option<Open>,
    /// The error that was told last: it is told once.
    told: Option<io::ErrorKind>,
}

#[derive(Debug)]
struct Open {
    file: File,
    /// How much of it has been read.
    place: u64,
}

/// What a look at the file brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum News<'a> {
    /// Bytes that were appended.
    Bytes(&'a [u8]),
    /// What follows is of another file: the one before was moved away, removed or cut. A line without an end was its
    /// last.
    Anew(&'static str),
    /// It cannot be read at present.
    Trouble(String),
}

impl Follow {
    /// Follows a file from the last so many lines that it has now; it need not be there yet.
    pub(crate) fn new(path: &Path, lines: u64) -> io::Result<Self> {
        let mut follow = Self { path: path.to_owned(), open: None, told: None };
        match File::open(path) {
            Ok(mut file) => {
                let place = start_of_last(&mut file, lines)?;
                file.seek(SeekFrom::Start(place))?;
                follow.open = Some(Open { file, place });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(follow)
    }

    /// Reads what is new up to the end, and sees whether the name has come to mean another file.
    pub(crate) fn look(&mut self, tell: &mut dyn FnMut(News<'_>)) {
        match self.try_look(tell) {
            Ok(()) => self.told = None,
            Err(error) if self.told == Some(error.kind()) => {}
            Err(error) => {
                self.told = Some(error.kind());
                tell(News::Trouble(format!("{}: {error}", self.path.display())));
            }
        }
    }

    fn try_look(&mut self, tell: &mut dyn FnMut(News<'_>)) -> io::Result<()> {
        let Some(open) = &mut self.open else {
            self.open = Some(Open { file: File::open(&self.path)?, place: 0 });
            return self.try_look(tell);
        };
        open.read(tell)?;
        let now = open.file.metadata()?;
        if now.len() < open.place {
            tell(News::Anew("the file was cut; following it from its beginning"));
            open.file.seek(SeekFrom::Start(0))?;
            open.place = 0;
            return open.read(tell);
        }
        // While the name leads nowhere, as between two steps of a rotation, the old file may still grow.
        let named = std::fs::metadata(&self.path)?;
        if !is_same(&named, &now) {
            open.read(tell)?;
            tell(News::Anew("the name leads to another file; following that one"));
            self.open = None;
            return self.try_look(tell);
        }
        Ok(())
    }
}

impl Open {
    fn read(&mut self, tell: &mut dyn FnMut(News<'_>)) -> io::Result<()> {
        let mut block = vec![0; BLOCK];
        loop {
            match self.file.read(&mut block)? {
                0 => return Ok(()),
                count => {
                    self.place += count as u64;
                    tell(News::Bytes(&block[..count]));
                }
            }
        }
    }
}

/// Whether both are of one file: by device and number where the system has those.
#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Whether both are of one file: by when it was made, where the system has no number for it that can be asked for.
#[cfg(not(unix))]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    one.created().ok() == other.created().ok()
}

/// Where the last so many lines of a file begin. A line without an end is one.
fn start_of_last(file: &mut File, lines: u64) -> io::Result<u64> {
    let end = file.metadata()?.len();
    if lines == 0 {
        return Ok(end);
    }
    let (mut place, mut found) = (end, 0);
    while place > 0 {
        let size = place.min(BLOCK as u64);
        let mut block = vec![0; size as usize];
        file.seek(SeekFrom::Start(place - size))?;
        file.read_exact(&mut block)?;
        for (at, _) in block.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n') {
            let after = place - size + at as u64 + 1;
            // The line feed at the very end is that of the last line.
            found += u64::from(after != end);
            if found == lines {
                return Ok(after);
            }
        }
        place -= size;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Write;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("sse-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    fn news(follow: &mut Follow) -> String {
        let mut text = String::new();
        follow.look(&mut |news| match news {
            News::Bytes(bytes) => text.push_str(std::str::from_utf8(bytes).expect("UTF-8")),
            News::Anew(_) => text.push('|'),
            News::Trouble(_) => text.push('!'),
        });
        text
    }

    fn append(path: &Path, text: &str) {
        let mut file = fs::OpenOptions::new().append(true).create(true).open(path).expect("it");
        file.write_all(text.as_bytes()).expect("it is written");
    }

    #[test]
    fn follows_over_rotation_truncation_and_absence() {
        let folder = folder("follow");
        let path = folder.join("log");
        let mut follow = Follow::new(&path, 10).expect("it need not be there");
        assert_eq!((news(&mut follow), news(&mut follow)), ("!".to_owned(), String::new()));
        append(&path, "a\n");
        assert_eq!(news(&mut follow), "a\n");
        append(&path, "b\nc");
        assert_eq!(news(&mut follow), "b\nc");
        // Moved away; what was written to it before that is not lost.
        append(&path, "d\n");
        fs::rename(&path, folder.join("log.1")).expect("it moves");
        assert_eq!(news(&mut follow), "d\n!");
        append(&folder.join("log.1"), "late\n");
        append(&path, "new\n");
        assert_eq!(news(&mut follow), "late\n|new\n");
        // Cut, as by copytruncate.
        fs::write(&path, "e\n").expect("it is cut");
        assert_eq!(news(&mut follow), "|e\n");
        fs::remove_file(&path).expect("it goes");
        assert_eq!(news(&mut follow), "!");
        append(&path, "f\n");
        assert_eq!(news(&mut follow), "|f\n");
        fs::remove_dir_all(&folder).expect("the folder");
    }

    #[test]
    fn begins_with_the_last_lines() {
        let folder = folder("last");
        let path = folder.join("log");
        for (text, lines, expected) in [
            ("a\nb\nc\n", 2, "b\nc\n"),
            ("a\nb\nc", 2, "b\nc"),
            ("a\nb\n", 2, "a\nb\n"),
            ("a\nb\n", 9, "a\nb\n"),
            ("a\nb\n", 0, ""),
            ("a", 0, ""),
            ("\n\n\n", 2, "\n\n"),
            ("", 1, ""),
        ] {
            fs::write(&path, text).expect("it is written");
            let mut follow = Follow::new(&path, lines).expect("it is there");
            assert_eq!(news(&mut follow), expected, "{text:?}, {lines}");
        }
        let many: String = (0..50_000).map(|n| format!("{n}\n")).collect();
        fs::write(&path, &many).expect("it is written");
        let last = news(&mut Follow::new(&path, 30_000).expect("it is there"));
        assert_eq!(last.lines().count(), 30_000);
        assert!(last.starts_with("20000\n"));
        fs::remove_dir_all(&folder).expect("the folder");
    }
}

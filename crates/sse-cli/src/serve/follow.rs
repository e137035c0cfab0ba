//! A file that grows, followed by its name over rotation and truncation, as `tail -F` does. Depends on files.

use std::fmt;
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

/// A place in a file, to go on from in another run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Which file: it may have been moved away meanwhile.
    identity: (u64, u64),
    place: u64,
}

impl Mark {
    /// What its display reads.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (identity, place) = text.split_once(' ')?;
        let (first, second) = identity.split_once(':')?;
        let identity = (first.parse().ok()?, second.parse().ok()?);
        Some(Self { identity, place: place.parse().ok()? })
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {}", self.identity.0, self.identity.1, self.place)
    }
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
    /// Follows a file from where it was read up to, or else from the last so many lines that it has now; it need not
    /// be there yet. One that has been put in place of the one that was read, or was cut, is read from its beginning.
    pub(crate) fn new(path: &Path, lines: u64, mark: Option<&Mark>) -> io::Result<Self> {
        let mut follow = Self { path: path.to_owned(), open: None, told: None };
        match File::open(path) {
            Ok(mut file) => {
                let now = file.metadata()?;
                let place = match mark {
                    Some(it) if it.identity == identity(&now) && it.place <= now.len() => it.place,
                    Some(_) => 0,
                    None => start_of_last(&mut file, lines)?,
                };
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

    /// How far the file was read, but for so many bytes.
    pub(crate) fn mark(&self, without: usize) -> Option<Mark> {
        let open = self.open.as_ref()?;
        let identity = identity(&open.file.metadata().ok()?);
        Some(Mark { identity, place: open.place.saturating_sub(without as u64) })
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
        if identity(&named) != identity(&now) {
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

/// What tells a file from others: device and number where the system has those.
#[cfg(unix)]
fn identity(file: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (file.dev(), file.ino())
}

/// What tells a file from others: when it was made, where the system has no number for it that can be asked for.
#[cfg(not(unix))]
fn identity(file: &Metadata) -> (u64, u64) {
    let since = file.created().ok().and_then(|it| it.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or((0, 0), |it| (it.as_secs(), it.subsec_nanos().into()))
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
        let mut follow = Follow::new(&path, 10, None).expect("it need not be there");
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
    fn goes_on_where_another_run_has_ended() {
        let folder = folder("mark");
        let path = folder.join("log");
        append(&path, "a\nb\nhalf");
        let mut follow = Follow::new(&path, 10, None).expect("it is there");
        news(&mut follow);
        let mark = follow.mark(4).expect("it is open");
        assert_eq!(Mark::parse(&mark.to_string()), Some(mark));
        append(&path, " a line\n");
        let again =
            |mark: &Mark| news(&mut Follow::new(&path, 1, Some(mark)).expect("it is there"));
        assert_eq!(again(&mark), "half a line\n");
        fs::write(&path, "c\n").expect("it is cut");
        assert_eq!(again(&mark), "c\n");
        fs::rename(&path, folder.join("log.1")).expect("it moves");
        append(&path, "of another file\n");
        assert_eq!(again(&mark), "of another file\n");
        assert!(["", "1", "1:2", "1:2 x", "1 2:3"].iter().all(|it| Mark::parse(it).is_none()));
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
            let mut follow = Follow::new(&path, lines, None).expect("it is there");
            assert_eq!(news(&mut follow), expected, "{text:?}, {lines}");
        }
        let many: String = (0..50_000).map(|n| format!("{n}\n")).collect();
        fs::write(&path, &many).expect("it is written");
        let last = news(&mut Follow::new(&path, 30_000, None).expect("it is there"));
        assert_eq!(last.lines().count(), 30_000);
        assert!(last.starts_with("20000\n"));
        fs::remove_dir_all(&folder).expect("the folder");
    }
}

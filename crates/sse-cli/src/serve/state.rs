//! What `sse serve` keeps in a file, so that clients can go on over a restart: the newest events with their IDs, and
//! how far a followed file was read. Depends on files and on the codec.
//!
//! The file is an event stream. Events are appended to it as they are published; when it has grown to twice the
//! history, it is written anew. A run that is killed leaves a last block without its blank line at worst, which the
//! decoder drops: a client that has seen that event is told of a gap. Where the followed file was is a comment.

use super::follow::Mark;
use sse_client::proto::{Decoder, Item, Limits};
use sse_server::{Channel, Frame, History};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// Before the mark in a comment.
const MARK: &str = "file ";
/// How much is read at once.
const BLOCK: usize = 64 * 1024;

/// A file that keeps a channel's newest events.
#[derive(Debug)]
pub(super) struct State {
    path: PathBuf,
    file: File,
    /// Bytes in the file, and the newest events, to write it anew.
    written: usize,
    /// It has not been written by this run: what a crash has left half may be at its end. It stays as it is until there
    /// is something to write, so that a run that cannot begin changes nothing.
    is_foreign: bool,
    kept: VecDeque<Vec<u8>>,
    kept_bytes: usize,
    history: History,
    mark: Option<Mark>,
}

impl State {
    /// Opens the file, and publishes what it holds to the channel, with the IDs that the events had.
    pub(super) fn open(path: &Path, history: &History, channel: &Channel) -> io::Result<Self> {
        let explain = |error: io::Error| {
            let what = format!("the state file {} cannot be used: {error}", path.display());
            io::Error::new(error.kind(), what)
        };
        let file = File::options().append(true).create(true).open(path).map_err(explain)?;
        let mut state = Self {
            path: path.to_owned(),
            file,
            written: 0,
            is_foreign: true,
            kept: VecDeque::new(),
            kept_bytes: 0,
            history: history.clone(),
            mark: None,
        };
        state.read(channel).map_err(explain)?;
        Ok(state)
    }

    /// How far the followed file had been read.
    pub(super) fn mark(&self) -> Option<&Mark> {
        self.mark.as_ref()
    }

    fn read(&mut self, channel: &Channel) -> io::Result<()> {
        let limits = Limits { data: self.history.bytes.max(1024), ..Limits::default() };
        let mut decoder = Decoder::with_limits(limits);
        let mut file = BufReader::new(File::open(&self.path)?);
        let mut block = vec![0; BLOCK];
        loop {
            let count = file.read(&mut block)?;
            if count == 0 {
                return Ok(());
            }
            let mut bytes = &block[..count];
            while let Some(item) = decoder.next(&mut bytes) {
                match item {
                    Ok(Item::Event(event)) => {
                        let frame = event.to_frame().map_err(io::Error::other)?;
                        channel.publish(&frame);
                        self.keep(&frame);
                    }
                    Ok(Item::Comment(text)) => {
                        let mark = text.strip_prefix(MARK).and_then(Mark::parse);
                        self.mark = mark.or(self.mark.take());
                    }
                    Ok(_) => {}
                    Err(error) => return Err(io::Error::other(error)),
                }
            }
        }
    }

    /// Appends an event that has been published with this ID.
    pub(super) fn append(&mut self, frame: &Frame<'_>, id: &str) -> io::Result<()> {
        let frame = frame.with_id(id).unwrap_or(*frame);
        self.keep(&frame);
        let mut bytes = Vec::new();
        frame.append_to(&mut bytes);
        self.write(&bytes)
    }

    /// Appends how far the followed file has been read: all before it has been published.
    pub(super) fn append_mark(&mut self, mark: Mark) -> io::Result<()> {
        let text = format!("{MARK}{mark}");
        let line = Frame::comment(&text).to_string();
        self.mark = Some(mark);
        self.write(line.as_bytes())
    }

    /// What is written is among what is kept already.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        // Marks count too: of a quiet file they are all that is written.
        if self.is_foreign || self.written + bytes.len() > 2 * self.kept_bytes + BLOCK {
            return self.renew();
        }
        self.written += bytes.len();
        self.file.write_all(bytes)
    }

    fn keep(&mut self, frame: &Frame<'_>) {
        let mut bytes = Vec::new();
        frame.append_to(&mut bytes);
        self.kept_bytes += bytes.len();
        self.kept.push_back(bytes);
        let is_over =
            |it: &Self| it.kept.len() > it.history.events || it.kept_bytes > it.history.bytes;
        while self.kept.len() > 1 && is_over(self) {
            self.kept_bytes -= self.kept.pop_front().map_or(0, |it| it.len());
        }
    }

    /// Writes the file anew, beside the old one, and puts it in its place in one step.
    fn renew(&mut self) -> io::Result<()> {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{}.new", std::process::id()));
        let draft = PathBuf::from(name);
        let mut file = File::create(&draft)?;
        let mark = self.mark.as_ref().map(|mark| format!(": {MARK}{mark}\n\n")).unwrap_or_default();
        let bytes = self.kept.iter().flatten().copied().chain(mark.into_bytes());
        let bytes: Vec<u8> = bytes.collect();
        file.write_all(&bytes)?;
        file.sync_data()?;
        fs::rename(&draft, &self.path)?;
        self.written = bytes.len();
        self.is_foreign = false;
        // It goes on where the whole of it ends.
        self.file = file;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(path: &Path, history: &History) -> (Vec<String>, Option<String>) {
        let channel = Channel::new(history.clone());
        let state = State::open(path, history, &channel).expect("it opens");
        let kept = state.kept.iter().map(|it| String::from_utf8_lossy(it).into_owned());
        assert_eq!(channel.stats().held_events, state.kept.len());
        (kept.collect(), state.mark().map(|it| it.to_string()))
    }

    #[test]
    fn what_is_kept_comes_back_and_no_more_than_the_history() {
        let folder = std::env::temp_dir().join(format!("sse-state-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("state");
        let history = History { events: 3, ..History::default() };
        assert_eq!(events(&path, &history), (Vec::new(), None));
        let mut state = State::open(&path, &history, &Channel::default()).expect("it opens");
        for number in 0..5 {
            let data = format!("{number}\nof 5");
            state.append(&Frame::message(&data), &format!("1-{number}")).expect("it is written");
        }
        state.append_mark(Mark::parse("7:8 9").expect("a mark")).expect("it is written");
        drop(state);
        let expected: Vec<_> =
            (2..5).map(|it| format!("id: 1-{it}\ndata: {it}\ndata: of 5\n\n")).collect();
        assert_eq!(events(&path, &history), (expected.clone(), Some("7:8 9".to_owned())));
        // A block that a crash has torn is dropped.
        let mut text = fs::read_to_string(&path).expect("it is there");
        text.push_str("id: 1-5\ndata: to");
        fs::write(&path, text).expect("it is written");
        assert_eq!(events(&path, &history).0, expected);
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1, "drafts are left");
        fs::remove_dir_all(&folder).expect("the folder");
    }

    #[test]
    fn the_file_does_not_grow_without_end() {
        let folder = std::env::temp_dir().join(format!("sse-state-long-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("state");
        let history = History { events: 10, ..History::default() };
        let mut state = State::open(&path, &history, &Channel::default()).expect("it opens");
        let data = "x".repeat(1000);
        for number in 0..1000 {
            state.append(&Frame::message(&data), &number.to_string()).expect("it is written");
            state.append_mark(Mark::parse("1:2 3").expect("a mark")).expect("it is written");
        }
        assert!(fs::metadata(&path).expect("it is there").len() < 200_000);
        assert_eq!(events(&path, &history).0.len(), 10);
        fs::remove_dir_all(&folder).expect("the folder");
    }
}

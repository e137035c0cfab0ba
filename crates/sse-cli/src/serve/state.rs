//! What `sse serve` keeps in a file, so that clients can go on over a restart: the newest events with their IDs, and
//! how far a followed file was read. Depends on `kept`, files and the codec.
//!
//! The file is an event stream. Events are appended to it before they are published: whatever kills this process,
//! nobody has seen an event that is not in it. When it has grown to twice the history, it is written anew. What is no
//! event is a comment: in which run of the system it is written, after which ID the events follow, where the followed
//! file was, and that it ended well.
//!
//! A system that loses its power loses what it had not yet put on the disk, and a disk that is full takes nothing. So
//! what was neither ended well nor written since the system began, and what ends within a block, may lack events at its
//! end. Then a gap is put there, which whoever passes that place is told of.

use super::follow::Mark;
use super::kept::Kept;
use sse_client::proto::{Decoder, Item, Limits};
use sse_server::{Channel, Frame, Gap, History};
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Before the mark in a comment.
const MARK: &str = "file ";
/// Before the name of the system's run in one.
const RUN: &str = "run ";
/// Before the ID that the oldest event follows on in one.
const AFTER: &str = "after ";
/// The comment after which nothing was published.
const END: &str = "end";
/// How much is read at once.
const BLOCK: usize = 64 * 1024;

/// A file that keeps a channel's newest events.
#[derive(Debug)]
pub(super) struct State {
    path: PathBuf,
    file: File,
    /// Bytes in the file.
    written: usize,
    /// It lacks something that is among the newest events, or what this run found has not been written yet.
    is_lacking: bool,
    /// To write it anew.
    kept: Kept,
    mark: Option<Mark>,
}

impl State {
    /// Opens the file; the channel of the events that it holds, with the IDs that they had. The file stays as it is
    /// until something is written, so that a run that cannot begin changes nothing.
    pub(super) fn open(path: &Path, history: &History) -> io::Result<(Self, Channel)> {
        let explain = |error: io::Error| {
            let what = format!("the state file {} cannot be used: {error}", path.display());
            io::Error::new(error.kind(), what)
        };
        let file = File::options().append(true).create(true).open(path).map_err(explain)?;
        let mut state = Self {
            path: path.to_owned(),
            file,
            written: 0,
            is_lacking: true,
            kept: Kept::new(history.clone()),
            mark: None,
        };
        let channel = state.read().map_err(explain)?;
        Ok((state, channel))
    }

    /// How far the followed file had been read.
    pub(super) fn mark(&self) -> Option<&Mark> {
        self.mark.as_ref()
    }

    fn read(&mut self) -> io::Result<Channel> {
        let history = self.kept.history();
        let channel = Channel::new(history.clone());
        let limits = Limits { data: history.bytes.max(1024), ..Limits::default() };
        let mut decoder = Decoder::with_limits(limits);
        let mut file = BufReader::new(File::open(&self.path)?);
        let mut block = vec![0; BLOCK];
        let (mut run, mut is_ended) = (None, false);
        loop {
            let count = file.read(&mut block)?;
            if count == 0 {
                break;
            }
            let mut bytes = &block[..count];
            while let Some(item) = decoder.next(&mut bytes) {
                match item {
                    Ok(Item::Event(event)) => {
                        let frame = event.to_frame().map_err(io::Error::other)?;
                        channel.publish(&frame);
                        self.kept.keep(&frame);
                        is_ended = false;
                    }
                    Ok(Item::Comment(text)) => {
                        let mark = text.strip_prefix(MARK).and_then(Mark::parse);
                        self.mark = mark.or(self.mark.take());
                        run = text.strip_prefix(RUN).map(str::to_owned).or(run);
                        if let Some(id) = text.strip_prefix(AFTER) {
                            channel.publish(&Frame::cursor(id).map_err(io::Error::other)?);
                            self.kept.begin_after(id.into());
                        }
                        is_ended = text == END;
                    }
                    Ok(_) => {}
                    Err(error) => return Err(io::Error::other(error)),
                }
            }
        }
        if !self.kept.has_begun() {
            // Where clients stand that come before the first event.
            self.kept.begin_after(channel.last_event_id());
        }
        match ending(file.get_mut())? {
            Ending::Empty => Ok(channel),
            _ if run.is_none() => Err(io::Error::other("it is none; name another, or remove it")),
            Ending::Whole if is_ended || run.is_some_and(|it| is_this_run(&it)) => Ok(channel),
            _ => self.with_gap(&channel),
        }
    }

    /// The same channel with a gap at its end: what comes back from a snapshot of an open one.
    fn with_gap(&mut self, channel: &Channel) -> io::Result<Channel> {
        let mut snapshot = Vec::new();
        channel.snapshot(&mut snapshot)?;
        let history = self.kept.history().clone();
        let event_type = history.gap_event.clone();
        let channel = Channel::restore(history, &*snapshot).map_err(io::Error::other)?;
        let (data, id) = (Gap::Unsaved.to_string(), channel.last_event_id());
        let gap = Frame::message(&data).with_event_type(&event_type);
        let gap = gap.and_then(|gap| gap.with_id(&id)).map_err(io::Error::other)?;
        self.kept.keep(&gap);
        Ok(channel)
    }

    /// Writes what was found, and that it is this run that writes from now on.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        self.renew().map_err(|error| {
            let what = format!("the state file {} cannot be written: {error}", self.path.display());
            io::Error::new(error.kind(), what)
        })
    }

    /// Appends an event that is about to be published, with its ID.
    pub(super) fn append(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.kept.keep(frame);
        let mut bytes = Vec::new();
        frame.append_to(&mut bytes);
        self.write(&bytes)
    }

    /// Appends how far the followed file has been read: all before it has been published.
    pub(super) fn append_mark(&mut self, mark: Mark) -> io::Result<()> {
        self.mark = Some(mark);
        self.write(&comment(&format!("{MARK}{mark}")))
    }

    /// Appends that nothing is missing, and puts all on the disk.
    pub(super) fn end(&mut self) -> io::Result<()> {
        if self.is_lacking {
            self.renew()?;
        }
        self.file.write_all(&comment(END))?;
        self.file.sync_data()
    }

    /// Appends what is among that which is kept already.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        // Marks count too: of a quiet file they are all that is written.
        let is_long = self.written + bytes.len() > 2 * self.kept.bytes() + BLOCK;
        let anew = self.is_lacking || is_long;
        let done = if anew { self.renew() } else { self.file.write_all(bytes) };
        match &done {
            Ok(()) if anew => {}
            Ok(()) => self.written += bytes.len(),
            Err(_) => {
                self.is_lacking = true;
                // A full disk can do that much: now the file ends within a block.
                let _ = self.file.set_len((self.written as u64).saturating_sub(1));
            }
        }
        done
    }

    /// Writes the file anew, beside the old one, and puts it in its place in one step.
    fn renew(&mut self) -> io::Result<()> {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{}.new", std::process::id()));
        let draft = PathBuf::from(name);
        let mut file = File::create(&draft)?;
        let mut bytes = comment(&format!("{RUN}{}", this_run()));
        bytes.extend(self.kept.after().iter().flat_map(|id| comment(&format!("{AFTER}{id}"))));
        self.kept.events().for_each(|it| bytes.extend_from_slice(it));
        bytes.extend(self.mark.iter().flat_map(|mark| comment(&format!("{MARK}{mark}"))));
        file.write_all(&bytes)?;
        file.sync_data()?;
        fs::rename(&draft, &self.path)?;
        // Until then the file that was there before may come back with the power, and say that it ended well.
        sync_folder(&self.path)?;
        self.written = bytes.len();
        self.is_lacking = false;
        // It goes on where the whole of it ends.
        self.file = file;
        Ok(())
    }
}

fn comment(text: &str) -> Vec<u8> {
    Frame::comment(text).to_string().into_bytes()
}

/// Where a file ends.
enum Ending {
    Empty,
    /// After a block.
    Whole,
    /// Within a block.
    Torn,
}

fn ending(file: &mut File) -> io::Result<Ending> {
    let mut last = [0; 2];
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(Ending::Empty);
    }
    let read = file.seek(SeekFrom::End(-2)).and_then(|_| file.read_exact(&mut last));
    Ok(if read.is_ok() && last == *b"\n\n" { Ending::Whole } else { Ending::Torn })
}

/// Which run of the system this is, from when it has power until it has none; empty if nobody tells.
fn this_run() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

fn is_this_run(run: &str) -> bool {
    !run.is_empty() && run == this_run()
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use sse_server::Replay;
    use std::task::Poll;

    /// How many events a channel holds; where it begins is none.
    fn held(channel: &Channel) -> usize {
        let mut events = channel.subscribe(None, Replay::All);
        let mut text = String::new();
        while let Poll::Ready(Some(Ok(block))) = events.try_next() {
            text += std::str::from_utf8(&block).expect("text");
        }
        text.split("\n\n").filter(|block| block.contains("data:")).count()
    }

    fn events(path: &Path, history: &History) -> (Vec<String>, Option<String>) {
        let (state, channel) = State::open(path, history).expect("it opens");
        let kept = state.kept.events().map(|it| String::from_utf8_lossy(it).into_owned());
        assert_eq!(held(&channel), state.kept.events().count());
        (kept.collect(), state.mark().map(|it| it.to_string()))
    }

    #[test]
    fn what_is_kept_comes_back_and_no_more_than_the_history() {
        let folder = std::env::temp_dir().join(format!("sse-state-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("state");
        let history = History { events: 3, ..History::default() };
        assert_eq!(events(&path, &history), (Vec::new(), None));
        let (mut state, _) = State::open(&path, &history).expect("it opens");
        for number in 0..5 {
            let data = format!("{number}\nof 5");
            let id = format!("1-{number}");
            let frame = Frame::message(&data).with_id(&id).expect("an ID");
            state.append(&frame).expect("it is written");
        }
        state.append_mark(Mark::parse("7:8 9").expect("a mark")).expect("it is written");
        drop(state);
        let expected: Vec<_> =
            (2..5).map(|it| format!("id: 1-{it}\ndata: {it}\ndata: of 5\n\n")).collect();
        assert_eq!(events(&path, &history), (expected.clone(), Some("7:8 9".to_owned())));
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1, "drafts are left");
        fs::remove_dir_all(&folder).expect("the folder");
    }

    /// What may lack an event at its end says so there, once, and goes on with IDs that nobody has seen.
    #[test]
    fn what_may_be_missing_is_told() {
        let folder = std::env::temp_dir().join(format!("sse-state-gap-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("state");
        let history = History::default();
        let write = |ends: bool| {
            let _ = fs::remove_file(&path);
            let (mut state, channel) = State::open(&path, &history).expect("it opens");
            let id = channel.next_event_id();
            state.append(&Frame::message("a").with_id(&id).expect("an ID")).expect("written");
            if ends {
                state.end().expect("it is written");
            }
            fs::read_to_string(&path).expect("it is there")
        };
        let (killed, ended) = (write(false), write(true));
        let elsewhere = |text: &str| text.replace(&this_run(), "another");
        let torn = |text: &str| format!("{text}id: 1-5\ndata: to");
        for (text, gaps) in [
            (killed.clone(), 0),
            (ended.clone(), 0),
            (elsewhere(&ended), 0),
            (elsewhere(&killed), 1),
            (torn(&killed), 1),
            (torn(&elsewhere(&ended)), 1),
            (format!("{ended}\0"), 1),
            (elsewhere(&format!("{ended}id: 1-5\ndata: later\n\n")), 1),
            (killed.replace(&this_run(), ""), 1),
        ] {
            fs::write(&path, &text).expect("it is written");
            let (mut state, channel) = State::open(&path, &history).expect("it opens");
            let told = state.kept.events().map(|it| String::from_utf8_lossy(it).into_owned());
            let told: Vec<_> = told.filter(|it| it.contains("event: gap\n")).collect();
            assert_eq!(told.len(), gaps, "{text}");
            assert_eq!(held(&channel), state.kept.events().count());
            assert_eq!(fs::read_to_string(&path).expect("it is there"), text, "it was changed");
            // It stands in the file from now on, and is not told again.
            state.begin().expect("it is written");
            let (before, next) = (held(&channel), channel.next_event_id());
            drop(state);
            let (_, again) = State::open(&path, &history).expect("it opens");
            assert_eq!(held(&again), before);
            assert_eq!(again.last_event_id(), channel.last_event_id());
            let epoch = |id: &str| id.split('-').next().map(str::to_owned);
            assert_ne!(epoch(&again.next_event_id()), epoch(&next), "an ID could come twice");
        }
        fs::write(&path, "some log\n\n").expect("it is written");
        let refused = State::open(&path, &history).expect_err("it is no state file");
        assert!(refused.to_string().contains("name another"), "{refused}");
        fs::remove_dir_all(&folder).expect("the folder");
    }

    /// A disk that takes nothing: what it lacks is told if nothing more is written, and made good otherwise.
    #[test]
    fn what_could_not_be_written_is_told_or_made_good() {
        let folder = std::env::temp_dir().join(format!("sse-state-full-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("state");
        let history = History::default();
        let (mut state, _) = State::open(&path, &history).expect("it opens");
        let frame = |id| Frame::message("x").with_id(id).expect("an ID");
        state.append(&frame("1")).expect("it is written");
        state.append(&frame("2")).expect("it is written");
        // What is open for reading cannot be written to; nor be cut, which is done by hand.
        state.file = File::open(&path).expect("it is there");
        state.append(&frame("3")).expect_err("it cannot be written to");
        let whole = fs::read_to_string(&path).expect("it is there");
        fs::write(&path, &whole[..whole.len() - 1]).expect("it is written");
        assert_eq!(events(&path, &history).0.len(), 2, "one, and the gap");
        state.append(&frame("4")).expect("it is written");
        let kept: Vec<_> = (1..5).map(|id| format!("id: {id}\ndata: x\n\n")).collect();
        assert_eq!(events(&path, &history).0, kept);
        fs::remove_dir_all(&folder).expect("the folder");
    }

    /// Who has seen all that there was misses nothing over any number of restarts, also if that was nothing yet.
    #[test]
    fn who_has_missed_nothing_is_told_of_no_gap() {
        let folder = std::env::temp_dir().join(format!("sse-state-after-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("state");
        let history = History { events: 3, ..History::default() };
        let restart = || {
            let (mut state, channel) = State::open(&path, &history).expect("it opens");
            state.begin().expect("it is written");
            (state, channel)
        };
        let mut places = vec![restart().1.last_event_id()];
        for number in 0..9 {
            let (mut state, channel) = restart();
            // The place just before the oldest of three events is one of them.
            let first = places.len().saturating_sub(4);
            for (place, id) in places.iter().enumerate() {
                let missed = channel.log().after(id).map(|position| channel.log().end() - position);
                let expected = (place >= first).then_some((places.len() - 1 - place) as u64);
                assert_eq!(missed.ok(), expected, "{id}, after {number} events");
            }
            let id = channel.next_event_id();
            state.append(&Frame::message("x").with_id(&id).expect("an ID")).expect("written");
            places.push(id);
        }
        fs::remove_dir_all(&folder).expect("the folder");
    }

    #[test]
    fn the_file_does_not_grow_without_end() {
        let folder = std::env::temp_dir().join(format!("sse-state-long-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("state");
        let history = History { events: 10, ..History::default() };
        let (mut state, _) = State::open(&path, &history).expect("it opens");
        let data = "x".repeat(1000);
        for number in 0..1000 {
            let id = number.to_string();
            let frame = Frame::message(&data).with_id(&id).expect("an ID");
            state.append(&frame).expect("it is written");
            state.append_mark(Mark::parse("1:2 3").expect("a mark")).expect("it is written");
        }
        assert!(fs::metadata(&path).expect("it is there").len() < 200_000);
        assert_eq!(events(&path, &history).0.len(), 10);
        fs::remove_dir_all(&folder).expect("the folder");
    }
}

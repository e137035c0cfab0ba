//! Clients over restarts: at a deploy they miss nothing and see nothing twice; after a crash they are told, and no ID is
//! given twice to different events.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use sse_channel::{Channel, EventId, Frame, Gap, History, Replay, Subscription};

/// A client: what it has seen, and its last event ID, as the standard has it.
#[derive(Default)]
struct Client {
    last_event_id: Option<String>,
    seen: Vec<String>,
}

impl Client {
    /// Connects, and takes what there is.
    fn visit(&mut self, channel: &Channel) {
        let mut events = channel.subscribe(self.last_event_id.as_deref(), Replay::All);
        self.take(&mut events);
    }

    fn take(&mut self, events: &mut Subscription) {
        while let Poll::Ready(Some(block)) = events.try_next() {
            let block = block.unwrap();
            for line in std::str::from_utf8(&block).unwrap().lines() {
                if let Some(id) = line.strip_prefix("id: ") {
                    self.last_event_id = Some(id.to_owned());
                } else if let Some(data) = line.strip_prefix("data: ") {
                    self.seen.push(data.to_owned());
                }
            }
        }
    }
}

fn publish(channel: &Channel, numbers: std::ops::Range<u32>) {
    for number in numbers {
        channel.publish(&Frame::message(&number.to_string()));
    }
}

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

fn restore(bytes: &[u8]) -> Channel {
    Channel::restore(History::default(), bytes).unwrap()
}

fn snapshot(channel: &Channel) -> Vec<u8> {
    let mut bytes = Vec::new();
    channel.snapshot(&mut bytes).unwrap();
    bytes
}

fn epoch(id: &EventId) -> &str {
    id.split_once('-').unwrap().0
}

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("sse-channel-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_deploy_is_not_seen_by_anybody() {
    let folder = Folder::new("deploy");
    let path = folder.0.join("log");
    let mut always = Client::default();
    let mut often = Client::default();
    let mut first = None;
    for run in 0..50 {
        let channel = Channel::load(History::default(), &path).unwrap();
        let mut attached = channel.subscribe(always.last_event_id.as_deref(), Replay::All);
        publish(&channel, run * 10..run * 10 + 5);
        always.take(&mut attached);
        if run % 3 == 0 {
            often.visit(&channel);
        }
        publish(&channel, run * 10 + 5..run * 10 + 10);
        channel.close();
        always.take(&mut attached);
        channel.save(&path).unwrap();
        let id = channel.last_event_id();
        assert_eq!(first.get_or_insert(id.clone()).split_once('-').unwrap().0, epoch(&id));
        assert!(id.ends_with(&format!("-{}", (run + 1) * 10)), "{id}");
        assert_eq!(folder.names(), ["log"], "drafts are left");
    }
    often.visit(&Channel::load(History::default(), &path).unwrap());
    assert_eq!(always.seen, numbers(0..500));
    assert_eq!(often.seen, numbers(0..500));
}

#[test]
fn a_crash_after_a_snapshot_is_told_to_everybody_and_nothing_comes_twice() {
    let channel = Channel::default();
    publish(&channel, 0..3);
    let mut early = Client::default();
    early.visit(&channel);
    publish(&channel, 3..5);
    let mut exact = Client::default();
    exact.visit(&channel);
    let saved = snapshot(&channel);
    publish(&channel, 5..8);
    let mut late = Client::default();
    late.visit(&channel);
    let lost = channel.last_event_id();
    drop(channel);

    let again = restore(&saved);
    publish(&again, 100..103);
    let unsaved = Gap::Unsaved.to_string();
    for client in [&mut early, &mut exact, &mut late] {
        let known = client.seen.len() as u32;
        client.visit(&again);
        let rest = [numbers(known.min(5)..5), vec![unsaved.clone()], numbers(100..103)].concat();
        assert_eq!(client.seen, [numbers(0..known), rest].concat());
        client.visit(&again);
        assert_eq!(client.seen.iter().filter(|it| **it == "102").count(), 1);
    }
    let ids: Vec<_> = (6..=10).map(|position| again.log().cursor(position + 1)).collect();
    assert!(ids.iter().all(|id| epoch(id) != epoch(&lost)), "{ids:?} {lost}");
    // A filter does not keep the gap away, nor do those who come new miss it.
    let mut filtered = again.subscribe(Some(&lost), Replay::Live).with_filter(|_| false);
    let Poll::Ready(Some(Ok(block))) = filtered.try_next() else { panic!("the gap") };
    assert!(String::from_utf8_lossy(&block).contains(&unsaved));
    let mut new = Client::default();
    new.visit(&again);
    assert_eq!(new.seen, [numbers(0..5), vec![unsaved], numbers(100..103)].concat());
}

#[test]
fn what_is_told_of_a_crash_lives_on_and_is_told_when_it_is_gone() {
    let channel = Channel::default();
    publish(&channel, 0..5);
    let saved = snapshot(&channel);
    publish(&channel, 5..8);
    let lost = channel.last_event_id();
    // Twice, with a deploy between the crashes.
    let again = restore(&saved);
    publish(&again, 10..12);
    let between = again.last_event_id();
    again.close();
    let again = restore(&snapshot(&again));
    assert_eq!(epoch(&again.last_event_id()), epoch(&between));
    let again = restore(&snapshot(&again));
    publish(&again, 20..22);
    let mut client = Client { last_event_id: Some(lost.to_string()), ..Client::default() };
    client.visit(&again);
    let unsaved = Gap::Unsaved.to_string();
    assert_eq!(client.seen, [&unsaved, "10", "11", &unsaved, "20", "21"]);
    let mut client = Client { last_event_id: Some(between.to_string()), ..Client::default() };
    client.visit(&again);
    assert_eq!(client.seen, [&unsaved, "20", "21"]);
    // The first gap falls out of the log: then it is a gap that nobody can say more of.
    again.close();
    let small = History { events: 4, ..History::default() };
    let again = Channel::restore(small, &snapshot(&again)[..]).unwrap();
    assert_eq!(again.log().after(&lost), Err(Gap::OtherEpoch));
    assert!(again.log().after(&between).is_ok());
}

#[test]
fn who_is_killed_after_a_deploy_leaves_no_last_snapshot() {
    let folder = Folder::new("killed");
    let path = folder.0.join("log");
    let channel = Channel::default();
    publish(&channel, 0..2);
    channel.close();
    channel.save(&path).unwrap();
    // The next run takes it, and ends without saving.
    let second = Channel::load(History::default(), &path).unwrap();
    publish(&second, 2..4);
    let given = second.last_event_id();
    assert_eq!(epoch(&given), epoch(&channel.last_event_id()), "it went on");
    drop(second);
    for _ in 0..3 {
        let third = Channel::load(History::default(), &path).unwrap();
        let mut client = Client { last_event_id: Some(given.to_string()), ..Client::default() };
        client.visit(&third);
        assert_eq!(client.seen, [Gap::Unsaved.to_string()]);
        assert_ne!(epoch(&third.publish(&Frame::message("other"))), epoch(&given));
    }
}

#[test]
fn what_is_published_to_a_closed_channel_after_its_last_snapshot_takes_no_number_of_the_next() {
    let channel = Channel::default();
    publish(&channel, 0..2);
    channel.close();
    let saved = snapshot(&channel);
    let stray = channel.publish(&Frame::message("stray"));
    let again = restore(&saved);
    let next = again.publish(&Frame::message("next"));
    assert_ne!(stray, next);
    assert_eq!(again.log().after(&stray), Err(Gap::OtherEpoch), "it is told");
    assert_eq!(
        channel.log().after(&stray),
        Ok(channel.log().end()),
        "and known where it was given"
    );
    assert_eq!(channel.log().after(&next), Err(Gap::BeyondEnd), "nor the other way");
    // A second last snapshot has what was published in between.
    let more = restore(&snapshot(&channel));
    assert_eq!(more.last_event_id(), stray);
}

#[test]
fn a_file_that_is_not_there_begins_a_log_and_one_that_cannot_be_used_stays() {
    let folder = Folder::new("files");
    let path = folder.0.join("log");
    let channel = Channel::load(History::default(), &path).unwrap();
    assert!(channel.last_event_id().ends_with("-0"));
    fs::write(&path, "id: 1\ndata: of another program\n\n").unwrap();
    assert!(Channel::load(History::default(), &path).is_err());
    assert_eq!(fs::read(&path).unwrap(), b"id: 1\ndata: of another program\n\n");
    assert!(Channel::load(History::default(), &folder.0).unwrap_err().recover().is_none());
    // A folder that is not there, a target that is a folder: nothing is left behind.
    assert!(channel.save(folder.0.join("none/log")).is_err());
    assert!(channel.save("..").is_err());
    fs::create_dir(folder.0.join("taken")).unwrap();
    assert!(channel.save(folder.0.join("taken")).is_err());
    let mut names = folder.names();
    names.sort();
    assert_eq!(names, ["log", "taken"]);
}

#[cfg(unix)]
#[test]
fn a_file_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("mode");
    let path = folder.0.join("log");
    let channel = Channel::default();
    channel.save(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    channel.save(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

/// A snapshot that is taken while others publish and the log drops is a log as it was at one moment.
#[test]
fn a_snapshot_among_publishers_is_whole() {
    let history = History { events: 5000, ..History::default() };
    let channel = Channel::new(history.clone());
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    channel.publish(&Frame::message("x"));
                    channel.publish(&Frame::message("y").with_id("mine").unwrap());
                }
            });
        }
        for _ in 0..30 {
            let again = Channel::restore(history.clone(), &snapshot(&channel)[..]).unwrap();
            let held = again.stats().held_events as u64;
            assert_eq!(again.log().end() - again.log().first(), held);
            assert!(again.log().end() <= channel.log().end() + 1);
        }
        is_over.store(true, Ordering::Relaxed);
    });
}

//! Snapshots that are cut, damaged, foreign, of the future, or made with intent: an error that says so, with the whole
//! entries before the damage; never a panic, never a silent half, never memory for what is only promised.

use std::io::{self, Read as _};

use sse_channel::snapshot::{Damage, RestoreError};
use sse_channel::{Channel, Frame, Gap, History, Read};

/// A small log with something of everything; and the bytes of its snapshot.
fn small(is_last: bool) -> (Channel, Vec<u8>) {
    let channel = Channel::default();
    channel.publish(&Frame::comment("so\nit begins"));
    channel.publish(&Frame::message("one").with_event_type("note").unwrap());
    channel.publish(&Frame::message("two").with_id("mine").unwrap());
    channel.publish(&Frame::message("").with_id("mine").unwrap());
    if is_last {
        channel.close();
    }
    let mut bytes = Vec::new();
    channel.snapshot(&mut bytes).unwrap();
    (channel, bytes)
}

fn restore(bytes: &[u8]) -> Result<Channel, RestoreError> {
    Channel::restore(History::default(), bytes)
}

fn blocks(channel: &Channel) -> Vec<Vec<u8>> {
    match channel.log().read(1, usize::MAX) {
        Read::Entries(entries) => entries.iter().map(|entry| entry.block().to_vec()).collect(),
        other => panic!("no entries: {other:?}"),
    }
}

/// What can be recovered is a beginning of the log as it was, with the gap after it. How many entries.
fn recovered(error: RestoreError, whole: &Channel) -> Option<u64> {
    let (said, count) = (error.to_string(), error.entries());
    let channel = error.recover()?;
    let (blocks, all) = (blocks(&channel), self::blocks(whole));
    let (gap, before) = blocks.split_last().unwrap();
    assert_eq!(before, &all[..before.len()], "{said}");
    assert_eq!(before.len() as u64, count, "{said}");
    assert!(String::from_utf8_lossy(gap).contains(&Gap::Unsaved.to_string()), "{said}");
    // Who has seen more than that is told; and nothing gets an ID that the log had given.
    for id in 1..=whole.log().end() {
        let epoch = whole.log().cursor(1);
        let id = epoch.replace("-0", &format!("-{id}"));
        assert!(channel.log().after(&id).is_ok_and(|next| next <= count + 1), "{said}: {id}");
    }
    let epoch_of = |id: &str| id.split_once('-').map(|(epoch, _)| epoch.to_owned());
    let next = channel.publish(&Frame::message("next"));
    assert_ne!(epoch_of(&next), epoch_of(&whole.log().cursor(1)), "{said}");
    Some(count)
}

#[test]
fn every_truncation_is_told_and_what_is_whole_comes_back() {
    for is_last in [false, true] {
        let (channel, bytes) = small(is_last);
        assert!(restore(&bytes).is_ok());
        let mut counts = Vec::new();
        for length in 0..bytes.len() {
            let error = restore(&bytes[..length]).unwrap_err();
            assert!(matches!(error.damage(), Damage::Truncated), "{length}: {error}");
            counts.push(recovered(error, &channel));
        }
        assert!(counts.is_sorted() && counts[0].is_none() && *counts.last().unwrap() == Some(4));
        counts.dedup();
        assert_eq!(counts.len(), 6, "none, and 0 to 4 entries");
    }
}

#[test]
fn every_byte_that_is_another_is_noticed() {
    for is_last in [false, true] {
        let (channel, bytes) = small(is_last);
        for place in 0..bytes.len() {
            for other in (0..=255).filter(|other| *other != bytes[place]) {
                let mut bytes = bytes.clone();
                bytes[place] = other;
                let error = restore(&bytes).expect_err("it is damaged");
                match error.damage() {
                    Damage::Foreign => assert!(place < 8),
                    Damage::Version(_) => assert!((8..12).contains(&place)),
                    // The version is summed up: taken for the other one that is known, it does not go far.
                    Damage::Corrupt(_) if place == 8 && other == 1 => {}
                    Damage::Truncated | Damage::Corrupt(_) => assert!(place >= 12),
                    unexpected => panic!("{unexpected:?}"),
                }
                recovered(error, &channel);
            }
        }
    }
}

#[test]
fn bytes_that_are_missing_doubled_or_left_over_are_noticed() {
    let (channel, bytes) = small(true);
    for place in 0..bytes.len() {
        for (from, to) in [(place, place + 1), (place + 1, place)] {
            let changed = [&bytes[..from], &bytes[to..]].concat();
            recovered(restore(&changed).expect_err("it is damaged"), &channel);
        }
    }
    let longer = [&bytes[..], b"\0"].concat();
    let error = restore(&longer).unwrap_err();
    assert!(matches!(error.damage(), Damage::Corrupt("it goes on after its end")), "{error}");
    assert_eq!(recovered(error, &channel), Some(4));
    let twice = [&bytes[..], &bytes[..]].concat();
    assert_eq!(recovered(restore(&twice).unwrap_err(), &channel), Some(4));
}

/// Where records begin, and where the last one ends.
fn records(bytes: &[u8]) -> Vec<usize> {
    let mut places = vec![12];
    while let Some(front) = bytes.get(places[places.len() - 1]..).filter(|it| !it.is_empty()) {
        let length = u64::from_le_bytes(front[4..12].try_into().unwrap());
        places.push(places[places.len() - 1] + 16 + length as usize);
    }
    places
}

#[test]
fn entries_that_are_missing_doubled_or_moved_are_noticed() {
    let (channel, bytes) = small(true);
    let at = records(&bytes);
    let part = |from: usize, to: usize| &bytes[at[from]..at[to]];
    let head = &bytes[..at[1]];
    for (parts, whole) in [
        ([head, part(2, 3), part(3, 6)], 0),
        ([head, part(1, 2), part(1, 6)], 1),
        ([head, part(2, 3), part(1, 2)], 0),
        ([head, part(1, 3), part(5, 6)], 2),
    ] {
        let error = restore(&parts.concat()).unwrap_err();
        assert!(matches!(error.damage(), Damage::Corrupt("a checksum is wrong")), "{error}");
        assert_eq!(recovered(error, &channel), Some(whole));
    }
}

#[test]
fn foreign_and_future_files_are_told_as_such() {
    for bytes in [
        &b"id: 7\ndata: a\n\n"[..],
        &[0; 100],
        b"\x89SSELOG\r\n..........................",
        b"PK\x03\x04 ....",
    ] {
        let error = restore(bytes).unwrap_err();
        assert_eq!(error.to_string(), "it is no snapshot of a channel");
        assert!(error.recover().is_none());
    }
    let mut bytes = small(true).1;
    bytes[8] = 3;
    let error = restore(&bytes).unwrap_err();
    assert_eq!(error.to_string(), "the snapshot is of version 3, this program reads up to 2");
    assert!(error.recover().is_none());
}

/// Written by a program that knew no other version: a log of which `a` and `b` had been dropped.
#[test]
fn a_file_of_the_first_version_is_read() {
    let bytes = include_bytes!("version_1.snapshot");
    let channel = restore(bytes).unwrap();
    assert_eq!((channel.log().first(), channel.log().end()), (3, 7));
    assert_eq!(channel.log().after("c"), Err(sse_channel::Gap::AmbiguousId));
    assert_eq!(
        channel.log().after("b"),
        Err(sse_channel::Gap::UnknownId),
        "it was not written down"
    );
    assert_eq!(channel.log().after("5312521927031853-3"), Ok(4));
    for end in 0..bytes.len() {
        assert!(restore(&bytes[..end]).is_err(), "{end}");
    }
}

/// The checksum, slowly.
fn crc32(bytes: impl IntoIterator<Item = u8>) -> u32 {
    let step = |sum: u32, byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 * (sum & 1)))
    };
    !bytes.into_iter().fold(u32::MAX, step)
}

/// A snapshot of these records, with sums that are right.
fn made(records: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = b"\x89SSELOG\n\x02\0\0\0".to_vec();
    let mut summed = bytes.clone();
    for (tag, payload) in records {
        let front = [&tag[..], &(payload.len() as u64).to_le_bytes()].concat();
        for part in [&front[..], payload] {
            summed.extend(part);
            bytes.extend(part);
        }
        bytes.extend(crc32(summed.iter().copied()).to_le_bytes());
    }
    bytes
}

fn head(first: u64, quiet: u32, eras: &[u64]) -> Vec<u8> {
    let mut head = [&first.to_le_bytes()[..], &quiet.to_le_bytes()].concat();
    eras.iter().for_each(|number| head.extend(number.to_le_bytes()));
    head
}

const NO_ITEMS: (&[u8; 4], &[u8]) = (b"last", &[0; 8]);

#[test]
fn what_somebody_made_with_intent_is_refused() {
    let good = head(1, 0, &[0, 7]);
    assert_eq!(restore(&made(&[(b"head", &good), NO_ITEMS])).unwrap().last_event_id(), "7-0");
    for bad in [
        vec![],
        good[..good.len() - 1].to_vec(),
        head(1, 0, &[]),
        head(1, 0, &[0]),
        head(0, 0, &[0, 7]),
        head(1, 1, &[0, 7]),
        head(1, 0, &[1, 7]),
        head(9, 0, &[0, 7, 0, 8]),
        head(9, 0, &[5, 7, 3, 8]),
        head(u64::MAX, 0, &[0, 7]),
        head(1 << 62, 0, &[0, 7]),
    ] {
        let error = restore(&made(&[(b"head", &bad), NO_ITEMS])).unwrap_err();
        assert!(matches!(error.damage(), Damage::Corrupt(_)), "{bad:?}: {error}");
        assert!(error.recover().is_none());
    }
    for payload in [
        &b""[..],
        b"\0",
        b"\0id: 7-1\ndata: a\n",
        b"\0id: 7-2\ndata: a\n\n",
        b"\0id: 7-1\ndata: a\n\ndata: b\n\n",
        b"\0id: 7-1\ndata: a\rid: 9\n\n",
        b"\0id: 7-1\ndata: \xff\n\n",
        b"\x01data: no ID\n\n",
        b"\x02id: 7-1\ndata: a\n\n",
        b"\x04data: a\n\n",
        b"\x05id: 7-1\ndata: a\n\n",
        b"\x08id: 7-1\ndata: a\n\n",
    ] {
        let end = 1u64.to_le_bytes();
        let error =
            restore(&made(&[(b"head", &good), (b"item", payload), (b"last", &end)])).unwrap_err();
        assert!(
            matches!(error.damage(), Damage::Corrupt("an entry cannot be of this log")),
            "{payload:?}"
        );
        assert_eq!(error.recover().unwrap().stats().held_events, 1, "the gap");
    }
    let (late, third) = (head(1, 0, &[0, 7, 5, 8]), head(3, 0, &[0, 7]));
    let whole = restore(&made(&[(b"head", &third), (b"past", b"a"), NO_ITEMS])).unwrap();
    assert_eq!(whole.log().after("a"), Ok(3));
    for records in [
        &[(b"item", &b"\0: a\n\n"[..])][..],
        &[(b"head", &good), (b"head", &good), NO_ITEMS],
        &[(b"head", &good), (b"what", &[0; 8])],
        &[(b"head", &good), (b"last", &[1, 0, 0, 0, 0, 0, 0, 0])],
        &[(b"head", &good), (b"last", &[0; 7])],
        &[(b"head", &late), NO_ITEMS],
        &[(b"head", &good), (b"past", b"a"), NO_ITEMS],
        &[(b"head", &third), (b"past", b""), NO_ITEMS],
        &[(b"head", &third), (b"past", b"a\nb"), NO_ITEMS],
        &[(b"head", &third), (b"past", b"\xff"), NO_ITEMS],
        &[(b"head", &third), (b"past", b"a"), (b"past", b"a"), NO_ITEMS],
        &[(b"head", &third), (b"item", b"\0: a\n\n"), (b"past", b"a")],
    ] {
        let error = restore(&made(records)).unwrap_err();
        assert!(matches!(error.damage(), Damage::Corrupt(_)), "{error}");
    }
}

/// Gives the beginning of a snapshot with a length, then fails the test if more room is asked for than ought to be.
struct Promise {
    front: io::Cursor<Vec<u8>>,
    most: usize,
}

impl io::Read for Promise {
    fn read(&mut self, place: &mut [u8]) -> io::Result<usize> {
        assert!(place.len() <= self.most, "room for {} bytes", place.len());
        self.front.read(place)
    }
}

#[test]
fn a_length_is_believed_only_as_far_as_there_are_bytes() {
    let before = made(&[(b"head", &head(1, 0, &[0, 7]))]);
    for tag in [b"head", b"item", b"last"] {
        for length in [1 << 20, 1 << 40, u64::MAX] {
            let start = if tag == b"head" { &before[..12] } else { &before[..] };
            let bytes = [start, &tag[..], &length.to_le_bytes(), b"few"].concat();
            let promise = Promise { front: io::Cursor::new(bytes), most: 64 * 1024 };
            let error = Channel::restore(History::default(), promise).unwrap_err();
            assert!(matches!(error.damage(), Damage::Truncated), "{error}");
        }
    }
}

#[test]
fn a_disk_that_fails_gives_what_could_be_read() {
    struct Broken;
    impl io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("bad sector"))
        }
    }
    let (channel, bytes) = small(true);
    let until = records(&bytes)[3];
    let error = Channel::restore(History::default(), bytes[..until].chain(Broken)).unwrap_err();
    assert!(matches!(error.damage(), Damage::Io(_)), "{error}");
    assert!(error.to_string().contains("bad sector") && error.to_string().ends_with("before: 2"));
    assert_eq!(recovered(error, &channel), Some(2));
}

#[test]
fn a_writer_that_fails_is_told() {
    struct Full;
    impl io::Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    assert_eq!(small(true).0.snapshot(Full).unwrap_err().kind(), io::ErrorKind::StorageFull);
}

//! What several channels are joined to, block by block, and when that ends.

use std::task::Poll;

use sse_channel::{Channel, Channels, ChannelsError, Framing, Replay};

use super::support::{all, data, id, named, say};

#[test]
fn it_ends_when_all_have_closed() {
    let (a, b) = (Channel::default(), Channel::default());
    let mut events = named(&[&a, &b], Replay::All).subscribe(None).unwrap();
    say(&a, "a1");
    a.close();
    assert_eq!(data(&all(&mut events).0), ["a1"]);
    say(&b, "b1");
    assert_eq!(data(&all(&mut events).0), ["b1"]);
    b.close();
    assert!(matches!(events.try_next(), Poll::Ready(None)));
}

#[test]
fn chunks_hold_whole_blocks() {
    let (a, b) = (Channel::default(), Channel::default());
    let both = named(&[&a, &b], Replay::All);
    say(&a, "a1");
    say(&b, &"x".repeat(100));
    let plain = all(&mut both.subscribe(None).unwrap()).0;
    let framed = all(&mut both.subscribe(None).unwrap().with_framing(Framing::Chunked)).0;
    let chunk = |block: &str| format!("{:x}\r\n{block}\r\n", block.len());
    let expected: String = plain.split_inclusive("\n\n").map(chunk).collect();
    assert_eq!(framed, expected);
}

#[test]
fn a_burst_of_all_is_one_block_and_none_is_starved() {
    let (a, b) = (Channel::default(), Channel::default());
    let mut events = named(&[&a, &b], Replay::Live).subscribe(None).unwrap();
    all(&mut events);
    (0..10).for_each(|_| say(&a, "a"));
    (0..10).for_each(|_| say(&b, "b"));
    let Poll::Ready(Some(Ok(block))) = events.try_next() else { panic!("no block") };
    assert_eq!(data(std::str::from_utf8(&block).unwrap()).len(), 20);
    for _ in 0..20 {
        // Small ones: their IDs make more of them than a block holds.
        (0..1000).for_each(|_| say(&a, "a"));
        say(&b, "b");
        let blocks: Vec<_> = (0..2).map(|_| events.try_next()).collect();
        let text = format!("{blocks:?}");
        assert!(text.contains("data: b"), "a busy channel holds up another");
        all(&mut events);
    }
}

#[test]
fn what_cannot_be_followed_is_an_error_that_says_why() {
    let (a, b) = (Channel::default(), Channel::default());
    let of = |names: &[&str]| {
        let logs = [a.log(), b.log()].into_iter().cycle();
        let channels = names
            .iter()
            .zip(logs)
            .fold(Channels::new(), |channels, (name, log)| channels.with(*name, log, Replay::Live));
        channels.subscribe(None).map(drop)
    };
    let long = "x".repeat(65);
    for (names, error) in [
        (&[][..], ChannelsError::Empty),
        (&[""], ChannelsError::Name(String::new())),
        (&["a", &long], ChannelsError::Name(long.clone())),
        (&["a", "a"], ChannelsError::SameName("a".into())),
        (&["a", "b", "c"], ChannelsError::SameChannel("c".into())),
    ] {
        assert_eq!(of(names), Err(error.clone()), "{error}");
    }
    assert_eq!(of(&["a", "A"]), Ok(()));
    let many: Vec<Channel> = (0..200).map(|_| Channel::default()).collect();
    let first = |count: usize| {
        let names = (0..count).map(|number| format!("name{number:02}"));
        let channels = names.zip(&many).fold(Channels::new(), |channels, (name, channel)| {
            channels.with(name, channel.log(), Replay::Live)
        });
        channels.subscribe(None)
    };
    let (text, _) = all(&mut first(128).unwrap());
    assert!((2048..=4096).contains(&id(&text).len()), "{}", text.len());
    let error = first(200).unwrap_err();
    assert_eq!(error, ChannelsError::TooMany(200));
    assert!(error.to_string().contains("take fewer, or shorter names"), "{error}");
}

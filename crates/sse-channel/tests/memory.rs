//! What a history costs in memory is what it was told to, however small the events are. Alone in its program, so that
//! nothing else grows meanwhile.
#![cfg(target_os = "linux")]

use sse_channel::{Channel, Frame, History};

const BYTES: usize = 32 << 20;

/// Bytes of this process that are in memory.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its size");
    let kibibytes = line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number");
    kibibytes * 1024
}

#[test]
fn tiny_events_cost_what_the_history_may() {
    // Kept, so that the second does not go where the first was.
    let mut kept = Vec::new();
    for has_own_ids in [false, true] {
        let history = History { events: usize::MAX, bytes: BYTES, ..History::default() };
        let (before, channel) = (resident(), Channel::new(history));
        // Until long after the first has been dropped.
        for number in 0..500_000 {
            let id = number.to_string();
            let frame = Frame::message("x");
            channel.publish(&if has_own_ids { frame.with_id(&id).expect("an ID") } else { frame });
        }
        let held = channel.stats().held_bytes;
        assert!((BYTES - 1000..=BYTES).contains(&held), "{held}");
        let cost = resident().saturating_sub(before);
        assert!(cost < BYTES * 5 / 4, "{cost} bytes for {BYTES}, own IDs: {has_own_ids}");
        kept.push(channel);
    }
}

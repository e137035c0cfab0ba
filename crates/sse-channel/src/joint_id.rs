//! One ID that stands for a place in each of several channels. Depends on `id`; pure.
//!
//! ```text
//! joint = "j1" 1*( "." part )
//! part  = name "-" ( number "-" number / text )    ; an ID of a log's own: epoch, sequence; or any other
//! name, text: letters and digits as they are, each other byte as "=" and two hexadecimal digits
//! number: base 62, the digits, then capital letters, then small ones
//! ```
//!
//! Names stand there whole: a part cannot be taken for that of another channel. Letters, digits, `.`, `-` and `=` are safe
//! in a request that crosses origins.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::EventId;
use crate::id::{Number, parse};

/// Bytes that a joint ID may have: many servers and proxies read no more than 8 KiB of a request's head, and the rest of
/// the head has to fit there too.
pub(crate) const MAX_BYTES: usize = 4096;

const MARK: &str = "j1";
/// What the largest epoch and sequence take.
const NUMBERS: usize = 11 + 1 + 11;

/// A place in each of several channels, in their order; none yet in some.
#[derive(Debug)]
pub(crate) struct JointId {
    parts: Vec<Part>,
    /// Bytes that each place may take.
    room: usize,
}

#[derive(Debug)]
struct Part {
    name: String,
    place: Option<String>,
}

impl JointId {
    /// No place yet in any of the channels; `None` if there are too many for all their places to fit.
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Option<Self> {
        let part = |name| Part { name: escaped(name), place: None };
        let parts: Vec<Part> = names.map(part).collect();
        let names: usize = parts.iter().map(|part| part.name.len() + 2).sum();
        let left = MAX_BYTES.checked_sub(MARK.len() + names)?;
        let room = left.checked_div(parts.len())?;
        (room >= NUMBERS).then_some(Self { parts, room })
    }

    /// The place of an ID, if there is room for it. There is for each that a log itself has given.
    pub(crate) fn place(&self, id: &str) -> Option<String> {
        let mut place = String::with_capacity(NUMBERS);
        append_place(id, &mut place);
        (place.len() <= self.room).then_some(place)
    }

    pub(crate) fn set(&mut self, index: usize, place: Option<String>) {
        if let Some(part) = self.parts.get_mut(index) {
            part.place = place;
        }
    }

    /// The ID; `None` if there is no place yet.
    pub(crate) fn text(&self) -> Option<String> {
        let text = self.joined(0..self.parts.len());
        (!text.is_empty()).then(|| format!("{MARK}{text}"))
    }

    /// The ID as the place in one of the channels moves on.
    pub(crate) fn moving(&self, index: usize) -> Moving {
        let name = self.parts.get(index).map_or("", |part| &part.name);
        let text = format!("{MARK}{}.{name}-", self.joined(0..index));
        let after = self.joined(index + 1..self.parts.len());
        Moving { place: text.len()..text.len(), text, after, room: self.room }
    }

    fn joined(&self, range: Range<usize>) -> String {
        let mut text = String::new();
        for Part { name, place } in self.parts.get(range).unwrap_or_default() {
            if let Some(place) = place {
                [".", name, "-", place].iter().for_each(|piece| text.push_str(piece));
            }
        }
        text
    }
}

/// A joint ID in which one place changes. It is written for each event.
pub(crate) struct Moving {
    text: String,
    /// Where in the text it is.
    place: Range<usize>,
    /// What follows on it.
    after: String,
    room: usize,
}

impl Moving {
    /// Moves to the place of an ID, if there is room for it.
    pub(crate) fn to(&mut self, id: &str) -> bool {
        self.text.truncate(self.place.start);
        append_place(id, &mut self.text);
        self.place.end = self.text.len();
        self.text.push_str(&self.after);
        self.place.len() <= self.room
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn place(&self) -> Option<String> {
        self.text.get(self.place.clone()).map(str::to_owned)
    }
}

/// The IDs in a joint one, by the names of their channels; `None` if it is none.
pub(crate) fn read(id: &str) -> Option<BTreeMap<String, String>> {
    if id.len() > MAX_BYTES {
        return None;
    }
    let mut ids = BTreeMap::new();
    for part in id.strip_prefix(MARK)?.strip_prefix('.')?.split('.') {
        let (name, place) = part.split_once('-')?;
        let id = match place.split_once('-') {
            Some((epoch, position)) => {
                let number = Number { epoch: digits(epoch)?, position: digits(position)? };
                EventId::from(number).to_string()
            }
            None => unescaped(place)?,
        };
        if id.is_empty() || ids.insert(unescaped(name)?, id).is_some() {
            return None;
        }
    }
    Some(ids)
}

fn append_place(id: &str, text: &mut String) {
    match canonical(id) {
        Some(Number { epoch, position }) => {
            append_digits(epoch, text);
            text.push('-');
            append_digits(position, text);
        }
        None => append_escaped(id, text),
    }
}

/// The number of an ID, if its text is the one that a log gives to that number.
fn canonical(id: &str) -> Option<Number> {
    let is_canonical = |digits: &str| digits.len() == 1 || !digits.starts_with('0');
    id.split('-').all(is_canonical).then(|| parse(id))?
}

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn append_digits(mut number: u64, text: &mut String) {
    let mut digits = [0; 11];
    let mut start = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(number % 62) as usize];
        (start, number) = (start - 1, number / 62);
        if number == 0 {
            break;
        }
    }
    text.extend(digits.iter().skip(start).copied().map(char::from));
}

fn digits(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.bytes().try_fold(0_u64, |number, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            b'a'..=b'z' => byte - b'a' + 36,
            _ => return None,
        };
        number.checked_mul(62)?.checked_add(digit.into())
    })
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    append_escaped(text, &mut escaped);
    escaped
}

fn append_escaped(text: &str, escaped: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            escaped.push(byte.into());
        } else {
            let digit = |value: u8| char::from(b"0123456789ABCDEF"[usize::from(value)]);
            escaped.extend(['=', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

fn unescaped(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'=' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                (digit()? * 16 + digit()?) as u8
            }
            _ if byte.is_ascii_alphanumeric() => byte,
            _ => return None,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ID of these places, as text.
    fn joint(places: &[(&str, &str)]) -> String {
        let mut joint = JointId::new(places.iter().map(|(name, _)| *name)).unwrap();
        for (index, (_, id)) in places.iter().enumerate() {
            let place = joint.place(id);
            assert!(place.is_some(), "{id}");
            joint.set(index, place);
        }
        joint.text().unwrap()
    }

    #[test]
    fn what_is_written_is_read() {
        let long = "x".repeat(200);
        let ids = [
            "0-0",
            "7-61",
            "9007199254740991-62",
            "18446744073709551615-18446744073709551615",
            "1767225600000-0",
            // None of these is a number that a log gives.
            "07-1",
            "7-01",
            "-7-1",
            "7-18446744073709551616",
            "7-1-1",
            "-",
            "mine",
            "j1.a-1-1",
            "\u{e9} \"quoted\"; =41",
            &long,
        ];
        let names = ["a", "A", "a-", "a.b", "a=", "7", "news/eu", "\u{1f600}", "\n", "x y"];
        for name in names {
            for id in ids {
                for other in ids {
                    let text = joint(&[(name, id), ("other", other)]);
                    let is_safe = |it: char| it.is_ascii_alphanumeric() || ".-=".contains(it);
                    assert!(text.chars().all(is_safe), "{text}");
                    let expected = [(name, id), ("other", other)];
                    let expected = expected.map(|(name, id)| (name.to_owned(), id.to_owned()));
                    assert_eq!(read(&text), Some(BTreeMap::from(expected)), "{text}");
                }
            }
        }
        assert_eq!(joint(&[("news", "9007199254740991-62"), ("b", "line 7")]), EXAMPLE);
    }

    const EXAMPLE: &str = "j1.news-fFgnDxSe7-10.b-line=207";

    #[test]
    fn who_has_no_place_is_left_out() {
        let mut joint = JointId::new(["a", "b", "c"].into_iter()).unwrap();
        assert_eq!(joint.text(), None);
        joint.set(1, joint.place("x"));
        assert_eq!(joint.text().as_deref(), Some("j1.b-x"));
        for (index, expected) in [(2, "j1.b-x.c-7-1"), (0, "j1.a-7-1.b-x"), (1, "j1.b-7-1")] {
            let mut moving = joint.moving(index);
            assert!(moving.to("y y") && moving.to("7-1"));
            assert_eq!((moving.text(), moving.place().as_deref()), (expected, Some("7-1")));
            assert!(!moving.to(&"x".repeat(MAX_BYTES)));
        }
    }

    #[test]
    fn what_is_no_joint_id_is_none() {
        let too_long = format!("j1.a-{}", "x".repeat(MAX_BYTES));
        for id in [
            "",
            "j1",
            "j1.",
            "j1.a",
            "j1.a-",
            "j1.a-.b-1-1",
            "j1.a-1-",
            "j1.a--1",
            "j1.a-1-1-1",
            "j1.a-1-1.",
            "j1.a-1-1.a-1-1",
            "j2.a-1-1",
            "J1.a-1-1",
            "j1a-1-1",
            "7-1",
            "j1.a-=4",
            "j1.a-=zz",
            "j1.a-=FF",
            "j1.a-\u{e9}",
            "j1.a-1-\u{e9}",
            "j1.a b-1-1",
            "j1.a-1-zzzzzzzzzzzz",
            "j1.a-1-LygHa16AHYG",
            &too_long,
        ] {
            assert_eq!(read(id), None, "{id}");
        }
        assert!(read("j1.a-1-LygHa16AHYF").is_some(), "the largest number");
    }

    #[test]
    fn whatever_fits_stays_within_the_bound() {
        let most = (1..).take_while(|count| {
            let names: Vec<String> = (0..*count).map(|it| format!("topic{it:03}")).collect();
            JointId::new(names.iter().map(String::as_str)).is_some()
        });
        let most = most.last().unwrap();
        let names: Vec<String> = (0..most).map(|it| format!("topic{it:03}")).collect();
        let mut joint = JointId::new(names.iter().map(String::as_str)).unwrap();
        let largest = joint.place(&format!("{}-{}", u64::MAX, u64::MAX));
        assert!(largest.is_some() && joint.place(&"x".repeat(NUMBERS + 9)).is_none());
        (0..most).for_each(|index| joint.set(index, largest.clone()));
        let text = joint.text().unwrap();
        assert!(most == 124 && text.len() <= MAX_BYTES, "{most} {}", text.len());
        assert_eq!(read(&text).unwrap().len(), most);
    }
}

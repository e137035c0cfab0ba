//! The streams that are decoded. Each is generated, so what it holds is known without a decoder.

use crate::sink::Sink;

/// An event stream.
pub(crate) struct Corpus {
    pub(crate) name: &'static str,
    /// The stream; it lives as long as the program, so that all may borrow from it.
    pub(crate) bytes: &'static [u8],
    /// How many blocks it has. Where a block is an event, this is the number of events.
    pub(crate) blocks: usize,
    /// What a right decoder finds.
    pub(crate) expected: Sink,
}

pub(crate) const NAMES: [&str; 8] =
    ["llm", "tiny", "full", "multiline", "big", "heartbeat", "crlf", "utf8"];

impl Corpus {
    /// The corpus with one of the [`NAMES`], as long as `length` to within one event.
    pub(crate) fn named(name: &'static str, length: usize) -> Option<Corpus> {
        let of = |block: fn(usize) -> Block| Corpus::of(name, length, block);
        Some(match name {
            "llm" => of(|n| Block::line(delta(n))),
            "tiny" => of(|n| Block::line((n % 10).to_string())),
            "full" => of(|n| Block {
                event_type: "update",
                id: Some(format!("1700000000000-{n}")),
                ..Block::line(format!("{{\"key\":\"feature-{}\",\"on\":true}}", n % 100))
            }),
            "multiline" => of(|n| Block::line(lines(n))),
            "big" => of(|n| Block::line(letters(n, 64 << 10))),
            "heartbeat" => of(|n| match n % 1000 {
                999 => Block::line("1".to_owned()),
                _ => Block::heartbeat(),
            }),
            "crlf" => of(|n| Block::message(delta(n), "\r\n")),
            "utf8" => of(|n| Block::line("实时数据推送服务器发送事件".repeat(n % 5 + 2))),
            _ => return None,
        })
    }

    /// Events of `size` bytes of data on one line each.
    pub(crate) fn of_size(size: usize, length: usize) -> Corpus {
        Corpus::of("size", length, |n| Block::message(letters(n, size), "\n"))
    }

    fn of(name: &'static str, length: usize, block: impl Fn(usize) -> Block) -> Corpus {
        let mut text = String::new();
        let mut expected = Sink::hashing();
        let mut blocks = 0;
        while text.len() < length {
            let block = block(blocks);
            block.write(&mut text, &mut expected);
            blocks += 1;
        }
        Corpus { name, bytes: text.leak().as_bytes(), blocks, expected }
    }
}

/// One block of a stream, and how it is written.
struct Block {
    event_type: &'static str,
    id: Option<String>,
    data: Option<String>,
    line_ending: &'static str,
}

impl Block {
    fn message(data: String, line_ending: &'static str) -> Block {
        Block { event_type: "", id: None, data: Some(data), line_ending }
    }

    fn line(data: String) -> Block {
        Block::message(data, "\n")
    }

    fn heartbeat() -> Block {
        Block { event_type: "", id: None, data: None, line_ending: "\n" }
    }

    fn write(&self, text: &mut String, expected: &mut Sink) {
        let mut line = |start: &str, value: &str| {
            for part in [start, value, self.line_ending] {
                text.push_str(part);
            }
        };
        if !self.event_type.is_empty() {
            line("event: ", self.event_type);
        }
        if let Some(id) = &self.id {
            line("id: ", id);
        }
        match &self.data {
            None => line(":", ""),
            Some(data) => {
                data.split('\n').for_each(|part| line("data: ", part));
                expected.event(self.event_type, data, self.id.as_deref().unwrap_or(""));
            }
        }
        line("", "");
    }
}

/// One step of an answer as completion APIs stream it: about 180 bytes of JSON.
pub(crate) fn delta(n: usize) -> String {
    const WORDS: [&str; 7] = [" the", " stream", ",", " of", " events", " and", " time"];
    let word = WORDS[n % WORDS.len()];
    format!(
        "{{\"id\":\"chatcmpl-9f3b2c\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\
         \"model\":\"large-1\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{word}\"}},\
         \"finish_reason\":null}}]}}"
    )
}

/// Twenty lines of sixty letters.
pub(crate) fn lines(n: usize) -> String {
    let lines: Vec<String> = (0..20).map(|line| letters(n + line, 60)).collect();
    lines.join("\n")
}

/// `length` letters that are not the same for each `n`.
fn letters(n: usize, length: usize) -> String {
    (0..length).map(|i| char::from(b'a' + ((i + n) % 26) as u8)).collect()
}

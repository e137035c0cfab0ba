//! An event stream looked at closely: its lines with their endings, its blocks with their places. Pure; depends on
//! the grammar in sse-proto. It is not a decoder: what a client would make of the stream is one thing that is asked.

use sse_client::proto::Line;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is in the body of an answer.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    /// Those that have a field, in the order of their places.
    pub(crate) blocks: Vec<Block>,
    /// What stands after the last blank line; a block without lines if nothing does.
    pub(crate) rest: Block,
    /// The beginning of a last line that has no end.
    pub(crate) torn: Vec<u8>,
    pub(crate) comments: usize,
    /// How many lines end with LF, CR, CRLF.
    pub(crate) endings: [usize; 3],
    pub(crate) has_mark: bool,
    /// Names that are no field's, and how often they come.
    pub(crate) unknown: BTreeMap<String, usize>,
    /// The first values of `retry`.
    pub(crate) retries: Vec<String>,
    /// Where bytes stand that are not UTF-8.
    pub(crate) not_utf8: Option<usize>,
}

/// Lines up to a blank one.
#[derive(Debug, Default, Clone)]
pub(crate) struct Block {
    /// Where its first line begins and its blank line ends.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Where its first and its last `data` line end.
    pub(crate) data_begun: usize,
    pub(crate) data_end: usize,
    /// Fields of known names.
    pub(crate) fields: usize,
    pub(crate) data: Option<String>,
    pub(crate) event_type: Option<String>,
    /// The value of its last `id` field.
    pub(crate) id: Option<Arc<[u8]>>,
    /// The last event ID after it.
    pub(crate) last_event_id: Arc<[u8]>,
}

const MARK: &[u8] = b"\xEF\xBB\xBF";

impl Stream {
    pub(crate) fn read(body: &[u8]) -> Self {
        let mut stream = Self { has_mark: body.starts_with(MARK), ..Self::default() };
        stream.not_utf8 = std::str::from_utf8(body).err().and_then(|error| {
            // A character that is torn by the end of what was read is none of the server's faults.
            error.error_len().map(|_| error.valid_up_to())
        });
        let mut at = if stream.has_mark { MARK.len() } else { 0 };
        stream.rest.start = at;
        while let Some(length) = body[at..].iter().position(|it| matches!(it, b'\n' | b'\r')) {
            let (line, ending) = body[at..].split_at(length);
            let (kind, size) = match ending {
                [b'\r', b'\n', ..] => (2, 2),
                [b'\r', ..] => (1, 1),
                _ => (0, 1),
            };
            stream.endings[kind] += 1;
            at += length + size;
            stream.line(line, at);
        }
        if at < body.len() {
            stream.rest.end = body.len();
            stream.torn = body[at..].iter().copied().take(16).collect();
        }
        stream
    }

    /// The blocks that fire an event.
    pub(crate) fn events(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(|block| block.data.is_some())
    }

    fn line(&mut self, line: &[u8], end: usize) {
        let block = &mut self.rest;
        block.end = end;
        match Line::parse(line) {
            Line::Blank => {
                let last = self.blocks.last().map(|block| block.last_event_id.clone());
                let before = last.unwrap_or_default();
                block.last_event_id = block.id.clone().unwrap_or(before);
                let next = Block { start: end, end, ..Block::default() };
                let whole = std::mem::replace(block, next);
                if whole.fields > 0 {
                    self.blocks.push(whole);
                }
            }
            Line::Comment(_) => self.comments += 1,
            Line::Field { name, value } => self.field(name, value, end),
        }
    }

    fn field(&mut self, name: &[u8], value: &[u8], end: usize) {
        let block = &mut self.rest;
        block.fields += 1;
        let text = || String::from_utf8_lossy(value).into_owned();
        match name {
            b"data" => {
                block.data_end = end;
                match &mut block.data {
                    Some(data) => {
                        data.push('\n');
                        data.push_str(&text());
                    }
                    None => {
                        block.data_begun = end;
                        block.data = Some(text());
                    }
                }
            }
            b"event" => block.event_type = Some(text()),
            // "If the field value does not contain U+0000 NULL"
            b"id" if !value.contains(&0) => block.id = Some(value.into()),
            b"id" => {}
            b"retry" if self.retries.len() < 10 => self.retries.push(text()),
            b"retry" => {}
            _ => {
                block.fields -= 1;
                let mut name = String::from_utf8_lossy(name).into_owned();
                if let Some((at, _)) = name.char_indices().nth(40) {
                    name.truncate(at);
                    name.push('…');
                }
                // Hostile bytes cost no more than this.
                if self.unknown.len() < 20 || self.unknown.contains_key(&name) {
                    *self.unknown.entry(name).or_default() += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_their_places_and_ids() {
        let stream = Stream::read(
            b"\xEF\xBB\xBFid: 1\ndata: a\r\ndata: b\r\r:c\n\nData: x\n\ndata\n\nid: 2\nda",
        );
        assert!(stream.has_mark && stream.not_utf8.is_none());
        assert_eq!((stream.endings, stream.comments), ([8, 2, 1], 1));
        let events: Vec<_> = stream.events().map(|it| it.data.as_deref()).collect();
        assert_eq!(events, [Some("a\nb"), Some("")]);
        assert!(stream.events().all(|block| *block.last_event_id == *b"1"));
        let first = &stream.blocks[0];
        assert_eq!((first.start, first.data_end, first.end), (3, 26, 27));
        assert_eq!(stream.unknown.get("Data"), Some(&1));
        assert_eq!(
            (stream.rest.id.as_deref(), stream.rest.end - stream.rest.start),
            (Some(&b"2"[..]), 8)
        );
        assert_eq!(Stream::read(b"data: \xFF\n").not_utf8, Some(6));
        assert_eq!(Stream::read("data: ☺".as_bytes().split_at(8).0).not_utf8, None);
    }
}

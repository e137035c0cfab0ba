//! Answers of Redis as values: entries of a stream, what `XINFO STREAM` tells of it. Depends on `id` and `error`; pure.

use redis::Value;

use crate::error::Error;
use crate::id::StreamId;

/// An entry as it stands in a stream.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) id: StreamId,
    /// Names and values, one after the other.
    pub(crate) fields: Vec<Vec<u8>>,
}

impl Raw {
    pub(crate) fn bytes(&self) -> usize {
        self.fields.iter().map(Vec::len).sum()
    }
}

/// What a stream is, apart from its entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Info {
    /// Entries in it.
    pub(crate) length: u64,
    /// The newest ID that it has given.
    pub(crate) last: StreamId,
    /// Entries ever added.
    pub(crate) added: u64,
    /// The oldest in it.
    pub(crate) first: Option<StreamId>,
}

/// The entries of `XRANGE` and its like.
pub(crate) fn entries(value: Value) -> Result<Vec<Raw>, Error> {
    array(value)?.into_iter().map(entry).collect()
}

fn entry(value: Value) -> Result<Raw, Error> {
    let Ok([id, fields]) = <[Value; 2]>::try_from(array(value)?) else {
        return Err(odd("an entry that is no pair"));
    };
    let fields = array(fields)?.into_iter().map(bytes).collect::<Result<_, _>>()?;
    Ok(Raw { id: stream_id(&id)?, fields })
}

/// The keys in an answer to `XREAD`.
pub(crate) fn keys(value: Value) -> Result<Vec<String>, Error> {
    let keys = match value {
        Value::Map(pairs) => pairs.into_iter().map(|(key, _)| key).collect(),
        other => {
            let streams = array(other)?.into_iter();
            let first =
                |stream| array(stream).map(|pair| pair.into_iter().next().unwrap_or_default());
            streams.map(first).collect::<Result<Vec<_>, _>>()?
        }
    };
    keys.into_iter().map(|key| text(bytes(key)?)).collect()
}

/// What `XINFO STREAM` tells; a stream that does not exist has had no entries.
pub(crate) fn info(value: Value) -> Result<Info, Error> {
    if let Value::ServerError(error) = &value {
        if error.details().is_some_and(|it| it.contains("no such key")) {
            return Ok(Info::default());
        }
    }
    let pairs = match refused(value)? {
        Value::Map(pairs) => pairs,
        other => {
            let mut items = array(other)?.into_iter();
            std::iter::from_fn(|| Some((items.next()?, items.next()?))).collect()
        }
    };
    let (mut info, mut knows_added) = (Info::default(), false);
    for (name, value) in pairs {
        match bytes(name)?.as_slice() {
            b"length" => info.length = number(&value)?,
            b"last-generated-id" => info.last = stream_id(&value)?,
            b"entries-added" => (info.added, knows_added) = (number(&value)?, true),
            b"first-entry" if !matches!(value, Value::Nil) => info.first = Some(entry(value)?.id),
            _ => {}
        }
    }
    if !knows_added {
        return Err(odd("XINFO STREAM does not tell `entries-added`: Redis 7 or Valkey is needed"));
    }
    Ok(info)
}

/// An error within an answer, as that of the whole.
pub(crate) fn refused(value: Value) -> Result<Value, Error> {
    match value {
        Value::ServerError(error) => Err(Error::of(&error.into())),
        value => Ok(value),
    }
}

fn array(value: Value) -> Result<Vec<Value>, Error> {
    match refused(value)? {
        Value::Array(items) => Ok(items),
        Value::Nil => Ok(Vec::new()),
        other => Err(odd(&format!("{other:.60?} in place of an array"))),
    }
}

fn bytes(value: Value) -> Result<Vec<u8>, Error> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.into_bytes()),
        other => Err(odd(&format!("{other:.60?} in place of a string"))),
    }
}

pub(crate) fn stream_id(value: &Value) -> Result<StreamId, Error> {
    let text = match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text.as_str()),
        _ => None,
    };
    text.and_then(StreamId::parse).ok_or_else(|| odd(&format!("{value:.60?} in place of an ID")))
}

fn number(value: &Value) -> Result<u64, Error> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        _ => None,
    }
    .ok_or_else(|| odd(&format!("{value:.60?} in place of a number")))
}

fn text(bytes: Vec<u8>) -> Result<String, Error> {
    String::from_utf8(bytes).map_err(|_| odd("a key that is not UTF-8"))
}

fn odd(what: &str) -> Error {
    Error::Answer(what.to_owned())
}

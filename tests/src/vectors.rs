//! The conformance vectors of `tests/vectors`, whose `README.md` describes their format.
//!
//! Depends on `std` alone. A file that does not follow the format is a panic that names the line:
//! the files are part of the source.

use std::fs;
use std::path::{Path, PathBuf};

/// A stream and what a decoder must make of it.
#[derive(Clone, Debug, Default)]
pub struct Vector {
    /// Unique among all vectors.
    pub name: String,
    /// The identifiers of the clauses that decide it.
    pub cites: Vec<String>,
    /// The bytes of the stream.
    pub input: Vec<u8>,
    /// The events in the order of their dispatch.
    pub events: Vec<ExpectedEvent>,
    /// The last event ID string after the stream.
    pub last_event_id: String,
    /// The reconnection time in milliseconds, if the stream sets one.
    pub reconnection_time: Option<u64>,
}

/// An event that a vector expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedEvent {
    /// The number of input bytes with the last of which it is dispatched.
    pub offset: usize,
    /// Its type.
    pub event_type: String,
    /// Its data.
    pub data: String,
    /// The last event ID that it carries.
    pub last_event_id: String,
}

/// A sentence of the standard.
#[derive(Clone, Debug)]
pub struct Clause {
    /// Where the sentence stands.
    pub section: String,
    /// What vectors cite it by.
    pub id: String,
    /// Its text, shortened.
    pub sentence: String,
    /// Why no line of the codec carries it out; `None` if one does.
    pub no_code: Option<String>,
}

/// The folder of the vectors.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// The files that hold cases, in the order of their names.
///
/// # Panics
///
/// If the folder cannot be read.
#[must_use]
pub fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder())
        .expect("the folder of the vectors is there")
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|it| it == "txt"))
        .filter(|path| path.file_stem().is_some_and(|it| it != "clauses"))
        .collect();
    files.sort();
    files
}

/// Every vector of every file.
///
/// # Panics
///
/// If a file does not follow the format.
#[must_use]
pub fn load() -> Vec<Vector> {
    files().iter().flat_map(|path| load_file(path)).collect()
}

/// The vectors of one file.
///
/// # Panics
///
/// If the file does not follow the format.
#[must_use]
pub fn load_file(path: &Path) -> Vec<Vector> {
    let text = fs::read_to_string(path).expect("a vector file is UTF-8");
    let mut vectors: Vec<Vector> = Vec::new();
    let mut ended = true;
    for (index, line) in text.lines().enumerate() {
        let place = format!("{}:{}: {line}", path.display(), index + 1);
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if word.is_empty() || word.starts_with('#') {
            continue;
        }
        if word == "case" {
            assert!(ended, "the case before has no end: {place}");
            vectors.push(Vector { name: rest.to_owned(), ..Vector::default() });
            ended = false;
            continue;
        }
        assert!(!ended, "not part of a case: {place}");
        let vector = vectors.last_mut().expect("a case has begun");
        match word {
            "cites" => vector.cites = rest.split(' ').map(str::to_owned).collect(),
            "feed" => vector.input.extend(strings(rest, &place).0.concat()),
            "event" => {
                let (strings, _) = strings(rest, &place);
                let [event_type, data, last_event_id] = texts(strings, &place);
                vector.events.push(ExpectedEvent {
                    offset: vector.input.len(),
                    event_type,
                    data,
                    last_event_id,
                });
            }
            "end" => {
                let (strings, time) = strings(rest, &place);
                [vector.last_event_id] = texts(strings, &place);
                vector.reconnection_time = (time != "none")
                    .then(|| time.parse().unwrap_or_else(|_| panic!("no time: {place}")));
                ended = true;
            }
            _ => panic!("an unknown word: {place}"),
        }
    }
    assert!(ended, "the last case of {} has no end", path.display());
    vectors
}

/// The clauses, in the order of the standard.
///
/// # Panics
///
/// If `clauses.txt` does not follow its format.
#[must_use]
pub fn clauses() -> Vec<Clause> {
    let path = folder().join("clauses.txt");
    let text = fs::read_to_string(path).expect("clauses.txt is there");
    let mut clauses = Vec::new();
    let mut section = "";
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (id, rest) = line.split_once(' ').expect("an identifier and a sentence");
        if id == "section" {
            section = rest;
            continue;
        }
        if id == "no-code" {
            let (id, reason) = rest.split_once(": ").expect("an identifier and a reason");
            let clause = clauses.iter_mut().find(|it: &&mut Clause| it.id == id);
            clause.expect("a clause above has this identifier").no_code = Some(reason.to_owned());
            continue;
        }
        clauses.push(Clause {
            section: section.to_owned(),
            id: id.to_owned(),
            sentence: rest.trim().to_owned(),
            no_code: None,
        });
    }
    clauses
}

/// The quoted strings at the start of `rest`, unescaped, and what follows them.
fn strings<'a>(mut rest: &'a str, place: &str) -> (Vec<Vec<u8>>, &'a str) {
    let mut strings = Vec::new();
    while let Some(quoted) = rest.strip_prefix('"') {
        let (string, after) = unescape(quoted, place);
        strings.push(string);
        rest = after.trim_start_matches(' ');
    }
    (strings, rest)
}

/// The bytes of a string up to its closing quote, and the text after that.
fn unescape<'a>(quoted: &'a str, place: &str) -> (Vec<u8>, &'a str) {
    let mut bytes = Vec::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return (bytes, characters.as_str()),
            '\\' => bytes.push(escape(&mut characters, place)),
            _ => bytes.extend(character.to_string().bytes()),
        }
    }
    panic!("no closing quote: {place}");
}

/// The byte that an escape stands for, read from after its backslash.
fn escape(characters: &mut std::str::Chars<'_>, place: &str) -> u8 {
    match characters.next() {
        Some('n') => b'\n',
        Some('r') => b'\r',
        Some('t') => b'\t',
        Some('"') => b'"',
        Some('\\') => b'\\',
        Some('x') => {
            let digits: String = characters.by_ref().take(2).collect();
            u8::from_str_radix(&digits, 16).unwrap_or_else(|_| panic!("no byte: {place}"))
        }
        _ => panic!("an unknown escape: {place}"),
    }
}

fn texts<const N: usize>(strings: Vec<Vec<u8>>, place: &str) -> [String; N] {
    let texts: Vec<String> = strings
        .into_iter()
        .map(|bytes| String::from_utf8(bytes).unwrap_or_else(|_| panic!("no UTF-8: {place}")))
        .collect();
    texts.try_into().unwrap_or_else(|_| panic!("another number of strings is due: {place}"))
}

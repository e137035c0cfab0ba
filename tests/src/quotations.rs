//! Where the codec's source quotes a sentence of the standard: from a clause to the line of code.
//!
//! Depends on `std` alone.

use std::fs;
use std::path::{Path, PathBuf};

use crate::vectors::Clause;

/// Shorter quotations than this could stem from anywhere.
const SHORTEST: usize = 16;

/// Consecutive comment lines of a source file, as one text.
#[derive(Clone, Debug)]
pub struct Comment {
    /// The file, from the folder of the workspace.
    file: PathBuf,
    /// In lower case, and with single spaces.
    text: String,
    /// Where each line begins in the text, and its number.
    lines: Vec<(usize, usize)>,
}

/// All comments of the codec.
///
/// # Panics
///
/// If its source cannot be read.
#[must_use]
pub fn comments() -> Vec<Comment> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    list(&workspace, Path::new("crates/sse-proto/src"), &mut files);
    files.sort();
    let read = |file: &PathBuf| fs::read_to_string(workspace.join(file)).expect("a file of source");
    files.iter().flat_map(|file| comments_of(file, &read(file))).collect()
}

/// The source files below a folder.
fn list(workspace: &Path, folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(workspace.join(folder)).expect("the codec's source is there") {
        let path = folder.join(entry.expect("the folder can be listed").file_name());
        if workspace.join(&path).is_dir() {
            list(workspace, &path, files);
        } else if path.extension().is_some_and(|it| it == "rs") {
            files.push(path);
        }
    }
}

fn comments_of(file: &Path, source: &str) -> Vec<Comment> {
    let mut comments: Vec<Comment> = Vec::new();
    let mut goes_on = false;
    for (number, line) in (1..).zip(source.lines()) {
        let Some(text) = line.trim_start().strip_prefix("//") else {
            goes_on = false;
            continue;
        };
        if !goes_on {
            comments.push(Comment {
                file: file.to_owned(),
                text: String::new(),
                lines: Vec::new(),
            });
        }
        goes_on = true;
        let comment = comments.last_mut().expect("one has begun");
        comment.lines.push((comment.text.len(), number));
        comment.text.push_str(&normal(text.trim_start_matches(['/', '!'])));
        comment.text.push(' ');
    }
    comments
}

/// Where the sentence of `clause`, or a part of it, is quoted: `FILE:LINE`.
#[must_use]
pub fn of(clause: &Clause, comments: &[Comment]) -> Vec<String> {
    let mut parts = pieces(&clause.sentence);
    // Of a production of the grammar nothing is left out, and its pieces are short.
    parts.push(normal(&clause.sentence));
    let mut places = Vec::new();
    for comment in comments {
        let whole = parts.iter().filter_map(|part| comment.text.find(part));
        let quoted = comment.text.split('"').skip(1).step_by(2);
        let partly = quoted.flat_map(pieces).filter_map(|quote| {
            let is_part = parts.iter().any(|part| part.contains(&quote));
            is_part.then(|| comment.text.find(&quote))?
        });
        if let Some(at) = whole.chain(partly).min() {
            let line = comment.lines.iter().rfind(|line| line.0 <= at);
            let number = line.map_or(0, |line| line.1);
            places.push(format!("{}:{number}", comment.file.display()));
        }
    }
    places
}

/// What stands between the omissions and stops of a sentence, if it is long enough.
fn pieces(sentence: &str) -> Vec<String> {
    let parts = sentence.split(['[', ']', '.', ':', ';']).map(|part| {
        let part = normal(part);
        part.trim_matches(|it: char| " ,".contains(it)).to_owned()
    });
    parts.filter(|part| part.len() >= SHORTEST).collect()
}

fn normal(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

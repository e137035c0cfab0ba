//! Rules for single files.

use super::Source;

/// How many lines of code a file may have before its tests: one noun, read in one go.
const MOST_LINES: usize = 300;

/// Words that mark unfinished work, and folders of one person's machine.
///
/// They are spelled in halves, because this file is checked too.
const LEFT_BEHIND: [(&str, &str); 9] = [
    ("TO", "DO"),
    ("FIX", "ME"),
    ("XX", "X"),
    ("dbg", "!("),
    ("todo", "!("),
    ("/ho", "me/"),
    ("/ro", "ot/"),
    ("/wo", "rk/"),
    ("/Us", "ers/"),
];

/// A Rust file opens by saying what it is for, or takes that from its README.
pub(super) fn head(source: &Source) -> Option<String> {
    let opens = ["//!", "#![doc = include_str!("].iter().any(|it| source.text.starts_with(it));
    (!opens)
        .then(|| format!("{}: the first line is not a `//!` that says what it is for", source.path))
}

/// A Rust file is short. Comments are not counted, nor are its unit tests, which come last.
pub(super) fn length(source: &Source) -> Option<String> {
    let lines = source.text.lines().map(str::trim_start);
    let count = lines
        .take_while(|line| *line != "#[cfg(test)]")
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count();
    let tests_only = source.path.split('/').any(|part| part == "tests");
    (count > MOST_LINES && !tests_only).then(|| {
        format!("{}: {count} lines of code before its tests, {MOST_LINES} are allowed", source.path)
    })
}

/// Nothing unfinished, and no path of a machine.
pub(super) fn left_behind(source: &Source) -> Vec<String> {
    let mut wrong = Vec::new();
    for (number, line) in (1..).zip(source.text.lines()) {
        for (first, second) in LEFT_BEHIND {
            let word = format!("{first}{second}");
            if contains_word(line, &word) {
                wrong.push(format!("{}:{number}: contains {word:?}", source.path));
            }
        }
    }
    wrong
}

/// Whether `word` stands in the line without a letter or a dot before or a letter after it.
fn contains_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let is_delimited = word.ends_with(['/', '(']) || !after.is_some_and(char::is_alphanumeric);
        is_delimited && !before.is_some_and(|it| it.is_alphanumeric() || "._-/".contains(it))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_file_without_a_head_is_found() {
        assert!(head(&source("a.rs", "use std::fs;\n")).is_some());
        assert!(head(&source("a.rs", "//! Says what it is for.\n")).is_none());
    }

    #[test]
    fn lines_count_up_to_the_tests() {
        let long = "x\n".repeat(MOST_LINES + 1);
        assert!(length(&source("src/a.rs", &long)).is_some());
        assert!(length(&source("tests/a.rs", &long)).is_none());
        let commented = "// x\n\n".repeat(MOST_LINES + 1);
        assert!(length(&source("src/a.rs", &commented)).is_none());
        let tested = format!("#[cfg(test)]\n{long}");
        assert!(length(&source("src/a.rs", &tested)).is_none());
    }

    #[test]
    fn unfinished_work_and_machine_paths_are_found() {
        let todo = format!("// {}{}: later", "TO", "DO");
        let path = format!("\"{}{}me/file\"", "/ho", "me/");
        let found = left_behind(&source("a.rs", &format!("fine\n{todo}\n{path}\n")));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("a.rs:2:"), "{found:?}");
    }

    #[test]
    fn parts_of_other_words_are_not_found() {
        let inside = format!("MAS{}{}N example.org{}{}page", "TO", "DO", "/ho", "me/");
        assert_eq!(left_behind(&source("a.rs", &inside)), Vec::<String>::new());
    }
}

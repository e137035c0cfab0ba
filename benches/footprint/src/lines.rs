//! Counts lines of code: neither empty nor a comment, without the tests.

use std::fs;
use std::path::Path;

#[derive(Default)]
pub(crate) struct Lines {
    pub(crate) sum: usize,
    /// The lines of the longest file.
    pub(crate) longest: usize,
}

/// The lines of all Rust files below a folder.
pub(crate) fn of(folder: &Path) -> anyhow::Result<Lines> {
    let mut lines = Lines::default();
    if !folder.is_dir() {
        return Ok(lines);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            let below = of(&path)?;
            lines.sum += below.sum;
            lines.longest = lines.longest.max(below.longest);
        } else if path.extension().is_some_and(|it| it == "rs") && !path.ends_with("tests.rs") {
            let count = count(&fs::read_to_string(&path)?);
            lines.sum += count;
            lines.longest = lines.longest.max(count);
        }
    }
    Ok(lines)
}

/// Test modules stand at the end of a file: what follows one is not counted.
fn count(text: &str) -> usize {
    let end = text.find("#[cfg(test)]\nmod ").unwrap_or(text.len());
    let lines = text[..end].lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn comments_blank_lines_and_tests_are_not_counted() {
        let text = "//! About.\n\nfn one() {\n    // Why.\n}\n\n#[cfg(test)]\nmod tests {\n}\n";
        assert_eq!(count(text), 2);
    }
}

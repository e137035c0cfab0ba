//! Links between the documents of the workspace lead somewhere.

use super::Source;

/// The relative links of a Markdown file whose target does not exist.
pub(super) fn broken(source: &Source, exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let folder = source.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    targets(&source.text)
        .filter(|target| !target.contains("://") && !target.starts_with('#'))
        .filter(|target| {
            let path = target.split('#').next().unwrap_or(target);
            !exists(format!("{folder}/{path}").trim_start_matches('/'))
        })
        .map(|target| format!("{}: the link to {target} leads nowhere", source.path))
        .collect()
}

/// What stands in parentheses after `]`, outside of code.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    let prose = text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !in_code && !fence
    });
    prose.flat_map(|line| {
        line.match_indices("](").filter_map(move |(at, opening)| {
            let in_span = line[..at].matches('`').count() % 2 == 1;
            let target = line[at + opening.len()..].split(')').next()?;
            (!in_span).then_some(target)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_relative_links_without_target_are_broken() {
        let text = "[a](there.md) [b](missing.md#part) [c](https://example.org/x) [d](#here)\n\
            ```\n[e](code.md)\n```\n`[f](span.md)`\n";
        let source = Source { path: "docs/page.md".to_owned(), text: text.to_owned() };
        let found = broken(&source, &|path| path == "docs/there.md");
        assert_eq!(found, ["docs/page.md: the link to missing.md#part leads nowhere"]);
    }
}

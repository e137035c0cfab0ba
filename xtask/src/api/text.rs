//! Pieces of source as the listing writes them: in one line, without what is the author's own affair.

use syn::spanned::Spanned;

/// The text of a piece of source, in one line.
pub(super) fn source(piece: &impl Spanned) -> String {
    let text = piece.span().source_text().unwrap_or_default();
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace(", )", ")").replace("( ", "(").replace(" )", ")").replace(", >", ">")
}

/// As a caller reads it: whether an argument is `mut` is the function's own affair.
pub(super) fn signature(signature: &syn::Signature) -> String {
    source(signature).replace("(mut ", "(").replace(", mut ", ", ").trim_end_matches(',').to_owned()
}

/// What the `cfg` attributes ask for: features by name, `a | b` for any of some, else as written.
pub(super) fn conditions_of(attributes: &[syn::Attribute]) -> Vec<String> {
    let conditions = attributes.iter().filter(|it| it.path().is_ident("cfg"));
    conditions
        .map(|it| {
            let written = source(it);
            let within = written.trim_start_matches("#[cfg(").trim_end_matches(")]");
            let any = within.strip_prefix("any(").and_then(|it| it.strip_suffix(')'));
            let names: Option<Vec<&str>> = any.unwrap_or(within).split(", ").map(feature).collect();
            names.map_or_else(|| within.to_owned(), |names| names.join(" | "))
        })
        .collect()
}

fn feature(condition: &str) -> Option<&str> {
    condition.strip_prefix("feature = \"")?.strip_suffix('"')
}

//! The matrix as one self-contained page.

use serde_json::Value;

/// The page, with the matrix in it as JSON.
pub(super) fn page(matrix: &Value) -> String {
    // Inside a script element only this could end it.
    let data = matrix.to_string().replace("</", "<\\/").replace("<!--", "<\\!--");
    include_str!("page.html").replace("{matrix}", &data)
}

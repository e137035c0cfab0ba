//! A page that reads a stream of another origin by `fetch`, with header fields that need to be allowed first.
//!
//! An event source sends none that do; see <https://fetch.spec.whatwg.org/#cors-preflight-fetch>.

use anyhow::ensure;

use super::{Case, Stage, as_text};

pub(super) const FETCH: Case = Case {
    name: "preflight",
    about: "fetch with header fields of its own from another origin: asked for first, and only then allowed",
    check: |stage| {
        let server = stage.start("scenario-server")?;
        stage.open(&server.url("/driver").replacen("127.0.0.1", "localhost", 1))?;
        let fields = "{ 'Authorization': 'Bearer key', 'Last-Event-ID': 'of-another-server' }";
        let told = read(stage, &server.url("/gap/preflight"), fields)?;
        ensure!(told.contains("event: gap\n"), "the ID did not arrive: {told}");
        // This one may be read by every origin, but allows no field.
        let bare = read(stage, &server.url("/run/bare/cors-any"), "{}")?;
        ensure!(bare.contains("data: "), "a request without fields was refused: {bare}");
        let asked = read(stage, &server.url("/run/asked/cors-any"), fields)?;
        ensure!(asked == "TypeError", "nothing had to be allowed: {asked}");
        stage.nothing_thrown()
    },
};

/// The first bytes of the stream, or the name of the error.
fn read(stage: &Stage<'_>, url: &str, fields: &str) -> anyhow::Result<String> {
    let script = format!(
        "return fetch('{url}', {{ headers: {fields} }}).then(async ({{ body }}) => {{
            const reader = body.getReader();
            const {{ value }} = await reader.read();
            reader.cancel();
            return new TextDecoder().decode(value);
        }}).catch((error) => error.name)"
    );
    Ok(as_text(&stage.browser.script(&script)?))
}

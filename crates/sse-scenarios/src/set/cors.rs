//! Streams of another origin than the page's.

use crate::scenario::{Answer, End, Need, Scenario};

const CORS: &str = "9.2.2: \"Let corsAttributeState be Anonymous\"; Fetch, 4.10 CORS check";
const CREDENTIALS: &str = "9.2.2: \"If the value of eventSourceInitDict's withCredentials member is true, then set corsAttributeState to Use Credentials\"; Fetch, 4.10 CORS check";

pub(super) fn all() -> Vec<Scenario> {
    let any = |it: Answer| it.field("Access-Control-Allow-Origin", "*");
    let exact = |it: Answer| it.field("Access-Control-Allow-Origin", "{origin}");
    let with_credentials = |it: Answer| it.field("Access-Control-Allow-Credentials", "true");
    let stream = || Answer::stream("data: a\n\n").done();
    let all = [
        Scenario::new("cors-any", "Every origin may read the stream.", CORS)
            .answer(any(stream()))
            .message("a"),
        Scenario::new("cors-exact", "The page's origin may read the stream.", CORS)
            .answer(exact(stream()))
            .message("a"),
        Scenario::new("cors-missing", "Nobody said that another origin may read the stream.", CORS)
            .answer(Answer::stream("data: lost\n\n").ending(End::Complete))
            .answer(any(stream()))
            .fails(),
        Scenario::new(
            "cors-resume",
            "The client comes back with an ID of safe characters, without a preflight.",
            CORS,
        )
        .answer(any(Answer::stream("retry: 20\nid: 1-7\ndata: a\n\n").ending(End::Complete)))
        .answer(any(Answer::stream("data: b\n\n").done()))
        .event("message", "a", "1-7")
        .returns_with("1-7")
        .event("message", "b", "1-7"),
        Scenario::new(
            "cors-credentials",
            "With credentials, which are allowed to the page's origin.",
            CREDENTIALS,
        )
        .with_credentials()
        .answer(with_credentials(exact(stream())))
        .message("a"),
        Scenario::new(
            "cors-credentials-any",
            "With credentials, which are not allowed to every origin.",
            CREDENTIALS,
        )
        .with_credentials()
        .answer(with_credentials(any(Answer::stream("data: lost\n\n").ending(End::Complete))))
        .answer(with_credentials(exact(stream())))
        .fails(),
        Scenario::new(
            "cors-credentials-missing",
            "With credentials, which are not allowed.",
            CREDENTIALS,
        )
        .with_credentials()
        .answer(exact(Answer::stream("data: lost\n\n").ending(End::Complete)))
        .answer(with_credentials(exact(stream())))
        .fails(),
    ];
    all.into_iter().map(|scenario| scenario.needing(Need::Origins)).collect()
}

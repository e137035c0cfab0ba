//! What the index page says of each demo, in English and Chinese, and the page made of it.

use examples::documents::{
    counter, event_types, finite_stream, hello_clock, identified_stream, start_and_stop,
};
use sse_server::{Request, Response};

/// One demo.
pub(crate) struct Card {
    /// Its folder in `documents/`, its example, and its path in this server.
    pub(crate) name: &'static str,
    /// English, Chinese.
    title: [&'static str; 2],
    /// English, Chinese.
    about: [&'static str; 2],
    /// Where its stream is, below its path.
    stream: &'static str,
    /// Its server's source.
    server: &'static str,
    /// Its pages: path, file name, source. The first is the one that the card shows.
    pages: &'static [(&'static str, &'static str, &'static str)],
    /// Answers a request for a path below its own.
    pub(crate) respond: fn(&Request, &str) -> Response,
}

macro_rules! document {
    ($($path:literal),+) => { include_str!(concat!("../../../documents/", $($path),+)) };
}

pub(crate) const CARDS: [Card; 6] = [
    Card {
        name: "hello-clock",
        title: ["Hello, clock", "你好，时钟"],
        about: [
            "A greeting at once, then the local time every two seconds. The simplest stream there is: data lines, no types, no IDs.",
            "先是一句问候，然后每两秒推送一次本地时间。最简单的流：只有数据行，没有类型和 ID。",
        ],
        stream: "/sse",
        server: document!("hello-clock/server.rs"),
        pages: &[("/", "page.html", document!("hello-clock/page.html"))],
        respond: |request, path| match path {
            // Alone, the demo has no page of its own: its document opens it as a file.
            "/" => Response::html(document!("hello-clock/page.html")),
            _ => hello_clock::respond(request, path),
        },
    },
    Card {
        name: "counter",
        title: ["A counter that ends", "会结束的计数器"],
        about: [
            "Eleven messages, then an event of the type “end”. The page closes the stream there, so the browser does not come back.",
            "十一条消息，然后是类型为 end 的事件。页面此时关闭连接，因此浏览器不会重连。",
        ],
        stream: "/events",
        server: document!("counter/server.rs"),
        pages: &[("/", "page.html", document!("counter/page.html"))],
        respond: counter::respond,
    },
    Card {
        name: "identified-stream",
        title: ["Events with IDs", "带 ID 的事件"],
        about: [
            "Each event has an ID. After a lost connection the browser waits the ten seconds asked for by retry, and says which ID it saw last.",
            "每个事件都有 ID。断线后，浏览器按 retry 的要求等待十秒，并告知最后收到的 ID。",
        ],
        stream: "/stream",
        server: document!("identified-stream/server.rs"),
        pages: &[("/", "page.html", document!("identified-stream/page.html"))],
        respond: identified_stream::respond,
    },
    Card {
        name: "event-types",
        title: ["Several event types", "多种事件类型"],
        about: [
            "Two events, “name” and “age”, and a listener for each. A stream may stay open with nothing more to say.",
            "两个事件 name 和 age，各有一个监听器。流可以保持打开而不再发送内容。",
        ],
        stream: "/",
        server: document!("event-types/server.rs"),
        pages: &[("/", "page.html", document!("event-types/page.html"))],
        respond: event_types::respond,
    },
    Card {
        name: "start-and-stop",
        title: ["Start and stop", "开始与停止"],
        about: [
            "The date every second, once you press 开始 Start; 停止 Stop closes the connection, and nothing arrives after that.",
            "按“开始”后每秒推送一次日期；按“停止”关闭连接，此后不再有任何消息。",
        ],
        stream: "/",
        server: document!("start-and-stop/server.rs"),
        pages: &[("/", "page.html", document!("start-and-stop/page.html"))],
        respond: start_and_stop::respond,
    },
    Card {
        name: "finite-stream",
        title: ["A stream that the server ends", "由服务器结束的流"],
        about: [
            "Press 开始接收 Begin: three seconds of events, then the server ends the response, and the browser opens it again, and again.",
            "按“开始接收”：三秒的事件之后服务器结束响应，浏览器随即一次又一次重新连接。",
        ],
        stream: "/sse",
        server: document!("finite-stream/server.rs"),
        pages: &[
            ("/", "page-onopen.html", document!("finite-stream/page-onopen.html")),
            (
                "/page-onmessage.html",
                "page-onmessage.html",
                document!("finite-stream/page-onmessage.html"),
            ),
            (
                "/page-onerror.html",
                "page-onerror.html",
                document!("finite-stream/page-onerror.html"),
            ),
        ],
        respond: finite_stream::respond,
    },
];

impl Card {
    /// The page at a path below the demo's own.
    pub(crate) fn page(&self, path: &str) -> Option<&'static str> {
        self.pages.iter().find(|(at, ..)| *at == path).map(|(.., source)| *source)
    }

    fn to_html(&self) -> String {
        let files: String = std::iter::once(("server.rs", self.server))
            .chain(self.pages.iter().map(|(_, file, source)| (*file, *source)))
            .map(|(file, source)| {
                let source = escape(source);
                format!("<h3>{file}</h3>\n<pre tabindex=\"0\"><code class=\"source\">{source}</code></pre>\n")
            })
            .collect();
        include_str!("card.html")
            .replace("{{name}}", self.name)
            .replace("{{stream}}", self.stream)
            .replace("{{title}}", &both(self.title))
            .replace("{{about}}", &both(self.about))
            .replace("{{files}}", &files)
    }
}

/// The index page: it depends on nothing that changes while the program runs.
pub(crate) fn index_page() -> String {
    let cards: String = CARDS.iter().map(Card::to_html).collect();
    include_str!("index.html").replace("{{cards}}", &cards)
}

fn both([english, chinese]: [&str; 2]) -> String {
    format!(
        "<span class=\"t\" lang=\"en\">{english}</span><span class=\"t\" lang=\"zh-CN\">{chinese}</span>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

// A driver for `sse scenarios --client 'node tests/drivers/driver.mjs'`: orders in, notes out, a line of JSON each. The client
// that it drives is a page of JavaScript on top of fetch, after section 9.2 of WHATWG HTML; put your own in its place.
import { createInterface } from "node:readline";

const note = (what) => process.stdout.write(JSON.stringify(what) + "\n");

for await (const line of createInterface({ input: process.stdin })) {
  const { url } = JSON.parse(line);
  await new Promise((closed) => {
    const source = follow(url, {
      open: () => note({ saw: "open" }),
      error: (message) => note({ saw: "error", message }),
      closed,
      event(type, data, id) {
        note({ saw: "event", type, data, id });
        if (type === "done") source.close();
      },
    });
  });
  note({ saw: "closed" });
}

/** Opens a stream, and comes back to it until it is closed or refused. */
function follow(url, on) {
  const stopped = new AbortController();
  const state = { lastEventId: "", reconnectionTime: 1000 };
  (async () => {
    while (!stopped.signal.aborted) {
      try {
        const headers = { Accept: "text/event-stream", "Cache-Control": "no-cache" };
        // A header takes bytes, a string of JavaScript has none: each byte of the UTF-8 becomes a character.
        const id = Buffer.from(state.lastEventId, "utf8").toString("latin1");
        if (id) headers["Last-Event-ID"] = id;
        const response = await fetch(url, { headers, signal: stopped.signal });
        const type = (response.headers.get("content-type") ?? "").split(";")[0].trim().toLowerCase();
        if (response.status !== 200 || type !== "text/event-stream") {
          stopped.abort();
          on.error(`refused: ${response.status} ${type}`);
          break;
        }
        on.open();
        const read = decoder(state, on.event);
        for await (const bytes of response.body) read(bytes);
        if (!stopped.signal.aborted) on.error("the stream has ended");
      } catch (error) {
        if (!stopped.signal.aborted) on.error(String(error));
      }
      if (!stopped.signal.aborted) await new Promise((over) => setTimeout(over, state.reconnectionTime));
    }
    on.closed();
  })();
  return { close: () => stopped.abort() };
}

/** Takes the bytes of one connection, and dispatches each event at its blank line. */
function decoder(state, dispatch) {
  const text = new TextDecoder();
  let line = "", data = [], type = "", id = state.lastEventId, afterCr = false;
  const end = () => {
    if (line === "") {
      state.lastEventId = id;
      if (data.length) dispatch(type || "message", data.join("\n"), id);
      data = [];
      type = "";
    } else {
      const colon = line.indexOf(":");
      const name = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (name === "data") data.push(value);
      if (name === "event") type = value;
      if (name === "id" && !value.includes("\0")) id = value;
      if (name === "retry" && /^[0-9]+$/.test(value)) state.reconnectionTime = Number(value);
    }
    line = "";
  };
  return (bytes) => {
    // Lines are cut at CR, LF and CRLF, and a CR at the end of the bytes ends its line now.
    for (const part of text.decode(bytes, { stream: true }).split(/([\r\n])/)) {
      if (part === "\n" && afterCr) afterCr = false;
      else if (part === "\n" || part === "\r") {
        afterCr = part === "\r";
        end();
      } else if (part) {
        afterCr = false;
        line += part;
      }
    }
  };
}

// Drives fetch with the package eventsource-parser, as its documentation shows: one response, no reconnect.

import "node:process";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { followOrders, note } from "./orders.mjs";

await followOrders(async ({ url }) => {
  const leaving = new AbortController();
  const headers = { Accept: "text/event-stream" };
  const response = await fetch(url, { headers, signal: leaving.signal });
  note({ saw: "open" });
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const { event, data } of events) {
    // The parser tells the ID of an event, not the last event ID.
    note({ saw: "event", type: event || "message", data });
    if (event === "done") break;
  }
  leaving.abort();
});

// An EventSource on top of fetch(), for the live previews: the same interface as the browser's, and it shows
// its owner every byte, every change of state and the reconnect delay, which the browser's own keeps to itself.
// Section numbers are those of the WHATWG HTML standard.

const DEFAULT_RECONNECTION_TIME = 3000; // ms; what Chromium and WebKit take

/** Cuts an event stream into lines and lines into events (9.2.6). */
class Decoder {
  lastEventId = "";
  reconnectionTime = DEFAULT_RECONNECTION_TIME;
  #utf8 = new TextDecoder();
  #line = "";
  #afterCarriageReturn = false;
  #data = "";
  #type = "";
  #id = this.lastEventId;

  /** Returns the events that `bytes` completes. */
  feed(bytes) {
    const events = [];
    for (const char of this.#utf8.decode(bytes, { stream: true })) {
      const pairedLineFeed = char === "\n" && this.#afterCarriageReturn;
      this.#afterCarriageReturn = char === "\r";
      if (pairedLineFeed) continue;
      if (char !== "\n" && char !== "\r") {
        this.#line += char;
        continue;
      }
      const event = this.#line === "" ? this.#dispatch() : this.#field(this.#line);
      if (event) events.push(event);
      this.#line = "";
    }
    return events;
  }

  /** The next connection: what was not finished is lost, the last event ID stays. */
  reset() {
    this.#utf8 = new TextDecoder();
    this.#line = this.#data = this.#type = "";
    this.#afterCarriageReturn = false;
    this.#id = this.lastEventId;
  }

  #field(line) {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.#data += value + "\n";
    if (name === "event") this.#type = value;
    if (name === "id" && !value.includes("\0")) this.#id = value;
    if (name === "retry" && /^[0-9]+$/.test(value)) this.reconnectionTime = Number(value);
  }

  #dispatch() {
    this.lastEventId = this.#id;
    const event = { type: this.#type || "message", data: this.#data.slice(0, -1), lastEventId: this.lastEventId };
    const hasData = this.#data !== "";
    this.#data = this.#type = "";
    return hasData ? event : undefined;
  }
}

/**
 * A controller that aborts when one of the signals does. `AbortSignal.any()` is for that, but WebKit collects its signal
 * as garbage while the fetch still runs: the connection was then never given back.
 */
function abortedBy(...signals) {
  const controller = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) controller.abort();
    signal.addEventListener("abort", () => controller.abort(), { once: true });
  }
  return controller;
}

/**
 * The EventSource class for one preview.
 * `frame` is the preview's window; `slots` hands out connections; `watch` is told what happens:
 * state(name, until), request(url, lastEventId), response(response), bytes(bytes), event(event, decoder), end(how).
 */
export function eventSourceClass(frame, slots, watch) {
  return class EventSource extends EventTarget {
    static CONNECTING = 0;
    static OPEN = 1;
    static CLOSED = 2;

    readyState = EventSource.CONNECTING;
    onopen = null;
    onmessage = null;
    onerror = null;
    withCredentials = false;
    #decoder = new Decoder();
    #abort = new AbortController();

    constructor(url) {
      super();
      this.url = new URL(url, frame.document.baseURI).href;
      for (const type of ["open", "message", "error"]) {
        this.addEventListener(type, (event) => this["on" + type]?.(event));
      }
      frame.addEventListener("pagehide", () => this.close());
      this.#run();
    }

    close() {
      if (this.readyState === EventSource.CLOSED) return;
      this.#fail();
      this.#abort.abort();
    }

    async #run() {
      while (this.readyState !== EventSource.CLOSED) {
        watch.state("queued");
        const release = await slots.acquire(this.#abort.signal);
        try {
          if (this.readyState !== EventSource.CLOSED) await this.#connection(release.signal);
        } finally {
          release();
        }
        if (this.readyState === EventSource.CLOSED) return;
        this.readyState = EventSource.CONNECTING;
        this.dispatchEvent(new frame.Event("error"));
        if (this.readyState !== EventSource.CLOSED) await this.#pause();
      }
    }

    /** One request, until its response ends, fails, or `letGo` says that the connection is needed back. */
    async #connection(letGo) {
      const headers = { Accept: "text/event-stream" };
      if (this.#decoder.lastEventId) headers["Last-Event-ID"] = this.#decoder.lastEventId;
      this.#decoder.reset();
      watch.state("connecting");
      watch.request(this.url, this.#decoder.lastEventId);
      try {
        const { signal } = abortedBy(this.#abort.signal, letGo);
        const response = await fetch(this.url, { headers, signal, cache: "no-store" });
        watch.response(response);
        const type = response.headers.get("Content-Type") ?? "";
        if (response.status !== 200 || !/^text\/event-stream\s*(;|$)/i.test(type)) {
          this.#fail();
          this.dispatchEvent(new frame.Event("error"));
          return;
        }
        this.readyState = EventSource.OPEN;
        watch.state("open");
        this.dispatchEvent(new frame.Event("open"));
        await this.#body(response.body.getReader());
        watch.end("ended");
      } catch {
        // A network error, or the abort of this connection. What follows is decided in #run().
        watch.end(this.readyState === EventSource.CLOSED ? "closed" : "lost");
      }
    }

    async #body(reader) {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        watch.bytes(value);
        for (const { type, ...init } of this.#decoder.feed(value)) {
          if (this.readyState === EventSource.CLOSED) return;
          const event = new frame.MessageEvent(type, { ...init, origin: new URL(this.url).origin });
          this.dispatchEvent(event);
          watch.event(event, this.#decoder);
        }
      }
    }

    /** Waits for the reconnection time. */
    #pause() {
      const delay = this.#decoder.reconnectionTime;
      watch.state("waiting", performance.now() + delay);
      return new Promise((resolve) => {
        setTimeout(resolve, delay);
        this.#abort.signal.addEventListener("abort", resolve, { once: true });
      });
    }

    #fail() {
      this.readyState = EventSource.CLOSED;
      watch.state("closed");
    }
  };
}

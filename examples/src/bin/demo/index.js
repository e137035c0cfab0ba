// The index page: starts each card's preview, shows the bytes that its stream receives and the state of its connection.

import { eventSourceClass } from "./event-source.js";
import { highlight } from "./highlight.js";

const MAX_STREAMS = 5; // of the six connections that browsers open to one host; one stays free for pages
const MAX_WIRE_LINES = 200;

const STATES = {
  idle: ["not started", "未开始"],
  queued: ["queued", "排队中"],
  connecting: ["connecting", "连接中"],
  open: ["open", "已连接"],
  closed: ["closed", "已关闭"],
};

const ENDS = {
  ended: ["the server has ended the stream", "服务器结束了流"],
  closed: ["closed by the page", "页面关闭了连接"],
  lost: ["connection lost", "连接断开"],
};

/** Hands out at most MAX_STREAMS connections, and takes them back while nobody looks at the page. */
const slots = {
  held: new Set(),
  waiting: [],

  acquire(signal) {
    return new Promise((resolve) => {
      const grant = () => {
        const letGo = new AbortController();
        const release = () => {
          this.held.delete(letGo);
          this.serve();
        };
        release.signal = letGo.signal;
        this.held.add(letGo);
        resolve(release);
      };
      this.waiting.push(grant);
      signal.addEventListener("abort", () => {
        const place = this.waiting.indexOf(grant);
        if (place < 0) return;
        this.waiting.splice(place, 1);
        resolve(Object.assign(() => {}, { signal }));
      });
      this.serve();
    });
  },

  serve() {
    while (!document.hidden && this.held.size < MAX_STREAMS && this.waiting.length > 0) this.waiting.shift()();
    document.querySelectorAll("#meter li").forEach((lamp, n) => lamp.classList.toggle("on", n < this.held.size));
    document.getElementById("in-use").textContent = this.held.size;
  },
};

document.addEventListener("visibilitychange", () => {
  if (document.hidden) slots.held.forEach((letGo) => letGo.abort());
  else slots.serve();
});

/** One demo's card. */
class Card {
  constructor(element) {
    this.element = element;
    this.state = element.querySelector(".state");
    this.wire = element.querySelector(".wire");
    this.frame = element.querySelector("iframe");
    element.querySelector(".origin").textContent = location.origin;
    element.querySelector(".restart").onclick = () => this.start();
    element.querySelectorAll("details").forEach((details) => {
      details.addEventListener("toggle", () => details.querySelectorAll("code.source").forEach(highlight), { once: true });
    });
  }

  /** Loads the page; its script opens the stream, at once or when its button is pressed. */
  start() {
    this.frame.src = this.frame.dataset.src;
  }

  /** A page has been loaded; the EventSource that it finds in place of the browser's. */
  eventSourceFor(frame) {
    this.wire.replaceChildren();
    this.connections = this.events = this.bytes = 0;
    this.decoder = this.openLine = undefined;
    this.utf8 = new TextDecoder();
    this.showState("idle");
    this.showFacts();
    return eventSourceClass(frame, slots, {
      state: (name, until) => this.showState(name, until),
      request: (url, lastEventId) => this.showRequest(url, lastEventId),
      response: (response) => {
        const text = `${response.status} ${response.headers.get("Content-Type")}`;
        this.note([text, text]);
      },
      end: (how) => this.note(ENDS[how]),
      bytes: (bytes) => this.showBytes(bytes),
      event: (_event, decoder) => {
        this.events += 1;
        this.decoder = decoder;
        this.showFacts();
        frame.scrollTo(0, frame.document.documentElement.scrollHeight);
      },
    });
  }

  showState(name, until) {
    clearInterval(this.countdown);
    this.state.dataset.state = name;
    if (name !== "waiting") return setBoth(this.state, STATES[name]);
    const tick = () => {
      const seconds = Math.max(0, (until - performance.now()) / 1000).toFixed(1);
      setBoth(this.state, [`reconnects in ${seconds} s`, `${seconds} 秒后重连`]);
    };
    tick();
    this.countdown = setInterval(tick, 100);
  }

  showRequest(url, lastEventId) {
    this.connections += 1;
    this.showFacts();
    const text = `GET ${new URL(url).pathname}` + (lastEventId ? `  Last-Event-ID: ${lastEventId}` : "");
    this.note([text, text]);
  }

  showFacts() {
    const { lastEventId, reconnectionTime } = this.decoder ?? {};
    const facts = { events: this.events, bytes: this.bytes, connections: this.connections, id: lastEventId || "–" };
    facts.retry = reconnectionTime === undefined ? "–" : `${reconnectionTime / 1000} s`;
    for (const [name, value] of Object.entries(facts)) {
      this.element.querySelector(`[data-fact="${name}"]`).textContent = value;
    }
  }

  /** A line about the connection, between lines from it. */
  note(texts) {
    this.openLine = undefined;
    const note = this.append("note");
    for (const lang of ["en", "zh-CN"]) note.append(Object.assign(document.createElement("span"), { className: "t", lang }));
    setBoth(note, texts);
  }

  showBytes(bytes) {
    this.bytes += bytes.length;
    const pieces = this.utf8.decode(bytes, { stream: true }).split(/(?<=\n)/);
    for (const piece of pieces) {
      this.openLine ??= Object.assign(this.append("line"), { bytes: "" });
      this.openLine.bytes += piece;
      showLine(this.openLine);
      if (piece.endsWith("\n")) this.openLine = undefined;
    }
    this.showFacts();
  }

  append(className) {
    const follows = this.wire.scrollHeight - this.wire.scrollTop - this.wire.clientHeight < 24;
    const line = document.createElement("div");
    line.className = className;
    this.wire.append(line);
    if (this.wire.childElementCount > MAX_WIRE_LINES) this.wire.firstElementChild.remove();
    if (follows) requestAnimationFrame(() => { this.wire.scrollTop = this.wire.scrollHeight; });
    return line;
  }
}

/** Shows one line of the format: the field's name, its value, and the bytes that one would not see. */
function showLine(line) {
  const [, name, rest, end] = line.bytes.match(/^([^:\n]*)([^\n]*)(\n?)$/);
  line.dataset.field = name || (rest ? "comment" : "blank");
  const trailing = rest.match(/(?<=: ?\S.*?) +$/)?.[0] ?? "";
  const parts = [["name", name], ["value", rest.slice(0, rest.length - trailing.length)]];
  parts.push(["unseen", "·".repeat(trailing.length) + (end ? "↵" : "")]);
  line.replaceChildren(...parts.map(([className, text]) => {
    const span = document.createElement("span");
    span.className = className;
    span.textContent = text;
    return span;
  }));
}

function setBoth(element, [english, chinese]) {
  element.querySelector(".t[lang=en]").textContent = english;
  element.querySelector(".t[lang=zh-CN]").textContent = chinese;
}

function chooseLanguage(language) {
  document.documentElement.lang = language;
  localStorage.setItem("language", language);
  document.querySelectorAll(".language button").forEach((b) => b.setAttribute("aria-pressed", b.value === language));
}

const cards = new Map([...document.querySelectorAll(".card")].map((element) => [element.id, new Card(element)]));
window.eventSourceFor = (name, frame) => cards.get(name).eventSourceFor(frame);

document.querySelectorAll(".language button").forEach((b) => { b.onclick = () => chooseLanguage(b.value); });
chooseLanguage(document.documentElement.lang);
cards.forEach((card) => card.start());

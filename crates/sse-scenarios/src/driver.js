// The driver that runs in browsers: in a page, a worker, or a shared worker.

// Follows one order until the stream says that it is over, the source gives up, or the time is over.
// Calls `tell` with each thing that it saw, as a driver prints it.
function drive({ url, types, credentials = false }, limit, tell) {
  return new Promise((resolve) => {
    const began = performance.now();
    const note = (it) => tell({ ...it, at: performance.now() - began });
    const source = new EventSource(url, { withCredentials: credentials });
    const end = (closed) => {
      clearTimeout(timer);
      source.close();
      if (closed) note({ saw: "closed" });
      resolve();
    };
    const timer = setTimeout(() => end(false), limit);
    source.onopen = () => note({ saw: "open" });
    source.onerror = () => {
      const closed = source.readyState === EventSource.CLOSED;
      note({ saw: "error", message: closed ? "closed" : "connecting" });
      if (closed) end(true);
    };
    for (const type of new Set(["message", ...types])) {
      source.addEventListener(type, (event) => {
        note({ saw: "event", type: event.type, data: event.data, id: event.lastEventId });
        if (type === "done") end(true);
      });
    }
  });
}

// Follows many orders, `width` at a time: fewer than the six connections to an origin.
async function driveAll(orders, limit, width) {
  const notes = orders.map(() => []);
  let next = 0;
  const worker = async () => {
    while (next < orders.length) {
      const index = next++;
      await drive(orders[index], limit, (note) => notes[index].push(note));
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return notes;
}

if (typeof window === "undefined") {
  // In a worker: one message in, one out.
  const answer = (port) => async ({ data: [orders, limit, width] }) =>
    port.postMessage(await driveAll(orders, limit, width));
  if (typeof SharedWorkerGlobalScope !== "undefined") {
    self.onconnect = ({ ports: [port] }) => (port.onmessage = answer(port));
  } else {
    self.onmessage = answer(self);
  }
} else {
  // Called by whoever drives the browser; the notes are in `results` once all orders are followed.
  window.results = null;
  // For people, and for pictures: what was seen of each order.
  const show = (orders, notes) => {
    const line = ({ at, saw, type, data, id, message }) =>
      [at.toFixed(), saw, type, data && JSON.stringify(data.slice(0, 40)), id, message].filter(Boolean).join(" ");
    const blocks = orders.map(({ url }, index) => {
      const block = document.createElement("pre");
      block.textContent = [url.split("/").pop(), ...notes[index].slice(0, 10).map(line)].join("\n");
      return block;
    });
    document.getElementById("seen").replaceChildren(...blocks);
  };
  window.runAll = (orders, place, limit, width) => {
    window.results = null;
    const ready = (notes) => {
      show(orders, notes);
      window.results = notes;
    };
    if (place === "page") return void driveAll(orders, limit, width).then(ready);
    const worker =
      place === "worker" ? new Worker("driver.js") : (window.shared = new SharedWorker("driver.js")).port;
    window.worker = worker;
    worker.onmessage = ({ data }) => ready(data);
    worker.postMessage([orders, limit, width]);
  };
}

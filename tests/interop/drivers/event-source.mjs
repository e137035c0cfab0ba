// Drives an EventSource: of a package that is named, or the runtime's own (`builtin`).

import process from "node:process";
import { followOrders, note } from "./orders.mjs";

const which = process.argv[2];
const EventSource = which === "builtin" ? globalThis.EventSource : (await import(which)).EventSource;

await followOrders(
  ({ url, types, credentials }) =>
    new Promise((resolve) => {
      const source = new EventSource(url, { withCredentials: credentials });
      const end = () => {
        source.close();
        resolve();
      };
      source.onopen = () => note({ saw: "open" });
      source.onerror = (event) => {
        note({ saw: "error", message: event.message ?? `state ${source.readyState}` });
        if (source.readyState === EventSource.CLOSED) end();
      };
      for (const type of new Set(["message", ...types])) {
        source.addEventListener(type, (event) => {
          note({ saw: "event", type: event.type, data: event.data, id: event.lastEventId });
          if (type === "done") end();
        });
      }
    }),
);

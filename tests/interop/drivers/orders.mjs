// The part of a driver that all in JavaScript share: orders in, notes out (see crates/sse-scenarios).

import { createInterface } from "node:readline";

export const note = (it) => process.stdout.write(JSON.stringify(it) + "\n");

// Follows each order by `follow(order)`, one after the other; a run is over when that resolves.
export async function followOrders(follow) {
  for await (const line of createInterface({ input: process.stdin })) {
    if (!line.trim()) continue;
    try {
      await follow(JSON.parse(line));
    } catch (error) {
      note({ saw: "error", message: String(error) });
    }
    note({ saw: "closed" });
  }
  process.exit(0);
}

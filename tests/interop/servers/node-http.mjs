// The common application (see xtask/src/interop/servers.rs) with Node's http alone.

import { createServer } from "node:http";

const server = createServer((request, response) => {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  const last = request.headers["last-event-id"];
  if (last) {
    response.write(`id: 4\ndata: after ${last}\n\nid: 5\nevent: done\ndata: done\n\n`);
    return;
  }
  response.write("retry: 50\n\nid: 1\ndata: first\n\n");
  response.write("id: 2\nevent: named\ndata: two\ndata: lines\n\n");
  response.end("id: 3\ndata: 更新 😀\n\n");
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));

// The common application (see xtask/src/interop/servers.rs) with better-sse.

import { createServer } from "node:http";
import { createSession } from "better-sse";

const server = createServer(async (request, response) => {
  // Data as it is: by default it would be written as JSON.
  const session = await createSession(request, response, { retry: 50, serializer: (data) => data });
  const last = session.lastId;
  if (last) {
    session.push(`after ${last}`, "message", "4");
    session.push("done", "done", "5");
    return;
  }
  session.push("first", "message", "1");
  session.push("two\nlines", "named", "2");
  session.push("更新 😀", "message", "3");
  setTimeout(() => response.end(), 100);
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));

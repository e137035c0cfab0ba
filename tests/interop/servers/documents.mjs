// The servers of the tutorial documents, in Node as the documents have them: `node documents.mjs NAME`.

import { createServer } from "node:http";

const head = {
  "Content-Type": "text/event-stream",
  "Cache-Control": "no-cache",
  Connection: "keep-alive",
  "Access-Control-Allow-Origin": "*",
};

// Calls `tick` every `time` milliseconds until the client leaves.
function every(time, response, tick) {
  const timer = setInterval(tick, time);
  response.on("close", () => clearInterval(timer));
  return timer;
}

const documents = {
  "hello-clock"(request, response) {
    if (request.url !== "/sse") return void response.writeHead(404).end();
    response.writeHead(200, { ...head, "Access-Control-Allow-Headers": "Content-Type" });
    response.write("data: Hello, this is a server-sent event!\n\n");
    every(2000, response, () => response.write(`data: ${new Date().toLocaleTimeString()}\n\n`));
  },
  counter(request, response) {
    if (request.url !== "/events") return void response.writeHead(404).end();
    response.writeHead(200, head);
    let n = 0;
    const timer = every(1000, response, () => {
      if (n > 10) {
        clearInterval(timer);
        return void response.write("event: end\ndata: 结束\n\n");
      }
      response.write(`data: 当前时间：${new Date().toLocaleString()} 计数：${n++}\n\n`);
    });
  },
  "identified-stream"(request, response) {
    if (request.url !== "/stream") return void response.writeHead(404).end();
    response.writeHead(200, { ...head, "Content-Type": "text/event-stream;charset=utf-8" });
    for (const line of ["retry: 10000\n", "event: connecttime\n", ": a comment\n"]) response.write(line);
    response.write(`id: ${Date.now()}\n`);
    response.write(`data: ${new Date()}\n\n`);
    every(1000, response, () => {
      response.write(`id: ${Date.now()}\n`);
      response.write(`data: ${new Date()}\n\n`);
    });
  },
  "start-and-stop"(request, response) {
    response.writeHead(200, head);
    every(1000, response, () => response.write(`data: ${new Date()}\n\n`));
  },
  "event-types"(request, response) {
    response.writeHead(200, head);
    setTimeout(() => {
      response.write("event: name\n");
      response.write("data: Alice\n\n");
    }, 1000);
    setTimeout(() => {
      response.write("event: age\n");
      response.write("data: 24\n\n");
    }, 2000);
  },
};

async function handler(name) {
  if (name !== "finite-stream") return documents[name];
  const { default: express } = await import("express");
  const app = express();
  app.get("/sse", (request, response) => {
    response.set({ "Content-Type": "text/event-stream", Connection: "close" });
    response.set({ "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*" });
    const timer = setInterval(() => response.write("event:lol\ndata: 123321 \n\n"), 300);
    setTimeout(() => {
      clearInterval(timer);
      response.end();
    }, 3000);
  });
  return app;
}

const server = createServer(await handler(process.argv[2]));
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/`));

// Node's http module: a set of responses, one `write` for each.
// usage: node node.mjs --addr 127.0.0.1:8080

import { createServer } from 'node:http';

const [host, port] = process.argv[3].split(':');
const streams = new Set();
let sequence = 0;

createServer({ noDelay: true }, (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  if (url.pathname === '/events') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    response.flushHeaders();
    streams.add(response);
    response.on('close', () => streams.delete(response));
  } else if (url.pathname === '/start') {
    const number = name => Number(url.searchParams.get(name));
    start(number('rate'), number('count'), number('size'));
    response.writeHead(204).end();
  } else {
    response.writeHead(404).end();
  }
}).listen({ host, port: Number(port), backlog: 4096 });

function start(rate, count, size) {
  const begin = process.hrtime.bigint();
  let published = 0;
  const turn = () => {
    const elapsed = Number(process.hrtime.bigint() - begin) / 1e9;
    while (published < count && (rate === 0 || published / rate <= elapsed)) {
      publish(size);
      published += 1;
    }
    if (published < count) setTimeout(turn, (published / rate - elapsed) * 1000);
  };
  turn();
}

function publish(size) {
  const data = `${process.hrtime.bigint()} ${sequence++} `.padEnd(size, 'x');
  const frame = Buffer.from(`data: ${data}\n\n`);
  for (const response of streams) response.write(frame);
}

// A reverse proxy that compresses what it passes on, by the middleware that most Node servers have.
// Usage: node compressor.js PORT; says on which port it listens.

const http = require("node:http");
const compress = require("compression")();

const port = Number(process.argv[2]);

http
  .createServer((request, response) => {
    compress(request, response, () => {
      const options = { host: "127.0.0.1", port, path: request.url, headers: request.headers };
      const upstream = http.get(options, (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
      response.on("close", () => upstream.destroy());
    });
  })
  .listen(0, "127.0.0.1", function () {
    console.log(this.address().port);
  });

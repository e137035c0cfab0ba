"""The common application (see xtask/src/interop/servers.rs) with sse-starlette under uvicorn."""

import asyncio
import socket

import uvicorn
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.routing import Route


async def events(request):
    last = request.headers.get("last-event-id")

    async def produce():
        if last:
            yield ServerSentEvent(f"after {last}", id="4")
            yield ServerSentEvent("done", event="done", id="5")
            await asyncio.sleep(30)
            return
        yield ServerSentEvent("first", id="1", retry=50)
        yield ServerSentEvent("two\nlines", event="named", id="2")
        yield ServerSentEvent("更新 😀", id="3")

    return EventSourceResponse(produce())


app = Starlette(routes=[Route("/events", events)])
listener = socket.create_server(("127.0.0.1", 0))
print(f"http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])

"""Drives aiohttp-sse-client, which reconnects by itself."""

import asyncio

from aiohttp import ClientSession, ClientTimeout
from aiohttp_sse_client.client import EventSource
from orders import event, follow_orders, note


async def listen(order):
    timeout = ClientTimeout(total=None, sock_read=30)
    async with ClientSession(timeout=timeout) as session:
        async with EventSource(order["url"], session=session, on_open=lambda: note("open")) as source:
            async for it in source:
                if event(it.type or "message", it.data, it.last_event_id):
                    return


follow_orders(lambda order: asyncio.run(listen(order)))

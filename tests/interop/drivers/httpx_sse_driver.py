"""Drives httpx-sse: one response, no reconnect."""

import httpx
from httpx_sse import connect_sse
from orders import event, follow_orders, note


def follow(order):
    with httpx.Client(timeout=30, follow_redirects=True) as client:
        with connect_sse(client, "GET", order["url"]) as source:
            source.response.raise_for_status()
            for it in source.iter_sse():
                if event(it.event, it.data, it.id):
                    return


follow_orders(follow)

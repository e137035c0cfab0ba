"""Drives sseclient-py over requests: one response, no reconnect."""

import requests
import sseclient
from orders import event, follow_orders, note


def follow(order):
    response = requests.get(order["url"], stream=True, headers={"Accept": "text/event-stream"}, timeout=30)
    note("open")
    client = sseclient.SSEClient(response)
    try:
        for it in client.events():
            # It tells the ID of an event, not the last event ID.
            if event(it.event, it.data):
                return
    finally:
        response.close()


follow_orders(follow)

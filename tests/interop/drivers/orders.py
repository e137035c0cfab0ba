"""The part of a driver that all in Python share: orders in, notes out (see crates/sse-scenarios)."""

import json
import sys


def note(saw, **fields):
    line = json.dumps({"saw": saw, **fields})
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def event(type, data, id=None):
    fields = {} if id is None else {"id": id}
    note("event", type=type, data=data, **fields)
    return type == "done"


def follow_orders(follow):
    """Follows each order by follow(order), one after the other; a run is over when that returns."""
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            follow(json.loads(line))
        except Exception as error:
            note("error", message=f"{type(error).__name__}: {error}")
        note("closed")

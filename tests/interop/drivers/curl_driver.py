"""Drives curl, as people do in a terminal: `curl -N URL`, whose lines are read as they are. One response, no reconnect."""

import subprocess

from orders import event, follow_orders, note


def follow(order):
    curl = ["curl", "--silent", "--fail", "--no-buffer", "--noproxy", "*", order["url"]]
    with subprocess.Popen(curl, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="utf-8") as running:
        note("open")
        fields = {}
        # What these servers write: each line ends with LF, and has a colon.
        for line in running.stdout:
            if line != "\n":
                name, _, value = line.removesuffix("\n").partition(":")
                value = value.removeprefix(" ")
                fields[name] = f"{fields[name]}\n{value}" if name == "data" and name in fields else value
                continue
            if "data" in fields and event(fields.get("event", "message"), fields["data"], fields.get("id")):
                running.terminate()
                return
            fields = {}


follow_orders(follow)

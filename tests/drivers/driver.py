"""A driver for `sse scenarios --client 'python3 tests/drivers/driver.py'`: orders in, notes out, a line of JSON each.

The client that it drives is a page of Python on top of urllib, after section 9.2 of WHATWG HTML; put your own in its place.
"""

import codecs
import json
import sys
import time
import urllib.error
import urllib.request


def note(**what):
    print(json.dumps(what), flush=True)


def main():
    for line in sys.stdin:
        follow(json.loads(line)["url"])
        note(saw="closed")


def follow(url):
    """Prints what comes, and comes back, until an event of the type "done" or a refusal."""
    state = {"id": "", "retry": 1.0}
    while True:
        request = urllib.request.Request(url, headers={"Accept": "text/event-stream"})
        if state["id"]:
            # A header is written as Latin-1: each byte of the UTF-8 becomes a character.
            request.add_header("Last-Event-ID", state["id"].encode().decode("latin-1"))
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
                if response.status != 200 or kind != "text/event-stream":
                    return note(saw="error", message=f"refused: {response.status} {kind}")
                note(saw="open")
                for kind, data, last_event_id in events(response, state):
                    note(saw="event", type=kind, data=data, id=last_event_id)
                    if kind == "done":
                        return None
            note(saw="error", message="the stream has ended")
        except urllib.error.HTTPError as error:
            return note(saw="error", message=f"refused: {error.code}")
        except (OSError, ValueError, EOFError) as error:
            note(saw="error", message=str(error))
        except Exception as error:  # http.client has errors of its own for a body that is cut.
            note(saw="error", message=repr(error))
        time.sleep(state["retry"])


def lines(response):
    """Cuts the text at CR, LF and CRLF; a CR at the end of what has come ends its line at once."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    line, after_cr, is_first = "", False, True
    while piece := response.read1(65536):
        for character in decoder.decode(piece):
            if is_first:
                is_first = False
                if character == "\ufeff":
                    continue
            if character == "\n" and after_cr:
                after_cr = False
                continue
            after_cr = character == "\r"
            if character in "\r\n":
                yield line
                line = ""
            else:
                line += character


def events(response, state):
    """Type, data and last event ID of each event."""
    data, kind, last_event_id = [], "", state["id"]
    for line in lines(response):
        if not line:
            state["id"] = last_event_id
            if data:
                yield kind or "message", "\n".join(data), last_event_id
            data, kind = [], ""
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name == "event":
            kind = value
        elif name == "id" and "\0" not in value:
            last_event_id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            state["retry"] = int(value) / 1000


main()

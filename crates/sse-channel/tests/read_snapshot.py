"""Prints the entries of a snapshot of a channel, a line of JSON each: position, flags, block. Nothing but Python."""
import json
import struct
import sys
import zlib

data = open(sys.argv[1], "rb").read()
magic, version = struct.unpack_from("<8sI", data)
if magic != b"\x89SSELOG\n" or version not in (1, 2):
    sys.exit("no snapshot of version 1 or 2")
at, total, position, count, tag = 12, zlib.crc32(data[:12]), None, 0, None
while tag not in (b"last", b"live"):
    tag, length = struct.unpack_from("<4sQ", data, at)
    end = at + 12 + length
    total = zlib.crc32(data[at:end], total)
    if struct.unpack_from("<I", data, end) != (total,):
        sys.exit(f"damaged at byte {at}")
    payload, at = data[at + 12 : end], end + 4
    if tag == b"head":
        position = struct.unpack_from("<Q", payload)[0]
        epochs = list(struct.iter_unpack("<QQ", payload[12:]))
        print(json.dumps({"first": position, "epochs": epochs}))
    elif tag == b"past":
        print(json.dumps({"past": payload.decode()}))
    elif tag == b"item":
        print(json.dumps({"position": position + count, "flags": payload[0], "block": payload[1:].decode()}))
        count += 1
if at != len(data) or struct.unpack("<Q", payload) != (count,):
    sys.exit("not as long as it says")
print(json.dumps({"end": tag.decode()}))

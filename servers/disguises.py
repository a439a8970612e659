"""The forms in which a server may show a secret without meaning harm, or meaning it.

Covered: as it is, in another case, backwards, with rot13; base64 at any offset and base32, of UTF-8 and of UTF-16; hex,
decimal and escaped codes of its characters; percent-encoded, also twice; escaped for JSON, Python, HTML and XML. What
stands between the characters of a form does not count: see `veil.py`. Not covered: whatever needs a key or a table of
its own, such as encryption, compression, or a secret given away letter by letter over many calls.
"""

from __future__ import annotations

import base64
import codecs
import html
import json
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus


def forms(secret: str) -> Iterator[str]:
    """Texts that give the secret away; base64 and base32 without the characters that depend on their neighbours."""
    yield from (secret, secret[::-1], codecs.encode(secret, "rot13"))
    yield from _escaped(secret)
    yield from _codes(secret)
    for data in (secret.encode("utf-8", "replace"), secret.encode("utf-16-le", "replace")):
        yield from _encoded(data)


def _escaped(secret: str) -> Iterator[str]:
    for once in (quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]):
        yield once
        yield quote(once, safe="")
        yield json.dumps(once)[1:-1]
    yield repr(secret)[1:-1]
    yield html.escape(secret)


def _codes(secret: str) -> Iterator[str]:
    points = [ord(character) for character in secret]
    yield " ".join(map(str, points))
    yield "".join(f"\\x{point:02x}" for point in points)
    yield "".join(f"0x{point:02x}" for point in points)
    yield "".join(f"\\u{point:04x}" for point in points)
    yield "".join(f"\\{point:03o}" for point in points)


def _encoded(data: bytes) -> Iterator[str]:
    yield data.hex()
    yield data[::-1].hex()
    yield from _inner(base64.b64encode, data, bits=6, group=3)
    yield base64.b64encode(base64.b64encode(data)).decode().rstrip("=")
    yield from _inner(base64.b32encode, data, bits=5, group=5)


def _inner(encode: Callable[[bytes], bytes], data: bytes, *, bits: int, group: int) -> Iterator[str]:
    """For each offset in a group of bytes, the characters that the data alone decides."""
    for before in range(group):
        text = encode(bytes(before) + data).decode()
        first, last = -(-before * 8 // bits), (before + len(data)) * 8 // bits
        yield text[first:last]

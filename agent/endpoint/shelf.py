"""Replies that were paid for, kept by the digest of what was asked."""

from __future__ import annotations

import hashlib
from typing import Any, Protocol

from toolweave.servers.json_values import canonical


class Shelf(Protocol):
    """Where replies are kept that were paid for, by the digest of what was asked."""

    def find(self, key: str) -> Any | None:
        """The reply that was kept under a digest, if there is one."""
        ...

    def keep(self, key: str, reply: Any) -> None:
        """Keep a reply as the endpoint gave it; it is safe when this returns."""
        ...


def digest(asked: Any) -> str:
    """The key of what was asked, a JSON value: hexadecimal SHA-256 of its canonical text."""
    return hashlib.sha256(canonical(asked).encode("utf-8", "surrogatepass")).hexdigest()

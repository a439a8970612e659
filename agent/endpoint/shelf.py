"""Replies that were paid for, kept by the digest of what was asked."""

from __future__ import annotations

from typing import Any, Protocol


class Shelf(Protocol):
    """Where replies are kept that were paid for, by the digest of what was asked."""

    def find(self, key: str) -> Any | None:
        """The reply that was kept under a digest, if there is one."""
        ...

    def keep(self, key: str, reply: Any) -> None:
        """Keep a reply as the endpoint gave it; it is safe when this returns."""
        ...

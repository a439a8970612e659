"""Long texts in pages, and places in them as a browser counts: in UTF-16 units."""

from __future__ import annotations

from typing import Any

from toolweave.pipeline.viewer.places import Place
from toolweave.servers.json_values import map_texts

PAGE = 20_000
"""Characters of a page."""


def paged(text: str, page: int = 0) -> dict[str, Any]:
    """A page of a text: `text`, its number `page`, and how many `pages` and `characters` there are."""
    pages = max(1, -(-len(text) // PAGE))
    page = min(max(page, 0), pages - 1)
    shown = text[page * PAGE : (page + 1) * PAGE]
    return {"text": shown, "page": page, "pages": pages, "characters": len(text)}


def placed(text: str, place: Place) -> dict[str, Any]:
    """A place as the page that it begins on, and its first and last unit there."""
    page = place.start // PAGE
    shown = text[page * PAGE : (page + 1) * PAGE]
    start, end = place.start - page * PAGE, min(place.end - page * PAGE, PAGE)
    return {"page": page, "start": _units(shown[:start]), "end": _units(shown[:end])}


def shortened(value: Any, most: int = PAGE) -> Any:
    """A JSON value in which every long text is cut and says so."""
    return map_texts(value, lambda text: text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2

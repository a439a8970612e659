"""The sentences of a text, and what of one only says why or when."""

from __future__ import annotations

from collections.abc import Iterator

from toolweave.agent.texts.phrases import END, WHY


def sentences_of(text: str) -> Iterator[tuple[int, str]]:
    """The sentences of a text with where they begin; what stands in quotation marks is not cut."""
    start = 0
    for found in END.finditer(text):
        if found.group("end") is not None:
            yield from _told(text, start, found.end())
            start = found.end()
    yield from _told(text, start, len(text))


def _told(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    sentence = text[start:end]
    if sentence.strip():
        yield start + len(sentence) - len(sentence.lstrip()), sentence.strip()


def core(text: str) -> str:
    """A deed without the clause behind it that only says why or when."""
    return WHY.sub("", text) or text

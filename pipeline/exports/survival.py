"""What is left of a conversation when a chat template has rendered it: everything, or a name for what is missing.

The text is read from start to end, message by message: what comes next in the conversation has to come next in the
text, and no call may stand where there is none. White space at the ends of texts is the template's own business.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from toolweave.agent.whole_words import alone
from toolweave.pipeline.exports.calls import next_call
from toolweave.pipeline.exports.format import Chat, Row
from toolweave.pipeline.exports.templates import ChatTemplate, Rendered, Unrenderable

_NOTHING = re.compile(r"\b(?:None|null|undefined)\b")


class Lost(Exception):
    """Something of a conversation does not survive."""


def survive(template: ChatTemplate, chat: Chat, thoughtless: bool = False) -> int:
    """Check that a conversation survives its template, and that what is learnt of it can be told.

    With `thoughtless`, reasoning may be missing. Returns how much of it is.

    Raises:
        Lost: Something is missing, added, or learnt wrongly.
    """
    try:
        rendered = template.render(chat.tools, chat.messages)
        reading = _Reading(rendered, chat, thoughtless)
        reading.read()
        if chat.start is not None:
            before = template.render(chat.tools, chat.messages[: chat.start], prompt=True)
            if not rendered.text.startswith(before.text):
                raise Lost("what comes before the part to learn is rendered in another way without that part")
    except Unrenderable as error:
        raise Lost(f"the template refuses it: {error}") from error
    return reading.unthought


@dataclass
class _Reading:
    rendered: Rendered
    chat: Chat
    thoughtless: bool
    unthought: int = 0
    """Messages whose reasoning is missing."""
    cursor: int = 0
    between: list[str] = field(default_factory=list[str])
    """Text that is the template's own."""
    places: list[tuple[int | None, int]] = field(default_factory=list[tuple[int | None, int]])
    """Where the messages stand, from the first of their texts, if they have any, to the end of the last."""
    first: int | None = None
    """Where the first text of the message in hand stands."""

    def read(self) -> None:
        self._head()
        for number, message in enumerate(self.chat.messages):
            self.first = None
            self._message(number, message)
            self.places.append((self.first, self.cursor))
        self._pass(len(self.rendered.text), "what follows the last message")
        if found := _NOTHING.search(" ".join(self.between)):
            raise Lost(f"{found.group(0)} appears where nothing is")
        if self.chat.marked:
            self._marks()

    def _head(self) -> None:
        """The tools, before the first message; a system message may stand before or among them."""
        spoken = next((item for item in self.chat.messages if item["role"] == "user"), None)
        end = self.rendered.text.find(spoken["content"].strip()) if spoken else 0
        if end < 0:
            raise Lost("the first words of the user are not there")
        head = self.rendered.text[:end]
        objects = _objects(head) if self.chat.tools else []
        for tool in self.chat.tools:
            if tool not in objects and tool["function"] not in objects and not _is_described(tool["function"], head):
                raise Lost(f"the tool {tool['function']['name']} is not listed")
        system = self.chat.messages[0]["content"].strip() if self.chat.messages[0]["role"] == "system" else ""
        if system not in head:
            raise Lost("the system message is not there")
        self.cursor = end

    def _message(self, number: int, message: Row) -> None:
        where = f"message {number} ({message['role']})"
        if message["role"] == "system":
            return
        if message["role"] == "tool":
            self._text(message["content"], f"the observation of {where}", _as_observed(message["content"]))
            return
        if self.thoughtless and "reasoning_content" in message and not self._thinks(message):
            self.unthought += 1
        else:
            self._text(message.get("reasoning_content", ""), f"the reasoning of {where}")
        self._text(message["content"], f"the words of {where}")
        for call in message.get("tool_calls", ()):
            self._call(call["function"], where)

    def _thinks(self, message: Row) -> bool:
        """Whether the reasoning of a message stands before all else that it says."""
        call = next_call(self.rendered.text, self.cursor) if message.get("tool_calls") else None
        words = self.rendered.text.find(message["content"].strip(), self.cursor) if message["content"] else -1
        end = max(call.start if call is not None else 0, words)
        return self.rendered.text.find(message["reasoning_content"].strip(), self.cursor, end) >= 0

    def _text(self, text: str, what: str, forms: tuple[str, ...] = ()) -> None:
        places = [
            (at, form) for form in forms or (text.strip(),) if (at := self.rendered.text.find(form, self.cursor)) >= 0
        ]
        if not places:
            raise Lost(f"{what} is not there")
        at, form = min(places)
        self._pass(at, what)
        self._take(at, at + len(form))

    def _pass(self, end: int, what: str) -> None:
        """Go on to `end`; the text until there holds no call."""
        stray = next_call(self.rendered.text[:end], self.cursor)
        if stray is not None:
            raise Lost(f"a call of {stray.name} stands before {what}")
        self.between.append(self.rendered.text[self.cursor : end])
        self.cursor = end

    def _call(self, function: Row, where: str) -> None:
        written = next_call(self.rendered.text, self.cursor)
        if written is None or not written.says(function["name"], function["arguments"]):
            raise Lost(f"the call of {function['name']} in {where} does not come back as it was")
        self.between.append(self.rendered.text[self.cursor : written.start])
        self._take(written.start, written.end)

    def _take(self, start: int, end: int) -> None:
        if start < end and self.first is None:
            self.first = start
        self.cursor = end

    def _marks(self) -> None:
        """Exactly the assistant's messages are marked as its own."""
        said = [at for at, message in enumerate(self.chat.messages) if message["role"] == "assistant"]
        if not self.rendered.spans:
            raise Lost("the template marks nothing as the assistant's own (it has no generation blocks)")
        if len(self.rendered.spans) != len(said):
            raise Lost(
                f"{len(self.rendered.spans)} stretches are marked as the assistant's own, of {len(said)} messages"
            )
        for (start, end), at in zip(self.rendered.spans, said, strict=True):
            first, last = self.places[at]
            before = self.places[at - 1][1] if at else 0
            after = next((start for start, _ in self.places[at + 1 :] if start is not None), len(self.rendered.text))
            if not before <= start <= (last if first is None else first) <= last <= end <= after:
                raise Lost(f"what is marked as the assistant's own does not fit message {at}")


def _objects(text: str) -> list[Any]:
    """JSON objects in a text, also those within others."""
    found: list[Any] = []
    for brace in re.finditer(r"\{\s*\"", text):
        try:
            found.append(json.JSONDecoder().raw_decode(text, brace.start())[0])
        except ValueError:
            continue
    return found


def _is_described(function: Row, text: str) -> bool:
    """Whether a text that is not JSON names the function, what it does, and its parameters."""
    names = [function["name"], *function.get("parameters", {}).get("properties", {})]
    first_line = function.get("description", "").strip().partition("\n")[0]
    return first_line in text and all(re.search(alone(name), text) for name in names)


def _as_observed(text: str) -> tuple[str, ...]:
    """Ways in which a template may show an observation: as it is, or as JSON text."""
    return (text.strip(), json.dumps(text, ensure_ascii=False)[1:-1], json.dumps(text)[1:-1])

"""Where every argument came from, and every fact of an answer: a sentence for people, and the place to light up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from toolweave.pipeline.sample import called
from toolweave.pipeline.viewer.pages import placed
from toolweave.pipeline.viewer.places import Place, place_of, wording
from toolweave.servers.json_values import as_list, as_object, is_list, is_object

MOST_QUOTED = 120
"""Characters of a wording that a sentence quotes."""


class Conversation:
    """A sample's messages, with what is asked of them to find a source."""

    def __init__(self, sample: dict[str, Any]) -> None:
        self.messages: list[dict[str, Any]] = [as_object(message) for message in as_list(sample.get("messages"))]
        self.turns = [as_object(turn) for turn in as_list(sample.get("turns"))]
        self.calls = {name: (tool, as_object(given)) for name, tool, given in called(tuple(self.messages))}
        self.outputs = {
            str(message.get("tool_call_id")): at
            for at, message in enumerate(self.messages)
            if message.get("role") == "tool"
        }

    def text(self, at: int) -> str:
        """What a message says."""
        content = self.messages[at].get("content")
        return content if isinstance(content, str) else ""

    def said(self, turn: int, words: str) -> dict[str, Any] | None:
        """Where the user says something in a turn."""
        first, last = as_list(self.turns[turn].get("messages")) if 0 <= turn < len(self.turns) else (0, -1)
        for at in range(first, last + 1):
            if self.messages[at].get("role") == "user" and (found := wording(self.text(at), words)):
                return self.at(at, found)
        return None

    def shown(self, call: str, place: str, value: Any) -> dict[str, Any] | None:
        """Where a call's output holds a value."""
        if call not in self.outputs:
            return None
        at = self.outputs[call]
        found = place_of(self.text(at), place, value)
        return found and self.at(at, found)

    def at(self, message: int, place: Place) -> dict[str, Any]:
        """A place in a message, as the page shows it."""
        return {"message": message, **placed(self.text(message), place)}


def sources_of(sample: dict[str, Any], talk: Conversation) -> list[dict[str, Any]]:
    """For every argument leaf: its call and pointer, the kind of source, what to say, and where it is."""
    found: list[dict[str, Any]] = []
    for item in as_list(sample.get("provenance")):
        call, pointer, source = str(item["call"]), str(item["argument"]), as_object(item["source"])
        _, given = talk.calls.get(call, ("", {}))
        facts = {"call": call, "argument": pointer, "kind": source.get("kind")}
        found.append(facts | {"says": _says(source, talk), "at": _where(source, value_at(given, pointer), talk)})
    return found


def facts_of(sample: dict[str, Any], talk: Conversation) -> Iterator[dict[str, Any]]:
    """For every fact that an answer tells: its place in the answer, what to say, and where it is from."""
    ends = [as_list(turn.get("messages"))[-1] for turn in talk.turns]
    told_until: dict[int, int] = {}
    for fact in as_list(as_object(sample.get("checker")).get("told")):
        message, text = ends[fact["turn"]], str(fact["text"])
        answer = talk.text(message)
        here = wording(answer, text, Place(told_until.get(message, 0), len(answer))) or wording(answer, text)
        if here is None or not fact.get("call"):
            continue
        told_until[message] = here.end
        source = {"kind": "output", "call": fact["call"], "place": fact.get("place") or ""}
        yield {
            "here": talk.at(message, here),
            "says": _says(source, talk),
            "at": talk.shown(str(fact["call"]), source["place"], text),
        }


def value_at(value: Any, pointer: str) -> Any:
    """What a JSON pointer leads to; `None` where it leads nowhere."""
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if is_object(value):
            value = value.get(key)
        elif is_list(value) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def _where(source: dict[str, Any], value: Any, talk: Conversation) -> dict[str, Any] | None:
    match source.get("kind"):
        case "user" | "derived":
            return talk.said(int(source["turn"]), str(source["text"]))
        case "output":
            return talk.shown(str(source["call"]), str(source["place"]), value)
        case _:
            return None


def _says(source: dict[str, Any], talk: Conversation) -> str:
    match source.get("kind"):
        case "user":
            words = str(source["text"])
            quoted = words if len(words) <= MOST_QUOTED else words[:MOST_QUOTED] + "…"
            return f"The user says “{quoted.strip(chr(34))}” in turn {int(source['turn']) + 1}."
        case "derived":
            tool, _ = talk.calls.get(str(source["call"]), ("an earlier call", {}))
            counted = f"counted from {source['argument']} of {tool} ({source['call']})"
            return f"The user says “{source['text']}” in turn {int(source['turn']) + 1}: {source['rule']}, {counted}."
        case "output":
            tool, _ = talk.calls.get(str(source["call"]), ("an earlier call", {}))
            return f"{tool} ({source['call']}) returned it{_spelt(str(source['place']))}."
        case kind:
            return f"The schema gives it: {kind}."


def _spelt(place: str) -> str:
    """A place in words."""
    path, _, label = place.partition("#")
    where = f" at {path}" if path else ""
    return f"{where}, in its words about “{label.partition(':')[0]}”" if label else where

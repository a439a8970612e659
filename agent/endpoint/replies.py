"""From a raw completion to a validated reply; nothing gets through that its model does not accept.

Covered: JSON alone, in code fences, amid prose, after `<think>…</think>`, or only in the reasoning channel; tool calls
written as text or made natively. Refused: refusals, filtered, truncated and empty completions, JSON that no file can
hold (NaN, lone surrogates), chat markup inside a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from toolweave.agent.roles import Reply
from toolweave.servers.json_values import as_list, as_object, is_list, is_object

ReplyT = TypeVar("ReplyT", bound=Reply)

_LONGEST = 200_000
"""Characters of a completion that are read."""
_MOST_OBJECTS = 200
"""Opening braces tried in one text."""
_THOUGHT = re.compile(r"^.*</think(?:ing)?>|<think(?:ing)?>.*$", re.DOTALL)
_TOOL_CALL = re.compile(r"<tool_call>\s*(.*?)\s*(?:</tool_call>|$)", re.DOTALL)
_MARKUP = re.compile(r"</?think(?:ing)?>|</?tool_(?:call|response)>|<\|[\w-]+\|>|</data>")


class BadReply(ValueError):
    """Why a reply cannot be used, in words that the model can act on."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One completion, read without trust."""

    text: str = ""
    reasoning: str = ""
    """The separate reasoning channel, where the endpoint has one."""
    calls: tuple[dict[str, Any], ...] = ()
    """Native tool calls, as `{"name", "arguments"}`."""
    problem: str | None = None
    """Why there is nothing to read."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing was said on any channel."""
        return not (self.text.strip() or self.calls or self.reasoning.strip())


def read_completion(data: object) -> Completion:
    """Read the body of a chat completion of any shape."""
    body = as_object(data)
    usage = as_object(body.get("usage"))
    tokens = (_count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens")))
    choices = as_list(body.get("choices"))
    if not choices:
        error = as_object(body.get("error")).get("message") or body.get("error")
        problem = f"the endpoint answered with an error: {error}" if error else "there were no choices in the reply"
        return Completion(problem=problem, prompt_tokens=tokens[0], completion_tokens=tokens[1])
    choice = as_object(choices[0])
    message = as_object(choice.get("message"))
    return Completion(
        _text(message.get("content"))[:_LONGEST],
        _text(message.get("reasoning_content") or message.get("reasoning"))[:_LONGEST],
        tuple(_native_calls(message)),
        _problem(choice, message),
        *tokens,
    )


def read_reply(completion: Completion, model: type[ReplyT]) -> ReplyT:
    """The reply in a completion.

    Raises:
        BadReply: There is none that the model accepts.
    """
    if completion.empty:
        raise BadReply("the reply is empty")
    problem: BadReply | None = None
    for candidate in _candidates(completion, model.model_fields):
        try:
            return _validate(candidate, model)
        except BadReply as error:
            problem = problem or error
    raise problem or BadReply("there is no JSON object in the reply")


def _problem(choice: dict[str, Any], message: dict[str, Any]) -> str | None:
    if refusal := message.get("refusal"):
        return f"the model refused: {refusal}"
    if choice.get("finish_reason") == "length":
        return "the reply was cut off; make it shorter"
    if choice.get("finish_reason") == "content_filter":
        return "the reply was withheld by a content filter"
    return None


def _candidates(completion: Completion, fields: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Objects that may be the reply, the likeliest first."""
    fields = set(fields)
    visible = completion.text if _parse(completion.text) is not None else _THOUGHT.sub("", completion.text)
    found = list(reversed(_objects(visible)))
    likely = [item for item in found if item.keys() & fields]
    yield from likely
    if "calls" in fields and (step := _spoken_calls(completion, visible)):
        yield step
    yield from (item for item in found if item not in likely)
    if not visible.strip():
        # Some servers' reasoning parsers sweep the whole reply into the reasoning channel.
        yield from reversed(_objects(completion.reasoning))


def _objects(text: str) -> list[dict[str, Any]]:
    """Every outermost JSON object in a text, in order; nothing from inside an object that is broken at its end."""
    found: list[dict[str, Any]] = []
    place = 0
    for _ in range(_MOST_OBJECTS):
        place = text.find("{", place)
        if place < 0:
            break
        try:
            value, place = _DECODER.raw_decode(text, place)
            found.append(as_object(value))
        except json.JSONDecodeError as error:
            place = max(place + 1, error.pos)
        except (ValueError, RecursionError):
            break
    return found


def _spoken_calls(completion: Completion, visible: str) -> dict[str, Any] | None:
    """A step made of tool calls that were made natively or written as text; the words before them are its reasoning.

    Calls written without a tag count only when nothing else in braces comes before them.
    """
    tagged = [value for block in _TOOL_CALL.findall(visible) for value in _objects(block)]
    bare = _objects(visible) if _parses_at(visible, visible.find("{")) else []
    calls = list(completion.calls) or [item for item in tagged or bare if _is_call(item)]
    if not calls:
        return None
    words = re.split(r"<tool_call>|```|\{", visible, maxsplit=1)[0].strip()
    return {"reasoning": words, "calls": [_call(item) for item in calls]}


def _is_call(item: dict[str, Any]) -> bool:
    return isinstance(item.get("name"), str) and item.keys() <= {"name", "arguments", "parameters", "id", "type"}


def _call(item: dict[str, Any]) -> dict[str, Any]:
    arguments = item.get("arguments", item.get("parameters"))
    if isinstance(arguments, str):
        arguments = _parse(arguments or "{}")
    return {"name": item["name"], "arguments": {} if arguments is None else arguments}


def _native_calls(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in as_list(message.get("tool_calls")):
        function = as_object(as_object(item).get("function"))
        if isinstance(function.get("name"), str):
            yield {"name": function["name"], "arguments": function.get("arguments", {})}


def _validate(candidate: dict[str, Any], model: type[ReplyT]) -> ReplyT:
    if not candidate.keys() & model.model_fields.keys():
        raise BadReply(f"the object has none of the keys {', '.join(model.model_fields)}")
    try:
        reply = model.model_validate(candidate)
    except ValidationError as error:
        raise BadReply(_complaint(error)) from error
    for text in _texts(candidate):
        if not _encodes(text):
            raise BadReply("a text contains half of a character (a lone surrogate)")
        if markup := _MARKUP.search(text):
            raise BadReply(f"a text contains chat markup: {markup.group(0)}")
    return reply


def _complaint(error: ValidationError) -> str:
    lines = [
        f"{'.'.join(map(str, item['loc'])) or 'the object'}: {item['msg']}"
        for item in error.errors(include_url=False, include_input=False)[:5]
    ]
    return "; ".join(lines)


def _texts(value: object) -> Iterable[str]:
    """Every string in JSON data, keys included."""
    if isinstance(value, str):
        yield value
    elif is_object(value):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif is_list(value):
        for item in value:
            yield from _texts(item)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(content: object) -> str:
    """The words of a message's content: a string, or a list of parts of which only texts count."""
    parts = [as_object(part) for part in as_list(content)]
    texts = (str(part.get("text") or "") for part in parts if part.get("type") in ("text", "output_text"))
    text = content if isinstance(content, str) else "".join(texts)
    return text.encode("utf-8", "backslashreplace").decode()  # half characters could not be sent back


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _parse(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None


def _parses_at(text: str, place: int) -> bool:
    try:
        _DECODER.raw_decode(text, max(0, place))
    except (ValueError, RecursionError):
        return False
    return True


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)

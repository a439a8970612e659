"""Whether what a finished row says in one place agrees with what it says in another; no server is needed.

The conversation is what a model is trained on, the checker is what was tried on servers: the same tools stand in both,
each turn reaches what it was made for, users say the recorded words, answers tell the recorded values, thoughts lead to
the calls that follow them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolweave.agent.compose import CODE_CASE
from toolweave.agent.whole_words import alone
from toolweave.pipeline.checking.facts import told_otherwise
from toolweave.pipeline.gates.kinds import REFUSED
from toolweave.pipeline.gates.verdict import Rejection
from toolweave.pipeline.sample import Sample, called, sample_id
from toolweave.servers.tools import spellings

GATE = "agreement"


def disagreement(sample: Sample) -> Rejection | None:
    """The first thing that two parts of a row say differently; `None` when they agree."""
    try:
        reason = next(_problems(sample), None)
    except Exception as error:  # boundary: a row may hold anything, and a gate that cannot decide rejects
        reason = f"cannot decide: {type(error).__name__}: {error}"
    return None if reason is None else Rejection(GATE, reason)


def alteration(sample: Sample) -> Rejection | None:
    """Whether a row of a file is another one than the one that got its id when it was made."""
    if sample.id == sample_id(sample.tools, sample.messages, sample.seed):
        return None
    return Rejection(GATE, "the id is not that of these tools, requests and calls: they were changed afterwards")


def _problems(sample: Sample) -> Iterator[str]:
    yield from _names(sample)
    yield from _thoughts(sample)
    yield from _targets(sample)
    yield from _wordings(sample)
    yield from told_otherwise(sample)


def _names(sample: Sample) -> Iterator[str]:
    """A call has the name of the tool that the checker calls."""
    names = {call_id: name for call_id, name, _ in called(sample.messages)}
    for call in sample.checker.calls:
        if names[call.id] not in spellings(call.server, call.tool):
            yield f"{call.id} calls {names[call.id]!r}, and the checker {call.server}/{call.tool}"


def _thoughts(sample: Sample) -> Iterator[str]:
    """A thought that speaks of tools before it calls one does not speak only of tools that nobody calls."""
    offered = [tool["function"]["name"] for tool in sample.tools]
    names = [name for name in offered if CODE_CASE.fullmatch(name)]  # others are words, and may be meant as such
    used = {name for _, name, _ in called(sample.messages)}
    for index, message in enumerate(sample.messages):
        made = {call["function"]["name"] for call in message.get("tool_calls") or ()}
        spoken = {name for name in names if re.search(alone(name), message.get("reasoning_content") or "")}
        if made and spoken - used and not spoken & made:
            yield f"the reasoning of message {index} speaks of {min(spoken - used)}, and something else is called"


def _targets(sample: Sample) -> Iterator[str]:
    """A turn calls the tool that it was to reach."""
    tools = {call.id: f"{call.server}/{call.tool}" for call in sample.checker.calls}
    for number, turn in enumerate(sample.turns):
        first, last = turn.messages
        made = {tools[call_id] for call_id, _, _ in called(sample.messages[first : last + 1])}
        if turn.kind not in REFUSED and turn.target not in made:
            yield f"turn {number} was to reach {turn.target} and does not call it"


def _wordings(sample: Sample) -> Iterator[str]:
    """What the user says for an argument stands in the user's words of that turn, and not inside another word."""
    for item in sample.provenance:
        if item.source.get("kind") not in ("user", "derived"):
            continue
        first, last = sample.turns[int(item.source["turn"])].messages
        spoken = [str(one["content"]) for one in sample.messages[first : last + 1] if one["role"] == "user"]
        wording = alone(str(item.source["text"]))
        if not any(re.search(wording, text) for text in spoken):
            yield f"{item.call} {item.argument}: the user does not say {item.source['text']!r}"
